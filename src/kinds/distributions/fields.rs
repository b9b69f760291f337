//! What the fields of a distribution mean: the table beside the generated shapes.
//!
//! CloudFront answers with a whole document, so every default that it would fill in stands here and is sent.

use super::super::shapes::cloudfront as shapes;
use crate::model::shape::{Equal, Field, List, Order, Record, Shape};
use crate::model::value::{Map, Value};

/// Parts of the API's document that are no fields: trueup's own reference, and what makes a multi-tenant
/// distribution, which is another kind of thing.
pub const UNMANAGED: [&str; 3] = ["caller_reference", "connection_mode", "tenant_config"];

/// What AWS assumes for an origin that says nothing else.
pub const READ_TIMEOUT: i64 = 30;
pub const KEEPALIVE_TIMEOUT: i64 = 5;

/// Returns the fields of a distribution.
pub fn fields() -> Record {
    shapes::distribution_config()
        .without(&UNMANAGED)
        .with("aliases", |field| field.unordered().compared(Equal::IgnoreCase))
        .with("origins", |field| list(field, origin(), Order::Keyed(&["id"])).items(1, 100))
        .with("origin_groups", |field| list(field, origin_group(), Order::Keyed(&["id"])))
        .with("default_cache_behavior", |field| record(field, behavior(shapes::default_cache_behavior())))
        .with("cache_behaviors", |field| {
            list(field, behavior(shapes::cache_behavior()), Order::Sequence)
                .note("In order of precedence; what none of them matches goes to `default_cache_behavior`.")
        })
        .with("custom_error_responses", |field| field.keyed(&["error_code"]))
        .with("custom_error_responses.error_caching_min_ttl", |field| within(field, 0, i64::MAX).default(10))
        .with("comment", |field| Field::text_of(0, 128).link(field.link))
        .with("logging", |field| record(field, logging()))
        .with("price_class", |field| field.default("PriceClass_All"))
        .with("enabled", |field| field.default(true))
        .with("viewer_certificate", |field| {
            record(field, viewer_certificate())
                .default(Value::map([("cloud_front_default_certificate", true)]))
                .note("Omitted: CloudFront's own certificate for the `cloudfront.net` name.")
        })
        .with("restrictions", |field| {
            field.default(Value::map([("geo_restriction", Value::map([("restriction_type", "none")]))]))
        })
        .with("restrictions.geo_restriction.items", Field::unordered)
        .with("web_acl_id", |field| {
            field.left_alone().note("Firewall Manager may set it; write an empty text to take one off.")
        })
        // Some answers spell it in capitals.
        .with("http_version", |field| field.default("http2").compared(Equal::IgnoreCase))
        .with("is_ipv6_enabled", |field| field.default(false))
        .with("staging", Field::create_only)
}

fn origin() -> Record {
    shapes::origin()
        .with("origin_path", |field| Field::text_of(0, 255).pattern("(/.*[^/])?").link(field.link))
        .with("custom_headers", |field| field.keyed(&["header_name"]))
        .with("s3_origin_config", |field| {
            field.default_of(unless_other_origin).note("Implied for an origin with no other configuration.")
        })
        .with("s3_origin_config.origin_access_identity", |field| {
            field.default("").note("The legacy way; use `origin_access_control_id`.")
        })
        .with("s3_origin_config.origin_read_timeout", seconds(READ_TIMEOUT))
        .with("custom_origin_config.http_port", |field| within(field, 80, 65535).default(80))
        .with("custom_origin_config.https_port", |field| within(field, 443, 65535).default(443))
        .with("custom_origin_config.origin_ssl_protocols", |field| field.unordered().default(Value::list(["TLSv1.2"])))
        .with("custom_origin_config.origin_read_timeout", seconds(READ_TIMEOUT))
        .with("custom_origin_config.origin_keepalive_timeout", seconds(KEEPALIVE_TIMEOUT))
        .with("custom_origin_config.ip_address_type", |field| field.default("ipv4"))
        .with("vpc_origin_config.origin_read_timeout", seconds(READ_TIMEOUT))
        .with("vpc_origin_config.origin_keepalive_timeout", seconds(KEEPALIVE_TIMEOUT))
        .with("vpc_origin_config.owner_account_id", Field::left_alone)
        .with("connection_attempts", |field| within(field, 1, 3).default(3))
        .with("connection_timeout", |field| within(field, 1, 10).default(10))
        .with("origin_access_control_id", |field| field.refers("origin_access_controls", "id"))
}

