//! What AWS makes along with a VPC: its default security group, main route table and default network ACL.
//!
//! Nothing else owns them, so they are fields of the VPC, left alone unless the stack states them:
//! <https://docs.aws.amazon.com/vpc/latest/userguide/create-vpc.html>.

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_sdk_ec2::types::{Filter, NetworkAcl, RouteTable, SecurityGroup};
use futures_util::future::try_join3;

use super::acl;
use crate::aws::Aws;
use crate::kinds::fields::Fields;
use crate::kinds::route_tables::routes;
use crate::kinds::{ec2, security_groups};
use crate::model::failure::{Class, Failure};
use crate::model::live::Live;
use crate::model::shape::{Defer, Field};
use crate::model::value::{Map, Value};

pub fn fields() -> [(&'static str, Field); 3] {
    let group = [("ingress", security_groups::rules::field()), ("egress", security_groups::egress_within())];
    let mut group = Field::record(group).left_alone();
    // Until its rules are known it lets nothing through: never more than in the end.
    group.defer = Some(Defer::Placeholder(|_| {
        Value::map([("ingress", Value::list::<Value>([])), ("egress", Value::list::<Value>([]))])
    }));
    [
        ("default_security_group", group.note("The rules of the group that AWS makes along with the VPC.")),
        (
            "main_route_table",
            Field::record([("routes", routes::field())])
                .left_alone()
                .deferrable()
                .note("The routes of the table that subnets without one of their own use."),
        ),
        (
            "default_network_acl",
            Field::record([("entries", acl::field())])
                .left_alone()
                .note("The entries of the network ACL of all subnets."),
        ),
    ]
}

/// What AWS made along with some VPCs.
#[derive(Default)]
pub struct Made {
    groups: Vec<SecurityGroup>,
    tables: Vec<RouteTable>,
    acls: Vec<NetworkAcl>,
}

/// Reads what AWS made along with these VPCs: three calls for up to 200 of them.
pub async fn read(aws: &Aws, ids: &[Arc<str>]) -> Result<Made, Failure> {
    let mut made = Made::default();
    for batch in ec2::in_batches("vpc-id", ids) {
        let (groups, tables, acls) =
            try_join3(groups(aws, batch.clone()), tables(aws, batch.clone()), acls(aws, batch)).await?;
        made.groups.extend(groups);
        made.tables.extend(tables);
        made.acls.extend(acls);
    }
    Ok(made)
}

impl Made {
    /// Adds each VPC's own to it.
    pub fn add_to(&self, vpcs: &mut [Live]) {
        let groups = by_vpc(&self.groups, SecurityGroup::vpc_id);
        let tables = by_vpc(&self.tables, RouteTable::vpc_id);
        let acls = by_vpc(&self.acls, NetworkAcl::vpc_id);
        for live in vpcs {
            let id = live.id.clone();
            if let Some(group) = groups.get(&*id) {
                let mut rules = Map::new();
                security_groups::read_rules(&mut rules, group);
                live.attribute("default_security_group_id", group.group_id()).field("default_security_group", rules);
            }
            if let Some(table) = tables.get(&*id) {
                let held = Map::from_iter([("routes".into(), routes::to_list(table.routes()))]);
                live.attribute("main_route_table_id", table.route_table_id()).field("main_route_table", held);
            }
            if let Some(acl) = acls.get(&*id) {
                let held = Map::from_iter([("entries".into(), acl::to_list(acl))]);
                live.attribute("default_network_acl_id", acl.network_acl_id()).field("default_network_acl", held);
            }
        }
    }
}

fn by_vpc<T>(all: &[T], vpc: fn(&T) -> Option<&str>) -> BTreeMap<&str, &T> {
    all.iter().filter_map(|one| Some((vpc(one)?, one))).collect()
}

async fn groups(aws: &Aws, mut filters: Vec<Filter>) -> Result<Vec<SecurityGroup>, Failure> {
    filters.push(ec2::filter("group-name", ["default"]));
    let pages = aws.ec2.describe_security_groups().set_filters(Some(filters)).into_paginator();
    Ok(pages.items().send().try_collect().await?)
}

async fn tables(aws: &Aws, mut filters: Vec<Filter>) -> Result<Vec<RouteTable>, Failure> {
    filters.push(ec2::filter("association.main", ["true"]));
    let pages = aws.ec2.describe_route_tables().set_filters(Some(filters)).into_paginator();
    Ok(pages.items().send().try_collect().await?)
}

async fn acls(aws: &Aws, mut filters: Vec<Filter>) -> Result<Vec<NetworkAcl>, Failure> {
    filters.push(ec2::filter("default", ["true"]));
    let pages = aws.ec2.describe_network_acls().set_filters(Some(filters)).into_paginator();
    Ok(pages.items().send().try_collect().await?)
}

/// Writes the parts that are touched, as far as the stack states them.
pub async fn write(aws: &Aws, live: &Live, fields: &Map, touched: impl Fn(&str) -> bool) -> Result<(), Failure> {
    let nothing = Map::new();
    let part = |name: &'static str| {
        let wanted = fields.record(name).filter(|_| touched(name))?;
        Some((wanted, live.fields.record(name).unwrap_or(&nothing)))
    };
    if let Some((wanted, held)) = part("default_security_group") {
        let group = id(live, "default_security_group_id")?;
        security_groups::update_rules(aws, &group, wanted, held, |_| true).await?;
    }
    if let Some((wanted, held)) = part("main_route_table") {
        routes::write(aws, &id(live, "main_route_table_id")?, wanted, held).await?;
    }
    if let Some((wanted, held)) = part("default_network_acl") {
        acl::write(aws, &id(live, "default_network_acl_id")?, wanted, held).await?;
    }
    Ok(())
}

fn id(live: &Live, attribute: &str) -> Result<String, Failure> {
    live.attributes
        .text(attribute)
        .ok_or_else(|| Failure::new(Class::NotFound, format!("`{}` has no `{attribute}`", live.id)))
}
