//! What AWS adds to a resource: ids, ARNs and the other attributes, made up after the schema's templates.
//!
//! Everything random is drawn from a hash of the address, so that transcripts of the sandbox stay the same.

use std::fmt::Write as _;
use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use crate::model::digits::hex;
use crate::model::schema::{Attribute, Place, Schema, Source, fill};
use crate::model::shape::Shape;
use crate::model::value::{Map, Value};

/// What a resource's random parts are drawn from.
#[derive(Clone, Copy, Debug)]
pub struct Seed<'a> {
    pub region: &'a str,
    pub address: &'a str,
    pub birth: u32,
    pub revision: u32,
}

/// Returns the attributes of a resource with these fields.
///
/// `before` holds those it had before an update: what AWS chose stays, unless the schema says that it moves.
pub fn attributes(schema: &Schema, place: &Place, fields: &Map, seed: Seed<'_>, before: Option<&Map>) -> Map {
    let mut made = Map::new();
    for (name, attribute) in &schema.attributes {
        let value = match (attribute.source, before.and_then(|before| before.get(*name))) {
            (Source::Given(_), Some(kept)) if !attribute.moves => Some(kept.clone()),
            (Source::Given(_), Some(Value::Int(number))) => Some(Value::Int(number + 1)),
            (Source::Given(template), _) => {
                let text = written(template, name, place, fields, &made, Some(seed));
                text.and_then(|text| typed(attribute, template, &text))
            }
            (Source::Computed(template), _) => {
                let text = written(template, name, place, fields, &made, None);
                text.and_then(|text| typed(attribute, template, &text))
            }
        };
        if let Some(value) = value {
            made.insert((*name).into(), value);
        }
    }
    made
}

/// Fills a template: places, fields and earlier attributes by name, and with a seed the random parts.
fn written(
    template: &str,
    name: &str,
    place: &Place,
    fields: &Map,
    made: &Map,
    seed: Option<Seed<'_>>,
) -> Option<String> {
    let mut drawn = 0;
    fill(template, |key| {
        let known = place.get(key).or_else(|| plain(fields.get(key))).or_else(|| plain(made.get(key)));
        known.or_else(|| {
            let seed = seed?;
            drawn += 1;
            let text = format!("{}|{}|{}|{}|{name}|{drawn}", seed.region, seed.address, seed.birth, seed.revision);
            random(key, &Sha256::digest(text)).map(Into::into)
        })
    })
}

fn plain(value: Option<&Value>) -> Option<Arc<str>> {
    match value?.peel() {
        Value::Str(text) => Some(text.clone()),
        Value::Int(number) => Some(number.to_string().into()),
        Value::Bool(flag) => Some(flag.to_string().into()),
        _ => None,
    }
}

/// Returns the random part of this name, as AWS spells such parts.
fn random(placeholder: &str, hash: &[u8]) -> Option<String> {
    let digits = |count| hash.iter().take(count).map(|byte| char::from(b'0' + byte % 10)).collect::<String>();
    let hexadecimal = hex(hash);
    Some(match placeholder {
        "hex8" => hexadecimal[..8].to_owned(),
        "hex12" => hexadecimal[..12].to_owned(),
        // Ids of 17 digits begin with a zero in practice.
        "hex17" => format!("0{}", &hexadecimal[..16]),
        "hex32" => hexadecimal[..32].to_owned(),
        "digits12" => digits(12),
        "random" => format!("1{}", digits(9)),
        "upper13" => {
            let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
            hash.iter().take(13).map(|byte| char::from(letters[usize::from(byte % 32)])).collect()
        }
        "uuid" => {
            let mut text = String::new();
            for (part, range) in [0..8, 8..12, 13..16, 17..20, 20..32].into_iter().enumerate() {
                let version = ["", "-", "-4", "-a", "-"][part];
                let _ = write!(text, "{version}{}", &hexadecimal[range]);
            }
            text
        }
        _ => return None,
    })
}

/// Gives a filled template the type that the schema says. A number that moves counts from its first value.
fn typed(attribute: &Attribute, template: &str, text: &str) -> Option<Value> {
    match &attribute.shape {
        Shape::Integer { .. } if attribute.moves && template == "{random}" => Some(Value::Int(1)),
        Shape::Integer { .. } => text.parse().ok().map(Value::Int),
        Shape::Number { .. } => text.parse().ok().map(Value::Float),
        Shape::Bool => text.parse().ok().map(Value::Bool),
        Shape::List(_) => Some(Value::list(text.split(',').map(str::trim).filter(|item| !item.is_empty()))),
        Shape::Text(_) => Some(text.into()),
        Shape::Document | Shape::Map(_) | Shape::Record(_) => {
            serde_json::from_str::<serde_json::Value>(text).ok().map(Value::from)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::shape::Field;

    fn made(schema: &Schema, birth: u32, revision: u32, before: Option<&Map>) -> Map {
        let place = Place { account: "123456789012".into(), region: "us-east-1".into(), partition: "aws".into() };
        let fields = Map::from_iter([("name".into(), "web".into()), ("port".into(), 80.into())]);
        let seed = Seed { region: "us-east-1", address: "things.web", birth, revision };
        attributes(schema, &place, &fields, seed, before)
    }

    #[test]
    fn templates_are_filled_from_place_fields_and_chance() {
        let schema = Schema::new("things", "thing", Attribute::given("t-{hex17}")).attributes([
            ("arn", Attribute::computed("arn:{partition}:x:{region}:{account}:{name}:{port}/{id}")),
            ("dns_name", Attribute::given("{name}-{random}.example")),
            ("nothing", Attribute::given("{missing}")),
            ("names", Attribute::given("a,b").shape(Field::list(Field::text().shape).shape)),
        ]);
        let first = made(&schema, 0, 0, None);
        let id = first["id"].as_str().unwrap();
        assert_eq!(id.len(), "t-".len() + 17);
        assert_eq!(first["arn"], format!("arn:aws:x:us-east-1:123456789012:web:80/{id}").into());
        assert_eq!(first["dns_name"].as_str().unwrap().len(), "web-1234567890.example".len());
        assert_eq!(first["names"], Value::list(["a", "b"]));
        assert!(!first.contains_key("nothing"));
        assert_eq!(first, made(&schema, 0, 0, None), "the same address gives the same");
        assert_ne!(first["id"], made(&schema, 1, 0, None)["id"], "another birth gives another");
    }

    #[test]
    fn only_what_moves_changes_on_an_update() {
        let number = || Field::integer(1, i64::MAX).shape;
        let schema = Schema::new("things", "thing", Attribute::given("t-{hex17}")).attributes([
            ("latest_version", Attribute::given("{random}").shape(number()).moves()),
            ("etag", Attribute::given("E{upper13}").moves()),
            ("stable", Attribute::given("{uuid}")),
        ]);
        let first = made(&schema, 0, 0, None);
        let second = made(&schema, 0, 1, Some(&first));
        assert_eq!((&first["latest_version"], &second["latest_version"]), (&Value::Int(1), &Value::Int(2)));
        assert_ne!(first["etag"], second["etag"]);
        assert_eq!((&first["id"], &first["stable"]), (&second["id"], &second["stable"]));
    }
}
