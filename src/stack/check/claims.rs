//! What only one resource can hold, held by two in one stack.

use std::collections::HashMap;

use super::Whole;
use crate::model::address::Address;
use crate::model::problem::Problem;
use crate::model::schema::Claim;
use crate::model::value::{Map, Value};

/// A claim on one value: the kind, which of its claims, and the values as text.
type Held = (usize, usize, String);

pub(super) fn check(whole: &Whole<'_>) {
    let mut holders: HashMap<Held, (Address, String)> = HashMap::new();
    for (address, complete) in &whole.complete {
        let Some((block, _)) = whole.block(address) else { continue };
        let schema = whole.program.schema_of(block);
        if schema.claims.is_empty() {
            continue;
        }
        for (index, claim) in schema.claims.iter().enumerate() {
            for (held, path) in held(whole, address, complete, claim) {
                let key = (block.schema, index, held);
                match holders.get(&key) {
                    Some((other, other_path)) if other != address => {
                        let message = format!("`{address}` and `{other}` cannot both have {}", claim.what);
                        let problem = Problem::at(whole.place(address, &path), message);
                        whole.report.push(problem.related(whole.place(other, other_path), "claimed here"));
                    }
                    Some(_) => {}
                    None => {
                        holders.insert(key, (address.clone(), path));
                    }
                }
            }
        }
    }
}

/// Returns what a resource claims, with the path to it. Nothing while one of the values cannot be told.
fn held(whole: &Whole<'_>, address: &Address, fields: &Map, claim: &Claim) -> Vec<(String, String)> {
    let mut common = Vec::new();
    for (place, name) in claim.fields.iter().enumerate() {
        let Some(value) = fields.get(*name).filter(|value| !value.is_null()) else { return Vec::new() };
        let is_last = place + 1 == claim.fields.len();
        match value.peel() {
            Value::List(items) if is_last => {
                let texts = items.iter().enumerate().filter(|(_, item)| item.is_known());
                let prefix = common.join("\u{0}");
                return texts
                    .map(|(index, item)| (format!("{prefix}\u{0}{:?}", item.reveal()), format!("{name}[{index}]")))
                    .collect();
            }
            value => match text_of(whole, address, name, value) {
                Some(text) => common.push(text),
                None => return Vec::new(),
            },
        }
    }
    let path = claim.fields.last().copied().unwrap_or_default();
    vec![(common.join("\u{0}"), path.to_owned())]
}

/// Returns a value as text to compare. An unknown that is exactly one reference equals another of the same reference.
fn text_of(whole: &Whole<'_>, address: &Address, name: &str, value: &Value) -> Option<String> {
    match value {
        Value::Unknown(unknown) => {
            let (block, _) = whole.block(address)?;
            let is_reference = block.fields.get(name)?.template()?.whole()?.is_chain();
            is_reference.then(|| format!("reference {}", unknown.0))
        }
        known if known.is_known() => Some(format!("{:?}", known.reveal())),
        _ => None,
    }
}
