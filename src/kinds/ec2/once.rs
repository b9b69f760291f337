//! Creating once: with a client token where EC2 takes one, else by looking before trying again.

use std::time::Duration;

use crate::aws::{Aws, until};
use crate::kinds::Kind;
use crate::model::failure::{Class, Failure};
use crate::model::live::Phase;
use crate::model::owner::{Mark, Owner, tag};
use crate::model::value::Map;
use crate::world::{Ask, New};

/// How long an ambiguous create is looked for before it is tried again.
const LOOK_BOUND: Duration = Duration::from_secs(60);
const CREATE_ATTEMPTS: u32 = 3;

/// The highest number of a client token.
const TOKENS_MAX: u32 = 8;
/// How long what a create call names may not show, before it is taken for deleted long ago.
const TOKEN_REPLY_BOUND: Duration = Duration::from_secs(30);

/// Creates what has neither a token nor a unique name, without making two of it.
///
/// When no answer came, AWS may have done the work: what carries exactly these owner tags is looked for until it
/// must have become visible, before another try.
pub async fn create_once(
    kind: &dyn Kind,
    aws: &Aws,
    wanted: &Map,
    create: impl AsyncFn() -> Result<String, Failure>,
) -> Result<String, Failure> {
    create_within(LOOK_BOUND, kind, aws, wanted, create).await
}

pub(super) async fn create_within(
    look_bound: Duration,
    kind: &dyn Kind,
    aws: &Aws,
    wanted: &Map,
    create: impl AsyncFn() -> Result<String, Failure>,
) -> Result<String, Failure> {
    let mut attempt = 1;
    loop {
        match create().await {
            Err(failure) if failure.class == Class::Ambiguous => {
                if let Some(id) = look_for(kind, aws, wanted, look_bound).await? {
                    return Ok(id);
                }
                if attempt == CREATE_ATTEMPTS {
                    return Err(failure);
                }
                attempt += 1;
            }
            other => return other,
        }
    }
}

/// Creates with a client token, walking to the next one when AWS holds a token for used up.
///
/// A token stays bound to what it made, even after that is deleted: then the reply names something not live.
pub async fn create_with_token(
    kind: &dyn Kind,
    aws: &Aws,
    new: &New<'_>,
    create: impl AsyncFn(String) -> Result<String, Failure>,
) -> Result<String, Failure> {
    walk_tokens(TOKEN_REPLY_BOUND, kind, aws, new, create).await
}

pub(super) async fn walk_tokens(
    reply_bound: Duration,
    kind: &dyn Kind,
    aws: &Aws,
    new: &New<'_>,
    create: impl AsyncFn(String) -> Result<String, Failure>,
) -> Result<String, Failure> {
    for n in 0..=TOKENS_MAX {
        match create(new.token.nth(n)).await {
            Ok(id) if is_live(reply_bound, kind, aws, &id).await? => return Ok(id),
            Ok(_) => {}
            Err(failure) if failure.is_code("IdempotentParameterMismatch") => {}
            Err(failure) => return Err(failure),
        }
        if let Some(id) = look_for(kind, aws, new.tags, Duration::ZERO).await? {
            return Ok(id);
        }
    }
    Err(Failure::new(
        Class::Other,
        format!("AWS holds all {TOKENS_MAX} client tokens of `{}` for used up", new.address),
    )
    .hint("change one of its tags: new content has new tokens"))
}

/// Returns true as soon as Describe shows a resource that is there or coming.
async fn is_live(bound: Duration, kind: &dyn Kind, aws: &Aws, id: &str) -> Result<bool, Failure> {
    let ask = Ask::Ids(vec![id.into()]);
    let shown = until("it to show", bound, async || {
        let found = kind.discover(aws, &ask).await?.pop();
        Ok(found.map(|live| matches!(live.phase, Phase::Usable | Phase::Pending)))
    });
    match shown.await {
        Err(failure) if failure.class == Class::TimedOut => Ok(false),
        outcome => outcome,
    }
}

/// Returns the id of the live resource with exactly these owner tags, as soon as it shows within the bound.
///
/// One that is being replaced has one tag more, so it is not taken for its successor.
pub async fn look_for(kind: &dyn Kind, aws: &Aws, wanted: &Map, bound: Duration) -> Result<Option<String>, Failure> {
    let Some(mark) = Mark::from_tags(wanted) else { return Ok(None) };
    let owner = Owner { account: aws.place().account, stack: mark.stack, environment: mark.environment };
    let ask = Ask::Owned(owner);
    let found = until("it to show", bound, async || {
        let found = kind.discover(aws, &ask).await?.into_iter().find(|live| {
            owner_tags(&live.tags) == owner_tags(wanted) && matches!(live.phase, Phase::Usable | Phase::Pending)
        });
        Ok(found.map(|live| live.id.to_string()))
    });
    match found.await {
        Ok(id) => Ok(Some(id)),
        Err(failure) if failure.class == Class::TimedOut => Ok(None),
        Err(failure) => Err(failure),
    }
}

fn owner_tags(tags: &Map) -> Map {
    let mut own: Map = tags
        .iter()
        .filter(|(key, _)| key.starts_with(tag::PREFIX))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    own.sort_keys();
    own
}
