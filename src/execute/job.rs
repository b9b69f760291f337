//! One step as work: what to send, worked out from what is known when it starts.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use super::Options;
use crate::diff::{complete, diff, wanted};
use crate::model::address::Address;
use crate::model::delta::Delta;
use crate::model::failure::{Class, Failure};
use crate::model::live::Live;
use crate::model::owner::Mark;
use crate::model::plan::{Change, Op, Plan, Step};
use crate::model::schema::{Place, Schema, Scope};
use crate::model::shape::{Absent, Defer};
use crate::model::stack::{Declared, Facts, Manage};
use crate::model::value::{Map, Value};
use crate::plan::{names, release, tags};
use crate::world::{Ask, Born, New, Old, Revision, TagChange, Token, World};

/// How long a resource that was created may stay invisible to reads.
const APPEAR: Duration = Duration::from_secs(60);

/// What a step made known.
#[derive(Clone, Debug, Default)]
pub struct Done {
    /// The id of the resource, unless it is gone.
    pub id: Option<Arc<str>>,
    pub attributes: crate::model::value::Map,
    /// The resource as it is after this step, for the next step of the same change.
    live: Option<Live>,
}

/// Makes jobs, and remembers what earlier steps left for later ones.
#[derive(Debug, Default)]
pub struct Jobs {
    /// The resource of a change as its last step left it: the one that goes (true), or the one that stays.
    live: HashMap<(usize, bool), Live>,
}

/// Returns true if a step of this change is about the resource that goes, and not about its successor.
pub fn is_about_old(change: &Change, op: &Op) -> bool {
    change.action.destroys() && matches!(op, Op::Mark | Op::Release { .. } | Op::Delete)
}

impl Jobs {
    pub fn note(&mut self, change: &Change, step: &Step, done: Done) {
        if let Some(live) = done.live {
            self.live.insert((step.change, is_about_old(change, &step.op)), live);
        }
    }

    /// Works out what a step is to send.
    ///
    /// # Errors
    /// If a value is still not known, or the stack's expressions fail on the values that are known now.
    pub fn prepare(
        &self,
        plan: &Plan,
        step: &Step,
        declared: &dyn Declared,
        facts: &Facts,
        options: &Options,
    ) -> Result<Job, Failure> {
        let change = &plan.changes[step.change];
        let prepare = Prepare { plan, change, declared, facts };
        let live = || {
            let live = self.live.get(&(step.change, is_about_old(change, &step.op))).or(change.live.as_ref());
            live.cloned().ok_or_else(|| Failure::new(Class::Other, "there is nothing to change"))
        };
        let work = match &step.op {
            Op::Create { deferred } => prepare.create(deferred)?,
            Op::Configure { .. } => prepare.update(live()?, false)?,
            Op::Update => prepare.update(live()?, true)?,
            Op::Release { fields, ids } => prepare.release(live()?, fields, ids),
            Op::Mark => prepare.mark_replaced(live()?),
            Op::Forget => {
                let live = live()?;
                let tags = tags::forgotten(&live);
                Work::Revise { fields: live.fields.clone(), live, delta: Delta::default(), tags }
            }
            Op::Delete => Work::Delete {
                live: live()?,
                fields: prepare.written_if_declared(),
                lose_data: options
                    .lose_data
                    .iter()
                    .any(|allowed| *allowed == change.address || *allowed == change.address.block()),
            },
        };
        let needed = match step.op {
            Op::Create { .. } | Op::Update => needed_attributes(plan, change, facts),
            _ => Vec::new(),
        };
        let token = prepare.token(&work);
        Ok(Job {
            schema: change.schema,
            address: change.address.clone(),
            place: plan.place.clone(),
            token,
            work,
            needed,
        })
    }
}

/// One step, ready to be sent. Owns all it needs.
#[derive(Debug)]
pub struct Job {
    schema: &'static Schema,
    address: Address,
    place: Place,
    token: Token,
    work: Work,
    /// Attributes that later steps refer to.
    needed: Vec<Arc<str>>,
}

#[derive(Debug)]
enum Work {
    Create { fields: Map, tags: Map },
    Revise { live: Live, fields: Map, delta: Delta, tags: TagChange },
    Delete { live: Live, fields: Option<Map>, lose_data: bool },
}

