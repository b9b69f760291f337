//! Target groups: where load balancers send requests, and how they check that someone is there.

mod checks;
mod fields;

use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_elasticloadbalancingv2::types::{Matcher, TargetGroup, TargetGroupAttribute};
use futures_util::try_join;

use crate::aws::{Aws, each, insist, tags};
use crate::model::failure::{Failure, unless_gone};
use crate::model::live::Live;
use crate::model::schema::{Attribute, Schema};
use crate::model::value::{Map, Value};
use crate::world::{Ask, Born, New, Old, Revision};

use self::fields::{SETTINGS, asks_http, is_http, is_lambda, record};
use super::elb::{self, FAN_OUT, Wanted, settings};
use super::fields::Fields;
use super::{Kind, taken};

pub struct TargetGroups;

const KIND: &str = "target_groups";
const TYPE: &str = "elasticloadbalancing:targetgroup";
/// A listener that was deleted a moment ago can still hold its target group.
const LET_GO: Duration = Duration::from_secs(120);
const CHECKS: &[&str] = &[
    "health_check_protocol",
    "health_check_port",
    "health_check_enabled",
    "health_check_path",
    "health_check_interval_seconds",
    "health_check_timeout_seconds",
    "healthy_threshold_count",
    "unhealthy_threshold_count",
    "matcher",
];

#[async_trait(?Send)]
impl Kind for TargetGroups {
    fn schema(&self) -> Schema {
        let mut schema = Schema::new(
            KIND,
            "target group",
            Attribute::given("arn:{partition}:elasticloadbalancing:{region}:{account}:{arn_suffix}"),
        );
        // The ARN is made of the suffix, so the suffix comes first.
        schema.attributes.shift_insert(0, "arn_suffix", Attribute::given("targetgroup/{name}/{hex8}{hex8}"));
        schema
            .link("https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateTargetGroup.html")
            .named("name", 32)
            .fields(record().fields)
            .attributes([("arn", Attribute::given("{id}"))])
            .claim("the target group name", &["name"])
            .rule(checks::health_checks)
            .rule(checks::target_types)
            .operations(
                &[
                    "elasticloadbalancing:DescribeTargetGroups",
                    "elasticloadbalancing:DescribeTargetGroupAttributes",
                    "elasticloadbalancing:DescribeTags",
                ],
                &[
                    "elasticloadbalancing:CreateTargetGroup",
                    "elasticloadbalancing:ModifyTargetGroup",
                    "elasticloadbalancing:ModifyTargetGroupAttributes",
                    "elasticloadbalancing:AddTags",
                    "elasticloadbalancing:RemoveTags",
                    "elasticloadbalancing:DeleteTargetGroup",
                ],
            )
    }

    async fn discover(&self, aws: &Aws, ask: &Ask) -> Result<Vec<Live>, Failure> {
        let (wanted, tagged) = elb::wanted(aws, ask, TYPE).await?;
        match (&wanted, tagged) {
            (Wanted::Arns(arns), Some(tagged)) => {
                let (groups, settings) = try_join!(describe(aws, &wanted), settings_of(aws, arns))?;
                let tags_of = |arn: &str| elb::tags_in(&tagged, arn);
                Ok(groups.into_iter().filter_map(|group| live(aws, group, &settings, tags_of)).collect())
            }
            _ => {
                let groups = describe(aws, &wanted).await?;
                let arns: Vec<_> = groups.iter().filter_map(|group| group.target_group_arn.clone()).collect();
                let (tags, settings) = try_join!(elb::tags_of(aws, &arns), settings_of(aws, &arns))?;
                let tags_of = |arn: &str| tags.get(arn).cloned().unwrap_or_default();
                Ok(groups.into_iter().filter_map(|group| live(aws, group, &settings, tags_of)).collect())
            }
        }
    }

    async fn create(&self, aws: &Aws, new: &New<'_>) -> Result<Born, Failure> {
        let fields = new.fields;
        let name = fields.text("name").unwrap_or_default();
        // CreateTargetGroup answers with an existing group of equal settings, whoever made it.
        let arn = match named(aws, &name).await? {
            Some(arn) => {
                let tags = elb::tags_of(aws, std::slice::from_ref(&arn)).await?;
                taken::ours_or_refused("target group", &name, tags.get(&arn).unwrap_or(&Map::new()), new)?;
                arn
            }
            None => {
                let made = request(aws, fields).set_tags(Some(tags::to_sdk(new.tags))).send().await?;
                made.target_groups().first().and_then(TargetGroup::target_group_arn).unwrap_or_default().to_owned()
            }
        };
        let mut defaults = Map::new();
        settings::read(&record(), SETTINGS, &[], &mut defaults);
        set(aws, &arn, settings::write(&record(), SETTINGS, fields, &defaults)).await?;
        let mut live = Live::new(KIND, Some(&aws.region), arn.as_str());
        live.attribute("arn", arn.as_str()).attribute("arn_suffix", elb::suffix(&arn));
        Ok(Born { id: live.id, attributes: live.attributes })
    }

