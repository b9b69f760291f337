//! From the SDK's types to values: what is absent there is absent here.

use std::collections::HashMap;

use aws_smithy_types::date_time::Format;
use aws_smithy_types::{Blob, DateTime};
use base64::prelude::*;

use crate::model::value::{Map, Value};

/// Returns a map of the members that are there.
pub fn record<const N: usize>(members: [(&'static str, Option<Value>); N]) -> Value {
    let present = members.into_iter().filter_map(|(name, value)| Some((name.into(), value?)));
    Value::from(present.filter(|(_, value)| !value.is_null()).collect::<Map>())
}

/// Returns any text: a string or one of the SDK's enums.
pub fn text(text: &impl AsRef<str>) -> Value {
    text.as_ref().into()
}

/// Returns a boolean or a number.
pub fn plain<T: Copy + Into<Value>>(value: &T) -> Value {
    (*value).into()
}

/// Returns RFC 3339 text in UTC.
pub fn time(time: &DateTime) -> Value {
    // Only years that RFC 3339 cannot spell fail, and AWS reports none.
    time.fmt(Format::DateTime).map_or(Value::Null, Value::from)
}

/// Returns base64 text.
pub fn blob(blob: &Blob) -> Value {
    BASE64_STANDARD.encode(blob).into()
}

/// Returns true: a structure without members says all by being there.
pub fn present<T>(_: &T) -> Value {
    true.into()
}

/// Returns a list; null if it is empty.
pub fn items<T>(items: &[T], convert: impl Fn(&T) -> Value) -> Value {
    if items.is_empty() { Value::Null } else { Value::list(items.iter().map(convert)) }
}

/// Returns a list member, empty or not.
pub fn list<T>(items: Option<&[T]>, convert: impl Fn(&T) -> Value) -> Option<Value> {
    items.map(|items| Value::list(items.iter().map(convert)))
}

/// Returns a map with its keys sorted.
pub fn map_of<T>(entries: &HashMap<String, T>, convert: impl Fn(&T) -> Value) -> Value {
    let mut entries: Vec<_> = entries.iter().collect();
    entries.sort_by_key(|(key, _)| *key);
    Value::map(entries.into_iter().map(|(key, value)| (key.as_str(), convert(value))))
}

/// Returns a map member.
pub fn entries<T>(entries: Option<&HashMap<String, T>>, convert: impl Fn(&T) -> Value) -> Option<Value> {
    entries.map(|entries| map_of(entries, convert))
}
