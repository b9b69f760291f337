//! Puts changes into steps, and steps into an order.
//!
//! 1. A resource is written after what it needs.
//! 2. The two halves of a replacement keep their order; what is replaced and holds something that goes first, goes first too.
//! 3. A resource is deleted after the live resources that hold it are deleted or have let go.
//! 4. Rings are broken where the schema says how: a create goes without a deferrable field, a holder releases one.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::Input;
use super::claims::{Held, claims};
use super::decide::Decisions;
use super::graph::{Edge, Graph, Origin};
use super::holders::{Hold, Index, LiveNeighbours, WantedNeighbours};
use crate::model::address::Address;
use crate::model::live::Live;
use crate::model::plan::{Action, Change, Op, Refusal, Step};
use crate::model::stack::ReplaceOrder;

/// The steps of a plan, and what makes an order impossible.
#[derive(Debug, Default)]
pub struct Ordered {
    pub steps: Vec<Step>,
    pub refusals: Vec<Refusal>,
}

/// Orders all changes. `owned` is everything live that the stack owns; changes may name some of it.
pub fn order(input: &Input<'_>, decisions: &mut Decisions, owned: &[Live]) -> Ordered {
    let index = Index::new(owned, |kind| input.schema_of(kind));
    let holds: Vec<Hold> = owned
        .iter()
        .enumerate()
        .flat_map(|(at, live)| index.holds(at, &input.schema_of(live.kind).fields, &live.fields))
        .collect();
    loop {
        spread_destroy_first(&mut decisions.changes, owned, &holds);
        let_go_for_a_while(input, decisions, owned, &holds);
        let ordered = Builder::order(input, decisions, owned, &holds);
        match ordered.ring.first_to_go(input, &decisions.changes) {
            Some((change, because)) => destroy_first(&mut decisions.changes[change], &because),
            None => return Ordered { steps: ordered.steps, refusals: ordered.refusals },
        }
    }
}

/// The changes of a ring that no deferred or released field breaks, one for each of its steps.
#[derive(Debug, Default)]
struct Ring(Vec<usize>);

impl Ring {
    /// Returns a replacement of the ring that would make its successor first, and what stands against that: the ring
    /// opens if the old one goes first.
    fn first_to_go(&self, input: &Input<'_>, changes: &[Change]) -> Option<(usize, Address)> {
        let has_both_halves = |at: &usize| self.0.iter().filter(|other| *other == at).count() > 1;
        let is_pinned = |address: &Address| {
            let resource = input.layout.resources.get(address);
            resource.is_some_and(|resource| resource.manage.replace == Some(ReplaceOrder::CreateFirst))
        };
        let is_create_first =
            |at: &usize| changes[*at].action == Action::ReplaceCreateFirst && !is_pinned(&changes[*at].address);
        let candidates = self.0.iter().copied().filter(|at| is_create_first(at) && has_both_halves(at));
        let first = candidates.min_by_key(|at| &changes[*at].address)?;
        let other = self.0.iter().find(|at| **at != first)?;
        Some((first, changes[*other].address.clone()))
    }
}

fn destroy_first(change: &mut Change, because: &Address) {
    change.action = Action::ReplaceDestroyFirst;
    change.reason += &format!("; it goes first, since `{because}` must");
}

/// Where a resource must go before its successor is made, so must every replaced one that holds it.
fn spread_destroy_first(changes: &mut [Change], owned: &[Live], holds: &[Hold]) {
    let of_live = |(at, change): (usize, &Change)| Some(((change.schema.kind, change.live.as_ref()?.id.clone()), at));
    let position: HashMap<(&str, Arc<str>), usize> = changes.iter().enumerate().filter_map(of_live).collect();
    let change_of = |at: usize| position.get(&(owned[at].kind, owned[at].id.clone())).copied();
    loop {
        let spread = holds.iter().find_map(|hold| {
            let (holder, held) = (change_of(hold.holder)?, change_of(hold.held)?);
            let goes_first = changes[held].action == Action::ReplaceDestroyFirst;
            (goes_first && changes[holder].action == Action::ReplaceCreateFirst).then_some((holder, held))
        });
        let Some((holder, held)) = spread else { return };
        let because = changes[held].address.clone();
        destroy_first(&mut changes[holder], &because);
    }
}

