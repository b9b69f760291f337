//! SQS queues: the simple kind that `docs/adding-a-kind.md` walks through.

use std::collections::HashMap;
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_sqs::types::QueueAttributeName as Name;
use futures_util::try_join;

use crate::aws::{Aws, each, insist, insist_while, tags};
use crate::model::address::Address;
use crate::model::delta::Delta;
use crate::model::failure::{Failure, unless_gone};
use crate::model::live::Live;
use crate::model::schema::{Attribute, Broken, Neighbours, Schema};
use crate::model::shape::{Equal, Field};
use crate::model::value::{Map, Value};
use crate::world::{Ask, Born, New, Old, Revision, TagChange};

use super::Kind;
use super::policy::{self, Attached};
use super::taken;

pub struct Queues;

/// How many queues are read at once.
const FAN_OUT: usize = 32;
/// A name is refused for a minute after a queue of that name was deleted.
const REBIRTH: Duration = Duration::from_secs(90);
/// How long SQS may not know a role that was just made.
const PROPAGATION: Duration = Duration::from_secs(20);

/// Every attribute that a stack can set: SQS carries them all as texts in one map.
const ATTRIBUTES: &[(&str, Name, Form)] = &[
    ("fifo_queue", Name::FifoQueue, Form::Flag),
    ("content_based_deduplication", Name::ContentBasedDeduplication, Form::Flag),
    ("deduplication_scope", Name::DeduplicationScope, Form::Text),
    ("fifo_throughput_limit", Name::FifoThroughputLimit, Form::Text),
    ("delay_seconds", Name::DelaySeconds, Form::Integer),
    ("maximum_message_size", Name::MaximumMessageSize, Form::Integer),
    ("message_retention_period", Name::MessageRetentionPeriod, Form::Integer),
    ("receive_message_wait_time_seconds", Name::ReceiveMessageWaitTimeSeconds, Form::Integer),
    ("visibility_timeout", Name::VisibilityTimeout, Form::Integer),
    ("sqs_managed_sse_enabled", Name::SqsManagedSseEnabled, Form::Flag),
    ("kms_master_key_id", Name::KmsMasterKeyId, Form::Text),
    ("kms_data_key_reuse_period_seconds", Name::KmsDataKeyReusePeriodSeconds, Form::Integer),
    ("policy", Name::Policy, Form::Document),
    ("redrive_policy", Name::RedrivePolicy, Form::Record),
    ("redrive_allow_policy", Name::RedriveAllowPolicy, Form::Record),
];

/// How an attribute's text spells a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Text,
    Integer,
    Flag,
    /// JSON as it stands.
    Document,
    /// JSON with camelCase keys.
    Record,
}

#[async_trait(?Send)]
impl Kind for Queues {
    fn schema(&self) -> Schema {
        Schema::new("queues", "queue", Attribute::computed("{queue_name}"))
            .link("https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html")
            .named("queue_name", 80)
            .fields(fields())
            .attributes([
                ("arn", Attribute::computed("arn:{partition}:sqs:{region}:{account}:{queue_name}")),
                ("queue_url", Attribute::given("https://sqs.{region}.amazonaws.com/{account}/{queue_name}")),
            ])
            .claim("the queue name", &["queue_name"])
            .rule(fifo_rules)
            .rule(encryption_rules)
            .rule(policy_rules)
            .settle(REBIRTH)
            .operations(
                &["sqs:GetQueueUrl", "sqs:GetQueueAttributes", "sqs:ListQueueTags"],
                &["sqs:CreateQueue", "sqs:SetQueueAttributes", "sqs:TagQueue", "sqs:UntagQueue", "sqs:DeleteQueue"],
            )
    }

    async fn discover(&self, aws: &Aws, ask: &Ask) -> Result<Vec<Live>, Failure> {
        let names = match ask {
            Ask::Owned(owner) => {
                let owned = aws.owned(owner, "sqs").await?;
                owned.iter().filter_map(|queue| queue.arn.rsplit(':').next().map(Into::into)).collect()
            }
            Ask::Named(names) | Ask::Ids(names) => names.clone(),
        };
        let found = each(FAN_OUT, names, async |name| find(aws, &name).await).await?;
        Ok(found.into_iter().flatten().collect())
    }

