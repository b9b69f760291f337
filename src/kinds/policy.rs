//! Policies: JSON documents that stand in stacks as plain YAML and travel as text.

use crate::model::failure::{Class, Failure};
use crate::model::schema::Broken;
use crate::model::value::Value;

/// What a policy is attached to, which decides the elements its statements take.
///
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html>
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attached {
    /// A role or user: names resources, never principals.
    Identity,
    /// A resource such as a bucket or a queue: names principals and resources.
    Resource,
    /// A role's trust: names principals, never resources.
    Trust,
}

const ELEMENTS: &[&str] =
    &["Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"];

/// Returns a document as the text that AWS takes.
pub fn to_text(document: &Value) -> String {
    document.reveal().to_json().to_string()
}

/// Returns AWS's text as a document; null for no text at all.
pub fn from_text(text: &str) -> Result<Value, Failure> {
    if text.trim().is_empty() {
        return Ok(Value::Null);
    }
    let json: serde_json::Value = serde_json::from_str(text)
        .map_err(|error| Failure::new(Class::Other, format!("AWS returned a document that is no JSON: {error}")))?;
    Ok(json.into())
}

/// Returns what is wrong with the shape of a policy, as far as it is known.
pub fn broken(path: &str, policy: &Value, attached: Attached) -> Vec<Broken> {
    if policy.is_null() || matches!(policy.peel(), Value::Unknown(_)) {
        return Vec::new();
    }
    let Some(document) = policy.as_map() else {
        return vec![Broken::new(path, "a policy is a map with `Version` and `Statement`")];
    };
    let mut found = Vec::new();
    for key in document.keys().filter(|key| !matches!(&***key, "Version" | "Id" | "Statement")) {
        found.push(Broken::new(format!("{path}.{key}"), format!("`{key}` is not an element of a policy")));
    }
    if let Some(version) = document.get("Version").and_then(Value::as_str)
        && !matches!(version, "2012-10-17" | "2008-10-17")
    {
        found.push(
            Broken::new(format!("{path}.Version"), format!("`{version}` is not a version of the policy language"))
                .help("write `Version: \"2012-10-17\"`"),
        );
    }
    match document.get("Statement").map(Value::peel) {
        None | Some(Value::Null) => found.push(Broken::new(path, "the policy has no `Statement`")),
        Some(Value::Unknown(_)) => {}
        Some(Value::List(statements)) => {
            for (index, statement) in statements.iter().enumerate() {
                found.extend(broken_statement(&format!("{path}.Statement[{index}]"), statement, attached));
            }
        }
        Some(statement) => found.extend(broken_statement(&format!("{path}.Statement"), statement, attached)),
    }
    found
}

fn broken_statement(path: &str, statement: &Value, attached: Attached) -> Vec<Broken> {
    if matches!(statement.peel(), Value::Unknown(_)) {
        return Vec::new();
    }
    let Some(elements) = statement.as_map() else {
        return vec![Broken::new(path, "a statement is a map with `Effect` and `Action`")];
    };
    let has = |names: [&str; 2]| names.iter().any(|name| elements.get(*name).is_some_and(|value| !value.is_null()));
    let mut found = Vec::new();
    for key in elements.keys().filter(|key| !ELEMENTS.contains(&&***key)) {
        let problem = Broken::new(format!("{path}.{key}"), format!("`{key}` is not an element of a statement"));
        found.push(match crate::model::problem::nearest(key, ELEMENTS.iter().copied()) {
            Some(near) => problem.help(format!("did you mean `{near}`?")),
            None => problem,
        });
    }
    match elements.get("Effect").map(|effect| (effect.as_str(), effect.is_known())) {
        Some((Some("Allow" | "Deny"), _) | (_, false)) => {}
        _ => found.push(Broken::new(path, "a statement has `Effect: Allow` or `Effect: Deny`")),
    }
    let needs =
        |names: [&str; 2]| Broken::new(path, format!("the statement has neither `{}` nor `{}`", names[0], names[1]));
    let refuses = |names: [&str; 2], why: &str| Broken::new(path, format!("`{}` has no place here: {why}", names[0]));
    let (action, principal, resource) =
        (["Action", "NotAction"], ["Principal", "NotPrincipal"], ["Resource", "NotResource"]);
    if !has(action) {
        found.push(needs(action));
    }
    match attached {
        Attached::Identity if has(principal) => found.push(refuses(principal, "the principal is the role itself")),
        Attached::Resource | Attached::Trust if !has(principal) => found.push(needs(principal)),
        _ => {}
    }
    match attached {
        Attached::Trust if has(resource) => found.push(refuses(resource, "the resource is the role itself")),
        Attached::Identity | Attached::Resource if !has(resource) => found.push(needs(resource)),
        _ => {}
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(policy: &str, attached: Attached, expected: &[&str]) {
        let found = broken("policy", &from_text(policy).unwrap(), attached);
        let found: Vec<String> = found.iter().map(|broken| format!("{}: {}", broken.path, broken.message)).collect();
        assert_eq!(found, expected, "{policy}");
    }

    #[test]
    fn a_sound_policy_passes() {
        let read =
            r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}}"#;
        check(read, Attached::Identity, &[]);
        let trust =
            r#"{"Statement": [{"Effect": "Allow", "Principal": {"Service": "x"}, "Action": "sts:AssumeRole"}]}"#;
        check(trust, Attached::Trust, &[]);
        check("", Attached::Identity, &[]);
    }

    #[test]
    fn what_a_policy_lacks_is_named() {
        check(r#"{"Version": "2012-10-17"}"#, Attached::Identity, &["policy: the policy has no `Statement`"]);
        check(
            r#"{"Version": "2017-10-12", "Statement": [{"Efect": "Allow", "Action": "*", "Resource": "*"}]}"#,
            Attached::Identity,
            &[
                "policy.Version: `2017-10-12` is not a version of the policy language",
                "policy.Statement[0].Efect: `Efect` is not an element of a statement",
                "policy.Statement[0]: a statement has `Effect: Allow` or `Effect: Deny`",
            ],
        );
        check(
            r#"{"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*"}]}"#,
            Attached::Identity,
            &[
                "policy.Statement[0]: `Principal` has no place here: the principal is the role itself",
                "policy.Statement[0]: the statement has neither `Resource` nor `NotResource`",
            ],
        );
        check(
            r#"{"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}"#,
            Attached::Trust,
            &[
                "policy.Statement[0]: the statement has neither `Principal` nor `NotPrincipal`",
                "policy.Statement[0]: `Resource` has no place here: the resource is the role itself",
            ],
        );
    }
}
