//! Evaluates expressions: every failure with its place, unknown and sensitive as properties of values, bounded.

mod calls;
mod loops;
mod operators;
mod scope;

pub use loops::sorted_keys;
pub use operators::{COST_MAX, cost, order, same};
pub use scope::{Budget, Keys, Missing, Scope, Stop, suggestion, unknown_name};

use std::ops::Range;
use std::sync::Arc;

use super::expr::{Expr, ExprKind, Fault, Operator};
use super::functions::Wrong;
use crate::model::value::{Map, Value};

/// The steps one expression may take. Long texts and lists cost more than one.
const STEPS_MAX: u64 = 100_000;

/// What a part of an expression evaluates to.
#[derive(Clone, Debug)]
pub enum Item {
    Value(Value),
    /// Something of the stack that is looked into, but is no value itself.
    Object(Object),
    /// A list in which such things are.
    Items(Arc<Vec<Item>>),
}

/// Something of the stack that has members.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Object {
    Locals,
    Each,
    /// A kind's section, by the index of its schema.
    Section(usize),
    /// A block with `for_each`, by its index: its members are its instances.
    Block(usize),
    Resource(usize, Option<Arc<str>>),
    /// A resource that `when` switches off: it is null, and so is whatever is read from it.
    Off,
}

/// One evaluation of one expression.
pub struct Eval<'a> {
    scope: &'a dyn Scope,
    budget: &'a Budget,
    steps: u64,
    /// Loop variables, innermost last.
    bound: Vec<(Arc<str>, Item)>,
}

type Outcome = Result<Item, Stop>;

