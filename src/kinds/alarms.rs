//! CloudWatch alarms on a metric or on metric math.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_cloudwatch::types::AlarmType;

use crate::aws::{Aws, each, insist, tags};
use crate::model::address::Address;
use crate::model::failure::{Class, Failure, unless_gone};
use crate::model::live::Live;
use crate::model::schema::{Attribute, Broken, Neighbours, Schema};
use crate::model::shape::{Absent, Field};
use crate::model::value::{Map, Value};
use crate::world::{Ask, Born, New, Old, Revision, TagChange};

use super::fields::Fields;
use super::shapes::cloudwatch::{metric_alarm_from, put_metric_alarm_fill, put_metric_alarm_input};
use super::{Kind, taken};

pub struct Alarms;

/// The most names that one DescribeAlarms takes.
const NAMES_MAX: usize = 100;
/// How many alarms' tags are read at once.
const FAN_OUT: usize = 8;
/// The alarms of target tracking belong to their scaling policy, which writes and deletes them.
const TARGET_TRACKING: &str = "TargetTracking-";
/// These compare with the band of an anomaly detection model.
const BAND: [&str; 3] =
    ["LessThanLowerOrGreaterThanUpperThreshold", "LessThanLowerThreshold", "GreaterThanUpperThreshold"];

#[async_trait(?Send)]
impl Kind for Alarms {
    fn schema(&self) -> Schema {
        Schema::new("alarms", "alarm", Attribute::computed("{alarm_name}"))
            .link("https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html")
            .named("alarm_name", 255)
            .fields(fields())
            .attributes([(
                "arn",
                Attribute::computed("arn:{partition}:cloudwatch:{region}:{account}:alarm:{alarm_name}"),
            )])
            .claim("the alarm name", &["alarm_name"])
            .rule(name_rule)
            .rule(metric_rules)
            .rule(math_rules)
            .rule(threshold_rules)
            .rule(period_rules)
            .operations(
                &["cloudwatch:DescribeAlarms", "cloudwatch:ListTagsForResource"],
                &[
                    "cloudwatch:PutMetricAlarm",
                    "cloudwatch:TagResource",
                    "cloudwatch:UntagResource",
                    "cloudwatch:DeleteAlarms",
                ],
            )
    }

    async fn discover(&self, aws: &Aws, ask: &Ask) -> Result<Vec<Live>, Failure> {
        match ask {
            Ask::Owned(owner) => {
                // Their tags came with their ARNs: CloudWatch itself has one call for each alarm.
                let owned = aws.owned(owner, "cloudwatch:alarm").await?;
                let tags: BTreeMap<Arc<str>, Map> =
                    owned.into_iter().filter_map(|alarm| Some((name_in(&alarm.arn)?.into(), alarm.tags))).collect();
                let mut found = describe(aws, tags.keys().cloned()).await?;
                for live in &mut found {
                    live.tags = tags.get(&live.id).cloned().unwrap_or_default();
                }
                Ok(found)
            }
            Ask::Named(names) | Ask::Ids(names) => {
                let found = describe(aws, names.iter().cloned()).await?;
                let found = each(FAN_OUT, found, async |live: Live| {
                    let arn = live.attributes.text("arn").unwrap_or_default();
                    let request = aws.cloudwatch.list_tags_for_resource().resource_arn(arn);
                    let answer = unless_gone(request.send().await.map_err(Failure::from))?;
                    Ok(answer.map(|answer| Live { tags: tags::from_sdk(answer.tags()), ..live }))
                })
                .await?;
                Ok(found.into_iter().flatten().collect())
            }
        }
    }

    async fn create(&self, aws: &Aws, new: &New<'_>) -> Result<Born, Failure> {
        let name: Arc<str> = new.fields.text("alarm_name").unwrap_or_default().into();
        // PutMetricAlarm overwrites whatever has the name, so the name is read first.
        if let Some(live) = self.discover(aws, &Ask::Ids(vec![name.clone()])).await?.into_iter().next() {
            taken::ours_or_refused("alarm", &name, &live.tags, new)?;
            put(aws, new.fields, None).await?;
            return Ok(Born { id: live.id, attributes: live.attributes });
        }
        put(aws, new.fields, Some(new.tags)).await?;
        let live = Live::new("alarms", Some(&aws.region), name);
        Ok(Born { id: live.id, attributes: live.attributes })
    }

