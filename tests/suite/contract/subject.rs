//! One resource in an account, worked on through the interface that the engine uses.

use trueup::aws::{Access, AwsWorld};
use trueup::diff::{complete, diff, wanted};
use trueup::model::address::Address;
use trueup::model::delta::Delta;
use trueup::model::failure::Failure;
use trueup::model::live::Live;
use trueup::model::owner::{Mark, Owner};
use trueup::model::schema::{Place, Schema, Tagging};
use trueup::model::value::Map;
use trueup::plan::tags;
use trueup::world::{Ask, Born, New, Old, Revision, TagChange, Token, World};

use crate::emulators::Endpoint;

/// An account of its own on an emulator.
pub struct Account {
    pub world: AwsWorld,
    pub owner: Owner,
    pub place: Place,
    access: Access,
}

/// A resource to be worked on.
pub struct Subject<'a> {
    pub account: &'a Account,
    pub schema: &'static Schema,
    pub address: Address,
    pub mark: Mark,
}

impl Account {
    pub async fn open(endpoint: &Endpoint, account: &str) -> Account {
        let region = "us-east-1";
        let access = Access {
            endpoint_url: Some(endpoint.url.clone()),
            keys: Some((account.to_owned(), "secret".to_owned())),
            ..Access::default()
        };
        let world = AwsWorld::new(region, access.clone()).await.expect("a client can be made");
        let identity = world.identity().await.expect("the emulator knows its accounts");
        assert_eq!(&*identity.account, account, "the access key is the account");
        let owner = Owner { account: account.into(), stack: "contract".into(), environment: None };
        let place = Place { account: account.into(), region: region.into(), partition: identity.partition };
        Account { world, owner, place, access }
    }

    pub fn subject(&self, address: &str) -> Subject<'_> {
        let address: Address = address.parse().unwrap_or_else(|error| panic!("{error}"));
        let schema =
            trueup::kinds::schema(&address.kind).unwrap_or_else(|| panic!("there is no kind `{}`", address.kind));
        Subject { account: self, schema, mark: Mark::new(&self.owner, address.clone(), None), address }
    }
}

impl Subject<'_> {
    fn tags_of(&self, fields: &Map) -> Map {
        tags::at_birth(fields, &self.mark)
    }

    fn token(&self, fields: &Map) -> Token {
        let region = &self.account.place.region;
        Token::new(&self.account.owner, region, &self.address, None, fields, &self.tags_of(fields))
    }

    pub async fn create(&self, fields: &Map) -> Result<Born, Failure> {
        self.account.world.read_only(false);
        let fields = complete(&self.schema.fields, fields);
        let new = New {
            address: &self.address,
            place: &self.account.place,
            tags: &self.tags_of(&fields),
            token: self.token(&fields),
            fields: &fields,
        };
        self.account.world.create(self.schema, &new).await
    }

    /// Reads as a plan does: nothing but declared reads can be sent.
    pub async fn read(&self, ask: &Ask) -> Result<Vec<Live>, Failure> {
        // Every plan walks the tagging API once: a world is as old as its plan.
        let region = &self.account.place.region;
        let world = AwsWorld::new(region, self.account.access.clone()).await?;
        let mut found = world.discover(self.schema, region, ask).await?;
        found.iter_mut().for_each(|live| tags::expose(live, self.schema, &[]));
        Ok(found)
    }

    /// Returns what differs between a live resource and the fields of a stack.
    pub fn delta(&self, live: &Live, fields: &Map) -> Delta {
        diff(&self.schema.fields, &self.wanted(live, fields), &live.fields)
    }

    fn wanted(&self, live: &Live, fields: &Map) -> Map {
        wanted(&self.schema.fields, fields, &live.fields, &[])
    }

    /// Writes the difference between a live resource and the fields of a stack.
    pub async fn update(&self, live: &Live, fields: &Map) -> Result<Map, Failure> {
        self.account.world.read_only(false);
        let wanted = self.wanted(live, fields);
        let change = match self.schema.tagging {
            Tagging::Tags => tags::change(live, &wanted, &self.mark),
            Tagging::Mark => TagChange::default(),
        };
        let revision = Revision {
            live,
            place: &self.account.place,
            delta: &self.delta(live, fields),
            tags: change,
            token: self.token(&wanted),
            fields: &wanted,
        };
        self.account.world.update(self.schema, &revision).await
    }

    pub async fn delete(&self, live: &Live, fields: &Map) -> Result<(), Failure> {
        self.account.world.read_only(false);
        let old = Old { live, place: &self.account.place, fields: Some(fields), lose_data: false };
        self.account.world.delete(self.schema, &old).await
    }
}