impl<'a> Eval<'a> {
    pub fn new(scope: &'a dyn Scope, budget: &'a Budget) -> Eval<'a> {
        Eval { scope, budget, steps: STEPS_MAX, bound: Vec::new() }
    }

    /// Returns the value of the expression. A resource as a whole is none.
    pub fn value(&mut self, expr: &Expr) -> Result<Value, Stop> {
        let item = self.item(expr)?;
        self.force(&expr.at, item)
    }

    pub fn item(&mut self, expr: &Expr) -> Outcome {
        self.spend(&expr.at, 1)?;
        if !self.budget.enter() {
            return Err(self.scope.too_deep().at(&expr.at));
        }
        let outcome = self.dispatch(expr);
        self.budget.leave();
        outcome
    }

    fn dispatch(&mut self, expr: &Expr) -> Outcome {
        match &expr.kind {
            ExprKind::Literal(value) => Ok(Item::Value(value.clone())),
            ExprKind::Name(name) => self.name(&expr.at, name),
            ExprKind::Member { of, name, name_at } => {
                let of = self.item(of)?;
                self.member(name_at, of, name)
            }
            ExprKind::Index { of, index } => self.index(of, index),
            ExprKind::Call { name, name_at, target, arguments } => {
                self.call(name, name_at, target.as_deref(), arguments)
            }
            ExprKind::Unary { operator, operand } => self.unary(&expr.at, *operator, operand),
            ExprKind::Binary { operator: Operator::And, left, right, .. } => self.logic(false, left, right),
            ExprKind::Binary { operator: Operator::Or, left, right, .. } => self.logic(true, left, right),
            ExprKind::Binary { operator, operator_at, left, right } => self.binary(*operator, operator_at, left, right),
            ExprKind::Conditional { condition, then, otherwise } => self.conditional(condition, then, otherwise),
            ExprKind::List(items) => self.list(items),
            ExprKind::Map(entries) => self.map(entries),
        }
    }

    /// Counts steps, and stops when they are used up.
    pub(super) fn spend(&mut self, at: &Range<u32>, steps: u64) -> Result<(), Stop> {
        match self.steps.checked_sub(steps) {
            Some(left) => self.steps = left,
            None => return fault(at, "this expression takes too many steps"),
        }
        self.budget.charge(steps).map_err(|missing| missing.at(at))
    }

    fn name(&mut self, at: &Range<u32>, name: &str) -> Outcome {
        if let Some((_, item)) = self.bound.iter().rev().find(|(bound, _)| **bound == *name) {
            return Ok(item.clone());
        }
        match self.scope.root(name) {
            Some(found) => found.map_err(|missing| missing.at(at)),
            None => {
                let names = self.scope.root_names();
                Err(Stop::Fault(unknown_name(at, name, names.iter().map(|name| &**name))))
            }
        }
    }

    fn member(&mut self, at: &Range<u32>, of: Item, name: &str) -> Outcome {
        match of {
            Item::Object(Object::Off) => Ok(Item::Object(Object::Off)),
            Item::Object(object) => self.scope.member(&object, name).map_err(|missing| missing.at(at)),
            Item::Items(_) => {
                let help = "its elements are: `[0]`, or `.map(x, x.…)`";
                Err(Stop::Fault(Fault::new(at.clone(), format!("a list has no `{name}`")).help(help)))
            }
            Item::Value(value) => member_of_value(at, &value, name).map(Item::Value),
        }
    }

    fn index(&mut self, of: &Expr, index: &Expr) -> Outcome {
        let list = self.item(of)?;
        let key = self.value(index)?;
        if let Value::Unknown(_) = key.peel() {
            return Ok(Item::Value(key));
        }
        match (list, key.peel()) {
            (Item::Items(items), Value::Int(number)) => element(&index.at, &items, *number),
            (Item::Value(value), key_value) => {
                let is_secret = matches!(value, Value::Secret(_)) || matches!(key, Value::Secret(_));
                let found = match (value.peel(), key_value) {
                    (Value::Unknown(_), _) => value.peel().clone(),
                    (Value::List(items), Value::Int(number)) => element(&index.at, items, *number)?,
                    (Value::Map(_), Value::Str(name)) => member_of_value(&index.at, value.peel(), name)?,
                    (other, key) => return no_index(&index.at, other.type_name(), key),
                };
                Ok(Item::Value(tainted(found, is_secret)))
            }
            (item @ Item::Object(_), Value::Str(name)) => self.member(&index.at, item, name),
            (Item::Object(object), key) => no_index(&index.at, &self.scope.describe(&object), key),
            (Item::Items(_), key) => no_index(&index.at, "a list", key),
        }
    }

    fn conditional(&mut self, condition: &Expr, then: &Expr, otherwise: &Expr) -> Outcome {
        let value = self.truth(condition)?;
        let is_secret = matches!(value, Value::Secret(_));
        let item = match value.peel() {
            Value::Bool(true) => self.item(then)?,
            Value::Bool(false) => self.item(otherwise)?,
            _ => return Ok(Item::Value(value)),
        };
        match item {
            Item::Value(value) => Ok(Item::Value(tainted(value, is_secret))),
            item => Ok(item),
        }
    }

    /// Evaluates to a boolean, or an unknown.
    fn truth(&mut self, expr: &Expr) -> Result<Value, Stop> {
        let value = self.value(expr)?;
        match value.peel() {
            Value::Bool(_) | Value::Unknown(_) => Ok(value),
            other => fault(&expr.at, format!("this is {}, and a boolean is needed", other.type_name())),
        }
    }

    fn list(&mut self, items: &[Expr]) -> Outcome {
        let mut out = Vec::with_capacity(items.len());
        for expr in items {
            let item = self.item(expr)?;
            if let Item::Value(value) = &item {
                self.spend(&expr.at, cost(value))?;
            }
            out.push(item);
        }
        Ok(collect(out))
    }

    fn map(&mut self, entries: &[(Expr, Expr)]) -> Outcome {
        let mut map = Map::new();
        for (key_expr, value) in entries {
            let key = self.value(key_expr)?;
            let key = match key.peel() {
                Value::Str(text) => text.clone(),
                Value::Unknown(_) => return Ok(Item::Value(key)),
                other => return fault(&key_expr.at, format!("a key is a string, and this is {}", other.type_name())),
            };
            let value_at = &value.at;
            let value = self.value(value)?;
            self.spend(value_at, cost(&value))?;
            if map.insert(key.clone(), value).is_some() {
                return fault(&key_expr.at, format!("the key `{key}` is here twice"));
            }
        }
        Ok(Item::Value(map.into()))
    }

    /// Makes a value of an item: only what is no object has one.
    pub fn force(&self, at: &Range<u32>, item: Item) -> Result<Value, Stop> {
        match item {
            Item::Value(value) => Ok(value),
            Item::Object(Object::Off) => Ok(Value::Null),
            Item::Items(items) => {
                let values = items.iter().map(|item| self.force(at, item.clone())).collect::<Result<Vec<_>, _>>()?;
                Ok(Value::list(values))
            }
            Item::Object(object) => {
                let what = self.scope.describe(&object);
                let help = match object {
                    Object::Resource(..) => "name one of its attributes, as in `.id`",
                    Object::Block(_) => "it is made with `for_each`: write `[\"…\"]` or `values(…)`",
                    _ => "name one of its members",
                };
                Err(Stop::Fault(Fault::new(at.clone(), format!("{what} is no value")).help(help)))
            }
        }
    }
}

