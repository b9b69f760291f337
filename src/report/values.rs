//! Values as people read them: short ones on a line, long ones as a block or as a text diff.

use similar::{ChangeTag, TextDiff};

use super::paint::{ADDED, DIM, REMOVED, paint};
use crate::model::delta::FieldChange;
use crate::model::value::Value;

/// A value that is longer than this is shown as a block.
const LINE: usize = 72;

/// Returns the lines of a value that is new, after its name: `versioning: Enabled`.
pub fn added(name: &str, value: &Value, sensitive: bool, indent: usize) -> Vec<String> {
    let pad = " ".repeat(indent);
    if sensitive {
        return vec![format!("{pad}{name}: (sensitive)")];
    }
    let short = inline(value);
    if short.len() + name.len() <= LINE && !short.contains('\n') {
        return vec![format!("{pad}{name}: {short}")];
    }
    let mut lines = vec![format!("{pad}{name}:")];
    block(value, indent + 2, &mut lines);
    lines
}

/// Returns the lines of a field that changes.
pub fn changed(change: &FieldChange, indent: usize) -> Vec<String> {
    let pad = " ".repeat(indent);
    let path = &change.path;
    if change.sensitive {
        return vec![format!("{pad}{path}: (sensitive) changes")];
    }
    let (before, after) = (inline(&change.before), inline(&change.after));
    if let (Some(before), Some(after)) = (long_text(&change.before), long_text(&change.after)) {
        let mut lines = vec![format!("{pad}{path}:")];
        lines.extend(text_diff(&before, &after, indent + 2));
        return lines;
    }
    if before.len() + after.len() <= LINE && !before.contains('\n') && !after.contains('\n') {
        let shown = match (change.before.is_null(), change.after.is_null()) {
            (true, _) => paint(ADDED, format!("+ {after}")),
            (_, true) => paint(REMOVED, format!("- {before}")),
            _ => format!("{} -> {}", paint(REMOVED, before), paint(ADDED, after)),
        };
        return vec![format!("{pad}{path}: {shown}")];
    }
    let mut lines = vec![format!("{pad}{path}:")];
    match (change.before.as_list(), change.after.as_list()) {
        (Some(before), Some(after)) => {
            lines.extend(elements("-", before, after, REMOVED, indent + 2));
            lines.extend(elements("+", after, before, ADDED, indent + 2));
        }
        _ => {
            let (before, after) = (document(&change.before), document(&change.after));
            lines.extend(text_diff(&before, &after, indent + 2));
        }
    }
    lines
}

/// Returns a line for each element that only one side has.
fn elements(sign: &str, ours: &[Value], theirs: &[Value], style: anstyle::Style, indent: usize) -> Vec<String> {
    let pad = " ".repeat(indent);
    let only = ours.iter().filter(|item| !theirs.contains(item));
    only.map(|item| format!("{pad}{}", paint(style, format!("{sign} {}", inline(item))))).collect()
}

/// Returns a text that is worth a diff by lines: several lines, or a document.
fn long_text(value: &Value) -> Option<String> {
    match value.peel() {
        Value::Str(text) if text.contains('\n') => Some(text.to_string()),
        Value::Map(_) if inline(value).len() > LINE => Some(document(value)),
        _ => None,
    }
}

fn document(value: &Value) -> String {
    let mut lines = Vec::new();
    block(value, 0, &mut lines);
    lines.join("\n")
}

fn text_diff(before: &str, after: &str, indent: usize) -> Vec<String> {
    let pad = " ".repeat(indent);
    let diff = TextDiff::from_lines(before, after);
    let mut lines = Vec::new();
    for (at, group) in diff.grouped_ops(2).iter().enumerate() {
        if at > 0 {
            lines.push(format!("{pad}{}", paint(DIM, "…")));
        }
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let text = change.value().trim_end_matches('\n');
            lines.push(match change.tag() {
                ChangeTag::Delete => format!("{pad}{}", paint(REMOVED, format!("- {text}"))),
                ChangeTag::Insert => format!("{pad}{}", paint(ADDED, format!("+ {text}"))),
                ChangeTag::Equal => format!("{pad}  {text}"),
            });
        }
    }
    lines
}