    async fn create(&self, aws: &Aws, new: &New<'_>) -> Result<Born, Failure> {
        let name = new.fields.get("queue_name").and_then(Value::as_str).unwrap_or_default();
        // CreateQueue answers with an existing queue of equal attributes, whoever made it.
        if let Some(live) = find(aws, name).await? {
            taken::ours_or_refused("queue", name, &live.tags, new)?;
            let mut attributes = attributes(new.fields);
            attributes.remove(&Name::FifoQueue);
            set(aws, &live, attributes).await?;
            return Ok(Born { id: live.id, attributes: live.attributes });
        }
        let request = aws
            .sqs
            .create_queue()
            .queue_name(name)
            .set_attributes(Some(attributes(new.fields)))
            .set_tags(Some(tags::to_strings(new.tags)));
        let deleted = ["AWS.SimpleQueueService.QueueDeletedRecently", "QueueDeletedRecently"];
        let made = insist_while(PROPAGATION, passes, async || {
            insist(REBIRTH, &deleted, async || Ok(request.clone().send().await?)).await
        })
        .await?;
        let mut live = Live::new("queues", Some(&aws.region), name);
        live.attribute("queue_url", made.queue_url);
        Ok(Born { id: live.id, attributes: live.attributes })
    }

    async fn update(&self, aws: &Aws, revision: &Revision<'_>) -> Result<Map, Failure> {
        let touched = touched(revision.fields, revision.delta);
        try_join!(set(aws, revision.live, touched), retag(aws, revision.live, &revision.tags))?;
        Ok(Map::new())
    }

    async fn delete(&self, aws: &Aws, old: &Old<'_>) -> Result<(), Failure> {
        let request = aws.sqs.delete_queue().queue_url(url(old.live));
        unless_gone(request.send().await.map_err(Failure::from))?;
        Ok(())
    }
}

