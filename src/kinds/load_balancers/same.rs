//! When two spellings of actions and conditions mean the same to ELB.
//!
//! ELB reports one target group both as `target_group_arn` and as `forward_config`, host and path patterns both as
//! `values` and in their own record, and fills in defaults. So both sides are brought to one form and compared there.

use crate::kinds::fields::Fields;
use crate::kinds::stated::{self, Unsaid};
use crate::model::value::{Map, Value};

/// ELB's defaults inside actions: <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_Action.html>.
const UNSAID: Unsaid = Unsaid {
    defaults: &[
        ("host", "#{host}"),
        ("path", "/#{path}"),
        ("port", "#{port}"),
        ("protocol", "#{protocol}"),
        ("query", "#{query}"),
        ("content_type", "text/plain"),
        ("scope", "openid"),
        ("session_cookie_name", "AWSELBAuthSessionCookie"),
        ("session_timeout", "604800"),
        ("on_unauthenticated_request", "authenticate"),
        ("advertise_trust_store_ca_names", "off"),
    ],
    unseen: &["client_secret", "use_existing_client_secret", "trust_store_association_status"],
};

pub fn actions(desired: &Value, live: &Value) -> bool {
    all_actions(desired) == all_actions(live)
}

pub fn conditions(desired: &Value, live: &Value) -> bool {
    sorted(desired, condition) == sorted(live, condition)
}

pub fn transforms(desired: &Value, live: &Value) -> bool {
    sorted(desired, bare) == sorted(live, bare)
}

pub fn mutual_authentication(desired: &Value, live: &Value) -> bool {
    let mode = |value: &Value| value.get("mode").and_then(Value::as_str).is_none_or(|mode| mode == "off");
    (mode(desired) && mode(live)) || bare(desired) == bare(live)
}

pub fn alpn_policy(desired: &Value, live: &Value) -> bool {
    let named =
        |value: &Value| value.as_list().and_then(|list| list.first().cloned()).filter(|it| *it != "None".into());
    named(desired) == named(live)
}

/// Returns true if two rules do the same, whatever their priorities.
pub fn rules(one: &Map, other: &Map) -> bool {
    let part = |rule: &Map, name: &str| rule.get(name).cloned().unwrap_or_default();
    conditions(&part(one, "conditions"), &part(other, "conditions"))
        && actions(&part(one, "actions"), &part(other, "actions"))
        && transforms(&part(one, "transforms"), &part(other, "transforms"))
}

fn all_actions(list: &Value) -> Vec<Value> {
    let mut actions: Vec<(i64, Value)> = Vec::new();
    for (at, item) in list.as_list().unwrap_or_default().iter().enumerate() {
        let place = item.get("order").and_then(Value::as_int).unwrap_or(at as i64 + 1);
        actions.push((place, action(item)));
    }
    actions.sort_by_key(|(place, _)| *place);
    actions.into_iter().map(|(_, action)| action).collect()
}

/// Returns an action in one form: a forward as its target groups with weights, and without its order.
fn action(value: &Value) -> Value {
    let mut map = bare(value).as_map().cloned().unwrap_or_default();
    map.shift_remove("order");
    if map.text("type").as_deref() == Some("forward") {
        let forward = value.get("forward_config");
        let mut groups: Vec<Value> = forward.into_iter().flat_map(weighted).collect();
        if groups.is_empty() {
            groups.extend(map.get("target_group_arn").map(|arn| group(arn.clone(), 1)));
        }
        // Alone, any weight is all of the traffic.
        if let [only] = &mut groups[..] {
            *only = group(only.get("target_group_arn").cloned().unwrap_or_default(), 1);
        }
        groups.sort_by_key(Value::to_string);
        map.shift_remove("target_group_arn");
        map.shift_remove("forward_config");
        map.insert("groups".into(), groups.into());
        let sticky = forward.and_then(|forward| forward.get("target_group_stickiness_config"));
        if let Some(sticky) = sticky.filter(|it| it.get("enabled").and_then(Value::as_bool) == Some(true)) {
            map.insert("sticky".into(), bare(sticky));
        }
    }
    map.into()
}

fn weighted(forward: &Value) -> Vec<Value> {
    let groups = forward.get("target_groups").and_then(Value::as_list).unwrap_or_default().iter();
    let weight = |tuple: &Value| tuple.get("weight").and_then(Value::as_int).unwrap_or(1);
    groups.map(|tuple| group(tuple.get("target_group_arn").cloned().unwrap_or_default(), weight(tuple))).collect()
}

