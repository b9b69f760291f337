//! What a target group's fields hold, and AWS's defaults for them.

use crate::kinds::elb::settings::{self, Setting};
use crate::kinds::fields::Fields;
use crate::model::shape::{Equal, Field, Record};
use crate::model::value::{Map, Value};

const PROTOCOLS: &[&str] = &["HTTP", "HTTPS", "TCP", "TLS", "UDP", "TCP_UDP", "GENEVE", "QUIC", "TCP_QUIC"];

/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_TargetGroupAttribute.html>
pub const SETTINGS: &[Setting] = &[
    ("deregistration_delay_timeout_seconds", "deregistration_delay.timeout_seconds"),
    ("deregistration_delay_connection_termination_enabled", "deregistration_delay.connection_termination.enabled"),
    ("slow_start_duration_seconds", "slow_start.duration_seconds"),
    ("load_balancing_algorithm_type", "load_balancing.algorithm.type"),
    ("load_balancing_algorithm_anomaly_mitigation", "load_balancing.algorithm.anomaly_mitigation"),
    ("load_balancing_cross_zone_enabled", "load_balancing.cross_zone.enabled"),
    ("lambda_multi_value_headers_enabled", "lambda.multi_value_headers.enabled"),
    ("preserve_client_ip_enabled", "preserve_client_ip.enabled"),
    ("proxy_protocol_v2_enabled", "proxy_protocol_v2.enabled"),
    ("stickiness.enabled", "stickiness.enabled"),
    ("stickiness.type", "stickiness.type"),
    ("stickiness.lb_cookie_duration_seconds", "stickiness.lb_cookie.duration_seconds"),
    ("stickiness.app_cookie_duration_seconds", "stickiness.app_cookie.duration_seconds"),
    ("stickiness.app_cookie_cookie_name", "stickiness.app_cookie.cookie_name"),
    ("target_failover.on_deregistration", "target_failover.on_deregistration"),
    ("target_failover.on_unhealthy", "target_failover.on_unhealthy"),
    (
        "target_group_health.dns_failover.minimum_healthy_targets_count",
        "target_group_health.dns_failover.minimum_healthy_targets.count",
    ),
    (
        "target_group_health.dns_failover.minimum_healthy_targets_percentage",
        "target_group_health.dns_failover.minimum_healthy_targets.percentage",
    ),
    (
        "target_group_health.unhealthy_state_routing.minimum_healthy_targets_count",
        "target_group_health.unhealthy_state_routing.minimum_healthy_targets.count",
    ),
    (
        "target_group_health.unhealthy_state_routing.minimum_healthy_targets_percentage",
        "target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage",
    ),
    (
        "target_health_state.unhealthy_connection_termination_enabled",
        "target_health_state.unhealthy.connection_termination.enabled",
    ),
    (
        "target_health_state.unhealthy_draining_interval_seconds",
        "target_health_state.unhealthy.draining_interval_seconds",
    ),
];

pub fn record() -> Record {
    Record::of([
        ("name", Field::text_of(1, 32).pattern("[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?").left_alone().create_only()),
        ("protocol", Field::one_of(PROTOCOLS).create_only()),
        ("port", Field::integer(1, 65_535).create_only()),
        ("vpc_id", Field::text().create_only().refers("vpcs", "id")),
        ("target_type", Field::one_of(&["instance", "ip", "lambda", "alb"]).default("instance").create_only()),
        ("protocol_version", Field::one_of(&["HTTP1", "HTTP2", "GRPC"]).default_of(version).create_only()),
        ("ip_address_type", Field::one_of(&["ipv4", "ipv6"]).default("ipv4").create_only()),
        ("target_control_port", Field::integer(1, 65_535).create_only()),
        ("health_check_enabled", Field::bool().default_of(|beside| (!is_lambda(beside)).into())),
        ("health_check_protocol", Field::one_of(&["HTTP", "HTTPS", "TCP"]).default_of(check_protocol)),
        ("health_check_port", Field::text().pattern("traffic-port|[0-9]{1,5}").default_of(check_port)),
        ("health_check_path", Field::text_of(1, 1024).default_of(check_path)),
        ("health_check_interval_seconds", Field::integer(5, 300).default_of(check_interval)),
        ("health_check_timeout_seconds", Field::integer(2, 120).default_of(check_timeout)),
        ("healthy_threshold_count", Field::integer(2, 10).default(5)),
        (
            "unhealthy_threshold_count",
            Field::integer(2, 10).default_of(|beside| if is_lambda(beside) { 5.into() } else { 2.into() }),
        ),
        (
            "matcher",
            Field::record([
                ("http_code", Field::text().note("`200`, `200,202` or `200-299`.")),
                ("grpc_code", Field::text().note("`12`, `0,1` or `0-5`.")),
            ])
            .default_of(matcher),
        ),
        ("deregistration_delay_timeout_seconds", Field::integer(0, 3600).default(300)),
        (
            "deregistration_delay_connection_termination_enabled",
            Field::bool().left_alone().note("Its default depends on the protocol and on the group's age."),
        ),
        ("slow_start_duration_seconds", Field::integer(0, 900)),
        (
            "load_balancing_algorithm_type",
            Field::one_of(&["round_robin", "least_outstanding_requests", "weighted_random"]).default("round_robin"),
        ),
        ("load_balancing_algorithm_anomaly_mitigation", Field::one_of(&["on", "off"]).default("off")),
        (
            "load_balancing_cross_zone_enabled",
            Field::one_of(&["true", "false", "use_load_balancer_configuration"])
                .default("use_load_balancer_configuration"),
        ),
        ("lambda_multi_value_headers_enabled", Field::bool()),
        (
            "preserve_client_ip_enabled",
            Field::bool().left_alone().note("Its default depends on the protocol and the target type."),
        ),
        ("proxy_protocol_v2_enabled", Field::bool()),
        ("stickiness", stickiness()),
        (
            "target_failover",
            left_to_aws(["on_deregistration", "on_unhealthy"], || Field::one_of(&["rebalance", "no_rebalance"])),
        ),
        ("target_group_health", health()),
        (
            "target_health_state",
            Field::record([
                ("unhealthy_connection_termination_enabled", Field::bool().left_alone()),
                ("unhealthy_draining_interval_seconds", Field::integer(0, 360_000).left_alone()),
            ])
            .left_alone(),
        ),
    ])
}

