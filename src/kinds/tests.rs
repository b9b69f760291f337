//! What the kinds' own tests share.

use indexmap::IndexMap;

use super::Kind;
use crate::model::address::Address;
use crate::model::schema::Neighbours;
use crate::model::value::{Map, Value};

/// One resource that has no neighbours.
struct Alone(Map);

impl Neighbours for Alone {
    fn fields(&self, _: &Address) -> Option<&Map> {
        Some(&self.0)
    }

    fn target(&self, _: &Address, _: &str) -> Option<Address> {
        None
    }

    fn of_kind(&self, _: &str) -> Vec<Address> {
        Vec::new()
    }
}

/// Returns the fields that YAML in flow style spells, without its outer braces, defaults filled in at the top.
pub fn fields(kind: &dyn Kind, yaml: &str) -> Map {
    let json: IndexMap<String, serde_json::Value> = serde_yaml::from_str(&format!("{{{yaml}}}")).expect("sound YAML");
    let stated: Map = json.into_iter().map(|(key, value)| (key.into(), Value::from(value))).collect();
    let mut fields = stated.clone();
    for (name, field) in kind.schema().fields.fields {
        if let Some(value) = field.absent.value(&stated) {
            fields.entry(name.into()).or_insert(value);
        }
    }
    fields
}

/// Returns the paths at which the kind's rules find these fields broken.
pub fn broken(kind: &dyn Kind, yaml: &str) -> Vec<String> {
    let (alone, address) = (Alone(fields(kind, yaml)), Address::new(kind.schema().kind, "it"));
    kind.schema().rules.iter().flat_map(|rule| rule(&alone, &address)).map(|broken| broken.path).collect()
}
