//! Terms to values by a shape: every problem of a tree in one walk, each at its own place.

use std::sync::Arc;

use super::eval::{Missing, suggestion};
use super::scalars::{self, Unfit};
use super::term::{Term, TermEntry, TermKind};
use super::view::View;
use crate::model::problem::{Problem, Span};
use crate::model::shape::{Absent, List, Record, Shape};
use crate::model::value::{Map, Value};

/// A walk over the terms of one resource. What fails is reported and null.
pub struct Typing<'t> {
    pub view: &'t View<'t>,
}

impl Typing<'_> {
    /// Returns the value of a term that stands in the field `name`.
    pub fn term(&self, term: &Term, shape: &Shape, name: &str) -> Value {
        if !self.view.budget().enter() {
            if let Missing::Wrong { message, help } = super::eval::Scope::too_deep(self.view) {
                self.report(Problem { help, ..Problem::at(term.span, message) });
            }
            return Value::Null;
        }
        let value = self.dispatch(term, shape, name);
        self.view.budget().leave();
        value
    }

    fn dispatch(&self, term: &Term, shape: &Shape, name: &str) -> Value {
        match (&term.kind, shape) {
            (TermKind::Broken, _) => {
                self.view.fail();
                Value::Null
            }
            (TermKind::Literal(text, style), Shape::Document) if name_is_field(name) => {
                let value = super::untyped::scalar(text, *style);
                self.document(value, name, term.span)
            }
            (TermKind::Literal(text, style), _) => match scalars::literal(text, *style, shape) {
                Ok(value) => value,
                Err(unfit) => self.unfit(name, unfit, term.span),
            },
            (TermKind::Template(template), _) => match self.view.template(template) {
                Some(value) => self.value(&value, shape, name, term.span),
                None => Value::Null,
            },
            (TermKind::List(items), Shape::List(list)) => self.list(items, list, name, term.span),
            (TermKind::List(items), Shape::Document) => {
                let values = items.iter().map(|item| self.term(item, shape, "")).filter(|value| !value.is_null());
                Value::list(values.collect::<Vec<_>>())
            }
            (TermKind::Map(entries), Shape::Record(record)) => self.record(entries, record, name, term.span).into(),
            (TermKind::Map(entries), Shape::Map(item)) => self.map(entries, item),
            (TermKind::Map(entries), Shape::Document) => self.map(entries, shape),
            (kind, _) => {
                let found = if matches!(kind, TermKind::List(_)) { "a list" } else { "a map" };
                let unfit = Unfit { message: format!("takes {}, not {found}", scalars::wanted(shape)), help: None };
                self.unfit(name, unfit, term.span)
            }
        }
    }

    fn list(&self, items: &[Term], list: &List, name: &str, span: Span) -> Value {
        let values: Vec<Value> =
            items.iter().map(|item| self.term(item, &list.item, name)).filter(|value| !value.is_null()).collect();
        self.check_size(items.len(), list, name, span);
        Value::list(values)
    }

    fn check_size(&self, size: usize, list: &List, name: &str, span: Span) {
        let size = size as u64;
        let elements = |count: u32| if count == 1 { "1 element".to_owned() } else { format!("{count} elements") };
        if let Some(min) = list.min.filter(|min| size < u64::from(*min)) {
            self.report(Problem::at(span, format!("`{name}` needs at least {}, and has {size}", elements(min))));
        }
        if let Some(max) = list.max.filter(|max| size > u64::from(*max)) {
            self.report(Problem::at(span, format!("`{name}` takes at most {}, and has {size}", elements(max))));
        }
    }

    fn map(&self, entries: &[TermEntry], item: &Shape) -> Value {
        // Elements of a document are of any type; those of a map are named by their key.
        let name_of = |entry: &TermEntry| if matches!(item, Shape::Document) { "".into() } else { entry.key.clone() };
        let values = entries.iter().map(|entry| (entry.key.clone(), self.term(&entry.value, item, &name_of(entry))));
        Value::map(values.filter(|(_, value)| !value.is_null()))
    }

    fn record(&self, entries: &[TermEntry], record: &Record, name: &str, span: Span) -> Map {
        let mut map = Map::new();
        for entry in entries {
            match record.fields.get(&*entry.key) {
                Some(field) => {
                    let value = self.term(&entry.value, &field.shape, &entry.key);
                    if !value.is_null() {
                        map.insert(entry.key.clone(), value);
                    }
                }
                None => self.report(unknown_field(&entry.key, entry.key_span, record, name)),
            }
        }
        let is_written = |field: &str| entries.iter().any(|entry| *entry.key == *field && !entry.value.is_null());
        self.check_required(record, &is_written, name, span);
        map
    }

    /// Reports required fields that are not there, together.
    pub fn check_required(&self, record: &Record, is_written: &dyn Fn(&str) -> bool, name: &str, span: Span) {
        let missing: Vec<&str> = record
            .fields
            .iter()
            .filter(|(field, spec)| matches!(spec.absent, Absent::Required) && !is_written(field))
            .map(|(field, _)| *field)
            .collect();
        if !missing.is_empty() {
            self.report(Problem::at(span, format!("`{name}` needs `{}`", missing.join("`, `"))));
        }
    }

    /// Checks a value that an expression gave. Its problems are all at the expression.
    fn value(&self, value: &Value, shape: &Shape, name: &str, span: Span) -> Value {
        match (value, shape) {
            (Value::Null | Value::Unknown(_), _) => value.clone(),
            (Value::Secret(inner), _) => {
                let before = self.view.failures();
                let checked = self.secret(inner, shape, name, span);
                if self.view.failures() > before { Value::Null } else { Value::Secret(Arc::new(checked)) }
            }
            (Value::List(items), Shape::List(list)) => {
                self.check_size(items.len(), list, name, span);
                let values = items.iter().map(|item| self.value(item, &list.item, name, span));
                Value::list(values.filter(|value| !value.is_null()).collect::<Vec<_>>())
            }
            (Value::Map(map), Shape::Map(item)) => {
                let values = map.iter().map(|(key, value)| (key.clone(), self.value(value, item, key, span)));
                Value::map(values.filter(|(_, value)| !value.is_null()))
            }
            (Value::Map(map), Shape::Record(record)) => self.record_value(map, record, name, span),
            (_, Shape::Document) if name_is_field(name) => self.document(value.clone(), name, span),
            (_, Shape::Document) => without_nulls(value),
            _ => match scalars::checked(value, shape) {
                Ok(value) => value,
                Err(unfit) => self.unfit(name, unfit, span),
            },
        }
    }

    /// Checks a secret without showing it.
    fn secret(&self, value: &Value, shape: &Shape, name: &str, span: Span) -> Value {
        match (value, shape) {
            (Value::List(_) | Value::Map(_), _) | (_, Shape::Document) => self.value(value, shape, name, span),
            _ => match scalars::checked(value, shape) {
                Ok(value) => value,
                Err(_) => {
                    let message = format!("takes {}, which this sensitive value does not fit", scalars::wanted(shape));
                    self.unfit(name, Unfit { message, help: None }, span)
                }
            },
        }
    }

    fn record_value(&self, map: &Map, record: &Record, name: &str, span: Span) -> Value {
        let mut out = Map::new();
        for (key, value) in map {
            match record.fields.get(&**key) {
                Some(field) => {
                    let value = self.value(value, &field.shape, key, span);
                    if !value.is_null() {
                        out.insert(key.clone(), value);
                    }
                }
                None => self.report(unknown_field(key, span, record, name)),
            }
        }
        self.check_required(record, &|field| map.get(field).is_some_and(|value| !value.is_null()), name, span);
        out.into()
    }

    /// A whole document: a map or list, or JSON text as `file` gives it.
    fn document(&self, value: Value, name: &str, span: Span) -> Value {
        match &value {
            Value::Map(_) | Value::List(_) => without_nulls(&value),
            Value::Null | Value::Unknown(_) => value,
            Value::Str(text) => match serde_json::from_str::<serde_json::Value>(text) {
                Ok(json @ (serde_json::Value::Object(_) | serde_json::Value::Array(_))) => without_nulls(&json.into()),
                _ => {
                    let unfit = Unfit {
                        message: "takes a document, not text".into(),
                        help: Some("write it as YAML, or as JSON".into()),
                    };
                    self.unfit(name, unfit, span)
                }
            },
            other => {
                let unfit = Unfit { message: format!("takes a document, not {}", other.type_name()), help: None };
                self.unfit(name, unfit, span)
            }
        }
    }

    fn unfit(&self, name: &str, unfit: Unfit, span: Span) -> Value {
        let subject = if name.is_empty() { "this".to_owned() } else { format!("`{name}`") };
        let problem = Problem::at(span, format!("{subject} {}", unfit.message));
        self.report(Problem { help: unfit.help, ..problem });
        Value::Null
    }

    fn report(&self, problem: Problem) {
        self.view.report(problem);
    }
}

/// Inside a document nothing has a name; only the field that holds it does.
fn name_is_field(name: &str) -> bool {
    !name.is_empty()
}

/// Null is the same as omitted, in documents too.
fn without_nulls(value: &Value) -> Value {
    match value {
        Value::List(items) => {
            Value::list(items.iter().filter(|item| !item.is_null()).map(without_nulls).collect::<Vec<_>>())
        }
        Value::Map(map) => {
            let entries = map.iter().filter(|(_, value)| !value.is_null());
            Value::map(entries.map(|(key, value)| (key.clone(), without_nulls(value))))
        }
        Value::Secret(inner) => Value::Secret(Arc::new(without_nulls(inner))),
        other => other.clone(),
    }
}

/// Says that a record has no such field, and which one was meant.
pub fn unknown_field(key: &str, span: Span, record: &Record, name: &str) -> Problem {
    let known: Vec<&str> = record.fields.keys().copied().collect();
    let problem = Problem::at(span, format!("`{name}` has no field `{key}`"));
    Problem { help: suggestion(key, &known), ..problem }
}
