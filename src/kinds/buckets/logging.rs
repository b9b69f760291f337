//! Where S3 writes a bucket's access logs.

use aws_sdk_s3::types::BucketLoggingStatus;

use super::part::*;

pub struct Logging;

const FORMAT: &str = "target_object_key_format";

/// What S3 does when no format is said.
fn simple() -> Value {
    Value::map([("simple_prefix", true)])
}

#[async_trait(?Send)]
impl Part for Logging {
    fn fields(&self) -> Vec<(&'static str, Field)> {
        let logging = shapes::s3::logging_enabled()
            .with("target_bucket", |field| field.refers("buckets", "bucket"))
            .with("target_prefix", |field| field.default(""))
            .with("target_grants", Field::unordered)
            .with(FORMAT, |field| field.default(simple()));
        vec![("logging", Field::new(Shape::Record(logging)).deferrable())]
    }

    async fn read(&self, s3: &Client, bucket: &str) -> Result<Map, Failure> {
        let found = s3.get_bucket_logging().bucket(bucket).send().await?;
        let Some(enabled) = found.logging_enabled else { return Ok(Map::new()) };
        let mut logging = shapes::s3::logging_enabled_from(&enabled).as_map().cloned().unwrap_or_default();
        if logging.get(FORMAT).is_none_or(Value::is_empty) {
            logging.insert(FORMAT.into(), simple());
        }
        Ok(of("logging", logging))
    }

    async fn write(&self, s3: &Client, bucket: &str, wanted: &Map, _: &Map) -> Result<(), Failure> {
        let enabled = to::member(wanted, "logging", shapes::s3::logging_enabled_to)?;
        let status = BucketLoggingStatus::builder().set_logging_enabled(enabled).build();
        s3.put_bucket_logging().bucket(bucket).bucket_logging_status(status).send().await?;
        Ok(())
    }

    async fn unset(&self, s3: &Client, bucket: &str, live: &Map) -> Result<(), Failure> {
        self.write(s3, bucket, &Map::new(), live).await
    }

    fn broken(&self, fields: &Map) -> Vec<Broken> {
        let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
        let logging = fields.get("logging");
        let target = text(logging.and_then(|it| it.get("target_bucket")));
        let format = logging.and_then(|it| it.get(FORMAT)).and_then(Value::as_map);
        let mut broken = Vec::new();
        if target.is_some() && target == text(fields.get("bucket")) {
            let message = "a bucket that logs to itself grows for ever";
            broken.push(Broken::new("logging.target_bucket", message).help("log to another bucket"));
        }
        if format.is_some_and(|format| has(format, "simple_prefix") && has(format, "partitioned_prefix")) {
            let message = "the format is `simple_prefix` or `partitioned_prefix`, not both";
            broken.push(Broken::new(format!("logging.{FORMAT}"), message));
        }
        broken
    }
}
