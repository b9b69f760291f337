//! The account as the engine sees it: one interface, two implementations (AWS and the sandbox).

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use sha2::{Digest, Sha256};

use crate::model::address::Address;
use crate::model::delta::Delta;
use crate::model::digits::hex;
use crate::model::failure::Failure;
use crate::model::live::Live;
use crate::model::owner::Owner;
use crate::model::schema::{Place, Schema};
use crate::model::value::Map;

/// Which live resources of a kind to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// Everything that carries this owner's tags or mark. May lag behind for kinds that are found by the tagging API.
    Owned(Owner),
    /// Whatever has one of these names ([`Schema::naming`]), owned or not. Strongly consistent where AWS is.
    Named(Vec<Arc<str>>),
    /// Exactly these ids. What does not exist is left out of the answer.
    Ids(Vec<Arc<str>>),
}

/// A resource to create, complete: defaults filled in, nothing unknown, secrets revealed.
#[derive(Clone, Debug)]
pub struct New<'a> {
    pub address: &'a Address,
    pub place: &'a Place,
    /// Deferred fields are absent.
    pub fields: &'a Map,
    /// User and owner tags together: all of them go into the create call.
    pub tags: &'a Map,
    pub token: Token,
}

/// A resource that exists now.
#[derive(Clone, Debug, PartialEq)]
pub struct Born {
    pub id: Arc<str>,
    /// All attributes that the create call reported, `id` included.
    pub attributes: Map,
}

/// A live resource to change.
#[derive(Clone, Debug)]
pub struct Revision<'a> {
    pub live: &'a Live,
    pub place: &'a Place,
    /// The wanted fields, complete. What is absent here and touched by the delta is to be unset.
    pub fields: &'a Map,
    pub delta: &'a Delta,
    /// Tags to set and to remove, user's and owner's alike.
    pub tags: TagChange,
    pub token: Token,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct TagChange {
    pub set: Map,
    pub remove: Vec<Arc<str>>,
}

impl TagChange {
    pub fn is_empty(&self) -> bool {
        self.set.is_empty() && self.remove.is_empty()
    }

    /// Returns `tags` after this change.
    pub fn apply(&self, tags: &Map) -> Map {
        let mut after = tags.clone();
        after.retain(|key, _| !self.remove.contains(key));
        after.extend(self.set.iter().map(|(key, value)| (key.clone(), value.clone())));
        after
    }
}

/// A live resource to delete.
#[derive(Clone, Debug)]
pub struct Old<'a> {
    pub live: &'a Live,
    pub place: &'a Place,
    /// What the stack still says of it, if it does: `force_destroy` and the like.
    pub fields: Option<&'a Map>,
    /// The user allowed the loss of its data.
    pub lose_data: bool,
}

/// The seed of client tokens and caller references: a restarted process derives the same ones.
///
/// Of the owner, region, address and the digest of the exact request (DESIGN, "Creates are safe to repeat").
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token(Arc<str>);

impl Token {
    /// `replaces` is the id of the resource that the new one takes the place of: without it, a successor that equals
    /// its predecessor would be answered with the predecessor.
    pub fn new(
        owner: &Owner,
        region: &str,
        address: &Address,
        replaces: Option<&str>,
        fields: &Map,
        tags: &Map,
    ) -> Token {
        let mut hash = Sha256::new();
        for part in [
            &*owner.account,
            &owner.stack,
            owner.environment.as_deref().unwrap_or(""),
            region,
            &address.to_string(),
            replaces.unwrap_or(""),
            &format!("{fields:?}"),
            &format!("{tags:?}"),
        ] {
            hash.update(part.len().to_le_bytes());
            hash.update(part);
        }
        Token(hex(&hash.finalize()).into())
    }

    /// Returns the `n`-th token, 32 hexadecimal digits: n grows when AWS says that a token is used up.
    pub fn nth(&self, n: u32) -> String {
        hex(&Sha256::digest(format!("{}:{n}", self.0)))[..32].to_owned()
    }
}

/// Who we are in AWS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    pub account: Arc<str>,
    pub partition: Arc<str>,
}

/// An account: AWS's, or the simulated one.
#[async_trait(?Send)]
pub trait World {
    async fn identity(&self) -> Result<Identity, Failure>;

    /// Returns the names of the region's availability zones, sorted; no local or wavelength zones.
    async fn zones(&self, region: &str) -> Result<Vec<Arc<str>>, Failure>;

    /// Reads a kind in a region; for a global kind `region` says nothing.
    async fn discover(&self, schema: &Schema, region: &str, ask: &Ask) -> Result<Vec<Live>, Failure>;

    /// Creates, owned from birth. Returns when it exists, so that others may refer to it.
    async fn create(&self, schema: &Schema, new: &New<'_>) -> Result<Born, Failure>;

    /// Changes what the delta touches. Returns the attributes that changed with it.
    async fn update(&self, schema: &Schema, revision: &Revision<'_>) -> Result<Map, Failure>;

    /// Deletes; returns when its claims are free again. Already gone is success.
    async fn delete(&self, schema: &Schema, old: &Old<'_>) -> Result<(), Failure>;

    /// Lets time pass between two reads of something that is awaited. A simulated account has no clock.
    async fn pause(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }

    /// From now on only operations in the schemas' `reads` may be sent (true), or all (false).
    fn read_only(&self, on: bool);

    /// Returns how often each operation was called so far, as `ec2:DescribeVpcs`.
    fn calls(&self) -> BTreeMap<String, u64>;

    /// True if nothing here is real: every verdict says so.
    fn is_simulated(&self) -> bool;
}
