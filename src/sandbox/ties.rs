//! What ties resources together: the references between them, and the claims that only one can hold.

use std::sync::Arc;

use ipnet::IpNet;

use crate::model::schema::{Claim, Place, Schema, Scope, Source};
use crate::model::shape::{Equal, Field, Record, Refers, Shape};
use crate::model::value::{Map, Value};

use super::store::Account;
use super::stored::{Key, Stored};

/// A value in a resource's fields that names another resource.
#[derive(Debug)]
pub struct Mention<'a> {
    /// `listeners[0].target_group_arn`.
    pub path: String,
    pub refers: Refers,
    /// The id, name or ARN of the thing will do.
    pub loose: bool,
    pub value: &'a str,
}

/// Returns everything that these fields name.
pub fn mentions<'a>(record: &Record, fields: &'a Map) -> Vec<Mention<'a>> {
    let mut found = Vec::new();
    in_record(record, fields, "", &mut found);
    found
}

fn in_record<'a>(record: &Record, fields: &'a Map, at: &str, found: &mut Vec<Mention<'a>>) {
    for (name, value) in fields {
        if let Some(field) = record.fields.get(&**name) {
            let path = if at.is_empty() { name.to_string() } else { format!("{at}.{name}") };
            in_value(field, &field.shape, value, path, found);
        }
    }
}

fn in_value<'a>(field: &Field, shape: &Shape, value: &'a Value, at: String, found: &mut Vec<Mention<'a>>) {
    match (shape, value.peel()) {
        (Shape::Record(record), Value::Map(map)) => in_record(record, map, &at, found),
        (Shape::List(list), Value::List(items)) => {
            for (index, item) in items.iter().enumerate() {
                in_value(field, &list.item, item, format!("{at}[{index}]"), found);
            }
        }
        (Shape::Map(item), Value::Map(map)) => {
            for (key, value) in &**map {
                in_value(field, item, value, format!("{at}.{key}"), found);
            }
        }
        (_, Value::Str(text)) => {
            if let Some(refers) = field.refers {
                let loose = matches!(field.equal, Equal::SameThing);
                found.push(Mention { path: at, refers, loose, value: text });
            }
        }
        _ => {}
    }
}

impl Mention<'_> {
    /// Returns true if this resource is the one that is named, seen from `region` (none: from a global kind).
    pub fn names(&self, region: Option<&Arc<str>>, target: &Stored) -> bool {
        *target.key.kind == *self.refers.kind
            && (region.is_none() || target.key.region.is_none() || target.key.region.as_ref() == region)
            && target.get(self.refers.attribute).and_then(Value::as_str).is_some_and(|held| self.means(held))
    }

    fn means(&self, held: &str) -> bool {
        held == self.value || (self.loose && last_segment(held) == last_segment(self.value))
    }

    /// Returns true if the value names something of this account, whether it is live, gone or was never there.
    ///
    /// An id that the sandbox never gave (a subnet that exists already, an image, a managed policy) names something
    /// outside it. A name or ARN that can be computed says by its form whose it is.
    fn is_ours(&self, account: &Account, target: &Schema, place: &Place) -> bool {
        let Some(attribute) = target.attributes.get(self.refers.attribute) else {
            return target.fields.fields.contains_key(self.refers.attribute);
        };
        match attribute.source {
            Source::Computed(template) => is_of_form(self.value, template, place),
            Source::Given(_) => {
                let mut known = account.live.values().chain(account.gone.values());
                known.any(|stored| self.names(None, stored))
            }
        }
    }
}

fn last_segment(text: &str) -> &str {
    text.rsplit(['/', ':']).next().unwrap_or(text)
}

/// Returns true if the text could be this template, filled. Regions may differ; account and partition may not.
fn is_of_form(text: &str, template: &str, place: &Place) -> bool {
    let mut pattern = String::from("^");
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        let Some((name, after)) = after.split_once('}') else { break };
        pattern.push_str(&regex::escape(before));
        pattern.push_str(&match name {
            "account" | "partition" => regex::escape(&place.get(name).unwrap_or_default()),
            "region" => "[a-z]{2}(-[a-z]+)+-[0-9]+".to_owned(),
            _ => ".+".to_owned(),
        });
        rest = after;
    }
    pattern.push_str(&regex::escape(rest));
    pattern.push('$');
    regex::Regex::new(&pattern).is_ok_and(|regex| regex.is_match(text))
}

/// Returns the first thing that these fields name and that does not exist.
pub fn dangling<'a>(
    account: &Account,
    schemas: &[Schema],
    schema: &Schema,
    place: &Place,
    fields: &'a Map,
) -> Option<Mention<'a>> {
    let region = (schema.scope == Scope::Regional).then_some(&place.region);
    mentions(&schema.fields, fields).into_iter().find(|mention| {
        let target = schemas.iter().find(|target| target.kind == mention.refers.kind);
        target.is_some_and(|target| mention.is_ours(account, target, place))
            && !of_kind(account, mention.refers.kind).any(|stored| mention.names(region, stored))
    })
}

