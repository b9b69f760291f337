//! AWS as the engine's account.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_ec2::types::Filter;
use tokio::sync::OnceCell;

use crate::kinds::{self, Kind};
use crate::model::failure::{Class, Failure};
use crate::model::live::Live;
use crate::model::schema::{Schema, Scope};
use crate::model::value::Map;
use crate::world::{Ask, Born, Identity, New, Old, Revision, World};

use super::clients::{Aws, Shared, partition_of};
use super::hook::{Notice, State};

/// The operations that a plan may send besides those of the kinds.
const READS: &[&str] = &["ec2:DescribeAvailabilityZones", "sts:GetCallerIdentity", "tag:GetResources"];

/// How to reach AWS. What is none comes from the environment and the profiles, as for every AWS tool.
#[derive(Clone, Default)]
pub struct Access {
    pub profile: Option<String>,
    /// For all services; wins over `AWS_ENDPOINT_URL`.
    pub endpoint_url: Option<String>,
    /// Access key and secret key; they win over everything else.
    pub keys: Option<(String, String)>,
    /// Told whenever a call has to wait for AWS's quota.
    pub notice: Option<Notice>,
}

type Zones = Vec<Arc<str>>;

/// The account at AWS. Only reads may be sent until [`World::read_only`] says otherwise.
pub struct AwsWorld {
    shared: Shared,
    /// The stack's region: where the caller's identity is asked.
    home: Arc<str>,
    identity: OnceCell<Result<Identity, Failure>>,
    regions: RefCell<BTreeMap<Arc<str>, Aws>>,
    zones: RefCell<BTreeMap<Arc<str>, Arc<OnceCell<Zones>>>>,
}

impl AwsWorld {
    /// Prepares for calls, and makes none. `region` is the stack's.
    pub async fn new(region: &str, access: Access) -> Result<AwsWorld, Failure> {
        let state = State::new(reads(), access.notice.clone());
        let shared = Shared::load(region, access, state).await?;
        Ok(AwsWorld::with(shared, region))
    }

    pub(super) fn with(shared: Shared, region: &str) -> AwsWorld {
        AwsWorld {
            shared,
            home: region.into(),
            identity: OnceCell::new(),
            regions: RefCell::default(),
            zones: RefCell::default(),
        }
    }

    /// Returns the clients of a region, with the account known.
    ///
    /// # Errors
    /// If it cannot be said which account this is.
    pub async fn region(&self, region: &str) -> Result<Aws, Failure> {
        self.identity().await?;
        Ok(self.clients(region))
    }

    /// Returns the clients of a region, made when they are first asked for. Somebody has to ask for the identity:
    /// no answer goes through before.
    fn clients(&self, region: &str) -> Aws {
        let region: Arc<str> = region.into();
        let mut regions = self.regions.borrow_mut();
        regions.entry(region.clone()).or_insert_with(|| Aws::new(&self.shared, &region)).clone()
    }

    /// Returns a kind and the clients for its resources in a region.
    fn of(&self, schema: &Schema, region: &str) -> Result<(&'static dyn Kind, Aws), Failure> {
        let position = kinds::schemas().iter().position(|known| known.kind == schema.kind);
        let kind = position.and_then(|position| kinds::ALL.get(position)).ok_or_else(|| {
            Failure::new(Class::Other, format!("this version of trueup does not know the kind `{}`", schema.kind))
        })?;
        let region = match schema.scope {
            Scope::Regional => region,
            Scope::Global => global_region(partition_of(region)),
        };
        Ok((*kind, self.clients(region)))
    }

    /// Runs a read, and asks at the same time who we are.
    async fn knowing<T>(&self, read: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
        let (identity, read) = futures_util::join!(self.identity(), read);
        identity?;
        read
    }

    async fn ask_identity(&self) -> Result<Identity, Failure> {
        let identity = self.caller().await;
        self.shared.state.identify(identity.as_ref().ok().map(|identity| identity.account.clone()));
        identity
    }

    async fn caller(&self) -> Result<Identity, Failure> {
        let caller = self.clients(&self.home).sts.get_caller_identity().send().await?;
        let account = caller
            .account()
            .ok_or_else(|| Failure::new(Class::Other, "AWS did not say which account the credentials belong to"))?;
        Ok(Identity { account: account.into(), partition: partition_of(&self.home).into() })
    }

    async fn ask_zones(&self, region: &str) -> Result<Vec<Arc<str>>, Failure> {
        let of_regions_own = Filter::builder().name("zone-type").values("availability-zone").build();
        let answer = self.clients(region).ec2.describe_availability_zones().filters(of_regions_own).send().await?;
        let mut names: Vec<Arc<str>> = answer
            .availability_zones()
            .iter()
            .filter(|zone| zone.zone_type().is_none_or(|zone_type| zone_type == "availability-zone"))
            .filter_map(|zone| Some(zone.zone_name()?.into()))
            .collect();
        names.sort();
        Ok(names)
    }
}

#[async_trait(?Send)]
impl World for AwsWorld {
    async fn identity(&self) -> Result<Identity, Failure> {
        self.identity.get_or_init(|| self.ask_identity()).await.clone()
    }

    async fn zones(&self, region: &str) -> Result<Vec<Arc<str>>, Failure> {
        let cell = self.zones.borrow_mut().entry(region.into()).or_default().clone();
        self.knowing(async { cell.get_or_try_init(|| self.ask_zones(region)).await.cloned() }).await
    }

    async fn discover(&self, schema: &Schema, region: &str, ask: &Ask) -> Result<Vec<Live>, Failure> {
        let (kind, aws) = self.of(schema, region)?;
        self.knowing(kind.discover(&aws, ask)).await
    }

    async fn create(&self, schema: &Schema, new: &New<'_>) -> Result<Born, Failure> {
        let (kind, aws) = self.of(schema, &new.place.region)?;
        self.identity().await?;
        kind.create(&aws, new).await
    }

    async fn update(&self, schema: &Schema, revision: &Revision<'_>) -> Result<Map, Failure> {
        let (kind, aws) = self.of(schema, &revision.place.region)?;
        self.identity().await?;
        kind.update(&aws, revision).await
    }

    async fn delete(&self, schema: &Schema, old: &Old<'_>) -> Result<(), Failure> {
        let (kind, aws) = self.of(schema, &old.place.region)?;
        self.identity().await?;
        kind.delete(&aws, old).await
    }

    fn read_only(&self, on: bool) {
        self.shared.state.set_read_only(on);
    }

    fn calls(&self) -> BTreeMap<String, u64> {
        self.shared.state.counts()
    }

    fn is_simulated(&self) -> bool {
        false
    }
}

/// Returns every operation that only reads: a plan can send nothing else.
fn reads() -> HashSet<&'static str> {
    kinds::schemas().iter().flat_map(|schema| schema.reads).chain(READS).copied().collect()
}

/// Returns the region whose endpoints serve the global services of a partition.
fn global_region(partition: &str) -> &'static str {
    match partition {
        "aws-cn" => "cn-northwest-1",
        "aws-us-gov" => "us-gov-west-1",
        _ => "us-east-1",
    }
}
