//! The group itself: its own call to be made, changed and ended.

use std::time::Duration;

use aws_sdk_autoscaling::types::{AutoScalingGroup, Tag};

use super::parts::{Work, says_gone};
use super::{read, template};
use crate::aws::{Aws, insist, insist_while, tags, until};
use crate::kinds::fields::Fields;
use crate::kinds::shapes::autoscaling;
use crate::kinds::taken;
use crate::model::failure::{Class, Failure, unless_gone};
use crate::model::owner::tag;
use crate::model::value::{Map, Value};
use crate::world::{New, Old, Revision};

/// A new role, profile, template or subnet takes a while to be known everywhere.
const PROPAGATION: Duration = Duration::from_secs(120);
/// A scaling activity that holds up a change.
const BUSY: Duration = Duration::from_secs(120);
const BUSY_CODES: &[&str] = &["ScalingActivityInProgress", "ResourceContention"];
/// How long instances get to drain before they are ended: twice the usual deregistration delay.
const DRAIN: Duration = Duration::from_secs(10 * 60);
const GONE: Duration = Duration::from_secs(15 * 60);
const TAGGED: &str = "auto-scaling-group";

/// Fields that UpdateAutoScalingGroup sets.
const UPDATED: &[&str] = &[
    "launch_template",
    "mixed_instances_policy",
    "min_size",
    "max_size",
    "desired_capacity",
    "default_cooldown",
    "availability_zones",
    "health_check_type",
    "health_check_grace_period",
    "placement_group",
    "vpc_zone_identifier",
    "termination_policies",
    "new_instances_protected_from_scale_in",
    "service_linked_role_arn",
    "max_instance_lifetime",
    "capacity_rebalance",
    "context",
    "desired_capacity_type",
    "default_instance_warmup",
    "instance_maintenance_policy",
    "availability_zone_distribution",
    "availability_zone_impairment_policy",
    "capacity_reservation_specification",
    "instance_lifecycle_policy",
    "deletion_protection",
];

/// Creates the group with its tags, target groups and hooks; returns its ARN.
pub async fn create(aws: &Aws, name: &str, new: &New<'_>) -> Result<Option<String>, Failure> {
    let fields = to_wire(new.fields.clone());
    let request = autoscaling::create_auto_scaling_group_fill(aws.autoscaling.create_auto_scaling_group(), &fields)?;
    let hooks: Vec<_> = new
        .fields
        .records("lifecycle_hooks")
        .map(|hook| autoscaling::lifecycle_hook_specification_to(&hook.clone().into()))
        .collect::<Result<_, _>>()?;
    let request = request
        .set_lifecycle_hook_specification_list((!hooks.is_empty()).then_some(hooks))
        .set_tags(Some(to_tags(name, new.tags, propagates(new.fields))));
    let made = insist_while(PROPAGATION, is_propagating, async || Ok(request.clone().send().await?)).await;
    match made {
        Ok(_) => Ok(find(aws, name).await?.and_then(|group| group.auto_scaling_group_arn)),
        Err(failure) if failure.class == Class::Exists => {
            let Some(group) = find(aws, name).await? else { return Err(failure) };
            taken::ours_or_refused("Auto Scaling group", name, &tags::from_sdk(group.tags()), new)?;
            Ok(group.auto_scaling_group_arn)
        }
        Err(failure) => Err(failure),
    }
}

/// Auto Scaling gives one code to all that is wrong with a request: the message tells what may still come.
fn is_propagating(failure: &Failure) -> bool {
    let message = failure.message.to_lowercase();
    let instance_profile = message.contains("iam") && message.contains("profile") && message.contains("invalid");
    let subject = ["launch template", "subnet", "target group", "service-linked role", "security group"];
    instance_profile
        || message.contains("could not be created")
        || (subject.iter().any(|it| message.contains(it)) && says_gone(&message))
}

pub async fn find(aws: &Aws, name: &str) -> Result<Option<AutoScalingGroup>, Failure> {
    Ok(read::by_name(aws, &[name.to_owned()]).await?.into_iter().next())
}