fn fields() -> [(&'static str, Field); 16] {
    [
        (
            "queue_name",
            Field::text_of(1, 80)
                .pattern(r"[A-Za-z0-9_-]{1,80}|[A-Za-z0-9_-]{1,75}\.fifo")
                .left_alone()
                .create_only()
                .note("The name of a FIFO queue ends in `.fifo`."),
        ),
        ("fifo_queue", Field::bool().create_only()),
        ("content_based_deduplication", Field::bool().note("For FIFO queues.")),
        (
            "deduplication_scope",
            Field::one_of(&["queue", "messageGroup"]).default_of(|beside| if_fifo(beside, "queue")),
        ),
        (
            "fifo_throughput_limit",
            Field::one_of(&["perQueue", "perMessageGroupId"]).default_of(|beside| if_fifo(beside, "perQueue")),
        ),
        ("delay_seconds", Field::integer(0, 900).default(0)),
        ("maximum_message_size", Field::integer(1024, 1_048_576).default(1_048_576)),
        ("message_retention_period", Field::integer(60, 1_209_600).default(345_600)),
        ("receive_message_wait_time_seconds", Field::integer(0, 20).default(0)),
        ("visibility_timeout", Field::integer(0, 43_200).default(30)),
        (
            "sqs_managed_sse_enabled",
            Field::bool()
                .default_of(|beside| if has_key(beside) { Value::Null } else { true.into() })
                .note("On unless a KMS key is set."),
        ),
        (
            "kms_master_key_id",
            Field::text_of(1, 2048).compared(Equal::SameThing).note("The id, ARN or alias of a KMS key."),
        ),
        (
            "kms_data_key_reuse_period_seconds",
            Field::integer(60, 86_400).default_of(|beside| if has_key(beside) { 300.into() } else { Value::Null }),
        ),
        ("policy", Field::document().compared(Equal::Policy).deferrable()),
        (
            "redrive_policy",
            Field::record([
                ("dead_letter_target_arn", Field::text().required().refers("queues", "arn")),
                ("max_receive_count", Field::integer(1, 1000).default(10)),
            ])
            .deferrable(),
        ),
        (
            "redrive_allow_policy",
            Field::record([
                ("redrive_permission", Field::one_of(&["allowAll", "denyAll", "byQueue"]).required()),
                ("source_queue_arns", Field::set(Field::text().shape).items(1, 10).refers("queues", "arn")),
            ])
            .deferrable(),
        ),
    ]
}

/// Reads one queue: none if there is no queue of that name.
async fn find(aws: &Aws, name: &str) -> Result<Option<Live>, Failure> {
    let url = aws.sqs.get_queue_url().queue_name(name).send().await.map_err(Failure::from);
    let Some(url) = unless_gone(url)?.and_then(|found| found.queue_url) else { return Ok(None) };
    let attributes = async {
        let request = aws.sqs.get_queue_attributes().queue_url(&url).attribute_names(Name::All);
        unless_gone(request.send().await.map_err(Failure::from))
    };
    let tags = async { unless_gone(aws.sqs.list_queue_tags().queue_url(&url).send().await.map_err(Failure::from)) };
    // A queue that was deleted a moment ago can still have a URL.
    let (Some(attributes), Some(tags)) = try_join!(attributes, tags)? else { return Ok(None) };
    let attributes = attributes.attributes.unwrap_or_default();
    let mut live = Live::new("queues", Some(&aws.region), name);
    live.field("queue_name", name);
    for (field, attribute, form) in ATTRIBUTES {
        if let Some(text) = attributes.get(attribute) {
            live.field(field, form.read(text)?);
        }
    }
    if !live.fields.contains_key("kms_master_key_id") {
        live.fields.shift_remove("kms_data_key_reuse_period_seconds");
    }
    live.attribute("arn", attributes.get(&Name::QueueArn)).attribute("queue_url", url);
    live.tags = tags::from_strings(&tags.tags.unwrap_or_default());
    Ok(Some(live))
}

/// Returns the attributes of all fields that have a value.
fn attributes(fields: &Map) -> HashMap<Name, String> {
    // A standard queue refuses the flags of FIFO queues even when they are false.
    let refused = |field: &str| !is_fifo(fields) && matches!(field, "fifo_queue" | "content_based_deduplication");
    ATTRIBUTES
        .iter()
        .filter(|(field, _, _)| !refused(field))
        .filter_map(|(field, name, form)| {
            let value = fields.get(*field).filter(|value| !value.is_null())?;
            Some((name.clone(), form.write(value)))
        })
        .collect()
}

/// Returns the attributes of the fields that the delta touches, those without a value in the encoding of "none".
fn touched(fields: &Map, delta: &Delta) -> HashMap<Name, String> {
    ATTRIBUTES
        .iter()
        .filter(|(field, _, _)| delta.touches(field))
        .filter_map(|(field, name, form)| match fields.get(*field).filter(|value| !value.is_null()) {
            Some(value) => Some((name.clone(), form.write(value))),
            None => Some((name.clone(), form.none()?.to_owned())),
        })
        .collect()
}

async fn set(aws: &Aws, live: &Live, attributes: HashMap<Name, String>) -> Result<(), Failure> {
    if !attributes.is_empty() {
        let request = aws.sqs.set_queue_attributes().queue_url(url(live)).set_attributes(Some(attributes));
        insist_while(PROPAGATION, passes, async || Ok(request.clone().send().await?)).await?;
    }
    Ok(())
}

async fn retag(aws: &Aws, live: &Live, change: &TagChange) -> Result<(), Failure> {
    if !change.remove.is_empty() {
        let keys = change.remove.iter().map(ToString::to_string).collect();
        aws.sqs.untag_queue().queue_url(url(live)).set_tag_keys(Some(keys)).send().await?;
    }
    if !change.set.is_empty() {
        aws.sqs.tag_queue().queue_url(url(live)).set_tags(Some(tags::to_strings(&change.set))).send().await?;
    }
    Ok(())
}

/// Returns true for a policy that is refused, as it is while SQS does not know a principal that was just made.
fn passes(failure: &Failure) -> bool {
    failure.is_code("InvalidAttributeValue") && failure.message.contains("Policy")
}

fn url(live: &Live) -> &str {
    live.attributes.get("queue_url").and_then(Value::as_str).unwrap_or_default()
}

impl Form {
    /// Returns the field that an attribute's text spells.
    fn read(self, text: &str) -> Result<Value, Failure> {
        Ok(match self {
            _ if text.is_empty() => Value::Null,
            Form::Text => text.into(),
            Form::Integer => text.parse::<i64>().map_or_else(|_| text.into(), Value::Int),
            Form::Flag => text.eq_ignore_ascii_case("true").into(),
            Form::Document => policy::from_text(text)?,
            Form::Record => record(&policy::from_text(text)?),
        })
    }

    fn write(self, value: &Value) -> String {
        match self {
            Form::Text => value.as_str().unwrap_or_default().to_owned(),
            Form::Integer | Form::Flag => value.to_json().to_string(),
            Form::Document => policy::to_text(value),
            Form::Record => {
                let entries = value.as_map().into_iter().flatten().filter(|(_, value)| !value.is_null());
                policy::to_text(&Value::map(entries.map(|(key, value)| (camel(key), value.clone()))))
            }
        }
    }

    /// Returns the text that removes an attribute; none for a number, which only has other numbers.
    fn none(self) -> Option<&'static str> {
        match self {
            Form::Text | Form::Document | Form::Record => Some(""),
            Form::Flag => Some("false"),
            Form::Integer => None,
        }
    }
}

