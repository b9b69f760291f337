//! What a load balancer's fields hold, and ELB's defaults for them.

use std::collections::BTreeSet;

use super::same;
use crate::kinds::elb::settings::{self, Setting};
use crate::kinds::fields::Fields;
use crate::kinds::shapes::elbv2;
use crate::model::shape::{Effect, Equal, Field, Record, Shape};
use crate::model::value::{Map, Value};

/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_LoadBalancerAttribute.html>
pub const SETTINGS: &[Setting] = &[
    ("deletion_protection_enabled", "deletion_protection.enabled"),
    ("load_balancing_cross_zone_enabled", "load_balancing.cross_zone.enabled"),
    ("access_logs.enabled", "access_logs.s3.enabled"),
    ("access_logs.bucket", "access_logs.s3.bucket"),
    ("access_logs.prefix", "access_logs.s3.prefix"),
    ("connection_logs.enabled", "connection_logs.s3.enabled"),
    ("connection_logs.bucket", "connection_logs.s3.bucket"),
    ("connection_logs.prefix", "connection_logs.s3.prefix"),
    ("health_check_logs.enabled", "health_check_logs.s3.enabled"),
    ("health_check_logs.bucket", "health_check_logs.s3.bucket"),
    ("health_check_logs.prefix", "health_check_logs.s3.prefix"),
    ("ipv6_deny_all_igw_traffic", "ipv6.deny_all_igw_traffic"),
    ("zonal_shift_config_enabled", "zonal_shift.config.enabled"),
    ("idle_timeout_timeout_seconds", "idle_timeout.timeout_seconds"),
    ("client_keep_alive_seconds", "client_keep_alive.seconds"),
    ("routing_http_desync_mitigation_mode", "routing.http.desync_mitigation_mode"),
    ("routing_http_drop_invalid_header_fields_enabled", "routing.http.drop_invalid_header_fields.enabled"),
    ("routing_http_preserve_host_header_enabled", "routing.http.preserve_host_header.enabled"),
    (
        "routing_http_x_amzn_tls_version_and_cipher_suite_enabled",
        "routing.http.x_amzn_tls_version_and_cipher_suite.enabled",
    ),
    ("routing_http_xff_client_port_enabled", "routing.http.xff_client_port.enabled"),
    ("routing_http_xff_header_processing_mode", "routing.http.xff_header_processing.mode"),
    ("routing_http2_enabled", "routing.http2.enabled"),
    ("waf_fail_open_enabled", "waf.fail_open.enabled"),
    ("dns_record_client_routing_policy", "dns_record.client_routing_policy"),
    ("secondary_ips_auto_assigned_per_subnet", "secondary_ips.auto_assigned.per_subnet"),
];

pub fn record() -> Record {
    let mut record = elbv2::create_load_balancer_input()
        .with("name", |field| {
            let name = Field::text_of(1, 32).pattern("[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?").link(field.link);
            name.left_alone().create_only()
        })
        .with("type", |field| field.default("application").create_only())
        .with("scheme", |field| field.default("internet-facing").create_only())
        .with("ip_address_type", |field| field.default("ipv4"))
        .with("subnets", |field| {
            let set = field.unordered().refers("subnets", "id").compared(Equal::Beside(same_subnets));
            set.replaces_if(subnets_replace).note("Or `subnet_mappings`, for addresses of your own.")
        })
        .with("subnet_mappings", |field| {
            field.compared(Equal::By(same_mappings)).replaces_if(mappings_replace).note("For network load balancers.")
        })
        .with("subnet_mappings.subnet_id", |field| field.required().refers("subnets", "id"))
        .with("subnet_mappings.allocation_id", |field| field.refers("elastic_ips", "id"))
        .with("security_groups", |field| {
            let groups = field.unordered().refers("security_groups", "id").left_alone();
            groups
                .replaces_if(groups_replace)
                .note("An application load balancer without gets the VPC's default group.")
        })
        .with("customer_owned_ipv4_pool", Field::create_only)
        .with("enable_prefix_for_ipv6_source_nat", Field::left_alone);
    record.fields.insert(
        "enforce_security_group_inbound_rules_on_private_link_traffic",
        Field::one_of(&["on", "off"]).left_alone().note("For network load balancers with security groups."),
    );
    record.fields.extend(settings().fields);
    record.fields.insert(
        "listeners",
        Field::list(Shape::Record(listener())).keyed(&["port"]).note("What the load balancer listens on, by port."),
    );
    record
}