fn group(arn: Value, weight: i64) -> Value {
    Value::map([("target_group_arn", arn), ("weight", weight.into())])
}

/// Returns a condition in one form: its values sorted and in their own record.
fn condition(value: &Value) -> Value {
    let mut map = bare(value).as_map().cloned().unwrap_or_default();
    let field = map.text("field").unwrap_or_default();
    let home = match field.as_str() {
        "host-header" => "host_header_config",
        "path-pattern" => "path_pattern_config",
        "http-header" => "http_header_config",
        "http-request-method" => "http_request_method_config",
        "source-ip" => "source_ip_config",
        _ => "query_string_config",
    };
    let mut config = map.record(home).cloned().unwrap_or_default();
    for list in ["values", "regex_values"] {
        let shared = map.shift_remove(list);
        if let Some(values) = config.get(list).cloned().or(shared) {
            config.insert(list.into(), sorted(&values, bare).into());
        }
    }
    config.sort_keys();
    map.insert(home.into(), config.into());
    map.sort_keys();
    map.into()
}

fn sorted(list: &Value, form: impl Fn(&Value) -> Value) -> Vec<Value> {
    let mut items: Vec<Value> = list.as_list().unwrap_or_default().iter().map(form).collect();
    items.sort_by_key(Value::to_string);
    items
}

fn bare(value: &Value) -> Value {
    stated::bare(value, UNSAID)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn yaml(text: &str) -> Value {
        Value::from(serde_yaml::from_str::<serde_json::Value>(text).expect("sound YAML"))
    }

    fn check(same: fn(&Value, &Value) -> bool, one: &str, other: &str, expected: bool) {
        assert_eq!(same(&yaml(one), &yaml(other)), expected, "{one} against {other}");
    }

    #[test]
    fn one_target_group_has_two_spellings() {
        let short = "[{type: forward, target_group_arn: a}]";
        let both = "[{type: forward, target_group_arn: a, order: 1, forward_config: {target_groups: [
            {target_group_arn: a, weight: 1}], target_group_stickiness_config: {enabled: false}}}]";
        let long = "[{type: forward, forward_config: {target_groups: [{target_group_arn: a}]}}]";
        let sticky = "[{type: forward, forward_config: {target_groups: [{target_group_arn: a}],
            target_group_stickiness_config: {enabled: true, duration_seconds: 60}}}]";
        check(actions, short, both, true);
        check(actions, long, both, true);
        check(actions, short, "[{type: forward, target_group_arn: b}]", false);
        check(actions, sticky, both, false);
    }

    #[test]
    fn weights_count_and_their_order_does_not() {
        let forward = |groups: &str| format!("[{{type: forward, forward_config: {{target_groups: [{groups}]}}}}]");
        let one = forward("{target_group_arn: a, weight: 90}, {target_group_arn: b, weight: 0}");
        let turned = forward("{target_group_arn: b, weight: 0}, {target_group_arn: a, weight: 90}");
        let other = forward("{target_group_arn: a, weight: 90}, {target_group_arn: b, weight: 10}");
        check(actions, &one, &turned, true);
        check(actions, &one, &other, false);
    }

    #[test]
    fn what_elb_fills_in_is_no_change() {
        check(
            actions,
            "[{type: redirect, redirect_config: {protocol: HTTPS, port: '443', status_code: HTTP_301}}]",
            "[{type: redirect, order: 1, redirect_config: {protocol: HTTPS, port: '443', status_code: HTTP_301,
                host: '#{host}', path: '/#{path}', query: '#{query}'}}]",
            true,
        );
        check(mutual_authentication, "null", "{mode: 'off'}", true);
        check(mutual_authentication, "{mode: passthrough}", "{mode: 'off'}", false);
        check(alpn_policy, "null", "[None]", true);
    }

    #[test]
    fn patterns_have_two_spellings() {
        let short = "[{field: path-pattern, values: [/b/*, /a/*]}]";
        let both = "[{field: path-pattern, values: [/a/*, /b/*], path_pattern_config: {values: [/a/*, /b/*]}}]";
        check(conditions, short, both, true);
        check(conditions, "[{field: path-pattern, path_pattern_config: {values: [/a/*, /b/*]}}]", both, true);
        check(conditions, "[{field: path-pattern, values: [/a/*]}]", both, false);
        check(
            conditions,
            "[{field: query-string, query_string_config: {values: [{key: v, value: '1'}]}}]",
            "[{field: query-string, query_string_config: {values: [{key: v, value: '2'}]}}]",
            false,
        );
    }
}
