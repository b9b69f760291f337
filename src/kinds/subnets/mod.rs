//! Subnets: <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSubnet.html>.

mod checks;

use async_trait::async_trait;
use aws_sdk_ec2::operation::modify_subnet_attribute::builders::ModifySubnetAttributeFluentBuilder;
use aws_sdk_ec2::types::{
    AttributeBooleanValue, HostnameType, ResourceType, Subnet, SubnetCidrBlockStateCode, SubnetState,
};

use crate::aws::{Aws, insist, tags};
use crate::model::failure::{Class, Failure};
use crate::model::live::{Live, Phase};
use crate::model::schema::{Attribute, Schema};
use crate::model::shape::Field;
use crate::model::value::{Map, Value};
use crate::world::{Ask, Born, New, Old, Revision};

use super::fields::Fields;
use super::{Kind, ec2};

pub struct Subnets;

const LINK: &str = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSubnet.html";

/// Switches that ModifySubnetAttribute sets, one a call, in the order in which AWS accepts them.
const SWITCHES: [&str; 3] = ["map_public_ip_on_launch", "assign_ipv6_address_on_creation", "enable_dns64"];

#[async_trait(?Send)]
impl Kind for Subnets {
    fn schema(&self) -> Schema {
        Schema::new("subnets", "subnet", Attribute::given("subnet-{hex17}"))
            .fields(network_fields())
            .fields(attribute_fields())
            .attributes([
                ("arn", Attribute::given("arn:{partition}:ec2:{region}:{account}:subnet/{id}")),
                ("owner_id", Attribute::computed("{account}")),
            ])
            .claim("the CIDR block", &["cidr_block", "vpc_id"])
            .rule(checks::blocks)
            .rule(checks::inside_vpc)
            .rule(checks::overlaps)
            .rule(checks::one_zone)
            .operations(
                &["ec2:DescribeSubnets", "ec2:DescribeNetworkInterfaces"],
                &[
                    "ec2:CreateSubnet",
                    "ec2:ModifySubnetAttribute",
                    "ec2:AssociateSubnetCidrBlock",
                    "ec2:DisassociateSubnetCidrBlock",
                    "ec2:CreateTags",
                    "ec2:DeleteTags",
                    "ec2:DeleteSubnet",
                ],
            )
            .link(LINK)
    }

    async fn discover(&self, aws: &Aws, ask: &Ask) -> Result<Vec<Live>, Failure> {
        let mut found = Vec::new();
        for filters in ec2::filters(ask, "subnet-id", None) {
            let pages = aws.ec2.describe_subnets().set_filters(Some(filters)).into_paginator();
            let subnets: Vec<Subnet> = pages.items().send().try_collect().await?;
            found.extend(subnets.iter().filter_map(|subnet| read(aws, subnet)));
        }
        Ok(ec2::keep_asked(ask, found))
    }

    async fn create(&self, aws: &Aws, new: &New<'_>) -> Result<Born, Failure> {
        let id = match self.create_call(aws, new).await {
            Ok(id) => id,
            Err(failure) if failure.is_code("InvalidSubnet.Conflict") => self.ours(aws, new, failure).await?,
            Err(failure) => return Err(failure),
        };
        let live = ec2::born(self, aws, &id, ec2::VISIBLE_BOUND).await?;
        insist(ec2::VISIBLE_BOUND, &["InvalidSubnetID.NotFound"], async || {
            write(aws, &id, new.fields, |field| !is_born_with(field, new.fields)).await
        })
        .await?;
        Ok(live.into())
    }

    async fn update(&self, aws: &Aws, revision: &Revision<'_>) -> Result<Map, Failure> {
        let id = &*revision.live.id;
        ec2::retag(aws, id, &revision.tags).await?;
        let block = revision.fields.text("ipv6_cidr_block");
        let moves = revision.delta.touches("ipv6_cidr_block");
        // A block can go only when no addresses are assigned from it any more, and they can only when it is there.
        if moves && block.is_some() {
            self.replace_ipv6(aws, id, block.clone()).await?;
        }
        write(aws, id, revision.fields, |field| revision.delta.touches(field)).await?;
        if moves && block.is_none() {
            self.replace_ipv6(aws, id, None).await?;
        }
        Ok(Map::new())
    }

    async fn delete(&self, aws: &Aws, old: &Old<'_>) -> Result<(), Failure> {
        let id = &*old.live.id;
        ec2::delete_held(aws, id, &[ec2::filter("subnet-id", [id])], async || {
            aws.ec2.delete_subnet().subnet_id(id).send().await?;
            Ok(())
        })
        .await?;
        ec2::gone(self, aws, id, ec2::VISIBLE_BOUND).await
    }
}

