//! VPCs, with what AWS makes along with each: <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateVpc.html>.

mod acl;
mod blocks;
mod checks;
mod defaults;
mod settings;

use async_trait::async_trait;
use aws_sdk_ec2::types::{ResourceType, Tenancy, Vpc, VpcState, VpcTenancy};

use futures_util::future::try_join;

use crate::aws::{Aws, insist, tags};
use crate::model::failure::Failure;
use crate::model::live::{Live, Phase};
use crate::model::schema::{Attribute, Schema};
use crate::model::shape::{Effect, Field, Shape, Text};
use crate::model::value::{Map, Value};
use crate::world::{Ask, Born, New, Old, Revision};

use super::fields::Fields;
use super::{Kind, ec2};

pub struct Vpcs;

#[async_trait(?Send)]
impl Kind for Vpcs {
    fn schema(&self) -> Schema {
        Schema::new("vpcs", "VPC", Attribute::given("vpc-{hex17}"))
            .fields(block_fields())
            .fields(settings::fields())
            .fields(defaults::fields())
            .attributes([
                ("arn", Attribute::given("arn:{partition}:ec2:{region}:{account}:vpc/{id}")),
                ("owner_id", Attribute::computed("{account}")),
                ("default_security_group_id", Attribute::given("sg-{hex17}")),
                ("main_route_table_id", Attribute::given("rtb-{hex17}")),
                ("default_network_acl_id", Attribute::given("acl-{hex17}")),
                ("ipv6_cidr_block", Attribute::given("2600:1f18:4e5:8b00::/56")),
            ])
            .rule(checks::blocks)
            .rule(checks::names_need_dns)
            .rule(checks::parts)
            .operations(
                &[
                    "ec2:DescribeVpcs",
                    "ec2:DescribeVpcAttribute",
                    "ec2:DescribeSecurityGroups",
                    "ec2:DescribeSecurityGroupRules",
                    "ec2:DescribeRouteTables",
                    "ec2:DescribeNetworkAcls",
                    "ec2:DescribeNetworkInterfaces",
                ],
                &[
                    "ec2:CreateVpc",
                    "ec2:ModifyVpcAttribute",
                    "ec2:ModifyVpcTenancy",
                    "ec2:AssociateVpcCidrBlock",
                    "ec2:DisassociateVpcCidrBlock",
                    "ec2:AssociateDhcpOptions",
                    "ec2:AuthorizeSecurityGroupIngress",
                    "ec2:AuthorizeSecurityGroupEgress",
                    "ec2:RevokeSecurityGroupIngress",
                    "ec2:RevokeSecurityGroupEgress",
                    "ec2:UpdateSecurityGroupRuleDescriptionsIngress",
                    "ec2:UpdateSecurityGroupRuleDescriptionsEgress",
                    "ec2:CreateRoute",
                    "ec2:ReplaceRoute",
                    "ec2:DeleteRoute",
                    "ec2:CreateNetworkAclEntry",
                    "ec2:ReplaceNetworkAclEntry",
                    "ec2:DeleteNetworkAclEntry",
                    "ec2:CreateTags",
                    "ec2:DeleteTags",
                    "ec2:DeleteVpc",
                ],
            )
            .link("https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateVpc.html")
    }

    async fn discover(&self, aws: &Aws, ask: &Ask) -> Result<Vec<Live>, Failure> {
        let mut vpcs: Vec<Vpc> = Vec::new();
        for filters in ec2::filters(ask, "vpc-id", None) {
            let pages = aws.ec2.describe_vpcs().set_filters(Some(filters)).into_paginator();
            vpcs.extend(pages.items().send().try_collect().await?);
        }
        let found = ec2::keep_asked(ask, vpcs.iter().filter_map(|vpc| read(aws, vpc)).collect());
        let ids: Vec<_> = found.iter().map(|live| live.id.clone()).collect();
        let (mut found, made) = try_join(settings::read(aws, found), defaults::read(aws, &ids)).await?;
        made.add_to(&mut found);
        Ok(found)
    }

    async fn create(&self, aws: &Aws, new: &New<'_>) -> Result<Born, Failure> {
        let id = ec2::create_once(self, aws, new.tags, async || create_call(aws, new).await).await?;
        let live = ec2::born(self, aws, &id, ec2::VISIBLE_BOUND).await?;
        insist(ec2::VISIBLE_BOUND, &["InvalidVpcID.NotFound"], async || {
            blocks::write_secondary(aws, &id, new.fields).await?;
            settings::write(aws, &live, new.fields, |field| !settings::is_born_with(field, new.fields)).await
        })
        .await?;
        defaults::write(aws, &live, new.fields, |_| true).await?;
        Ok(live.into())
    }

