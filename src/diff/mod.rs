//! Compares what a stack wants with what is live, field by field, as the schema says.
//!
//! Two steps, both pure: [`wanted`] completes what the stack says (defaults, what is left alone, what is ignored),
//! and [`diff`] compares that with the account. Updates are written from the same completed fields.

mod equal;
mod ignore;
mod policy;
mod wanted;

use crate::model::delta::{Delta, FieldChange};
use crate::model::shape::{Change, Effect, Equal, Field, Order, Record, Shape};
use crate::model::value::{Map, Value};

pub use equal::equal;
pub use ignore::{IgnoreError, check as check_ignore};
pub use wanted::{complete, wanted};

/// Returns every field in which `wanted` (completed by [`wanted()`]) differs from `live`.
pub fn diff(record: &Record, wanted: &Map, live: &Map) -> Delta {
    let mut walk = Walk { live, changes: Vec::new() };
    walk.record(&Path::root(), record, wanted, live, None);
    Delta { changes: walk.changes }
}

struct Walk<'a> {
    live: &'a Map,
    changes: Vec<FieldChange>,
}

/// What the enclosing top-level field says of a change inside it.
#[derive(Clone, Copy)]
struct Within {
    effect: Effect,
    sensitive: bool,
}

/// A path under construction: text is made only for what differs.
struct Path<'a> {
    parent: Option<&'a Path<'a>>,
    segment: Segment<'a>,
}

enum Segment<'a> {
    Root,
    Name(&'a str),
    Key(String),
}

impl<'a> Path<'a> {
    fn root() -> Path<'static> {
        Path { parent: None, segment: Segment::Root }
    }

    fn name(&'a self, name: &'a str) -> Path<'a> {
        Path { parent: Some(self), segment: Segment::Name(name) }
    }

    fn key(&'a self, key: impl ToString) -> Path<'a> {
        Path { parent: Some(self), segment: Segment::Key(key.to_string()) }
    }

    fn text(&self) -> String {
        let before = self.parent.map(Path::text).unwrap_or_default();
        match &self.segment {
            Segment::Root => before,
            Segment::Name(name) if before.is_empty() => (*name).to_owned(),
            Segment::Name(name) => format!("{before}.{name}"),
            Segment::Key(key) => format!("{before}[{key}]"),
        }
    }
}