/// Gives what stays as it is, and holds something that goes before its successor comes, a step to let go and one to
/// take hold again, if the field allows that.
fn let_go_for_a_while(input: &Input<'_>, decisions: &mut Decisions, owned: &[Live], holds: &[Hold]) {
    for hold in holds.iter().filter(|hold| hold.is_declared) {
        let (holder, held) = (&owned[hold.holder], &owned[hold.held]);
        let goes_first = decisions.changes.iter().find(|change| {
            let is_it = |live: &Live| live.id == held.id && live.kind == held.kind;
            change.action == Action::ReplaceDestroyFirst && change.live.as_ref().is_some_and(is_it)
        });
        let address = holder.mark().map(|mark| mark.address);
        let unchanged = decisions.unchanged.iter().position(|other| Some(other) == address.as_ref());
        let (Some(goes_first), Some(at)) = (goes_first, unchanged) else { continue };
        let schema = input.schema_of(holder.kind);
        if schema.fields.fields.get(&*hold.field).is_none_or(|field| field.defer.is_none()) && !can_release(owned, hold)
        {
            continue;
        }
        let reason = format!("lets go of `{}` while that is replaced", goes_first.address);
        decisions.changes.push(Change {
            address: decisions.unchanged.remove(at),
            schema,
            action: Action::Update,
            reason,
            live: Some(holder.clone()),
            name: None,
            moved_from: None,
            fields: Vec::new(),
        });
    }
}

struct Builder<'a> {
    input: &'a Input<'a>,
    decisions: &'a Decisions,
    owned: &'a [Live],
    holds: &'a [Hold],
    graph: Graph,
    /// Steps by change.
    write: HashMap<usize, usize>,
    delete: HashMap<usize, usize>,
    by_address: HashMap<&'a Address, usize>,
    /// The change that each live resource is the subject of.
    by_live: HashMap<usize, usize>,
    refusals: Vec<Refusal>,
}

/// An order, or why there is none.
struct Attempt {
    steps: Vec<Step>,
    refusals: Vec<Refusal>,
    ring: Ring,
}

impl<'a> Builder<'a> {
    fn order(input: &'a Input<'a>, decisions: &'a Decisions, owned: &'a [Live], holds: &'a [Hold]) -> Attempt {
        let mut builder = Builder::new(input, decisions, owned, holds);
        builder.nodes();
        builder.writes();
        builder.deletes();
        builder.claims();
        builder.finish()
    }

    fn new(input: &'a Input<'a>, decisions: &'a Decisions, owned: &'a [Live], holds: &'a [Hold]) -> Builder<'a> {
        let changes = decisions.changes.iter().enumerate();
        let by_id: HashMap<(&str, &str), usize> = changes
            .clone()
            .filter_map(|(at, change)| Some(((change.schema.kind, &*change.live.as_ref()?.id), at)))
            .collect();
        let lives = owned.iter().enumerate();
        Builder {
            input,
            decisions,
            owned,
            holds,
            graph: Graph::default(),
            write: HashMap::new(),
            delete: HashMap::new(),
            by_address: changes
                .filter(|(_, change)| change.action != Action::Delete && change.action != Action::Forget)
                .map(|(at, change)| (&change.address, at))
                .collect(),
            by_live: lives.filter_map(|(at, live)| Some((at, *by_id.get(&(live.kind, &*live.id))?))).collect(),
            refusals: Vec::new(),
        }
    }

    fn change(&self, at: usize) -> &'a Change {
        &self.decisions.changes[at]
    }

    fn nodes(&mut self) {
        for (at, change) in self.decisions.changes.iter().enumerate() {
            let create = || Op::Create { deferred: Vec::new() };
            match change.action {
                Action::Create => self.write_node(at, create()),
                Action::Update | Action::Adopt => self.write_node(at, Op::Update),
                Action::Forget => self.write_node(at, Op::Forget),
                Action::Delete => self.delete_node(at),
                Action::ReplaceCreateFirst => {
                    let mark = self.graph.node(at, Op::Mark);
                    self.write_node(at, create());
                    self.delete_node(at);
                    self.graph.hard(mark, self.write[&at]);
                    self.graph.hard(self.write[&at], self.delete[&at]);
                }
                Action::ReplaceDestroyFirst => {
                    self.delete_node(at);
                    self.write_node(at, create());
                    self.graph.hard(self.delete[&at], self.write[&at]);
                }
            }
        }
    }

    fn write_node(&mut self, change: usize, op: Op) {
        let node = self.graph.node(change, op);
        self.write.insert(change, node);
    }

    fn delete_node(&mut self, change: usize) {
        let node = self.graph.node(change, Op::Delete);
        self.delete.insert(change, node);
    }