    async fn update(&self, aws: &Aws, revision: &Revision<'_>) -> Result<Map, Failure> {
        let (arn, fields) = (&*revision.live.id, revision.fields);
        let checks = async {
            if revision.delta.touches_any(CHECKS) {
                modification(aws, arn, fields).send().await?;
            }
            Ok(())
        };
        let settings = set(aws, arn, settings::write(&record(), SETTINGS, fields, &revision.live.fields));
        let arns = [arn.to_owned()];
        try_join!(checks, settings, elb::retag(aws, &arns, &revision.tags))?;
        Ok(Map::new())
    }

    async fn delete(&self, aws: &Aws, old: &Old<'_>) -> Result<(), Failure> {
        let request = aws.elb.delete_target_group().target_group_arn(&*old.live.id);
        let deleted = insist(LET_GO, &["ResourceInUse"], async || Ok(request.clone().send().await?)).await;
        unless_gone(deleted)?;
        Ok(())
    }
}

fn request(
    aws: &Aws,
    fields: &Map,
) -> aws_sdk_elasticloadbalancingv2::operation::create_target_group::builders::CreateTargetGroupFluentBuilder {
    aws.elb
        .create_target_group()
        .set_name(fields.text("name"))
        .set_protocol(fields.text("protocol").as_deref().map(Into::into))
        .set_protocol_version(fields.text("protocol_version"))
        .set_port(fields.integer("port"))
        .set_vpc_id(fields.text("vpc_id"))
        .set_target_type(fields.text("target_type").as_deref().map(Into::into))
        // A function has no address.
        .set_ip_address_type(fields.text("ip_address_type").filter(|_| !is_lambda(fields)).as_deref().map(Into::into))
        .set_target_control_port(fields.integer("target_control_port"))
        .set_health_check_protocol(fields.text("health_check_protocol").as_deref().map(Into::into))
        .set_health_check_port(fields.text("health_check_port"))
        .set_health_check_enabled(fields.flag("health_check_enabled"))
        .set_health_check_path(fields.text("health_check_path"))
        .set_health_check_interval_seconds(fields.integer("health_check_interval_seconds"))
        .set_health_check_timeout_seconds(fields.integer("health_check_timeout_seconds"))
        .set_healthy_threshold_count(fields.integer("healthy_threshold_count"))
        .set_unhealthy_threshold_count(fields.integer("unhealthy_threshold_count"))
        .set_matcher(codes(fields))
}

fn modification(
    aws: &Aws,
    arn: &str,
    fields: &Map,
) -> aws_sdk_elasticloadbalancingv2::operation::modify_target_group::builders::ModifyTargetGroupFluentBuilder {
    aws.elb
        .modify_target_group()
        .target_group_arn(arn)
        .set_health_check_protocol(fields.text("health_check_protocol").as_deref().map(Into::into))
        .set_health_check_port(fields.text("health_check_port"))
        .set_health_check_enabled(fields.flag("health_check_enabled"))
        .set_health_check_path(fields.text("health_check_path"))
        .set_health_check_interval_seconds(fields.integer("health_check_interval_seconds"))
        .set_health_check_timeout_seconds(fields.integer("health_check_timeout_seconds"))
        .set_healthy_threshold_count(fields.integer("healthy_threshold_count"))
        .set_unhealthy_threshold_count(fields.integer("unhealthy_threshold_count"))
        .set_matcher(codes(fields))
}

fn codes(fields: &Map) -> Option<Matcher> {
    let matcher = fields.record("matcher")?;
    Some(Matcher::builder().set_http_code(matcher.text("http_code")).set_grpc_code(matcher.text("grpc_code")).build())
}