struct Prepare<'a> {
    plan: &'a Plan,
    change: &'a Change,
    declared: &'a dyn Declared,
    facts: &'a Facts,
}

impl Prepare<'_> {
    fn manage(&self) -> Manage {
        let resource = self.plan.layout.resources.get(&self.change.address);
        resource.map(|resource| resource.manage.clone()).unwrap_or_default()
    }

    fn mark(&self) -> Mark {
        tags::mark(&self.plan.owner, &self.change.address, &self.manage())
    }

    /// Returns what the stack writes, with the name that the plan chose.
    fn written(&self) -> Result<Map, Failure> {
        let mut fields = self.declared.fields(&self.change.address, self.facts).map_err(|problems| {
            let first = problems.list.first().map(|problem| problem.message.clone()).unwrap_or_default();
            Failure::new(Class::Invalid, first)
        })?;
        if let (Some(naming), Some(name)) = (self.change.schema.naming, &self.change.name) {
            fields.insert(naming.field.into(), name.clone().into());
        }
        Ok(fields)
    }

    fn written_if_declared(&self) -> Option<Map> {
        let is_declared = self.plan.layout.resources.contains_key(&self.change.address);
        is_declared.then(|| self.written().ok()).flatten()
    }

    fn create(&self, deferred: &[Arc<str>]) -> Result<Work, Failure> {
        let mut fields = complete(&self.change.schema.fields, &self.written()?);
        for name in deferred {
            let placeholder = match self.change.schema.fields.fields.get(&**name).and_then(|field| field.defer) {
                Some(Defer::Placeholder(make)) => make(&fields),
                _ => Value::Null,
            };
            match placeholder.is_null() {
                true => fields.shift_remove(name),
                false => fields.insert(name.clone(), placeholder),
            };
        }
        let fields = known(fields)?;
        let tags = tags::at_birth(&fields, &self.mark());
        Ok(Work::Create { fields, tags })
    }

    /// Returns what makes the live resource as the stack writes it; with the mark, if it is to be owned by it.
    fn update(&self, live: Live, with_mark: bool) -> Result<Work, Failure> {
        let record = &self.change.schema.fields;
        let mut written = self.written()?;
        names::keep(self.declared, &self.change.address, self.change.schema, &live, &mut written);
        let fields = known(wanted(record, &written, &live.fields, &self.manage().ignore))?;
        let delta = diff(record, &fields, &live.fields);
        let tags = match with_mark {
            true => tags::change(&live, &fields, &self.mark()),
            false => TagChange::default(),
        };
        Ok(Work::Revise { live, fields, delta, tags })
    }

    fn release(&self, live: Live, names: &[Arc<str>], ids: &[Arc<str>]) -> Work {
        let mut fields = live.fields.clone();
        for name in names {
            fields = release::without(&fields, name, ids);
        }
        let delta = diff(&self.change.schema.fields, &fields, &live.fields);
        Work::Revise { live, fields, delta, tags: TagChange::default() }
    }

    fn mark_replaced(&self, live: Live) -> Work {
        let successor = self.change.name.clone().unwrap_or_else(|| "a successor".into());
        let set = Map::from_iter([(crate::model::owner::tag::REPLACED_BY.into(), Value::Str(successor))]);
        let tags = TagChange { set, remove: Vec::new() };
        Work::Revise { fields: live.fields.clone(), live, delta: Delta::default(), tags }
    }

    fn token(&self, work: &Work) -> Token {
        let (fields, tags) = match work {
            Work::Create { fields, tags } => (fields.clone(), tags.clone()),
            Work::Revise { fields, tags, .. } => (fields.clone(), tags.set.clone()),
            Work::Delete { .. } => (Map::new(), Map::new()),
        };
        let replaces = self.change.live.as_ref().map(|live| &*live.id);
        Token::new(&self.plan.owner, &self.plan.place.region, &self.change.address, replaces, &fields, &tags)
    }
}

