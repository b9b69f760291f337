//! Values without a schema: what plain YAML scalars mean where no field gives them a type.
//!
//! Only what reads back as it is written becomes a number: `012345678901`, `1e3` and `0x1f` stay text.

use std::sync::Arc;

use super::yaml::{self, Kind, Node, Style};
use crate::model::value::Value;

/// Returns the value of a scalar.
pub fn scalar(text: &Arc<str>, style: Style) -> Value {
    if style != Style::Plain {
        return Value::Str(text.clone());
    }
    match &**text {
        text if yaml::is_null(text) => Value::Null,
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        plain => number(plain).unwrap_or_else(|| Value::Str(text.clone())),
    }
}

fn number(text: &str) -> Option<Value> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').map_or((digits, None), |(whole, fraction)| (whole, Some(fraction)));
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_digits(whole) || (whole.len() > 1 && whole.starts_with('0')) || text == "-0" {
        return None;
    }
    match fraction {
        None => text.parse().ok().map(Value::Int),
        Some(fraction) if is_digits(fraction) => {
            text.parse().ok().filter(|number: &f64| number.is_finite()).map(Value::Float)
        }
        Some(_) => None,
    }
}

/// Returns the value of a tree. Null entries of maps are as if they were not there.
pub fn value(node: &Node) -> Value {
    match &node.kind {
        Kind::Scalar(text, style) => scalar(text, *style),
        Kind::List(items) => Value::list(items.iter().map(value)),
        Kind::Map(entries) => {
            let entries = entries.iter().map(|entry| (entry.key.clone(), value(&entry.value)));
            Value::map(entries.filter(|(_, value)| !value.is_null()))
        }
    }
}

/// Reads a YAML text.
pub fn read(text: &str) -> Result<Value, String> {
    match yaml::parse(0, text) {
        Ok(node) => Ok(value(&node)),
        Err(problems) => Err(problems.into_iter().next().map_or_else(String::new, |problem| problem.message)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_reads_back_as_written_is_a_number() {
        for (text, expected) in [
            ("4", Value::Int(4)),
            ("-4", Value::Int(-4)),
            ("0", Value::Int(0)),
            ("0.5", Value::Float(0.5)),
            ("012345678901", "012345678901".into()),
            ("1e3", "1e3".into()),
            ("0x1f", "0x1f".into()),
            ("1_000", "1_000".into()),
            ("no", "no".into()),
            ("1.2.3", "1.2.3".into()),
            ("99999999999999999999", "99999999999999999999".into()),
            ("true", Value::Bool(true)),
            ("~", Value::Null),
        ] {
            assert_eq!(scalar(&text.into(), Style::Plain), expected, "{text}");
        }
        assert_eq!(scalar(&"4".into(), Style::Double), "4".into());
    }
}
