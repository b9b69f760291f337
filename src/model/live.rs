//! What an account holds: live resources and the phase they are in.

use std::sync::Arc;

use super::owner::Mark;
use super::value::{Map, Value};

/// A resource as AWS reports it, in the stack's own form.
#[derive(Clone, Debug, PartialEq)]
pub struct Live {
    pub kind: &'static str,
    /// None for a global kind.
    pub region: Option<Arc<str>>,
    pub id: Arc<str>,
    pub phase: Phase,
    /// Spelled as a stack would: what is absent in AWS is absent here.
    pub fields: Map,
    /// With `id` among them.
    pub attributes: Map,
    /// All tags, those of AWS and of trueup too; for a kind that cannot be tagged, what its mark says.
    pub tags: Map,
}

/// Where a live resource is in its life. What is gone is not reported at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Exists, and is not ready: awaited.
    Pending,
    Usable,
    /// With AWS's reason: planned as a replacement.
    Failed(String),
    /// Still holds its claims: awaited before they are used again.
    Deleting,
}

impl Live {
    /// Returns a usable live resource with nothing but its id.
    pub fn new(kind: &'static str, region: Option<&str>, id: impl Into<Arc<str>>) -> Live {
        let id = id.into();
        Live {
            kind,
            region: region.map(Into::into),
            phase: Phase::Usable,
            fields: Map::new(),
            attributes: Map::from_iter([("id".into(), Value::Str(id.clone()))]),
            tags: Map::new(),
            id,
        }
    }

    /// Sets a field, unless the value is null.
    pub fn field(&mut self, name: &'static str, value: impl Into<Value>) -> &mut Live {
        put(&mut self.fields, name, value.into());
        self
    }

    /// Sets an attribute, unless the value is null.
    pub fn attribute(&mut self, name: &'static str, value: impl Into<Value>) -> &mut Live {
        put(&mut self.attributes, name, value.into());
        self
    }

    /// Returns the owner mark, if its tags hold a whole one.
    pub fn mark(&self) -> Option<Mark> {
        Mark::from_tags(&self.tags)
    }

    /// Returns what a reference to `name` gives: an attribute or a field.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.attributes.get(name).or_else(|| self.fields.get(name))
    }
}

fn put(map: &mut Map, name: &'static str, value: Value) {
    if !value.is_null() {
        map.insert(name.into(), value);
    }
}
