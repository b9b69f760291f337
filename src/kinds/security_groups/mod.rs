//! Security groups: <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSecurityGroup.html>.

pub mod checks;
pub mod rules;
#[cfg(test)]
mod tests;
pub mod write;

use async_trait::async_trait;
use aws_sdk_ec2::types::{ResourceType, SecurityGroup};

use crate::aws::{Aws, insist, tags};
use crate::model::failure::Failure;
use crate::model::live::Live;
use crate::model::schema::{Attribute, Schema};
use crate::model::shape::{Defer, Equal, Field};
use crate::model::value::{Map, Value};
use crate::world::{Ask, Born, New, Old, Revision};

use super::fields::Fields;
use super::{Kind, ec2, taken};
use rules::{Direction, Rules};

pub struct SecurityGroups;

/// AWS demands a description and never lets it change.
const DESCRIPTION: &str = "Managed by trueup";

const NAME_PATTERN: &str = r"[a-zA-Z0-9 ._\-:/()#,@\[\]+=&;{}!$*]{1,255}";

#[async_trait(?Send)]
impl Kind for SecurityGroups {
    fn schema(&self) -> Schema {
        Schema::new("security_groups", "security group", Attribute::given("sg-{hex17}"))
            .fields([
                ("group_name", Field::text_of(1, 255).pattern(NAME_PATTERN).left_alone().create_only()),
                (
                    "description",
                    Field::text_of(1, 255)
                        .pattern(NAME_PATTERN)
                        .left_alone()
                        .create_only()
                        .note("Omitted: `Managed by trueup` at creation."),
                ),
                (
                    "vpc_id",
                    Field::text()
                        .left_alone()
                        .create_only()
                        .refers("vpcs", "id")
                        .note("Omitted: the default VPC of the region."),
                ),
                ("ingress", rules::field().deferrable()),
                ("egress", egress()),
            ])
            .attributes([
                ("arn", Attribute::given("arn:{partition}:ec2:{region}:{account}:security-group/{id}")),
                ("owner_id", Attribute::computed("{account}")),
            ])
            .named("group_name", 255)
            .claim("the name", &["group_name", "vpc_id"])
            .rule(checks::group)
            .operations(
                &["ec2:DescribeSecurityGroups", "ec2:DescribeSecurityGroupRules", "ec2:DescribeNetworkInterfaces"],
                &[
                    "ec2:CreateSecurityGroup",
                    "ec2:AuthorizeSecurityGroupIngress",
                    "ec2:AuthorizeSecurityGroupEgress",
                    "ec2:RevokeSecurityGroupIngress",
                    "ec2:RevokeSecurityGroupEgress",
                    "ec2:UpdateSecurityGroupRuleDescriptionsIngress",
                    "ec2:UpdateSecurityGroupRuleDescriptionsEgress",
                    "ec2:CreateTags",
                    "ec2:DeleteTags",
                    "ec2:DeleteSecurityGroup",
                ],
            )
            .link("https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSecurityGroup.html")
    }

    async fn discover(&self, aws: &Aws, ask: &Ask) -> Result<Vec<Live>, Failure> {
        let mut found = Vec::new();
        for filters in ec2::filters(ask, "group-id", Some("group-name")) {
            let pages = aws.ec2.describe_security_groups().set_filters(Some(filters)).into_paginator();
            let groups: Vec<SecurityGroup> = pages.items().send().try_collect().await?;
            found.extend(groups.iter().filter_map(|group| read(aws, group)));
        }
        Ok(ec2::keep_asked(ask, found))
    }

    async fn create(&self, aws: &Aws, new: &New<'_>) -> Result<Born, Failure> {
        let id = match create_call(aws, new).await {
            Ok(id) => id,
            Err(failure) if failure.is_code("InvalidGroup.Duplicate") => self.ours(aws, new, failure).await?,
            Err(failure) => return Err(failure),
        };
        let live = ec2::born(self, aws, &id, ec2::VISIBLE_BOUND).await?;
        insist(ec2::VISIBLE_BOUND, &["InvalidGroup.NotFound"], async || {
            for (name, direction) in [("ingress", Direction::Ingress), ("egress", Direction::Egress)] {
                let wanted = new.fields.value(name).unwrap_or(&Value::Null);
                let held = live.fields.get(name).unwrap_or(&Value::Null);
                let wanted_rules = rules::from_value(wanted);
                let is_born_with = direction == Direction::Egress && rules::same_egress(wanted, held, &Map::new());
                if !is_born_with && wanted_rules != rules::from_value(held) {
                    write::write(aws, &id, direction, &wanted_rules, None).await?;
                }
            }
            Ok(())
        })
        .await?;
        Ok(live.into())
    }

