//! Internet gateways: <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateInternetGateway.html>.

use async_trait::async_trait;
use aws_sdk_ec2::types::{InternetGateway, ResourceType};

use crate::aws::{Aws, insist, tags};
use crate::model::failure::{Failure, unless_gone};
use crate::model::live::Live;
use crate::model::schema::{Attribute, Schema};
use crate::model::shape::Field;
use crate::model::value::Map;
use crate::world::{Ask, Born, New, Old, Revision};

use super::fields::Fields;
use super::{Kind, ec2};

pub struct InternetGateways;

#[async_trait(?Send)]
impl Kind for InternetGateways {
    fn schema(&self) -> Schema {
        Schema::new("internet_gateways", "internet gateway", Attribute::given("igw-{hex17}"))
            .fields([("vpc_id", Field::text().refers("vpcs", "id").note("The VPC that it is attached to."))])
            .attributes([
                ("arn", Attribute::given("arn:{partition}:ec2:{region}:{account}:internet-gateway/{id}")),
                ("owner_id", Attribute::computed("{account}")),
            ])
            .claim("the internet gateway of the VPC", &["vpc_id"])
            .operations(
                &["ec2:DescribeInternetGateways", "ec2:DescribeNetworkInterfaces"],
                &[
                    "ec2:CreateInternetGateway",
                    "ec2:AttachInternetGateway",
                    "ec2:DetachInternetGateway",
                    "ec2:CreateTags",
                    "ec2:DeleteTags",
                    "ec2:DeleteInternetGateway",
                ],
            )
            .link("https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateInternetGateway.html")
    }

    async fn discover(&self, aws: &Aws, ask: &Ask) -> Result<Vec<Live>, Failure> {
        let mut found = Vec::new();
        for filters in ec2::filters(ask, "internet-gateway-id", None) {
            let pages = aws.ec2.describe_internet_gateways().set_filters(Some(filters)).into_paginator();
            let gateways: Vec<InternetGateway> = pages.items().send().try_collect().await?;
            found.extend(gateways.iter().filter_map(|gateway| read(aws, gateway)));
        }
        Ok(ec2::keep_asked(ask, found))
    }

    async fn create(&self, aws: &Aws, new: &New<'_>) -> Result<Born, Failure> {
        let id = ec2::create_once(self, aws, new.tags, async || {
            let call = aws.ec2.create_internet_gateway();
            let tags = tags::specification(ResourceType::InternetGateway, new.tags);
            let made = call.set_tag_specifications(tags).send().await?;
            ec2::id_of(made.internet_gateway.and_then(|gateway| gateway.internet_gateway_id))
        })
        .await?;
        let live = ec2::born(self, aws, &id, ec2::VISIBLE_BOUND).await?;
        if let Some(vpc) = new.fields.text("vpc_id").filter(|vpc| live.fields.text("vpc_id").as_ref() != Some(vpc)) {
            insist(ec2::VISIBLE_BOUND, &["InvalidInternetGatewayID.NotFound"], async || {
                self.attach(aws, &id, &vpc).await
            })
            .await?;
        }
        Ok(live.into())
    }

    async fn update(&self, aws: &Aws, revision: &Revision<'_>) -> Result<Map, Failure> {
        let id = &*revision.live.id;
        ec2::retag(aws, id, &revision.tags).await?;
        if revision.delta.touches("vpc_id") {
            if let Some(vpc) = revision.live.fields.text("vpc_id") {
                detach(aws, id, &vpc).await?;
            }
            if let Some(vpc) = revision.fields.text("vpc_id") {
                self.attach(aws, id, &vpc).await?;
            }
        }
        Ok(Map::new())
    }

    async fn delete(&self, aws: &Aws, old: &Old<'_>) -> Result<(), Failure> {
        let id = &*old.live.id;
        if let Some(vpc) = old.live.fields.text("vpc_id") {
            detach(aws, id, &vpc).await?;
        }
        let deleted = insist(ec2::VISIBLE_BOUND, &["DependencyViolation"], async || {
            aws.ec2.delete_internet_gateway().internet_gateway_id(id).send().await?;
            Ok(())
        });
        unless_gone(deleted.await)?;
        ec2::gone(self, aws, id, ec2::VISIBLE_BOUND).await
    }
}

impl InternetGateways {
    async fn attach(&self, aws: &Aws, id: &str, vpc: &str) -> Result<(), Failure> {
        let attached = insist(ec2::VISIBLE_BOUND, &["InvalidVpcID.NotFound"], async || {
            aws.ec2.attach_internet_gateway().internet_gateway_id(id).vpc_id(vpc).send().await?;
            Ok(())
        });
        match attached.await {
            Err(failure) if failure.is_code("Resource.AlreadyAssociated") => {
                // By this very call, if its answer was lost.
                let live = self.discover(aws, &Ask::Ids(vec![id.into()])).await?.pop();
                let here = live.is_some_and(|live| live.fields.text("vpc_id").as_deref() == Some(vpc));
                if here { Ok(()) } else { Err(failure) }
            }
            outcome => outcome,
        }
    }
}

/// Detaches the gateway; AWS refuses while public addresses of the VPC are in use.
async fn detach(aws: &Aws, id: &str, vpc: &str) -> Result<(), Failure> {
    let public = [ec2::filter("vpc-id", [vpc]), ec2::filter("association.public-ip", ["*"])];
    ec2::delete_held(aws, id, &public, async || {
        let detached = aws.ec2.detach_internet_gateway().internet_gateway_id(id).vpc_id(vpc).send().await;
        match detached.map(drop).map_err(Failure::from) {
            Err(failure) if failure.is_code("Gateway.NotAttached") => Ok(()),
            outcome => outcome,
        }
    })
    .await
}

fn read(aws: &Aws, gateway: &InternetGateway) -> Option<Live> {
    let id = gateway.internet_gateway_id()?;
    let mut live = ec2::live(aws, "internet_gateways", "internet-gateway", id, gateway.tags());
    let attachment = gateway.attachments().iter().find(|attachment| {
        // AWS reports `available` here, which is none of the values that its own API model lists.
        !matches!(attachment.state().map(|state| state.as_str()), Some("detaching" | "detached"))
    });
    live.attribute("owner_id", gateway.owner_id())
        .field("vpc_id", attachment.and_then(|attachment| attachment.vpc_id()));
    Some(live)
}