/// Returns the resources that name this one, and where.
pub fn holders(account: &Account, schemas: &[Schema], target: &Stored) -> Vec<(Key, String)> {
    let mut found = Vec::new();
    for stored in account.live.values().filter(|stored| stored.key != target.key) {
        let Some(schema) = schemas.iter().find(|schema| *schema.kind == *stored.key.kind) else { continue };
        let named = mentions(&schema.fields, &stored.fields);
        if let Some(mention) = named.iter().find(|mention| mention.names(stored.key.region.as_ref(), target)) {
            found.push((stored.key.clone(), mention.path.clone()));
        }
    }
    found
}

/// Returns the resource that already holds a claim of these fields, and what the claim is of.
pub fn claimed(
    account: &Account,
    schema: &Schema,
    region: Option<&Arc<str>>,
    fields: &Map,
    but: Option<&Key>,
) -> Option<(Key, &'static str)> {
    let others = || of_kind(account, schema.kind).filter(|stored| Some(&stored.key) != but);
    schema.claims.iter().find_map(|claim| {
        let everywhere = is_worldwide(schema, claim);
        let holder = others()
            .filter(|stored| everywhere || stored.key.region.as_ref() == region)
            .find(|stored| collide(claim, fields, &stored.fields))?;
        Some((holder.key.clone(), claim.what))
    })
}

/// A name that is unique in the world is claimed across regions.
fn is_worldwide(schema: &Schema, claim: &Claim) -> bool {
    schema.naming.is_some_and(|naming| naming.worldwide && claim.fields.contains(&naming.field))
}

fn collide(claim: &Claim, one: &Map, other: &Map) -> bool {
    let Some((last, firsts)) = claim.fields.split_last() else { return false };
    let values = |field: &str| match (one.get(field), other.get(field)) {
        (Some(a), Some(b)) if !a.is_null() && !b.is_null() => Some((a, b)),
        _ => None,
    };
    firsts.iter().all(|field| values(field).is_some_and(|(a, b)| is_same(a, b)))
        && values(last).is_some_and(|(a, b)| match (a.as_list(), b.as_list()) {
            (Some(a), Some(b)) => a.iter().any(|a| b.iter().any(|b| is_same(a, b))),
            _ => is_same(a, b),
        })
}

/// Returns true for equal values, and for ranges of addresses that overlap.
fn is_same(a: &Value, b: &Value) -> bool {
    let range = |value: &Value| value.as_str().and_then(|text| text.parse::<IpNet>().ok());
    match (range(a), range(b)) {
        (Some(a), Some(b)) => a.contains(&b) || b.contains(&a),
        _ => a.peel() == b.peel(),
    }
}

/// Returns the live resources of a kind.
pub fn of_kind<'a>(account: &'a Account, kind: &'a str) -> impl Iterator<Item = &'a Arc<Stored>> {
    account.live.values().filter(move |stored| *stored.key.kind == *kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_form(text: &str, template: &str, expected: bool) {
        let place = Place { account: "123456789012".into(), region: "us-east-1".into(), partition: "aws".into() };
        assert_eq!(is_of_form(text, template, &place), expected, "{text} {template}");
    }

    #[test]
    fn names_from_elsewhere_are_told_from_ours() {
        check_form("sg-1", "sg-{name}", true);
        check_form("default", "sg-{name}", false);
        check_form("arn:aws:iam::123456789012:policy/x", "arn:{partition}:iam::{account}:policy/{name}", true);
        check_form("arn:aws:iam::aws:policy/x", "arn:{partition}:iam::{account}:policy/{name}", false);
        check_form("films.s3.eu-west-1.amazonaws.com", "{bucket}.s3.{region}.amazonaws.com", true);
        check_form("example.com", "{bucket}.s3.{region}.amazonaws.com", false);
    }

    #[test]
    fn claims_are_of_all_fields_and_of_each_element() {
        let check = |fields: &'static [&'static str], one: &str, other: &str, expected: bool| {
            let map = |json: &str| {
                let json: serde_json::Value = serde_json::from_str(json).unwrap();
                Value::from(json).as_map().unwrap().clone()
            };
            let claim = Claim { what: "it", fields };
            assert_eq!(collide(&claim, &map(one), &map(other)), expected, "{one} {other}");
        };
        check(&["a"], r#"{"a": "x"}"#, r#"{"a": "x"}"#, true);
        check(&["a"], r#"{"a": "x"}"#, r#"{"b": "x"}"#, false);
        check(&["a", "b"], r#"{"a": 1, "b": 2}"#, r#"{"a": 1, "b": 3}"#, false);
        check(&["v", "cidr"], r#"{"v": 1, "cidr": "10.0.0.0/16"}"#, r#"{"v": 1, "cidr": "10.0.1.0/24"}"#, true);
        check(&["l"], r#"{"l": ["a", "b"]}"#, r#"{"l": ["c", "b"]}"#, true);
        check(&["l"], r#"{"l": ["a"]}"#, r#"{"l": []}"#, false);
    }
}