/// Returns true if the instances are to be replaced by ones of a new template.
pub fn rolls_out(work: Work<'_>) -> bool {
    let template = work.delta.is_some_and(|delta| delta.touches_any(&["launch_template", "mixed_instances_policy"]));
    template && work.wanted.record("instance_refresh").is_some()
}

/// Changes what the delta touches of the group itself. A template that a refresh brings is left to the refresh.
pub async fn update(aws: &Aws, work: Work<'_>) -> Result<(), Failure> {
    let mut fields = Map::new();
    for name in UPDATED {
        let refreshed = rolls_out(work) && matches!(*name, "launch_template" | "mixed_instances_policy");
        if work.touches(name) && !refreshed {
            let value = work.wanted.value(name).cloned().or_else(|| unset(name));
            fields.extend(value.map(|value| ((*name).into(), value)));
        }
    }
    if fields.is_empty() {
        return Ok(());
    }
    let call = aws.autoscaling.update_auto_scaling_group().auto_scaling_group_name(work.group);
    let request = autoscaling::update_auto_scaling_group_fill(call, &to_wire(fields))?;
    let passing = |failure: &Failure| BUSY_CODES.iter().any(|code| failure.is_code(code)) || is_propagating(failure);
    insist_while(BUSY, passing, async || Ok(request.clone().send().await?)).await?;
    Ok(())
}

/// Returns the value by which Auto Scaling is told "none":
/// <https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_UpdateAutoScalingGroup.html>.
fn unset(field: &str) -> Option<Value> {
    let nested = |name: &'static str, value: &'static str| Value::map([(name, value)]);
    Some(match field {
        "placement_group" | "context" => "".into(),
        "max_instance_lifetime" | "health_check_grace_period" => 0.into(),
        "default_instance_warmup" => (-1).into(),
        "new_instances_protected_from_scale_in" | "capacity_rebalance" => false.into(),
        "desired_capacity_type" => "units".into(),
        "instance_maintenance_policy" => Value::map([("min_healthy_percentage", -1), ("max_healthy_percentage", -1)]),
        "capacity_reservation_specification" => nested("capacity_reservation_preference", "default"),
        "availability_zone_distribution" => nested("capacity_distribution_strategy", "balanced-best-effort"),
        "availability_zone_impairment_policy" => Value::map([
            ("zonal_shift_enabled", Value::Bool(false)),
            ("impaired_zone_health_check_behavior", "ReplaceUnhealthy".into()),
        ]),
        "instance_lifecycle_policy" => {
            Value::map([("retention_triggers", nested("terminate_hook_abandon", "terminate"))])
        }
        _ => return None,
    })
}

/// Returns fields in Auto Scaling's form: subnets joined, template versions as text.
fn to_wire(mut fields: Map) -> Map {
    if let Some(subnets) = fields.texts("vpc_zone_identifier") {
        fields.insert("vpc_zone_identifier".into(), subnets.join(",").into());
    }
    for name in ["launch_template", "mixed_instances_policy"] {
        if let Some(value) = fields.value(name).map(template::to_wire) {
            fields.insert(name.into(), value);
        }
    }
    fields
}

pub async fn retag(aws: &Aws, revision: &Revision<'_>) -> Result<(), Failure> {
    let (name, change) = (&*revision.live.id, &revision.tags);
    let propagate = propagates(revision.fields);
    let set = if revision.delta.touches("propagate_at_launch") {
        change.apply(&revision.live.tags)
    } else {
        change.set.clone()
    };
    let set = to_tags(name, &set, propagate);
    if !set.is_empty() {
        aws.autoscaling.create_or_update_tags().set_tags(Some(set)).send().await?;
    }
    if !change.remove.is_empty() {
        let removed =
            change.remove.iter().map(|key| Tag::builder().resource_id(name).resource_type(TAGGED).key(&**key).build());
        aws.autoscaling.delete_tags().set_tags(Some(removed.collect())).send().await?;
    }
    Ok(())
}

