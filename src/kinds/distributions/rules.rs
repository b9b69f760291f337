//! What is wrong with a distribution, told without an account.

use std::collections::HashSet;

use crate::model::address::Address;
use crate::model::schema::{Broken, Neighbours};
use crate::model::value::{Map, Value};

const METHODS: [&[&str]; 3] =
    [&["GET", "HEAD"], &["GET", "HEAD", "OPTIONS"], &["GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE"]];

/// Every cache behavior and origin group names origins that there are.
pub fn targets(stack: &dyn Neighbours, address: &Address) -> Vec<Broken> {
    let Some(fields) = stack.fields(address) else { return Vec::new() };
    let (origins, mut broken) = unique(fields, "origins", "id", "two origins have the id");
    let (groups, more) = unique(fields, "origin_groups", "id", "two origin groups have the id");
    broken.extend(more);
    // An id that is not known yet may be any of those that are named.
    let (Some(origins), Some(groups)) = (origins, groups) else { return broken };
    for (path, behavior) in behaviors(fields) {
        if let Some(target) =
            text(behavior, "target_origin_id").filter(|id| !origins.contains(id) && !groups.contains(id))
        {
            let message = format!("there is no origin or origin group `{target}`");
            broken.push(Broken::new(format!("{path}.target_origin_id"), message).help(known(&origins)));
        }
    }
    for (index, group) in records(fields, "origin_groups") {
        for (place, member) in records(group, "members") {
            if let Some(target) = text(member, "origin_id").filter(|id| !origins.contains(id)) {
                let path = format!("origin_groups[{index}].members[{place}].origin_id");
                broken.push(Broken::new(path, format!("there is no origin `{target}`")).help(known(&origins)));
            }
        }
    }
    broken
}

/// Each origin is of one type.
pub fn origins(stack: &dyn Neighbours, address: &Address) -> Vec<Broken> {
    let Some(fields) = stack.fields(address) else { return Vec::new() };
    let mut broken = Vec::new();
    for (index, origin) in records(fields, "origins") {
        let types = ["s3_origin_config", "custom_origin_config", "vpc_origin_config"];
        let set: Vec<_> = types.into_iter().filter(|name| is_set(origin, name)).collect();
        if let [first, second, ..] = set[..] {
            let message = format!("an origin has `{first}` or `{second}`, not both");
            broken.push(Broken::new(format!("origins[{index}].{second}"), message));
        }
        let identity = origin.get("s3_origin_config").and_then(|config| config.get("origin_access_identity"));
        if identity.is_some_and(|identity| !identity.is_empty()) && is_set(origin, "origin_access_control_id") {
            let message = "an origin has an access control or an access identity, not both";
            broken.push(Broken::new(format!("origins[{index}].s3_origin_config.origin_access_identity"), message));
        }
        if let Some(shield) = origin.get("origin_shield").and_then(Value::as_map)
            && flag(shield, "enabled")
            && !is_set(shield, "origin_shield_region")
        {
            let message = "an origin shield needs `origin_shield_region`";
            broken.push(Broken::new(format!("origins[{index}].origin_shield"), message));
        }
    }
    broken
}

/// Each cache behavior says once how it caches, and its methods are one of the sets that AWS has.
pub fn caching(stack: &dyn Neighbours, address: &Address) -> Vec<Broken> {
    let Some(fields) = stack.fields(address) else { return Vec::new() };
    let (_, mut broken) =
        unique(fields, "cache_behaviors", "path_pattern", "two cache behaviors have the path pattern");
    for (path, behavior) in behaviors(fields) {
        match (is_set(behavior, "cache_policy_id"), is_set(behavior, "forwarded_values")) {
            (false, false) => broken.push(
                Broken::new(path.clone(), "a cache behavior needs `cache_policy_id`")
                    .help("the managed policy CachingOptimized is `658327ea-f89d-4fab-a63d-7e88639e58f6`"),
            ),
            (true, true) => {
                let message = "a cache behavior has `cache_policy_id` or `forwarded_values`, not both";
                broken.push(Broken::new(format!("{path}.forwarded_values"), message));
            }
            _ => {}
        }
        let lifetimes = ["min_ttl", "default_ttl", "max_ttl"];
        for name in lifetimes.into_iter().filter(|name| is_set(behavior, name) && is_set(behavior, "cache_policy_id")) {
            let message = format!("the cache policy decides `{name}`");
            broken.push(Broken::new(format!("{path}.{name}"), message));
        }
        for (name, sets) in [("allowed_methods", &METHODS[..]), ("cached_methods", &METHODS[..2])] {
            let Some(methods) = texts(behavior, name) else { continue };
            if !sets.iter().any(|set| set.len() == methods.len() && set.iter().all(|method| methods.contains(method))) {
                let allowed: Vec<_> = sets.iter().map(|set| format!("[{}]", set.join(", "))).collect();
                let message = format!("`{name}` is no set of methods that CloudFront has");
                broken.push(
                    Broken::new(format!("{path}.{name}"), message).help(format!("one of {}", allowed.join(", "))),
                );
            }
        }
        for (index, association) in records(behavior, "function_associations") {
            if text(association, "event_type").is_some_and(|event| event.starts_with("origin-")) {
                let message = "a CloudFront function runs on `viewer-request` or `viewer-response`";
                let path = format!("{path}.function_associations[{index}].event_type");
                broken.push(Broken::new(path, message).help("use a Lambda function for events of the origin"));
            }
        }
    }
    broken
}

