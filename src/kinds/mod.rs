//! The kinds: one file (or folder) each, and one line each in [`ALL`].

mod alarms;
mod autoscaling_groups;
mod buckets;
mod cidr;
mod cloudfront;
mod distributions;
mod ec2;
mod elastic_ips;
pub mod elb;
pub mod fields;
mod iam;
mod instance_profiles;
mod internet_gateways;
mod launch_templates;
mod load_balancers;
mod mark;
mod nat_gateways;
mod origin_access_controls;
mod policy;
mod queues;
mod roles;
mod route_tables;
mod security_groups;
pub mod shapes;
mod stated;
mod subnets;
mod taken;
mod target_groups;
#[cfg(test)]
mod tests;
mod vpcs;

use std::sync::LazyLock;

use async_trait::async_trait;

use crate::aws::Aws;
use crate::model::failure::Failure;
use crate::model::live::Live;
use crate::model::schema::{Schema, Tagging};
use crate::model::shape::Field;
use crate::model::value::Map;
use crate::world::{Ask, Born, New, Old, Revision};

/// A kind of AWS resource: what it is ([`Kind::schema`]) and how AWS is called for it.
///
/// An adapter never compares, decides or prints. It normalises what it reads into the stack's own form
/// (plain text for base64, lists for comma-joined strings, maps for JSON documents), so that the rest sees one form.
#[async_trait(?Send)]
pub trait Kind: Sync {
    fn schema(&self) -> Schema;

    /// Reads what `ask` names, batched, in as few calls as AWS allows. What is gone is left out.
    async fn discover(&self, aws: &Aws, ask: &Ask) -> Result<Vec<Live>, Failure>;

    /// Creates, with all of `new.tags` in the create call. Returns when it exists.
    async fn create(&self, aws: &Aws, new: &New<'_>) -> Result<Born, Failure>;

    /// Writes what the delta and the tag change touch, nothing else. Returns attributes that changed.
    async fn update(&self, aws: &Aws, revision: &Revision<'_>) -> Result<Map, Failure>;

    /// Deletes and waits until its claims are free. Already gone is success.
    async fn delete(&self, aws: &Aws, old: &Old<'_>) -> Result<(), Failure>;
}

/// Every kind there is, one a line, what others refer to first.
pub static ALL: &[&dyn Kind] = &[
    // The network.
    &vpcs::Vpcs,
    &subnets::Subnets,
    &internet_gateways::InternetGateways,
    &elastic_ips::ElasticIps,
    &nat_gateways::NatGateways,
    &route_tables::RouteTables,
    &security_groups::SecurityGroups,
    // Who may do what.
    &roles::Roles,
    &instance_profiles::InstanceProfiles,
    // Machines and what stands before them.
    &launch_templates::LaunchTemplates,
    &target_groups::TargetGroups,
    &load_balancers::LoadBalancers,
    &autoscaling_groups::AutoscalingGroups,
    // Content and its delivery.
    &buckets::Buckets,
    &origin_access_controls::OriginAccessControls,
    &distributions::Distributions,
    // Messages and watching. `queues` is the simple kind of the guide `docs/adding-a-kind.md`.
    &queues::Queues,
    &alarms::Alarms,
];

static SCHEMAS: LazyLock<Vec<Schema>> = LazyLock::new(|| ALL.iter().map(|kind| complete(kind.schema())).collect());

/// Returns the schemas of all kinds, in the order of [`ALL`].
pub fn schemas() -> &'static [Schema] {
    &SCHEMAS
}

/// Returns the schema of a kind.
pub fn schema(kind: &str) -> Option<&'static Schema> {
    SCHEMAS.iter().find(|schema| schema.kind == kind)
}

/// Adds what every kind has: the `tags` field.
fn complete(mut schema: Schema) -> Schema {
    if schema.tagging == Tagging::Tags && !schema.fields.fields.contains_key("tags") {
        schema
            .fields
            .fields
            .insert("tags", Field::text_map().note("Added to the stack's own `tags`; all are enforced."));
    }
    schema
}
