//! What speaks against a plan: protection, too many deletions, names held by others.

use std::collections::HashMap;

use super::Input;
use super::claims::{Held, claims};
use super::decide::Decisions;
use crate::model::address::Address;
use crate::model::live::Live;
use crate::model::owner::Keep;
use crate::model::plan::{Change, Refusal};

/// Returns a refusal if a resource that would be destroyed is protected, by the stack or by its own tag.
pub fn protected(address: &Address, live: &Live, stack_says: Option<Keep>, verb: &str) -> Option<Refusal> {
    let remembered = live.mark().and_then(|mark| mark.keep) == Some(Keep::Protect);
    if stack_says != Some(Keep::Protect) && !remembered {
        return None;
    }
    let message = format!("`{}` is protected, and this plan would {verb} it", live.id);
    let hint = match stack_says {
        Some(Keep::Protect) => "take `protect` out of its `manage`, apply, and plan again".to_owned(),
        _ => format!("put the block `{address}` back with `manage: {{protect: false}}`, apply, and plan again"),
    };
    Some(Refusal::of(address, message).hint(hint))
}

/// Returns a refusal if more is destroyed than is allowed: by default the larger of 3 and 30% of what is owned.
pub fn too_many_deletes(changes: &[Change], owned: usize, limit: Option<usize>) -> Option<Refusal> {
    let destroyed = changes.iter().filter(|change| change.action.destroys()).count();
    let limit = limit.unwrap_or_else(|| (owned * 3 / 10).max(3));
    (destroyed > limit).then(|| Refusal {
        address: None,
        message: format!("this plan destroys {destroyed} of {owned} resources, and at most {limit} are allowed"),
        hint: Some(format!("if that is meant, repeat with `--max-deletes {destroyed}`")),
    })
}

/// Returns a refusal for each thing that a new resource would claim and that a resource outside the stack holds.
pub fn taken_claims(input: &Input<'_>, decisions: &Decisions) -> Vec<Refusal> {
    let region = &input.place.region;
    let mut held: HashMap<Held, &Live> = HashMap::new();
    for live in &input.others {
        let schema = input.schema_of(live.kind);
        held.extend(claims(schema, &live.fields, region).into_iter().map(|claim| (claim, live)));
    }
    let mut refusals = Vec::new();
    for change in decisions.changes.iter().filter(|change| change.action.creates()) {
        let Some(fields) = decisions.fields.get(&change.address) else { continue };
        for claim in claims(change.schema, fields, region) {
            if let Some(live) = held.get(&claim) {
                refusals.push(taken(&change.address, &claim, live));
            }
        }
    }
    refusals
}

fn taken(address: &Address, claim: &Held, live: &Live) -> Refusal {
    match live.mark() {
        Some(mark) => {
            let environment = mark.environment.map(|environment| format!(" ({environment})")).unwrap_or_default();
            let whose = format!("`{}` of the stack `{}`{environment}", mark.address, mark.stack);
            Refusal::of(address, format!("{} is held by {whose}", claim.sentence())).hint("choose another one")
        }
        None => {
            let message = format!("{} is held by `{}`, which is not of this stack", claim.sentence(), live.id);
            let hint = format!("take it over with `trueup adopt STACK {address} {}`, or choose another one", live.id);
            Refusal::of(address, message).hint(hint)
        }
    }
}
