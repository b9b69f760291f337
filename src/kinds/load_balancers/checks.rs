//! What a load balancer needs and cannot be, told without an account.

use std::collections::BTreeMap;

use super::fields::{is_application, is_network};
use crate::kinds::fields::Fields;
use crate::model::address::Address;
use crate::model::schema::{Broken, Neighbours};
use crate::model::value::{Map, Value};

/// An internet-facing load balancer needs its VPC's internet gateway, and logs their bucket with its policy.
pub fn needs(stack: &dyn Neighbours, own: &Address) -> Vec<Address> {
    let Some(fields) = stack.fields(own) else { return Vec::new() };
    let mut needs = Vec::new();
    if fields.text("scheme").as_deref() != Some("internal") {
        let subnet = stack.target(own, "subnets").or_else(|| stack.target(own, "subnet_mappings"));
        let vpc = subnet.and_then(|subnet| stack.target(&subnet, "vpc_id"));
        let beside = |gateway: &Address| vpc.is_some() && stack.target(gateway, "vpc_id") == vpc;
        needs.extend(stack.of_kind("internet_gateways").into_iter().filter(beside));
    }
    for logs in ["access_logs", "connection_logs", "health_check_logs"] {
        let Some(bucket) = fields.record(logs).and_then(|logs| logs.text("bucket")) else { continue };
        let named = |address: &Address| {
            stack.fields(address).and_then(|fields| fields.text("bucket")).as_ref() == Some(&bucket)
        };
        needs.extend(stack.of_kind("buckets").into_iter().filter(named));
    }
    needs.sort();
    needs.dedup();
    needs
}

pub fn placement(stack: &dyn Neighbours, own: &Address) -> Vec<Broken> {
    let Some(fields) = stack.fields(own) else { return Vec::new() };
    let mut broken = Vec::new();
    let has = |name: &str| fields.get(name).is_some_and(|value| !value.is_empty());
    if fields.text("name").is_some_and(|name| name.starts_with("internal-")) {
        broken.push(Broken::new("name", "the name of a load balancer cannot begin with `internal-`"));
    }
    match (has("subnets"), has("subnet_mappings")) {
        (false, false) => broken.push(Broken::new("", "a load balancer needs `subnets` or `subnet_mappings`")),
        (true, true) => {
            broken.push(Broken::new("subnet_mappings", "`subnets` and `subnet_mappings` exclude each other"));
        }
        _ => {}
    }
    for name in ["subnets", "subnet_mappings"] {
        let Some(items) = fields.get(name).and_then(Value::as_list) else { continue };
        if is_application(fields) && items.len() == 1 {
            let message = "an application load balancer needs subnets in at least two availability zones";
            broken.push(Broken::new(name, message));
        }
    }
    if !is_network(fields) {
        let address = fields.records("subnet_mappings").position(|mapping| mapping.contains_key("allocation_id"));
        if let Some(at) = address {
            let path = format!("subnet_mappings[{at}].allocation_id");
            broken.push(Broken::new(path, "only a network load balancer has elastic IP addresses"));
        }
    }
    for logs in ["access_logs", "connection_logs", "health_check_logs"] {
        let Some(record) = fields.record(logs) else { continue };
        if record.flag("enabled") == Some(true) && record.get("bucket").is_none_or(Value::is_null) {
            broken.push(Broken::new(logs, format!("`{logs}` needs a `bucket`")));
        }
    }
    broken
}

/// Checks ports, protocols, and the rules of every listener.
pub fn listeners(stack: &dyn Neighbours, own: &Address) -> Vec<Broken> {
    let Some(fields) = stack.fields(own) else { return Vec::new() };
    let mut broken = Vec::new();
    let mut ports = BTreeMap::new();
    for (at, listener) in fields.records("listeners").enumerate() {
        let path = |field: &str| format!("listeners[{at}].{field}");
        if let Some(port) = listener.integer("port")
            && let Some(first) = ports.insert(port, at)
        {
            broken.push(Broken::new(
                path("port"),
                format!("port {port} is listened on already, by `listeners[{first}]`"),
            ));
        }
        broken.extend(protocol(fields, listener, &path));
        broken.extend(default_actions(listener, &path));
        if !is_application(fields) && listener.records("rules").next().is_some() {
            broken.push(Broken::new(path("rules"), "only an application load balancer has rules"));
        }
        broken.extend(rules(listener, &path));
    }
    broken
}

