//! The configuration document, between CloudFront's form and the stack's.

use std::sync::Arc;

use aws_sdk_cloudfront::types::DistributionConfig;

use super::super::shapes::cloudfront as shapes;
use super::fields::{KEEPALIVE_TIMEOUT, READ_TIMEOUT, UNMANAGED};
use crate::model::delta::Delta;
use crate::model::failure::Failure;
use crate::model::value::{Map, Value};

/// Returns the document of a new distribution.
pub fn write(fields: &Map, caller_reference: &str) -> Result<DistributionConfig, Failure> {
    let mut whole = fields.clone();
    whole.shift_remove("tags");
    whole.insert("caller_reference".into(), caller_reference.into());
    explicit(&mut whole);
    shapes::distribution_config_to(&whole.into())
}

/// Returns the document that was just read with the fields that the delta touches replaced, the others as they are.
pub fn revise(current: &DistributionConfig, wanted: &Map, delta: &Delta) -> Result<DistributionConfig, Failure> {
    let mut whole = raw(current);
    for name in shapes::distribution_config().fields.keys().filter(|name| delta.touches(name)) {
        match wanted.get(*name) {
            Some(value) => whole.insert((*name).into(), value.clone()),
            None => whole.shift_remove(*name),
        };
    }
    explicit(&mut whole);
    shapes::distribution_config_to(&whole.into())
}

/// Returns a document as a stack would spell it.
pub fn read(config: &DistributionConfig) -> Map {
    let mut fields = raw(config);
    fields.retain(|name, _| !UNMANAGED.contains(&&**name));
    each(&mut fields, "origins", |origin| {
        inside(origin, "s3_origin_config", |config| assume(config, "origin_read_timeout", READ_TIMEOUT));
        inside(origin, "custom_origin_config", |config| {
            assume(config, "ip_address_type", "ipv4");
            assume(config, "origin_read_timeout", READ_TIMEOUT);
            assume(config, "origin_keepalive_timeout", KEEPALIVE_TIMEOUT);
        });
    });
    each(&mut fields, "origin_groups", |group| assume(group, "selection_criteria", "default"));
    inside(&mut fields, "default_cache_behavior", without_idle_lifetimes);
    each(&mut fields, "cache_behaviors", without_idle_lifetimes);
    inside(&mut fields, "viewer_certificate", |certificate| {
        // AWS reports a protocol version with its own certificate, where none can be chosen.
        if certificate.get("cloud_front_default_certificate").and_then(Value::as_bool) == Some(true) {
            certificate.retain(|name, _| &**name == "cloud_front_default_certificate");
        }
    });
    fields
}

fn raw(config: &DistributionConfig) -> Map {
    shapes::distribution_config_from(config).as_map().cloned().unwrap_or_default()
}

/// Drops the lifetimes that AWS may report beside a cache policy, which decides them.
fn without_idle_lifetimes(behavior: &mut Map) {
    if !behavior.contains_key("forwarded_values") {
        behavior.retain(|name, _| !["min_ttl", "default_ttl", "max_ttl"].contains(&&**name));
    }
}

/// Spells out what is empty: an update of a distribution must name what a creation may leave out.
///
/// <https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_UpdateDistribution.html>
fn explicit(config: &mut Map) {
    let nothing = || Value::list(Vec::<Value>::new());
    for name in ["aliases", "origin_groups", "cache_behaviors", "custom_error_responses"] {
        assume(config, name, nothing());
    }
    for name in ["comment", "default_root_object", "web_acl_id", "continuous_deployment_policy_id"] {
        assume(config, name, "");
    }
    assume(config, "logging", Value::from(Map::new()));
    inside(config, "logging", |logging| {
        assume(logging, "enabled", false);
        assume(logging, "include_cookies", false);
        assume(logging, "bucket", "");
        assume(logging, "prefix", "");
    });
    each(config, "origins", |origin| {
        assume(origin, "origin_path", "");
        assume(origin, "origin_access_control_id", "");
        assume(origin, "custom_headers", nothing());
        assume(origin, "origin_shield", Value::map([("enabled", false)]));
    });
    inside(config, "default_cache_behavior", explicit_behavior);
    each(config, "cache_behaviors", explicit_behavior);
}

fn explicit_behavior(behavior: &mut Map) {
    let nothing = || Value::list(Vec::<Value>::new());
    for name in ["trusted_signers", "trusted_key_groups", "lambda_function_associations", "function_associations"] {
        assume(behavior, name, nothing());
    }
    assume(behavior, "smooth_streaming", false);
    assume(behavior, "compress", false);
    assume(behavior, "field_level_encryption_id", "");
    assume(behavior, "grpc_config", Value::map([("enabled", false)]));
    inside(behavior, "forwarded_values", |forwarded| {
        assume(forwarded, "headers", nothing());
        assume(forwarded, "query_string_cache_keys", nothing());
    });
}

/// Sets what is absent.
fn assume(map: &mut Map, name: &str, value: impl Into<Value>) {
    if map.get(name).is_none_or(Value::is_null) {
        map.insert(name.into(), value.into());
    }
}

