//! Route tables: <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateRouteTable.html>.

mod associations;
pub mod checks;
pub mod routes;

use async_trait::async_trait;
use aws_sdk_ec2::types::{ResourceType, RouteTable};

use crate::aws::{Aws, insist, tags};
use crate::model::failure::{Failure, unless_gone};
use crate::model::live::Live;
use crate::model::schema::{Attribute, Schema};
use crate::model::shape::Field;
use crate::model::value::Map;
use crate::world::{Ask, Born, New, Old, Revision};

use super::fields::Fields;
use super::{Kind, ec2};

pub struct RouteTables;

#[async_trait(?Send)]
impl Kind for RouteTables {
    fn schema(&self) -> Schema {
        Schema::new("route_tables", "route table", Attribute::given("rtb-{hex17}"))
            .fields([
                ("vpc_id", Field::text().required().create_only().refers("vpcs", "id")),
                (
                    "routes",
                    routes::field()
                        .deferrable()
                        .note("Local, propagated and endpoint routes are AWS's own and left alone."),
                ),
            ])
            .fields(associations::fields())
            .attributes([
                ("arn", Attribute::given("arn:{partition}:ec2:{region}:{account}:route-table/{id}")),
                ("owner_id", Attribute::computed("{account}")),
            ])
            .claim("the route table of the subnet", &["subnet_ids"])
            .claim("the route table of the gateway", &["gateway_ids"])
            .rule(checks::table)
            .operations(
                &["ec2:DescribeRouteTables"],
                &[
                    "ec2:CreateRouteTable",
                    "ec2:CreateRoute",
                    "ec2:ReplaceRoute",
                    "ec2:DeleteRoute",
                    "ec2:AssociateRouteTable",
                    "ec2:DisassociateRouteTable",
                    "ec2:EnableVgwRoutePropagation",
                    "ec2:DisableVgwRoutePropagation",
                    "ec2:CreateTags",
                    "ec2:DeleteTags",
                    "ec2:DeleteRouteTable",
                ],
            )
            .link("https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateRouteTable.html")
    }

    async fn discover(&self, aws: &Aws, ask: &Ask) -> Result<Vec<Live>, Failure> {
        let mut found = Vec::new();
        for filters in ec2::filters(ask, "route-table-id", None) {
            let pages = aws.ec2.describe_route_tables().set_filters(Some(filters)).into_paginator();
            let tables: Vec<RouteTable> = pages.items().send().try_collect().await?;
            found.extend(tables.iter().filter_map(|table| read(aws, table)));
        }
        Ok(ec2::keep_asked(ask, found))
    }

    async fn create(&self, aws: &Aws, new: &New<'_>) -> Result<Born, Failure> {
        let id = ec2::create_with_token(self, aws, new, async |token| {
            let call = aws.ec2.create_route_table().set_vpc_id(new.fields.text("vpc_id")).client_token(token);
            let made =
                call.set_tag_specifications(tags::specification(ResourceType::RouteTable, new.tags)).send().await?;
            ec2::id_of(made.route_table.and_then(|table| table.route_table_id))
        })
        .await?;
        let live = ec2::born(self, aws, &id, ec2::VISIBLE_BOUND).await?;
        // What an earlier try has written stays.
        insist(ec2::VISIBLE_BOUND, &["InvalidRouteTableID.NotFound"], async || {
            routes::write(aws, &id, new.fields, &live.fields).await?;
            associations::write(aws, &id, new.fields, &live.fields, |field| new.fields.contains_key(field)).await
        })
        .await?;
        Ok(live.into())
    }

    async fn update(&self, aws: &Aws, revision: &Revision<'_>) -> Result<Map, Failure> {
        let (id, live) = (&*revision.live.id, &revision.live.fields);
        ec2::retag(aws, id, &revision.tags).await?;
        if revision.delta.touches("routes") {
            routes::write(aws, id, revision.fields, live).await?;
        }
        associations::write(aws, id, revision.fields, live, |field| revision.delta.touches(field)).await?;
        Ok(Map::new())
    }

    async fn delete(&self, aws: &Aws, old: &Old<'_>) -> Result<(), Failure> {
        let id = &*old.live.id;
        associations::disassociate(aws, id, |_| true).await?;
        let deleted = insist(ec2::VISIBLE_BOUND, &["DependencyViolation"], async || {
            aws.ec2.delete_route_table().route_table_id(id).send().await?;
            Ok(())
        });
        unless_gone(deleted.await)?;
        ec2::gone(self, aws, id, ec2::VISIBLE_BOUND).await
    }
}

fn read(aws: &Aws, table: &RouteTable) -> Option<Live> {
    let mut live = ec2::live(aws, "route_tables", "route-table", table.route_table_id()?, table.tags());
    live.attribute("owner_id", table.owner_id())
        .field("vpc_id", table.vpc_id())
        .field("routes", routes::to_list(table.routes()));
    associations::read(&mut live.fields, table);
    Some(live)
}
