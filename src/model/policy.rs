//! What AWS itself writes into policy documents, which is neither compared nor taken out.

use super::value::Value;

/// Returns the statements of a policy: one or many.
pub fn statements(policy: &Value) -> &[Value] {
    match policy.get("Statement").map(Value::peel) {
        None | Some(Value::Null) => &[],
        Some(Value::List(items)) => items,
        Some(one) => std::slice::from_ref(one),
    }
}

/// Returns the statements of `live` that AWS's log delivery added and `wanted` does not name.
///
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/AWS-logs-and-resource-policy.html>
pub fn added<'a>(wanted: &Value, live: &'a Value) -> Vec<&'a Value> {
    let is_named = |statement: &Value| statements(wanted).iter().any(|other| sid(other) == sid(statement));
    statements(live).iter().filter(|statement| is_delivery(statement) && !is_named(statement)).collect()
}

fn sid(statement: &Value) -> Option<&str> {
    statement.get("Sid").and_then(Value::as_str)
}

fn is_delivery(statement: &Value) -> bool {
    let service = statement.get("Principal").and_then(|principal| principal.get("Service"));
    let is_service = |value: &Value| value.as_str() == Some("delivery.logs.amazonaws.com");
    sid(statement).is_some_and(|sid| sid.starts_with("AWSLogDelivery"))
        && service.is_some_and(|it| is_service(it) || it.as_list().is_some_and(|list| list.iter().all(is_service)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn statement(sid: &str, service: &str) -> Value {
        Value::map([("Sid", Value::from(sid)), ("Principal", Value::map([("Service", service)]))])
    }

    #[test]
    fn only_what_log_delivery_added_by_itself_is_added() {
        let delivery = statement("AWSLogDeliveryWrite", "delivery.logs.amazonaws.com");
        let mine = statement("AWSLogDeliveryWrite", "cloudfront.amazonaws.com");
        let policy =
            |statements: &[&Value]| Value::map([("Statement", Value::list(statements.iter().copied().cloned()))]);
        let live = policy(&[&mine, &delivery]);
        assert_eq!(added(&Value::Null, &live), [&delivery]);
        assert_eq!(added(&policy(&[&statement("Read", "x")]), &live), [&delivery]);
        assert!(added(&policy(&[&delivery]), &live).is_empty());
        assert!(added(&Value::Null, &Value::map([("Statement", mine)])).is_empty());
    }
}
