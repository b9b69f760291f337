//! AWS's API model of a service, as botocore ships it: what a value must look like.

use std::collections::HashMap;

use serde_json::Value as Json;

pub struct Model {
    shapes: serde_json::Map<String, Json>,
    operations: serde_json::Map<String, Json>,
    /// Shape names by their squeezed form: the SDK spells `CORSRule` as `CorsRule`.
    by_squeezed: HashMap<String, String>,
}

/// Limits of one value. None and empty mean unlimited.
#[derive(Clone, Debug, Default)]
pub struct Limits {
    pub min: Option<f64>,
    pub max: Option<f64>,
    pub pattern: Option<String>,
}

/// A member of a structure.
#[derive(Clone, Debug)]
pub struct Member {
    pub shape: String,
    pub required: bool,
    pub deprecated: bool,
}

impl Model {
    pub fn read(json: &Json) -> Result<Model, String> {
        let part = |name: &str| json[name].as_object().cloned().ok_or_else(|| format!("the model has no {name}"));
        let shapes = part("shapes")?;
        let by_squeezed = shapes.keys().map(|name| (squeeze(name), name.clone())).collect();
        Ok(Model { shapes, operations: part("operations")?, by_squeezed })
    }

    /// Returns the name of an operation's input structure.
    pub fn input(&self, operation: &str) -> Result<String, String> {
        let input = self.operations.get(operation).and_then(|operation| operation["input"]["shape"].as_str());
        input.map(str::to_owned).ok_or_else(|| format!("the model has no operation {operation}"))
    }

    /// Returns the structure's members by their squeezed names.
    pub fn members(&self, shape: &str) -> Result<HashMap<String, Member>, String> {
        let name = self.by_squeezed.get(&squeeze(shape)).ok_or_else(|| format!("the model has no shape {shape}"))?;
        let json = &self.shapes[name];
        let required: Vec<&str> = json["required"].as_array().into_iter().flatten().filter_map(Json::as_str).collect();
        let members = json["members"].as_object().ok_or_else(|| format!("{name} is no structure"))?;
        Ok(members
            .iter()
            .map(|(member, json)| {
                let shape = json["shape"].as_str().unwrap_or_default().to_owned();
                let deprecated = json["deprecated"].as_bool().unwrap_or(false);
                (squeeze(member), Member { shape, required: required.contains(&member.as_str()), deprecated })
            })
            .collect())
    }

    /// Returns the shape of a list's elements or a map's values.
    pub fn inner(&self, shape: &str) -> Option<&str> {
        let json = self.shapes.get(shape)?;
        json["member"]["shape"].as_str().or_else(|| json["value"]["shape"].as_str())
    }

    pub fn limits(&self, shape: &str) -> Limits {
        let Some(json) = self.shapes.get(shape) else { return Limits::default() };
        Limits {
            min: json["min"].as_f64(),
            max: json["max"].as_f64(),
            pattern: json["pattern"].as_str().and_then(usable_pattern),
        }
    }
}

/// Returns the pattern if it says something and the `regex` crate can compile it.
fn usable_pattern(pattern: &str) -> Option<String> {
    let says_nothing = [".*", "^.*$", ".+", "^.+$", r"[\s\S]*", r"^[\s\S]*$", r"[\s\S]+", "[^\\u0000]*", ""];
    if says_nothing.contains(&pattern) {
        return None;
    }
    // Java's spelling of characters outside ASCII, often by surrogates, which no Rust string holds.
    if pattern.contains("\\u") && !pattern.contains("\\u{") {
        return None;
    }
    regex::Regex::new(pattern).ok().map(|_| pattern.to_owned())
}

/// Returns a name without its underscores and capitals, in which model and SDK spell alike.
pub fn squeeze(name: &str) -> String {
    name.chars().filter(|c| c.is_ascii_alphanumeric()).map(|c| c.to_ascii_lowercase()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_kept_if_it_says_something_that_rust_understands() {
        for (pattern, kept) in [
            (r"^ami-[a-z0-9]+$", true),
            (r"[A-Za-z0-9\-_\/]+", true),
            (".*", false),
            (r"[\s\S]*", false),
            (r"[\u0020-\uD7FF\uE000-\uFFFD]*", false),
            (r"(?!aws:).*", false),
        ] {
            assert_eq!(usable_pattern(pattern).is_some(), kept, "{pattern}");
        }
    }

    #[test]
    fn model_and_sdk_meet_in_the_squeezed_name() {
        for (model, sdk) in [("CORSRule", "cors_rule"), ("IsIPV6Enabled", "is_ipv6_enabled"), ("ID", "id")] {
            assert_eq!(squeeze(model), squeeze(sdk));
        }
    }

    #[test]
    fn members_carry_what_the_api_says_of_them() {
        let json = serde_json::json!({
            "operations": {"PutRule": {"input": {"shape": "PutRuleRequest"}}},
            "shapes": {
                "PutRuleRequest": {
                    "type": "structure", "required": ["ID"],
                    "members": {"ID": {"shape": "Name"}, "Old": {"shape": "Names", "deprecated": true}},
                },
                "Name": {"type": "string", "min": 1, "max": 64, "pattern": "[a-z]+"},
                "Names": {"type": "list", "member": {"shape": "Name"}},
            },
        });
        let model = Model::read(&json).unwrap();
        let members = model.members(&model.input("PutRule").unwrap()).unwrap();
        assert!(members["id"].required && !members["id"].deprecated);
        assert!(members["old"].deprecated);
        let name = model.limits(model.inner(&members["old"].shape).unwrap());
        assert_eq!((name.min, name.max, name.pattern.as_deref()), (Some(1.0), Some(64.0), Some("[a-z]+")));
        assert!(model.input("GetRule").is_err());
    }
}