    async fn update(&self, aws: &Aws, revision: &Revision<'_>) -> Result<Map, Failure> {
        let (id, fields, delta) = (&*revision.live.id, revision.fields, revision.delta);
        ec2::retag(aws, id, &revision.tags).await?;
        if delta.touches("instance_tenancy") {
            aws.ec2.modify_vpc_tenancy().vpc_id(id).instance_tenancy(VpcTenancy::Default).send().await?;
        }
        if delta.touches("secondary_cidr_blocks") {
            blocks::write_secondary(aws, id, fields).await?;
        }
        if delta.touches("amazon_provided_ipv6_cidr_block") {
            blocks::write_ipv6(aws, id, fields).await?;
        }
        settings::write(aws, revision.live, fields, |field| delta.touches(field)).await?;
        defaults::write(aws, revision.live, fields, |field| delta.touches(field)).await?;
        Ok(Map::new())
    }

    async fn delete(&self, aws: &Aws, old: &Old<'_>) -> Result<(), Failure> {
        let id = &*old.live.id;
        ec2::delete_held(aws, id, &[ec2::filter("vpc-id", [id])], async || {
            aws.ec2.delete_vpc().vpc_id(id).send().await?;
            Ok(())
        })
        .await?;
        ec2::gone(self, aws, id, ec2::VISIBLE_BOUND).await
    }
}

/// Fields that are part of the create call.
fn block_fields() -> [(&'static str, Field); 9] {
    [
        ("cidr_block", Field::text().left_alone().create_only().note("Required unless an IPAM pool gives it.")),
        ("ipv4_ipam_pool_id", Field::text().write_only().create_only()),
        ("ipv4_netmask_length", Field::integer(16, 28).write_only().create_only()),
        (
            "secondary_cidr_blocks",
            Field::set(Shape::Text(Text::default())).items(0, 50).note("Further IPv4 blocks, associated one by one."),
        ),
        ("instance_tenancy", Field::one_of(&["default", "dedicated"]).default("default").replaces_if(tenancy)),
        ("amazon_provided_ipv6_cidr_block", Field::bool().default(false)),
        ("ipv6_cidr_block_network_border_group", Field::text().left_alone().create_only()),
        ("ipv6_ipam_pool_id", Field::text().write_only().create_only()),
        ("ipv6_netmask_length", Field::integer(44, 60).write_only().create_only()),
    ]
}

/// Tenancy can be relaxed in place, never tightened:
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyVpcTenancy.html>.
fn tenancy(_: &Value, after: &Value, _: &Map) -> Effect {
    if after.as_str() == Some("default") { Effect::InPlace } else { Effect::Replace }
}

async fn create_call(aws: &Aws, new: &New<'_>) -> Result<String, Failure> {
    let fields = new.fields;
    let made = aws
        .ec2
        .create_vpc()
        .set_cidr_block(fields.text("cidr_block"))
        .set_ipv4_ipam_pool_id(fields.text("ipv4_ipam_pool_id"))
        .set_ipv4_netmask_length(fields.integer("ipv4_netmask_length"))
        .set_instance_tenancy(fields.text("instance_tenancy").map(|text| Tenancy::from(text.as_str())))
        .set_amazon_provided_ipv6_cidr_block(fields.flag("amazon_provided_ipv6_cidr_block").filter(|on| *on))
        .set_ipv6_cidr_block_network_border_group(fields.text("ipv6_cidr_block_network_border_group"))
        .set_ipv6_ipam_pool_id(fields.text("ipv6_ipam_pool_id"))
        .set_ipv6_netmask_length(fields.integer("ipv6_netmask_length"))
        .set_tag_specifications(tags::specification(ResourceType::Vpc, new.tags))
        .send()
        .await?;
    ec2::id_of(made.vpc.and_then(|vpc| vpc.vpc_id))
}

/// Reads what DescribeVpcs reports of a VPC.
fn read(aws: &Aws, vpc: &Vpc) -> Option<Live> {
    let mut live = ec2::live(aws, "vpcs", "vpc", vpc.vpc_id()?, vpc.tags());
    let ipv6 = blocks::ipv6(vpc);
    live.phase = match vpc.state() {
        Some(VpcState::Pending) => Phase::Pending,
        _ if blocks::is_associating(vpc) => Phase::Pending,
        _ => Phase::Usable,
    };
    live.attribute("owner_id", vpc.owner_id())
        // Empty for a VPC without IPv6, so that an attribute is always there.
        .attribute("ipv6_cidr_block", ipv6.and_then(|held| held.ipv6_cidr_block()).unwrap_or_default())
        .field("cidr_block", vpc.cidr_block())
        .field("secondary_cidr_blocks", blocks::secondary(vpc))
        .field("instance_tenancy", vpc.instance_tenancy().map_or("default", Tenancy::as_str))
        .field("amazon_provided_ipv6_cidr_block", ipv6.is_some_and(blocks::is_amazons))
        .field("ipv6_cidr_block_network_border_group", ipv6.and_then(|held| held.network_border_group()))
        .field("dhcp_options_id", vpc.dhcp_options_id());
    Some(live)
}
