//! The `cel` crate as an oracle: whatever both accept has one value, and what it refuses is refused here.
//!
//! What only it accepts are our decisions: errors are never absorbed by `||`, and text is not compared by code points
//! beyond what Rust does.

use std::cell::Cell;

use proptest::prelude::*;

use super::super::eval::{Budget, Eval, Item, Keys, Missing, Object, Scope, same};
use super::super::expr;
use super::*;
use crate::model::value::Map;

/// Nothing but the names of a map.
struct Names(Map);

impl Scope for Names {
    fn root(&self, name: &str) -> Option<Result<Item, Missing>> {
        self.0.get(name).map(|value| Ok(Item::Value(value.clone())))
    }
    fn root_names(&self) -> Vec<Arc<str>> {
        Vec::new()
    }
    fn member(&self, _: &Object, name: &str) -> Result<Item, Missing> {
        Err(Missing::new(name))
    }
    fn keys(&self, _: &Object) -> Result<Keys, Missing> {
        Ok(Keys::Known(Vec::new()))
    }
    fn describe(&self, _: &Object) -> String {
        String::new()
    }
    fn file(&self, path: &str) -> Result<Arc<str>, Missing> {
        Err(Missing::new(path))
    }
    fn template(&self, path: &str, _: &Map, _: &Budget) -> Result<Value, Missing> {
        Err(Missing::new(path))
    }
    fn zones(&self) -> Value {
        Value::Null
    }
    fn too_deep(&self) -> Missing {
        Missing::new("too deep")
    }
}

fn ours(text: &str) -> Option<Value> {
    let names = Names(
        [("i".into(), 3.into()), ("s".into(), "text".into()), ("l".into(), Value::list([1, 2, 3]))]
            .into_iter()
            .collect(),
    );
    let expr = expr::parse(text).ok()?;
    Eval::new(&names, &Budget::default()).value(&expr).ok()
}

fn theirs(text: &str) -> Option<Value> {
    let program = cel::Program::compile(text).ok()?;
    let mut context = cel::Context::default();
    context.add_variable_from_value("i", 3i64);
    context.add_variable_from_value("s", "text");
    context.add_variable_from_value("l", vec![1i64, 2, 3]);
    from_cel(&program.execute(&context).ok()?)
}

/// None for what our language does not have: bytes, unsigned integers, keys that are no strings, infinity.
fn from_cel(value: &cel::Value) -> Option<Value> {
    Some(match value {
        cel::Value::Null => Value::Null,
        cel::Value::Bool(flag) => Value::Bool(*flag),
        cel::Value::Int(number) => Value::Int(*number),
        cel::Value::Float(number) if number.is_finite() => Value::Float(*number),
        cel::Value::String(text) => text.as_str().into(),
        cel::Value::List(items) => Value::list(items.iter().map(from_cel).collect::<Option<Vec<_>>>()?),
        cel::Value::Map(map) => {
            let entries = map.map.iter().map(|(key, value)| match key {
                cel::objects::Key::String(key) => Some((key.as_str().to_owned(), from_cel(value)?)),
                _ => None,
            });
            Value::map(entries.collect::<Option<Vec<_>>>()?)
        }
        _ => return None,
    })
}

fn expression() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(vec![
        "1", "2", "0", "-3", "2.5", "'a'", "'text'", "''", "true", "false", "null", "i", "s", "l", "[1, 2]", "[]",
        "{'a': 1}", "nope",
    ])
    .prop_map(String::from);
    leaf.prop_recursive(4, 32, 3, |inner| {
        let operator =
            prop::sample::select(vec!["+", "-", "*", "/", "%", "==", "!=", "<", "<=", ">", ">=", "&&", "||", "in"]);
        prop_oneof![
            (inner.clone(), operator, inner.clone()).prop_map(|(a, operator, b)| format!("({a} {operator} {b})")),
            (inner.clone(), inner.clone(), inner.clone()).prop_map(|(a, b, c)| format!("({a} ? {b} : {c})")),
            inner.clone().prop_map(|a| format!("!{a}")),
            inner.clone().prop_map(|a| format!("size({a})")),
            inner.clone().prop_map(|a| format!("[{a}, 1]")),
            inner.clone().prop_map(|a| format!("{{'a': {a}}}.a")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{a}[{b}]")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{a}.map(x, {b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{a}.filter(x, x == {b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{a}.all(x, x != {b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{a}.exists(x, x == {b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{a}.exists_one(x, x == {b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{a}.startsWith({b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{a}.endsWith({b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{a}.contains({b})")),
            inner.prop_map(|a| format!("string({a})")),
        ]
    })
}

#[test]
fn what_both_accept_is_the_same() {
    let (both, only_ours) = (Cell::new(0), Cell::new(0));
    let config = ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() };
    proptest!(config, |(text in expression())| {
        match (ours(&text), theirs(&text)) {
            (Some(ours), Some(theirs)) => {
                both.set(both.get() + 1);
                prop_assert!(same(&ours, &theirs), "{text}: {ours} here, {theirs} there");
            }
            (Some(value), None) => {
                only_ours.set(only_ours.get() + 1);
                prop_assert!(is_ours_alone(&text), "{text}: {value} here, an error there");
            }
            _ => {}
        }
    });
    assert!(both.get() > 150, "only {} of the expressions have a value", both.get());
}

/// What we accept besides: numbers of both sorts in one operation.
fn is_ours_alone(text: &str) -> bool {
    text.contains("2.5")
}
