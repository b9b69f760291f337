//! Who may do what with a bucket.

use super::part::*;
use crate::diff;
use crate::kinds::policy::{self, Attached};

pub struct Policy;

#[async_trait(?Send)]
impl Part for Policy {
    fn fields(&self) -> Vec<(&'static str, Field)> {
        vec![(
            "policy",
            Field::document()
                .compared(Equal::By(same))
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
        let wanted = wanted.get("policy").cloned().unwrap_or_default();
        let text = policy::to_text(&with_delivery(&wanted, live.get("policy").unwrap_or(&Value::Null)));
        s3.put_bucket_policy().bucket(bucket).policy(text).send().await?;
        Ok(())
    }

    async fn unset(&self, s3: &Client, bucket: &str, live: &Map) -> Result<(), Failure> {
        let live = live.get("policy").unwrap_or(&Value::Null);
        if statements(live).iter().any(|statement| is_delivery(statement)) {
            let text = policy::to_text(&with_delivery(&Value::map([("Version", "2012-10-17")]), live));
            s3.put_bucket_policy().bucket(bucket).policy(text).send().await?;
        } else {
            s3.delete_bucket_policy().bucket(bucket).send().await?;
        }
        Ok(())
    }

    fn broken(&self, fields: &Map) -> Vec<Broken> {
        fields.get("policy").map_or_else(Vec::new, |it| policy::broken("policy", it, Attached::Resource))
    }
}

/// Returns true if two policies are the same but for what log delivery added to the live one.
fn same(wanted: &Value, live: &Value) -> bool {
    let bare = without_delivery(live, wanted);
    match (wanted.is_empty(), bare.is_empty()) {
        (false, false) => diff::equal(&Shape::Document, Equal::Policy, wanted, &bare),
        (wanted, live) => wanted == live,
    }
}

fn statements(policy: &Value) -> Vec<Value> {
    match policy.get("Statement").map(Value::peel) {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::List(items)) => items.to_vec(),
        Some(one) => vec![one.clone()],
    }
}

fn sid(statement: &Value) -> Option<&str> {
    statement.get("Sid").and_then(Value::as_str)
}

/// Returns true for a statement that AWS's log delivery adds by itself.
///
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/AWS-logs-and-resource-policy.html>
fn is_delivery(statement: &Value) -> bool {
    let service = statement.get("Principal").and_then(|principal| principal.get("Service"));
    let is_service = |value: &Value| value.as_str() == Some("delivery.logs.amazonaws.com");
    sid(statement).is_some_and(|sid| sid.starts_with("AWSLogDelivery"))
        && service.is_some_and(|it| is_service(it) || it.as_list().is_some_and(|list| list.iter().all(is_service)))
}

/// Returns the statements of `live` that log delivery added and `wanted` says nothing about.
fn added(wanted: &Value, live: &Value) -> Vec<Value> {
    let named = statements(wanted);
    let is_named = |statement: &Value| named.iter().any(|other| sid(other) == sid(statement));
    statements(live).into_iter().filter(|statement| is_delivery(statement) && !is_named(statement)).collect()
}

fn with_statements(policy: &Value, statements: Vec<Value>) -> Value {
    let mut map = policy.as_map().cloned().unwrap_or_default();
    map.insert("Statement".into(), statements.into());
    map.into()
}

fn without_delivery(live: &Value, wanted: &Value) -> Value {
    let added = added(wanted, live);
    if added.is_empty() {
        return live.clone();
    }
    let kept: Vec<Value> = statements(live).into_iter().filter(|statement| !added.contains(statement)).collect();
    if kept.is_empty() { Value::Null } else { with_statements(live, kept) }
}

fn with_delivery(wanted: &Value, live: &Value) -> Value {
    let added = added(wanted, live);
    if added.is_empty() {
        return wanted.clone();
    }
    with_statements(wanted, statements(wanted).into_iter().chain(added).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const OURS: &str = r#"{"Sid":"Read","Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"x"}"#;
    const LOGS: &str = r#"{"Sid":"AWSLogDeliveryWrite","Effect":"Allow","Principal":{"Service":"delivery.logs.amazonaws.com"},"Action":"s3:PutObject","Resource":"x"}"#;

    fn policy_of(statements: &[&str]) -> Value {
        if statements.is_empty() {
            return Value::Null;
        }
        let text = format!(r#"{{"Version":"2012-10-17","Statement":[{}]}}"#, statements.join(","));
        policy::from_text(&text).unwrap()
    }

    #[test]
    fn statements_of_log_delivery_are_not_fought() {
        for (wanted, live, expected) in [
            (&[OURS][..], &[OURS][..], true),
            (&[OURS], &[OURS, LOGS], true),
            (&[], &[LOGS], true),
            (&[OURS, LOGS], &[LOGS, OURS], true),
            (&[OURS, LOGS], &[OURS], false),
            (&[OURS], &[LOGS], false),
            (&[], &[OURS], false),
            (&[OURS], &[], false),
            (&[], &[], true),
        ] {
            assert_eq!(same(&policy_of(wanted), &policy_of(live)), expected, "{wanted:?} {live:?}");
        }
    }

    #[test]
    fn statements_of_log_delivery_survive_a_write() {
        let (ours, both) = (policy_of(&[OURS]), policy_of(&[OURS, LOGS]));
        assert_eq!(with_delivery(&ours, &policy_of(&[LOGS])), both);
        assert_eq!(with_delivery(&both, &policy_of(&[LOGS])), both);
        assert_eq!(with_delivery(&ours, &Value::Null), ours);
    }
}
