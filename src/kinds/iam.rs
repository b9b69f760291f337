//! What the kinds of IAM share: paths, documents, and waiting for its replicas.

use std::time::Duration;

use crate::aws::insist_while;
use crate::model::failure::Failure;
use crate::model::owner::{Mark, Owner};
use crate::model::value::{Map, Value};

use super::policy;

/// How many of IAM's calls run at once: its unpublished buckets refuse bursts of about thirty.
pub const FAN_OUT: usize = 8;
/// How long IAM's replicas may lack what was just written: 5 to 10 seconds as a rule.
///
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency>
pub const PROPAGATION: Duration = Duration::from_secs(30);

pub const PATH_PATTERN: &str = "/|/[!-~]+/";
pub const NAME_PATTERN: &str = "[A-Za-z0-9_+=,.@-]+";

/// Returns the path under which an owner's roles and profiles stand, and are found.
pub fn home_of(owner: &Owner) -> String {
    home(&owner.stack, owner.environment.as_deref())
}

/// Returns the path that a new resource asks for, or the home of the owner that its tags name.
pub fn path_of(fields: &Map, tags: &Map) -> Option<String> {
    let stated = fields.get("path").and_then(Value::as_str).map(str::to_owned);
    stated.or_else(|| Mark::from_tags(tags).map(|mark| home(&mark.stack, mark.environment.as_deref())))
}

fn home(stack: &str, environment: Option<&str>) -> String {
    match environment {
        Some(environment) => format!("/trueup/{stack}/{environment}/"),
        None => format!("/trueup/{stack}/"),
    }
}

/// Returns a document that IAM reports: its JSON is percent-encoded.
pub fn document(encoded: Option<&str>) -> Result<Value, Failure> {
    policy::from_text(&percent_decoded(encoded.unwrap_or_default()))
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let hex = (first == b'%').then(|| after.get(..2)).flatten();
        let decoded = hex.and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        bytes.push(decoded.unwrap_or(first));
        rest = if decoded.is_some() { &after[2..] } else { after };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Repeats a write that IAM refuses because a replica does not know yet what was just made, for a bounded time.
pub async fn settled<T>(attempt: impl AsyncFnMut() -> Result<T, Failure>) -> Result<T, Failure> {
    insist_while(PROPAGATION, is_transient, attempt).await
}

fn is_transient(failure: &Failure) -> bool {
    let unknown_principal = || failure.message.to_ascii_lowercase().contains("principal");
    match failure.code.as_deref() {
        Some("NoSuchEntity" | "ConcurrentModification" | "EntityTemporarilyUnmodifiable") => true,
        Some("MalformedPolicyDocument") => unknown_principal(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::failure::Class;

    #[test]
    fn documents_are_decoded() {
        for (encoded, plain) in [
            ("%7B%22a%22%3A%20%22b%22%7D", r#"{"a": "b"}"#),
            ("100%", "100%"),
            ("%zz%4", "%zz%4"),
            ("%E2%82%AC+", "€+"),
            ("", ""),
        ] {
            assert_eq!(percent_decoded(encoded), plain);
        }
        assert_eq!(document(Some("%7B%22a%22%3A1%7D")).unwrap(), Value::map([("a", 1)]));
        assert_eq!(document(None).unwrap(), Value::Null);
    }

    #[test]
    fn a_role_stands_under_its_owner_unless_it_says_otherwise() {
        let owner = Owner { account: "1".into(), stack: "films".into(), environment: Some("prod".into()) };
        let tags = Mark::new(&owner, "roles.app".parse().unwrap(), None).to_tags();
        assert_eq!(path_of(&Map::new(), &tags).as_deref(), Some("/trueup/films/prod/"));
        assert_eq!(home_of(&Owner { environment: None, ..owner }), "/trueup/films/");
        let stated = Map::from_iter([("path".into(), "/app/".into())]);
        assert_eq!(path_of(&stated, &tags).as_deref(), Some("/app/"));
    }

    #[test]
    fn only_what_time_mends_is_repeated() {
        let failure =
            |code: &str, message: &str| Failure { code: Some(code.to_owned()), ..Failure::new(Class::Other, message) };
        assert!(is_transient(&failure("NoSuchEntity", "The role with name app cannot be found.")));
        assert!(is_transient(&failure("MalformedPolicyDocument", "Invalid principal in policy: \"AWS\":\"x\"")));
        assert!(!is_transient(&failure("MalformedPolicyDocument", "Syntax errors in policy.")));
    }
}
