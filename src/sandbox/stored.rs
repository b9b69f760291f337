//! One resource of the simulated account, as it lies on disk: readable JSON that a person may edit.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::model::live::{Live, Phase};
use crate::model::owner::Mark;
use crate::model::value::{Map, Value};

/// What tells a resource from all others in the account.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// None for a global kind.
    pub region: Option<Arc<str>>,
    pub kind: Arc<str>,
    pub id: Arc<str>,
}

/// A resource of the account.
#[derive(Clone, Debug, PartialEq)]
pub struct Stored {
    pub key: Key,
    /// How many with its seed were born before it: no two births give the same random parts.
    pub birth: u32,
    /// How often it was updated.
    pub revision: u32,
    /// The token of the create call, which makes repeating it safe.
    pub token: Option<Arc<str>>,
    /// Deleting it loses data (objects in a bucket); another client puts them there.
    pub holds_data: bool,
    pub fields: Map,
    pub attributes: Map,
    pub tags: Map,
}

/// The file: kept apart from [`Stored`] so that the format is plain to see.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    kind: String,
    #[serde(default)]
    region: Option<String>,
    id: String,
    fields: Json,
    attributes: Json,
    #[serde(default)]
    tags: Json,
    #[serde(default)]
    birth: u32,
    #[serde(default)]
    revision: u32,
    #[serde(default)]
    token: Option<String>,
    #[serde(default)]
    holds_data: bool,
}

impl Stored {
    /// Returns the text of its file.
    pub fn to_json(&self) -> String {
        let wire = Wire {
            kind: self.key.kind.to_string(),
            region: self.key.region.as_deref().map(str::to_owned),
            id: self.key.id.to_string(),
            fields: Value::from(self.fields.clone()).to_json(),
            attributes: Value::from(self.attributes.clone()).to_json(),
            tags: Value::from(self.tags.clone()).to_json(),
            birth: self.birth,
            revision: self.revision,
            token: self.token.as_deref().map(str::to_owned),
            holds_data: self.holds_data,
        };
        serde_json::to_string_pretty(&wire).expect("maps with text keys are JSON") + "\n"
    }

    /// Reads the text of a file.
    pub fn from_json(text: &str) -> Result<Stored, serde_json::Error> {
        let wire: Wire = serde_json::from_str(text)?;
        Ok(Stored {
            key: Key { region: wire.region.map(Into::into), kind: wire.kind.into(), id: wire.id.into() },
            birth: wire.birth,
            revision: wire.revision,
            token: wire.token.map(Into::into),
            holds_data: wire.holds_data,
            fields: map_of(wire.fields),
            attributes: map_of(wire.attributes),
            tags: map_of(wire.tags),
        })
    }

    /// Returns it as a read reports it.
    pub fn to_live(&self, kind: &'static str) -> Live {
        Live {
            kind,
            region: self.key.region.clone(),
            id: self.key.id.clone(),
            phase: Phase::Usable,
            fields: self.fields.clone(),
            attributes: self.attributes.clone(),
            tags: self.tags.clone(),
        }
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

/// Returns the entries of a JSON object without its nulls, and nothing for anything else.
fn map_of(json: Json) -> Map {
    match Value::from(json) {
        Value::Map(map) => without_nulls(&map),
        _ => Map::new(),
    }
}

/// Returns the map without nulls, at any depth: null is the same as omitted.
pub fn without_nulls(map: &Map) -> Map {
    map.iter().filter(|(_, value)| !value.is_null()).map(|(key, value)| (key.clone(), thin(value))).collect()
}

fn thin(value: &Value) -> Value {
    match value {
        Value::Map(map) => Value::from(without_nulls(map)),
        Value::List(items) => Value::list(items.iter().map(thin)),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resource_reads_back_as_it_was_written() {
        let stored = Stored {
            key: Key { region: Some("us-east-1".into()), kind: "vpcs".into(), id: "vpc-1".into() },
            birth: 2,
            revision: 1,
            token: Some("t".into()),
            holds_data: true,
            fields: Map::from_iter([
                ("weight".into(), Value::Float(1.0)),
                ("count".into(), Value::Int(4)),
                ("list".into(), Value::list(["b", "a"])),
            ]),
            attributes: Map::from_iter([("id".into(), "vpc-1".into())]),
            tags: Map::from_iter([("team".into(), "video".into())]),
        };
        assert_eq!(Stored::from_json(&stored.to_json()).unwrap(), stored);
    }

    #[test]
    fn a_hand_written_file_needs_only_what_matters() {
        let text = r#"{"kind": "roles", "id": "r", "fields": {"path": "/", "a": {"b": null}}, "attributes": {}}"#;
        let stored = Stored::from_json(text).unwrap();
        assert_eq!(stored.key.region, None);
        assert_eq!(stored.fields["a"], Value::Map(Map::new().into()));
        assert!(Stored::from_json(r#"{"kind": "roles", "id": "r", "feilds": {}}"#).is_err());
    }
}
