//! From values to the SDK's types. The schema has checked the values, so that what fails here is a gap in it.

use std::collections::HashMap;

use aws_smithy_types::date_time::Format;
use aws_smithy_types::{Blob, DateTime};
use base64::prelude::*;

use crate::model::failure::{Class, Failure};
use crate::model::value::{Map, Value};

type Converted<T> = Result<T, Failure>;

/// Returns the entries of a record.
pub fn map(value: &Value) -> Converted<&Map> {
    value.as_map().ok_or_else(|| unlike("a map", value))
}

/// Returns any text: a string or one of the SDK's enums.
pub fn text<T: for<'a> From<&'a str>>(value: &Value) -> Converted<T> {
    value.as_str().map(T::from).ok_or_else(|| unlike("a string", value))
}

pub fn flag(value: &Value) -> Converted<bool> {
    value.as_bool().ok_or_else(|| unlike("a boolean", value))
}

pub fn integer<T: TryFrom<i64>>(value: &Value) -> Converted<T> {
    let number = value.as_int().ok_or_else(|| unlike("an integer", value))?;
    T::try_from(number).map_err(|_| Failure::new(Class::Invalid, format!("is out of range: {number}")))
}

pub fn number(value: &Value) -> Converted<f64> {
    value.as_float().ok_or_else(|| unlike("a number", value))
}

/// Returns a moment from RFC 3339 text, or from a day alone: its beginning in UTC.
pub fn time(value: &Value) -> Converted<DateTime> {
    let text = value.as_str().ok_or_else(|| unlike("a string", value))?;
    moment(text).ok_or_else(|| Failure::new(Class::Invalid, format!("is no RFC 3339 time: `{text}`")))
}

pub(super) fn moment(text: &str) -> Option<DateTime> {
    let day = text.len() == "2026-01-31".len();
    let whole = if day { format!("{text}T00:00:00Z") } else { text.to_owned() };
    DateTime::from_str(&whole, Format::DateTimeWithOffset).ok()
}

/// Returns bytes from base64 text.
pub fn blob(value: &Value) -> Converted<Blob> {
    let text = value.as_str().ok_or_else(|| unlike("a string", value))?;
    let bytes = BASE64_STANDARD.decode(text).map_err(|_| Failure::new(Class::Invalid, "is no base64 text"))?;
    Ok(Blob::new(bytes))
}

/// Returns the elements of a list.
pub fn items<T>(value: &Value, convert: impl Fn(&Value) -> Converted<T>) -> Converted<Vec<T>> {
    value.as_list().ok_or_else(|| unlike("a list", value))?.iter().map(convert).collect()
}

/// Returns the entries of a map with keys of the user's choice.
pub fn map_of<T>(value: &Value, convert: impl Fn(&Value) -> Converted<T>) -> Converted<HashMap<String, T>> {
    map(value)?.iter().map(|(key, value)| Ok((key.to_string(), convert(value)?))).collect()
}

/// Returns a member of a record; none if it is absent or null.
pub fn member<T>(map: &Map, name: &str, convert: impl Fn(&Value) -> Converted<T>) -> Converted<Option<T>> {
    match map.get(name).filter(|value| !value.is_null()) {
        Some(value) => convert(value).map(Some).map_err(|failure| inside(name, failure)),
        None => Ok(None),
    }
}

/// Returns a member that is a list.
pub fn members<T>(map: &Map, name: &str, convert: impl Fn(&Value) -> Converted<T>) -> Converted<Option<Vec<T>>> {
    member(map, name, |value| items(value, &convert))
}

/// Returns a member that is a map.
pub fn entries<T>(
    map: &Map,
    name: &str,
    convert: impl Fn(&Value) -> Converted<T>,
) -> Converted<Option<HashMap<String, T>>> {
    member(map, name, |value| map_of(value, &convert))
}

/// Returns a structure without members if the flag that stands for it is true.
pub fn present<T>(map: &Map, name: &str, make: impl Fn() -> T) -> Converted<Option<T>> {
    Ok(member(map, name, flag)?.filter(|on| *on).map(|_| make()))
}

/// Sets a member of a call if the map holds it.
pub fn put<B, T>(
    call: B,
    map: &Map,
    name: &str,
    convert: impl Fn(&Value) -> Converted<T>,
    set: fn(B, Option<T>) -> B,
) -> Converted<B> {
    Ok(match member(map, name, convert)? {
        None => call,
        some => set(call, some),
    })
}

/// Sets a member of a call that is a list.
pub fn put_list<B, T>(
    call: B,
    map: &Map,
    name: &str,
    convert: impl Fn(&Value) -> Converted<T>,
    set: fn(B, Option<Vec<T>>) -> B,
) -> Converted<B> {
    put(call, map, name, |value| items(value, &convert), set)
}

/// Sets a member of a call that is a map.
pub fn put_map<B, T>(
    call: B,
    map: &Map,
    name: &str,
    convert: impl Fn(&Value) -> Converted<T>,
    set: fn(B, Option<HashMap<String, T>>) -> B,
) -> Converted<B> {
    put(call, map, name, |value| map_of(value, &convert), set)
}

/// Returns the number of elements, as CloudFront wants it beside each list.
pub fn length<T>(items: &[T]) -> Converted<i32> {
    i32::try_from(items.len()).map_err(|_| Failure::new(Class::Invalid, "is too long"))
}

/// Returns the number of elements of a member.
pub fn count(map: &Map, name: &str) -> Converted<i32> {
    length(map.get(name).and_then(Value::as_list).unwrap_or_default())
}

/// Returns none for no elements: CloudFront takes a quantity of zero, and no empty list.
pub fn unless_empty<T>(items: Vec<T>) -> Option<Vec<T>> {
    Some(items).filter(|items| !items.is_empty())
}

fn unlike(wanted: &str, value: &Value) -> Failure {
    Failure::new(Class::Invalid, format!("is {}, not {wanted}", value.type_name()))
}

/// Puts the name of the member in front: "`rules.id` is an integer, not a string".
fn inside(name: &str, mut failure: Failure) -> Failure {
    failure.message = match failure.message.strip_prefix('`') {
        Some(rest) => format!("`{name}.{rest}"),
        None => format!("`{name}` {}", failure.message),
    };
    failure
}
