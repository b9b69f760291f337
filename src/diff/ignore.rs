//! `manage.ignore`: paths that are neither compared nor written.
//!
//! A path names a field (`desired_capacity`, `tags.build`), or elements by a predicate
//! (`ingress[description=~'^kubernetes']`, `listeners[port=8443]`). What is ignored is taken from the live
//! resource into the wanted fields, so an update that writes a whole document keeps it.

use std::sync::Arc;

use regex::Regex;

use crate::model::shape::{Order, Record, Shape};
use crate::model::value::{Map, Value};

/// What is wrong with an ignore path.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IgnoreError {
    #[error("`{0}` is not a path: write a field as `tags.build`, or elements as `ingress[description=~'^kubernetes']`")]
    Syntax(String),
    #[error("there is no field `{0}`")]
    Unknown(String),
    #[error("the pattern `{0}` is not a regular expression")]
    Pattern(String),
}

/// One step of a path.
#[derive(Debug)]
struct Step<'a> {
    name: &'a str,
    predicate: Option<Predicate<'a>>,
}

#[derive(Debug)]
struct Predicate<'a> {
    field: &'a str,
    test: Test<'a>,
}

#[derive(Debug)]
enum Test<'a> {
    Is(&'a str),
    Matches(Regex),
}

/// Says whether a path is one, and names fields that there are.
pub fn check(record: &Record, path: &str) -> Result<(), IgnoreError> {
    let mut record = Some(record);
    let mut in_map = false;
    for step in parse(path)? {
        let Some(fields) = record else {
            return if in_map { Ok(()) } else { Err(IgnoreError::Unknown(step.name.to_owned())) };
        };
        let field = fields.fields.get(step.name).ok_or_else(|| IgnoreError::Unknown(step.name.to_owned()))?;
        record = field.shape.record();
        in_map = matches!(field.shape, Shape::Map(_) | Shape::Document);
        if let Some(predicate) = step.predicate
            && !record.is_some_and(|record| record.fields.contains_key(predicate.field))
        {
            return Err(IgnoreError::Unknown(predicate.field.to_owned()));
        }
    }
    Ok(())
}

/// Takes what `path` names from `live` into `wanted`. A path that [`check`] refuses does nothing.
pub fn keep(record: &Record, path: &Arc<str>, wanted: &mut Map, live: &Map) {
    if let Ok(steps) = parse(path) {
        keep_steps(Some(record), &steps, wanted, live);
    }
}

fn keep_steps(record: Option<&Record>, steps: &[Step<'_>], wanted: &mut Map, live: &Map) {
    let Some((step, rest)) = steps.split_first() else { return };
    let shape = record.and_then(|record| record.fields.get(step.name)).map(|field| &field.shape);
    let inner = shape.and_then(Shape::record);
    let live_value = live.get(step.name).cloned().unwrap_or_default();
    let wanted_value = wanted.get(step.name).cloned().unwrap_or_default();
    let kept = match (&step.predicate, rest.is_empty()) {
        (None, true) => live_value,
        (Some(predicate), true) => keep_elements(predicate, &wanted_value, &live_value),
        (_, false) => match (wanted_value.peel(), live_value.peel()) {
            (Value::List(wanted), Value::List(live)) => {
                let keys = shape.and_then(list_keys);
                keep_in_elements(inner, step.predicate.as_ref(), keys, rest, wanted, live)
            }
            (wanted, Value::Map(live)) => {
                let mut map = wanted.as_map().cloned().unwrap_or_default();
                keep_steps(inner, rest, &mut map, live);
                map.into()
            }
            _ => return,
        },
    };
    if kept.is_null() {
        wanted.shift_remove(step.name);
    } else {
        wanted.insert(step.name.into(), kept);
    }
}

fn list_keys(shape: &Shape) -> Option<&'static [&'static str]> {
    match shape {
        Shape::List(list) => match list.order {
            Order::Keyed(keys) => Some(keys),
            _ => None,
        },
        _ => None,
    }
}

