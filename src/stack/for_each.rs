//! `for_each` and `when`: which resources a block stands for.
//!
//! The elements of `for_each` are a map, a list of distinct strings, or another block's instances.

use std::collections::HashSet;
use std::sync::Arc;

use indexmap::IndexMap;

use super::eval::{Item, Keys, Object, Scope, sorted_keys};
use super::evaluation::{Evaluation, Instance, Instances};
use super::program::Block;
use super::term::{Term, TermKind};
use super::typing::Typing;
use super::view::{Each, View};
use crate::model::address::is_key;
use crate::model::problem::Problem;
use crate::model::shape::Shape;
use crate::model::value::Value;

/// Keys and values, or the unknown that they wait for. None after a problem was reported.
type Elements = Option<Result<Vec<(Arc<str>, Item)>, Value>>;

/// How many instances one block may have.
const INSTANCES_MAX: usize = 10_000;

impl Evaluation<'_> {
    /// Works out `for_each` and `when`.
    pub(super) fn expand(&self, block: &Block) -> Option<Instances> {
        let Some(for_each) = &block.for_each else {
            let view = View::new(self, None);
            return match self.is_on(block, &view)? {
                Ok(is_on) => Some(Instances::One { is_on }),
                Err(unknown) => Some(Instances::Unknown(unknown)),
            };
        };
        let elements = match self.elements(for_each)? {
            Ok(elements) => elements,
            Err(unknown) => return Some(Instances::Unknown(unknown)),
        };
        if elements.len() > INSTANCES_MAX {
            let message =
                format!("`for_each` has {} elements, and at most {INSTANCES_MAX} are allowed", elements.len());
            self.report.push(Problem::at(for_each.span, message));
            return None;
        }
        let mut list = IndexMap::with_capacity(elements.len());
        for (key, value) in elements {
            if !is_key(&key) {
                let problem = Problem::at(for_each.span, format!("`{key}` cannot be a key of `for_each`"));
                self.report.push(problem.help("a key is 1 to 64 of the characters `A-Z a-z 0-9 _ . : = + @ -`"));
                return None;
            }
            let view = View::new(self, Some(Each { key: key.clone().into(), value: value.clone() }));
            match self.is_on(block, &view)? {
                Ok(is_on) => {
                    list.insert(key, Instance { value, is_on });
                }
                Err(unknown) => return Some(Instances::Unknown(unknown)),
            }
        }
        Some(Instances::Each(list))
    }

    fn is_on(&self, block: &Block, view: &View<'_>) -> Option<Result<bool, Value>> {
        let Some(when) = &block.when else { return Some(Ok(true)) };
        let before = self.report.count();
        let value = Typing { view }.term(when, &Shape::Bool, "when");
        if self.report.count() > before {
            return None;
        }
        match value.peel() {
            Value::Bool(flag) => Some(Ok(*flag)),
            Value::Unknown(unknown) => self.must_be_known(when, "when", &unknown.0, &value),
            _ => Some(Ok(true)),
        }
    }

    /// Returns keys and values of `for_each`, in the order of the keys of a map, or of the list.
    fn elements(&self, term: &Term) -> Elements {
        let view = View::new(self, None);
        let before = self.report.count();
        let item = match &term.kind {
            TermKind::Template(template) => view.item(template)?,
            _ => Item::Value(Typing { view: &view }.term(term, &Shape::Document, "")),
        };
        if self.report.count() > before {
            return None;
        }
        elements(self, &view, term, item)
    }

    /// Zones are read before anything is planned, so what waits for them may be unknown for now; all else may not.
    pub fn must_be_known<T>(
        &self,
        term: &Term,
        what: &str,
        waits_for: &str,
        value: &Value,
    ) -> Option<Result<T, Value>> {
        if matches!(waits_for, "availability_zones()" | "account_id" | "partition" | "each.key" | "each.value") {
            return Some(Err(value.clone()));
        }
        let message = format!("`{what}` must be known before anything is created, and it waits for `{waits_for}`");
        self.report.push(Problem::at(term.span, message).help("use variables, locals, or the keys of another block"));
        None
    }
}

/// Returns the keys and values that `item`, the value of `term`, gives.
fn elements(evaluation: &Evaluation<'_>, view: &View<'_>, term: &Term, item: Item) -> Elements {
    if let Item::Value(value) = &item
        && (matches!(value, Value::Secret(_))
            || value.as_list().is_some_and(|items| items.iter().any(Value::is_sensitive)))
    {
        let problem = Problem::at(term.span, "`for_each` takes no sensitive value");
        evaluation.report.push(problem.help("its keys become a part of addresses, which are shown and stored"));
        return None;
    }
    match item {
        Item::Object(object @ Object::Block(_)) => of_block(evaluation, view, term, &object),
        Item::Value(value) => match value.peel() {
            Value::Map(map) => {
                let keys = sorted_keys(map.keys());
                Some(Ok(keys.into_iter().map(|key| (key.clone(), Item::Value(map[&key].clone()))).collect()))
            }
            Value::List(items) => of_list(evaluation, term, items),
            Value::Null => Some(Ok(Vec::new())),
            Value::Unknown(unknown) => evaluation.must_be_known(term, "for_each", &unknown.0, &value),
            other => wrong(evaluation, term, other.type_name()),
        },
        Item::Object(Object::Off) => Some(Ok(Vec::new())),
        Item::Object(other) => wrong(evaluation, term, &view.describe(&other)),
        Item::Items(_) => wrong(evaluation, term, "a list of resources"),
    }
}

fn wrong(evaluation: &Evaluation<'_>, term: &Term, found: &str) -> Elements {
    let message = format!("`for_each` takes a map or a list of strings, not {found}");
    evaluation.report.push(Problem::at(term.span, message));
    None
}

fn of_block(evaluation: &Evaluation<'_>, view: &View<'_>, term: &Term, object: &Object) -> Elements {
    match view.keys(object) {
        Ok(Keys::Known(keys)) => {
            let members: Option<Vec<_>> =
                keys.into_iter().map(|key| Some((key.clone(), view.member(object, &key).ok()?))).collect();
            members.map(Ok)
        }
        Ok(Keys::Unknown(unknown)) => Some(Err(unknown)),
        Err(_) => wrong(evaluation, term, "what failed to evaluate"),
    }
}

fn of_list(evaluation: &Evaluation<'_>, term: &Term, items: &[Value]) -> Elements {
    let mut seen = HashSet::new();
    let mut out = Vec::with_capacity(items.len());
    for item in items {
        let key = match item.peel() {
            Value::Str(text) => text.clone(),
            Value::Unknown(unknown) => return evaluation.must_be_known(term, "for_each", &unknown.0, item),
            other => {
                let problem =
                    Problem::at(term.span, format!("an element of `for_each` is a string, not {}", other.type_name()));
                evaluation.report.push(problem.help("for numbers write `.map(x, string(x))`; for records use a map"));
                return None;
            }
        };
        if !seen.insert(key.clone()) {
            evaluation.report.push(Problem::at(term.span, format!("`{key}` is in `for_each` twice")));
            return None;
        }
        out.push((key.clone(), Item::Value(key.into())));
    }
    Some(Ok(out))
}
