//! Reading groups: themselves, their policies and schedules at once, then the hooks of each.

use aws_sdk_autoscaling::types::{AutoScalingGroup, Filter, LifecycleHook, ScalingPolicy, ScheduledUpdateGroupAction};
use futures_util::try_join;

use super::template;
use crate::aws::{Aws, each, tags};
use crate::kinds::shapes::autoscaling;
use crate::model::failure::Failure;
use crate::model::live::{Live, Phase};
use crate::model::owner::{Owner, tag, user_tags};
use crate::model::value::{Map, Value};
use crate::world::Ask;

const FAN_OUT: usize = 32;
/// DescribeAutoScalingGroups takes this many names.
const NAMES_AT_ONCE: usize = 50;
const PAGE: i32 = 100;

/// Reads the groups that `ask` names.
pub async fn discover(aws: &Aws, ask: &Ask) -> Result<Vec<Live>, Failure> {
    let (groups, policies, schedules) = match ask {
        Ask::Owned(owner) => try_join!(owned(aws, owner), all_policies(aws), all_schedules(aws))?,
        Ask::Named(names) | Ask::Ids(names) => {
            let names: Vec<String> = names.iter().map(ToString::to_string).collect();
            (by_name(aws, &names).await?, None, None)
        }
    };
    let parts = each(FAN_OUT, groups, async |group| {
        let name = group.auto_scaling_group_name().unwrap_or_default().to_owned();
        let (policies, schedules, hooks) = try_join!(
            async {
                known_or(&policies, |it| it.auto_scaling_group_name() == Some(&name), policies_of(aws, &name)).await
            },
            async {
                known_or(&schedules, |it| it.auto_scaling_group_name() == Some(&name), schedules_of(aws, &name)).await
            },
            hooks_of(aws, &name),
        )?;
        Ok(live(aws, &group, &policies, &schedules, &hooks))
    });
    parts.await
}

/// Returns the groups of these names. Those that do not exist are left out.
pub async fn by_name(aws: &Aws, names: &[String]) -> Result<Vec<AutoScalingGroup>, Failure> {
    let mut groups = Vec::new();
    for names in names.chunks(NAMES_AT_ONCE) {
        let request = aws.autoscaling.describe_auto_scaling_groups().set_auto_scaling_group_names(Some(names.to_vec()));
        let pages = request.max_records(PAGE).into_paginator().items().send();
        let page: Vec<AutoScalingGroup> = pages.try_collect().await?;
        groups.extend(page);
    }
    Ok(groups)
}

async fn owned(aws: &Aws, owner: &Owner) -> Result<Vec<AutoScalingGroup>, Failure> {
    let filter = |key: &str, value: &str| Filter::builder().name(format!("tag:{key}")).values(value).build();
    let mut filters = vec![filter(tag::STACK, &owner.stack)];
    filters.extend(owner.environment.iter().map(|environment| filter(tag::ENV, environment)));
    let request = aws.autoscaling.describe_auto_scaling_groups().set_filters(Some(filters)).max_records(PAGE);
    Ok(request.into_paginator().items().send().try_collect().await?)
}

/// Returns every policy of the account, if one page holds them: else each group is asked for its own.
async fn all_policies(aws: &Aws) -> Result<Option<Vec<ScalingPolicy>>, Failure> {
    let found = aws.autoscaling.describe_policies().max_records(PAGE).send().await?;
    Ok(found.scaling_policies.filter(|_| found.next_token.is_none()))
}

async fn all_schedules(aws: &Aws) -> Result<Option<Vec<ScheduledUpdateGroupAction>>, Failure> {
    let found = aws.autoscaling.describe_scheduled_actions().max_records(PAGE).send().await?;
    Ok(found.scheduled_update_group_actions.filter(|_| found.next_token.is_none()))
}

async fn known_or<T: Clone>(
    known: &Option<Vec<T>>,
    of_group: impl Fn(&T) -> bool,
    ask: impl Future<Output = Result<Vec<T>, Failure>>,
) -> Result<Vec<T>, Failure> {
    match known {
        Some(all) => Ok(all.iter().filter(|item| of_group(item)).cloned().collect()),
        None => ask.await,
    }
}

async fn policies_of(aws: &Aws, group: &str) -> Result<Vec<ScalingPolicy>, Failure> {
    let request = aws.autoscaling.describe_policies().auto_scaling_group_name(group);
    Ok(request.into_paginator().items().send().try_collect().await?)
}

async fn schedules_of(aws: &Aws, group: &str) -> Result<Vec<ScheduledUpdateGroupAction>, Failure> {
    let request = aws.autoscaling.describe_scheduled_actions().auto_scaling_group_name(group);
    Ok(request.into_paginator().items().send().try_collect().await?)
}

async fn hooks_of(aws: &Aws, group: &str) -> Result<Vec<LifecycleHook>, Failure> {
    let request = aws.autoscaling.describe_lifecycle_hooks().auto_scaling_group_name(group);
    Ok(request.send().await?.lifecycle_hooks.unwrap_or_default())
}