    async fn update(&self, aws: &Aws, revision: &Revision<'_>) -> Result<Map, Failure> {
        if revision.delta.changes.iter().any(|change| change.field() != "tags") {
            // PutMetricAlarm makes an alarm that is gone anew: then it has to be owned, and it is better not made.
            let id = &revision.live.id;
            if describe(aws, [id.clone()].into_iter()).await?.is_empty() {
                return Err(Failure::new(Class::NotFound, format!("the alarm `{id}` does not exist any more")));
            }
            let mut owned = revision.tags.apply(&revision.live.tags);
            owned.retain(|key, _| !key.starts_with("aws:"));
            put(aws, revision.fields, Some(&owned)).await?;
        }
        retag(aws, revision.live, &revision.tags).await?;
        Ok(Map::new())
    }

    async fn delete(&self, aws: &Aws, old: &Old<'_>) -> Result<(), Failure> {
        unless_gone(aws.cloudwatch.delete_alarms().alarm_names(&*old.live.id).send().await.map_err(Failure::from))?;
        Ok(())
    }
}

fn fields() -> impl Iterator<Item = (&'static str, Field)> {
    let note = "Omitted, as many as `evaluation_periods`.";
    put_metric_alarm_input()
        .with("alarm_name", |field| Field { absent: Absent::LeftAlone, ..field }.create_only())
        .with("actions_enabled", |field| field.default(true))
        .with("ok_actions", Field::unordered)
        .with("alarm_actions", Field::unordered)
        .with("insufficient_data_actions", Field::unordered)
        .with("dimensions", |field| field.keyed(&["name"]))
        .with("evaluation_periods", Field::required)
        .with("comparison_operator", Field::required)
        .with("datapoints_to_alarm", |field| {
            field.default_of(|beside| beside.get("evaluation_periods").cloned().unwrap_or_default()).note(note)
        })
        .with("treat_missing_data", |field| {
            let values = Field::one_of(&["breaching", "notBreaching", "ignore", "missing"]);
            Field { shape: values.shape, ..field }.default("missing")
        })
        .with("evaluate_low_sample_count_percentile", |field| Field {
            shape: Field::one_of(&["evaluate", "ignore"]).shape,
            ..field
        })
        .with("metrics", |field| field.keyed(&["id"]))
        .with("metrics.id", |field| field.pattern("[a-z][a-zA-Z0-9_]*"))
        .with("metrics.return_data", |field| field.default(true).note("True for exactly one: what the alarm watches."))
        .with("metrics.metric_stat.metric.dimensions", |field| field.keyed(&["name"]))
        .with("metrics.metric_stat.metric.namespace", Field::required)
        .with("metrics.metric_stat.metric.metric_name", Field::required)
        .fields
        .into_iter()
}

/// Returns the name in an alarm's ARN.
fn name_in(arn: &str) -> Option<&str> {
    arn.splitn(7, ':').nth(6)
}

/// Reads metric alarms by name, without their tags.
async fn describe(aws: &Aws, names: impl Iterator<Item = Arc<str>>) -> Result<Vec<Live>, Failure> {
    let names: Vec<String> =
        names.filter(|name| !name.starts_with(TARGET_TRACKING)).map(|name| name.to_string()).collect();
    let pages = names.chunks(NAMES_MAX).map(<[String]>::to_vec);
    let found = each(FAN_OUT, pages, async |names| {
        let request = aws.cloudwatch.describe_alarms().set_alarm_names(Some(names)).max_records(100);
        let answer = request.alarm_types(AlarmType::MetricAlarm).send().await?;
        Ok(answer.metric_alarms.unwrap_or_default())
    })
    .await?;
    Ok(found.iter().flatten().map(|alarm| live_of(aws, alarm)).collect())
}

fn live_of(aws: &Aws, alarm: &aws_sdk_cloudwatch::types::MetricAlarm) -> Live {
    let mut live = Live::new("alarms", Some(&aws.region), alarm.alarm_name().unwrap_or_default());
    live.fields = metric_alarm_from(alarm).as_map().cloned().unwrap_or_default();
    // CloudWatch leaves out what was left to its defaults.
    let periods = live.fields.get("evaluation_periods").cloned().unwrap_or_default();
    for (field, default) in
        [("datapoints_to_alarm", periods), ("treat_missing_data", "missing".into()), ("actions_enabled", true.into())]
    {
        live.fields.entry(field.into()).or_insert(default);
    }
    if let Some(metrics) = live.fields.get("metrics").and_then(Value::as_list) {
        let metrics = metrics.iter().map(returning).collect::<Vec<_>>();
        live.field("metrics", Some(metrics).filter(|metrics| !metrics.is_empty()));
    }
    live.attribute("arn", alarm.alarm_arn());
    live
}

/// Returns a query that says whether it returns data.
fn returning(query: &Value) -> Value {
    let mut query = query.as_map().cloned().unwrap_or_default();
    query.entry("return_data".into()).or_insert(true.into());
    query.into()
}

