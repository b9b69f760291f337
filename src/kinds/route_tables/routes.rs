//! The routes of a table: <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Route.html>.
//!
//! Routes that AWS writes itself are neither reported nor touched: local ones, those that a virtual private
//! gateway propagates, those of gateway endpoints and of VPC Lattice.

use std::time::Duration;

use aws_sdk_ec2::types::{Route, RouteOrigin};

use crate::aws::{Aws, insist};
use crate::kinds::fields::Fields;
use crate::model::failure::Failure;
use crate::model::shape::{Field, Record, Shape};
use crate::model::value::{Map, Value};

/// What tells two routes of a table apart: one of these is set.
pub const DESTINATIONS: &[&str] =
    &["destination_cidr_block", "destination_ipv6_cidr_block", "destination_prefix_list_id"];

/// Where a route can lead: exactly one of these is set.
pub const TARGETS: &[&str] = &[
    "gateway_id",
    "nat_gateway_id",
    "egress_only_internet_gateway_id",
    "transit_gateway_id",
    "vpc_peering_connection_id",
    "vpc_endpoint_id",
    "network_interface_id",
    "carrier_gateway_id",
    "local_gateway_id",
    "core_network_arn",
    "odb_network_arn",
];

/// How long a new target may be unknown to the part of EC2 that makes routes.
const TARGET_VISIBLE: Duration = Duration::from_secs(120);
const TARGET_UNKNOWN: &[&str] = &[
    "InvalidGatewayID.NotFound",
    "InvalidNatGatewayID.NotFound",
    "InvalidTransitGatewayID.NotFound",
    "InvalidVpcEndpointId.NotFound",
];

/// Returns the field of a table's routes.
pub fn field() -> Field {
    let mut route = Record::of(DESTINATIONS.iter().map(|name| (*name, Field::text())));
    route.fields.extend(TARGETS.iter().map(|name| (*name, target(name))));
    Field::list(Shape::Record(route)).keyed(DESTINATIONS)
}

fn target(name: &str) -> Field {
    match name {
        "gateway_id" => {
            Field::text().refers("internet_gateways", "id").note("An internet gateway or a virtual private gateway.")
        }
        "nat_gateway_id" => Field::text().refers("nat_gateways", "id"),
        _ => Field::text(),
    }
}

/// Returns the routes that are the stack's to say.
pub fn to_list(routes: &[Route]) -> Value {
    Value::list(routes.iter().filter(|route| !is_awss(route)).map(to_value))
}

/// Returns true for routes that AWS writes and keeps itself.
fn is_awss(route: &Route) -> bool {
    let gateway = route.gateway_id().unwrap_or_default();
    let is_endpoint = gateway.starts_with("vpce-") && route.destination_prefix_list_id().is_some();
    route.origin() == Some(&RouteOrigin::EnableVgwRoutePropagation)
        || gateway == "local"
        || gateway.eq_ignore_ascii_case("vpclattice")
        || is_endpoint
}

fn to_value(route: &Route) -> Value {
    let gateway = route.gateway_id();
    let endpoint = gateway.filter(|id| id.starts_with("vpce-"));
    let pairs = [
        ("destination_cidr_block", route.destination_cidr_block()),
        ("destination_ipv6_cidr_block", route.destination_ipv6_cidr_block()),
        ("destination_prefix_list_id", route.destination_prefix_list_id()),
        ("gateway_id", gateway.filter(|_| endpoint.is_none())),
        ("nat_gateway_id", route.nat_gateway_id()),
        ("egress_only_internet_gateway_id", route.egress_only_internet_gateway_id()),
        ("transit_gateway_id", route.transit_gateway_id()),
        ("vpc_peering_connection_id", route.vpc_peering_connection_id()),
        ("vpc_endpoint_id", endpoint),
        ("network_interface_id", route.network_interface_id()),
        ("carrier_gateway_id", route.carrier_gateway_id()),
        ("local_gateway_id", route.local_gateway_id()),
        ("core_network_arn", route.core_network_arn()),
        ("odb_network_arn", route.odb_network_arn()),
    ];
    Value::map(pairs.into_iter().filter_map(|(name, value)| Some((name, Value::from(value?)))))
}

