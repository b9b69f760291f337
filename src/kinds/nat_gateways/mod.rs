//! NAT gateways, zonal and regional: <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateNatGateway.html>.

mod addresses;
mod checks;
#[cfg(test)]
mod tests;

use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_ec2::types::{AvailabilityMode, ConnectivityType, NatGateway, NatGatewayState, ResourceType};

use crate::aws::{Aws, insist, tags};
use crate::model::failure::{Failure, unless_gone};
use crate::model::live::{Live, Phase};
use crate::model::schema::{Attribute, Schema};
use crate::model::shape::{Field, Shape, Text};
use crate::model::value::Map;
use crate::world::{Ask, Born, New, Old, Revision};

use super::fields::Fields;
use super::{Kind, ec2};

pub struct NatGateways;

/// One takes about 90 seconds to become available, and about a minute to go; at times many more.
const AVAILABLE_BOUND: Duration = Duration::from_secs(10 * 60);
const GONE_BOUND: Duration = Duration::from_secs(30 * 60);

/// What a create is built on may be too new for the part of EC2 that makes gateways.
const PARTS_UNKNOWN: [&str; 2] = ["InvalidAllocationID.NotFound", "InvalidSubnetID.NotFound"];

#[async_trait(?Send)]
impl Kind for NatGateways {
    fn schema(&self) -> Schema {
        Schema::new("nat_gateways", "NAT gateway", Attribute::given("nat-{hex17}"))
            .fields(place_fields())
            .fields(addresses::fields())
            .attributes([
                ("arn", Attribute::given("arn:{partition}:ec2:{region}:{account}:natgateway/{id}")),
                ("public_ip", Attribute::given("203.0.113.11")),
                ("private_ip", Attribute::given("10.0.0.11")),
                ("network_interface_id", Attribute::given("eni-{hex17}")),
            ])
            .claim("the elastic IP address", &["allocation_id"])
            .claim("the elastic IP address", &["secondary_allocation_ids"])
            .needs(checks::way_out)
            .rule(checks::shape)
            .operations(
                &["ec2:DescribeNatGateways"],
                &[
                    "ec2:CreateNatGateway",
                    "ec2:AssociateNatGatewayAddress",
                    "ec2:DisassociateNatGatewayAddress",
                    "ec2:AssignPrivateNatGatewayAddress",
                    "ec2:UnassignPrivateNatGatewayAddress",
                    "ec2:CreateTags",
                    "ec2:DeleteTags",
                    "ec2:DeleteNatGateway",
                ],
            )
            .link("https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateNatGateway.html")
    }

    async fn discover(&self, aws: &Aws, ask: &Ask) -> Result<Vec<Live>, Failure> {
        let mut found = Vec::new();
        for filters in ec2::filters(ask, "nat-gateway-id", None) {
            let pages = aws.ec2.describe_nat_gateways().set_filter(Some(filters)).into_paginator();
            let gateways: Vec<NatGateway> = pages.items().send().try_collect().await?;
            found.extend(gateways.iter().filter_map(|gateway| read(aws, gateway)));
        }
        Ok(ec2::keep_asked(ask, found))
    }

    /// Returns when the gateway is available: a route to a pending one is refused as "does not exist", and
    /// machines that start behind one find no way out (<https://github.com/kubernetes/kops/pull/944>).
    async fn create(&self, aws: &Aws, new: &New<'_>) -> Result<Born, Failure> {
        let id = ec2::create_with_token(self, aws, new, async |token| {
            insist(ec2::VISIBLE_BOUND, &PARTS_UNKNOWN, async || create_call(aws, new, &token).await).await
        })
        .await?;
        Ok(ec2::born(self, aws, &id, AVAILABLE_BOUND).await?.into())
    }

    async fn update(&self, aws: &Aws, revision: &Revision<'_>) -> Result<Map, Failure> {
        let id = &*revision.live.id;
        ec2::retag(aws, id, &revision.tags).await?;
        if addresses::write(aws, id, revision.fields, |field| revision.delta.touches(field)).await? {
            ec2::born(self, aws, id, AVAILABLE_BOUND).await?;
        }
        Ok(Map::new())
    }

