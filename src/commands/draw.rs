//! From a session to a plan: reads, lays out, reads what is still missing, decides.

use std::collections::HashSet;
use std::sync::Arc;

use super::error::CommandError;
use super::session::Session;
use crate::model::address::Address;
use crate::model::failure::Class;
use crate::model::live::Live;
use crate::model::owner::Owner;
use crate::model::plan::{Plan, Unread};
use crate::model::problem::Problems;
use crate::model::schema::{Place, Schema};
use crate::model::stack::{Facts, Layout};
use crate::model::value::Value;
use crate::plan::{self, Input, Options};
use crate::read;
use crate::world::Ask;

/// Returns the plan, unless Ctrl-C comes first. Sends nothing but reads.
pub async fn draw(session: &mut Session, options: Options) -> Result<Plan, CommandError> {
    draw_with(session, options, |_| Ok(())).await
}

/// The same for a layout that the command changes: to adopt something, for example.
pub async fn draw_with(
    session: &mut Session,
    options: Options,
    edit: impl FnOnce(&mut Layout) -> Result<(), CommandError>,
) -> Result<Plan, CommandError> {
    let mut interrupts = std::mem::replace(&mut session.interrupts, tokio::sync::mpsc::unbounded_channel().1);
    let drawn = tokio::select! {
        plan = steps(session, options, edit) => plan,
        Some(()) = interrupts.recv() => Err(CommandError::interrupted()),
    };
    session.interrupts = interrupts;
    drawn
}

async fn steps(
    session: &Session,
    options: Options,
    edit: impl FnOnce(&mut Layout) -> Result<(), CommandError>,
) -> Result<Plan, CommandError> {
    let (world, program) = (&*session.world, &session.program);
    world.read_only(true);
    // Discovery goes by tags and never looks at the account, which is asked for at the same time.
    let anyone = session.owner("".into());
    let survey = read::survey(world, session.schemas, &anyone, &session.region, program.uses_zones()).await?;
    let owner = session.owner(survey.identity.account.clone());
    check_account(session, &owner)?;
    let place = Place {
        account: survey.identity.account.clone(),
        region: session.region.clone(),
        partition: survey.identity.partition,
    };
    let mut facts =
        Facts { account: Some(place.account.clone()), partition: Some(place.partition.clone()), ..Facts::default() };
    facts.zones.extend(survey.zones.map(|zones| (session.region.clone(), zones)));
    let mut layout = program.layout(&facts)?;
    edit(&mut layout)?;
    let asks = missing(session, &layout, &facts, &survey.owned)?;
    let (found, failed) = read::named(world, &asks, &session.region).await;
    let (owned, others) = sort(&owner, survey.owned, found);
    let mut unread = survey.unread;
    add_unread(&mut unread, failed);
    let not_served = split_not_served(&mut unread, &layout);
    let ignored_tags = program.ignore_tags().iter().map(|pattern| Arc::from(*pattern)).collect();
    let shows_outputs = !options.destroy && options.forget.is_none();
    let mut plan = plan::plan(Input {
        owner: &owner,
        place: &place,
        layout: &layout,
        declared: program,
        facts,
        owned,
        others,
        unread,
        ignored_tags,
        schemas: session.schemas,
        options,
    })?;
    plan.warnings.extend(not_served);
    if shows_outputs {
        plan.outputs = program.outputs(&plan.facts)?;
    }
    Ok(plan)
}

fn check_account(session: &Session, owner: &Owner) -> Result<(), CommandError> {
    match session.program.account() {
        Some(pinned) if *pinned != owner.account => Err(CommandError::failed(format!(
            "the stack belongs in the account {pinned}, and these credentials are for {}",
            owner.account
        ))
        .hint("choose others with `--profile` or `AWS_PROFILE`")),
        _ => Ok(()),
    }
}

/// Returns what the stack names and the first reads did not show: by name, and by the ids to adopt.
fn missing(
    session: &Session,
    layout: &Layout,
    facts: &Facts,
    owned: &[Live],
) -> Result<Vec<(&'static Schema, Ask)>, Problems> {
    let seen: HashSet<Address> = owned.iter().filter_map(|live| Some(live.mark()?.address)).collect();
    let mut asks: Vec<(&'static Schema, Ask)> = Vec::new();
    for (address, resource) in &layout.resources {
        let moved = resource.manage.moved_from.as_ref().is_some_and(|from| seen.contains(from));
        let Some(schema) = session.schemas.iter().find(|schema| schema.kind == &*address.kind) else { continue };
        if seen.contains(address) || moved {
            continue;
        }
        if let Some(id) = &resource.manage.adopt {
            add_ids(&mut asks, schema, id);
        }
        let Some(naming) = schema.naming else { continue };
        let fields = session.program.fields(address, facts)?;
        if let Some(name) = fields.get(naming.field).and_then(Value::as_str) {
            add_name(&mut asks, schema, name);
        }
    }
    Ok(asks)
}

fn add_ids(asks: &mut Vec<(&'static Schema, Ask)>, schema: &'static Schema, id: &Arc<str>) {
    let same = asks.iter_mut().find_map(|(known, ask)| match ask {
        Ask::Ids(ids) if known.kind == schema.kind => Some(ids),
        _ => None,
    });
    match same {
        Some(ids) => ids.push(id.clone()),
        None => asks.push((schema, Ask::Ids(vec![id.clone()]))),
    }
}

fn add_name(asks: &mut Vec<(&'static Schema, Ask)>, schema: &'static Schema, name: &str) {
    let same = asks.iter_mut().find_map(|(known, ask)| match ask {
        Ask::Named(names) if known.kind == schema.kind => Some(names),
        _ => None,
    });
    match same {
        Some(names) => names.push(name.into()),
        None => asks.push((schema, Ask::Named(vec![name.into()]))),
    }
}

/// Puts what was found by name beside what was found by owner: some of it is ours, and only the index lags.
fn sort(owner: &Owner, mut owned: Vec<Live>, found: Vec<Live>) -> (Vec<Live>, Vec<Live>) {
    let mut others: Vec<Live> = Vec::new();
    for live in found {
        let same = |other: &Live| other.kind == live.kind && other.id == live.id;
        if owned.iter().any(same) || others.iter().any(same) {
            continue;
        }
        match live.mark().is_some_and(|mark| mark.is_of(owner)) {
            true => owned.push(live),
            false => others.push(live),
        }
    }
    (owned, others)
}

/// Takes out the kinds whose service the endpoint lacks, where the stack has none of them: nothing can be there.
fn split_not_served(unread: &mut Vec<Unread>, layout: &Layout) -> Vec<String> {
    let is_wanted = |kind: &str| layout.resources.keys().any(|address| &*address.kind == kind);
    let is_harmless = |unread: &Unread| unread.failure.class == Class::NotServed && !is_wanted(unread.kind);
    let (harmless, rest): (Vec<_>, Vec<_>) = std::mem::take(unread).into_iter().partition(is_harmless);
    *unread = rest;
    harmless.iter().map(|unread| format!("this endpoint does not serve {}; the stack has none", unread.kind)).collect()
}

fn add_unread(unread: &mut Vec<Unread>, failed: Vec<Unread>) {
    for failed in failed {
        if !unread.iter().any(|known| known.kind == failed.kind) {
            unread.push(failed);
        }
    }
}
