//! Reads again what was touched, until the account agrees with the stack and is ready, within bounds.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::sync::mpsc::UnboundedReceiver;

use super::{Event, Unverified};
use crate::diff::{diff, wanted};
use crate::model::delta::FieldChange;
use crate::model::live::{Live, Phase};
use crate::model::plan::{Change, Plan};
use crate::model::schema::{Ready, Schema};
use crate::model::stack::{Declared, Facts};
use crate::plan::{names, tags};
use crate::world::{Ask, World};

/// How long readiness is awaited, unless `manage.timeout` says otherwise.
const READY: Duration = Duration::from_secs(10 * 60);
/// The same for what is slow by nature, if the stack asks to wait for it.
const READY_IF_ASKED: Duration = Duration::from_secs(90 * 60);

/// Returns what does not agree in time. What is read becomes known in `facts`.
pub async fn verify(
    facts: &mut Facts,
    touched: &HashMap<usize, Arc<str>>,
    plan: &Plan,
    declared: &dyn Declared,
    world: &dyn World,
    interrupts: &mut UnboundedReceiver<()>,
    observe: &mut dyn FnMut(Event<'_>),
) -> Vec<Unverified> {
    let mut waited = Duration::ZERO;
    let mut open: Vec<Open<'_>> =
        touched.iter().map(|(change, id)| Open::new(&plan.changes[*change], id, plan)).collect();
    open.sort_by(|a, b| a.change.address.cmp(&b.change.address));
    let mut pause = Duration::from_millis(250);
    let mut late = Vec::new();
    loop {
        look(&mut open, facts, plan, declared, world).await;
        for item in std::mem::take(&mut open) {
            match item.state {
                State::Agrees => {}
                _ if waited >= item.bound() => late.push(item.unverified()),
                _ => open.push(item),
            }
        }
        if open.is_empty() {
            break;
        }
        for item in &mut open {
            item.announce(observe);
        }
        tokio::select! {
            () = world.pause(pause) => waited += pause,
            Some(()) = interrupts.recv() => {
                observe(Event::Interrupted { times: 1 });
                late.extend(open.drain(..).map(Open::unverified));
                break;
            }
        }
        pause = (pause * 2).min(Duration::from_secs(10));
    }
    for item in &late {
        observe(Event::Unverified { address: &item.address, fields: &item.fields, why: &item.why });
    }
    late
}

/// A resource that is not verified yet.
struct Open<'a> {
    change: &'a Change,
    id: Arc<str>,
    ready_bound: Option<Duration>,
    state: State,
    announced: bool,
}

enum State {
    Unseen,
    Differs(Vec<FieldChange>),
    NotReady,
    Failed(String),
    Unreadable(String),
    Agrees,
}