/// Edits a record inside, if there is one.
fn inside(map: &mut Map, name: &str, edit: impl Fn(&mut Map)) {
    if let Some(Value::Map(inner)) = map.get_mut(name) {
        edit(Arc::make_mut(inner));
    }
}

/// Edits every record of a list.
fn each(map: &mut Map, name: &str, edit: impl Fn(&mut Map)) {
    if let Some(Value::List(items)) = map.get_mut(name) {
        for item in Arc::make_mut(items) {
            if let Value::Map(inner) = item {
                edit(Arc::make_mut(inner));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Distributions;
    use super::super::fields::fields as table;
    use super::*;
    use crate::diff::{complete, diff, wanted};
    use crate::kinds::tests::fields;

    const S3: &str = "
        origins: [{id: films, domain_name: films.s3.amazonaws.com, origin_access_control_id: E1}],
        default_cache_behavior: {target_origin_id: films, viewer_protocol_policy: redirect-to-https, cache_policy_id: p}";

    const RICH: &str = "
        aliases: [b.example.com, a.example.com], comment: Films, default_root_object: index.html, enabled: false,
        price_class: PriceClass_100, http_version: http2and3, is_ipv6_enabled: true, web_acl_id: acl,
        origins: [
            {id: films, domain_name: films.s3.amazonaws.com, s3_origin_config: {origin_access_identity: o}},
            {id: api, domain_name: api.example.com, origin_path: /v1, connection_attempts: 2, connection_timeout: 5,
             custom_headers: [{header_name: X-From, header_value: cdn}], response_completion_timeout: 90,
             origin_shield: {enabled: true, origin_shield_region: eu-west-1},
             custom_origin_config: {http_port: 8080, origin_protocol_policy: http-only, origin_ssl_protocols: [TLSv1.1, TLSv1.2]}},
            {id: inner, domain_name: i.example.com, vpc_origin_config: {vpc_origin_id: vo_1, origin_read_timeout: 60}}],
        origin_groups: [{id: both, failover_criteria: {status_codes: [500, 502]}, members: [{origin_id: films}, {origin_id: api}]}],
        default_cache_behavior: {
            target_origin_id: both, viewer_protocol_policy: https-only, compress: true, cache_policy_id: p,
            origin_request_policy_id: q, response_headers_policy_id: r, trusted_key_groups: [k],
            function_associations: [{event_type: viewer-request, function_arn: 'arn:aws:cloudfront::1:function/f'}],
            lambda_function_associations: [{event_type: origin-request, lambda_function_arn: l, include_body: true}]},
        cache_behaviors: [
            {path_pattern: /api/*, target_origin_id: api, viewer_protocol_policy: allow-all, min_ttl: 1, max_ttl: 60, default_ttl: 5,
             allowed_methods: [GET, HEAD, OPTIONS, PUT, POST, PATCH, DELETE], cached_methods: [GET, HEAD, OPTIONS],
             forwarded_values: {query_string: true, query_string_cache_keys: [q], headers: [Host, Accept],
                                cookies: {forward: whitelist, whitelisted_names: [s]}}},
            {path_pattern: /old/*, target_origin_id: films, viewer_protocol_policy: allow-all, forwarded_values: {}}],
        custom_error_responses: [{error_code: 404, response_page_path: /404.html, response_code: '200'}, {error_code: 503}],
        logging: {bucket: logs.s3.amazonaws.com, prefix: cdn/, include_cookies: true},
        restrictions: {geo_restriction: {restriction_type: whitelist, items: [SE, FR]}},
        viewer_certificate: {acm_certificate_arn: 'arn:aws:acm:us-east-1:1:certificate/c'}";

    fn stated(yaml: &str) -> Map {
        fields(&Distributions, &yaml.replace('\n', " "))
    }

    #[test]
    fn what_is_written_reads_back_without_a_difference() {
        for yaml in [S3, RICH] {
            let wanted = complete(&table(), &stated(yaml));
            let live = read(&write(&wanted, "ref").unwrap());
            let delta = diff(&table(), &wanted, &live);
            assert!(delta.is_empty(), "{:#?}", delta.changes);
        }
    }

    #[test]
    fn an_update_changes_what_it_touches_and_spells_out_the_rest() {
        let before = write(&complete(&table(), &stated(RICH)), "ref").unwrap();
        let (live, stack) = (read(&before), stated(S3));
        let target = wanted(&table(), &stack, &live, &[]);
        let delta = diff(&table(), &target, &live);
        let after = revise(&before, &target, &delta).unwrap();
        assert_eq!(after.caller_reference, "ref");
        assert_eq!(after.web_acl_id.as_deref(), Some("acl"), "left alone");
        assert_eq!(after.default_root_object.as_deref(), Some(""));
        assert_eq!(after.aliases.as_ref().map(|aliases| aliases.quantity), Some(0));
        assert_eq!(after.logging.as_ref().map(|logging| logging.enabled), Some(false));
        assert!(diff(&table(), &target, &read(&after)).is_empty());
    }

    #[test]
    fn an_untouched_document_stays_as_it_was() {
        let before = write(&complete(&table(), &stated(RICH)), "ref").unwrap();
        assert_eq!(revise(&before, &Map::new(), &Delta::default()).unwrap(), before);
    }
}