    /// Rule 1: a resource is written after what it refers to, depends on and needs.
    fn writes(&mut self) {
        let neighbours = WantedNeighbours { layout: self.input.layout, fields: &self.decisions.fields };
        for (address, resource) in &self.input.layout.resources {
            let Some(&at) = self.by_address.get(address) else { continue };
            let Some(&node) = self.write.get(&at) else { continue };
            for reference in &resource.references {
                let field = self.change(at).schema.fields.fields.get(&*reference.field);
                let can_defer = field.is_some_and(|field| field.defer.is_some()) && self.change(at).action.creates();
                let origin = Origin { change: at, field: reference.field.clone(), can_break: can_defer };
                self.write_after(node, &reference.to, Some(origin));
            }
            let needs = self.change(at).schema.needs.map(|needs| needs(&neighbours, address)).unwrap_or_default();
            for other in resource.manage.depends_on.iter().chain(&needs) {
                let same_block = |address: &&&Address| ***address == *other || address.block() == *other;
                let others: Vec<_> =
                    self.by_address.keys().filter(same_block).map(|address| (*address).clone()).collect();
                others.iter().for_each(|other| self.write_after(node, other, None));
            }
        }
    }

    fn write_after(&mut self, node: usize, other: &Address, origin: Option<Origin>) {
        let Some(&other) = self.by_address.get(other) else { return };
        let Some(&before) = self.write.get(&other) else { return };
        // An update of something that exists already is waited for only where that makes no ring. A resource that
        // names itself is the smallest of rings.
        let is_soft = !self.change(other).action.creates();
        self.graph.edges.push(Edge { before, after: node, is_soft, origin });
    }

    /// Rules 2 to 4: a resource is deleted after whatever holds it is deleted or has let go.
    fn deletes(&mut self) {
        for hold in self.holds {
            let Some((held, delete)) = self.delete_of(hold.held) else { continue };
            match self.by_live.get(&hold.holder).copied() {
                Some(holder) if self.delete.contains_key(&holder) => {
                    let schema = self.change(holder).schema;
                    let can_release = schema.fields.fields.get(&*hold.field).is_some_and(|field| field.defer.is_some());
                    let origin = Origin { change: holder, field: hold.field.clone(), can_break: can_release };
                    let before = self.delete[&holder];
                    let is_soft = !hold.is_declared;
                    self.graph.edges.push(Edge { before, after: delete, is_soft, origin: Some(origin) });
                }
                Some(holder) if self.write.contains_key(&holder) => self.let_go(hold, holder, held, delete),
                _ if hold.is_declared => self.refuse_held(hold, held),
                _ => {}
            }
        }
        self.needs_reversed();
        self.switch_before_delete();
    }

    fn delete_of(&self, live: usize) -> Option<(usize, usize)> {
        let change = *self.by_live.get(&live)?;
        Some((change, *self.delete.get(&change)?))
    }

    /// A holder that stays: it lets go with its update, or before, where the held one must go before its successor comes.
    fn let_go(&mut self, hold: &Hold, holder: usize, held: usize, delete: usize) {
        let change = self.change(holder);
        let resource = self.input.layout.resources.get(&change.address);
        let names_it_again = resource.is_some_and(|resource| {
            let to = &self.change(held).address;
            resource.references.iter().any(|reference| reference.field == hold.field && reference.to == *to)
        });
        let returns = names_it_again && self.change(held).action == Action::ReplaceDestroyFirst;
        let touches = change.fields.iter().any(|field| field.field() == &*hold.field);
        if change.action == Action::Forget || !(touches || returns) {
            if hold.is_declared {
                self.refuse_held(hold, held);
            }
            return;
        }
        if !returns {
            // It lets go for good: in a ring that can come before the rest of its update, unless nothing would be left.
            let wanted = self.decisions.fields.get(&change.address).and_then(|fields| fields.get(&*hold.field));
            let can_break = is_deferrable(change, &hold.field)
                || can_release(self.owned, hold)
                || wanted.is_none_or(|value| value.is_known() && value.is_empty());
            let origin = Some(Origin { change: holder, field: hold.field.clone(), can_break });
            let before = self.write[&holder];
            self.graph.edges.push(Edge { before, after: delete, is_soft: false, origin });
            return;
        }
        let id = self.owned[hold.held].id.clone();
        match can_release(self.owned, hold) || is_deferrable(change, &hold.field) {
            true => {
                let release = self.graph.release(holder, &hold.field, &id);
                self.graph.hard(release, delete);
                self.graph.hard(release, self.write[&holder]);
            }
            false => {
                let message = format!(
                    "must go before its successor is made, and `{}` cannot let go of it (`{}`)",
                    change.address, hold.field
                );
                let hint = format!("replace that too: `--replace {}`", change.address);
                self.refusals.push(Refusal::of(&self.change(held).address, message).hint(hint));
            }
        }
    }

    fn refuse_held(&mut self, hold: &Hold, held: usize) {
        let holder = self.owned[hold.holder].mark().map(|mark| mark.address.to_string());
        let holder = holder.unwrap_or_else(|| self.owned[hold.holder].id.to_string());
        let address = &self.change(held).address;
        let message = format!("is still used by `{holder}` (`{}`)", hold.field);
        self.refusals.push(Refusal::of(address, message).hint("remove that too, or let it refer to something else"));
    }

