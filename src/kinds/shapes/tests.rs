//! The generated conversions, on the forms that differ from a plain copy.

use super::*;
use crate::model::value::Map;

fn value(yaml: &str) -> Value {
    let json: serde_json::Value = serde_yaml::from_str(yaml).expect("sound YAML");
    Value::from(json)
}

#[test]
fn what_goes_out_comes_back() {
    fn check<T>(there: fn(&Value) -> Result<T, Failure>, back: fn(&T) -> Value, yaml: &str) {
        let value = value(yaml);
        assert_eq!(back(&there(&value).unwrap()), value, "{yaml}");
    }
    check(s3::lifecycle_rule_to, s3::lifecycle_rule_from, "{status: Enabled}");
    check(
        s3::lifecycle_rule_to,
        s3::lifecycle_rule_from,
        "{expiration: {date: '2027-01-01T00:00:00Z'}, id: old, filter: {and: {prefix: a/, tags: [{key: k, value: v}]}},
          status: Disabled, transitions: [{days: 30, storage_class: GLACIER_IR}]}",
    );
    // A structure without members is a boolean.
    check(s3::notification_configuration_to, s3::notification_configuration_from, "{event_bridge_configuration: true}");
    check(
        elbv2::action_to,
        elbv2::action_from,
        "{type: forward, forward_config: {target_groups: [{target_group_arn: a, weight: 1}],
          target_group_stickiness_config: {enabled: true, duration_seconds: 60}}}",
    );
    check(
        autoscaling::target_tracking_configuration_to,
        autoscaling::target_tracking_configuration_from,
        "{predefined_metric_specification: {predefined_metric_type: ASGAverageCPUUtilization}, target_value: 70.5}",
    );
    // CloudFront's wrappers are lists, and `CachedMethods` stands beside the methods that wrap it.
    check(
        cloudfront::default_cache_behavior_to,
        cloudfront::default_cache_behavior_from,
        "{target_origin_id: a, trusted_key_groups: [k], viewer_protocol_policy: allow-all,
          allowed_methods: [GET, HEAD, OPTIONS], cached_methods: [GET, HEAD]}",
    );
    check(
        cloudfront::geo_restriction_to,
        cloudfront::geo_restriction_from,
        "{restriction_type: whitelist, items: [SE, FR]}",
    );
}

#[test]
fn wrappers_count_their_items() {
    let behavior = value(
        "{target_origin_id: a, viewer_protocol_policy: allow-all, trusted_signers: [], trusted_key_groups: [k, l]}",
    );
    let behavior = cloudfront::default_cache_behavior_to(&behavior).unwrap();
    let (signers, groups) = (behavior.trusted_signers.unwrap(), behavior.trusted_key_groups.unwrap());
    assert_eq!((signers.enabled, signers.quantity, signers.items), (false, 0, None));
    assert_eq!((groups.enabled, groups.quantity, groups.items.unwrap().len()), (true, 2, 2));
    assert!(behavior.allowed_methods.is_none(), "what is absent stays absent");
}

#[test]
fn a_launch_template_is_written_as_one_type_and_read_as_another() {
    let data = value(
        "{block_device_mappings: [{device_name: /dev/xvda, ebs: {encrypted: true, volume_size: 8, volume_type: gp3}}],
          instance_type: m9z.large, metadata_options: {http_tokens: required}}",
    );
    let written = ec2::launch_template_data_to(&data).unwrap();
    assert_eq!(written.instance_type.as_ref().map(|it| it.as_str()), Some("m9z.large"), "newer than the SDK");
    let ebs = aws_sdk_ec2::types::LaunchTemplateEbsBlockDevice::builder()
        .encrypted(true)
        .volume_size(8)
        .volume_type(aws_sdk_ec2::types::VolumeType::Gp3);
    let device =
        aws_sdk_ec2::types::LaunchTemplateBlockDeviceMapping::builder().device_name("/dev/xvda").ebs(ebs.build());
    let options = aws_sdk_ec2::types::LaunchTemplateInstanceMetadataOptions::builder()
        .http_tokens(aws_sdk_ec2::types::LaunchTemplateHttpTokensState::Required);
    let read = aws_sdk_ec2::types::ResponseLaunchTemplateData::builder()
        .instance_type("m9z.large".into())
        .block_device_mappings(device.build())
        .metadata_options(options.build());
    assert_eq!(ec2::launch_template_data_from(&read.build()), data);
}