impl<'a> Open<'a> {
    fn new(change: &'a Change, id: &Arc<str>, plan: &Plan) -> Open<'a> {
        let manage = plan.layout.resources.get(&change.address).map(|resource| &resource.manage);
        let asked = manage.and_then(|manage| manage.wait);
        let waits = match change.schema.ready {
            Ready::AtOnce | Ready::AtEnd => asked != Some(false),
            Ready::IfAsked => asked == Some(true),
        };
        let usual = if change.schema.ready == Ready::IfAsked { READY_IF_ASKED } else { READY };
        let ready_bound = waits.then(|| manage.and_then(|manage| manage.timeout).unwrap_or(usual));
        Open { change, id: id.clone(), ready_bound, state: State::Unseen, announced: false }
    }

    fn bound(&self) -> Duration {
        match (&self.state, self.ready_bound) {
            (State::Failed(_), _) => Duration::ZERO,
            (State::NotReady, Some(bound)) => bound,
            _ => self.change.schema.settle,
        }
    }

    fn announce(&mut self, observe: &mut dyn FnMut(Event<'_>)) {
        if !std::mem::replace(&mut self.announced, true) {
            let what = match self.state {
                State::NotReady => "is not ready yet",
                _ => "does not show yet what was written",
            };
            observe(Event::Waiting { address: &self.change.address, what });
        }
    }

    fn unverified(self) -> Unverified {
        let (why, fields) = match self.state {
            State::Unseen => ("cannot be seen in the account".to_owned(), Vec::new()),
            State::Differs(fields) => ("differs from what was written".to_owned(), fields),
            State::NotReady => ("is not ready in time".to_owned(), Vec::new()),
            State::Failed(reason) => (format!("has failed: {reason}"), Vec::new()),
            State::Unreadable(reason) => (format!("cannot be read: {reason}"), Vec::new()),
            State::Agrees => (String::new(), Vec::new()),
        };
        Unverified { address: self.change.address.clone(), fields, why }
    }
}

/// Reads all that is open, one call a kind, and judges each.
async fn look(open: &mut [Open<'_>], facts: &mut Facts, plan: &Plan, declared: &dyn Declared, world: &dyn World) {
    let mut kinds: Vec<(&'static Schema, Vec<Arc<str>>)> = Vec::new();
    for item in open.iter() {
        match kinds.iter_mut().find(|(schema, _)| schema.kind == item.change.schema.kind) {
            Some((_, ids)) => ids.push(item.id.clone()),
            None => kinds.push((item.change.schema, vec![item.id.clone()])),
        }
    }
    let asks: Vec<_> = kinds.into_iter().map(|(schema, ids)| (schema, Ask::Ids(ids))).collect();
    let reads = asks.iter().map(|(schema, ask)| world.discover(schema, &plan.place.region, ask));
    let found = join_all(reads).await;
    let mut live = HashMap::new();
    let mut unreadable = HashMap::new();
    for ((schema, _), found) in asks.iter().zip(found) {
        match found {
            Ok(found) => live.extend(found.into_iter().map(|live| ((schema.kind, live.id.clone()), live))),
            Err(failure) => {
                unreadable.insert(schema.kind, failure.to_string());
            }
        }
    }
    for item in open.iter() {
        if let Some(live) = live.get(&(item.change.schema.kind, item.id.clone())) {
            let known = facts.attributes.entry(item.change.address.clone()).or_default();
            known.extend(live.attributes.clone());
        }
    }
    for item in open.iter_mut() {
        let kind = item.change.schema.kind;
        item.state = match (live.remove(&(kind, item.id.clone())), unreadable.get(kind)) {
            (Some(live), _) => judge(item, live, facts, plan, declared),
            (None, Some(reason)) => State::Unreadable(reason.clone()),
            (None, None) => State::Unseen,
        };
    }
}

fn judge(item: &Open<'_>, mut live: Live, facts: &Facts, plan: &Plan, declared: &dyn Declared) -> State {
    let change = item.change;
    if let Phase::Failed(reason) = &live.phase {
        return State::Failed(reason.clone());
    }
    let manage = plan.layout.resources.get(&change.address).map(|resource| resource.manage.clone()).unwrap_or_default();
    tags::expose(&mut live, change.schema, &plan.ignored_tags);
    let mut written = match declared.fields(&change.address, facts) {
        Ok(written) => written,
        Err(problems) => {
            let first = problems.list.first().map(|problem| problem.message.clone());
            return State::Unreadable(first.unwrap_or_default());
        }
    };
    names::keep(declared, &change.address, change.schema, &live, &mut written);
    let wanted = wanted(&change.schema.fields, &written, &live.fields, &manage.ignore);
    let mut delta = diff(&change.schema.fields, &wanted, &live.fields);
    delta.changes.extend(tags::mark_changes(&plan.owner, &change.address, &manage, &live, change.schema));
    match (delta.is_empty(), &live.phase, item.ready_bound) {
        (false, ..) => State::Differs(delta.changes),
        (true, Phase::Pending, Some(_)) => State::NotReady,
        _ => State::Agrees,
    }
}
