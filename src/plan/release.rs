//! Letting go: what is left of a field when the things that leave are taken out of it.

use std::sync::Arc;

use crate::model::live::Live;
use crate::model::value::{Map, Value};

/// Returns true if `value`, or anything inside it, is the id or ARN of `live`.
pub fn names(value: &Value, live: &Live) -> bool {
    let arn = live.attributes.get("arn").and_then(Value::as_str);
    mentions(value, &|text| text == &*live.id || Some(text) == arn)
}

/// Returns the field without the list elements that name one of these ids; nothing if it is no list.
pub fn without(fields: &Map, field: &str, ids: &[Arc<str>]) -> Map {
    let leaves = |value: &Value| mentions(value, &|text| ids.iter().any(|id| **id == *text));
    let mut out = fields.clone();
    let left = match fields.get(field).map(Value::peel) {
        Some(Value::List(items)) => Value::list(items.iter().filter(|item| !leaves(item)).cloned()),
        _ => Value::Null,
    };
    match left.is_empty() {
        true => out.shift_remove(field),
        false => out.insert(field.into(), left),
    };
    out
}

fn mentions(value: &Value, is_it: &impl Fn(&str) -> bool) -> bool {
    match value.peel() {
        Value::Str(text) => is_it(text),
        Value::List(items) => items.iter().any(|item| mentions(item, is_it)),
        Value::Map(map) => map.values().any(|value| mentions(value, is_it)),
        _ => false,
    }
}