/// Returns a document with snake_case keys, its counts as numbers: SQS keeps them as they were sent.
fn record(document: &Value) -> Value {
    let entries = document.as_map().into_iter().flatten();
    Value::map(entries.map(|(key, value)| {
        let key = snake(key);
        let count = value.as_str().filter(|_| key == "max_receive_count").and_then(|text| text.parse::<i64>().ok());
        (key, count.map_or_else(|| value.clone(), Value::Int))
    }))
}

fn camel(snake: &str) -> String {
    let mut words = snake.split('_');
    let mut name = words.next().unwrap_or_default().to_owned();
    for word in words {
        let (first, rest) = word.split_at(word.len().min(1));
        name.push_str(&first.to_ascii_uppercase());
        name.push_str(rest);
    }
    name
}

fn snake(camel: &str) -> String {
    let mut name = String::new();
    for letter in camel.chars() {
        if letter.is_ascii_uppercase() {
            name.push('_');
        }
        name.push(letter.to_ascii_lowercase());
    }
    name
}

fn if_fifo(beside: &Map, value: &str) -> Value {
    if is_fifo(beside) { value.into() } else { Value::Null }
}

fn is_fifo(fields: &Map) -> bool {
    fields.get("fifo_queue").and_then(Value::as_bool) == Some(true)
}

fn has_key(fields: &Map) -> bool {
    fields.get("kms_master_key_id").is_some_and(|key| !key.is_empty())
}

fn fifo_rules(stack: &dyn Neighbours, address: &Address) -> Vec<Broken> {
    let Some(fields) = stack.fields(address) else { return Vec::new() };
    if fields.get("fifo_queue").is_some_and(|fifo| !fifo.is_known()) {
        return Vec::new();
    }
    let name = fields.get("queue_name").filter(|name| !name.is_null());
    let ends = name.map(|name| name.as_str().map(|name| name.ends_with(".fifo")));
    let mut broken = Vec::new();
    match (is_fifo(fields), ends) {
        (true, None | Some(Some(false))) => broken.push(
            Broken::new("queue_name", "the name of a FIFO queue ends in `.fifo`")
                .help(format!("write `queue_name: {}.fifo`", name.and_then(Value::as_str).unwrap_or(&address.name))),
        ),
        (false, Some(Some(true))) => broken.push(
            Broken::new("queue_name", "only the name of a FIFO queue ends in `.fifo`").help("add `fifo_queue: true`"),
        ),
        _ => {}
    }
    if !is_fifo(fields) {
        for field in ["content_based_deduplication", "deduplication_scope", "fifo_throughput_limit"] {
            if fields.get(field).is_some_and(|value| !value.is_empty() && value.as_bool() != Some(false)) {
                broken.push(Broken::new(field, format!("`{field}` is for FIFO queues")).help("add `fifo_queue: true`"));
            }
        }
    }
    let text = |field: &str| fields.get(field).and_then(Value::as_str);
    if text("fifo_throughput_limit") == Some("perMessageGroupId") && text("deduplication_scope") == Some("queue") {
        let message = "`perMessageGroupId` needs `deduplication_scope: messageGroup`";
        broken.push(Broken::new("fifo_throughput_limit", message));
    }
    broken
}

