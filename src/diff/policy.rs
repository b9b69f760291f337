//! Equality of IAM policy documents, whatever way AWS or a person spells them.
//!
//! AWS accepts one or a list nearly everywhere, rewrites account ids in principals to root ARNs, ignores the case
//! of action names and gives lists back in an order of its own. The grammar:
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html>

use crate::model::policy;
use crate::model::value::{Map, Value};

/// Returns true if the two documents grant the same in the same words, but for what AWS added to the live one.
pub fn equal(wanted: &Value, live: &Value) -> bool {
    let added = policy::added(wanted, live);
    let one_is_none = wanted.is_null() || live.is_null();
    let (wanted, live) = (canonical(wanted, &[]), canonical(live, &added));
    wanted == live || (one_is_none && wanted.statements.is_empty() && live.statements.is_empty())
}

/// A document with one spelling: every "one or many" is a sorted list.
#[derive(Debug, PartialEq)]
struct Document {
    version: String,
    id: String,
    statements: Vec<Vec<(String, Vec<String>)>>,
}

fn canonical(document: &Value, without: &[&Value]) -> Document {
    let text = |key: &str| document.get(key).map(plain).unwrap_or_default();
    let kept = policy::statements(document).iter().filter(|statement| !without.contains(statement));
    let mut statements: Vec<_> = kept.filter_map(Value::as_map).map(statement).collect();
    statements.sort();
    let version = match text("Version") {
        // The version that AWS assumes when none is written.
        version if version.is_empty() => "2008-10-17".to_owned(),
        version => version,
    };
    Document { version, id: text("Id"), statements }
}

/// Returns the statement as sorted (path, sorted values): `Condition.StringEquals.aws:x` is such a path.
fn statement(statement: &Map) -> Vec<(String, Vec<String>)> {
    let mut parts = Vec::new();
    for (key, value) in statement {
        match &**key {
            "Action" | "NotAction" => parts.push((key.to_string(), sorted(value, |text| text.to_ascii_lowercase()))),
            "Principal" | "NotPrincipal" => principals(key, value, &mut parts),
            "Condition" => conditions(value, &mut parts),
            "Sid" if value.is_empty() => {}
            _ => parts.push((key.to_string(), sorted(value, |text| text))),
        }
    }
    parts.sort();
    parts
}

fn principals(key: &str, value: &Value, parts: &mut Vec<(String, Vec<String>)>) {
    match value.as_map() {
        Some(kinds) => {
            for (kind, names) in kinds {
                let spell = |name: String| if &**kind == "AWS" { account(&name).to_owned() } else { name };
                parts.push((format!("{key}.{kind}"), sorted(names, spell)));
            }
        }
        // `"*"` and `{"AWS": "*"}` are the same principal.
        None => parts.push((format!("{key}.AWS"), sorted(value, |name| name))),
    }
}

/// Returns the account id of `arn:aws:iam::123456789012:root`: AWS gives back the ARN for the bare id.
fn account(principal: &str) -> &str {
    principal
        .strip_prefix("arn:")
        .and_then(|rest| rest.split_once(":iam::"))
        .and_then(|(_, rest)| rest.strip_suffix(":root"))
        .unwrap_or(principal)
}

fn conditions(value: &Value, parts: &mut Vec<(String, Vec<String>)>) {
    for (operator, keys) in value.as_map().into_iter().flatten() {
        for (key, values) in keys.as_map().into_iter().flatten() {
            // Condition keys are case-insensitive, operators are not.
            parts.push((format!("Condition.{operator}.{}", key.to_ascii_lowercase()), sorted(values, |text| text)));
        }
    }
}

fn many(value: Option<&Value>) -> Vec<&Value> {
    match value.map(Value::peel) {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::List(items)) => items.iter().collect(),
        Some(one) => vec![one],
    }
}

fn sorted(value: &Value, spell: impl Fn(String) -> String) -> Vec<String> {
    let mut texts: Vec<_> = many(Some(value)).into_iter().map(|item| spell(plain(item))).collect();
    texts.sort();
    texts.dedup();
    texts
}

/// Returns a scalar as AWS stores it in a policy: booleans and numbers become text.
fn plain(value: &Value) -> String {
    match value.peel() {
        Value::Str(text) => text.to_string(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(wanted: &str, live: &str, same: bool) {
        let read = |text: &str| Value::from(serde_json::from_str::<serde_json::Value>(text).unwrap());
        assert_eq!(equal(&read(wanted), &read(live)), same, "{wanted} against {live}");
    }

    #[test]
    fn spellings_of_one_policy_are_equal() {
        check(
            r#"{"Statement":{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}}"#,
            r#"{"Version":"2008-10-17","Statement":[{"Resource":["*"],"Action":["S3:getobject"],"Effect":"Allow","Sid":""}]}"#,
            true,
        );
        check(
            r#"{"Statement":[{"Principal":{"AWS":["2","1"]}}]}"#,
            r#"{"Statement":[{"Principal":{"AWS":["arn:aws:iam::1:root","2"]}}]}"#,
            true,
        );
        check(r#"{"Statement":[{"Principal":"*"}]}"#, r#"{"Statement":[{"Principal":{"AWS":"*"}}]}"#, true);
        check(
            r#"{"Statement":[{"Condition":{"Bool":{"aws:SecureTransport":false}}}]}"#,
            r#"{"Statement":[{"Condition":{"Bool":{"AWS:SecureTransport":["false"]}}}]}"#,
            true,
        );
        check(r#"{"Statement":[{"Sid":"a"},{"Sid":"b"}]}"#, r#"{"Statement":[{"Sid":"b"},{"Sid":"a"}]}"#, true);
    }

    #[test]
    fn statements_of_log_delivery_are_not_fought() {
        let ours = r#"{"Sid":"Read","Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"x"}"#;
        let logs =
            r#"{"Sid":"AWSLogDeliveryWrite","Effect":"Allow","Principal":{"Service":"delivery.logs.amazonaws.com"}}"#;
        let of = |statements: &[&str]| match statements {
            [] => "null".to_owned(),
            _ => format!(r#"{{"Version":"2012-10-17","Statement":[{}]}}"#, statements.join(",")),
        };
        check(&of(&[ours]), &of(&[ours, logs]), true);
        check(&of(&[]), &of(&[logs]), true);
        check(&of(&[ours, logs]), &of(&[logs, ours]), true);
        check(&of(&[ours, logs]), &of(&[ours]), false);
        check(&of(&[ours]), &of(&[logs]), false);
        check(&of(&[]), &of(&[ours]), false);
        check(&of(&[logs]), &of(&[]), false);
    }

    #[test]
    fn different_policies_differ() {
        check(r#"{"Statement":[{"Action":"s3:Get*"}]}"#, r#"{"Statement":[{"Action":["s3:Get*","s3:Put*"]}]}"#, false);
        check(r#"{"Statement":[{"Resource":"A"}]}"#, r#"{"Statement":[{"Resource":"a"}]}"#, false);
        check(r#"{"Version":"2012-10-17","Statement":[]}"#, r#"{"Statement":[]}"#, false);
        check(
            r#"{"Statement":[{"Principal":{"Service":"x"}}]}"#,
            r#"{"Statement":[{"Principal":{"AWS":"x"}}]}"#,
            false,
        );
        check(r#"{"Statement":[{"Effect":"Allow"}]}"#, r#"{"Statement":[{"Effect":"Deny"}]}"#, false);
    }
}
