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
use crate::model::schema::{Place, Schema, Scope};
use crate::model::value::Map;
use crate::world::{Ask, Born, Identity, New, Old, Revision, World};

use super::clients::{Aws, Shared};
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

    /// Returns the clients of a region, made when they are first asked for.
    pub async fn region(&self, region: &str) -> Result<Aws, Failure> {
        let Identity { account, partition } = self.identity().await?;
        let place = Place { account, region: region.into(), partition };
        let mut regions = self.regions.borrow_mut();
        Ok(regions.entry(region.into()).or_insert_with(|| Aws::new(&self.shared, place)).clone())
    }

    /// Returns the clients for a kind's resources in a region.
    async fn of(&self, schema: &Schema, region: &str) -> Result<(&'static dyn Kind, Aws), Failure> {
        let position = kinds::schemas().iter().position(|known| known.kind == schema.kind);
        let kind = position.and_then(|position| kinds::ALL.get(position)).ok_or_else(|| {
            Failure::new(Class::Other, format!("this version of trueup does not know the kind `{}`", schema.kind))
        })?;
        let aws = match schema.scope {
            Scope::Regional => self.region(region).await?,
            Scope::Global => self.region(global_region(&self.identity().await?.partition)).await?,
        };
        Ok((*kind, aws))
    }

    async fn ask_identity(&self) -> Result<Identity, Failure> {
        // The account is what is being asked: no kind sees this place.
        let place = Place { account: "".into(), region: self.home.clone(), partition: "aws".into() };
        let caller = Aws::new(&self.shared, place).sts.get_caller_identity().send().await?;
        let partition = caller.arn().and_then(|arn| arn.split(':').nth(1)).unwrap_or("aws");
        let account = caller
            .account()
            .ok_or_else(|| Failure::new(Class::Other, "AWS did not say which account the credentials belong to"))?;
        Ok(Identity { account: account.into(), partition: partition.into() })
    }

    async fn ask_zones(&self, region: &str) -> Result<Vec<Arc<str>>, Failure> {
        let of_regions_own = Filter::builder().name("zone-type").values("availability-zone").build();
        let answer =
            self.region(region).await?.ec2.describe_availability_zones().filters(of_regions_own).send().await?;
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
        cell.get_or_try_init(|| self.ask_zones(region)).await.cloned()
    }

    async fn discover(&self, schema: &Schema, region: &str, ask: &Ask) -> Result<Vec<Live>, Failure> {
        let (kind, aws) = self.of(schema, region).await?;
        kind.discover(&aws, ask).await
    }

    async fn create(&self, schema: &Schema, new: &New<'_>) -> Result<Born, Failure> {
        let (kind, aws) = self.of(schema, &new.place.region).await?;
        kind.create(&aws, new).await
    }

    async fn update(&self, schema: &Schema, revision: &Revision<'_>) -> Result<Map, Failure> {
        let (kind, aws) = self.of(schema, &revision.place.region).await?;
        kind.update(&aws, revision).await
    }

    async fn delete(&self, schema: &Schema, old: &Old<'_>) -> Result<(), Failure> {
        let (kind, aws) = self.of(schema, &old.place.region).await?;
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