#[test]
fn a_call_gets_what_the_map_holds_and_nothing_else() {
    let config = aws_sdk_elasticloadbalancingv2::Config::builder()
        .behavior_version(aws_sdk_elasticloadbalancingv2::config::BehaviorVersion::v2026_01_12())
        .build();
    let client = aws_sdk_elasticloadbalancingv2::Client::from_conf(config);
    let map = Map::from_iter([("port".into(), 80.into()), ("protocol".into(), Value::Null)]);
    let call = client.create_target_group().name("web").protocol("HTTP".into());
    let call = elbv2::create_target_group_fill(call, &map).unwrap();
    assert_eq!(call.get_name().as_deref(), Some("web"), "what was set before stays");
    assert_eq!(call.get_protocol().as_ref().map(|it| it.as_str()), Some("HTTP"));
    assert_eq!(*call.get_port(), Some(80));
    assert_eq!(*call.get_vpc_id(), None);
}

#[test]
fn a_gap_in_the_checks_is_named_by_its_path() {
    for (yaml, message) in [
        ("{status: 5}", "`status` is an integer, not a string"),
        ("{status: Enabled, expiration: {days: soon}}", "`expiration.days` is a string, not an integer"),
        ("{status: Enabled, expiration: {days: 5000000000}}", "`expiration.days` is out of range: 5000000000"),
        ("{status: Enabled, expiration: {date: today}}", "`expiration.date` is no RFC 3339 time: `today`"),
        ("[]", "is a list, not a map"),
    ] {
        let failure = s3::lifecycle_rule_to(&value(yaml)).unwrap_err();
        assert_eq!((failure.class, &*failure.message), (Class::Invalid, message));
    }
    assert!(s3::lifecycle_rule_to(&value("{}")).unwrap_err().message.contains("status"), "the SDK's own check");
}

#[test]
fn times_are_equal_as_moments() {
    let live = Value::from("2027-01-01T00:00:00Z");
    for (text, same) in [
        ("2027-01-01", true),
        ("2027-01-01T00:00:00Z", true),
        ("2027-01-01T00:00:00.000Z", true),
        ("2027-01-01T02:00:00+02:00", true),
        ("2027-01-02", false),
        ("soon", false),
    ] {
        assert_eq!(same_moment(&text.into(), &live), same, "{text}");
    }
    assert!(!same_moment(&Value::Null, &live));
}

#[test]
fn every_field_links_to_its_page() {
    fn check(record: &Record) {
        for (name, field) in &record.fields {
            assert!(field.link.starts_with("https://docs.aws.amazon.com/"), "{name}");
            field.shape.record().into_iter().for_each(check);
        }
    }
    check(&ec2::launch_template_data());
    check(&cloudfront::distribution_config());
}

#[test]
fn every_pattern_compiles() {
    fn check(shape: &Shape) {
        match shape {
            Shape::Text(text) => {
                let pattern = text.pattern.map(|pattern| regex::Regex::new(&format!("^(?:{pattern})$")));
                assert!(pattern.is_none_or(|pattern| pattern.is_ok()), "{text:?}");
            }
            Shape::List(list) => check(&list.item),
            Shape::Map(item) => check(item),
            Shape::Record(record) => record.fields.values().for_each(|field| check(&field.shape)),
            _ => {}
        }
    }
    for schema in crate::kinds::schemas() {
        check(&Shape::Record(schema.fields.clone()));
    }
}