    /// What was needed for creation must outlive what needed it.
    fn needs_reversed(&mut self) {
        let neighbours = LiveNeighbours::new(self.owned, self.holds);
        for (at, live) in self.owned.iter().enumerate() {
            let Some((_, first)) = self.delete_of(at) else { continue };
            let Some(needs) = self.input.schema_of(live.kind).needs else { continue };
            for needed in needs(&neighbours, neighbours.address(at)) {
                if let Some((_, then)) = neighbours.at(&needed).and_then(|at| self.delete_of(at)) {
                    self.graph.hard(first, then);
                }
            }
        }
        for (address, resource) in &self.input.layout.resources {
            let deletes = |address: &Address| {
                let block = address.block();
                let of = |change: &Change| change.address == *address || change.address.block() == block;
                let changes = self.decisions.changes.iter().enumerate().filter(|(_, change)| of(change));
                changes.filter_map(|(at, _)| self.delete.get(&at).copied()).collect::<Vec<_>>()
            };
            for other in &resource.manage.depends_on {
                let pairs: Vec<_> = deletes(address)
                    .into_iter()
                    .flat_map(|first| deletes(other).into_iter().map(move |then| (first, then)))
                    .collect();
                pairs.into_iter().for_each(|(first, then)| self.graph.hard(first, then));
            }
        }
    }

    /// The old one of a create-first replacement goes after all that refer to the new one were written.
    fn switch_before_delete(&mut self) {
        for (address, resource) in &self.input.layout.resources {
            let Some(writer) = self.by_address.get(address).and_then(|at| self.write.get(at)).copied() else {
                continue;
            };
            for reference in &resource.references {
                let Some(&held) = self.by_address.get(&reference.to) else { continue };
                if self.change(held).action == Action::ReplaceCreateFirst && self.write.get(&held) != Some(&writer) {
                    self.graph.soft(writer, self.delete[&held]);
                }
            }
        }
    }

    /// Whoever claims what another still holds comes after that one is gone.
    fn claims(&mut self) {
        let region = &self.input.place.region;
        let mut held: HashMap<Held, usize> = HashMap::new();
        for (at, live) in self.owned.iter().enumerate() {
            let claims = claims(self.input.schema_of(live.kind), &live.fields, region);
            held.extend(claims.into_iter().map(|claim| (claim, at)));
        }
        for (address, &at) in &self.by_address {
            let Some(fields) = self.decisions.fields.get(*address) else { continue };
            for claim in claims(self.change(at).schema, fields, region) {
                let Some(&holder) = held.get(&claim) else { continue };
                match (self.by_live.get(&holder).copied(), self.delete_of(holder)) {
                    (Some(own), _) if own == at => {}
                    (_, Some((_, delete))) => self.graph.hard(delete, self.write[&at]),
                    (Some(change), None) if self.write.contains_key(&change) => {
                        // The holder may let go with its update; if it does not, AWS says so.
                        self.graph.soft(self.write[&change], self.write[&at]);
                    }
                    _ => {
                        let holder =
                            self.owned[holder].mark().map_or_else(String::new, |mark| mark.address.to_string());
                        let message = format!("{} is held by `{holder}`, which stays", claim.sentence());
                        self.refusals.push(Refusal::of(address, message));
                    }
                }
            }
        }
    }

    fn finish(mut self) -> Attempt {
        let mut ring = Ring::default();
        if let Err(changes) = self.graph.break_rings(&self.decisions.changes) {
            let mut seen = HashSet::new();
            let names: Vec<_> = changes
                .iter()
                .map(|change| &self.decisions.changes[*change].address)
                .filter(|address| seen.insert(*address))
                .map(|address| format!("`{address}`"))
                .collect();
            let message = match &names[..] {
                [one] => format!("{one} refers to itself, and must exist before it can"),
                _ => format!("there is no order for {}: each must come before the others", names.join(", ")),
            };
            self.refusals.push(Refusal { address: None, message, hint: None });
            ring = Ring(changes);
        }
        self.refusals.dedup();
        Attempt { steps: self.graph.steps(), refusals: self.refusals, ring }
    }
}

fn is_deferrable(change: &Change, field: &str) -> bool {
    change.schema.fields.fields.get(field).is_some_and(|field| field.defer.is_some())
}

/// Returns true if the holder's field is a list in which something is left without the held one.
fn can_release(owned: &[Live], hold: &Hold) -> bool {
    let holder = &owned[hold.holder];
    let held = &owned[hold.held];
    holder.fields.get(&*hold.field).and_then(|value| value.as_list()).is_some_and(|items| {
        let stays = items.iter().filter(|item| !crate::plan::release::names(item, held));
        stays.count() > 0
    })
}
