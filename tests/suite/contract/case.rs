//! The cases of a kind, as `tests/contract/KIND.yaml` has them.

use std::collections::BTreeMap;
use std::path::Path;

use indexmap::IndexMap;
use serde::Deserialize;
use serde_json::Value as Json;

use trueup::model::value::{Map, Value};

/// The cases of one kind.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cases {
    /// Resources that the cases name, in the order in which they are created: `vpcs.net: {fields…}`.
    #[serde(default)]
    pub given: IndexMap<String, Json>,
    pub cases: IndexMap<String, Case>,
    /// The fields that no case sets, and everything inside them, each with the reason.
    #[serde(default)]
    pub unproven: IndexMap<String, String>,
}

/// One resource, from its creation to its end.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    pub fields: IndexMap<String, Json>,
    /// The fields to change, one after the other. A change that replaces is not carried out.
    #[serde(default)]
    pub change: IndexMap<String, Json>,
    /// The fields that this resource cannot be without, besides the required ones.
    #[serde(default)]
    pub keep: Vec<String>,
    /// The fields that can only be unset together.
    #[serde(default)]
    pub together: Vec<Vec<String>>,
    /// The emulators that this case runs on: all, if none is named.
    #[serde(default)]
    pub only: Vec<String>,
}

impl Cases {
    pub fn read(kind: &str) -> Cases {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/contract").join(format!("{kind}.yaml"));
        let text = std::fs::read_to_string(&path)
            .unwrap_or_else(|_| panic!("every kind has its cases: write {}", path.display()));
        serde_yaml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }
}

/// What `${…}` may name: `account`, `region`, and what is known of the given resources, as `vpcs.net.id`.
#[derive(Clone, Default)]
pub struct Names(pub BTreeMap<String, Value>);

impl Names {
    pub fn put(&mut self, address: &str, attributes: &Map) {
        for (name, value) in attributes {
            self.0.insert(format!("{address}.{name}"), value.clone());
        }
    }

    pub fn fill_all(&self, fields: &IndexMap<String, Json>) -> Map {
        fields.iter().map(|(name, value)| (name.as_str().into(), self.fill(value))).collect()
    }

    /// Returns the value with every `${…}` inside replaced.
    pub fn fill(&self, json: &Json) -> Value {
        match json {
            Json::String(text) => self.fill_text(text),
            Json::Array(items) => Value::list(items.iter().map(|item| self.fill(item))),
            Json::Object(map) => Value::map(
                map.iter()
                    .map(|(key, value)| (self.fill_text(key).as_str().unwrap_or(key).to_owned(), self.fill(value))),
            ),
            other => Value::from(other.clone()),
        }
    }

    fn fill_text(&self, text: &str) -> Value {
        if let Some(name) = text.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'))
            && !name.contains('}')
        {
            return self.get(name).clone();
        }
        let mut filled = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            let (name, after) = after.split_once('}').expect("`${` has its `}`");
            filled.push_str(before);
            filled.push_str(self.get(name).as_str().expect("only texts stand inside texts"));
            rest = after;
        }
        filled.push_str(rest);
        filled.into()
    }

    fn get(&self, name: &str) -> &Value {
        self.0.get(name).unwrap_or_else(|| panic!("`{name}` is not given: there are {:?}", self.0.keys()))
    }
}