fn protocol(fields: &Map, listener: &Map, path: &dyn Fn(&str) -> String) -> Vec<Broken> {
    let mut broken = Vec::new();
    let Some(protocol) = listener.text("protocol") else {
        if listener.get("protocol").is_none_or(Value::is_null) && fields.text("type").as_deref() != Some("gateway") {
            broken.push(Broken::new(path("port"), "a listener needs a `protocol`"));
        }
        return broken;
    };
    let http = matches!(protocol.as_str(), "HTTP" | "HTTPS");
    if is_application(fields) && !http {
        let message = format!("an application load balancer does not listen with protocol {protocol}");
        broken.push(Broken::new(path("protocol"), message).help("write HTTP or HTTPS, or `type: network`"));
    }
    if is_network(fields) && http {
        let message = format!("a network load balancer does not listen with protocol {protocol}");
        let help = if protocol == "HTTPS" { "write TLS" } else { "write TCP" };
        broken.push(Broken::new(path("protocol"), message).help(help));
    }
    let secure = matches!(protocol.as_str(), "HTTPS" | "TLS");
    let certified = listener.get("certificates").is_some_and(|it| !it.is_empty());
    if secure && !certified {
        broken.push(
            Broken::new(path("protocol"), format!("a listener with protocol {protocol} needs a certificate"))
                .help("add `certificates: [{certificate_arn: …}]`"),
        );
    }
    for field in ["certificates", "sni_certificates", "ssl_policy", "mutual_authentication"] {
        if !secure && listener.get(field).is_some_and(|value| !value.is_empty()) {
            broken.push(Broken::new(path(field), format!("`{field}` does not go with protocol {protocol}")));
        }
    }
    broken
}

fn default_actions(listener: &Map, path: &dyn Fn(&str) -> String) -> Vec<Broken> {
    let known =
        listener.get("default_actions").is_some_and(|actions| actions.as_list().is_some_and(<[Value]>::is_empty));
    let mut broken = Vec::new();
    if known {
        broken.push(Broken::new(path("default_actions"), "a listener needs a default action"));
    }
    broken.extend(actions(listener, "default_actions", path));
    broken
}

fn rules(listener: &Map, path: &dyn Fn(&str) -> String) -> Vec<Broken> {
    let mut broken = Vec::new();
    let mut priorities = BTreeMap::new();
    for (at, rule) in listener.records("rules").enumerate() {
        let inside = |field: &str| path(&format!("rules[{at}].{field}"));
        if let Some(priority) = rule.integer("priority")
            && let Some(first) = priorities.insert(priority, at)
        {
            let message = format!("priority {priority} is taken by another rule of this listener, `rules[{first}]`");
            broken
                .push(Broken::new(inside("priority"), message).help("every rule of a listener needs its own priority"));
        }
        for field in ["conditions", "actions"] {
            if rule.get(field).and_then(Value::as_list).is_some_and(<[Value]>::is_empty) {
                broken.push(Broken::new(inside(field), format!("a rule needs {field}")));
            }
        }
        broken.extend(actions(rule, "actions", &inside));
    }
    broken
}

/// Checks that each action carries what its type asks for.
fn actions(of: &Map, list: &str, path: &dyn Fn(&str) -> String) -> Vec<Broken> {
    let mut broken = Vec::new();
    for (at, action) in of.records(list).enumerate() {
        let Some(kind) = action.text("type") else { continue };
        let has = |field: &str| action.get(field).is_some_and(|value| !value.is_null());
        let asked: &[&str] = match kind.as_str() {
            "forward" => &["target_group_arn", "forward_config"],
            "redirect" => &["redirect_config"],
            "fixed-response" => &["fixed_response_config"],
            "authenticate-oidc" => &["authenticate_oidc_config"],
            "authenticate-cognito" => &["authenticate_cognito_config"],
            "jwt-validation" => &["jwt_validation_config"],
            _ => &[],
        };
        if !asked.is_empty() && !asked.iter().any(|field| has(field)) {
            let message = format!("an action of type `{kind}` needs `{}`", asked.join("` or `"));
            broken.push(Broken::new(path(&format!("{list}[{at}].type")), message));
        }
    }
    broken
}