fn settings() -> Record {
    let logs = || {
        let bucket = Field::text_of(3, 63).refers("buckets", "bucket");
        let record = [("enabled", Field::bool().required()), ("bucket", bucket), ("prefix", Field::text())];
        Field::record(record).compared(Equal::By(settings::same_switch))
    };
    Record::of([
        ("deletion_protection_enabled", Field::bool()),
        ("load_balancing_cross_zone_enabled", Field::bool().default_of(|beside| is_application(beside).into())),
        ("access_logs", logs().note("The bucket's policy must let ELB write.")),
        ("connection_logs", logs()),
        ("health_check_logs", logs()),
        ("ipv6_deny_all_igw_traffic", Field::bool().left_alone()),
        ("zonal_shift_config_enabled", Field::bool()),
        ("idle_timeout_timeout_seconds", Field::integer(1, 4000).default(60)),
        ("client_keep_alive_seconds", Field::integer(60, 604_800).default(3600)),
        (
            "routing_http_desync_mitigation_mode",
            Field::one_of(&["monitor", "defensive", "strictest"]).default("defensive"),
        ),
        ("routing_http_drop_invalid_header_fields_enabled", Field::bool()),
        ("routing_http_preserve_host_header_enabled", Field::bool()),
        ("routing_http_x_amzn_tls_version_and_cipher_suite_enabled", Field::bool()),
        ("routing_http_xff_client_port_enabled", Field::bool()),
        ("routing_http_xff_header_processing_mode", Field::one_of(&["append", "preserve", "remove"]).default("append")),
        ("routing_http2_enabled", Field::bool().default(true)),
        ("waf_fail_open_enabled", Field::bool()),
        (
            "dns_record_client_routing_policy",
            Field::one_of(&[
                "any_availability_zone",
                "availability_zone_affinity",
                "partial_availability_zone_affinity",
            ])
            .default("any_availability_zone"),
        ),
        ("secondary_ips_auto_assigned_per_subnet", Field::integer(0, 7)),
    ])
}

fn listener() -> Record {
    let mut record = elbv2::create_listener_input()
        .with("port", Field::required)
        .with("ssl_policy", |field| field.left_alone().note("ELB chooses one for a new HTTPS or TLS listener."))
        .with("certificates", |field| field.items(0, 1).note("The default certificate."))
        .with("certificates.certificate_arn", Field::required)
        .with("alpn_policy", |field| field.compared(Equal::By(same::alpn_policy)))
        .with("mutual_authentication", |field| field.compared(Equal::By(same::mutual_authentication)))
        .with("default_actions", actions);
    let certificates = record.fields["certificates"].shape.clone();
    if let Shape::List(mut list) = certificates {
        list.item = Shape::Record(Record::of([("certificate_arn", Field::text().required())]));
        record = record.with("certificates", |field| Field { shape: Shape::List(list), ..field });
    }
    record.fields.insert(
        "sni_certificates",
        Field::set(Field::text().shape).note("ARNs of further certificates, chosen by the name the client asks for."),
    );
    let rules = elbv2::create_rule_input()
        .without(&["reset_transforms"])
        .with("conditions", |field| field.unordered().compared(Equal::By(same::conditions)))
        .with("conditions.field", Field::required)
        .with("actions", actions)
        .with("transforms", |field| field.compared(Equal::By(same::transforms)));
    record.fields.insert("rules", Field::list(Shape::Record(rules)).keyed(&["priority"]));
    record
}

/// Says of a list of actions what the API model does not.
fn actions(field: Field) -> Field {
    let edited = Record::of([("it", field)])
        .with("it.target_group_arn", |field| field.refers("target_groups", "arn"))
        .with("it.forward_config.target_groups.target_group_arn", |field| {
            field.required().refers("target_groups", "arn")
        })
        .with("it.forward_config.target_groups.weight", |field| Field { shape: Field::integer(0, 999).shape, ..field })
        .with("it.authenticate_oidc_config.client_secret", |field| field.sensitive().write_only())
        .with("it.authenticate_oidc_config.use_existing_client_secret", Field::write_only);
    let field = edited.fields["it"].clone();
    field.compared(Equal::By(same::actions))
}