/// One certificate, and one that covers the aliases.
pub fn certificate(stack: &dyn Neighbours, address: &Address) -> Vec<Broken> {
    let Some(fields) = stack.fields(address) else { return Vec::new() };
    let Some(certificate) = fields.get("viewer_certificate").and_then(Value::as_map) else { return Vec::new() };
    let own = flag(certificate, "cloud_front_default_certificate");
    let given: Vec<_> = ["acm_certificate_arn", "iam_certificate_id"]
        .into_iter()
        .filter(|name| is_set(certificate, name))
        .chain(own.then_some("cloud_front_default_certificate"))
        .collect();
    let mut broken = Vec::new();
    match given[..] {
        [] => broken.push(Broken::new("viewer_certificate", "a viewer certificate names a certificate")),
        [first, second, ..] => {
            let message = format!("a viewer certificate has `{first}` or `{second}`, not both");
            broken.push(Broken::new(format!("viewer_certificate.{second}"), message));
        }
        _ => {}
    }
    if own {
        for name in ["ssl_support_method", "minimum_protocol_version"] {
            if is_set(certificate, name) {
                let message = format!("`{name}` cannot be chosen for CloudFront's own certificate");
                broken.push(Broken::new(format!("viewer_certificate.{name}"), message));
            }
        }
    }
    if own && fields.get("aliases").is_some_and(|aliases| !aliases.is_empty()) {
        broken.push(
            Broken::new("aliases", "an alias needs a certificate that covers it")
                .help("add `viewer_certificate: {acm_certificate_arn: …}` with a certificate in us-east-1"),
        );
    }
    let region = text(certificate, "acm_certificate_arn").and_then(|arn| arn.split(':').nth(3));
    if region.is_some_and(|region| region != "us-east-1" && !region.starts_with("cn-")) {
        let message = "CloudFront takes only certificates of us-east-1";
        broken.push(Broken::new("viewer_certificate.acm_certificate_arn", message));
    }
    broken
}

/// Error pages, countries and the root object.
pub fn responses(stack: &dyn Neighbours, address: &Address) -> Vec<Broken> {
    let Some(fields) = stack.fields(address) else { return Vec::new() };
    let mut broken = Vec::new();
    for (index, response) in records(fields, "custom_error_responses") {
        if is_set(response, "response_page_path") != is_set(response, "response_code") {
            let message = "`response_page_path` and `response_code` go together";
            broken.push(Broken::new(format!("custom_error_responses[{index}]"), message));
        }
    }
    if let Some(geo) = fields.get("restrictions").and_then(|it| it.get("geo_restriction")).and_then(Value::as_map) {
        let path = "restrictions.geo_restriction.items";
        match (text(geo, "restriction_type"), is_set(geo, "items")) {
            (Some("none"), true) => broken.push(Broken::new(path, "no restriction has no countries")),
            (Some("whitelist" | "blacklist"), false) => {
                broken.push(Broken::new(path, "a restriction needs the two-letter codes of its countries"));
            }
            _ => {}
        }
    }
    if let Some(object) = text(fields, "default_root_object").filter(|object| object.starts_with('/')) {
        broken.push(
            Broken::new("default_root_object", "the root object has no leading slash")
                .help(format!("write `{}`", object.trim_start_matches('/'))),
        );
    }
    broken
}

/// Returns all values of a list's key, none if one is not known yet, and what is there twice.
fn unique<'a>(fields: &'a Map, list: &str, key: &str, twice: &str) -> (Option<HashSet<&'a str>>, Vec<Broken>) {
    let mut broken = Vec::new();
    let mut seen = HashSet::new();
    let mut all_known = fields.get(list).is_none_or(|list| list.as_list().is_some() || list.is_null());
    for (index, item) in records(fields, list) {
        match text(item, key) {
            Some(value) if !seen.insert(value) => {
                broken.push(Broken::new(format!("{list}[{index}].{key}"), format!("{twice} `{value}`")));
            }
            Some(_) => {}
            None => all_known = false,
        }
    }
    (all_known.then_some(seen), broken)
}

