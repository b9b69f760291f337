//! What a group needs and cannot be, told without an account.

use super::fields::has_any;
use crate::kinds::fields::Fields;
use crate::model::address::Address;
use crate::model::delta::Delta;
use crate::model::live::Live;
use crate::model::schema::{Broken, Neighbours};
use crate::model::value::{Map, Value};

/// Instances that boot need their subnets' routes, and what these lead to.
pub fn routes(stack: &dyn Neighbours, own: &Address) -> Vec<Address> {
    let Some(fields) = stack.fields(own) else { return Vec::new() };
    let subnets = fields.get("vpc_zone_identifier").and_then(Value::as_list).unwrap_or_default();
    let vpc = stack.target(own, "vpc_zone_identifier").and_then(|subnet| stack.target(&subnet, "vpc_id"));
    let routes = |table: &Address| {
        let theirs = stack.fields(table).and_then(|fields| fields.get("subnet_ids"));
        match theirs.and_then(Value::as_list) {
            Some(theirs) if !subnets.is_empty() => theirs.iter().any(|subnet| subnets.contains(subnet)),
            // Which subnets is not known yet: all tables of the VPC may be theirs.
            _ => theirs.is_some() && vpc.is_some() && stack.target(table, "vpc_id") == vpc,
        }
    };
    stack.of_kind("route_tables").into_iter().filter(routes).collect()
}

/// A change of the template changes no instance that runs.
pub fn old_instances(live: &Live, wanted: &Map, delta: &Delta) -> Option<String> {
    let running = live.fields.integer("desired_capacity").filter(|running| *running > 0)?;
    let is_rolled = wanted.record("instance_refresh").is_some();
    (delta.touches_any(&["launch_template", "mixed_instances_policy"]) && !is_rolled).then(|| {
        let instances =
            if running == 1 { "1 instance that runs keeps" } else { &format!("{running} instances that run keep") };
        format!(
            "changes its template, and {instances} the old one; with `instance_refresh` they are replaced step by step"
        )
    })
}

pub fn sizes(stack: &dyn Neighbours, own: &Address) -> Vec<Broken> {
    let Some(fields) = stack.fields(own) else { return Vec::new() };
    let mut broken = Vec::new();
    let size = |name: &str| fields.integer(name);
    let (min, max, desired) = (size("min_size"), size("max_size"), size("desired_capacity"));
    if let (Some(min), Some(max)) = (min, max)
        && min > max
    {
        broken.push(
            Broken::new("min_size", format!("`min_size` is {min}, over `max_size`, which is {max}"))
                .help("a group holds at least `min_size` and at most `max_size` instances"),
        );
    } else if let Some(desired) = desired {
        if min.is_some_and(|min| desired < min) {
            let message = format!("`desired_capacity` is {desired}, under `min_size`, which is {}", min.unwrap_or(0));
            broken.push(Broken::new("desired_capacity", message));
        }
        if max.is_some_and(|max| desired > max) {
            let message = format!("`desired_capacity` is {desired}, over `max_size`, which is {}", max.unwrap_or(0));
            broken.push(Broken::new("desired_capacity", message));
        }
    }
    if fields.integer("max_instance_lifetime").is_some_and(|seconds| (1..86_400).contains(&seconds)) {
        broken.push(Broken::new("max_instance_lifetime", "an instance's lifetime is at least a day, 86400 seconds"));
    }
    broken
}

pub fn templates(stack: &dyn Neighbours, own: &Address) -> Vec<Broken> {
    let Some(fields) = stack.fields(own) else { return Vec::new() };
    let mut broken = Vec::new();
    let has = |name: &str| has_any(fields, name);
    match (has("launch_template"), has("mixed_instances_policy")) {
        (true, true) => broken.push(Broken::new(
            "mixed_instances_policy",
            "`launch_template` and `mixed_instances_policy` exclude each other",
        )),
        (false, false) => broken.push(
            Broken::new("", "a group needs `launch_template` or `mixed_instances_policy`")
                .help("write `launch_template: {launch_template_id: …, version: …}`"),
        ),
        _ => {}
    }
    if !has("vpc_zone_identifier") && !has("availability_zones") {
        broken.push(Broken::new("", "a group needs `vpc_zone_identifier`, the ids of its subnets"));
    }
    if has("target_group_arns") && has("traffic_sources") {
        let message = "`target_group_arns` and `traffic_sources` exclude each other";
        broken.push(Broken::new("traffic_sources", message));
    }
    let mixed = fields.record("mixed_instances_policy").and_then(|policy| policy.record("launch_template"));
    let nested = mixed.and_then(|template| template.record("launch_template_specification"));
    for (path, template) in [
        ("launch_template", fields.record("launch_template")),
        ("mixed_instances_policy.launch_template.launch_template_specification", nested),
    ] {
        let Some(template) = template else { continue };
        let names = ["launch_template_id", "launch_template_name"];
        match names.iter().filter(|name| template.get(**name).is_some_and(|value| !value.is_null())).count() {
            1 => {}
            0 => broken.push(Broken::new(path, "a launch template is named by its id or by its name")),
            _ => broken.push(Broken::new(path, "a launch template is named by its id or by its name, not by both")),
        }
    }
    broken
}

