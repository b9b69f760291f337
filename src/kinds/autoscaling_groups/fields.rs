//! What a group's fields hold, which of them others may move, and Auto Scaling's defaults.

use super::template;
use crate::kinds::fields::Fields;
use crate::kinds::shapes::autoscaling;
use crate::kinds::stated::{self, Unsaid};
use crate::model::shape::{Equal, Field, Record, Shape};
use crate::model::value::{Map, Value};

/// What Auto Scaling fills into the small policies of a group.
const POLICIES: Unsaid = Unsaid {
    defaults: &[
        ("capacity_distribution_strategy", "balanced-best-effort"),
        ("capacity_reservation_preference", "default"),
        ("terminate_hook_abandon", "terminate"),
        ("impaired_zone_health_check_behavior", "ReplaceUnhealthy"),
    ],
    unseen: &[],
};

/// Metrics of groups: <https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_EnableMetricsCollection.html>.
const METRICS: &[&str] = &[
    "GroupMinSize",
    "GroupMaxSize",
    "GroupDesiredCapacity",
    "GroupInServiceInstances",
    "GroupPendingInstances",
    "GroupStandbyInstances",
    "GroupTerminatingInstances",
    "GroupTotalInstances",
    "GroupInServiceCapacity",
    "GroupPendingCapacity",
    "GroupStandbyCapacity",
    "GroupTerminatingCapacity",
    "GroupTotalCapacity",
    "WarmPoolDesiredCapacity",
    "WarmPoolWarmedCapacity",
    "WarmPoolPendingCapacity",
    "WarmPoolTerminatingCapacity",
    "WarmPoolTotalCapacity",
    "GroupAndWarmPoolDesiredCapacity",
    "GroupAndWarmPoolTotalCapacity",
];
const PROCESSES: &[&str] = &[
    "Launch",
    "Terminate",
    "AddToLoadBalancer",
    "AlarmNotification",
    "AZRebalance",
    "HealthCheck",
    "InstanceRefresh",
    "ReplaceUnhealthy",
    "ScheduledActions",
];

pub fn record() -> Record {
    let mut record = own();
    record.fields.extend([
        (
            "suspended_processes",
            Field::set(Field::one_of(PROCESSES).shape).left_alone().note("Operators and deployers suspend them too."),
        ),
        ("enabled_metrics", Field::set(Field::one_of(METRICS).shape)),
        (
            "propagate_at_launch",
            Field::bool()
                .default(true)
                .compared(Equal::By(|desired, live| live.is_null() || desired.as_bool() == live.as_bool()))
                .note("Whether instances get the group's tags. Those of trueup never propagate."),
        ),
        ("warm_pool", warm_pool()),
        ("policies", policies()),
        ("schedules", schedules()),
        ("lifecycle_hooks", lifecycle_hooks()),
        ("instance_refresh", instance_refresh()),
        (
            "force_delete",
            Field::bool().local().note("Delete at once, without waiting for instances to drain and hooks to finish."),
        ),
    ]);
    record
}

