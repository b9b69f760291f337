//! A stack after its expressions and `for_each` are worked out: what the engine compares with the account.

use std::sync::Arc;
use std::time::Duration;

use indexmap::IndexMap;

use super::address::Address;
use super::problem::{Problems, Span};
use super::value::Map;

/// Every resource of a stack, in the order of the file, without its field values.
#[derive(Clone, Debug, Default)]
pub struct Layout {
    pub resources: IndexMap<Address, Resource>,
}

/// One resource: what is known of it without evaluating its fields.
#[derive(Clone, Debug)]
pub struct Resource {
    pub address: Address,
    /// None for a global kind.
    pub region: Option<Arc<str>>,
    /// Every reference its fields make, whether their values are known or not.
    pub references: Vec<Reference>,
    pub manage: Manage,
    /// The place of its name in the file.
    pub span: Span,
}

/// One reference from a field to another resource.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reference {
    /// The top-level field in which it stands.
    pub field: Arc<str>,
    pub to: Address,
    /// The attribute or field it names: `arn`.
    pub attribute: Arc<str>,
}

/// What trueup adds to a resource: the key `manage`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Manage {
    pub depends_on: Vec<Address>,
    /// Never destroy or replace.
    pub protect: bool,
    /// When removed from the stack, forget instead of delete.
    pub retain: bool,
    /// Paths that are neither compared nor written: `desired_capacity`, `ingress[description=~'^kubernetes']`.
    pub ignore: Vec<Arc<str>>,
    pub moved_from: Option<Address>,
    /// The id of an existing resource to take over.
    pub adopt: Option<Arc<str>>,
    pub replace: Option<ReplaceOrder>,
    pub wait: Option<bool>,
    /// The bound of each of its waits.
    pub timeout: Option<Duration>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplaceOrder {
    CreateFirst,
    DestroyFirst,
}

/// What is known of the account so far. Expressions see nothing else of it.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// None before the account was asked: expressions with `account_id` are unknown then.
    pub account: Option<Arc<str>>,
    pub partition: Option<Arc<str>>,
    /// Sorted availability-zone names by region; a region that is missing was not read yet.
    pub zones: IndexMap<Arc<str>, Vec<Arc<str>>>,
    /// Attributes and settled fields by resource. What is missing here is unknown, unless the stack says it.
    pub attributes: IndexMap<Address, Map>,
}

/// A stack whose fields can be asked for, as often as more becomes known.
pub trait Declared {
    /// Returns the fields that the stack writes for a resource, typed by the schema; what depends on facts that are
    /// missing is unknown inside. Defaults are not filled in, but a default name is.
    fn fields(&self, address: &Address, facts: &Facts) -> Result<Map, Problems>;

    /// Returns true if the stack writes no name, so that the default one is used.
    fn has_default_name(&self, address: &Address) -> bool;
}
