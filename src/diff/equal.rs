//! When two values mean the same.

use super::{diff, policy};
use crate::model::shape::{Equal, Order, Shape};
use crate::model::value::Value;

/// Returns true if the two values of one shape mean the same to AWS. An unknown equals nothing.
pub fn equal(shape: &Shape, how: Equal, wanted: &Value, live: &Value) -> bool {
    let (wanted, live) = (wanted.peel(), live.peel());
    if !wanted.is_known() || !live.is_known() {
        return false;
    }
    match how {
        Equal::By(same) => same(wanted, live),
        // Of a map or list of documents, each is compared so.
        Equal::Policy if matches!(shape, Shape::Document) => policy::equal(wanted, live),
        Equal::Json if matches!(shape, Shape::Document | Shape::Text(_)) => json(wanted, live),
        _ => same_shape(shape, how, wanted, live),
    }
}

fn same_shape(shape: &Shape, how: Equal, wanted: &Value, live: &Value) -> bool {
    match (shape, wanted, live) {
        (Shape::Record(record), Value::Map(wanted), Value::Map(live)) => diff(record, wanted, live).is_empty(),
        (Shape::List(list), Value::List(wanted), Value::List(live)) => {
            wanted.len() == live.len()
                && match list.order {
                    Order::Sequence => wanted.iter().zip(live.iter()).all(|(a, b)| equal(&list.item, how, a, b)),
                    Order::Set | Order::Keyed(_) => same_elements(&list.item, how, wanted, live),
                }
        }
        (Shape::Map(item), Value::Map(wanted), Value::Map(live)) => {
            wanted.len() == live.len()
                && wanted.iter().all(|(key, value)| live.get(key).is_some_and(|other| equal(item, how, value, other)))
        }
        (Shape::Document, ..) => json(wanted, live),
        _ => scalars(how, wanted, live),
    }
}

/// Returns true if the elements of one side can be paired with those of the other.
fn same_elements(item: &Shape, how: Equal, wanted: &[Value], live: &[Value]) -> bool {
    let mut unmatched: Vec<&Value> = live.iter().collect();
    wanted.iter().all(|value| {
        let twin = unmatched.iter().position(|other| equal(item, how, value, other));
        twin.is_some_and(|at| {
            unmatched.swap_remove(at);
            true
        })
    })
}

fn scalars(how: Equal, wanted: &Value, live: &Value) -> bool {
    match (how, wanted, live) {
        (Equal::IgnoreCase, Value::Str(a), Value::Str(b)) => a.eq_ignore_ascii_case(b),
        (Equal::SameThing, Value::Str(a), Value::Str(b)) => a == b || last_segment(a) == last_segment(b),
        (_, Value::Int(_) | Value::Float(_), Value::Int(_) | Value::Float(_)) => numbers(wanted, live),
        _ => wanted == live,
    }
}

/// Returns true if two numbers are equal; fractions as far as AWS keeps them (it answers some as 32-bit floats).
fn numbers(wanted: &Value, live: &Value) -> bool {
    match (wanted, live) {
        (Value::Int(a), Value::Int(b)) => a == b,
        _ => wanted.as_float().zip(live.as_float()).is_some_and(|(a, b)| a == b || a as f32 == b as f32),
    }
}

/// Returns the name or id of `arn:…:role/path/name`, `alias/name` or a bare id.
fn last_segment(text: &str) -> &str {
    text.rsplit(['/', ':']).next().unwrap_or(text)
}

/// Returns true if two JSON documents are equal but for the order of keys.
fn json(wanted: &Value, live: &Value) -> bool {
    match (wanted.peel(), live.peel()) {
        (Value::Map(a), Value::Map(b)) => {
            a.len() == b.len() && a.iter().all(|(key, value)| b.get(key).is_some_and(|other| json(value, other)))
        }
        (Value::List(a), Value::List(b)) => a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| json(a, b)),
        (a @ (Value::Int(_) | Value::Float(_)), b @ (Value::Int(_) | Value::Float(_))) => numbers(a, b),
        (a, b) => a == b,
    }
}
