//! Decides for every address of the stack what is to happen to it.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::DfsPostOrder;
use sha2::{Digest, Sha256};

use super::claims::claims;
use super::pairing::Pairing;
use super::{Input, names, tags};
use crate::diff::{complete, diff, wanted};
use crate::model::address::Address;
use crate::model::delta::Delta;
use crate::model::digits::hex;
use crate::model::live::{Live, Phase};
use crate::model::owner::Keep;
use crate::model::plan::{Action, Change, Refusal};
use crate::model::problem::Problems;
use crate::model::schema::Schema;
use crate::model::shape::{Absent, Effect};
use crate::model::stack::{Facts, ReplaceOrder, Resource};
use crate::model::value::Map;

/// What is decided for the addresses of a stack.
#[derive(Debug, Default)]
pub struct Decisions {
    pub changes: Vec<Change>,
    pub unchanged: Vec<Address>,
    /// The wanted fields of every resource, defaults filled in; unknown where they wait for a change.
    pub fields: HashMap<Address, Map>,
    pub facts: Facts,
    pub refusals: Vec<Refusal>,
    pub warnings: Vec<String>,
}

/// Works through the stack in the order of its references, so that what a change makes unknown is unknown to
/// all that depend on it. Rings of references are gone through again until nothing new becomes unknown.
pub fn decide(input: &Input<'_>, pairing: &Pairing) -> Result<Decisions, Problems> {
    let (order, has_rings) = order(input);
    let mut facts = input.facts.clone();
    for (address, live) in &pairing.current {
        facts.attributes.insert(address.clone(), settled(input.schema(address), live));
    }
    loop {
        let before = facts.attributes.clone();
        let mut pass = Pass { input, pairing, facts, out: Decisions::default(), changes: HashMap::new() };
        for address in &order {
            pass.resource(address)?;
        }
        if !has_rings || pass.facts.attributes == before {
            return Ok(pass.finish());
        }
        facts = pass.facts;
    }
}

/// Returns the addresses with what they refer to first, and whether some refer to each other in a ring.
fn order(input: &Input<'_>) -> (Vec<Address>, bool) {
    let mut graph = DiGraph::<&Address, ()>::new();
    let nodes: HashMap<&Address, NodeIndex> =
        input.layout.resources.keys().map(|address| (address, graph.add_node(address))).collect();
    for (address, resource) in &input.layout.resources {
        for reference in &resource.references {
            if let Some(to) = nodes.get(&reference.to) {
                graph.add_edge(nodes[address], *to, ());
            }
        }
    }
    let mut order = Vec::with_capacity(nodes.len());
    let mut walk = DfsPostOrder::empty(&graph);
    for start in graph.node_indices() {
        walk.move_to(start);
        while let Some(node) = walk.next(&graph) {
            order.push(graph[node].clone());
        }
    }
    let has_rings = petgraph::algo::is_cyclic_directed(&graph);
    (order, has_rings)
}

/// Returns what a live resource tells others: its attributes, and fields whose value the stack leaves to AWS.
fn settled(schema: &Schema, live: &Live) -> Map {
    let mut known = live.attributes.clone();
    for (name, field) in &schema.fields.fields {
        if matches!(field.absent, Absent::LeftAlone)
            && let Some(value) = live.fields.get(*name)
        {
            known.insert((*name).into(), value.clone());
        }
    }
    known
}

struct Pass<'a> {
    input: &'a Input<'a>,
    pairing: &'a Pairing,
    facts: Facts,
    out: Decisions,
    changes: HashMap<Address, Change>,
}

