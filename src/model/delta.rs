//! Differences between a stack and an account, as data. Renderers only draw them.

use super::shape::Effect;
use super::value::Value;

/// One field that differs.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldChange {
    /// `versioning`, `lifecycle_rules[old].expiration.days`, `tags.team`.
    pub path: String,
    /// Null: not there.
    pub before: Value,
    /// Null: to be removed. May hold unknowns.
    pub after: Value,
    pub effect: Effect,
    pub sensitive: bool,
}

/// Every field that differs, in the order of the schema.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Delta {
    pub changes: Vec<FieldChange>,
}

impl Delta {
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// Returns the worst effect of its changes.
    pub fn effect(&self) -> Option<Effect> {
        self.changes.iter().map(|change| change.effect).max()
    }

    /// Returns true if the top-level field, or anything inside it, differs.
    pub fn touches(&self, field: &str) -> bool {
        self.changes.iter().any(|change| change.field() == field)
    }

    /// Returns true if any of the top-level fields differs.
    pub fn touches_any(&self, fields: &[&str]) -> bool {
        self.changes.iter().any(|change| fields.contains(&change.field()))
    }
}

impl FieldChange {
    /// Returns the top-level field in which the change lies.
    pub fn field(&self) -> &str {
        let end = self.path.find(['.', '[']).unwrap_or(self.path.len());
        &self.path[..end]
    }
}