/// The fields of the group itself.
fn own() -> Record {
    let size = |field: Field| Field { shape: Field::integer(0, 100_000).shape, ..field };
    autoscaling::create_auto_scaling_group_input()
        .without(&[
            // Superseded by launch templates and by target groups, or born of an instance.
            "launch_configuration_name",
            "load_balancer_names",
            "instance_id",
            "availability_zone_ids",
            "operator",
            "skip_zonal_shift_validation",
        ])
        .with("auto_scaling_group_name", |field| {
            Field { absent: Field::text().left_alone().absent, ..field }.create_only()
        })
        .with("launch_template", |field| {
            let shape = Shape::Record(template::specification(autoscaling::launch_template_specification()));
            Field { shape, ..field }
        })
        .with("mixed_instances_policy.launch_template.launch_template_specification", |field| {
            let shape = Shape::Record(template::specification(autoscaling::launch_template_specification()));
            Field { shape, ..field }.required()
        })
        .with("mixed_instances_policy.launch_template.overrides.launch_template_specification", |field| {
            let shape = Shape::Record(template::specification(autoscaling::launch_template_specification()));
            Field { shape, ..field }
        })
        .with("mixed_instances_policy.launch_template", Field::required)
        .with("mixed_instances_policy", |field| field.compared(Equal::By(template::same_mixed)))
        .with("min_size", |field| {
            size(field).compared(Equal::Beside(|a, b, beside| scheduled("min_size", a, b, beside)))
        })
        .with("max_size", |field| {
            size(field).compared(Equal::Beside(|a, b, beside| scheduled("max_size", a, b, beside)))
        })
        .with("desired_capacity", |field| {
            let size = size(field).left_alone().compared(Equal::Beside(scaled));
            size.note("Where the group starts. Once it has policies or schedules, these move it.")
        })
        .with("default_cooldown", |field| Field { shape: Field::integer(0, 86_400).shape, ..field }.default(300))
        .with("availability_zones", |field| field.unordered().left_alone().note("Those of the subnets, if there are."))
        .with("vpc_zone_identifier", |field| {
            let ids = Field::set(Field::text().shape).refers("subnets", "id").link(field.link);
            ids.note("The ids of the subnets.")
        })
        .with("target_group_arns", |field| {
            let arns = field.unordered().refers("target_groups", "arn").left_alone();
            arns.note("Omitted, those that deployers attach are left alone.")
        })
        .with("traffic_sources", |field| field.keyed(&["identifier"]).left_alone())
        .with("health_check_type", |field| {
            field
                .default("EC2")
                .compared(Equal::By(same_checks))
                .note("EC2, ELB, EBS, VPC_LATTICE, or several with commas.")
        })
        // Sent as zero when omitted: what others fill in instead differs.
        .with("health_check_grace_period", |field| Field { shape: Field::integer(0, 86_400).shape, ..field }.default(0))
        .with("termination_policies", |field| field.default(vec!["Default"]))
        .with("deletion_protection", |field| field.default("none"))
        .with("service_linked_role_arn", Field::left_alone)
        .with("max_instance_lifetime", |field| Field { shape: Field::integer(0, 31_536_000).shape, ..field })
        .with("desired_capacity_type", |field| {
            field.compared(Equal::By(|desired, live| {
                desired.as_str().unwrap_or("units") == live.as_str().unwrap_or("units")
            }))
        })
        .with("default_instance_warmup", |field| {
            Field { shape: Field::integer(0, 86_400).shape, ..field }.compared(Equal::By(stated::exactly))
        })
        .with("instance_maintenance_policy.min_healthy_percentage", |field| {
            Field { shape: Field::integer(0, 100).shape, ..field }.required()
        })
        .with("instance_maintenance_policy.max_healthy_percentage", |field| {
            Field { shape: Field::integer(100, 200).shape, ..field }.required()
        })
        .with("availability_zone_distribution", |field| field.compared(Equal::By(same_policy)))
        .with("availability_zone_impairment_policy", |field| field.compared(Equal::By(same_policy)))
        .with("capacity_reservation_specification", |field| field.compared(Equal::By(same_policy)))
        .with("instance_lifecycle_policy", |field| field.compared(Equal::By(same_policy)))
}

fn warm_pool() -> Field {
    let record = autoscaling::put_warm_pool_input()
        .with("max_group_prepared_capacity", Field::left_alone)
        .with("pool_state", |field| field.default("Stopped"));
    Field::new(Shape::Record(record))
}

fn policies() -> Field {
    let types = &["SimpleScaling", "StepScaling", "TargetTrackingScaling", "PredictiveScaling"];
    let record = autoscaling::put_scaling_policy_input()
        .without(&["min_adjustment_step"])
        .with("policy_type", |field| Field { shape: Field::one_of(types).shape, ..field }.default("SimpleScaling"))
        .with("adjustment_type", |field| {
            let types = &["ChangeInCapacity", "ExactCapacity", "PercentChangeInCapacity"];
            Field { shape: Field::one_of(types).shape, ..field }
        })
        .with("metric_aggregation_type", |field| {
            let types = &["Average", "Minimum", "Maximum"];
            Field { shape: Field::one_of(types).shape, ..field }
                .default_of(|beside| if_type(beside, "StepScaling", "Average".into()))
        })
        .with("step_adjustments", |field| field.unordered().compared(Equal::By(same_steps)))
        .with("target_tracking_configuration.customized_metric_specification.dimensions", |field| {
            field.keyed(&["name"])
        })
        .with("target_tracking_configuration.customized_metric_specification.metrics", |field| field.keyed(&["id"]))
        .with("enabled", |field| field.default(true))
        .with("predictive_scaling_configuration", |field| field.compared(Equal::By(same_forecast)));
    let policies = Field::list(Shape::Record(record)).keyed(&["policy_name"]);
    policies.note("The alarms of target tracking are AWS's own.")
}

fn schedules() -> Field {
    let record = autoscaling::put_scheduled_update_group_action_input()
        .without(&["time"])
        .with("start_time", |field| field.left_alone().note("Auto Scaling moves it on with each recurrence."))
        .with("time_zone", |field| {
            field.compared(Equal::By(|desired, live| {
                let zone = |value: &Value| {
                    value.as_str().filter(|zone| !matches!(*zone, "UTC" | "Etc/UTC")).map(str::to_owned)
                };
                zone(desired) == zone(live)
            }))
        })
        .with("min_size", |field| field.compared(Equal::By(stated::exactly)))
        .with("max_size", |field| field.compared(Equal::By(stated::exactly)))
        .with("desired_capacity", |field| field.compared(Equal::By(stated::exactly)));
    Field::list(Shape::Record(record)).keyed(&["scheduled_action_name"])
}

