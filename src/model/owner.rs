//! Ownership: the tags that are trueup's only memory.

use std::fmt;
use std::sync::Arc;

use super::address::Address;
use super::value::{Map, Value};

/// The tag keys that trueup writes. Everything under `trueup:` is its own and never a user's tag.
pub mod tag {
    pub const PREFIX: &str = "trueup:";
    pub const STACK: &str = "trueup:stack";
    pub const ENV: &str = "trueup:env";
    pub const ADDRESS: &str = "trueup:address";
    pub const KEEP: &str = "trueup:keep";
    pub const VERSION: &str = "trueup:v";
    /// Set on a resource before its successor is made: it goes with this or the next plan.
    pub const REPLACED_BY: &str = "trueup:replaced-by";
}

/// Who owns: a stack in one of its environments, in one account.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Owner {
    pub account: Arc<str>,
    pub stack: Arc<str>,
    pub environment: Option<Arc<str>>,
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.environment {
            Some(environment) => write!(f, "{} ({environment})", self.stack),
            None => f.write_str(&self.stack),
        }
    }
}

/// What holds a resource after its block has left the stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// Never destroy or replace.
    Protect,
    /// Forget instead of delete.
    Retain,
}

impl Keep {
    pub fn as_str(self) -> &'static str {
        match self {
            Keep::Protect => "protect",
            Keep::Retain => "retain",
        }
    }
}

/// The owner mark of one live resource, as its tags spell it.
#[derive(Clone, Debug, PartialEq)]
pub struct Mark {
    pub stack: Arc<str>,
    pub environment: Option<Arc<str>>,
    pub address: Address,
    pub keep: Option<Keep>,
    /// The id or name of the successor that is being made, or was.
    pub replaced_by: Option<Arc<str>>,
}

impl Mark {
    pub fn new(owner: &Owner, address: Address, keep: Option<Keep>) -> Mark {
        Mark { stack: owner.stack.clone(), environment: owner.environment.clone(), address, keep, replaced_by: None }
    }

    /// Reads the mark from a resource's tags: none if they name no stack or no readable address.
    pub fn from_tags(tags: &Map) -> Option<Mark> {
        let text = |key: &str| tags.get(key).and_then(Value::as_str);
        Some(Mark {
            stack: text(tag::STACK)?.into(),
            environment: text(tag::ENV).map(Into::into),
            address: text(tag::ADDRESS)?.parse().ok()?,
            keep: match text(tag::KEEP) {
                Some("protect") => Some(Keep::Protect),
                Some("retain") => Some(Keep::Retain),
                _ => None,
            },
            replaced_by: text(tag::REPLACED_BY).map(Into::into),
        })
    }

    /// Returns the tags that spell this mark.
    pub fn to_tags(&self) -> Map {
        let mut tags = Map::new();
        let mut put = |key: &str, value: &str| tags.insert(key.into(), value.into());
        put(tag::STACK, &self.stack);
        if let Some(environment) = &self.environment {
            put(tag::ENV, environment);
        }
        put(tag::ADDRESS, &self.address.to_string());
        if let Some(keep) = self.keep {
            put(tag::KEEP, keep.as_str());
        }
        put(tag::VERSION, "1");
        if let Some(successor) = &self.replaced_by {
            put(tag::REPLACED_BY, successor);
        }
        tags
    }

    /// Returns true if `owner` is the one this mark names. The account is the one it was read from.
    pub fn is_of(&self, owner: &Owner) -> bool {
        self.stack == owner.stack && self.environment == owner.environment
    }
}

/// Returns the tags without those that belong to AWS or to trueup.
pub fn user_tags(tags: &Map) -> Map {
    tags.iter()
        .filter(|(key, _)| !key.starts_with("aws:") && !key.starts_with(tag::PREFIX))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_reads_back_from_its_tags() {
        let owner = Owner { account: "1".into(), stack: "s".into(), environment: Some("prod".into()) };
        let mut mark = Mark::new(&owner, "subnets.public/a".parse().unwrap(), Some(Keep::Protect));
        mark.replaced_by = Some("subnet-1".into());
        assert_eq!(Mark::from_tags(&mark.to_tags()), Some(mark.clone()));
        assert!(mark.is_of(&owner));
        assert!(!mark.is_of(&Owner { environment: None, ..owner }));
    }
}
