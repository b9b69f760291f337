//! The contract of a kind, over HTTP, for every kind and every part.
//!
//! What is created reads back as it was written, and is listed as owned; every field can be set, changed and
//! removed; what is gone is deleted without complaint, and cannot be updated. The cases are in `tests/contract/`.

mod case;
mod coverage;
mod subject;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use trueup::model::failure::{Class, Failure};
use trueup::model::live::{Live, Phase};
use trueup::model::owner::Owner;
use trueup::model::schema::Schema;
use trueup::model::shape::{Absent, Effect};
use trueup::model::value::{Map, Value};
use trueup::world::Ask;

use crate::emulators::{self, Endpoint, fresh_account};
use crate::{holes, requests};
use case::{Case, Cases, Names};
use subject::{Account, Subject};

macro_rules! contract {
    ($($kind:ident),* $(,)?) => {
        /// The kinds with a contract here.
        const KINDS: &[&str] = &[$(stringify!($kind)),*];

        mod on_aws {
            $(#[test] fn $kind() { super::check(stringify!($kind), super::emulators::aws(), super::emulator_of(stringify!($kind))); })*
        }
    };
}

contract!(
    vpcs,
    subnets,
    internet_gateways,
    elastic_ips,
    nat_gateways,
    route_tables,
    security_groups,
    roles,
    instance_profiles,
    launch_templates,
    autoscaling_groups,
    target_groups,
    load_balancers,
    buckets,
    origin_access_controls,
    distributions,
    queues,
    alarms,
);

macro_rules! contract_on_localstack {
    ($($kind:ident),* $(,)?) => {
        mod on_localstack {
            $(#[test] fn $kind() {
                if let Some(localstack) = super::emulators::localstack() {
                    super::check(stringify!($kind), localstack, super::holes::LOCALSTACK);
                }
            })*
        }
    };
}

// What LocalStack's free edition serves: the strictest S3, and moto's EC2 as others run it.
contract_on_localstack!(vpcs, subnets, security_groups, roles, instance_profiles, buckets, queues);

#[test]
fn every_kind_has_its_contract() {
    let kinds: Vec<&str> = trueup::kinds::schemas().iter().map(|schema| schema.kind).collect();
    let missing: Vec<_> = kinds.iter().filter(|kind| !KINDS.contains(kind)).collect();
    assert!(missing.is_empty(), "add to `contract!`: {missing:?}");
}

/// Returns which emulator serves a kind behind the one endpoint.
fn emulator_of(kind: &str) -> &'static str {
    match kind {
        "distributions" | "origin_access_controls" => holes::MINISTACK,
        _ => holes::MOTO,
    }
}

/// What went wrong, and where: a field's path, or a step.
struct Problem {
    at: String,
    text: String,
}

/// Runs all cases of a kind in an account of their own, and reports every problem that no hole explains.
fn check(kind: &str, endpoint: &Endpoint, emulator: &'static str) {
    let cases = Cases::read(kind);
    let account = fresh_account();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime can be made");
    let mut problems = runtime.block_on(run(kind, &cases, endpoint, &account, emulator));
    let involved = trueup::kinds::schemas().iter().filter(|schema| {
        schema.kind == kind || cases.given.keys().any(|address| address.starts_with(&format!("{}.", schema.kind)))
    });
    problems.extend(
        requests::wrong(endpoint, &account, involved).into_iter().map(|text| Problem { at: "request".into(), text }),
    );
    let schema = trueup::kinds::schema(kind).unwrap_or_else(|| panic!("there is no kind `{kind}`"));
    problems.extend(coverage::missing(schema, &cases).into_iter().map(|(at, text)| Problem { at, text: text.into() }));
    judge(kind, emulator, &problems);
}