/// Returns the value on one line, as YAML would have it in flow style.
pub fn inline(value: &Value) -> String {
    match value {
        Value::Null => "none".to_owned(),
        Value::Unknown(unknown) => format!("(known after apply: {})", unknown.0),
        Value::Secret(_) => "(sensitive)".to_owned(),
        Value::Str(text) if is_plain(text) => text.to_string(),
        Value::Str(text) => format!("{text:?}"),
        Value::List(items) => format!("[{}]", items.iter().map(inline).collect::<Vec<_>>().join(", ")),
        Value::Map(map) => {
            let entries = map.iter().map(|(key, value)| format!("{key}: {}", inline(value)));
            format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
        }
        other => other.to_string(),
    }
}

/// Returns true for a text that YAML reads back as itself without quotes, also inside `[]` and `{}`.
fn is_plain(text: &str) -> bool {
    let first = |c: char| c.is_ascii_alphanumeric() || c == '/' || c == '_' || c == '.';
    text.starts_with(first)
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "_-./:+=@".contains(c))
        && !text.ends_with(':')
        && text.parse::<f64>().is_err()
        && !matches!(text.to_ascii_lowercase().as_str(), "true" | "false" | "null" | "yes" | "no" | "on" | "off")
}

fn block(value: &Value, indent: usize, lines: &mut Vec<String>) {
    let pad = " ".repeat(indent);
    match value.peel() {
        Value::Map(map) => {
            for (key, value) in map.iter() {
                entry(&format!("{pad}{key}:"), value, indent, lines);
            }
        }
        Value::List(items) => {
            for item in items.iter() {
                let mut inner = Vec::new();
                block(item, indent + 2, &mut inner);
                if let Some(first) = inner.first_mut() {
                    first.replace_range(indent..indent + 1, "-");
                }
                lines.extend(inner);
            }
        }
        Value::Str(text) if text.contains('\n') => lines.extend(text.lines().map(|line| format!("{pad}{line}"))),
        _ => lines.push(format!("{pad}{}", inline(value))),
    }
}

fn entry(head: &str, value: &Value, indent: usize, lines: &mut Vec<String>) {
    let short = inline(value);
    if head.len() + short.len() <= LINE + indent && !value.as_str().is_some_and(|text| text.contains('\n')) {
        lines.push(format!("{head} {short}"));
    } else {
        lines.push(head.to_owned());
        block(value, indent + 2, lines);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::shape::Effect;

    fn json(text: &str) -> Value {
        Value::from(serde_json::from_str::<serde_json::Value>(text).unwrap())
    }

    fn check(before: &str, after: &str, expect: &str) {
        let change = FieldChange {
            path: "x".into(),
            before: json(before),
            after: json(after),
            effect: Effect::InPlace,
            sensitive: false,
        };
        let shown = anstream::adapter::strip_str(&changed(&change, 0).join("\n")).to_string();
        assert_eq!(shown, expect);
    }

    #[test]
    fn changes_read_well() {
        check("3", "4", "x: 3 -> 4");
        check("null", r#""Enabled""#, "x: + Enabled");
        check(r#"{"a":"b c"}"#, "null", r#"x: - {a: "b c"}"#);
        check(r#""one\ntwo\nthree""#, r#""one\n2\nthree""#, "x:\n    one\n  - two\n  + 2\n    three");
    }

    #[test]
    fn texts_are_quoted_where_yaml_would_need_it() {
        for (text, shown) in [("no", "\"no\""), ("012", "\"012\""), ("a:b", "a:b"), ("a b", "\"a b\""), ("", "\"\"")] {
            assert_eq!(inline(&text.into()), shown);
        }
    }
}