    async fn update(&self, aws: &Aws, revision: &Revision<'_>) -> Result<Map, Failure> {
        let id = &*revision.live.id;
        ec2::retag(aws, id, &revision.tags).await?;
        update_rules(aws, id, revision.fields, &revision.live.fields, |field| revision.delta.touches(field)).await?;
        Ok(Map::new())
    }

    async fn delete(&self, aws: &Aws, old: &Old<'_>) -> Result<(), Failure> {
        let id = &*old.live.id;
        if held_groups(&old.live.fields) {
            write::let_go_of_groups(aws, id).await?;
        }
        ec2::delete_held(aws, id, &[ec2::filter("group-id", [id])], async || {
            aws.ec2.delete_security_group().group_id(id).send().await?;
            Ok(())
        })
        .await?;
        ec2::gone(self, aws, id, ec2::VISIBLE_BOUND).await
    }
}

/// Returns the field of the rules for what goes out, inside a larger field: left out, everything may.
pub fn egress_within() -> Field {
    rules::field().default(rules::allow_all()).compared(Equal::Beside(rules::same_egress))
}

fn egress() -> Field {
    let mut field = egress_within();
    // Without any rule nothing goes out: never more than in the end.
    field.defer = Some(Defer::Placeholder(|_| Value::list::<Value>([])));
    field
}

/// Writes the rules of the directions that are touched.
pub async fn update_rules(
    aws: &Aws,
    group: &str,
    wanted: &Map,
    live: &Map,
    touched: impl Fn(&str) -> bool,
) -> Result<(), Failure> {
    let stated = |fields: &Map, name: &str| -> Rules { fields.value(name).map(rules::from_value).unwrap_or_default() };
    for (name, direction) in [("ingress", Direction::Ingress), ("egress", Direction::Egress)] {
        if touched(name) {
            write::write(aws, group, direction, &stated(wanted, name), Some(&stated(live, name))).await?;
        }
    }
    Ok(())
}

impl SecurityGroups {
    /// Returns the id of the group that has the name if an earlier try made it.
    async fn ours(&self, aws: &Aws, new: &New<'_>, refusal: Failure) -> Result<String, Failure> {
        let name = new.fields.text("group_name").unwrap_or_default();
        let named = self.discover(aws, &Ask::Named(vec![name.as_str().into()])).await?;
        let vpc = new.fields.text("vpc_id");
        let holder = named.into_iter().find(|live| vpc.is_none() || live.fields.text("vpc_id") == vpc);
        let holder = holder.ok_or(refusal)?;
        taken::ours_or_refused("security group", &name, &holder.tags, new)?;
        Ok(holder.id.to_string())
    }
}

async fn create_call(aws: &Aws, new: &New<'_>) -> Result<String, Failure> {
    let description = new.fields.text("description").unwrap_or_else(|| DESCRIPTION.to_owned());
    let made = aws
        .ec2
        .create_security_group()
        .set_group_name(new.fields.text("group_name"))
        .description(description)
        .set_vpc_id(new.fields.text("vpc_id"))
        .set_tag_specifications(tags::specification(ResourceType::SecurityGroup, new.tags))
        .send()
        .await?;
    ec2::id_of(made.group_id)
}

fn read(aws: &Aws, group: &SecurityGroup) -> Option<Live> {
    let mut live = ec2::live(aws, "security_groups", "security-group", group.group_id()?, group.tags());
    live.attribute("owner_id", group.owner_id())
        .field("group_name", group.group_name())
        .field("description", group.description())
        .field("vpc_id", group.vpc_id());
    read_rules(&mut live.fields, group);
    Some(live)
}

/// Adds both directions, an empty one too: no egress at all is not the default.
pub fn read_rules(fields: &mut Map, group: &SecurityGroup) {
    for (name, direction) in [("ingress", Direction::Ingress), ("egress", Direction::Egress)] {
        fields.insert(name.into(), rules::to_list(&rules::of_group(group, direction)));
    }
}

fn held_groups(fields: &Map) -> bool {
    ["ingress", "egress"].iter().any(|name| fields.records(name).any(|rule| rule.contains_key("referenced_group_id")))
}
