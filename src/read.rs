//! Reads the account: what the stack owns, and what it names. All at once, in as few calls as the kinds manage.

use std::sync::Arc;

use futures_util::future::join_all;

use crate::model::failure::{Class, Failure};
use crate::model::live::Live;
use crate::model::owner::Owner;
use crate::model::plan::Unread;
use crate::model::schema::Schema;
use crate::world::{Ask, Identity, World};

/// What the first wave of reads gives.
#[derive(Debug)]
pub struct Survey {
    pub identity: Identity,
    /// None if the stack does not ask for them.
    pub zones: Option<Vec<Arc<str>>>,
    pub owned: Vec<Live>,
    /// Kinds that could not be read: nothing of them may be decided.
    pub unread: Vec<Unread>,
}

/// Reads who we are, the zones if they are needed, and everything of every kind that carries the owner's mark.
///
/// Every kind that there is, not only those in the stack: else removals would go unseen. The account in `owner` is
/// not looked at; nothing here depends on the stack's fields, so all of it runs at once.
///
/// # Errors
/// If it cannot be said who we are, or which zones there are. A kind that fails is `unread` instead.
pub async fn survey(
    world: &dyn World,
    schemas: &[Schema],
    owner: &Owner,
    region: &str,
    with_zones: bool,
) -> Result<Survey, Failure> {
    let zones = async {
        match with_zones {
            true => world.zones(region).await.map(Some),
            false => Ok(None),
        }
    };
    let ask = Ask::Owned(owner.clone());
    let kinds = join_all(schemas.iter().map(|schema| discover(world, schema, region, &ask)));
    let (identity, zones, kinds) = futures_util::join!(world.identity(), zones, kinds);
    let (identity, zones) = (identity?, zones?);
    let (mut owned, mut unread) = (Vec::new(), Vec::new());
    for found in kinds {
        match found {
            Ok(live) => owned.extend(live.into_iter().filter(|live| live.mark().is_some_and(|mark| mark.is_of(owner)))),
            Err(failure) => unread.push(failure),
        }
    }
    // Without credentials no kind can be read: that is one failure, not one a kind.
    if let Some(all) = unread.iter().find(|unread| unread.failure.class == Class::Credentials) {
        return Err(all.failure.clone());
    }
    Ok(Survey { identity, zones, owned, unread })
}

/// Reads by name or id what the stack names and the first wave did not show: the tagging API lags, and others
/// may hold a name.
pub async fn named(world: &dyn World, asks: &[(&'static Schema, Ask)], region: &str) -> (Vec<Live>, Vec<Unread>) {
    let found = join_all(asks.iter().map(|(schema, ask)| discover(world, schema, region, ask))).await;
    let (mut live, mut unread) = (Vec::new(), Vec::new());
    for found in found {
        match found {
            Ok(found) => live.extend(found),
            Err(failure) => unread.push(failure),
        }
    }
    (live, unread)
}

async fn discover(world: &dyn World, schema: &Schema, region: &str, ask: &Ask) -> Result<Vec<Live>, Unread> {
    let found = world.discover(schema, region, ask).await;
    found.map_err(|failure| Unread { kind: schema.kind, region: region.into(), failure })
}
