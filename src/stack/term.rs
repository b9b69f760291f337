//! The tree of a stack with its expressions read: what is evaluated against the schemas.

use std::sync::Arc;

use super::source::{Report, Sources};
use super::template::{Template, locate};
use super::yaml::{self, Entry, Kind, Node, Style};
use crate::model::problem::{Problem, Span};

/// A value as written, with its expressions parsed.
#[derive(Clone, Debug)]
pub struct Term {
    pub span: Span,
    pub kind: TermKind,
}

#[derive(Clone, Debug)]
pub enum TermKind {
    /// Text that the field's shape gives a type.
    Literal(Arc<str>, Style),
    Template(Box<Template>),
    List(Vec<Term>),
    Map(Vec<TermEntry>),
    /// Did not parse; reported.
    Broken,
}

#[derive(Clone, Debug)]
pub struct TermEntry {
    pub key: Arc<str>,
    pub key_span: Span,
    pub value: Term,
}

impl Term {
    /// Reads the expressions in a tree. What is wrong with them is reported, and left out.
    pub fn read(node: Node, sources: &Sources, report: &Report) -> Term {
        let span = node.span;
        let kind = match node.kind {
            Kind::Scalar(text, style) => scalar(text, style, span, sources, report),
            Kind::List(items) => {
                TermKind::List(items.into_iter().map(|item| Term::read(item, sources, report)).collect())
            }
            Kind::Map(entries) => {
                TermKind::Map(entries.into_iter().map(|entry| read_entry(entry, sources, report)).collect())
            }
        };
        Term { span, kind }
    }

    /// Returns true for what counts as omitted.
    pub fn is_null(&self) -> bool {
        matches!(&self.kind, TermKind::Literal(text, Style::Plain) if yaml::is_null(text))
    }

    pub fn template(&self) -> Option<&Template> {
        match &self.kind {
            TermKind::Template(template) => Some(template),
            _ => None,
        }
    }

    pub fn entries(&self) -> &[TermEntry] {
        match &self.kind {
            TermKind::Map(entries) => entries,
            _ => &[],
        }
    }

    /// Returns the entry of a map.
    pub fn entry(&self, key: &str) -> Option<&TermEntry> {
        self.entries().iter().find(|entry| *entry.key == *key)
    }

    /// Calls `visit` with every template in this tree.
    pub fn templates<'t>(&'t self, visit: &mut dyn FnMut(&'t Template)) {
        match &self.kind {
            TermKind::Template(template) => visit(template),
            TermKind::List(items) => items.iter().for_each(|item| item.templates(visit)),
            TermKind::Map(entries) => entries.iter().for_each(|entry| entry.value.templates(visit)),
            TermKind::Literal(..) | TermKind::Broken => {}
        }
    }

    /// Returns the place of a path such as `[1].rules[0].priority`, as deep as the tree is written out.
    pub fn place(&self, path: &str) -> Span {
        let path = path.trim_start_matches('.');
        if let Some((index, rest)) = path.strip_prefix('[').and_then(|path| path.split_once(']')) {
            let inner = match &self.kind {
                TermKind::List(items) => index.parse().ok().and_then(|index: usize| items.get(index)),
                _ => self.entry(index.trim_matches(['"', '\''])).map(|entry| &entry.value),
            };
            return inner.map_or(self.span, |inner| inner.place(rest));
        }
        let end = path.find(['.', '[']).unwrap_or(path.len());
        match self.entry(&path[..end]) {
            // A whole collection is named by its key: underlining twenty lines says less.
            Some(entry) if end == path.len() && matches!(entry.value.kind, TermKind::List(_) | TermKind::Map(_)) => {
                entry.key_span
            }
            Some(entry) => entry.value.place(&path[end..]),
            None => self.span,
        }
    }
}

fn scalar(text: Arc<str>, style: Style, span: Span, sources: &Sources, report: &Report) -> TermKind {
    if !text.contains("${") {
        return TermKind::Literal(text, style);
    }
    match Template::parse(&text, style, span) {
        Ok(template) => match template.plain() {
            // No longer plain YAML text, or `$${x}` could turn into something else.
            Some(text) => TermKind::Literal(text, if style == Style::Plain { Style::Single } else { style }),
            None => TermKind::Template(Box::new(template)),
        },
        Err(fault) => {
            let file = sources.text(span.source);
            let place = locate(&file, span, style, &text, &fault.at);
            let mut problem = Problem { help: fault.help, ..Problem::at(place, fault.message) };
            let rest = file.get(span.end as usize..).unwrap_or("");
            if style == Style::Plain && rest.trim_start_matches([' ', '\t']).starts_with('#') {
                problem = problem.help("YAML ends an unquoted text at ` #`: quote the expression");
            }
            report.push_fault(problem);
            TermKind::Broken
        }
    }
}

fn read_entry(entry: Entry, sources: &Sources, report: &Report) -> TermEntry {
    let Entry { key, key_span, value } = entry;
    let mut plain = key.clone();
    if key.contains("${") {
        let unescaped = key.replace("$${", "\u{0}");
        if unescaped.contains("${") {
            let problem = Problem::at(key_span, "a key cannot hold an expression");
            report.push(problem.help("build the map in an expression: `merge`, or `{…}` with computed keys"));
        }
        plain = unescaped.replace('\u{0}', "${").into();
    }
    TermEntry { key: plain, key_span, value: Term::read(value, sources, report) }
}