pub fn policies(stack: &dyn Neighbours, own: &Address) -> Vec<Broken> {
    let Some(fields) = stack.fields(own) else { return Vec::new() };
    fields.records("policies").enumerate().flat_map(|(at, it)| policy(it, &format!("policies[{at}]"))).collect()
}

fn policy(policy: &Map, path: &str) -> Vec<Broken> {
    let kind = policy.text("policy_type").unwrap_or_else(|| "SimpleScaling".to_owned());
    let (needed, refused): (&[&str], &[&str]) = match kind.as_str() {
        "TargetTrackingScaling" => (
            &["target_tracking_configuration"],
            &[
                "adjustment_type",
                "scaling_adjustment",
                "step_adjustments",
                "cooldown",
                "predictive_scaling_configuration",
            ],
        ),
        "StepScaling" => (
            &["adjustment_type", "step_adjustments"],
            &["scaling_adjustment", "cooldown", "target_tracking_configuration", "predictive_scaling_configuration"],
        ),
        "PredictiveScaling" => (
            &["predictive_scaling_configuration"],
            &["adjustment_type", "scaling_adjustment", "step_adjustments", "cooldown", "target_tracking_configuration"],
        ),
        _ => (
            &["adjustment_type", "scaling_adjustment"],
            &["step_adjustments", "target_tracking_configuration", "predictive_scaling_configuration"],
        ),
    };
    let has = |name: &str| policy.get(name).is_some_and(|value| !value.is_empty());
    let mut broken = Vec::new();
    if let Some(name) = needed.iter().find(|name| !has(name)) {
        broken.push(Broken::new(path, format!("a policy of type `{kind}` needs `{name}`")));
    }
    for name in refused.iter().filter(|name| has(name)) {
        broken.push(Broken::new(format!("{path}.{name}"), format!("a policy of type `{kind}` has no `{name}`")));
    }
    if let Some(tracking) = policy.record("target_tracking_configuration") {
        let metrics = ["predefined_metric_specification", "customized_metric_specification"];
        if metrics.iter().filter(|name| tracking.get(**name).is_some_and(|value| !value.is_null())).count() != 1 {
            let message = "target tracking follows one metric: a predefined or a customized one";
            broken.push(Broken::new(format!("{path}.target_tracking_configuration"), message));
        }
    }
    broken.extend(steps(policy, path));
    broken
}

/// Steps lie side by side, without gaps and without overlaps.
fn steps(policy: &Map, path: &str) -> Vec<Broken> {
    let bound = |step: &Map, name: &str, open: f64| step.value(name).map_or(Some(open), Value::as_float);
    let mut steps = Vec::new();
    for (at, step) in policy.records("step_adjustments").enumerate() {
        let lower = bound(step, "metric_interval_lower_bound", f64::NEG_INFINITY);
        let upper = bound(step, "metric_interval_upper_bound", f64::INFINITY);
        let (Some(lower), Some(upper)) = (lower, upper) else { return Vec::new() };
        steps.push((lower, upper, at));
    }
    let mut broken = Vec::new();
    for (lower, upper, at) in &steps {
        if lower >= upper {
            let message = format!("the step's lower bound, {lower}, is not under its upper bound, {upper}");
            broken.push(Broken::new(format!("{path}.step_adjustments[{at}]"), message));
        }
    }
    steps.sort_by(|one, other| one.0.total_cmp(&other.0));
    for pair in steps.windows(2) {
        let ((_, upper, _), (lower, _, at)) = (pair[0], pair[1]);
        if upper != lower {
            let word = if upper > lower { "overlaps" } else { "leaves a gap to" };
            let message = format!("the step from {lower} {word} the one that ends at {upper}");
            broken.push(Broken::new(format!("{path}.step_adjustments[{at}]"), message));
        }
    }
    broken
}

pub fn schedules(stack: &dyn Neighbours, own: &Address) -> Vec<Broken> {
    let Some(fields) = stack.fields(own) else { return Vec::new() };
    let mut broken = Vec::new();
    for (at, schedule) in fields.records("schedules").enumerate() {
        let path = format!("schedules[{at}]");
        let has = |name: &str| schedule.get(name).is_some_and(|value| !value.is_null());
        if !["min_size", "max_size", "desired_capacity"].into_iter().any(has) {
            let message = "a schedule sets `min_size`, `max_size` or `desired_capacity`";
            broken.push(Broken::new(&*path, message));
        }
        if !has("recurrence") && !has("start_time") {
            broken.push(Broken::new(&*path, "a schedule needs a `recurrence` or a `start_time`"));
        }
        if let (Some(min), Some(max)) = (schedule.integer("min_size"), schedule.integer("max_size"))
            && min > max
        {
            let message = format!("`min_size` is {min}, over `max_size`, which is {max}");
            broken.push(Broken::new(format!("{path}.min_size"), message));
        }
        if let Some(cron) = schedule.text("recurrence")
            && !cron.starts_with('@')
            && cron.split_whitespace().count() != 5
        {
            let message = format!("`{cron}` is no cron expression of five parts");
            broken.push(
                Broken::new(format!("{path}.recurrence"), message)
                    .help("minute, hour, day, month and weekday, as in `0 20 * * MON-FRI`"),
            );
        }
    }
    broken
}

