//! Completes what a stack says into the whole of what is wanted.

use super::{ignore, key_of};
use crate::model::shape::{Absent, Field, Order, Record, Shape};
use crate::model::value::{Map, Value};

/// Returns the fields of a resource to be created: defaults filled in, at every depth.
pub fn complete(record: &Record, fields: &Map) -> Map {
    merge(record, fields, None)
}

/// Returns the wanted fields of a resource that is live: defaults filled in, what is left alone or ignored
/// taken from `live`. Compared with `live` by [`super::diff`], and written by updates.
pub fn wanted(record: &Record, fields: &Map, live: &Map, ignore: &[std::sync::Arc<str>]) -> Map {
    let mut wanted = merge(record, fields, Some(live));
    for path in ignore {
        ignore::keep(record, path, &mut wanted, live);
    }
    wanted
}

fn merge(record: &Record, fields: &Map, live: Option<&Map>) -> Map {
    let mut out = Map::new();
    for (name, field) in &record.fields {
        let written = fields.get(*name).filter(|value| !value.is_null());
        let live = live.and_then(|live| live.get(*name));
        let value = match (written, &field.absent) {
            (Some(value), _) => inside(&field.shape, value, live),
            (None, Absent::LeftAlone) => live.cloned().unwrap_or_default(),
            (None, absent) => match absent.value(fields) {
                Some(default) => inside(&field.shape, &default, live),
                None => nested_default(field, live),
            },
        };
        if !value.is_null() {
            out.insert((*name).into(), value);
        }
    }
    out
}

/// Returns what omitting a whole record means if fields inside it are left alone: these stay, the rest goes.
fn nested_default(field: &Field, live: Option<&Value>) -> Value {
    match (&field.shape, live.and_then(Value::as_map)) {
        (Shape::Record(record), Some(live)) if has_left_alone(record) => {
            let kept = merge(record, &Map::new(), Some(live));
            let only_defaults = merge(record, &Map::new(), None);
            if kept == only_defaults { Value::Null } else { kept.into() }
        }
        _ => Value::Null,
    }
}

fn has_left_alone(record: &Record) -> bool {
    record.fields.values().any(|field| matches!(field.absent, Absent::LeftAlone))
}

fn inside(shape: &Shape, value: &Value, live: Option<&Value>) -> Value {
    let wrap = |inner: Value| if matches!(value, Value::Secret(_)) { Value::Secret(inner.into()) } else { inner };
    match (shape, value.peel()) {
        (Shape::Record(record), Value::Map(fields)) => wrap(merge(record, fields, live.and_then(Value::as_map)).into()),
        (Shape::List(list), Value::List(items)) if list.item.record().is_some() => {
            let live = live.and_then(Value::as_list).unwrap_or_default();
            let complete = |(index, item)| inside(&list.item, item, twin(&list.order, index, item, live));
            wrap(Value::list(items.iter().enumerate().map(complete)))
        }
        (Shape::Map(item), Value::Map(entries)) if item.record().is_some() => {
            let live = live.and_then(Value::as_map);
            let complete = |(key, value): (&std::sync::Arc<str>, &Value)| {
                (key.clone(), inside(item, value, live.and_then(|live| live.get(key))))
            };
            wrap(Value::map(entries.iter().map(complete)))
        }
        _ => value.clone(),
    }
}

/// Returns the live element that an element of the stack stands for.
fn twin<'a>(order: &Order, index: usize, item: &Value, live: &'a [Value]) -> Option<&'a Value> {
    match order {
        Order::Sequence => live.get(index),
        Order::Keyed(keys) => live.iter().find(|other| key_of(other, keys) == key_of(item, keys)),
        Order::Set => None,
    }
}