/// Sets destination and target of a call from a route's fields.
macro_rules! routed {
    ($call:expr, $table:expr, $fields:expr) => {
        $call
            .route_table_id($table)
            .set_destination_cidr_block($fields.text("destination_cidr_block"))
            .set_destination_ipv6_cidr_block($fields.text("destination_ipv6_cidr_block"))
            .set_destination_prefix_list_id($fields.text("destination_prefix_list_id"))
            .set_gateway_id($fields.text("gateway_id"))
            .set_nat_gateway_id($fields.text("nat_gateway_id"))
            .set_egress_only_internet_gateway_id($fields.text("egress_only_internet_gateway_id"))
            .set_transit_gateway_id($fields.text("transit_gateway_id"))
            .set_vpc_peering_connection_id($fields.text("vpc_peering_connection_id"))
            .set_vpc_endpoint_id($fields.text("vpc_endpoint_id"))
            .set_network_interface_id($fields.text("network_interface_id"))
            .set_carrier_gateway_id($fields.text("carrier_gateway_id"))
            .set_local_gateway_id($fields.text("local_gateway_id"))
            .set_core_network_arn($fields.text("core_network_arn"))
            .set_odb_network_arn($fields.text("odb_network_arn"))
    };
}

/// Makes the routes of a table those that are wanted, where `planned` are the routes that the plan saw.
pub async fn write(aws: &Aws, table: &str, wanted: &Map, planned: &Map) -> Result<(), Failure> {
    for route in wanted.records("routes") {
        match planned.records("routes").find(|held| destination(held) == destination(route)) {
            Some(held) if target_of(held) == target_of(route) => {}
            Some(_) => replace(aws, table, route).await?,
            None => create(aws, table, route).await?,
        }
    }
    for held in planned.records("routes") {
        if !wanted.records("routes").any(|route| destination(route) == destination(held)) {
            delete(aws, table, held).await?;
        }
    }
    Ok(())
}

fn destination(route: &Map) -> Option<String> {
    DESTINATIONS.iter().find_map(|name| route.text(name))
}

fn target_of(route: &Map) -> Option<(&'static str, String)> {
    TARGETS.iter().find_map(|name| Some((*name, route.text(name)?)))
}

async fn create(aws: &Aws, table: &str, fields: &Map) -> Result<(), Failure> {
    let outcome = insist(TARGET_VISIBLE, TARGET_UNKNOWN, async || {
        routed!(aws.ec2.create_route(), table, fields).send().await?;
        Ok(())
    });
    match outcome.await {
        // Made by an earlier try, by hand since the plan, or AWS's local route that is to lead elsewhere.
        Err(failure) if failure.is_code("RouteAlreadyExists") => replace(aws, table, fields).await,
        outcome => outcome,
    }
}

async fn replace(aws: &Aws, table: &str, fields: &Map) -> Result<(), Failure> {
    insist(TARGET_VISIBLE, TARGET_UNKNOWN, async || {
        routed!(aws.ec2.replace_route(), table, fields).send().await?;
        Ok(())
    })
    .await
}

async fn delete(aws: &Aws, table: &str, fields: &Map) -> Result<(), Failure> {
    let deleted = aws
        .ec2
        .delete_route()
        .route_table_id(table)
        .set_destination_cidr_block(fields.text("destination_cidr_block"))
        .set_destination_ipv6_cidr_block(fields.text("destination_ipv6_cidr_block"))
        .set_destination_prefix_list_id(fields.text("destination_prefix_list_id"))
        .send()
        .await;
    match deleted.map(drop).map_err(Failure::from) {
        Err(failure) if failure.is_code("InvalidRoute.NotFound") => Ok(()),
        // The local route cannot go: it leads to the VPC itself again.
        Err(failure) if failure.is_code("InvalidParameterValue") => to_local(aws, table, fields, failure).await,
        outcome => outcome,
    }
}

async fn to_local(aws: &Aws, table: &str, fields: &Map, refusal: Failure) -> Result<(), Failure> {
    let replaced = aws
        .ec2
        .replace_route()
        .route_table_id(table)
        .set_destination_cidr_block(fields.text("destination_cidr_block"))
        .set_destination_ipv6_cidr_block(fields.text("destination_ipv6_cidr_block"))
        .local_target(true)
        .send()
        .await;
    replaced.map(drop).map_err(|_| refusal)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(route: aws_sdk_ec2::types::builders::RouteBuilder, expected: &str) {
        assert_eq!(to_list(&[route.build()]).to_json().to_string(), expected);
    }

    #[test]
    fn only_the_stacks_own_routes_are_reported() {
        let any = || Route::builder().destination_cidr_block("0.0.0.0/0");
        check(any().gateway_id("igw-1"), r#"[{"destination_cidr_block":"0.0.0.0/0","gateway_id":"igw-1"}]"#);
        check(any().gateway_id("vpce-1"), r#"[{"destination_cidr_block":"0.0.0.0/0","vpc_endpoint_id":"vpce-1"}]"#);
        check(any().gateway_id("local").origin(RouteOrigin::CreateRouteTable), "[]");
        check(any().gateway_id("vgw-1").origin(RouteOrigin::EnableVgwRoutePropagation), "[]");
        check(Route::builder().destination_prefix_list_id("pl-1").gateway_id("vpce-1"), "[]");
    }
}