fn live(
    aws: &Aws,
    group: &AutoScalingGroup,
    policies: &[ScalingPolicy],
    schedules: &[ScheduledUpdateGroupAction],
    hooks: &[LifecycleHook],
) -> Live {
    let name = group.auto_scaling_group_name().unwrap_or_default();
    let mut live = Live::new(super::KIND, Some(&aws.region), name);
    live.phase = phase(group);
    live.tags = tags::from_sdk(group.tags());
    live.fields = own(group);
    let propagated: Vec<bool> = user_propagation(group, &live.tags);
    if !propagated.is_empty() {
        live.field("propagate_at_launch", propagated.iter().all(|it| *it));
    }
    set(&mut live, "suspended_processes", group.suspended_processes().iter().filter_map(|it| it.process_name()));
    set(&mut live, "enabled_metrics", group.enabled_metrics().iter().filter_map(|it| it.metric()));
    if let Some(pool) = group.warm_pool_configuration().filter(|pool| pool.status().is_none()) {
        live.field("warm_pool", autoscaling::warm_pool_configuration_from(pool));
    }
    list(&mut live, "policies", policies.iter().map(policy));
    list(&mut live, "schedules", schedules.iter().map(autoscaling::scheduled_update_group_action_from));
    list(&mut live, "lifecycle_hooks", hooks.iter().map(autoscaling::lifecycle_hook_from));
    let arns = policies.iter().filter_map(|policy| Some((policy.policy_name()?, policy.policy_arn()?)));
    live.attribute("arn", group.auto_scaling_group_arn()).attribute("policy_arns", Value::map(arns));
    live
}

/// Returns the group's own fields in the stack's form.
fn own(group: &AutoScalingGroup) -> Map {
    let mut fields = autoscaling::auto_scaling_group_from(group).as_map().cloned().unwrap_or_default();
    // Classic load balancers are no field here: target groups are.
    fields.shift_remove("load_balancer_names");
    let subnets = group.vpc_zone_identifier().unwrap_or_default().split(',').map(str::trim);
    let subnets: Vec<&str> = subnets.filter(|id| !id.is_empty()).collect();
    fields.shift_remove("vpc_zone_identifier");
    if !subnets.is_empty() {
        fields.insert("vpc_zone_identifier".into(), Value::list(subnets));
    }
    for name in ["launch_template", "mixed_instances_policy"] {
        if let Some(value) = fields.get(name).map(template::from_wire) {
            fields.insert(name.into(), value);
        }
    }
    // Older replies leave these out; what they stand for is documented.
    fields.entry("deletion_protection".into()).or_insert("none".into());
    fields.entry("termination_policies".into()).or_insert(Value::list(["Default"]));
    // A maintenance policy is unset by -1.
    let unset = |policy: &Value| policy.get("min_healthy_percentage").and_then(Value::as_int) == Some(-1);
    if fields.get("instance_maintenance_policy").is_some_and(unset) {
        fields.shift_remove("instance_maintenance_policy");
    }
    if fields.get("default_instance_warmup").and_then(Value::as_int) == Some(-1) {
        fields.shift_remove("default_instance_warmup");
    }
    fields
}

fn policy(policy: &ScalingPolicy) -> Value {
    let mut fields = autoscaling::scaling_policy_from(policy).as_map().cloned().unwrap_or_default();
    fields.entry("policy_type".into()).or_insert("SimpleScaling".into());
    fields.entry("enabled".into()).or_insert(Value::Bool(true));
    fields.into()
}

/// Returns whether each of the user's tags propagates.
fn user_propagation(group: &AutoScalingGroup, tags: &Map) -> Vec<bool> {
    let user = user_tags(tags);
    let users = group.tags().iter().filter(|tag| tag.key().is_some_and(|key| user.contains_key(key)));
    users.map(|tag| tag.propagate_at_launch() == Some(true)).collect()
}

fn set<'a>(live: &mut Live, name: &'static str, items: impl Iterator<Item = &'a str>) {
    list(live, name, items.map(Value::from));
}

fn list(live: &mut Live, name: &'static str, items: impl Iterator<Item = Value>) {
    let items: Vec<Value> = items.collect();
    if !items.is_empty() {
        live.field(name, items);
    }
}

/// A group is ready when as many instances are in service as it wants.
fn phase(group: &AutoScalingGroup) -> Phase {
    if group.status().is_some_and(|status| status.starts_with("Delete")) {
        return Phase::Deleting;
    }
    let in_service = group
        .instances()
        .iter()
        .filter(|instance| instance.lifecycle_state().is_some_and(|state| state.as_str() == "InService"));
    let stopped = group.suspended_processes().iter().any(|process| process.process_name() == Some("Launch"));
    let few = i32::try_from(in_service.count()).unwrap_or(i32::MAX) < group.desired_capacity().unwrap_or(0);
    if few && !stopped && !is_weighted(group) { Phase::Pending } else { Phase::Usable }
}

/// Returns true if the capacity of the group is not a number of instances.
fn is_weighted(group: &AutoScalingGroup) -> bool {
    let template = group.mixed_instances_policy().and_then(|policy| policy.launch_template());
    group.desired_capacity_type().is_some_and(|unit| unit != "units")
        || template.is_some_and(|template| template.overrides().iter().any(|over| over.weighted_capacity().is_some()))
}
