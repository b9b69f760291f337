//! The four rules of order, checked on the steps themselves: whatever runs side by side, these hold.

use std::collections::{HashMap, HashSet};

use proptest::prelude::*;
use trueup::model::address::Address;
use trueup::model::plan::{Action, Op, Plan, Step};
use trueup::model::stack::Resource;
use trueup::model::value::Value;
use trueup::sandbox::Stored;

use super::convergence::{Account, run, settle, show};
use super::random::{sketches, stack};
use super::stack::Stack;
use super::{apply, kinds};

/// The steps of a plan with everything that is certain to come before each.
struct Order<'a> {
    plan: &'a Plan,
    before: Vec<HashSet<usize>>,
}

impl<'a> Order<'a> {
    fn of(plan: &'a Plan) -> Order<'a> {
        let mut before: Vec<HashSet<usize>> = vec![HashSet::new(); plan.steps.len()];
        loop {
            let mut grown = false;
            for (at, step) in plan.steps.iter().enumerate() {
                let all: HashSet<usize> =
                    step.after.iter().flat_map(|first| before[*first].iter().copied().chain([*first])).collect();
                grown |= all.len() > before[at].len();
                before[at] = all;
            }
            if !grown {
                return Order { plan, before };
            }
        }
    }

    fn find(&self, address: &Address, test: impl Fn(&Step) -> bool) -> Option<usize> {
        let of = |step: &Step| self.plan.changes[step.change].address == *address;
        self.plan.steps.iter().position(|step| of(step) && test(step))
    }

    /// Returns the step that deletes this resource.
    fn delete(&self, stored: &Stored) -> Option<usize> {
        let is_it = |step: &Step| {
            let change = &self.plan.changes[step.change];
            step.op == Op::Delete
                && change.live.as_ref().is_some_and(|live| live.kind == &*stored.key.kind && live.id == stored.key.id)
        };
        self.plan.steps.iter().position(is_it)
    }

    fn is_before(&self, first: usize, then: usize) -> bool {
        self.before[then].contains(&first)
    }

    fn acyclic(&self) -> Result<(), TestCaseError> {
        let ring = (0..self.before.len()).find(|at| self.before[*at].contains(at));
        prop_assert_eq!(ring, None, "a step waits for itself:\n{}", show(self.plan));
        Ok(())
    }

    /// Rule 1: a resource is written after what it needs.
    fn needs_come_first(&self, stack: &Stack) -> Result<(), TestCaseError> {
        for (address, resource) in &stack.layout().resources {
            for reference in &resource.references {
                let Some(made) = self.find(&reference.to, |step| matches!(step.op, Op::Create { .. })) else {
                    continue;
                };
                let writes = |step: &Step| match &step.op {
                    Op::Create { deferred } => !deferred.contains(&reference.field),
                    Op::Configure { fields } => fields.contains(&reference.field),
                    Op::Update => true,
                    _ => false,
                };
                let Some(written) = self.find(address, writes) else { continue };
                prop_assert!(
                    self.is_before(made, written),
                    "{address} is written before {} is made:\n{}",
                    reference.to,
                    show(self.plan)
                );
            }
        }
        Ok(())
    }

    /// Rule 2: the two halves of a replacement keep their order.
    fn halves_keep_their_order(&self) -> Result<(), TestCaseError> {
        for (at, change) in self.plan.changes.iter().enumerate() {
            let find =
                |test: fn(&Op) -> bool| self.plan.steps.iter().position(|step| step.change == at && test(&step.op));
            let (make, end) = (find(|op| matches!(op, Op::Create { .. })), find(|op| *op == Op::Delete));
            let (Some(make), Some(end)) = (make, end) else { continue };
            let (first, then) = if change.action == Action::ReplaceCreateFirst { (make, end) } else { (end, make) };
            prop_assert!(self.is_before(first, then), "the halves of {}:\n{}", change.address, show(self.plan));
        }
        Ok(())
    }

    /// Rules 3 and 4: a resource is deleted after all that hold it are deleted or have let go.
    fn holders_let_go_first(&self, everything: &[Stored]) -> Result<(), TestCaseError> {
        for held in everything {
            let Some(end) = self.delete(held) else { continue };
            for (holder, field) in everything.iter().filter_map(|holder| Some((holder, hold(holder, held)?))) {
                let address = holder.mark().expect("all are ours").address;
                let lets_go = |step: &Step| match &step.op {
                    Op::Release { fields, .. } => fields.iter().any(|released| **released == *field),
                    Op::Update => true,
                    _ => false,
                };
                let frees = |(at, step): (usize, &Step)| {
                    let is_release = self.plan.changes[step.change].address == address && lets_go(step);
                    (is_release || Some(at) == self.delete(holder)) && self.is_before(at, end)
                };
                let is_free = self.plan.steps.iter().enumerate().any(frees);
                prop_assert!(is_free, "`{}` goes while {address} holds it:\n{}", held.key.id, show(self.plan));
            }
        }
        Ok(())
    }

    /// What is needed without being named is made before, and deleted after.
    fn implied_needs_count_too(&self, stack: &Stack, everything: &[Stored]) -> Result<(), TestCaseError> {
        let of = |kind: &'static str| everything.iter().filter(move |stored| &*stored.key.kind == kind);
        for (gate, mount) in of("gates").flat_map(|gate| of("mounts").map(move |mount| (gate, mount))) {
            let (Some(then), Some(first)) = (self.delete(gate), self.delete(mount)) else { continue };
            let is_needed = gate.fields["net_id"] == mount.fields["net_id"];
            prop_assert!(!is_needed || self.is_before(first, then), "needs, reversed:\n{}", show(self.plan));
        }
        let layout = stack.layout();
        let made = |kind: &'static str| layout.resources.values().filter(move |made| &*made.address.kind == kind);
        for (gate, mount) in made("gates").flat_map(|gate| made("mounts").map(move |mount| (gate, mount))) {
            let net = |resource: &Resource| resource.references.iter().find(|to| &*to.field == "net_id").cloned();
            let create = |address: &Address| self.find(address, |step| matches!(step.op, Op::Create { .. }));
            let (Some(first), Some(then)) = (create(&gate.address), create(&mount.address)) else { continue };
            let is_needed = net(gate) == net(mount);
            prop_assert!(!is_needed || self.is_before(first, then), "needs:\n{}", show(self.plan));
        }
        Ok(())
    }
}

/// Returns the field in which a resource names another.
fn hold(holder: &Stored, held: &Stored) -> Option<&'static str> {
    let schema = kinds::schemas().iter().find(|schema| schema.kind == &*holder.key.kind)?;
    let is_same = holder.key == held.key;
    schema.fields.fields.iter().filter(|_| !is_same).find_map(|(name, field)| {
        let inner = field.shape.record().and_then(|record| record.fields.values().find_map(|field| field.refers));
        let refers = field.refers.or(inner)?;
        let value = holder.fields.get(*name)?;
        (refers.kind == &*held.key.kind && mentions(value, &held.key.id)).then_some(*name)
    })
}