/// Fails on every problem that no hole explains, and on every hole that explains none.
fn judge(kind: &str, emulator: &str, problems: &[Problem]) {
    let holes = holes::of(emulator, kind);
    let mut first: BTreeMap<&str, (&str, u32)> = BTreeMap::new();
    for problem in problems.iter().filter(|problem| !holes.iter().any(|hole| hole.explains(&problem.at).is_some())) {
        first.entry(&problem.at).or_insert((&problem.text, 0)).1 += 1;
    }
    // What is lost is lost in every step: the first one says it.
    let mut wrong: Vec<String> = first
        .into_iter()
        .map(
            |(at, (text, times))| {
                if times > 1 { format!("{at}: {text} [{times} times]") } else { format!("{at}: {text}") }
            },
        )
        .collect();
    for hole in holes {
        let used: BTreeSet<_> = problems.iter().filter_map(|problem| hole.explains(&problem.at)).collect();
        let stale = hole.at.iter().filter(|at| !used.contains(**at));
        wrong.extend(stale.map(|at| format!("{at}: no hole any more, take it out of the row: {}", hole.what)));
    }
    assert!(wrong.is_empty(), "{kind} on {emulator}:\n  {}\n", wrong.join("\n  "));
}

async fn run(kind: &str, cases: &Cases, endpoint: &Endpoint, account: &str, emulator: &str) -> Vec<Problem> {
    let account = Account::open(endpoint, account).await;
    let mut names = Names::default();
    names.0.insert("account".into(), account.place.account.clone().into());
    names.0.insert("region".into(), account.place.region.clone().into());
    let mut given = Vec::new();
    for (address, fields) in &cases.given {
        let subject = account.subject(address);
        let fields = names.fill(fields).as_map().cloned().unwrap_or_default();
        let born = subject.create(&fields).await.unwrap_or_else(|failure| panic!("given `{address}`: {failure}"));
        let live = only(subject.read(&Ask::Ids(vec![born.id])).await).unwrap_or_else(|why| panic!("{address}: {why}"));
        names.put(address, &live.fields);
        names.put(address, &live.attributes);
        given.push((subject, fields, live));
    }
    let mut problems = Vec::new();
    let mut seen = BTreeSet::new();
    for (name, case) in &cases.cases {
        if case.only.is_empty() || case.only.iter().any(|only| emulator.starts_with(only.as_str())) {
            let subject = account.subject(&format!("{kind}.{name}"));
            Run { subject, case, name, names: &names, problems: &mut problems, seen: &mut seen }.run().await;
        }
    }
    let attributes = trueup::kinds::schema(kind).into_iter().flat_map(|schema| schema.attributes.keys());
    problems.extend(
        attributes
            .filter(|name| !seen.contains(**name))
            .map(|name| Problem { at: (*name).into(), text: "no case reports this attribute".into() }),
    );
    for (subject, fields, live) in given.iter().rev() {
        if let Err(failure) = subject.delete(live, fields).await {
            problems.push(Problem { at: format!("delete {}", subject.address), text: failure.to_string() });
        }
    }
    problems
}

/// Returns the one live resource that was found.
fn only(found: Result<Vec<Live>, Failure>) -> Result<Live, String> {
    let mut found = found.map_err(|failure| failure.to_string())?;
    match found.len() {
        1 => Ok(found.remove(0)),
        n => Err(format!("{n} are found instead of one")),
    }
}

/// Returns true if `after` has fewer fields.
fn after_is_less(after: &Map, before: &Map) -> bool {
    after.len() < before.len()
}

/// One resource's life.
struct Run<'a> {
    subject: Subject<'a>,
    case: &'a Case,
    name: &'a str,
    names: &'a Names,
    problems: &'a mut Vec<Problem>,
    /// The attributes that were reported at least once.
    seen: &'a mut BTreeSet<Arc<str>>,
}