async fn put(aws: &Aws, fields: &Map, tags: Option<&Map>) -> Result<(), Failure> {
    let request = put_metric_alarm_fill(aws.cloudwatch.put_metric_alarm(), fields)?.set_tags(tags.map(tags::to_sdk));
    insist(Duration::from_secs(30), &["ConcurrentModification"], async || Ok(request.clone().send().await?)).await?;
    Ok(())
}

async fn retag(aws: &Aws, live: &Live, change: &TagChange) -> Result<(), Failure> {
    let arn = live.attributes.text("arn").unwrap_or_default();
    if !change.remove.is_empty() {
        let keys = change.remove.iter().map(ToString::to_string).collect();
        aws.cloudwatch.untag_resource().resource_arn(&arn).set_tag_keys(Some(keys)).send().await?;
    }
    if !change.set.is_empty() {
        aws.cloudwatch.tag_resource().resource_arn(&arn).set_tags(Some(tags::to_sdk(&change.set))).send().await?;
    }
    Ok(())
}

fn name_rule(stack: &dyn Neighbours, address: &Address) -> Vec<Broken> {
    let name = stack.fields(address).and_then(|fields| fields.get("alarm_name")).and_then(Value::as_str);
    match name {
        Some(name) if name.starts_with(TARGET_TRACKING) => {
            let message = format!("`{name}` is the name of an alarm that belongs to a scaling policy");
            vec![Broken::new("alarm_name", message).help("name the alarm differently: target tracking writes its own")]
        }
        _ => Vec::new(),
    }
}

fn has(fields: &Map, name: &str) -> bool {
    fields.get(name).is_some_and(|value| !value.is_empty())
}

/// An alarm watches one metric, or the result of `metrics`.
fn metric_rules(stack: &dyn Neighbours, address: &Address) -> Vec<Broken> {
    let Some(fields) = stack.fields(address) else { return Vec::new() };
    let single = ["metric_name", "namespace", "statistic", "extended_statistic", "dimensions", "period", "unit"];
    if has(fields, "metrics") {
        let both = single.into_iter().filter(|name| has(fields, name));
        return both
            .map(|name| {
                Broken::new(name, format!("`{name}` has no place beside `metrics`")).help("say it inside `metrics`")
            })
            .collect();
    }
    let mut broken = Vec::new();
    for name in ["metric_name", "namespace", "period"] {
        if !has(fields, name) {
            broken.push(Broken::new("", format!("an alarm on one metric has a `{name}`")));
        }
    }
    match (has(fields, "statistic"), has(fields, "extended_statistic")) {
        (true, true) => broken.push(Broken::new("extended_statistic", "an alarm has one statistic")),
        (false, false) => {
            broken.push(Broken::new("", "an alarm on one metric has a `statistic` or an `extended_statistic`"));
        }
        _ => {}
    }
    if has(fields, "evaluate_low_sample_count_percentile") && !has(fields, "extended_statistic") {
        let message = "`evaluate_low_sample_count_percentile` is for percentiles";
        broken.push(Broken::new("evaluate_low_sample_count_percentile", message));
    }
    broken
}

fn math_rules(stack: &dyn Neighbours, address: &Address) -> Vec<Broken> {
    let Some(fields) = stack.fields(address) else { return Vec::new() };
    let Some(queries) = fields.get("metrics").and_then(Value::as_list).filter(|it| !it.is_empty()) else {
        return Vec::new();
    };
    let mut broken = Vec::new();
    let (mut ids, mut returning) = (Vec::new(), 0);
    for (index, query) in queries.iter().enumerate() {
        let Some(query) = query.as_map() else { return broken };
        if has(query, "metric_stat") == has(query, "expression") {
            broken.push(Broken::new(format!("metrics[{index}]"), "a query has either `metric_stat` or `expression`"));
        }
        if let Some(id) = query.text("id") {
            if ids.contains(&id) {
                broken.push(Broken::new(format!("metrics[{index}].id"), format!("the id `{id}` stands twice")));
            }
            ids.push(id);
        }
        match query.get("return_data") {
            None | Some(Value::Null | Value::Bool(true)) => returning += 1,
            Some(Value::Unknown(_)) => return broken,
            Some(_) => {}
        }
    }
    // The band of an anomaly detection returns data beside what it is compared with.
    if returning != 1 && !has(fields, "threshold_metric_id") {
        let message = format!("exactly one query returns data, not {returning}");
        broken.push(Broken::new("metrics", message).help("set `return_data: false` on the others"));
    }
    if let Some(id) = fields.text("threshold_metric_id").filter(|id| !ids.contains(id)) {
        broken.push(Broken::new("threshold_metric_id", format!("no query of `metrics` has the id `{id}`")));
    }
    broken
}