/// Returns the wanted elements that do not match, and the live ones that do.
fn keep_elements(predicate: &Predicate<'_>, wanted: &Value, live: &Value) -> Value {
    let of = |value: &Value, matching: bool| {
        let items = value.as_list().unwrap_or_default().iter();
        items.filter(|item| predicate.holds(item) == matching).cloned().collect::<Vec<_>>()
    };
    let mut items = of(wanted, false);
    items.extend(of(live, true));
    if items.is_empty() && wanted.is_null() { Value::Null } else { Value::list(items) }
}

fn keep_in_elements(
    record: Option<&Record>,
    predicate: Option<&Predicate<'_>>,
    keys: Option<&[&str]>,
    rest: &[Step<'_>],
    wanted: &[Value],
    live: &[Value],
) -> Value {
    let keep_one = |(index, item): (usize, &Value)| {
        let twin = match keys {
            Some(keys) => live.iter().find(|other| super::key_of(other, keys) == super::key_of(item, keys)),
            None => live.get(index),
        };
        match (item.as_map(), twin.and_then(Value::as_map)) {
            (Some(map), Some(twin)) if predicate.is_none_or(|predicate| predicate.holds(item)) => {
                let mut map = map.clone();
                keep_steps(record, rest, &mut map, twin);
                Value::from(map)
            }
            _ => item.clone(),
        }
    };
    Value::list(wanted.iter().enumerate().map(keep_one))
}

impl Predicate<'_> {
    fn holds(&self, element: &Value) -> bool {
        let value = match element.get(self.field).map(Value::peel) {
            None | Some(Value::Null) => String::new(),
            Some(Value::Str(text)) => text.to_string(),
            Some(other) => other.to_string(),
        };
        match &self.test {
            Test::Is(text) => value == *text,
            Test::Matches(pattern) => pattern.is_match(&value),
        }
    }
}

fn parse(path: &str) -> Result<Vec<Step<'_>>, IgnoreError> {
    let wrong = || IgnoreError::Syntax(path.to_owned());
    let mut steps = Vec::new();
    let mut rest = path;
    loop {
        let end = rest.find(['.', '[']).unwrap_or(rest.len());
        let (name, after) = rest.split_at(end);
        if name.is_empty() {
            return Err(wrong());
        }
        let (predicate, after) = match after.strip_prefix('[') {
            Some(inner) => {
                let close = closing(inner).ok_or_else(wrong)?;
                (Some(predicate(&inner[..close]).ok_or_else(wrong)??), &inner[close + 1..])
            }
            None => (None, after),
        };
        steps.push(Step { name, predicate });
        match after.strip_prefix('.') {
            Some(next) => rest = next,
            None if after.is_empty() => return Ok(steps),
            None => return Err(wrong()),
        }
    }
}

/// Returns the position of the `]` that ends a predicate, outside quotes.
fn closing(text: &str) -> Option<usize> {
    let mut quoted = false;
    text.char_indices().find_map(|(at, c)| {
        quoted ^= c == '\'';
        (c == ']' && !quoted).then_some(at)
    })
}

fn predicate(text: &str) -> Option<Result<Predicate<'_>, IgnoreError>> {
    let (field, value) = text.split_once('=')?;
    let unquote = |text| {
        let text: &str = text;
        text.strip_prefix('\'').and_then(|text| text.strip_suffix('\'')).unwrap_or(text)
    };
    let test = match value.strip_prefix('~') {
        Some(pattern) => match Regex::new(unquote(pattern)) {
            Ok(pattern) => Test::Matches(pattern),
            Err(_) => return Some(Err(IgnoreError::Pattern(unquote(pattern).to_owned()))),
        },
        None => Test::Is(unquote(value)),
    };
    (!field.is_empty()).then_some(Ok(Predicate { field, test }))
}