fn mentions(value: &Value, id: &str) -> bool {
    match value {
        Value::Str(text) => **text == *id,
        Value::List(items) => items.iter().any(|item| mentions(item, id)),
        Value::Map(map) => map.values().any(|value| mentions(value, id)),
        _ => false,
    }
}

fn check(account: &Account, stack: &Stack, destroy: bool) -> Result<(), TestCaseError> {
    let nothing = Stack::default();
    let plan = run(apply::plan(&account.sandbox, stack, destroy)).expect("a good day");
    let order = Order::of(&plan);
    order.acyclic()?;
    if !destroy {
        order.needs_come_first(stack)?;
    }
    order.halves_keep_their_order()?;
    order.holders_let_go_first(&account.everything())?;
    order.implied_needs_count_too(if destroy { &nothing } else { stack }, &account.everything())?;
    check_addresses(&plan)
}

/// No resource is the subject of two changes.
fn check_addresses(plan: &Plan) -> Result<(), TestCaseError> {
    let mut subjects: HashMap<(&str, &str), &Address> = HashMap::new();
    for change in &plan.changes {
        if let Some(live) = &change.live {
            let twice = subjects.insert((live.kind, &live.id), &change.address);
            prop_assert_eq!(twice, None, "`{}` is changed twice:\n{}", live.id, show(plan));
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(super::convergence::config())]

    #[test]
    fn the_steps_of_every_plan_keep_the_rules(sketches in sketches()) {
        let mut account = Account::new();
        check(&account, &stack(&sketches, 0), false)?;
        settle(&mut account, &stack(&sketches, 0), false)?;
        check(&account, &stack(&sketches, 1), false)?;
        check(&account, &Stack::default(), true)?;
    }
}
