//! When objects move to cheaper storage and when they expire.

use aws_sdk_s3::types::{BucketLifecycleConfiguration, LifecycleRuleFilter, TransitionDefaultMinimumObjectSize};

use super::part::*;

pub struct LifecycleRules;

const SIZE: &str = "transition_default_minimum_object_size";
/// What S3 takes when nothing is said.
const SIZE_DEFAULT: &str = "all_storage_classes_128K";

fn rule() -> Record {
    shapes::s3::lifecycle_rule()
        .with("id", |field| shape(field, Field::text_of(1, 255)).required().note("Rules are told apart by their ids."))
        .with("filter", |field| field.note("Omitted, the rule is for every object."))
        .with("filter.and.tags", |field| field.keyed(&["key"]))
        .with("expiration.days", positive)
        .with("expiration.date", |field| field.note("Midnight UTC."))
        .with("transitions", |field| field.keyed(&["storage_class"]))
        .with("transitions.days", not_negative)
        .with("transitions.storage_class", Field::required)
        .with("noncurrent_version_transitions", |field| field.keyed(&["storage_class"]))
        .with("noncurrent_version_transitions.noncurrent_days", |field| positive(field).required())
        .with("noncurrent_version_transitions.storage_class", Field::required)
        .with("noncurrent_version_transitions.newer_noncurrent_versions", |field| shape(field, Field::integer(1, 100)))
        .with("noncurrent_version_expiration.noncurrent_days", |field| positive(field).required())
        .with("noncurrent_version_expiration.newer_noncurrent_versions", |field| shape(field, Field::integer(1, 100)))
        .with("abort_incomplete_multipart_upload.days_after_initiation", |field| positive(field).required())
}

#[async_trait(?Send)]
impl Part for LifecycleRules {
    fn fields(&self) -> Vec<(&'static str, Field)> {
        let size_of = |beside: &Map| match beside.get("lifecycle_rules") {
            Some(rules) if !rules.is_empty() => SIZE_DEFAULT.into(),
            _ => Value::Null,
        };
        vec![
            ("lifecycle_rules", Field::list(Shape::Record(rule())).keyed(&["id"]).items(0, 1000)),
            (
                SIZE,
                Field::one_of(TransitionDefaultMinimumObjectSize::values())
                    .default_of(size_of)
                    .link("https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketLifecycleConfiguration.html"),
            ),
        ]
    }

    async fn read(&self, s3: &Client, bucket: &str) -> Result<Map, Failure> {
        let found = s3.get_bucket_lifecycle_configuration().bucket(bucket).send().await.map_err(Failure::from);
        let Some(found) = unless(found, "NoSuchLifecycleConfiguration")? else { return Ok(Map::new()) };
        let mut fields = of("lifecycle_rules", Value::list(found.rules().iter().map(shapes::s3::lifecycle_rule_from)));
        if !found.rules().is_empty() {
            let size = found.transition_default_minimum_object_size();
            fields.insert(SIZE.into(), size.map_or(SIZE_DEFAULT, |size| size.as_str()).into());
        }
        Ok(fields)
    }

    async fn write(&self, s3: &Client, bucket: &str, wanted: &Map, _: &Map) -> Result<(), Failure> {
        let mut rules = to::members(wanted, "lifecycle_rules", shapes::s3::lifecycle_rule_to)?.unwrap_or_default();
        // S3 demands a filter of every rule: one by the empty prefix takes all objects.
        for rule in &mut rules {
            let is_empty = rule.filter.as_ref().is_none_or(|filter| *filter == LifecycleRuleFilter::builder().build());
            if is_empty {
                rule.filter = Some(LifecycleRuleFilter::builder().prefix("").build());
            }
        }
        let configuration = built(BucketLifecycleConfiguration::builder().set_rules(Some(rules)).build())?;
        s3.put_bucket_lifecycle_configuration()
            .bucket(bucket)
            .lifecycle_configuration(configuration)
            .set_transition_default_minimum_object_size(to::member(wanted, SIZE, to::text)?)
            .send()
            .await?;
        Ok(())
    }

    async fn unset(&self, s3: &Client, bucket: &str, _: &Map) -> Result<(), Failure> {
        s3.delete_bucket_lifecycle().bucket(bucket).send().await?;
        Ok(())
    }