pub fn is_application(fields: &Map) -> bool {
    fields.text("type").is_none_or(|it| it == "application")
}

pub fn is_network(fields: &Map) -> bool {
    fields.text("type").as_deref() == Some("network")
}

/// Which subnets are used is said by one of two fields; live, both say it.
fn same_subnets(desired: &Value, live: &Value, beside: &Map) -> bool {
    beside.get("subnet_mappings").is_some_and(|mappings| !mappings.is_empty()) || ids(desired) == ids(live)
}

fn same_mappings(desired: &Value, live: &Value) -> bool {
    let live = live.as_list().unwrap_or_default();
    let stated = |mapping: &Value| {
        let twin = live.iter().find(|other| other.get("subnet_id") == mapping.get("subnet_id"));
        let members = mapping.as_map().into_iter().flatten().filter(|(_, value)| !value.is_null());
        twin.is_some_and(|twin| members.into_iter().all(|(name, value)| twin.get(name) == Some(value)))
    };
    match desired.as_list().unwrap_or_default() {
        [] => true,
        mappings => mappings.len() == live.len() && mappings.iter().all(stated),
    }
}

fn ids(list: &Value) -> BTreeSet<String> {
    list.as_list().unwrap_or_default().iter().filter_map(|id| id.as_str().map(str::to_owned)).collect()
}

/// A network load balancer takes subnets, and never lets go of one.
fn subnets_replace(before: &Value, after: &Value, live: &Map) -> Effect {
    let lost = !after.is_null() && after.is_known() && !ids(before).is_subset(&ids(after));
    if is_network(live) && lost { Effect::Replace } else { Effect::InPlace }
}

fn mappings_replace(before: &Value, after: &Value, live: &Map) -> Effect {
    let kept = |old: &Value| {
        let new = after.as_list().unwrap_or_default().iter().find(|it| it.get("subnet_id") == old.get("subnet_id"));
        new.is_some_and(|new| same_mappings(&Value::list([new.clone()]), &Value::list([old.clone()])))
    };
    let lost = !after.is_null() && !before.as_list().unwrap_or_default().iter().all(kept);
    if is_network(live) && lost { Effect::Replace } else { Effect::InPlace }
}

/// A network load balancer that was made without security groups can never have one, and the other way round.
fn groups_replace(before: &Value, after: &Value, live: &Map) -> Effect {
    if is_network(live) && before.is_empty() != after.is_empty() { Effect::Replace } else { Effect::InPlace }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(items: &[&str]) -> Value {
        Value::list(items.iter().copied())
    }

    #[test]
    fn only_what_a_network_load_balancer_cannot_do_replaces_it() {
        let network = Map::from_iter([("type".into(), "network".into())]);
        let application = Map::from_iter([("type".into(), "application".into())]);
        for (rule, before, after, live, expected) in [
            (
                subnets_replace as fn(&Value, &Value, &Map) -> Effect,
                &["a"][..],
                &["a", "b"][..],
                &network,
                Effect::InPlace,
            ),
            (subnets_replace, &["a", "b"], &["a"], &network, Effect::Replace),
            (subnets_replace, &["a", "b"], &["a"], &application, Effect::InPlace),
            (groups_replace, &[], &["sg"], &network, Effect::Replace),
            (groups_replace, &["sg"], &["sh"], &network, Effect::InPlace),
            (groups_replace, &["sg"], &[], &application, Effect::InPlace),
        ] {
            assert_eq!(rule(&list(before), &list(after), live), expected, "{before:?} to {after:?}");
        }
    }

    #[test]
    fn mappings_are_compared_where_they_say_something() {
        let mapping = |subnet: &str, address: Option<&str>| {
            Value::map([("subnet_id", Value::from(subnet)), ("private_ipv4_address", address.into())])
        };
        let live = Value::list([mapping("a", Some("10.0.0.1"))]);
        assert!(same_mappings(&Value::list([mapping("a", None)]), &live));
        assert!(same_mappings(&Value::Null, &live));
        assert!(!same_mappings(&Value::list([mapping("a", Some("10.0.0.2"))]), &live));
        assert!(!same_mappings(&Value::list([mapping("b", None)]), &live));
    }
}
