//! Claims: what only one live resource can hold at a time.

use crate::model::schema::{Schema, Scope};
use crate::model::value::{Map, Value};

/// One claim, in a form that can be compared: two resources with equal ones cannot both be live.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Held {
    kind: &'static str,
    /// "the name", "the CIDR block".
    pub what: &'static str,
    region: String,
    values: Vec<String>,
}

/// Returns the claims of a resource with these fields. What is null or unknown claims nothing.
pub fn claims(schema: &Schema, fields: &Map, region: &str) -> Vec<Held> {
    let mut held = Vec::new();
    for claim in &schema.claims {
        let mut sets: Vec<Vec<String>> = vec![Vec::new()];
        for field in claim.fields {
            let values = match fields.get(*field).map(Value::peel) {
                Some(Value::List(items)) => items.iter().filter_map(text).collect(),
                Some(value) => text(value).into_iter().collect::<Vec<_>>(),
                None => Vec::new(),
            };
            sets = sets
                .iter()
                .flat_map(|set| values.iter().map(|value| [set.as_slice(), std::slice::from_ref(value)].concat()))
                .collect();
        }
        let region = if schema.scope == Scope::Global { "" } else { region };
        held.extend(sets.into_iter().map(|values| Held {
            kind: schema.kind,
            what: claim.what,
            region: region.to_owned(),
            values,
        }));
    }
    held
}

fn text(value: &Value) -> Option<String> {
    match value.peel() {
        Value::Null | Value::Unknown(_) => None,
        Value::Str(text) => Some(text.to_ascii_lowercase()),
        other if other.is_known() => Some(other.to_string()),
        _ => None,
    }
}

impl Held {
    /// Returns the claim in a sentence: "the name `films`".
    pub fn sentence(&self) -> String {
        format!("{} `{}`", self.what, self.values.join("` of `"))
    }
}