pub(super) fn fault<T>(at: &Range<u32>, message: impl Into<String>) -> Result<T, Stop> {
    Err(Stop::Fault(Fault::new(at.clone(), message)))
}

/// Marks what came from a secret as one.
pub(super) fn tainted(value: Value, is_secret: bool) -> Value {
    match value {
        Value::Secret(_) | Value::Unknown(_) | Value::Null => value,
        value if is_secret => Value::Secret(Arc::new(value)),
        value => value,
    }
}

/// Makes a list of items, a plain one if there is no object among them.
fn collect(items: Vec<Item>) -> Item {
    if items.iter().any(|item| !matches!(item, Item::Value(_))) {
        return Item::Items(Arc::new(items));
    }
    let values = items.into_iter().filter_map(|item| match item {
        Item::Value(value) => Some(value),
        _ => None,
    });
    Item::Value(Value::List(Arc::new(values.collect())))
}

fn element<T: Clone>(at: &Range<u32>, items: &[T], number: i64) -> Result<T, Stop> {
    match usize::try_from(number).ok().and_then(|number| items.get(number)) {
        Some(item) => Ok(item.clone()),
        None if items.is_empty() => fault(at, "the list is empty"),
        None => fault(at, format!("the list has the elements 0 to {}", items.len() - 1)),
    }
}

fn no_index<T>(at: &Range<u32>, what: &str, key: &Value) -> Result<T, Stop> {
    fault(at, format!("{what} cannot be indexed with {}", key.type_name()))
}

fn member_of_value(at: &Range<u32>, value: &Value, name: &str) -> Result<Value, Stop> {
    let found = match value.peel() {
        Value::Unknown(_) => return Ok(value.peel().clone()),
        Value::Map(map) => {
            map.get(name).cloned().ok_or_else(|| Missing::member("the map", name, map.keys().map(|key| &**key)))
        }
        Value::List(_) => Err(Missing::Wrong {
            message: format!("a list has no `{name}`"),
            help: Some("its elements are: `[0]`, or `.map(x, x.…)`".into()),
        }),
        Value::Null => Err(Missing::new(format!("there is no `{name}`: this is null"))),
        other => Err(Missing::new(format!("{} has no `{name}`", other.type_name()))),
    };
    found.map(|found| tainted(found, matches!(value, Value::Secret(_)))).map_err(|missing| missing.at(at))
}

impl From<(Wrong, Range<u32>)> for Stop {
    fn from((wrong, at): (Wrong, Range<u32>)) -> Stop {
        Stop::Fault(Fault { at, message: wrong.message, help: wrong.help })
    }
}