fn lifecycle_hooks() -> Field {
    let transitions = &["autoscaling:EC2_INSTANCE_LAUNCHING", "autoscaling:EC2_INSTANCE_TERMINATING"];
    let record = autoscaling::put_lifecycle_hook_input()
        .with("lifecycle_transition", |field| Field { shape: Field::one_of(transitions).shape, ..field }.required())
        .with("heartbeat_timeout", |field| Field { shape: Field::integer(30, 7200).shape, ..field }.default(3600))
        .with("default_result", |field| {
            Field { shape: Field::one_of(&["CONTINUE", "ABANDON"]).shape, ..field }.default("ABANDON")
        })
        .with("role_arn", |field| field.refers("roles", "arn"))
        .with("notification_target_arn", |field| field.refers("queues", "arn"));
    Field::list(Shape::Record(record)).keyed(&["lifecycle_hook_name"])
}

fn instance_refresh() -> Field {
    let record = autoscaling::start_instance_refresh_input().without(&["desired_configuration"]);
    let refresh = Field::new(Shape::Record(record)).local();
    refresh.note("When the launch template changes, instances are replaced at this pace, and trueup waits for it.")
}

pub fn has_any(fields: &Map, list: &str) -> bool {
    fields.get(list).is_some_and(|list| !list.is_empty())
}

/// A size that one of the group's own schedules sets is not fought, nor is one that a person changed overlooked.
fn scheduled(size: &str, desired: &Value, live: &Value, beside: &Map) -> bool {
    desired.as_int() == live.as_int()
        || beside.records("schedules").any(|it| it.value(size).is_some_and(|it| it == live.peel()))
}

/// What policies and schedules move is not fought.
fn scaled(desired: &Value, live: &Value, beside: &Map) -> bool {
    let moved = has_any(beside, "policies") || has_any(beside, "schedules");
    desired.as_int() == live.as_int() || desired.is_null() || (moved && !live.is_null())
}

/// EC2's own checks are always made.
fn same_checks(desired: &Value, live: &Value) -> bool {
    let checks = |value: &Value| {
        let mut checks: Vec<String> =
            value.as_str().unwrap_or_default().split(',').map(|it| it.trim().to_owned()).collect();
        checks.retain(|check| !check.is_empty() && check != "EC2");
        checks.sort();
        checks
    };
    checks(desired) == checks(live)
}

fn same_policy(desired: &Value, live: &Value) -> bool {
    stated::same(desired, live, POLICIES)
}

/// Predictive scaling's defaults: <https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_PredictiveScalingConfiguration.html>.
fn same_forecast(desired: &Value, live: &Value) -> bool {
    let unsaid = Unsaid {
        defaults: &[
            ("mode", "ForecastOnly"),
            ("scheduling_buffer_time", "300"),
            ("max_capacity_breach_behavior", "HonorMaxCapacity"),
        ],
        unseen: &[],
    };
    stated::same(desired, live, unsaid)
}

/// Steps are a set of intervals; a bound that is left out is infinite, not zero.
fn same_steps(desired: &Value, live: &Value) -> bool {
    let steps = |value: &Value| {
        let number = |step: &Value, name: &str| step.get(name).and_then(Value::as_float);
        let mut steps: Vec<String> = value
            .as_list()
            .unwrap_or_default()
            .iter()
            .map(|step| {
                let bounds = ["metric_interval_lower_bound", "metric_interval_upper_bound", "scaling_adjustment"];
                format!("{:?}", bounds.map(|name| number(step, name)))
            })
            .collect();
        steps.sort();
        steps
    };
    steps(desired) == steps(live)
}

fn if_type(beside: &Map, policy_type: &str, value: Value) -> Value {
    if beside.text("policy_type").as_deref() == Some(policy_type) { value } else { Value::Null }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_schedules_and_policies_move_is_not_fought() {
        let fields = |text: &str| {
            let json: serde_json::Value = serde_yaml::from_str(text).expect("sound YAML");
            Value::from(json).as_map().cloned().unwrap_or_default()
        };
        let night = fields("{schedules: [{scheduled_action_name: night, min_size: 0}]}");
        for (desired, live, beside, expected) in
            [(2, 2, Map::new(), true), (2, 0, Map::new(), false), (2, 0, night.clone(), true), (2, 7, night, false)]
        {
            assert_eq!(scheduled("min_size", &desired.into(), &live.into(), &beside), expected);
        }
        let policies = fields("{policies: [{policy_name: cpu}]}");
        assert!(scaled(&4.into(), &6.into(), &policies));
        assert!(!scaled(&4.into(), &6.into(), &Map::new()));
    }

    #[test]
    fn health_checks_and_steps_are_sets() {
        assert!(same_checks(&"ELB".into(), &"EC2,ELB".into()));
        assert!(!same_checks(&"EC2".into(), &"ELB".into()));
        let step = |lower: Value, adjustment: i64| {
            Value::map([("metric_interval_lower_bound", lower), ("scaling_adjustment", adjustment.into())])
        };
        let one = Value::list([step(0.into(), 1), step(10.into(), 2)]);
        let turned = Value::list([step(Value::Float(10.0), 2), step(Value::Float(0.0), 1)]);
        assert!(same_steps(&one, &turned));
        assert!(!same_steps(&Value::list([step(0.into(), 1)]), &Value::list([step(Value::Null, 1)])));
    }
}
