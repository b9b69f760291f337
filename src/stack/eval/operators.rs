//! Operators, one small function each: a large frame here would let deep expressions overflow the stack.

use std::cmp::Ordering;
use std::ops::Range;
use std::sync::Arc;

use super::{Eval, Item, Object, Outcome, Stop, collect, fault, tainted};
use crate::model::value::Value;
use crate::stack::expr::{Expr, Fault, Operator};

impl Eval<'_> {
    /// `&&` and `||` with unknowns: `false && unknown` is false. Errors are never absorbed.
    pub(super) fn logic(&mut self, decisive: bool, left: &Expr, right: &Expr) -> Outcome {
        let left = self.truth(left)?;
        if left.as_bool() == Some(decisive) {
            return Ok(Item::Value(left));
        }
        let right = self.truth(right)?;
        let is_secret = matches!(left, Value::Secret(_));
        if right.as_bool() == Some(decisive) || !matches!(left, Value::Unknown(_)) {
            return Ok(Item::Value(tainted(right, is_secret)));
        }
        Ok(Item::Value(left))
    }

    pub(super) fn unary(&mut self, at: &Range<u32>, operator: Operator, operand: &Expr) -> Outcome {
        let value = self.value(operand)?;
        let result = match (operator, value.peel()) {
            (_, Value::Unknown(_)) => value.peel().clone(),
            (Operator::Not, Value::Bool(flag)) => Value::Bool(!flag),
            (Operator::Negate, Value::Int(number)) => match number.checked_neg() {
                Some(number) => Value::Int(number),
                None => return fault(at, "the result is no 64-bit integer"),
            },
            (Operator::Negate, Value::Float(number)) => Value::Float(-number),
            (_, other) => {
                return fault(&operand.at, format!("`{}` does not take {}", operator.symbol(), other.type_name()));
            }
        };
        Ok(Item::Value(tainted(result, matches!(value, Value::Secret(_)))))
    }

    pub(super) fn binary(&mut self, operator: Operator, at: &Range<u32>, left: &Expr, right: &Expr) -> Outcome {
        let (a, b) = (self.item(left)?, self.item(right)?);
        let (a, b) = match self.with_objects(operator, at, a, b)? {
            Ok(done) => return Ok(done),
            Err(pair) => pair,
        };
        let (a, b) = (self.force(&left.at, a)?, self.force(&right.at, b)?);
        if let Some(unknown) = a.waits_for().or(b.waits_for()) {
            return Ok(Item::Value(Value::Unknown(unknown.clone())));
        }
        self.spend(at, cost(&a) + cost(&b))?;
        let is_secret = a.is_sensitive() || b.is_sensitive();
        let (a, b) = if is_secret { (a.reveal(), b.reveal()) } else { (a, b) };
        let result = match operator {
            Operator::Equal => Value::Bool(same(&a, &b)),
            Operator::NotEqual => Value::Bool(!same(&a, &b)),
            Operator::In => contains(at, &a, &b)?,
            Operator::Less | Operator::LessOrEqual | Operator::Greater | Operator::GreaterOrEqual => {
                ordered(operator, at, &a, &b)?
            }
            Operator::Add => add(at, &a, &b)?,
            _ => arithmetic(operator, at, &a, &b)?,
        };
        Ok(Item::Value(tainted(result, is_secret)))
    }

    /// Handles what makes sense with resources themselves: comparing with null, adding lists, looking for a key.
    fn with_objects(
        &mut self,
        operator: Operator,
        at: &Range<u32>,
        a: Item,
        b: Item,
    ) -> Result<Result<Item, (Item, Item)>, Stop> {
        let is_null = |item: &Item| match item {
            Item::Object(object) => *object == Object::Off,
            Item::Value(value) => value.is_null(),
            Item::Items(_) => false,
        };
        let bool = |flag| Ok(Ok(Item::Value(Value::Bool(flag))));
        match (operator, &a, &b) {
            (Operator::Equal | Operator::NotEqual, Item::Object(_), _)
            | (Operator::Equal | Operator::NotEqual, _, Item::Object(_))
                if is_null(&a) || is_null(&b) =>
            {
                bool((is_null(&a) == is_null(&b)) == (operator == Operator::Equal))
            }
            (Operator::Add, Item::Items(_), _) | (Operator::Add, _, Item::Items(_)) => {
                match (self.elements_of(&a), self.elements_of(&b)) {
                    (Some(mut items), Some(more)) => {
                        self.spend(at, (items.len() + more.len()) as u64)?;
                        items.extend(more);
                        Ok(Ok(collect(items)))
                    }
                    _ => Ok(Err((a, b))),
                }
            }
            (Operator::In, Item::Value(key), Item::Object(object)) => match (key.peel(), self.keys_of(at, object)?) {
                (Value::Str(key), Ok(keys)) => bool(keys.contains(key)),
                (_, Err(unknown)) => Ok(Ok(Item::Value(unknown))),
                _ => Ok(Err((a, b))),
            },
            _ => Ok(Err((a, b))),
        }
    }

    /// Returns the elements of a list of either sort.
    pub(super) fn elements_of(&self, item: &Item) -> Option<Vec<Item>> {
        match item {
            Item::Items(items) => Some(items.to_vec()),
            Item::Value(value) => Some(value.as_list()?.iter().cloned().map(Item::Value).collect()),
            Item::Object(_) => None,
        }
    }
}

/// Returns what it costs to look at a whole value: its nodes, long texts counting for more.
///
/// Values share their parts, so a small one can stand for an endless tree: counting stops at [`COST_MAX`].
pub fn cost(value: &Value) -> u64 {
    let mut left = COST_MAX;
    count(value, &mut left);
    COST_MAX - left
}