fn threshold_rules(stack: &dyn Neighbours, address: &Address) -> Vec<Broken> {
    let Some(fields) = stack.fields(address) else { return Vec::new() };
    let fixed = fields.get("threshold").is_some_and(|value| !value.is_null());
    let band = has(fields, "threshold_metric_id");
    let by_band = fields.text("comparison_operator").map(|operator| BAND.contains(&operator.as_str()));
    match (fixed, band, by_band) {
        (true, true, _) => {
            vec![Broken::new("threshold", "an alarm has either `threshold` or `threshold_metric_id`")]
        }
        (false, false, _) => vec![Broken::new("", "an alarm has a `threshold` or a `threshold_metric_id`")],
        (true, _, Some(true)) => {
            vec![Broken::new(
                "comparison_operator",
                "this operator compares with a band: it needs `threshold_metric_id`",
            )]
        }
        (_, true, Some(false)) => {
            let help = format!("use one of `{}`", BAND.join("`, `"));
            vec![Broken::new("comparison_operator", "`threshold_metric_id` is a band").help(help)]
        }
        _ => Vec::new(),
    }
}

/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html>
fn period_rules(stack: &dyn Neighbours, address: &Address) -> Vec<Broken> {
    const DAY: i64 = 86_400;
    let Some(fields) = stack.fields(address) else { return Vec::new() };
    let number = |name: &str| fields.get(name).and_then(Value::as_int);
    let mut broken = Vec::new();
    if let Some(period) = number("period") {
        if !matches!(period, 10 | 20 | 30) && period % 60 != 0 {
            broken.push(Broken::new("period", "a period is 10, 20, 30 or a multiple of 60 seconds"));
        }
        let longest = if period >= 3600 { 7 * DAY } else { DAY };
        if let Some(periods) = number("evaluation_periods")
            && periods.saturating_mul(period) > longest
        {
            let days = longest / DAY;
            let message =
                format!("{periods} periods of {period} seconds are more than {days} days, the longest evaluation");
            broken.push(Broken::new("evaluation_periods", message.replace(" 1 days", " a day")));
        }
    }
    if let (Some(points), Some(periods)) = (number("datapoints_to_alarm"), number("evaluation_periods"))
        && points > periods
    {
        let message = format!("{points} data points cannot breach in {periods} periods");
        broken.push(Broken::new("datapoints_to_alarm", message));
    }
    broken
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::tests::broken;

    const CPU: &str = "metric_name: CPUUtilization, namespace: AWS/EC2, statistic: Average, \
                       comparison_operator: GreaterThanThreshold";

    #[test]
    fn names_are_found_in_arns() {
        assert_eq!(name_in("arn:aws:cloudwatch:eu-west-1:1:alarm:cpu: high"), Some("cpu: high"));
        assert_eq!(name_in("arn:aws:s3:::films"), None);
    }

    #[test]
    fn what_an_alarm_cannot_be_is_named() {
        let math = "comparison_operator: GreaterThanThreshold, evaluation_periods: 1, threshold: 1";
        for (stack, expected) in [
            (format!("{CPU}, period: 60, evaluation_periods: 2, threshold: 90"), vec![]),
            (format!("{CPU}, period: 45, evaluation_periods: 2, threshold: 90"), vec!["period"]),
            (format!("{CPU}, period: 60, evaluation_periods: 1441, threshold: 90"), vec!["evaluation_periods"]),
            (format!("{CPU}, period: 3600, evaluation_periods: 168, threshold: 90"), vec![]),
            (format!("{CPU}, period: 60, evaluation_periods: 2"), vec![""]),
            (
                format!("{CPU}, period: 60, evaluation_periods: 2, threshold: 90, datapoints_to_alarm: 3"),
                vec!["datapoints_to_alarm"],
            ),
            (
                format!("{CPU}, period: 60, evaluation_periods: 2, threshold: 90, extended_statistic: p99"),
                vec!["extended_statistic"],
            ),
            (
                format!("alarm_name: TargetTracking-x, {CPU}, period: 60, evaluation_periods: 2, threshold: 90"),
                vec!["alarm_name"],
            ),
            (format!("{math}, metrics: [{{id: a, expression: b/2}}]"), vec![]),
            (format!("{math}, period: 60, metrics: [{{id: a, expression: b/2}}]"), vec!["period"]),
            (format!("{math}, metrics: [{{id: a, expression: b/2}}, {{id: b, expression: 1}}]"), vec!["metrics"]),
            (format!("{math}, metrics: [{{id: a}}]"), vec!["metrics[0]"]),
            (
                format!("{math}, metrics: [{{id: a, expression: b}}, {{id: a, expression: c, return_data: false}}]"),
                vec!["metrics[1].id"],
            ),
        ] {
            assert_eq!(broken(&Alarms, &stack), expected, "{stack}");
        }
    }
}
