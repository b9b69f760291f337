//! What expressions see, what they may cost, and how they end without a value.

use std::cell::Cell;
use std::ops::Range;
use std::sync::Arc;

use super::{Item, Object};
use crate::model::problem::nearest;
use crate::model::value::{Map, Value};
use crate::stack::expr::Fault;

/// The steps all expressions of one evaluation may take together.
const STEPS_TOTAL_MAX: u64 = 30_000_000;
/// How deep evaluation may recurse, through fields that refer to fields too.
const DEPTH_MAX: u32 = 220;

/// Why an evaluation ends without a value.
#[derive(Clone, Debug)]
pub enum Stop {
    Fault(Fault),
    /// Already reported where it went wrong, or to be tried again once something else is evaluated.
    Reported,
}

/// What a look-up finds wrong. The evaluator knows the place.
#[derive(Clone, Debug)]
pub enum Missing {
    Wrong { message: String, help: Option<String> },
    Reported,
}

/// The names of an object's members.
pub enum Keys {
    Known(Vec<Arc<str>>),
    Unknown(Value),
}

/// What expressions see.
pub trait Scope {
    /// Returns what a root name stands for, if there is such a name.
    fn root(&self, name: &str) -> Option<Result<Item, Missing>>;
    fn root_names(&self) -> Vec<Arc<str>>;
    fn member(&self, object: &Object, name: &str) -> Result<Item, Missing>;
    fn keys(&self, object: &Object) -> Result<Keys, Missing>;
    /// Names an object in a sentence.
    fn describe(&self, object: &Object) -> String;
    /// Returns the text of a file named by the stack.
    fn file(&self, path: &str) -> Result<Arc<str>, Missing>;
    /// Returns the text of a file with its expressions evaluated; they see the given names only.
    fn template(&self, path: &str, names: &Map, budget: &Budget) -> Result<Value, Missing>;
    fn zones(&self) -> Value;
    /// Says that evaluation recurses too deep, or arranges for a new start further down.
    fn too_deep(&self) -> Missing;
}

/// What is left of the bounds, shared by everything that one evaluation sets off.
#[derive(Debug)]
pub struct Budget {
    total: Cell<u64>,
    depth: Cell<u32>,
}

impl Default for Budget {
    fn default() -> Budget {
        Budget { total: Cell::new(STEPS_TOTAL_MAX), depth: Cell::new(0) }
    }
}

impl Budget {
    /// Goes one level deeper, unless that is too deep. Pair it with [`Budget::leave`].
    pub fn enter(&self) -> bool {
        let is_allowed = self.depth.get() < DEPTH_MAX;
        if is_allowed {
            self.depth.set(self.depth.get() + 1);
        }
        is_allowed
    }

    pub fn leave(&self) {
        self.depth.set(self.depth.get() - 1);
    }

    /// Runs `work` as if it were the first, and goes on at the level that was reached.
    pub fn afresh<T>(&self, work: impl FnOnce() -> T) -> T {
        let depth = self.depth.replace(0);
        let result = work();
        self.depth.set(depth);
        result
    }

    /// Counts steps of the whole evaluation.
    pub fn charge(&self, steps: u64) -> Result<(), Missing> {
        match self.total.get().checked_sub(steps) {
            Some(left) => {
                self.total.set(left);
                Ok(())
            }
            None => Err(Missing::new("the expressions of this stack take too many steps together")),
        }
    }
}

impl Missing {
    /// Returns this at its place.
    pub fn at(self, at: &Range<u32>) -> Stop {
        match self {
            Missing::Reported => Stop::Reported,
            Missing::Wrong { message, help } => Stop::Fault(Fault { at: at.clone(), message, help }),
        }
    }

    pub fn new(message: impl Into<String>) -> Missing {
        Missing::Wrong { message: message.into(), help: None }
    }

    /// Returns that `what` has no member `name`, with the nearest name that it has.
    pub fn member<'n>(what: &str, name: &str, known: impl IntoIterator<Item = &'n str>) -> Missing {
        let known: Vec<&str> = known.into_iter().collect();
        Missing::Wrong { message: format!("{what} has no `{name}`"), help: suggestion(name, &known) }
    }
}

/// Returns "did you mean", or what there is if that is little.
pub fn suggestion(name: &str, known: &[&str]) -> Option<String> {
    match nearest(name, known.iter().copied()) {
        Some(near) => Some(format!("did you mean `{near}`?")),
        None if !known.is_empty() && known.len() <= 12 => Some(format!("it has `{}`", known.join("`, `"))),
        None => None,
    }
}

/// Returns that there is no such name at the root of an expression.
pub fn unknown_name<'n>(at: &Range<u32>, name: &str, known: impl IntoIterator<Item = &'n str>) -> Fault {
    let fault = Fault::new(at.clone(), format!("`{name}` is not defined"));
    match name {
        "local" => fault.help("did you mean `locals`?"),
        "env" => fault.help("did you mean `environment`?"),
        _ => fault.maybe_help(nearest(name, known).map(|near| format!("did you mean `{near}`?"))),
    }
}