fn origin_group() -> Record {
    shapes::origin_group()
        .with("failover_criteria.status_codes", Field::unordered)
        .with("members", |field| field.note("The first is the primary, the second takes over."))
        .with("selection_criteria", |field| field.default("default"))
}

/// The default cache behavior and the others have the same fields but for the path pattern.
fn behavior(record: Record) -> Record {
    let reads = || Value::list(["GET", "HEAD"]);
    record
        .with("trusted_signers", |field| field.unordered().note("The legacy way; use `trusted_key_groups`."))
        .with("trusted_key_groups", Field::unordered)
        .with("allowed_methods", |field| field.unordered().default(reads()))
        .with("cached_methods", |field| field.unordered().default(reads()))
        .with("lambda_function_associations", |field| field.keyed(&["event_type"]).items(0, 4))
        .with("function_associations", |field| field.keyed(&["event_type"]).items(0, 2))
        .with("forwarded_values", |field| field.note("The legacy way; use `cache_policy_id`."))
        .with("forwarded_values.query_string", |field| field.default(false))
        .with("forwarded_values.cookies", |field| field.default(Value::map([("forward", "none")])))
        .with("forwarded_values.cookies.forward", |field| field.default("none"))
        .with("forwarded_values.cookies.whitelisted_names", Field::unordered)
        .with("forwarded_values.headers", Field::unordered)
        .with("forwarded_values.query_string_cache_keys", Field::unordered)
        .with("min_ttl", |field| field.default_of(|beside| legacy(beside, 0)))
        .with("default_ttl", |field| field.default_of(|beside| legacy(beside, 86_400)))
        .with("max_ttl", |field| field.default_of(|beside| legacy(beside, 31_536_000)))
}

fn viewer_certificate() -> Record {
    shapes::viewer_certificate()
        .with("acm_certificate_arn", |field| field.note("The certificate lies in us-east-1 and covers every alias."))
        .with("ssl_support_method", |field| field.default_of(|beside| with_certificate(beside, "sni-only")))
        .with("minimum_protocol_version", |field| field.default_of(|beside| with_certificate(beside, "TLSv1.2_2021")))
}

fn logging() -> Record {
    shapes::logging_config()
        .with("enabled", |field| field.default(true))
        .with("bucket", |field| field.required().note("The bucket's domain name; the bucket takes ACLs."))
}

fn unless_other_origin(beside: &Map) -> Value {
    let is_set = |name: &str| beside.get(name).is_some_and(|value| !value.is_null());
    if is_set("custom_origin_config") || is_set("vpc_origin_config") {
        return Value::Null;
    }
    Value::map([("origin_access_identity", "")])
}

/// Returns the default of a lifetime, which only the legacy way of caching has.
fn legacy(beside: &Map, seconds: i64) -> Value {
    if beside.get("forwarded_values").is_some_and(|value| !value.is_null()) { seconds.into() } else { Value::Null }
}

fn with_certificate(beside: &Map, value: &str) -> Value {
    let is_set = |name: &str| beside.get(name).is_some_and(|value| !value.is_empty());
    if is_set("acm_certificate_arn") || is_set("iam_certificate_id") { value.into() } else { Value::Null }
}

fn seconds(default: i64) -> impl FnOnce(Field) -> Field {
    // 120 is the documented limit, up to 180 by a raised quota.
    move |field| within(field, 1, 180).default(default)
}

fn within(field: Field, min: i64, max: i64) -> Field {
    Field { shape: Shape::Integer { min: Some(min), max: Some(max) }, ..field }
}

fn record(field: Field, record: Record) -> Field {
    Field { shape: Shape::Record(record), ..field }
}

fn list(field: Field, item: Record, order: Order) -> Field {
    Field { shape: Shape::List(Box::new(List { item: Shape::Record(item), order, min: None, max: None })), ..field }
}
