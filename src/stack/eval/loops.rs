//! The loops `map`, `filter`, `all`, `exists` and `exists_one`. A map is gone through in the order of its keys.

use std::ops::Range;
use std::sync::Arc;

use super::operators::cost;
use super::{Eval, Item, Keys, Object, Outcome, Stop, collect, fault, tainted};
use crate::model::value::Value;
use crate::stack::expr::{Expr, ExprKind, Fault, RESERVED};

impl Eval<'_> {
    pub(super) fn a_loop(&mut self, name: &str, name_at: &Range<u32>, range: &Expr, arguments: &[Expr]) -> Outcome {
        let (variable, condition, body) = match (name, arguments) {
            ("map", [variable, condition, body]) => (variable, Some(condition), body),
            (_, [variable, body]) => (variable, None, body),
            _ => {
                let fault = Fault::new(name_at.clone(), format!("`{name}` takes a name and an expression"));
                return Err(Stop::Fault(fault.help(format!("as in `items.{name}(x, x.…)`"))));
            }
        };
        let ExprKind::Name(variable) = &variable.kind else {
            return fault(&variable.at, "a plain name is needed here");
        };
        if RESERVED.contains(&&**variable) {
            return fault(name_at, format!("`{variable}` is a reserved word of CEL and never a name"));
        }
        let over = self.item(range)?;
        let items = match self.range(&range.at, &over)? {
            Ok(items) => items,
            Err(unknown) => return Ok(Item::Value(unknown)),
        };
        let is_secret = matches!(over, Item::Value(Value::Secret(_)));
        let outcome = self.repeat(name, variable, condition, body, items)?;
        Ok(match outcome {
            Item::Value(value) => Item::Value(tainted(value, is_secret)),
            other => other,
        })
    }

    fn repeat(
        &mut self,
        name: &str,
        variable: &Arc<str>,
        condition: Option<&Expr>,
        body: &Expr,
        items: Vec<Item>,
    ) -> Outcome {
        let mut out = Vec::new();
        let mut hits = 0;
        let mut unknown = None;
        for item in items {
            self.bound.push((variable.clone(), item.clone()));
            let step = self.step(name, condition, body);
            self.bound.pop();
            match step? {
                Step::Skip => {}
                Step::Take(value) => out.push(value),
                Step::Truth(value) => match (name, value.as_bool()) {
                    (_, None) => unknown = Some(value),
                    ("all", Some(false)) => return Ok(Item::Value(value)),
                    ("exists", Some(true)) => return Ok(Item::Value(value)),
                    ("filter", Some(true)) => out.push(item),
                    (_, Some(flag)) => hits += u32::from(flag),
                },
            }
        }
        if let Some(unknown) = unknown {
            return Ok(Item::Value(unknown));
        }
        Ok(match name {
            "map" | "filter" => collect(out),
            "all" => Item::Value(Value::Bool(true)),
            "exists" => Item::Value(Value::Bool(false)),
            _ => Item::Value(Value::Bool(hits == 1)),
        })
    }

    fn step(&mut self, name: &str, condition: Option<&Expr>, body: &Expr) -> Result<Step, Stop> {
        if let Some(condition) = condition {
            let value = self.truth(condition)?;
            match value.as_bool() {
                Some(true) => {}
                Some(false) => return Ok(Step::Skip),
                None => return Ok(Step::Truth(value)),
            }
        }
        if name != "map" {
            return Ok(Step::Truth(self.truth(body)?));
        }
        let item = self.item(body)?;
        if let Item::Value(value) = &item {
            self.spend(&body.at, cost(value))?;
        }
        Ok(Step::Take(item))
    }

    /// Returns what a loop goes through: elements of a list, keys of a map or a section.
    fn range(&mut self, at: &Range<u32>, over: &Item) -> Result<Result<Vec<Item>, Value>, Stop> {
        let items = match over {
            Item::Items(items) => items.to_vec(),
            Item::Object(object) => match self.keys_of(at, object)? {
                Ok(keys) => keys.into_iter().map(|key| Item::Value(key.into())).collect(),
                Err(unknown) => return Ok(Err(unknown)),
            },
            Item::Value(value) => match value.peel() {
                Value::Unknown(_) => return Ok(Err(value.peel().clone())),
                Value::List(items) => items.iter().cloned().map(Item::Value).collect(),
                Value::Map(map) => sorted_keys(map.keys()).into_iter().map(|key| Item::Value(key.into())).collect(),
                other => return fault(at, format!("{} has no elements to go through", other.type_name())),
            },
        };
        self.spend(at, items.len() as u64)?;
        Ok(Ok(items))
    }

    /// Returns the keys of an object in order, or the unknown that they wait for.
    pub(super) fn keys_of(&mut self, at: &Range<u32>, object: &Object) -> Result<Result<Vec<Arc<str>>, Value>, Stop> {
        match self.scope.keys(object).map_err(|missing| missing.at(at))? {
            Keys::Known(keys) => {
                self.spend(at, keys.len() as u64)?;
                Ok(Ok(keys))
            }
            Keys::Unknown(unknown) => Ok(Err(unknown)),
        }
    }
}

/// What one round of a loop gives.
enum Step {
    Skip,
    Take(Item),
    Truth(Value),
}

/// Returns keys in order: maps have none of their own.
pub fn sorted_keys<'k>(keys: impl Iterator<Item = &'k Arc<str>>) -> Vec<Arc<str>> {
    let mut keys: Vec<_> = keys.cloned().collect();
    keys.sort();
    keys
}