impl Pass<'_> {
    fn resource(&mut self, address: &Address) -> Result<(), Problems> {
        let resource = &self.input.layout.resources[address];
        let schema = self.input.schema(address);
        if self.input.is_unread(schema.kind) {
            return Ok(());
        }
        match self.pairing.current.get(address) {
            Some(live) => self.existing(address, resource, schema, live),
            None => match &resource.manage.adopt {
                Some(id) => self.adopted(address, resource, schema, id),
                None => self.missing(address, schema, None, "is not in the account".to_owned()),
            },
        }
    }

    fn missing(
        &mut self,
        address: &Address,
        schema: &'static Schema,
        name: Option<Arc<str>>,
        reason: String,
    ) -> Result<(), Problems> {
        let fields = self.fresh_fields(address, schema, name.as_ref())?;
        let name = self.own_name(address, schema, &fields);
        self.foresee(address, schema, &fields);
        let delta = diff(&schema.fields, &fields, &Map::new());
        self.put(address, schema, Action::Create, reason, None, delta, name);
        self.out.fields.insert(address.clone(), fields);
        Ok(())
    }

    fn existing(
        &mut self,
        address: &Address,
        resource: &Resource,
        schema: &'static Schema,
        live: &Live,
    ) -> Result<(), Problems> {
        let mut written = self.input.declared.fields(address, &self.facts)?;
        names::keep(self.input.declared, address, schema, live, &mut written);
        if let Phase::Failed(reason) = &live.phase {
            return self.replaced(address, resource, schema, live, Delta::default(), format!("has failed: {reason}"));
        }
        let fields = wanted(&schema.fields, &written, &live.fields, &resource.manage.ignore);
        let mut delta = diff(&schema.fields, &fields, &live.fields);
        if self.input.options.replace.iter().any(|asked| asked == address || *asked == address.block()) {
            return self.replaced(address, resource, schema, live, delta, "is to be replaced (`--replace`)".to_owned());
        }
        if delta.effect() == Some(Effect::Replace) {
            let reason = cannot_change(&delta);
            return self.replaced(address, resource, schema, live, delta, reason);
        }
        self.inform(address, schema, live, &written, &delta);
        if let Some(advice) = schema.advice.and_then(|advice| advice(live, &fields, &delta)) {
            self.out.warnings.push(format!("{address} {advice}"));
        }
        self.out.fields.insert(address.clone(), fields);
        let moved = self.pairing.moved.get(address);
        delta.changes.extend(tags::mark_changes(self.input.owner, address, &resource.manage, live, schema));
        if delta.is_empty() && moved.is_none() {
            self.out.unchanged.push(address.clone());
            return Ok(());
        }
        let reason = match moved {
            Some(from) => format!("is moved from `{from}`"),
            None => "differs from the stack".to_owned(),
        };
        self.put(address, schema, Action::Update, reason, Some(live), delta, None);
        Ok(())
    }

    fn adopted(
        &mut self,
        address: &Address,
        resource: &Resource,
        schema: &'static Schema,
        id: &Arc<str>,
    ) -> Result<(), Problems> {
        let found = self.input.others.iter().find(|live| live.kind == schema.kind && live.id == *id);
        let Some(live) = found else {
            let message = format!("there is no {} `{id}` to adopt", schema.one);
            self.out.refusals.push(Refusal::of(address, message));
            return Ok(());
        };
        if let Some(mark) = live.mark() {
            let message = format!("`{id}` already belongs to the stack `{}` as `{}`", mark.stack, mark.address);
            self.out.refusals.push(Refusal::of(address, message).hint("`trueup forget` it there first"));
            return Ok(());
        }
        self.facts.attributes.insert(address.clone(), settled(schema, live));
        let mut written = self.input.declared.fields(address, &self.facts)?;
        names::keep(self.input.declared, address, schema, live, &mut written);
        let fields = wanted(&schema.fields, &written, &live.fields, &resource.manage.ignore);
        let mut delta = diff(&schema.fields, &fields, &live.fields);
        if delta.effect() == Some(Effect::Replace) {
            let message = format!("`{id}` cannot be adopted as the stack writes it: {}", cannot_change(&delta));
            self.out.refusals.push(Refusal::of(address, message).hint("write these fields as they are in the account"));
        }
        self.inform(address, schema, live, &written, &delta);
        delta.changes.extend(tags::mark_changes(self.input.owner, address, &resource.manage, live, schema));
        self.put(address, schema, Action::Adopt, format!("takes over `{id}`"), Some(live), delta, None);
        self.out.fields.insert(address.clone(), fields);
        Ok(())
    }

    fn replaced(
        &mut self,
        address: &Address,
        resource: &Resource,
        schema: &'static Schema,
        live: &Live,
        delta: Delta,
        reason: String,
    ) -> Result<(), Problems> {
        let suffixed = match self.input.declared.has_default_name(address) {
            true => self.successor_name(address, schema, live)?,
            false => None,
        };
        let mut fields = self.fresh_fields(address, schema, suffixed.as_ref())?;
        let held = claims(schema, &live.fields, &self.input.place.region);
        let clash = claims(schema, &fields, &self.input.place.region).into_iter().find(|claim| held.contains(claim));
        let destroy_first = match (resource.manage.replace, &clash) {
            (Some(ReplaceOrder::CreateFirst), Some(claim)) => {
                let message = format!("cannot be created before the old one goes: both hold {}", claim.sentence());
                let hint = "leave out `manage.replace`, or change what both hold";
                self.out.refusals.push(Refusal::of(address, message).hint(hint));
                true
            }
            (Some(order), _) => order == ReplaceOrder::DestroyFirst,
            (None, clash) => clash.is_some(),
        };
        if destroy_first && suffixed.is_some() {
            fields = self.fresh_fields(address, schema, None)?;
        }
        let name = self.own_name(address, schema, &fields);
        self.foresee(address, schema, &fields);
        let (action, reason) = match (destroy_first, clash) {
            (true, Some(claim)) => (
                Action::ReplaceDestroyFirst,
                format!(
                    "{reason}; the old one goes first, since both hold {}: it is missing in between",
                    claim.sentence()
                ),
            ),
            (true, None) => (Action::ReplaceDestroyFirst, format!("{reason}; it is missing in between")),
            (false, _) => (Action::ReplaceCreateFirst, reason),
        };
        let keep = if resource.manage.protect { Some(Keep::Protect) } else { None };
        if let Some(refusal) = super::guard::protected(address, live, keep, "replace") {
            self.out.refusals.push(refusal);
        }
        self.put(address, schema, action, reason, Some(live), delta, name);
        self.out.fields.insert(address.clone(), fields);
        Ok(())
    }

    /// Returns the complete fields of a resource that does not exist yet, as if nothing of it were known.
    fn fresh_fields(&mut self, address: &Address, schema: &Schema, name: Option<&Arc<str>>) -> Result<Map, Problems> {
        self.facts.attributes.shift_remove(address);
        let mut written = self.input.declared.fields(address, &self.facts)?;
        if let (Some(naming), Some(name)) = (schema.naming, name) {
            written.insert(naming.field.into(), name.clone().into());
        }
        Ok(complete(&schema.fields, &written))
    }

    /// Returns the name for a successor that exists beside the old one: the base, `-`, 6 hex of the old one's id.
    fn successor_name(
        &mut self,
        address: &Address,
        schema: &Schema,
        live: &Live,
    ) -> Result<Option<Arc<str>>, Problems> {
        let fields = self.fresh_fields(address, schema, None)?;
        let Some(naming) = schema.naming else { return Ok(None) };
        let Some(base) = fields.get(naming.field).and_then(|name| name.as_str()) else { return Ok(None) };
        let digest = hex(&Sha256::digest(live.id.as_bytes()));
        let base: String = base.chars().take(naming.max - 7).collect();
        Ok(Some(format!("{}-{}", base.trim_end_matches('-'), &digest[..6]).into()))
    }

    /// Returns the name that trueup chose, if the stack left the choice.
    fn own_name(&self, address: &Address, schema: &Schema, fields: &Map) -> Option<Arc<str>> {
        let naming = schema.naming.filter(|_| self.input.declared.has_default_name(address))?;
        fields.get(naming.field)?.as_str().map(Into::into)
    }

    /// Tells others what is known of a resource before it is created.
    fn foresee(&mut self, address: &Address, schema: &Schema, fields: &Map) {
        let mut known = schema.known(fields, self.input.place);
        if let Some(naming) = schema.naming
            && let Some(name) = fields.get(naming.field).filter(|name| name.is_known())
        {
            known.insert(naming.field.into(), name.clone());
        }
        self.facts.attributes.insert(address.clone(), known);
    }

    /// Tells others what is known of a resource that stays: all but what the update moves.
    fn inform(&mut self, address: &Address, schema: &Schema, live: &Live, written: &Map, delta: &Delta) {
        let mut known = settled(schema, live);
        known.retain(|name, _| {
            let is_moved = !delta.is_empty() && schema.attributes.get(&**name).is_some_and(|attribute| attribute.moves);
            let is_own = written.contains_key(name) && schema.naming.is_none_or(|naming| naming.field != &**name);
            !is_moved && !is_own
        });
        self.facts.attributes.insert(address.clone(), known);
    }

    #[expect(clippy::too_many_arguments, reason = "one call site a case, and a struct would only repeat `Change`")]
    fn put(
        &mut self,
        address: &Address,
        schema: &'static Schema,
        action: Action,
        reason: String,
        live: Option<&Live>,
        delta: Delta,
        name: Option<Arc<str>>,
    ) {
        let change = Change {
            address: address.clone(),
            schema,
            action,
            reason,
            live: live.cloned(),
            name,
            moved_from: self.pairing.moved.get(address).cloned(),
            fields: delta.changes,
        };
        self.changes.insert(address.clone(), change);
    }

    /// Returns the decisions with the changes in the order of the stack.
    fn finish(mut self) -> Decisions {
        let stack_order = self.input.layout.resources.keys();
        self.out.changes = stack_order.filter_map(|address| self.changes.remove(address)).collect();
        let unchanged: HashSet<_> = self.out.unchanged.drain(..).collect();
        let stack_order = self.input.layout.resources.keys();
        self.out.unchanged = stack_order.filter(|address| unchanged.contains(*address)).cloned().collect();
        self.out.facts = self.facts;
        self.out
    }
}

fn cannot_change(delta: &Delta) -> String {
    let mut fields: Vec<_> =
        delta.changes.iter().filter(|change| change.effect == Effect::Replace).map(|change| change.field()).collect();
    fields.dedup();
    format!("`{}` cannot be changed in place", fields.join("`, `"))
}