/// Returns the cache behaviors with their paths, the default one first.
fn behaviors(fields: &Map) -> Vec<(String, &Map)> {
    let default = fields.get("default_cache_behavior").and_then(Value::as_map);
    let default = default.into_iter().map(|behavior| ("default_cache_behavior".to_owned(), behavior));
    let others = records(fields, "cache_behaviors");
    default.chain(others.map(|(index, behavior)| (format!("cache_behaviors[{index}]"), behavior))).collect()
}

fn records<'a>(fields: &'a Map, name: &str) -> impl Iterator<Item = (usize, &'a Map)> {
    let items = fields.get(name).and_then(Value::as_list).unwrap_or_default();
    items.iter().enumerate().filter_map(|(index, item)| Some((index, item.as_map()?)))
}

fn text<'a>(fields: &'a Map, name: &str) -> Option<&'a str> {
    fields.get(name).and_then(Value::as_str)
}

/// Returns the texts of a list; none if there is no list or one is not known yet.
fn texts<'a>(fields: &'a Map, name: &str) -> Option<Vec<&'a str>> {
    fields.get(name)?.as_list()?.iter().map(Value::as_str).collect()
}

fn flag(fields: &Map, name: &str) -> bool {
    fields.get(name).and_then(Value::as_bool) == Some(true)
}

/// Returns true if something is there, known or not.
fn is_set(fields: &Map, name: &str) -> bool {
    fields.get(name).is_some_and(|value| match value.peel() {
        Value::Map(_) => true,
        other => !other.is_empty(),
    })
}

fn known(ids: &HashSet<&str>) -> String {
    let mut ids: Vec<_> = ids.iter().map(|id| format!("`{id}`")).collect();
    ids.sort();
    format!("there are {}", ids.join(", "))
}

#[cfg(test)]
mod tests {
    use super::super::Distributions;
    use crate::kinds::tests::broken;

    #[test]
    fn what_a_distribution_cannot_be_is_named() {
        let origin = "origins: [{id: a, domain_name: a.com}]";
        let behavior = "target_origin_id: a, viewer_protocol_policy: allow-all";
        let default = format!("{origin}, default_cache_behavior: {{{behavior}, cache_policy_id: p}}");
        for (stack, expected) in [
            (default.clone(), vec![]),
            (format!("{origin}, default_cache_behavior: {{{behavior}}}"), vec!["default_cache_behavior"]),
            (
                format!("{origin}, default_cache_behavior: {{{behavior}, cache_policy_id: p, forwarded_values: {{}}}}"),
                vec!["default_cache_behavior.forwarded_values"],
            ),
            (
                format!("{origin}, default_cache_behavior: {{target_origin_id: b, cache_policy_id: p}}"),
                vec!["default_cache_behavior.target_origin_id"],
            ),
            (
                format!("{default}, origin_groups: [{{id: g, members: [{{origin_id: a}}, {{origin_id: b}}]}}]"),
                vec!["origin_groups[0].members[1].origin_id"],
            ),
            (
                "origins: [{id: a, s3_origin_config: {}, custom_origin_config: {}}, {id: a}]".into(),
                vec!["origins[1].id", "origins[0].custom_origin_config"],
            ),
            (
                format!(
                    "{default}, cache_behaviors: [{{{behavior}, path_pattern: x, cache_policy_id: p}}, {{{behavior}, path_pattern: x, cache_policy_id: p, allowed_methods: [GET]}}]"
                ),
                vec!["cache_behaviors[1].path_pattern", "cache_behaviors[1].allowed_methods"],
            ),
            (format!("{default}, aliases: [a.com]"), vec!["aliases"]),
            (
                format!(
                    "{default}, viewer_certificate: {{acm_certificate_arn: 'arn:aws:acm:eu-west-1:1:c', iam_certificate_id: i}}"
                ),
                vec!["viewer_certificate.iam_certificate_id", "viewer_certificate.acm_certificate_arn"],
            ),
            (
                format!(
                    "{default}, viewer_certificate: {{cloud_front_default_certificate: true, ssl_support_method: vip}}"
                ),
                vec!["viewer_certificate.ssl_support_method"],
            ),
            (
                format!("{default}, custom_error_responses: [{{error_code: 404, response_code: '200'}}]"),
                vec!["custom_error_responses[0]"],
            ),
            (
                format!("{default}, restrictions: {{geo_restriction: {{restriction_type: none, items: [SE]}}}}"),
                vec!["restrictions.geo_restriction.items"],
            ),
            (format!("{default}, default_root_object: /index.html"), vec!["default_root_object"]),
        ] {
            assert_eq!(broken(&Distributions, &stack), expected, "{stack}");
        }
    }
}