fn stickiness() -> Field {
    let types = &["lb_cookie", "app_cookie", "source_ip", "source_ip_dest_ip", "source_ip_dest_ip_proto"];
    Field::record([
        ("enabled", Field::bool().required()),
        ("type", Field::one_of(types).required()),
        ("lb_cookie_duration_seconds", Field::integer(1, 604_800).default(86_400)),
        ("app_cookie_duration_seconds", Field::integer(1, 604_800).default(86_400)),
        ("app_cookie_cookie_name", Field::text()),
    ])
    .compared(Equal::By(settings::same_switch))
}

/// The thresholds below which a zone counts as unhealthy. Their documented defaults have changed over the years.
fn health() -> Field {
    let counts = ["minimum_healthy_targets_count", "minimum_healthy_targets_percentage"];
    let threshold = || left_to_aws(counts, || Field::text().pattern("off|[0-9]+"));
    Field::record([("dns_failover", threshold()), ("unhealthy_state_routing", threshold())]).left_alone()
}

fn left_to_aws(names: [&'static str; 2], field: impl Fn() -> Field) -> Field {
    Field::record(names.map(|name| (name, field().left_alone()))).left_alone()
}

// AWS's defaults of health checks, by the protocol and type of the group:
// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateTargetGroup.html

pub fn is_lambda(beside: &Map) -> bool {
    beside.text("target_type").as_deref() == Some("lambda")
}

pub fn is_http(beside: &Map) -> bool {
    matches!(beside.text("protocol").as_deref(), Some("HTTP" | "HTTPS"))
}

pub fn is_geneve(beside: &Map) -> bool {
    beside.text("protocol").as_deref() == Some("GENEVE")
}

fn version(beside: &Map) -> Value {
    if is_http(beside) { "HTTP1".into() } else { Value::Null }
}

fn check_protocol(beside: &Map) -> Value {
    match () {
        () if is_lambda(beside) => Value::Null,
        () if is_http(beside) || beside.text("target_type").as_deref() == Some("alb") => "HTTP".into(),
        () => "TCP".into(),
    }
}

fn check_port(beside: &Map) -> Value {
    match () {
        () if is_lambda(beside) => Value::Null,
        () if is_geneve(beside) => "80".into(),
        () => "traffic-port".into(),
    }
}

/// Returns true if health is asked for over HTTP.
pub fn asks_http(beside: &Map) -> bool {
    let protocol = beside.text("health_check_protocol").map_or_else(|| check_protocol(beside), Value::from);
    is_lambda(beside) || matches!(protocol.as_str(), Some("HTTP" | "HTTPS"))
}

fn check_path(beside: &Map) -> Value {
    match beside.text("protocol_version").as_deref() {
        _ if !asks_http(beside) => Value::Null,
        Some("GRPC") => "/AWS.ALB/healthcheck".into(),
        _ => "/".into(),
    }
}

fn check_interval(beside: &Map) -> Value {
    match () {
        () if is_lambda(beside) => 35.into(),
        () if is_geneve(beside) => 10.into(),
        () => 30.into(),
    }
}

fn check_timeout(beside: &Map) -> Value {
    match () {
        () if is_lambda(beside) => 30.into(),
        () if is_http(beside) || is_geneve(beside) => 5.into(),
        () if asks_http(beside) => 6.into(),
        () => 10.into(),
    }
}

fn matcher(beside: &Map) -> Value {
    match beside.text("protocol_version").as_deref() {
        _ if !asks_http(beside) => Value::Null,
        Some("GRPC") => Value::map([("grpc_code", "12")]),
        _ if is_http(beside) || is_lambda(beside) => Value::map([("http_code", "200")]),
        _ => Value::map([("http_code", "200-399")]),
    }
}
