//! Addresses: how a stack, a plan and an ownership tag name one resource.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// One resource of a stack: `buckets.content`, or `subnets.public/a` for one of a `for_each`.
///
/// Every service accepts this spelling as a tag value, so the tag `trueup:address` holds it as it is.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Address {
    pub kind: Arc<str>,
    pub name: Arc<str>,
    pub key: Option<Arc<str>>,
}

impl Address {
    pub fn new(kind: impl Into<Arc<str>>, name: impl Into<Arc<str>>) -> Address {
        Address { kind: kind.into(), name: name.into(), key: None }
    }

    /// Returns the address of the instance `key` of this block.
    pub fn with_key(&self, key: impl Into<Arc<str>>) -> Address {
        Address { key: Some(key.into()), ..self.clone() }
    }

    /// Returns the address of the whole block, without a `for_each` key.
    pub fn block(&self) -> Address {
        Address { key: None, ..self.clone() }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.kind, self.name)?;
        match &self.key {
            Some(key) => write!(f, "/{key}"),
            None => Ok(()),
        }
    }
}

/// Says what is wrong with a text that should be an address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an address: write `<kind>.<name>` or `<kind>.<name>/<key>`, as in `buckets.content`")]
pub struct AddressError(String);

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Address, AddressError> {
        let wrong = || AddressError(text.to_owned());
        let (kind, rest) = text.split_once('.').ok_or_else(wrong)?;
        let (name, key) = match rest.split_once('/') {
            Some((name, key)) => (name, Some(key)),
            None => (rest, None),
        };
        if !is_name(kind) || !is_name(name) || key.is_some_and(|key| !is_key(key)) {
            return Err(wrong());
        }
        Ok(Address { kind: kind.into(), name: name.into(), key: key.map(Into::into) })
    }
}

/// Returns true for the name of a kind or a block: `[a-z][a-z0-9_]*`.
pub fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

/// Returns true for a key of a `for_each`: `[A-Za-z0-9_.:=+@-]{1,64}`.
pub fn is_key(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.chars().all(|c| c.is_ascii_alphanumeric() || "_.:=+@-".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_reads_back_as_it_is_written() {
        for text in ["buckets.content", "subnets.public/a", "subnets.public/us-east-1a.x", "a.b_2"] {
            assert_eq!(text.parse::<Address>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in ["", "buckets", "Buckets.x", "buckets.", "buckets.x/", "buckets.x/a b", "2b.x", "b.x/a/b"] {
            assert!(text.parse::<Address>().is_err(), "{text}");
        }
    }
}
