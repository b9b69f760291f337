//! Scalars with `${…}`: text and expressions. `$${` is a literal `${`.

use std::ops::Range;
use std::sync::Arc;

use super::expr::{self, Chain, Expr, Fault};
use super::yaml::{Style, source_offset};
use crate::model::problem::Span;

/// A text with expressions in it.
#[derive(Clone, Debug)]
pub struct Template {
    pub text: Arc<str>,
    pub style: Style,
    pub span: Span,
    pub parts: Vec<Part>,
    /// What its expressions refer to.
    pub chains: Vec<Chain>,
}

#[derive(Clone, Debug)]
pub enum Part {
    Text(Arc<str>),
    Expr(Expr),
}

impl Template {
    /// Reads a text that holds `${`.
    pub fn parse(text: &Arc<str>, style: Style, span: Span) -> Result<Template, Fault> {
        let mut parts = split(text).map_err(|fault| advise(text, fault))?;
        keep_whole(&mut parts, text);
        let mut chains = Vec::new();
        for part in &parts {
            if let Part::Expr(expr) = part {
                chains.extend(expr::chains(expr));
            }
        }
        Ok(Template { text: text.clone(), style, span, parts, chains })
    }

    /// Returns the expression if the text is one and nothing else: it keeps its type.
    pub fn whole(&self) -> Option<&Expr> {
        match self.parts.as_slice() {
            [Part::Expr(expr)] => Some(expr),
            _ => None,
        }
    }

    /// Returns the text if there is no expression after all, only `$${`.
    pub fn plain(&self) -> Option<Arc<str>> {
        match self.parts.as_slice() {
            [] => Some("".into()),
            [Part::Text(text)] => Some(text.clone()),
            _ => None,
        }
    }

    /// Returns the place of bytes of the text in the file.
    pub fn locate(&self, file: &str, at: &Range<u32>) -> Span {
        locate(file, self.span, self.style, &self.text, at)
    }
}

/// Returns the place in the file of bytes of a scalar's text.
pub fn locate(file: &str, span: Span, style: Style, text: &str, at: &Range<u32>) -> Span {
    let start = source_offset(file, span, style, text, at.start as usize);
    let last = text[..(at.end as usize).min(text.len())].char_indices().next_back().map_or(0, |(index, _)| index);
    let end = if at.end > at.start && last >= at.start as usize {
        let last = source_offset(file, span, style, text, last);
        last + file.get(last..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8)
    } else {
        start
    };
    Span { source: span.source, start: start as u32, end: end.max(start) as u32 }
}

/// Returns the text and expressions of a template, in order.
pub fn split(text: &str) -> Result<Vec<Part>, Fault> {
    let mut parts = Vec::new();
    let mut plain = String::new();
    let mut at = 0;
    while let Some(found) = text[at..].find('$') {
        let dollar = at + found;
        plain.push_str(&text[at..dollar]);
        if text[dollar..].starts_with("$${") {
            plain.push_str("${");
            at = dollar + 3;
        } else if text[dollar..].starts_with("${") {
            let (expr, end) = expr::parse_until(text, dollar + 2, Some("}"))?;
            if !plain.is_empty() {
                parts.push(Part::Text(std::mem::take(&mut plain).into()));
            }
            parts.push(Part::Expr(expr));
            at = end + 1;
        } else {
            plain.push('$');
            at = dollar + 1;
        }
    }
    plain.push_str(&text[at..]);
    if !plain.is_empty() {
        parts.push(Part::Text(plain.into()));
    }
    Ok(parts)
}

/// A block scalar ends with a line break: one expression and blanks are still one whole expression.
fn keep_whole(parts: &mut Vec<Part>, text: &str) {
    let expressions = parts.iter().filter(|part| matches!(part, Part::Expr(_))).count();
    let rest_is_blank = parts.iter().all(|part| match part {
        Part::Text(text) => text.trim().is_empty(),
        Part::Expr(_) => true,
    });
    if expressions == 1 && rest_is_blank && text.ends_with('\n') {
        parts.retain(|part| matches!(part, Part::Expr(_)));
    }
}

/// Adds what people most often mean by an expression that does not parse.
fn advise(text: &str, fault: Fault) -> Fault {
    let before = &text[..(fault.at.start as usize).min(text.len())];
    let variable = before.rfind("${").map_or("", |start| &text[start + 2..]);
    let variable = &variable[..variable.find(['}', '$', ' ']).unwrap_or(variable.len())];
    let service = variable.split(':').next().unwrap_or("");
    if variable.contains(':')
        && !service.is_empty()
        && service.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    {
        return fault.help(format!("an IAM policy variable is written `$${{{variable}}}`"));
    }
    fault
}