/// Where counting stops: more than any bound on steps.
pub const COST_MAX: u64 = 1_000_000;

fn count(value: &Value, left: &mut u64) {
    let own = match value.peel() {
        Value::Str(text) => 1 + text.len() as u64 / 16,
        Value::Map(map) => 1 + map.keys().map(|key| key.len() as u64 / 16).sum::<u64>(),
        _ => 1,
    };
    *left = left.saturating_sub(own);
    let inner: &mut dyn Iterator<Item = &Value> = match value.peel() {
        Value::List(items) => &mut items.iter(),
        Value::Map(map) => &mut map.values(),
        _ => return,
    };
    for value in inner {
        if *left == 0 {
            return;
        }
        count(value, left);
    }
}

/// Compares as CEL does: numbers by value, other types never equal each other, maps without order.
pub fn same(a: &Value, b: &Value) -> bool {
    match (a.peel(), b.peel()) {
        (Value::Int(a), Value::Float(b)) | (Value::Float(b), Value::Int(a)) => *a as f64 == *b,
        (Value::List(a), Value::List(b)) => a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| same(a, b)),
        (Value::Map(a), Value::Map(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| same(a, b)))
        }
        (a, b) => a == b,
    }
}

/// Returns the order of two values of one sort, if they have one.
pub fn order(a: &Value, b: &Value) -> Option<Ordering> {
    match (a.peel(), b.peel()) {
        (Value::Int(a), Value::Int(b)) => Some(a.cmp(b)),
        (Value::Str(a), Value::Str(b)) => Some(a.cmp(b)),
        (Value::Bool(a), Value::Bool(b)) => Some(a.cmp(b)),
        (a, b) => a.as_float()?.partial_cmp(&b.as_float()?),
    }
}

fn contains(at: &Range<u32>, needle: &Value, haystack: &Value) -> Result<Value, Stop> {
    match (needle, haystack) {
        (needle, Value::List(items)) => Ok(Value::Bool(items.iter().any(|item| same(needle, item)))),
        (Value::Str(key), Value::Map(map)) => Ok(Value::Bool(map.contains_key(key))),
        (Value::Str(_), Value::Str(_)) => {
            let fault = Fault::new(at.clone(), "`in` looks into lists and maps, not into strings");
            Err(Stop::Fault(fault.help("write `text.contains(part)`")))
        }
        (a, b) => fault(at, format!("`in` cannot look for {} in {}", a.type_name(), b.type_name())),
    }
}

fn ordered(operator: Operator, at: &Range<u32>, a: &Value, b: &Value) -> Result<Value, Stop> {
    let Some(order) = order(a, b) else {
        return fault(at, format!("`{}` cannot compare {} with {}", operator.symbol(), a.type_name(), b.type_name()));
    };
    Ok(Value::Bool(match operator {
        Operator::Less => order.is_lt(),
        Operator::LessOrEqual => order.is_le(),
        Operator::Greater => order.is_gt(),
        _ => order.is_ge(),
    }))
}

fn add(at: &Range<u32>, a: &Value, b: &Value) -> Result<Value, Stop> {
    match (a, b) {
        (Value::Str(a), Value::Str(b)) => Ok(format!("{a}{b}").into()),
        (Value::List(a), Value::List(b)) => Ok(Value::List(Arc::new(a.iter().chain(b.iter()).cloned().collect()))),
        (Value::Str(_), other) | (other, Value::Str(_)) => {
            let message = format!("`+` cannot add {} and {}", a.type_name(), b.type_name());
            let help = match other {
                Value::Null => "say what to take instead of null: `coalesce(x, \"…\")`",
                _ => "write `string(x)`, or put it in a text: `\"…${x}…\"`",
            };
            Err(Stop::Fault(Fault::new(at.clone(), message).help(help)))
        }
        (Value::Map(_), Value::Map(_)) => {
            let fault = Fault::new(at.clone(), "`+` cannot add maps");
            Err(Stop::Fault(fault.help("write `merge(a, b)`")))
        }
        _ => arithmetic(Operator::Add, at, a, b),
    }
}

fn arithmetic(operator: Operator, at: &Range<u32>, a: &Value, b: &Value) -> Result<Value, Stop> {
    match (a, b) {
        (Value::Int(_), Value::Int(0)) if matches!(operator, Operator::Divide | Operator::Remainder) => {
            fault(at, "this divides by zero")
        }
        (Value::Int(a), Value::Int(b)) => {
            let result = match operator {
                Operator::Add => a.checked_add(*b),
                Operator::Subtract => a.checked_sub(*b),
                Operator::Multiply => a.checked_mul(*b),
                Operator::Divide => a.checked_div(*b),
                _ => a.checked_rem(*b),
            };
            result.map_or_else(|| fault(at, "the result is no 64-bit integer"), |number| Ok(Value::Int(number)))
        }
        (Value::Int(_) | Value::Float(_), Value::Int(_) | Value::Float(_)) if operator != Operator::Remainder => {
            let (a, b) = (a.as_float().unwrap_or_default(), b.as_float().unwrap_or_default());
            let result = match operator {
                Operator::Add => a + b,
                Operator::Subtract => a - b,
                Operator::Multiply => a * b,
                _ => a / b,
            };
            // Neither JSON nor AWS knows infinity.
            if result.is_finite() { Ok(Value::Float(result)) } else { fault(at, "the result is no finite number") }
        }
        _ => fault(at, format!("`{}` cannot take {} and {}", operator.symbol(), a.type_name(), b.type_name())),
    }
}
