//! Elastic IP addresses: <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AllocateAddress.html>.

use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_ec2::types::{Address as ElasticIp, DomainType, ResourceType};

use crate::aws::{Aws, insist, tags};
use crate::model::address::Address;
use crate::model::failure::{Failure, unless_gone};
use crate::model::live::Live;
use crate::model::schema::{Attribute, Neighbours, Schema};
use crate::model::shape::Field;
use crate::model::value::Map;
use crate::world::{Ask, Born, New, Old, Revision};

use super::fields::Fields;
use super::{Kind, ec2};

pub struct ElasticIps;

/// How long an address may still be held by what has just been deleted.
const RELEASE_BOUND: Duration = Duration::from_secs(5 * 60);

#[async_trait(?Send)]
impl Kind for ElasticIps {
    fn schema(&self) -> Schema {
        Schema::new("elastic_ips", "elastic IP address", Attribute::given("eipalloc-{hex17}"))
            .fields([
                (
                    "address",
                    Field::text().left_alone().create_only().note("An address of your own pool, or one to recover."),
                ),
                ("public_ipv4_pool", Field::text().left_alone().create_only()),
                ("network_border_group", Field::text().left_alone().create_only()),
                ("customer_owned_ipv4_pool", Field::text().left_alone().create_only()),
                ("ipam_pool_id", Field::text().write_only().create_only()),
            ])
            .attributes([
                ("arn", Attribute::given("arn:{partition}:ec2:{region}:{account}:elastic-ip/{id}")),
                ("allocation_id", Attribute::given("{id}")),
                ("public_ip", Attribute::given("203.0.113.10")),
            ])
            .needs(internet_gateways)
            .operations(
                &["ec2:DescribeAddresses"],
                &["ec2:AllocateAddress", "ec2:CreateTags", "ec2:DeleteTags", "ec2:ReleaseAddress"],
            )
            .link("https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AllocateAddress.html")
    }

    async fn discover(&self, aws: &Aws, ask: &Ask) -> Result<Vec<Live>, Failure> {
        let mut found = Vec::new();
        for filters in ec2::filters(ask, "allocation-id", None) {
            let addresses = aws.ec2.describe_addresses().set_filters(Some(filters)).send().await?;
            found.extend(addresses.addresses().iter().filter_map(|address| read(aws, address)));
        }
        Ok(ec2::keep_asked(ask, found))
    }

    async fn create(&self, aws: &Aws, new: &New<'_>) -> Result<Born, Failure> {
        let fields = new.fields;
        let id = ec2::create_once(self, aws, new.tags, async || {
            let made = aws
                .ec2
                .allocate_address()
                .domain(DomainType::Vpc)
                .set_address(fields.text("address"))
                .set_public_ipv4_pool(fields.text("public_ipv4_pool"))
                .set_network_border_group(fields.text("network_border_group"))
                .set_customer_owned_ipv4_pool(fields.text("customer_owned_ipv4_pool"))
                .set_ipam_pool_id(fields.text("ipam_pool_id"))
                .set_tag_specifications(tags::specification(ResourceType::ElasticIp, new.tags))
                .send()
                .await?;
            ec2::id_of(made.allocation_id)
        })
        .await?;
        Ok(ec2::born(self, aws, &id, ec2::VISIBLE_BOUND).await?.into())
    }

    async fn update(&self, aws: &Aws, revision: &Revision<'_>) -> Result<Map, Failure> {
        ec2::retag(aws, &revision.live.id, &revision.tags).await?;
        Ok(Map::new())
    }

    async fn delete(&self, aws: &Aws, old: &Old<'_>) -> Result<(), Failure> {
        let id = &*old.live.id;
        // AWS says AuthFailure while one of its services (a load balancer) still holds the address.
        let released = insist(RELEASE_BOUND, &["InvalidIPAddress.InUse", "AuthFailure"], async || {
            aws.ec2.release_address().allocation_id(id).send().await?;
            Ok(())
        });
        unless_gone(released.await)?;
        ec2::gone(self, aws, id, ec2::VISIBLE_BOUND).await
    }
}

/// An address works, and lets go, only beside an internet gateway:
/// <https://docs.aws.amazon.com/vpc/latest/userguide/vpc-eips.html>.
fn internet_gateways(stack: &dyn Neighbours, _: &Address) -> Vec<Address> {
    stack.of_kind("internet_gateways")
}

fn read(aws: &Aws, address: &ElasticIp) -> Option<Live> {
    let id = address.allocation_id()?;
    let mut live = ec2::live(aws, "elastic_ips", "elastic-ip", id, address.tags());
    live.attribute("allocation_id", id)
        .attribute("public_ip", address.public_ip())
        .field("address", address.public_ip())
        .field("public_ipv4_pool", address.public_ipv4_pool())
        .field("network_border_group", address.network_border_group())
        .field("customer_owned_ipv4_pool", address.customer_owned_ipv4_pool());
    Some(live)
}
