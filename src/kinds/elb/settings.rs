//! Settings that ELB keeps as key and value (it calls them attributes), as fields of a stack.

use crate::model::shape::{Absent, Record, Shape};
use crate::model::value::{Map, Value};

/// A field's path and the key under which ELB keeps it.
pub type Setting = (&'static str, &'static str);

/// Puts the reported settings into `fields`. What ELB does not report, because this type of resource does not have
/// it, gets its default: so a default means the same for every type.
pub fn read(record: &Record, table: &[Setting], reported: &[(String, String)], fields: &mut Map) {
    for (path, key) in table {
        let text = reported.iter().find(|(name, _)| name == key).map(|(_, text)| text.as_str());
        if let (Some(text), Some(field)) = (text, record.at(path))
            && let Some(value) = parse(&field.shape, text)
        {
            put(fields, path, value);
        }
    }
    let beside = fields.clone();
    for (path, _) in table {
        if at(fields, path).is_none()
            && let Some(value) = default_of(record, path, &beside)
        {
            put(fields, path, value);
        }
    }
}

/// Returns the keys and values to send so that `fields` become true, where `before` is.
pub fn write(record: &Record, table: &[Setting], fields: &Map, before: &Map) -> Vec<(String, String)> {
    let text = |fields: &Map, path: &str| {
        let field = record.at(path)?;
        let value = at(fields, path).cloned().or_else(|| default_of(record, path, fields));
        value.map_or_else(|| none_of(&field.shape, path).map(str::to_owned), |value| Some(spell(&value)))
    };
    table
        .iter()
        .filter_map(|(path, key)| {
            let (wanted, is) = (text(fields, path)?, text(before, path));
            (is.as_ref() != Some(&wanted)).then(|| ((*key).to_owned(), wanted))
        })
        .collect()
}

/// Returns true if both are switched off, whatever else they say, or both say the same.
pub fn same_switch(desired: &Value, live: &Value) -> bool {
    let on = |value: &Value| value.get("enabled").and_then(Value::as_bool) == Some(true);
    let entries = |value: &Value| -> Map {
        let filled = value.as_map().into_iter().flatten().filter(|(_, value)| !value.is_empty());
        let mut map: Map = filled.map(|(key, value)| (key.clone(), value.peel().clone())).collect();
        map.sort_keys();
        map
    };
    (!on(desired) && !on(live)) || entries(desired) == entries(live)
}

/// Returns the default of a setting: for one inside a record, of the field there.
fn default_of(record: &Record, path: &str, beside: &Map) -> Option<Value> {
    let field = record.at(path)?;
    match path.rsplit_once('.') {
        Some((parent, _)) => field.absent.value(at(beside, parent).and_then(Value::as_map).unwrap_or(&Map::new())),
        None => field.absent.value(beside),
    }
    .filter(|_| !matches!(field.absent, Absent::LeftAlone))
}

fn parse(shape: &Shape, text: &str) -> Option<Value> {
    match shape {
        _ if text.is_empty() => None,
        Shape::Bool => Some((text == "true").into()),
        Shape::Integer { .. } => text.parse::<i64>().ok().map(Value::Int),
        _ => Some(text.into()),
    }
}

fn spell(value: &Value) -> String {
    match value.peel() {
        Value::Str(text) => text.to_string(),
        other => other.to_string(),
    }
}

/// Returns the value that stands for "none": no text can be unset but a prefix.
fn none_of(shape: &Shape, path: &str) -> Option<&'static str> {
    match shape {
        Shape::Bool => Some("false"),
        Shape::Integer { .. } => Some("0"),
        _ if path.ends_with("prefix") => Some(""),
        _ => None,
    }
}

fn at<'a>(fields: &'a Map, path: &str) -> Option<&'a Value> {
    let found = match path.split_once('.') {
        Some((first, rest)) => at(fields.get(first)?.as_map()?, rest),
        None => fields.get(path),
    };
    found.filter(|value| !value.is_null())
}

fn put(fields: &mut Map, path: &str, value: Value) {
    match path.split_once('.') {
        Some((first, rest)) => {
            let mut inner = fields.get(first).and_then(Value::as_map).cloned().unwrap_or_default();
            put(&mut inner, rest, value);
            fields.insert(first.into(), inner.into());
        }
        None => {
            fields.insert(path.into(), value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::shape::Field;

    const TABLE: &[Setting] = &[
        ("delay", "delay.seconds"),
        ("sticky.enabled", "sticky.enabled"),
        ("sticky.duration", "sticky.duration"),
        ("logs_prefix", "logs.prefix"),
        ("mode", "mode"),
    ];

    fn record() -> Record {
        Record::of([
            ("delay", Field::integer(0, 900).default(300)),
            ("sticky", Field::record([("enabled", Field::bool()), ("duration", Field::integer(1, 9).default(5))])),
            ("logs_prefix", Field::text()),
            ("mode", Field::text().left_alone()),
        ])
    }

    fn read_back(pairs: &[(&str, &str)]) -> Map {
        let pairs: Vec<_> = pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        let mut fields = Map::new();
        read(&record(), TABLE, &pairs, &mut fields);
        fields
    }

    #[test]
    fn what_is_not_reported_has_its_default() {
        assert_eq!(
            Value::from(read_back(&[("sticky.enabled", "true"), ("logs.prefix", "")])).to_string(),
            r#"{sticky: {enabled: true, duration: 5}, delay: 300}"#
        );
    }

    #[test]
    fn only_what_differs_is_sent() {
        let check = |fields: &[(&str, &str)], before: &[(&str, &str)], expected: &[(&str, &str)]| {
            let sent = write(&record(), TABLE, &read_back(fields), &read_back(before));
            let sent: Vec<_> = sent.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
            assert_eq!(sent, expected);
        };
        check(&[], &[], &[]);
        check(&[("delay.seconds", "30")], &[], &[("delay.seconds", "30")]);
        check(&[], &[("delay.seconds", "30"), ("logs.prefix", "x")], &[("delay.seconds", "300"), ("logs.prefix", "")]);
        check(&[], &[("sticky.enabled", "true"), ("mode", "x")], &[("sticky.enabled", "false")]);
    }

    #[test]
    fn what_is_switched_off_is_the_same_whatever_else_it_says() {
        let switch = |on: bool, bucket: &str| Value::map([("enabled", on.into()), ("bucket", Value::from(bucket))]);
        assert!(same_switch(&switch(false, "a"), &Value::Null));
        assert!(same_switch(&switch(true, "a"), &switch(true, "a")));
        assert!(!same_switch(&switch(true, "a"), &switch(true, "b")));
        assert!(!same_switch(&Value::Null, &switch(true, "b")));
    }
}