#[cfg(test)]
mod tests {
    use super::old_instances;
    use crate::kinds::autoscaling_groups::AutoscalingGroups;
    use crate::kinds::tests::broken;
    use crate::model::delta::{Delta, FieldChange};
    use crate::model::live::Live;
    use crate::model::shape::Effect;
    use crate::model::value::{Map, Value};

    #[test]
    fn a_new_template_without_a_refresh_is_worth_a_warning() {
        let mut live = Live::new("autoscaling_groups", None, "web");
        live.field("desired_capacity", 4);
        let change = |path: &str| FieldChange {
            path: path.into(),
            before: Value::Null,
            after: 2.into(),
            effect: Effect::InPlace,
            sensitive: false,
        };
        let of = |path: &str| Delta { changes: vec![change(path)] };
        let refreshed = Map::from_iter([("instance_refresh".into(), Value::from(Map::new()))]);
        assert!(
            old_instances(&live, &Map::new(), &of("launch_template.version"))
                .is_some_and(|text| text.contains("4 instances"))
        );
        assert_eq!(old_instances(&live, &refreshed, &of("launch_template.version")), None);
        assert_eq!(old_instances(&live, &Map::new(), &of("max_size")), None);
        assert_eq!(
            old_instances(&Live::new("autoscaling_groups", None, "web"), &Map::new(), &of("launch_template")),
            None
        );
    }

    #[test]
    fn what_a_group_cannot_be_is_named() {
        let whole = "launch_template: {launch_template_id: lt-1, version: 1}, vpc_zone_identifier: [a]";
        let sized = format!("{whole}, min_size: 1, max_size: 3");
        let policy = |text: &str| format!("{sized}, policies: [{{policy_name: it, {text}}}]");
        let step = |steps: &str| {
            policy(&format!("policy_type: StepScaling, adjustment_type: ChangeInCapacity, step_adjustments: [{steps}]"))
        };
        for (stack, expected) in [
            (sized.clone(), vec![]),
            (format!("{whole}, min_size: 4, max_size: 3"), vec!["min_size"]),
            (format!("{sized}, desired_capacity: 4"), vec!["desired_capacity"]),
            (
                format!(
                    "{sized}, mixed_instances_policy: {{launch_template: {{}}, instances_distribution: {{spot_instance_pools: 1}}}}"
                ),
                vec!["mixed_instances_policy"],
            ),
            ("min_size: 1, max_size: 3, vpc_zone_identifier: [a]".to_owned(), vec![""]),
            (
                "min_size: 1, max_size: 3, vpc_zone_identifier: [a], launch_template: {version: 1}".to_owned(),
                vec!["launch_template"],
            ),
            (
                policy(
                    "policy_type: TargetTrackingScaling, target_tracking_configuration: {target_value: 70,
                    predefined_metric_specification: {predefined_metric_type: ASGAverageCPUUtilization}}",
                ),
                vec![],
            ),
            (policy("policy_type: TargetTrackingScaling"), vec!["policies[0]"]),
            (
                policy("policy_type: TargetTrackingScaling, target_tracking_configuration: {target_value: 70}"),
                vec!["policies[0].target_tracking_configuration"],
            ),
            (policy("adjustment_type: ChangeInCapacity, scaling_adjustment: 1"), vec![]),
            (
                step(
                    "{metric_interval_upper_bound: 10, scaling_adjustment: 1}, {metric_interval_lower_bound: 10, scaling_adjustment: 2}",
                ),
                vec![],
            ),
            (
                step(
                    "{metric_interval_upper_bound: 10, scaling_adjustment: 1}, {metric_interval_lower_bound: 5, scaling_adjustment: 2}",
                ),
                vec!["policies[0].step_adjustments[1]"],
            ),
            (
                format!("{sized}, schedules: [{{scheduled_action_name: a, recurrence: 0 20 * * *, min_size: 0}}]"),
                vec![],
            ),
            (
                format!("{sized}, schedules: [{{scheduled_action_name: a, recurrence: 0 20 * *, min_size: 0}}]"),
                vec!["schedules[0].recurrence"],
            ),
        ] {
            assert_eq!(broken(&AutoscalingGroups, &stack), expected, "{stack}");
        }
    }
}
