//! Decides everything: what is to be done, in which order, and whether it may be done at all.
//!
//! Synchronous and without I/O: the same stack and account always give the same plan.

mod claims;
mod decide;
mod graph;
mod guard;
mod holders;
pub mod names;
mod order;
mod pairing;
pub mod release;
mod select;
pub mod tags;

use std::sync::Arc;

use crate::model::address::Address;
use crate::model::live::Live;
use crate::model::owner::{Keep, Owner};
use crate::model::plan::{Action, Change, Plan, Refusal, Unread};
use crate::model::problem::Problems;
use crate::model::schema::{Place, Schema};
use crate::model::stack::{Declared, Facts, Layout};
use crate::model::value::Map;

/// Everything a plan is made from.
pub struct Input<'a> {
    pub owner: &'a Owner,
    pub place: &'a Place,
    pub layout: &'a Layout,
    pub declared: &'a dyn Declared,
    /// Account, region and zones; no attributes.
    pub facts: Facts,
    /// Everything live that carries this owner's mark.
    pub owned: Vec<Live>,
    /// Live resources that the stack names and that are not its own: holders of names, candidates for adoption.
    pub others: Vec<Live>,
    pub unread: Vec<Unread>,
    /// Patterns of tags that are nobody's business, as `kubernetes.io/*`.
    pub ignored_tags: Vec<Arc<str>>,
    pub schemas: &'static [Schema],
    pub options: Options,
}

/// What the command line says of a plan.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Only these and what they refer to. Empty: all.
    pub targets: Vec<Address>,
    /// Not these, nor what refers to them.
    pub excludes: Vec<Address>,
    pub replace: Vec<Address>,
    /// Default: the larger of 3 and 30% of what is owned.
    pub max_deletes: Option<usize>,
    /// Destroy everything that is owned.
    pub destroy: bool,
    /// Do nothing but let this one go.
    pub forget: Option<Address>,
}

impl Input<'_> {
    /// Returns the schema of a kind that a stack or the account names.
    pub(crate) fn schema_of(&self, kind: &str) -> &'static Schema {
        let found = self.schemas.iter().find(|schema| schema.kind == kind);
        found.expect("only kinds with a schema are loaded and read")
    }

    pub(crate) fn schema(&self, address: &Address) -> &'static Schema {
        self.schema_of(&address.kind)
    }

    pub(crate) fn is_unread(&self, kind: &str) -> bool {
        self.unread.iter().any(|unread| unread.kind == kind)
    }
}

/// Makes the plan.
///
/// # Errors
/// What is wrong with the stack and shows only with the account's values.
pub fn plan(mut input: Input<'_>) -> Result<Plan, Problems> {
    let mut owned = std::mem::take(&mut input.owned);
    let mut others = std::mem::take(&mut input.others);
    for live in owned.iter_mut().chain(&mut others) {
        tags::expose(live, input.schema_of(live.kind), &input.ignored_tags);
    }
    input.others = others;
    // To destroy or forget is to plan for a stack without resources.
    let (nothing, only_removes) = (Layout::default(), input.options.destroy || input.options.forget.is_some());
    let wanted = if only_removes { &nothing } else { input.layout };
    let pairing = pairing::pair(wanted, input.owner, owned.clone());
    let mut decisions = match only_removes {
        true => decide::Decisions { facts: input.facts.clone(), ..decide::Decisions::default() },
        false => decide::decide(&input, &pairing)?,
    };
    decisions.refusals.extend(pairing.refusals.iter().cloned());
    decisions.refusals.extend(guard::taken_claims(&input, &decisions));
    match &input.options.forget {
        Some(address) => forgets(&input, &pairing, address, &mut decisions),
        None => removals(&input, &pairing, &mut decisions),
    }
    select::select(&input, &mut decisions);
    let ordered = order::order(&input, &mut decisions, &owned);
    let mut refusals = decisions.refusals;
    refusals.extend(ordered.refusals);
    if !only_removes {
        refusals.extend(guard::too_many_deletes(&decisions.changes, owned.len(), input.options.max_deletes));
    }
    Ok(Plan {
        owner: input.owner.clone(),
        place: input.place.clone(),
        layout: input.layout.clone(),
        facts: decisions.facts,
        changes: decisions.changes,
        steps: ordered.steps,
        unchanged: decisions.unchanged,
        outputs: Default::default(),
        warnings: decisions.warnings,
        ignored_tags: input.ignored_tags,
        refusals,
        unread: input.unread,
    })
}

/// Adds what goes: blocks that left the stack, predecessors that were replaced, or everything.
fn removals(input: &Input<'_>, pairing: &pairing::Pairing, decisions: &mut decide::Decisions) {
    let why = if input.options.destroy { "the stack is destroyed" } else { "is not in the stack" };
    for (mark, live) in &pairing.removed {
        let schema = input.schema_of(live.kind);
        let manage = input.layout.resources.get(&mark.address).map(|resource| &resource.manage);
        let says = |test: fn(&crate::model::stack::Manage) -> bool| manage.is_some_and(test);
        let protect = says(|manage| manage.protect).then_some(Keep::Protect);
        let retain = mark.keep == Some(Keep::Retain) || says(|manage| manage.retain);
        let action = if retain { Action::Forget } else { Action::Delete };
        if action == Action::Delete {
            decisions.refusals.extend(guard::protected(&mark.address, live, protect, "delete"));
        }
        let reason = if retain { format!("{why}, and is retained") } else { why.to_owned() };
        decisions.changes.push(removal(&mark.address, schema, action, reason, live));
    }
    for (address, live, reason) in &pairing.leftovers {
        let schema = input.schema_of(live.kind);
        decisions.changes.push(removal(address, schema, Action::Delete, (*reason).to_owned(), live));
    }
}

/// Lets one address go, whatever the stack says of it.
fn forgets(input: &Input<'_>, pairing: &pairing::Pairing, address: &Address, decisions: &mut decide::Decisions) {
    for (mark, live) in pairing.removed.iter().filter(|(mark, _)| mark.address == *address) {
        let schema = input.schema_of(live.kind);
        let reason = "is let go, and stays as it is".to_owned();
        decisions.changes.push(removal(&mark.address, schema, Action::Forget, reason, live));
    }
}

fn removal(address: &Address, schema: &'static Schema, action: Action, reason: String, live: &Live) -> Change {
    let fields = match action {
        Action::Delete => crate::diff::diff(&schema.fields, &Map::new(), &live.fields).changes,
        _ => Vec::new(),
    };
    Change {
        address: address.clone(),
        schema,
        action,
        reason,
        live: Some(live.clone()),
        name: None,
        moved_from: None,
        fields,
    }
}

/// Returns the refusal of a whole plan as one list, for programs that show it.
pub fn refusal_lines(refusals: &[Refusal]) -> Vec<String> {
    let line = |refusal: &Refusal| match &refusal.address {
        Some(address) => format!("{address}: {}", refusal.message),
        None => refusal.message.clone(),
    };
    refusals.iter().map(line).collect()
}