impl Walk<'_> {
    fn record(&mut self, path: &Path<'_>, record: &Record, wanted: &Map, live: &Map, within: Option<Within>) {
        for (name, field) in &record.fields {
            if field.local || field.write_only {
                continue;
            }
            let (beside, wanted, live) = (wanted, get(wanted, name), get(live, name));
            if let Equal::Beside(same) = field.equal
                && wanted.is_known()
                && same(wanted, live, beside)
            {
                continue;
            }
            let effect = self.effect_of(field, wanted, live);
            let within = Within {
                effect: within.map_or(effect, |outer| outer.effect.max(effect)),
                sensitive: field.sensitive || within.is_some_and(|outer| outer.sensitive),
            };
            self.value(&path.name(name), &field.shape, field.equal, wanted, live, within);
        }
    }

    fn effect_of(&self, field: &Field, wanted: &Value, live: &Value) -> Effect {
        match field.change {
            Change::InPlace => Effect::InPlace,
            Change::Replace => Effect::Replace,
            Change::Depends(rule) => rule(live, wanted, self.live),
        }
    }

    fn value(&mut self, path: &Path<'_>, shape: &Shape, how: Equal, wanted: &Value, live: &Value, within: Within) {
        if let Equal::By(same) = how {
            if wanted.is_known() && same(wanted, live) {
                return;
            }
            return self.changed(path, wanted, live, within);
        }
        match (shape, wanted.peel(), live.peel()) {
            (_, Value::Null, live_value) if is_nothing(live_value) => {}
            (_, wanted_value, Value::Null) if is_nothing(wanted_value) => {}
            (Shape::Record(record), Value::Map(wanted), Value::Map(live)) => {
                self.record(path, record, wanted, live, Some(within));
            }
            (Shape::Map(item), Value::Map(wanted), Value::Map(live)) => {
                self.map(path, item, how, wanted, live, within);
            }
            (Shape::List(list), Value::List(wanted_items), Value::List(live_items)) => match list.order {
                Order::Keyed(keys) => self.keyed(path, &list.item, keys, wanted_items, live_items, within),
                Order::Sequence if list.item.record().is_some() => {
                    self.sequence(path, &list.item, wanted_items, live_items, within);
                }
                Order::Sequence | Order::Set => {
                    if !equal(shape, how, wanted, live) {
                        self.changed(path, wanted, live, within);
                    }
                }
            },
            _ => {
                if !equal(shape, how, wanted, live) {
                    self.changed(path, wanted, live, within);
                }
            }
        }
    }

    /// Compares the values of a map, each as the map's own field says.
    fn map(&mut self, path: &Path<'_>, item: &Shape, how: Equal, wanted: &Map, live: &Map, within: Within) {
        for (key, value) in wanted {
            self.value(&key_path(path, key), item, how, value, get(live, key), within);
        }
        for (key, value) in live.iter().filter(|(key, _)| !wanted.contains_key(*key)) {
            self.changed(&key_path(path, key), &Value::Null, value, within);
        }
    }

    fn sequence(&mut self, path: &Path<'_>, item: &Shape, wanted: &[Value], live: &[Value], within: Within) {
        for index in 0..wanted.len().max(live.len()) {
            let wanted = wanted.get(index).unwrap_or(&Value::Null);
            let live = live.get(index).unwrap_or(&Value::Null);
            self.element(&path.key(index), item, wanted, live, within);
        }
    }

    fn keyed(
        &mut self,
        path: &Path<'_>,
        item: &Shape,
        keys: &[&str],
        wanted: &[Value],
        live: &[Value],
        within: Within,
    ) {
        let mut unmatched: Vec<&Value> = live.iter().collect();
        for value in wanted {
            let key = key_of(value, keys);
            let twin = unmatched.iter().position(|other| key_of(other, keys) == key).map(|at| unmatched.remove(at));
            self.element(&path.key(&key), item, value, twin.unwrap_or(&Value::Null), within);
        }
        for value in unmatched {
            self.element(&path.key(key_of(value, keys)), item, &Value::Null, value, within);
        }
    }

    /// Compares two elements; an element that is only on one side is a change even if all its fields are empty.
    fn element(&mut self, path: &Path<'_>, item: &Shape, wanted: &Value, live: &Value, within: Within) {
        if wanted.is_null() != live.is_null() {
            self.changed(path, wanted, live, within);
        } else {
            self.value(path, item, Equal::Exact, wanted, live, within);
        }
    }

    fn changed(&mut self, path: &Path<'_>, wanted: &Value, live: &Value, within: Within) {
        self.changes.push(FieldChange {
            path: path.text(),
            before: live.clone(),
            after: wanted.clone(),
            effect: within.effect,
            sensitive: within.sensitive || wanted.is_sensitive(),
        });
    }
}

/// Returns a map entry's path: `tags.team`, or `tags["a b"]` where a dot or blank would mislead.
fn key_path<'a>(path: &'a Path<'a>, key: &'a str) -> Path<'a> {
    if key.chars().all(|c| c.is_ascii_alphanumeric() || "_-:/".contains(c)) {
        path.name(key)
    } else {
        path.key(format!("{key:?}"))
    }
}

/// Returns the values of an element's key fields as a person writes them: `443`, `Enabled,old`.
pub fn key_of(element: &Value, keys: &[&str]) -> String {
    let part = |key: &&str| match element.get(key).map(Value::peel) {
        Some(Value::Str(text)) => text.to_string(),
        Some(Value::Null) | None => String::new(),
        Some(other) => other.to_string(),
    };
    keys.iter().map(part).collect::<Vec<_>>().join(",")
}

/// Returns true for what AWS reports when nothing was set: null, empty, `false`, zero.
fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Bool(flag) => !flag,
        Value::Int(number) => *number == 0,
        Value::Float(number) => *number == 0.0,
        Value::Map(map) => map.values().all(|value| is_nothing(value.peel())),
        other => other.is_empty(),
    }
}

fn get<'a>(map: &'a Map, key: &str) -> &'a Value {
    map.get(key).unwrap_or(&Value::Null)
}

#[cfg(test)]
mod tests;