    fn broken(&self, fields: &Map) -> Vec<Broken> {
        let rules = fields.get("lifecycle_rules").and_then(Value::as_list).unwrap_or_default();
        let mut broken: Vec<Broken> = rules
            .iter()
            .enumerate()
            .filter_map(|(index, rule)| Some((format!("lifecycle_rules[{index}]"), rule.as_map()?)))
            .flat_map(|(path, rule)| broken_rule(&path, rule))
            .collect();
        if rules.is_empty() && fields.get(SIZE).is_some_and(|size| !size.is_null()) {
            broken.push(Broken::new(SIZE, format!("`{SIZE}` needs `lifecycle_rules`")));
        }
        broken.extend(repeated("lifecycle_rules", rules, "id"));
        broken
    }
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html>
fn broken_rule(path: &str, rule: &Map) -> Vec<Broken> {
    let mut broken = Vec::new();
    let actions = [
        "expiration",
        "transitions",
        "noncurrent_version_transitions",
        "noncurrent_version_expiration",
        "abort_incomplete_multipart_upload",
    ];
    if !actions.iter().any(|action| has(rule, action)) {
        broken.push(Broken::new(path, "the rule does nothing").help(format!("add one of `{}`", actions.join("`, `"))));
    }
    if let Some(filter) = rule.get("filter").and_then(Value::as_map) {
        let members: Vec<&str> = filter.iter().filter(|(_, value)| !value.is_null()).map(|(name, _)| &**name).collect();
        if members.len() > 1 {
            broken.push(
                Broken::new(
                    format!("{path}.filter"),
                    format!("a filter has one member, this one `{}`", members.join("` and `")),
                )
                .help("put several conditions under `and`"),
            );
        }
        broken.extend(broken_sizes(&format!("{path}.filter"), filter));
        if let Some(and) = filter.get("and").and_then(Value::as_map) {
            broken.extend(broken_sizes(&format!("{path}.filter.and"), and));
        }
    }
    let expiration = rule.get("expiration").and_then(Value::as_map);
    if let Some(expiration) = expiration {
        let path = format!("{path}.expiration");
        let set: Vec<&str> =
            ["days", "date", "expired_object_delete_marker"].into_iter().filter(|name| has(expiration, name)).collect();
        if set.len() != 1 {
            let message = "an expiration has one of `days`, `date` and `expired_object_delete_marker`";
            broken.push(Broken::new(path, message));
        }
    }
    let transitions = rule.get("transitions").and_then(Value::as_list).unwrap_or_default();
    broken.extend(broken_transitions(path, transitions, expiration));
    broken.extend(repeated(&format!("{path}.transitions"), transitions, "storage_class"));
    broken
}

fn broken_transitions(path: &str, transitions: &[Value], expiration: Option<&Map>) -> Vec<Broken> {
    let mut broken = Vec::new();
    let expires = expiration.and_then(|expiration| expiration.get("days")).and_then(Value::as_int);
    let mut steps = Vec::new();
    for (index, transition) in transitions.iter().enumerate() {
        let Some(fields) = transition.as_map() else { continue };
        let path = format!("{path}.transitions[{index}]");
        if stated(fields, "days") == stated(fields, "date") {
            broken.push(Broken::new(&path, "a transition has either `days` or `date`"));
        }
        let (Some(days), Some(class)) =
            (fields.get("days").and_then(Value::as_int), fields.get("storage_class").and_then(Value::as_str))
        else {
            continue;
        };
        // S3 keeps objects in standard storage for 30 days before these two.
        if days < 30 && matches!(class, "STANDARD_IA" | "ONEZONE_IA") {
            let message = format!("objects move to `{class}` after at least 30 days, not {days}");
            broken.push(Broken::new(format!("{path}.days"), message));
        }
        if let Some(expires) = expires
            && expires <= days
        {
            let message = format!("objects expire after {expires} days, before they would move to `{class}`");
            broken.push(Broken::new(format!("{path}.days"), message));
        }
        steps.push((depth(class), days, class, path));
    }
    steps.sort_by_key(|(depth, days, ..)| (*depth, *days));
    for pair in steps.windows(2) {
        let ((above, earlier, warmer, _), (below, later, colder, path)) = (&pair[0], &pair[1]);
        if above < below && later <= earlier {
            let message = format!("objects move to `{colder}` after {later} days, and to `{warmer}` after {earlier}");
            broken.push(
                Broken::new(format!("{path}.days"), message).help("objects only move down to colder storage classes"),
            );
        }
    }
    broken
}

/// Returns how far down the waterfall of storage classes a class stands.
///
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-transition-general-considerations.html>
fn depth(class: &str) -> u8 {
    match class {
        "STANDARD_IA" => 1,
        "INTELLIGENT_TIERING" => 2,
        "ONEZONE_IA" => 3,
        "GLACIER_IR" => 4,
        "GLACIER" => 5,
        "DEEP_ARCHIVE" => 6,
        _ => 0,
    }
}

fn broken_sizes(path: &str, filter: &Map) -> Option<Broken> {
    let size = |name: &str| filter.get(name).and_then(Value::as_int);
    let (above, below) = (size("object_size_greater_than")?, size("object_size_less_than")?);
    (above >= below)
        .then(|| Broken::new(path, format!("no object is larger than {above} and smaller than {below} bytes")))
}