/// A target group can stand behind one load balancer only.
pub fn target_groups(stack: &dyn Neighbours, own: &Address) -> Vec<Broken> {
    let Some(fields) = stack.fields(own) else { return Vec::new() };
    let mut broken = Vec::new();
    let others: Vec<Address> = stack.of_kind("load_balancers").into_iter().filter(|other| other < own).collect();
    for (path, group) in forwards(fields) {
        let holder = others.iter().find(|other| {
            stack.fields(other).is_some_and(|fields| forwards(fields).iter().any(|(_, held)| *held == group))
        });
        if let Some(other) = holder {
            broken.push(
                Broken::new(path, format!("this target group stands behind `{other}` already"))
                    .help("AWS allows one load balancer for each target group: make a second one"),
            );
        }
    }
    broken
}

/// Returns the target groups of all actions, with their paths: known, or told apart by what they wait for.
fn forwards(fields: &Map) -> Vec<(String, Value)> {
    let mut found = Vec::new();
    let mut collect = |path: String, actions: &Map, list: &str| {
        for (at, action) in actions.records(list).enumerate() {
            let path = format!("{path}.{list}[{at}]");
            let direct = action.get("target_group_arn").cloned().filter(|arn| !arn.is_null());
            found.extend(direct.map(|arn| (format!("{path}.target_group_arn"), arn)));
            let groups =
                action.record("forward_config").into_iter().flat_map(|forward| forward.records("target_groups"));
            for (at, tuple) in groups.enumerate() {
                let arn = tuple.get("target_group_arn").cloned().unwrap_or_default();
                found.push((format!("{path}.forward_config.target_groups[{at}].target_group_arn"), arn));
            }
        }
    };
    for (at, listener) in fields.records("listeners").enumerate() {
        let path = format!("listeners[{at}]");
        collect(path.clone(), listener, "default_actions");
        for (at, rule) in listener.records("rules").enumerate() {
            collect(format!("{path}.rules[{at}]"), rule, "actions");
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use crate::kinds::load_balancers::LoadBalancers;
    use crate::kinds::tests::broken;

    #[test]
    fn what_a_load_balancer_cannot_be_is_named() {
        let forward = "default_actions: [{type: forward, target_group_arn: arn}]";
        let rule = |priority: u32| {
            format!(
                "{{priority: {priority}, conditions: [{{field: path-pattern, values: [/a]}}],
                actions: [{{type: forward, target_group_arn: arn}}]}}"
            )
        };
        let listener = |rest: &str| format!("subnets: [a, b], listeners: [{{port: 80, {forward}, {rest}}}]");
        for (stack, expected) in [
            ("subnets: [a, b]".to_owned(), vec![]),
            ("subnets: [a]".to_owned(), vec!["subnets"]),
            ("subnets: [a], type: network".to_owned(), vec![]),
            (String::new(), vec![""]),
            ("subnets: [a, b], name: internal-web".to_owned(), vec!["name"]),
            ("subnets: [a, b], access_logs: {enabled: true}".to_owned(), vec!["access_logs"]),
            (listener("protocol: HTTP"), vec![]),
            (listener("protocol: TCP"), vec!["listeners[0].protocol"]),
            (listener("protocol: HTTPS"), vec!["listeners[0].protocol"]),
            (listener("protocol: HTTPS, certificates: [{certificate_arn: a}]"), vec![]),
            (listener(&format!("protocol: HTTP, rules: [{}, {}]", rule(1), rule(2))), vec![]),
            (
                listener(&format!("protocol: HTTP, rules: [{}, {}]", rule(1), rule(1))),
                vec!["listeners[0].rules[1].priority"],
            ),
            (
                format!(
                    "subnets: [a, b], listeners: [{{port: 80, protocol: HTTP, {forward}}}, {{port: 80, protocol: HTTP, {forward}}}]"
                ),
                vec!["listeners[1].port"],
            ),
            (
                "subnets: [a, b], listeners: [{port: 80, protocol: HTTP, default_actions: [{type: redirect}]}]"
                    .to_owned(),
                vec!["listeners[0].default_actions[0].type"],
            ),
        ] {
            assert_eq!(broken(&LoadBalancers, &stack), expected, "{stack}");
        }
    }
}