impl Run<'_> {
    async fn run(mut self) {
        let mut fields = self.names.fill_all(&self.case.fields);
        let born = match self.subject.create(&fields).await {
            Ok(born) => born,
            Err(failure) => return self.problem(format!("create {}", self.name), failure),
        };
        let asks = self.asks(&fields, &born.id);
        for (what, ask) in asks {
            match self.find(&ask).await {
                Ok(live) => self.compare(&format!("created, then read {what}"), &live, &fields, &born.attributes),
                Err(why) => self.problem(format!("read {what}"), why),
            }
        }
        self.foreign_is_not_owned().await;
        let Some(mut live) = self.reread(&born.id).await else { return };
        self.known_is_true(&live, &fields);
        for (field, value) in &self.case.change {
            let after = Map::from_iter([(field.as_str().into(), self.names.fill(value))]);
            self.step(&format!("change {field}"), &[field], after, &mut fields, &mut live).await;
        }
        for together in self.removals(&fields) {
            let fields_gone: Vec<&str> = together.iter().map(String::as_str).collect();
            self.step(&format!("unset {}", fields_gone.join(", ")), &fields_gone, Map::new(), &mut fields, &mut live)
                .await;
        }
        self.retag(&mut fields, &mut live).await;
        self.end(&live, &fields).await;
    }

    fn problem(&mut self, at: impl Into<String>, text: impl ToString) {
        self.problems.push(Problem { at: at.into(), text: format!("({}) {}", self.name, text.to_string()) });
    }

    fn schema(&self) -> &'static Schema {
        self.subject.schema
    }

    /// Returns the ways in which a plan asks for a resource.
    fn asks(&self, fields: &Map, id: &Arc<str>) -> Vec<(&'static str, Ask)> {
        let mut asks =
            vec![("owned", Ask::Owned(self.subject.account.owner.clone())), ("by id", Ask::Ids(vec![id.clone()]))];
        let name = self.schema().naming.and_then(|naming| fields.get(naming.field)).and_then(Value::as_str);
        asks.extend(name.map(|name| ("by name", Ask::Named(vec![name.into()]))));
        asks
    }

    /// Returns the resource among those that `ask` finds: the given ones can be of its kind.
    async fn find(&self, ask: &Ask) -> Result<Live, String> {
        let mut found = self.subject.read(ask).await;
        if let Ok(found) = &mut found {
            found.retain(|live| live.mark().is_none_or(|mark| mark.address == self.subject.address));
        }
        only(found)
    }

    async fn reread(&mut self, id: &Arc<str>) -> Option<Live> {
        match only(self.subject.read(&Ask::Ids(vec![id.clone()])).await) {
            Ok(live) => Some(live),
            Err(why) => {
                self.problem("read by id", why);
                None
            }
        }
    }

    /// Checks that a live resource is as it was written, whole, usable, and ours.
    fn compare(&mut self, step: &str, live: &Live, fields: &Map, attributes: &Map) {
        for change in self.subject.delta(live, fields).changes {
            self.problem(&change.path, format!("{step}: {} came back as {}", change.after, change.before));
        }
        for name in
            live.fields.keys().filter(|name| !self.schema().fields.fields.contains_key(&***name)).collect::<Vec<_>>()
        {
            self.problem(&**name, format!("{step}: no field of the schema"));
        }
        for (name, value) in attributes {
            if live.attributes.get(name) != Some(value) {
                let read = live.attributes.get(name).cloned().unwrap_or_default();
                self.problem(&**name, format!("{step}: the attribute was {value}, and reads {read}"));
            }
        }
        self.seen.extend(live.attributes.keys().cloned());
        if live.mark().as_ref() != Some(&self.subject.mark) {
            self.problem("tags", format!("{step}: not marked as owned: {:?}", live.tags));
        }
        if !matches!(live.phase, Phase::Usable | Phase::Pending) {
            self.problem("phase", format!("{step}: {:?}", live.phase));
        }
    }

    /// Checks that what can be computed before creation is what AWS reports.
    fn known_is_true(&mut self, live: &Live, fields: &Map) {
        for (name, value) in self.schema().known(fields, &self.subject.account.place) {
            if live.attributes.get(&name) != Some(&value) {
                let read = live.attributes.get(&name).cloned().unwrap_or_default();
                self.problem(&*name, format!("computed before creation as {value}, and reads {read}"));
            }
        }
    }

    async fn foreign_is_not_owned(&mut self) {
        let owner = self.subject.account.owner.clone();
        for foreign in
            [Owner { stack: "another".into(), ..owner.clone() }, Owner { environment: Some("prod".into()), ..owner }]
        {
            match self.subject.read(&Ask::Owned(foreign.clone())).await {
                Ok(found) if found.is_empty() => {}
                Ok(_) => self.problem("read owned", format!("is listed as owned by {foreign}")),
                Err(failure) => self.problem("read owned", failure),
            }
        }
    }

    /// Changes fields (or removes those that `after` lacks), reads back, and checks that just they differed.
    async fn step(&mut self, step: &str, touched: &[&str], after: Map, fields: &mut Map, live: &mut Live) {
        let mut next = fields.clone();
        next.retain(|name, _| !touched.contains(&&**name));
        next.extend(after);
        let delta = self.subject.delta(live, &next);
        if delta.effect() == Some(Effect::Replace) {
            // What replaces is a creation and a deletion: there is nothing to carry out here.
            return;
        }
        if !touched.iter().any(|field| delta.touches(field)) {
            // To unset what was changed to its default is no change.
            if !after_is_less(&next, fields) && !self.is_left_alone(touched) {
                self.problem(step, "does not show as a change");
            }
            return;
        }
        match self.subject.update(live, &next).await {
            Ok(moved) => {
                *fields = next;
                if let Some(read) = self.reread(&live.id.clone()).await {
                    *live = read;
                    self.compare(step, live, fields, &moved);
                }
            }
            Err(failure) => self.problem(step, failure),
        }
    }

    fn is_left_alone(&self, names: &[&str]) -> bool {
        names.iter().all(|name| match self.schema().fields.fields.get(name) {
            Some(field) => matches!(field.absent, Absent::LeftAlone) || field.write_only || field.local,
            None => false,
        })
    }

    /// Returns the fields to unset: one by one, or those that go together.
    fn removals(&self, fields: &Map) -> Vec<Vec<String>> {
        let single = fields.keys().filter(|name| {
            let kept = self.case.keep.iter().chain(self.case.together.iter().flatten()).any(|kept| **kept == ***name);
            let field = self.schema().fields.fields.get(&***name);
            let is_name = self.schema().naming.is_some_and(|naming| naming.field == &***name);
            !kept
                && !is_name
                && field.is_some_and(|field| !matches!(field.absent, Absent::Required) && !field.local)
                && &***name != "tags"
        });
        single.map(|name| vec![name.to_string()]).chain(self.case.together.iter().cloned()).collect()
    }

    /// Adds a tag, changes it, and takes it off again.
    async fn retag(&mut self, fields: &mut Map, live: &mut Live) {
        if !self.schema().fields.fields.contains_key("tags") {
            return;
        }
        for (step, value) in [("tag", Some("one two")), ("tag anew", Some("2=/:+@.")), ("untag", None)] {
            let tags = value.map(|value| Value::map([("another:tag", value)]));
            let after = tags.map(|tags| ("tags".into(), tags)).into_iter().collect();
            self.step(step, &["tags"], after, fields, live).await;
        }
    }

    /// Deletes twice, and updates what is gone.
    async fn end(&mut self, live: &Live, fields: &Map) {
        for step in ["delete", "delete again"] {
            if let Err(failure) = self.subject.delete(live, fields).await {
                self.problem(step, failure);
            }
        }
        match self.subject.read(&Ask::Ids(vec![live.id.clone()])).await {
            Ok(found) if found.iter().all(|live| live.phase == Phase::Deleting) => {}
            Ok(_) => self.problem("delete", "it is still there"),
            Err(failure) => self.problem("read the gone", failure),
        }
        let Some((field, value)) = self.case.change.iter().next() else { return };
        let mut after = fields.clone();
        after.insert(field.as_str().into(), self.names.fill(value));
        if self.subject.delta(live, &after).is_empty() {
            return;
        }
        match self.subject.update(live, &after).await {
            Err(Failure { class: Class::NotFound, .. }) => {}
            Err(failure) => self.problem("update the gone", format!("{:?}: {failure}", failure.class)),
            Ok(_) => self.problem("update the gone", "says that it succeeded"),
        }
    }
}
