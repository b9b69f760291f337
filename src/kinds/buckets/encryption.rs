//! How S3 encrypts what is stored.

use aws_sdk_s3::types::{BlockedEncryptionTypes, EncryptionType, ServerSideEncryptionConfiguration};

use super::part::*;

pub struct Encryption;

/// Since 2023 S3 encrypts every bucket with its own keys.
fn default() -> Value {
    Value::map([("apply_server_side_encryption_by_default", Value::map([("sse_algorithm", "AES256")]))])
}

/// A key by id, ARN or alias; none is the account's own `aws/s3`.
fn same_key(wanted: &Value, live: &Value) -> bool {
    let last = |value: &Value| value.as_str().and_then(|text| text.rsplit('/').next()).map(str::to_owned);
    let own = |value: &Value| value.as_str().is_none_or(|text| text.ends_with("alias/aws/s3"));
    (own(wanted) && own(live)) || last(wanted) == last(live)
}

#[async_trait(?Send)]
impl Part for Encryption {
    fn fields(&self) -> Vec<(&'static str, Field)> {
        let rule = shapes::s3::server_side_encryption_rule()
            .with("apply_server_side_encryption_by_default", Field::required)
            .with("apply_server_side_encryption_by_default.kms_master_key_id", |field| {
                field.compared(Equal::By(same_key)).note("Omitted, it is the account's key `aws/s3`.")
            })
            .with("blocked_encryption_types", |field| {
                shape(field, Field::set(Field::one_of(EncryptionType::values()).shape))
                    .left_alone()
                    .note("S3 itself blocks `SSE-C` on buckets made since April 2026.")
            });
        vec![("encryption", Field::new(Shape::Record(rule)).default(default()))]
    }

    async fn read(&self, s3: &Client, bucket: &str) -> Result<Map, Failure> {
        let found = s3.get_bucket_encryption().bucket(bucket).send().await.map_err(Failure::from);
        let found = unless(found, "ServerSideEncryptionConfigurationNotFoundError")?;
        let Some(rule) = found.and_then(|found| found.server_side_encryption_configuration?.rules.into_iter().next())
        else {
            return Ok(Map::new());
        };
        let blocked = rule
            .blocked_encryption_types
            .as_ref()
            .map(|blocked| Value::list(blocked.encryption_type().iter().map(|kind| kind.as_str())));
        let mut fields = shapes::s3::server_side_encryption_rule_from(&rule).as_map().cloned().unwrap_or_default();
        fields.shift_remove("blocked_encryption_types");
        fields.extend(blocked.map(|blocked| ("blocked_encryption_types".into(), blocked)));
        Ok(of("encryption", fields))
    }

    async fn write(&self, s3: &Client, bucket: &str, wanted: &Map, _: &Map) -> Result<(), Failure> {
        let mut fields = wanted.get("encryption").and_then(Value::as_map).cloned().unwrap_or_default();
        let blocked = to::members(&fields, "blocked_encryption_types", to::text)?;
        fields.shift_remove("blocked_encryption_types");
        let mut rule = shapes::s3::server_side_encryption_rule_to(&fields.into())?;
        rule.blocked_encryption_types = blocked.map(|types: Vec<EncryptionType>| {
            let types = if types.is_empty() { vec![EncryptionType::None] } else { types };
            BlockedEncryptionTypes::builder().set_encryption_type(Some(types)).build()
        });
        let configuration = built(ServerSideEncryptionConfiguration::builder().rules(rule).build())?;
        s3.put_bucket_encryption().bucket(bucket).server_side_encryption_configuration(configuration).send().await?;
        Ok(())
    }

    async fn unset(&self, s3: &Client, bucket: &str, _: &Map) -> Result<(), Failure> {
        s3.delete_bucket_encryption().bucket(bucket).send().await?;
        Ok(())
    }

    fn broken(&self, fields: &Map) -> Vec<Broken> {
        let path = "encryption.apply_server_side_encryption_by_default";
        let by_default = fields.get("encryption").and_then(|it| it.get("apply_server_side_encryption_by_default"));
        let Some(by_default) = by_default.and_then(Value::as_map) else { return Vec::new() };
        let algorithm = by_default.get("sse_algorithm").and_then(Value::as_str);
        if algorithm == Some("AES256") && has(by_default, "kms_master_key_id") {
            return vec![
                Broken::new(format!("{path}.kms_master_key_id"), "`AES256` takes no key")
                    .help("write `sse_algorithm: aws:kms`"),
            ];
        }
        Vec::new()
    }
}
