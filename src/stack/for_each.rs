//! The elements of `for_each`: a map, a list of distinct strings, or another block's instances.

use std::collections::HashSet;
use std::sync::Arc;

use super::eval::{Item, Keys, Object, Scope, sorted_keys};
use super::evaluation::Evaluation;
use super::term::Term;
use super::view::View;
use crate::model::problem::Problem;
use crate::model::value::Value;

/// Keys and values, or the unknown that they wait for. None after a problem was reported.
type Elements = Option<Result<Vec<(Arc<str>, Item)>, Value>>;

/// Returns the keys and values that `item`, the value of `term`, gives.
pub fn elements(evaluation: &Evaluation<'_>, view: &View<'_>, term: &Term, item: Item) -> Elements {
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