/// Returns the fields laid open, if nothing in them is unknown any more.
fn known(fields: Map) -> Result<Map, Failure> {
    if let Some((name, waits_for)) = fields.iter().find_map(|(name, value)| Some((name, value.waits_for()?))) {
        let message = format!("`{name}` waits for `{}`, which AWS has not told", waits_for.0);
        return Err(Failure::new(Class::Other, message));
    }
    Ok(fields.into_iter().map(|(name, value)| (name, value.reveal())).collect())
}

/// Returns what others refer to and is not known before this step is done.
fn needed_attributes(plan: &Plan, change: &Change, facts: &Facts) -> Vec<Arc<str>> {
    let is_told_by_aws = |name: &str| {
        change.schema.attributes.contains_key(name)
            || change.schema.fields.fields.get(name).is_some_and(|field| matches!(field.absent, Absent::LeftAlone))
    };
    let known = facts.attributes.get(&change.address);
    let mut needed: Vec<Arc<str>> = plan
        .layout
        .resources
        .values()
        .flat_map(|resource| &resource.references)
        .filter(|reference| reference.to == change.address || reference.to == change.address.block())
        .map(|reference| reference.attribute.clone())
        .filter(|name| is_told_by_aws(name) && !known.is_some_and(|known| known.contains_key(name)))
        .collect();
    needed.sort();
    needed.dedup();
    needed
}

impl Job {
    /// Sends it. Returns what the step made known.
    pub async fn run(self, world: &dyn World) -> Result<Done, Failure> {
        let schema = self.schema;
        match &self.work {
            Work::Create { fields, tags } => {
                let new = New { address: &self.address, place: &self.place, fields, tags, token: self.token.clone() };
                let born = world.create(schema, &new).await?;
                let mut live = self.born(&born, fields, tags);
                live.attributes.extend(schema.known(fields, &self.place));
                self.finish(world, live).await
            }
            Work::Revise { live, fields, delta, tags } => {
                let mut after = live.clone();
                if !delta.is_empty() || !tags.is_empty() {
                    let tags = tags.clone();
                    after.tags = tags.apply(&live.tags);
                    let revision =
                        Revision { live, place: &self.place, fields, delta, tags, token: self.token.clone() };
                    after.attributes.extend(world.update(schema, &revision).await?);
                }
                after.fields = fields.clone();
                self.finish(world, after).await
            }
            Work::Delete { live, fields, lose_data } => {
                let old = Old { live, place: &self.place, fields: fields.as_ref(), lose_data: *lose_data };
                world.delete(schema, &old).await?;
                Ok(Done::default())
            }
        }
    }

    fn born(&self, born: &Born, fields: &Map, tags: &Map) -> Live {
        let region = (self.schema.scope == Scope::Regional).then_some(&*self.place.region);
        let mut live = Live::new(self.schema.kind, region, born.id.clone());
        live.attributes.extend(born.attributes.clone());
        (live.fields, live.tags) = (fields.clone(), tags.clone());
        live
    }

    /// Reads the attributes that later steps need and the call did not tell.
    async fn finish(&self, world: &dyn World, mut live: Live) -> Result<Done, Failure> {
        let lacks = |live: &Live| self.needed.iter().find(|name| !live.attributes.contains_key(*name)).cloned();
        let mut waited = Duration::ZERO;
        let mut pause = Duration::from_millis(200);
        while let Some(missing) = lacks(&live) {
            let ask = Ask::Ids(vec![live.id.clone()]);
            let found = world.discover(self.schema, &self.place.region, &ask).await?;
            if let Some(found) = found.into_iter().next() {
                let told = found.fields.iter().filter(|(name, _)| self.needed.contains(name));
                live.attributes.extend(told.map(|(name, value)| (name.clone(), value.clone())));
                live.attributes.extend(found.attributes);
            }
            if lacks(&live).is_some() {
                if waited > APPEAR {
                    let message = format!("exists as `{}`, and AWS does not tell its `{missing}`", live.id);
                    return Err(Failure::new(Class::TimedOut, message));
                }
                world.pause(pause).await;
                waited += pause;
                pause = (pause * 2).min(Duration::from_secs(5));
            }
        }
        Ok(Done { id: Some(live.id.clone()), attributes: live.attributes.clone(), live: Some(live) })
    }
}
