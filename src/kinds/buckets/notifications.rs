//! Who is told of what happens in a bucket.

use std::time::Duration;

use aws_sdk_s3::types::{FilterRuleName, NotificationConfiguration};

use super::part::*;
use crate::aws::insist_while;

pub struct Notifications;

const PROPAGATION: Duration = Duration::from_secs(60);
const LISTS: [&str; 3] = ["topic_configurations", "queue_configurations", "lambda_function_configurations"];

fn document() -> Record {
    let names = || Field::one_of(&["prefix", "suffix"]);
    let document = LISTS.into_iter().fold(shapes::s3::notification_configuration(), |document, list| {
        document.with(list, |field| {
            let inner = field.shape.record().cloned().unwrap_or_default();
            let inner = inner
                .with("id", |field| {
                    shape(field, Field::text_of(1, 255)).required().note("Configurations are told apart by their ids.")
                })
                .with("events", |field| field.unordered().items(1, 100))
                .with("filter.key.filter_rules", |field| field.keyed(&["name"]).items(0, 2))
                .with("filter.key.filter_rules.name", |field| shape(field, names()).required())
                .with("filter.key.filter_rules.value", Field::required);
            shape(field, Field::list(Shape::Record(inner)).keyed(&["id"]))
        })
    });
    document.with("queue_configurations.queue_arn", |field| field.refers("queues", "arn"))
}

#[async_trait(?Send)]
impl Part for Notifications {
    fn fields(&self) -> Vec<(&'static str, Field)> {
        vec![("notifications", Field::new(Shape::Record(document())).deferrable())]
    }

    async fn read(&self, s3: &Client, bucket: &str) -> Result<Map, Failure> {
        let found = s3.get_bucket_notification_configuration().bucket(bucket).send().await?;
        let mut document = NotificationConfiguration::builder()
            .set_topic_configurations(found.topic_configurations)
            .set_queue_configurations(found.queue_configurations)
            .set_lambda_function_configurations(found.lambda_function_configurations)
            .set_event_bridge_configuration(found.event_bridge_configuration)
            .build();
        lower(&mut document);
        Ok(of("notifications", shapes::s3::notification_configuration_from(&document)))
    }

    async fn write(&self, s3: &Client, bucket: &str, wanted: &Map, _: &Map) -> Result<(), Failure> {
        let document = to::member(wanted, "notifications", shapes::s3::notification_configuration_to)?;
        let document = document.unwrap_or_else(|| NotificationConfiguration::builder().build());
        let request = s3.put_bucket_notification_configuration().bucket(bucket).notification_configuration(document);
        // S3 tries the destinations, whose policies may have been written a moment ago.
        let passes = |failure: &Failure| failure.is_code("InvalidArgument") && failure.message.contains("destination");
        insist_while(PROPAGATION, passes, async || Ok(request.clone().send().await?)).await?;
        Ok(())
    }

    async fn unset(&self, s3: &Client, bucket: &str, live: &Map) -> Result<(), Failure> {
        self.write(s3, bucket, &Map::new(), live).await
    }

    fn broken(&self, fields: &Map) -> Vec<Broken> {
        let document = fields.get("notifications");
        let items = |list: &str| document.and_then(|it| it.get(list)).and_then(Value::as_list).unwrap_or_default();
        let all: Vec<Value> = LISTS.iter().flat_map(|list| items(list)).cloned().collect();
        repeated("notifications", &all, "id")
    }
}

/// Spells the names of filter rules in lower case: S3 answers `Prefix` for `prefix`.
fn lower(document: &mut NotificationConfiguration) {
    let topics = document.topic_configurations.iter_mut().flatten().map(|it| &mut it.filter);
    let queues = document.queue_configurations.iter_mut().flatten().map(|it| &mut it.filter);
    let functions = document.lambda_function_configurations.iter_mut().flatten().map(|it| &mut it.filter);
    for filter in topics.chain(queues).chain(functions) {
        let rules = filter.as_mut().and_then(|filter| filter.key.as_mut()).and_then(|key| key.filter_rules.as_mut());
        for rule in rules.into_iter().flatten() {
            rule.name = rule.name.take().map(|name| FilterRuleName::from(name.as_str().to_ascii_lowercase().as_str()));
        }
    }
}
