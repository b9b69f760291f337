//! Functions on numbers, and the conversions to them.

use std::cmp::Ordering;

use super::{ANY, Function, Wrong, list_of};
use crate::model::value::Value;
use crate::stack::eval::order;

pub(super) const TABLE: &[Function] = &[
    Function::pure("abs", "(number) -> number", "The number without its sign.", 1, 1, abs),
    Function::pure("bool", "(text) -> boolean", "The text `true` or `false` as a boolean.", 1, 1, bool),
    Function::pure("ceil", "(number) -> integer", "The smallest integer not below the number.", 1, 1, |values| {
        rounded(values, f64::ceil)
    }),
    Function::pure("double", "(value) -> number", "A text or integer as a number with a fraction.", 1, 1, double),
    Function::pure("floor", "(number) -> integer", "The largest integer not above the number.", 1, 1, |values| {
        rounded(values, f64::floor)
    }),
    Function::pure("int", "(value) -> integer", "A text or number as an integer; fractions are cut.", 1, 1, int),
    Function::pure("max", "(a, b, …) -> number", "The largest of the arguments, or of one list.", 1, ANY, |values| {
        extreme(values, Ordering::Greater)
    }),
    Function::pure("min", "(a, b, …) -> number", "The smallest of the arguments, or of one list.", 1, ANY, |values| {
        extreme(values, Ordering::Less)
    }),
    Function::pure("round", "(number) -> integer", "The nearest integer.", 1, 1, |values| rounded(values, f64::round)),
    Function::pure("sum", "(list) -> number", "The sum of the elements.", 1, 1, sum),
];

fn no_number(index: usize, value: &Value) -> Wrong {
    Wrong::argument(index, format!("a number is needed here, and this is {}", value.type_name()))
}

fn too_large(index: usize) -> Wrong {
    Wrong::argument(index, "this is no 64-bit integer")
}

fn abs(values: &[Value]) -> Result<Value, Wrong> {
    match values[0] {
        Value::Int(number) => number.checked_abs().map(Value::Int).ok_or_else(|| too_large(0)),
        Value::Float(number) => Ok(Value::Float(number.abs())),
        ref other => Err(no_number(0, other)),
    }
}

fn bool(values: &[Value]) -> Result<Value, Wrong> {
    match &values[0] {
        Value::Bool(flag) => Ok(Value::Bool(*flag)),
        Value::Str(text) if matches!(&**text, "true" | "false") => Ok(Value::Bool(&**text == "true")),
        other => Err(Wrong::argument(0, format!("{other} is neither `true` nor `false`"))),
    }
}

fn int(values: &[Value]) -> Result<Value, Wrong> {
    match &values[0] {
        Value::Int(number) => Ok(Value::Int(*number)),
        Value::Float(number) => whole(*number).ok_or_else(|| too_large(0)),
        Value::Str(text) => match text.parse() {
            Ok(number) => Ok(Value::Int(number)),
            Err(_) => Err(Wrong::argument(0, format!("{text:?} is no integer"))),
        },
        other => Err(Wrong::argument(0, format!("{} cannot be made an integer", other.type_name()))),
    }
}

fn double(values: &[Value]) -> Result<Value, Wrong> {
    match &values[0] {
        Value::Int(number) => Ok(Value::Float(*number as f64)),
        Value::Float(number) => Ok(Value::Float(*number)),
        Value::Str(text) => match text.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(Value::Float(number)),
            _ => Err(Wrong::argument(0, format!("{text:?} is no number"))),
        },
        other => Err(Wrong::argument(0, format!("{} cannot be made a number", other.type_name()))),
    }
}

fn whole(number: f64) -> Option<Value> {
    // Beyond 2^63 the cast would saturate without a word.
    (number.abs() < 9_223_372_036_854_775_808.0).then_some(Value::Int(number as i64))
}

fn rounded(values: &[Value], round: fn(f64) -> f64) -> Result<Value, Wrong> {
    match &values[0] {
        Value::Int(number) => Ok(Value::Int(*number)),
        Value::Float(number) => whole(round(*number)).ok_or_else(|| too_large(0)),
        other => Err(no_number(0, other)),
    }
}

/// The arguments themselves, or the elements of the only one.
fn numbers(values: &[Value]) -> Result<&[Value], Wrong> {
    match values {
        [Value::List(items)] => Ok(items),
        _ => Ok(values),
    }
}

fn extreme(values: &[Value], wanted: Ordering) -> Result<Value, Wrong> {
    let numbers = numbers(values)?;
    let mut best: Option<&Value> = None;
    for (index, number) in numbers.iter().enumerate() {
        let index = if values.len() == 1 { 0 } else { index };
        if number.as_float().is_none() {
            return Err(no_number(index, number));
        }
        if best.is_none_or(|best| order(number, best) == Some(wanted)) {
            best = Some(number);
        }
    }
    best.cloned().ok_or_else(|| Wrong::argument(0, "an empty list has neither a smallest nor a largest element"))
}

fn sum(values: &[Value]) -> Result<Value, Wrong> {
    let mut whole = 0i64;
    let mut fraction = None;
    for number in list_of(values, 0)? {
        match number {
            Value::Int(number) => whole = whole.checked_add(*number).ok_or_else(|| too_large(0))?,
            Value::Float(number) => fraction = Some(fraction.unwrap_or(0.0) + number),
            other => return Err(no_number(0, other)),
        }
    }
    Ok(fraction.map_or(Value::Int(whole), |fraction: f64| Value::Float(whole as f64 + fraction)))
}
