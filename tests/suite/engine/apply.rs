//! One plan, one apply: what the commands do, without the command line.

use std::sync::Arc;

use trueup::execute::{self, Outcome};
use trueup::model::failure::Failure;
use trueup::model::live::Live;
use trueup::model::owner::Owner;
use trueup::model::plan::Plan;
use trueup::model::schema::{Place, Schema};
use trueup::model::stack::{Declared as _, Facts, Layout};
use trueup::model::value::Value;
use trueup::plan::{self, Input, Options};
use trueup::read;
use trueup::sandbox::{ACCOUNT, PARTITION, Sandbox};
use trueup::world::{Ask, World};

use super::kinds;
use super::stack::{NAME, REGION, Stack};

pub fn owner() -> Owner {
    Owner { account: ACCOUNT.into(), stack: NAME.into(), environment: None }
}

pub fn place() -> Place {
    Place { account: ACCOUNT.into(), region: REGION.into(), partition: PARTITION.into() }
}

/// Reads the account and plans; `destroy` plans the end of everything.
pub async fn plan(sandbox: &Sandbox, stack: &Stack, destroy: bool) -> Result<Plan, Failure> {
    plan_with(sandbox, stack, Options { destroy, ..Options::default() }).await
}

/// The same with options of the command line; any number of deletions is allowed.
pub async fn plan_with(sandbox: &Sandbox, stack: &Stack, options: Options) -> Result<Plan, Failure> {
    sandbox.read_only(true);
    let (owner, place, layout) = (owner(), place(), stack.layout());
    let survey = read::survey(sandbox, kinds::schemas(), &owner, REGION, false).await?;
    let facts = Facts { account: Some(ACCOUNT.into()), partition: Some(PARTITION.into()), ..Facts::default() };
    let (mut owned, mut unread) = (survey.owned, survey.unread);
    let asks = if options.destroy { Vec::new() } else { names(stack, &layout, &facts) };
    let (named, more_unread) = read::named(sandbox, &asks, REGION).await;
    unread.extend(more_unread);
    let mut others = Vec::new();
    for live in named {
        let is_known = owned.iter().any(|known: &Live| known.kind == live.kind && known.id == live.id);
        match live.mark().is_some_and(|mark| mark.is_of(&owner)) {
            true if is_known => {}
            true => owned.push(live),
            false if others.iter().any(|known: &Live| known.id == live.id && known.kind == live.kind) => {}
            false => others.push(live),
        }
    }
    let input = Input {
        owner: &owner,
        place: &place,
        layout: &layout,
        declared: stack,
        facts,
        owned,
        others,
        unread,
        ignored_tags: Vec::new(),
        schemas: kinds::schemas(),
        options: Options { max_deletes: Some(1000), ..options },
    };
    let plan = plan::plan(input).expect("an invented stack has no problems");
    sandbox.read_only(false);
    Ok(plan)
}

/// Returns the questions for the names that the stack uses.
fn names(stack: &Stack, layout: &Layout, facts: &Facts) -> Vec<(&'static Schema, Ask)> {
    let mut asks = Vec::new();
    for schema in kinds::schemas() {
        let Some(naming) = schema.naming else { continue };
        let of_kind = || layout.resources.keys().filter(|address| *address.kind == *schema.kind);
        let names: Vec<Arc<str>> = of_kind()
            .filter_map(|address| {
                let fields = stack.fields(address, facts).expect("an invented stack has no problems");
                fields.get(naming.field).and_then(Value::as_str).map(Into::into)
            })
            .collect();
        asks.push((schema, Ask::Named(names)));
        let adopted = of_kind().filter_map(|address| layout.resources[address].manage.adopt.clone());
        asks.push((schema, Ask::Ids(adopted.collect())));
    }
    asks
}

/// Carries a plan out.
pub async fn execute(sandbox: &Sandbox, stack: &Stack, plan: &Plan) -> Outcome {
    let options = execute::Options { parallelism: 4, lose_data: Vec::new() };
    let (_keep, mut interrupts) = tokio::sync::mpsc::unbounded_channel();
    execute::execute(plan, stack, sandbox, &options, &mut interrupts, &mut |_| {}).await
}