fn encryption_rules(stack: &dyn Neighbours, address: &Address) -> Vec<Broken> {
    let Some(fields) = stack.fields(address) else { return Vec::new() };
    let managed = fields.get("sqs_managed_sse_enabled").and_then(Value::as_bool) == Some(true);
    if managed && has_key(fields) {
        let message = "a queue is encrypted by SQS or with a KMS key, not both";
        return vec![Broken::new("sqs_managed_sse_enabled", message)];
    }
    if !has_key(fields) && fields.get("kms_data_key_reuse_period_seconds").is_some_and(|value| !value.is_null()) {
        let message = "`kms_data_key_reuse_period_seconds` needs `kms_master_key_id`";
        return vec![Broken::new("kms_data_key_reuse_period_seconds", message)];
    }
    Vec::new()
}

fn policy_rules(stack: &dyn Neighbours, address: &Address) -> Vec<Broken> {
    let Some(fields) = stack.fields(address) else { return Vec::new() };
    let mut broken = fields.get("policy").map_or_else(Vec::new, |it| policy::broken("policy", it, Attached::Resource));
    if let Some(allow) = fields.get("redrive_allow_policy") {
        let by_queue = allow.get("redrive_permission").and_then(Value::as_str).map(|it| it == "byQueue");
        let sources = allow.get("source_queue_arns").is_some_and(|it| !it.is_null());
        match (by_queue, sources) {
            (Some(true), false) => {
                broken.push(Broken::new("redrive_allow_policy", "`byQueue` needs `source_queue_arns`"))
            }
            (Some(false), true) => broken.push(Broken::new(
                "redrive_allow_policy.source_queue_arns",
                "`source_queue_arns` needs `redrive_permission: byQueue`",
            )),
            _ => {}
        }
    }
    broken
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::tests::broken;

    #[test]
    fn every_attribute_reads_back_as_it_is_written() {
        let target = Value::map([("dead_letter_target_arn", Value::from("arn:x")), ("max_receive_count", 3.into())]);
        for (form, value) in [
            (Form::Text, Value::from("alias/aws/sqs")),
            (Form::Integer, 30.into()),
            (Form::Flag, true.into()),
            (Form::Document, Value::map([("Version", "2012-10-17")])),
            (Form::Record, target.clone()),
        ] {
            assert_eq!(form.read(&form.write(&value)).unwrap(), value);
        }
        assert_eq!(Form::Record.write(&target), r#"{"deadLetterTargetArn":"arn:x","maxReceiveCount":3}"#);
        let as_text = r#"{"deadLetterTargetArn":"arn:x","maxReceiveCount":"3"}"#;
        assert_eq!(Form::Record.read(as_text).unwrap(), target);
    }

    #[test]
    fn what_a_queue_cannot_be_is_named() {
        for (stack, expected) in [
            ("", vec![]),
            ("queue_name: a.fifo, fifo_queue: true, content_based_deduplication: true", vec![]),
            ("queue_name: a, fifo_queue: true", vec!["queue_name"]),
            ("fifo_queue: true", vec!["queue_name"]),
            ("queue_name: a.fifo", vec!["queue_name"]),
            ("content_based_deduplication: true", vec!["content_based_deduplication"]),
            ("kms_master_key_id: alias/a", vec![]),
            ("kms_master_key_id: alias/a, sqs_managed_sse_enabled: true", vec!["sqs_managed_sse_enabled"]),
            ("redrive_allow_policy: {redrive_permission: byQueue}", vec!["redrive_allow_policy"]),
            ("policy: {}", vec!["policy"]),
        ] {
            assert_eq!(broken(&Queues, stack), expected, "{stack}");
        }
    }
}