/// Fields that place the subnet: all but the IPv6 block are settled at birth.
fn network_fields() -> [(&'static str, Field); 12] {
    [
        ("vpc_id", Field::text().required().create_only().refers("vpcs", "id")),
        (
            "cidr_block",
            Field::text().left_alone().create_only().note("Required unless `ipv6_native` or an IPAM pool gives it."),
        ),
        ("availability_zone", Field::text().left_alone().create_only().note("Omitted: AWS chooses one at creation.")),
        ("availability_zone_id", Field::text().left_alone().create_only()),
        ("ipv6_cidr_block", Field::text()),
        ("ipv6_native", Field::bool().create_only()),
        ("outpost_arn", Field::text().create_only()),
        ("ipv4_ipam_pool_id", Field::text().write_only().create_only()),
        ("ipv4_netmask_length", Field::integer(16, 28).write_only().create_only()),
        ("ipv6_ipam_pool_id", Field::text().write_only().create_only()),
        ("ipv6_netmask_length", Field::integer(44, 64).write_only().create_only()),
        ("customer_owned_ipv4_pool", Field::text()),
    ]
}

/// Fields that ModifySubnetAttribute sets.
fn attribute_fields() -> [(&'static str, Field); 6] {
    [
        ("map_public_ip_on_launch", Field::bool().default(false)),
        ("map_customer_owned_ip_on_launch", Field::bool().default(false)),
        ("assign_ipv6_address_on_creation", Field::bool().default(false)),
        ("enable_dns64", Field::bool().default(false)),
        ("enable_lni_at_device_index", Field::integer(0, 1024)),
        (
            "private_dns_name_options_on_launch",
            Field::record([
                ("hostname_type", Field::one_of(&["ip-name", "resource-name"]).left_alone()),
                ("enable_resource_name_dns_a_record", Field::bool().default(false)),
                ("enable_resource_name_dns_aaaa_record", Field::bool().default(false)),
            ])
            .left_alone(),
        ),
    ]
}

impl Subnets {
    async fn create_call(&self, aws: &Aws, new: &New<'_>) -> Result<String, Failure> {
        let fields = new.fields;
        let made = aws
            .ec2
            .create_subnet()
            .set_vpc_id(fields.text("vpc_id"))
            .set_cidr_block(fields.text("cidr_block"))
            .set_availability_zone(fields.text("availability_zone"))
            .set_availability_zone_id(fields.text("availability_zone_id"))
            .set_ipv6_cidr_block(fields.text("ipv6_cidr_block"))
            .set_ipv6_native(fields.flag("ipv6_native"))
            .set_outpost_arn(fields.text("outpost_arn"))
            .set_ipv4_ipam_pool_id(fields.text("ipv4_ipam_pool_id"))
            .set_ipv4_netmask_length(fields.integer("ipv4_netmask_length"))
            .set_ipv6_ipam_pool_id(fields.text("ipv6_ipam_pool_id"))
            .set_ipv6_netmask_length(fields.integer("ipv6_netmask_length"))
            .set_tag_specifications(tags::specification(ResourceType::Subnet, new.tags))
            .send()
            .await?;
        ec2::id_of(made.subnet.and_then(|subnet| subnet.subnet_id))
    }

    /// Returns the id of the subnet that holds the block if it is the one that we were making.
    async fn ours(&self, aws: &Aws, new: &New<'_>, conflict: Failure) -> Result<String, Failure> {
        match ec2::look_for(self, aws, new.tags, std::time::Duration::ZERO).await? {
            Some(id) => Ok(id),
            None => Err(Failure { class: Class::Exists, ..conflict }),
        }
    }

    async fn replace_ipv6(&self, aws: &Aws, id: &str, wanted: Option<String>) -> Result<(), Failure> {
        let described = aws.ec2.describe_subnets().filters(ec2::filter("subnet-id", [id])).send().await?;
        for held in described.subnets().iter().flat_map(Subnet::ipv6_cidr_block_association_set) {
            if let (true, Some(association)) = (is_associated(held), held.association_id()) {
                aws.ec2.disassociate_subnet_cidr_block().association_id(association).send().await?;
            }
        }
        if let Some(block) = wanted {
            aws.ec2.associate_subnet_cidr_block().subnet_id(id).ipv6_cidr_block(block).send().await?;
            ec2::born(self, aws, id, ec2::VISIBLE_BOUND).await?;
        }
        Ok(())
    }
}

fn is_associated(held: &aws_sdk_ec2::types::SubnetIpv6CidrBlockAssociation) -> bool {
    let state = held.ipv6_cidr_block_state().and_then(|state| state.state());
    matches!(state, None | Some(SubnetCidrBlockStateCode::Associated | SubnetCidrBlockStateCode::Associating))
}

fn read(aws: &Aws, subnet: &Subnet) -> Option<Live> {
    let mut live = ec2::live(aws, "subnets", "subnet", subnet.subnet_id()?, subnet.tags());
    let ipv6 = subnet.ipv6_cidr_block_association_set().iter().find(|held| is_associated(held));
    let associating =
        ipv6.and_then(|held| held.ipv6_cidr_block_state()?.state()) == Some(&SubnetCidrBlockStateCode::Associating);
    live.phase = match subnet.state() {
        Some(SubnetState::Pending) => Phase::Pending,
        Some(state @ (SubnetState::FailedInsufficientCapacity | SubnetState::Unavailable)) => {
            Phase::Failed(state.as_str().to_owned())
        }
        _ if associating => Phase::Pending,
        _ => Phase::Usable,
    };
    live.attribute("owner_id", subnet.owner_id())
        .field("vpc_id", subnet.vpc_id())
        .field("cidr_block", subnet.cidr_block())
        .field("availability_zone", subnet.availability_zone())
        .field("availability_zone_id", subnet.availability_zone_id())
        .field("ipv6_cidr_block", ipv6.and_then(|held| held.ipv6_cidr_block()))
        .field("ipv6_native", subnet.ipv6_native())
        .field("outpost_arn", subnet.outpost_arn())
        .field("customer_owned_ipv4_pool", subnet.customer_owned_ipv4_pool())
        .field("map_public_ip_on_launch", subnet.map_public_ip_on_launch().unwrap_or(false))
        .field("map_customer_owned_ip_on_launch", subnet.map_customer_owned_ip_on_launch().unwrap_or(false))
        .field("assign_ipv6_address_on_creation", subnet.assign_ipv6_address_on_creation().unwrap_or(false))
        .field("enable_dns64", subnet.enable_dns64().unwrap_or(false))
        .field("enable_lni_at_device_index", subnet.enable_lni_at_device_index());
    if let Some(options) = subnet.private_dns_name_options_on_launch() {
        live.field(
            "private_dns_name_options_on_launch",
            Value::map([
                ("hostname_type", Value::from(options.hostname_type().map(HostnameType::as_str))),
                (
                    "enable_resource_name_dns_a_record",
                    options.enable_resource_name_dns_a_record().unwrap_or(false).into(),
                ),
                (
                    "enable_resource_name_dns_aaaa_record",
                    options.enable_resource_name_dns_aaaa_record().unwrap_or(false).into(),
                ),
            ]),
        );
    }
    Some(live)
}

/// Returns true if a new subnet has this field's value without a call.
fn is_born_with(field: &str, fields: &Map) -> bool {
    match field {
        "private_dns_name_options_on_launch" | "enable_lni_at_device_index" => !fields.contains_key(field),
        _ => !fields.flag(field).unwrap_or(false),
    }
}

/// Writes the attributes that are touched, one a call as AWS demands.
async fn write(aws: &Aws, id: &str, fields: &Map, touched: impl Fn(&str) -> bool) -> Result<(), Failure> {
    let call = || aws.ec2.modify_subnet_attribute().subnet_id(id);
    let mut calls: Vec<ModifySubnetAttributeFluentBuilder> = Vec::new();
    for name in SWITCHES.into_iter().filter(|name| touched(name)) {
        let value = switch(fields.flag(name).unwrap_or(false));
        calls.push(match name {
            "map_public_ip_on_launch" => call().map_public_ip_on_launch(value),
            "assign_ipv6_address_on_creation" => call().assign_ipv6_address_on_creation(value),
            _ => call().enable_dns64(value),
        });
    }
    if touched("map_customer_owned_ip_on_launch") || touched("customer_owned_ipv4_pool") {
        // These two act as a single attribute.
        let mapped = fields.flag("map_customer_owned_ip_on_launch").unwrap_or(false);
        let pool = fields.text("customer_owned_ipv4_pool").filter(|_| mapped);
        calls.push(call().map_customer_owned_ip_on_launch(switch(mapped)).set_customer_owned_ipv4_pool(pool));
    }
    if touched("enable_lni_at_device_index") {
        calls.push(match fields.integer("enable_lni_at_device_index") {
            Some(index) => call().enable_lni_at_device_index(index),
            None => call().disable_lni_at_device_index(switch(true)),
        });
    }
    if touched("private_dns_name_options_on_launch")
        && let Some(options) = fields.record("private_dns_name_options_on_launch")
    {
        let hostname = options.text("hostname_type").map(|text| HostnameType::from(text.as_str()));
        calls.extend(hostname.map(|hostname| call().private_dns_hostname_type_on_launch(hostname)));
        let a = options.flag("enable_resource_name_dns_a_record").unwrap_or(false);
        calls.push(call().enable_resource_name_dns_a_record_on_launch(switch(a)));
        let aaaa = options.flag("enable_resource_name_dns_aaaa_record").unwrap_or(false);
        calls.push(call().enable_resource_name_dns_aaaa_record_on_launch(switch(aaaa)));
    }
    for call in calls {
        call.send().await?;
    }
    Ok(())
}

fn switch(on: bool) -> AttributeBooleanValue {
    AttributeBooleanValue::builder().value(on).build()
}