fn propagates(fields: &Map) -> bool {
    fields.flag("propagate_at_launch") != Some(false)
}

/// Returns a group's tags. What marks the owner stays on the group: an instance is not the stack's to delete.
fn to_tags(group: &str, tags: &Map, propagate: bool) -> Vec<Tag> {
    let own = tags.iter().filter(|(key, _)| !key.starts_with("aws:"));
    own.map(|(key, value)| {
        Tag::builder()
            .resource_id(group)
            .resource_type(TAGGED)
            .key(&**key)
            .value(value.as_str().unwrap_or_default())
            .propagate_at_launch(propagate && !key.starts_with(tag::PREFIX))
            .build()
    })
    .collect()
}

/// Ends the group: its instances drain first, unless told otherwise or they take too long.
pub async fn delete(aws: &Aws, old: &Old<'_>) -> Result<(), Failure> {
    let name = &*old.live.id;
    if old.live.fields.text("deletion_protection").as_deref() == Some("prevent-all-deletion") {
        let message = format!("the group `{name}` is protected from deletion");
        return Err(Failure::new(Class::InUse, message).hint("remove `deletion_protection` and apply first"));
    }
    let at_once = old.fields.and_then(|fields| fields.flag("force_delete")) == Some(true);
    if !at_once {
        drain(aws, name).await?;
    }
    let request = aws.autoscaling.delete_auto_scaling_group().auto_scaling_group_name(name).force_delete(true);
    let deleted = insist(BUSY, BUSY_CODES, async || Ok(request.clone().send().await?)).await;
    match unless_gone(deleted) {
        Err(failure) if says_gone(&failure.message) => return Ok(()),
        other => other?,
    };
    let what = format!("the group `{name}` to be gone");
    until(&what, GONE, async || Ok(find(aws, name).await?.is_none().then_some(()))).await
}

/// Lets the instances leave their load balancers and hooks; what is left after the bound is ended with the group.
async fn drain(aws: &Aws, name: &str) -> Result<(), Failure> {
    let Some(group) = find(aws, name).await? else { return Ok(()) };
    if group.instances().is_empty() {
        return Ok(());
    }
    let call = aws.autoscaling.update_auto_scaling_group().auto_scaling_group_name(name);
    let request = call.min_size(0).max_size(0).desired_capacity(0);
    insist(BUSY, BUSY_CODES, async || Ok(request.clone().send().await?)).await?;
    let empty = until("the instances to drain", DRAIN, async || {
        Ok(find(aws, name).await?.is_none_or(|group| group.instances().is_empty()).then_some(()))
    });
    match empty.await {
        Err(failure) if failure.class == Class::TimedOut => Ok(()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_tags_of_users_propagate() {
        let tags = Map::from_iter([
            ("team".into(), "video".into()),
            ("trueup:stack".into(), "s".into()),
            ("aws:cloudformation:stack-id".into(), "x".into()),
        ]);
        let told = |propagate| -> Vec<_> {
            let tags = to_tags("web", &tags, propagate).into_iter();
            tags.filter_map(|tag| Some((tag.key?, tag.propagate_at_launch?))).collect()
        };
        assert_eq!(told(true), [("team".to_owned(), true), ("trueup:stack".to_owned(), false)]);
        assert_eq!(told(false), [("team".to_owned(), false), ("trueup:stack".to_owned(), false)]);
    }

    #[test]
    fn what_may_still_propagate_is_told_by_the_message() {
        for (message, expected) in [
            ("Invalid IAM Instance Profile name", true),
            ("Value (web) for parameter iamInstanceProfile.name is invalid. Invalid IAM Instance Profile name", true),
            ("The specified launch template, with template ID lt-1, does not exist.", true),
            ("Desired capacity: 9 must be between the specified min size: 1 and max size: 2", false),
        ] {
            assert_eq!(is_propagating(&Failure::new(Class::Invalid, message)), expected, "{message}");
        }
    }
}