async fn set(aws: &Aws, arn: &str, settings: Vec<(String, String)>) -> Result<(), Failure> {
    if settings.is_empty() {
        return Ok(());
    }
    let attributes = settings.into_iter().map(|(key, value)| TargetGroupAttribute::builder().key(key).value(value));
    let attributes = attributes.map(|attribute| attribute.build()).collect();
    let request = aws.elb.modify_target_group_attributes().target_group_arn(arn);
    request.set_attributes(Some(attributes)).send().await?;
    Ok(())
}

/// Returns the ARN of the target group of this name, if there is one.
async fn named(aws: &Aws, name: &str) -> Result<Option<String>, Failure> {
    let found = describe(aws, &Wanted::Names(vec![name.to_owned()])).await?;
    Ok(found.into_iter().find_map(|group| group.target_group_arn))
}

async fn describe(aws: &Aws, wanted: &Wanted) -> Result<Vec<TargetGroup>, Failure> {
    let some = async |arns, names| {
        let request = aws.elb.describe_target_groups().set_target_group_arns(arns).set_names(names);
        Ok(request.send().await?.target_groups.unwrap_or_default())
    };
    let all = async || {
        let pages = aws.elb.describe_target_groups().page_size(400).into_paginator();
        Ok(pages.items().send().try_collect().await?)
    };
    elb::described(wanted, some, all, |group| (group.target_group_arn(), group.target_group_name())).await
}

/// A target group's settings as AWS reports them: none if it has gone.
type Settings = (String, Option<Vec<(String, String)>>);

async fn settings_of(aws: &Aws, arns: &[String]) -> Result<Vec<Settings>, Failure> {
    each(FAN_OUT, arns, async |arn| {
        let request = aws.elb.describe_target_group_attributes().target_group_arn(arn);
        let found = unless_gone(request.send().await.map_err(Failure::from))?;
        let pairs = found.map(|found| {
            let attributes = found.attributes.unwrap_or_default().into_iter();
            attributes.filter_map(|attribute| Some((attribute.key?, attribute.value?))).collect()
        });
        Ok((arn.clone(), pairs))
    })
    .await
}

fn live(aws: &Aws, group: TargetGroup, settings: &[Settings], tags_of: impl Fn(&str) -> Map) -> Option<Live> {
    let arn = group.target_group_arn()?;
    let settings = settings.iter().find(|(of, _)| of == arn)?.1.as_ref()?;
    let mut live = Live::new(KIND, Some(&aws.region), arn);
    live.attribute("arn", arn).attribute("arn_suffix", elb::suffix(arn));
    live.tags = tags_of(arn);
    live.field("name", group.target_group_name())
        .field("protocol", group.protocol().map(|it| it.as_str()))
        .field("port", group.port())
        .field("vpc_id", group.vpc_id().filter(|id| !id.is_empty()))
        .field("target_type", group.target_type().map_or("instance", |it| it.as_str()))
        .field("protocol_version", group.protocol_version())
        .field("ip_address_type", group.ip_address_type().map_or("ipv4", |it| it.as_str()))
        .field("target_control_port", group.target_control_port())
        .field("health_check_enabled", group.health_check_enabled())
        .field("health_check_protocol", group.health_check_protocol().map(|it| it.as_str()))
        .field("health_check_port", group.health_check_port())
        .field("health_check_path", group.health_check_path())
        .field("health_check_interval_seconds", group.health_check_interval_seconds())
        .field("health_check_timeout_seconds", group.health_check_timeout_seconds())
        .field("healthy_threshold_count", group.healthy_threshold_count())
        .field("unhealthy_threshold_count", group.unhealthy_threshold_count());
    if let Some(matcher) = group.matcher() {
        let code = |name: &'static str, code: Option<&str>| code.map(|code| (name, code.to_owned()));
        let codes = [code("http_code", matcher.http_code()), code("grpc_code", matcher.grpc_code())];
        live.field("matcher", Value::map(codes.into_iter().flatten()));
    }
    live.fields = applicable(live.fields);
    settings::read(&record(), SETTINGS, settings, &mut live.fields);
    Some(live)
}

/// Leaves out what does not apply to this group's protocol and type, though some reply carries it.
fn applicable(mut fields: Map) -> Map {
    if is_lambda(&fields) {
        for name in ["health_check_protocol", "health_check_port", "protocol_version", "protocol", "port", "vpc_id"] {
            fields.shift_remove(name);
        }
    }
    if !is_http(&fields) {
        fields.shift_remove("protocol_version");
    }
    if !asks_http(&fields) {
        fields.shift_remove("health_check_path");
        fields.shift_remove("matcher");
    }
    fields
}
