//! Whether AWS would take a request: required fields, types, enums and limits, as the schema says.

use std::cell::RefCell;
use std::collections::HashMap;

use regex::Regex;

use crate::model::shape::{Absent, Field, List, Record, Shape, Text};
use crate::model::value::{Map, Value};

/// Returns what is wrong with the fields of a request, as a sentence; nothing if AWS would take it.
///
/// A field that can be deferred may be absent even if it is required: a `configure` step brings it.
pub fn fault(record: &Record, fields: &Map) -> Option<String> {
    fault_in_record(record, fields, "")
}

fn fault_in_record(record: &Record, fields: &Map, at: &str) -> Option<String> {
    let path = |name: &str| if at.is_empty() { name.to_owned() } else { format!("{at}.{name}") };
    for name in fields.keys() {
        if !record.fields.contains_key(&**name) {
            return Some(format!("there is no field `{}`", path(name)));
        }
    }
    record.fields.iter().find_map(|(name, field)| match fields.get(*name).filter(|value| !value.is_null()) {
        Some(value) => fault_in_value(&field.shape, value, &path(name)),
        None if is_missing(record, name, field) => Some(format!("`{}` is required", path(name))),
        None => None,
    })
}

/// In a union, what is required of one branch is not required of the others, and the schema does not say
/// which is which: only the tag itself is.
fn is_missing(record: &Record, name: &str, field: &Field) -> bool {
    matches!(field.absent, Absent::Required) && field.defer.is_none() && record.tag.is_none_or(|tag| tag == name)
}

fn fault_in_value(shape: &Shape, value: &Value, at: &str) -> Option<String> {
    let outside = |limits: String| Some(format!("`{at}` is {value}, and must be {limits}"));
    match (shape, value.peel()) {
        (_, Value::Unknown(unknown)) => Some(format!("`{at}` still waits for `{}`", unknown.0)),
        (Shape::Bool, Value::Bool(_)) | (Shape::Document, Value::Map(_) | Value::List(_) | Value::Str(_)) => None,
        (Shape::Integer { min, max }, Value::Int(number)) => {
            let fits = min.is_none_or(|min| *number >= min) && max.is_none_or(|max| *number <= max);
            if fits { None } else { outside(range(min, max)) }
        }
        (Shape::Number { min, max }, Value::Int(_) | Value::Float(_)) => {
            let number = value.as_float().unwrap_or(f64::NAN);
            let fits = min.is_none_or(|min| number >= min) && max.is_none_or(|max| number <= max);
            if fits { None } else { outside(range(min, max)) }
        }
        (Shape::Text(text), Value::Str(written)) => fault_in_text(text, written).and_then(outside),
        (Shape::List(list), Value::List(items)) => fault_in_list(list, items, at),
        (Shape::Map(item), Value::Map(map)) => {
            map.iter().find_map(|(key, value)| fault_in_value(item, value, &format!("{at}.{key}")))
        }
        (Shape::Record(record), Value::Map(map)) => fault_in_record(record, map, at),
        (shape, _) => outside(type_of(shape).to_owned()),
    }
}

fn fault_in_text(text: &Text, written: &str) -> Option<String> {
    let length = u32::try_from(written.chars().count()).unwrap_or(u32::MAX);
    if !text.values.is_empty() && !text.values.contains(&written) {
        return Some(format!("one of {}", text.values.join(", ")));
    }
    if text.min.is_some_and(|min| length < min) || text.max.is_some_and(|max| length > max) {
        return Some(format!("{} characters long", range(&text.min, &text.max)));
    }
    let pattern = text.pattern?;
    (!matches(pattern, written)).then(|| format!("of the form `{pattern}`"))
}

fn fault_in_list(list: &List, items: &[Value], at: &str) -> Option<String> {
    let count = u32::try_from(items.len()).unwrap_or(u32::MAX);
    if list.min.is_some_and(|min| count < min) || list.max.is_some_and(|max| count > max) {
        let limits = range(&list.min, &list.max);
        return Some(format!("`{at}` has {count} elements, and must have {limits}"));
    }
    (0..).zip(items).find_map(|(index, item): (usize, _)| fault_in_value(&list.item, item, &format!("{at}[{index}]")))
}

/// Returns true if the whole text matches; a pattern that does not compile refuses nothing.
fn matches(pattern: &'static str, text: &str) -> bool {
    thread_local! {
        static COMPILED: RefCell<HashMap<&'static str, Option<Regex>>> = RefCell::default();
    }
    COMPILED.with_borrow_mut(|compiled| {
        let regex = compiled.entry(pattern).or_insert_with(|| Regex::new(&format!("^(?:{pattern})$")).ok());
        regex.as_ref().is_none_or(|regex| regex.is_match(text))
    })
}

fn range<N: std::fmt::Display>(min: &Option<N>, max: &Option<N>) -> String {
    match (min, max) {
        (Some(min), Some(max)) => format!("{min} to {max}"),
        (Some(min), None) => format!("at least {min}"),
        (None, Some(max)) => format!("at most {max}"),
        (None, None) => "of any size".to_owned(),
    }
}

fn type_of(shape: &Shape) -> &'static str {
    match shape {
        Shape::Bool => "a boolean",
        Shape::Integer { .. } => "an integer",
        Shape::Number { .. } => "a number",
        Shape::Text(_) => "a string",
        Shape::Document => "a document",
        Shape::List(_) => "a list",
        Shape::Map(_) | Shape::Record(_) => "a map",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> Record {
        Record::of([
            ("name", Field::text_of(1, 5).pattern("[a-z]+").required()),
            ("mode", Field::one_of(&["on", "off"]).default("on")),
            ("size", Field::integer(1, 9)),
            ("ring", Field::text().required().deferrable()),
            ("rules", Field::list(Shape::Record(Record::of([("days", Field::integer(1, 9).default(7))]))).items(0, 2)),
        ])
    }

    fn map(json: &str) -> Map {
        Value::from(serde_json::from_str::<serde_json::Value>(json).unwrap()).as_map().unwrap().clone()
    }

    fn check(json: &str, expected: Option<&str>) {
        let found = fault(&record(), &map(json));
        match expected {
            None => assert_eq!(found, None, "{json}"),
            Some(part) => assert!(found.as_deref().is_some_and(|found| found.contains(part)), "{json}: {found:?}"),
        }
    }

    #[test]
    fn requests_are_checked_as_aws_would() {
        check(r#"{"name": "web", "rules": [{"days": 3}, {}]}"#, None);
        check(r#"{}"#, Some("`name` is required"));
        check(r#"{"name": "web", "nam": 1}"#, Some("no field `nam`"));
        check(r#"{"name": "website"}"#, Some("1 to 5 characters"));
        check(r#"{"name": "WEB"}"#, Some("of the form"));
        check(r#"{"name": "web", "mode": "maybe"}"#, Some("one of on, off"));
        check(r#"{"name": "web", "size": 10}"#, Some("1 to 9"));
        check(r#"{"name": "web", "size": "1"}"#, Some("an integer"));
        check(r#"{"name": "web", "rules": [{}, {}, {}]}"#, Some("3 elements"));
        check(r#"{"name": "web", "rules": [{"days": 0}]}"#, Some("`rules[0].days` is 0"));
    }
}
