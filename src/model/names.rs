//! Default names: what a resource is called that the stack gives no name.

use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::schema::Naming;

/// A default name, and whether it had to be cut.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DefaultName {
    pub text: Arc<str>,
    /// The end stands for what was cut off.
    pub is_cut: bool,
}

/// Returns `<stack>[-<env>]-<name>[-<key>]`, with `_` as `-`; a worldwide name also carries account and region.
///
/// None if the name is worldwide and `place` (account and region) is not known. What is longer than the API allows is
/// cut, and ends in 6 hexadecimal digits of the whole name's hash, so that it stays unique.
pub fn default_name(
    naming: &Naming,
    stack: &str,
    environment: Option<&str>,
    name: &str,
    key: Option<&str>,
    place: Option<(&str, &str)>,
) -> Option<DefaultName> {
    let mut parts = vec![stack];
    parts.extend(environment);
    parts.push(name);
    parts.extend(key);
    if naming.worldwide {
        let (account, region) = place?;
        parts.extend([account, region]);
    }
    let full: String = parts.join("-").chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    let full = if naming.worldwide { full.to_ascii_lowercase() } else { full };
    if full.len() <= naming.max {
        return Some(DefaultName { text: full.into(), is_cut: false });
    }
    let digest = Sha256::digest(parts.join("/"));
    let suffix: String = digest[..3].iter().map(|byte| format!("{byte:02x}")).collect();
    let kept = full[..naming.max.saturating_sub(7)].trim_end_matches('-');
    Some(DefaultName { text: format!("{kept}-{suffix}").into(), is_cut: true })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn naming(max: usize, worldwide: bool) -> Naming {
        Naming { field: "name", max, worldwide }
    }

    #[test]
    fn names_carry_stack_environment_name_and_key() {
        let check = |environment, name, key, expected: &str| {
            let found = default_name(&naming(64, false), "films", environment, name, key, None).unwrap();
            assert_eq!(&*found.text, expected);
        };
        check(None, "web", None, "films-web");
        check(Some("prod"), "web_app", None, "films-prod-web-app");
        check(None, "public", Some("us-east-1a"), "films-public-us-east-1a");
        check(None, "public", Some("a.b"), "films-public-a-b");
    }

    #[test]
    fn worldwide_names_carry_account_and_region_and_wait_for_them() {
        let find = |place| default_name(&naming(63, true), "films", None, "logs", None, place);
        assert_eq!(find(None), None);
        assert_eq!(&*find(Some(("123456789012", "us-east-1"))).unwrap().text, "films-logs-123456789012-us-east-1");
    }

    #[test]
    fn long_names_are_cut_and_stay_apart() {
        let find =
            |name: &str| default_name(&naming(32, false), "films", Some("production"), name, None, None).unwrap();
        let (a, b) = (find("application_servers_a"), find("application_servers_b"));
        assert!(a.is_cut && a.text.len() <= 32 && a.text.starts_with("films-production-"));
        assert_ne!(a, b);
    }
}