    async fn delete(&self, aws: &Aws, old: &Old<'_>) -> Result<(), Failure> {
        let id = &*old.live.id;
        if old.live.phase != Phase::Deleting {
            let deleted = aws.ec2.delete_nat_gateway().nat_gateway_id(id).send().await;
            unless_gone(deleted.map_err(Failure::from))?;
        }
        // Its addresses are free only when it is gone.
        ec2::gone(self, aws, id, GONE_BOUND).await
    }
}

fn place_fields() -> [(&'static str, Field); 9] {
    [
        ("subnet_id", Field::text().create_only().refers("subnets", "id").note("Required for a zonal gateway.")),
        ("connectivity_type", Field::one_of(&["public", "private"]).default("public").create_only()),
        (
            "allocation_id",
            Field::text()
                .create_only()
                .refers("elastic_ips", "id")
                .note("The elastic IP address of a public zonal gateway."),
        ),
        ("private_ip_address", Field::text().left_alone().create_only()),
        ("availability_mode", Field::one_of(&["zonal", "regional"]).default("zonal").create_only()),
        (
            "vpc_id",
            Field::text().create_only().refers("vpcs", "id").note("For a regional gateway, which has no subnet."),
        ),
        (
            "secondary_allocation_ids",
            Field::set(Shape::Text(Text::default())).refers("elastic_ips", "id").note("For a public zonal gateway."),
        ),
        (
            "secondary_private_ip_addresses",
            Field::set(Shape::Text(Text::default())).left_alone().note("For a private gateway."),
        ),
        (
            "secondary_private_ip_address_count",
            Field::integer(1, 31).left_alone().note("For a private gateway: AWS chooses the addresses."),
        ),
    ]
}

async fn create_call(aws: &Aws, new: &New<'_>, token: &str) -> Result<String, Failure> {
    let fields = new.fields;
    let regional = fields.text("availability_mode").filter(|mode| mode == "regional");
    let made = aws
        .ec2
        .create_nat_gateway()
        .client_token(token)
        .set_subnet_id(fields.text("subnet_id"))
        .set_vpc_id(fields.text("vpc_id"))
        .set_connectivity_type(fields.text("connectivity_type").map(|text| ConnectivityType::from(text.as_str())))
        .set_availability_mode(regional.map(|mode| AvailabilityMode::from(mode.as_str())))
        .set_allocation_id(fields.text("allocation_id"))
        .set_private_ip_address(fields.text("private_ip_address"))
        .set_secondary_allocation_ids(fields.texts("secondary_allocation_ids"))
        .set_secondary_private_ip_addresses(fields.texts("secondary_private_ip_addresses"))
        .set_secondary_private_ip_address_count(fields.integer("secondary_private_ip_address_count"))
        .set_availability_zone_addresses(addresses::of_zones(fields))
        .set_tag_specifications(tags::specification(ResourceType::Natgateway, new.tags))
        .send()
        .await?;
    ec2::id_of(made.nat_gateway.and_then(|gateway| gateway.nat_gateway_id))
}

/// Reads a gateway; one that is deleted stays listed for an hour, and is gone.
fn read(aws: &Aws, gateway: &NatGateway) -> Option<Live> {
    let mut live = ec2::live(aws, "nat_gateways", "natgateway", gateway.nat_gateway_id()?, gateway.tags());
    live.phase = match gateway.state() {
        Some(NatGatewayState::Deleted) => return None,
        Some(NatGatewayState::Deleting) => Phase::Deleting,
        Some(NatGatewayState::Failed) => Phase::Failed(reason(gateway)),
        Some(NatGatewayState::Pending) => Phase::Pending,
        _ if addresses::are_moving(gateway) => Phase::Pending,
        _ => Phase::Usable,
    };
    let is_regional = gateway.availability_mode() == Some(&AvailabilityMode::Regional);
    live.field("connectivity_type", gateway.connectivity_type().map_or("public", ConnectivityType::as_str))
        .field("availability_mode", if is_regional { "regional" } else { "zonal" })
        .field("subnet_id", gateway.subnet_id().filter(|_| !is_regional))
        .field("vpc_id", gateway.vpc_id().filter(|_| is_regional));
    addresses::read(&mut live, gateway, is_regional);
    Some(live)
}

fn reason(gateway: &NatGateway) -> String {
    match (gateway.failure_code(), gateway.failure_message()) {
        (Some(code), Some(message)) => format!("{message} ({code})"),
        (code, message) => message.or(code).unwrap_or("AWS names no reason").to_owned(),
    }
}
