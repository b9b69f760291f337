//! A plan: what is to be done, why, and in which order. Execution makes no choices of its own.

use std::sync::Arc;

use indexmap::IndexMap;

use super::address::Address;
use super::delta::FieldChange;
use super::failure::Failure;
use super::live::Live;
use super::owner::Owner;
use super::schema::{Place, Schema};
use super::stack::{Facts, Layout};
use super::value::Value;

/// Everything there is to do, and everything that speaks against doing it.
#[derive(Clone, Debug)]
pub struct Plan {
    pub owner: Owner,
    pub place: Place,
    pub layout: Layout,
    /// What is known before the first step.
    pub facts: Facts,
    /// In the order of the stack, then what is removed.
    pub changes: Vec<Change>,
    pub steps: Vec<Step>,
    /// Addresses that are as they should be.
    pub unchanged: Vec<Address>,
    /// Values of the stack's outputs, unknown where they wait for a change.
    pub outputs: IndexMap<Arc<str>, Value>,
    pub warnings: Vec<String>,
    /// Patterns of tags that are nobody's business, as `kubernetes.io/*`.
    pub ignored_tags: Vec<Arc<str>>,
    /// Reasons why this plan must not be applied. Empty: it may.
    pub refusals: Vec<Refusal>,
    pub unread: Vec<Unread>,
}

/// One resource that is to change.
#[derive(Clone, Debug)]
pub struct Change {
    pub address: Address,
    pub schema: &'static Schema,
    pub action: Action,
    /// A clause that says why: "is not in the account yet", "`cidr_block` cannot be changed in place".
    pub reason: String,
    /// The resource as it is now: none for a create.
    pub live: Option<Live>,
    /// The name of a resource that is to be created, where the stack leaves the choice.
    pub name: Option<Arc<str>>,
    /// The address that it had before, if it is moved.
    pub moved_from: Option<Address>,
    pub fields: Vec<FieldChange>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    Create,
    Update,
    /// The new one first, then the old one goes.
    ReplaceCreateFirst,
    /// The old one goes first: there is nothing in between.
    ReplaceDestroyFirst,
    Delete,
    Adopt,
    Forget,
}

impl Action {
    /// Returns the word that `--json` and summaries use.
    pub fn word(self) -> &'static str {
        match self {
            Action::Create => "create",
            Action::Update => "update",
            Action::ReplaceCreateFirst | Action::ReplaceDestroyFirst => "replace",
            Action::Delete => "delete",
            Action::Adopt => "adopt",
            Action::Forget => "forget",
        }
    }

    pub fn is_replace(self) -> bool {
        matches!(self, Action::ReplaceCreateFirst | Action::ReplaceDestroyFirst)
    }

    /// Returns true if something live is destroyed.
    pub fn destroys(self) -> bool {
        self.is_replace() || self == Action::Delete
    }

    /// Returns true if something is created.
    pub fn creates(self) -> bool {
        self.is_replace() || self == Action::Create
    }
}

/// One thing to do with one resource, once everything in `after` is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The index of its change.
    pub change: usize,
    pub op: Op,
    /// Indexes of the steps that must have succeeded.
    pub after: Vec<usize>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Op {
    /// Notes on the old one that a successor is made.
    Mark,
    /// Creates, without the deferred top-level fields.
    Create {
        deferred: Vec<Arc<str>>,
    },
    /// Sets what was deferred.
    Configure {
        fields: Vec<Arc<str>>,
    },
    /// Writes what differs; also adopts and moves.
    Update,
    /// Lets go of the resources with these ids, so that they can be deleted.
    Release {
        fields: Vec<Arc<str>>,
        ids: Vec<Arc<str>>,
    },
    Delete,
    /// Takes the owner tags off.
    Forget,
}

/// A reason why a plan must not be applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub address: Option<Address>,
    pub message: String,
    pub hint: Option<String>,
}

/// A kind that could not be read: nothing of it is created or deleted.
#[derive(Clone, Debug)]
pub struct Unread {
    pub kind: &'static str,
    pub region: Arc<str>,
    pub failure: Failure,
}

/// How many resources each action concerns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    pub create: usize,
    pub update: usize,
    pub replace: usize,
    pub delete: usize,
    pub adopt: usize,
    pub forget: usize,
    pub unchanged: usize,
}

impl Plan {
    pub fn summary(&self) -> Summary {
        let count = |word| self.changes.iter().filter(|change| change.action.word() == word).count();
        Summary {
            create: count("create"),
            update: count("update"),
            replace: count("replace"),
            delete: count("delete"),
            adopt: count("adopt"),
            forget: count("forget"),
            unchanged: self.unchanged.len(),
        }
    }

    /// Returns true if there is something to do.
    pub fn has_changes(&self) -> bool {
        !self.changes.is_empty()
    }
}

impl Refusal {
    pub fn of(address: &Address, message: impl Into<String>) -> Refusal {
        Refusal { address: Some(address.clone()), message: message.into(), hint: None }
    }

    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Refusal {
        self.hint = Some(hint.into());
        self
    }
}
