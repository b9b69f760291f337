//! Who may do what with a bucket.

use std::time::Duration;

use super::part::*;
use crate::aws::insist_while;
use crate::kinds::policy::{self, Attached};
use crate::model;
use crate::model::failure::Class;

pub struct Policy;

const PROPAGATION: Duration = Duration::from_secs(60);

#[async_trait(?Send)]
impl Part for Policy {
    fn fields(&self) -> Vec<(&'static str, Field)> {
        vec![(
            "policy",
            Field::document()
                .compared(Equal::Policy)
                .deferrable()
                .link("https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketPolicy.html")
                .note("Statements that AWS adds for log delivery stay, unless the policy has one with the same `Sid`."),
        )]
    }

    async fn read(&self, s3: &Client, bucket: &str) -> Result<Map, Failure> {
        let found = s3.get_bucket_policy().bucket(bucket).send().await.map_err(Failure::from);
        let text = unless(found, "NoSuchBucketPolicy")?.and_then(|found| found.policy);
        Ok(of("policy", policy::from_text(text.as_deref().unwrap_or_default())?))
    }

    async fn write(&self, s3: &Client, bucket: &str, wanted: &Map, live: &Map) -> Result<(), Failure> {
        let block = wanted.get("public_access_block").and_then(|block| block.get("block_public_policy"));
        let may_be_public = block.and_then(Value::as_bool) == Some(false);
        let wanted = wanted.get("policy").cloned().unwrap_or_default();
        let text = policy::to_text(&with_delivery(&wanted, live.get("policy").unwrap_or(&Value::Null)));
        let request = s3.put_bucket_policy().bucket(bucket).policy(text);
        insist_while(PROPAGATION, |failure| passes(failure, may_be_public), async || Ok(request.clone().send().await?))
            .await?;
        Ok(())
    }

    async fn unset(&self, s3: &Client, bucket: &str, live: &Map) -> Result<(), Failure> {
        let live = live.get("policy").unwrap_or(&Value::Null);
        let left = with_delivery(&Value::Null, live);
        if left.is_null() {
            s3.delete_bucket_policy().bucket(bucket).send().await?;
        } else {
            let left = with_delivery(&Value::map([("Version", "2012-10-17")]), live);
            s3.put_bucket_policy().bucket(bucket).policy(policy::to_text(&left)).send().await?;
        }
        Ok(())
    }

    fn broken(&self, fields: &Map) -> Vec<Broken> {
        fields.get("policy").map_or_else(Vec::new, |it| policy::broken("policy", it, Attached::Resource))
    }
}

/// Returns true for what S3 refuses only until its replicas, or IAM's, have caught up: a public policy although the
/// block was just lifted, and a principal that was just made.
fn passes(failure: &Failure, may_be_public: bool) -> bool {
    (may_be_public && failure.class == Class::Denied && failure.message.contains("BlockPublicPolicy"))
        || (failure.is_code("MalformedPolicy") && failure.message.contains("principal"))
}

/// Returns the wanted policy with what log delivery added to the live one.
fn with_delivery(wanted: &Value, live: &Value) -> Value {
    let added = model::policy::added(wanted, live);
    if added.is_empty() {
        return wanted.clone();
    }
    let mut policy = wanted.as_map().cloned().unwrap_or_default();
    let statements = model::policy::statements(wanted).iter().chain(added).cloned();
    policy.insert("Statement".into(), Value::list(statements));
    policy.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const OURS: &str = r#"{"Sid":"Read","Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"x"}"#;
    const LOGS: &str = r#"{"Sid":"AWSLogDeliveryWrite","Effect":"Allow","Principal":{"Service":"delivery.logs.amazonaws.com"},"Action":"s3:PutObject","Resource":"x"}"#;

    fn policy_of(statements: &[&str]) -> Value {
        let text = format!(r#"{{"Version":"2012-10-17","Statement":[{}]}}"#, statements.join(","));
        policy::from_text(&text).unwrap()
    }

    #[test]
    fn statements_of_log_delivery_survive_a_write() {
        let (ours, both) = (policy_of(&[OURS]), policy_of(&[OURS, LOGS]));
        assert_eq!(with_delivery(&ours, &policy_of(&[LOGS])), both);
        assert_eq!(with_delivery(&both, &policy_of(&[LOGS])), both);
        assert_eq!(with_delivery(&ours, &Value::Null), ours);
    }
}
