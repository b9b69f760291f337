//! How one state of a resource can look in an answer: all of these mean the same, and none may show as a difference.

use crate::model::live::Live;
use crate::model::schema::{Schema, Tagging};
use crate::model::shape::{Absent, Equal, Field, Order, Record, Shape};
use crate::model::value::{Map, Value};

use super::hostility::Chance;

/// Spells a live resource otherwise: `chance` differs from read to read, `nature` is of the resource.
pub fn disguise(schema: &Schema, live: &mut Live, chance: &mut Chance, nature: u64) {
    let mut nature = Chance::new(nature);
    let added = additions(&schema.fields, &live.fields, &mut nature, |name| is_telling(schema, name));
    let mut spelled = record(&schema.fields, &live.fields, chance);
    // AWS keeps the spelling of names, even where it compares them without regard to case.
    let names = live.fields.iter().filter(|(name, value)| value.as_str().is_some() && is_telling(schema, name));
    spelled.extend(names.map(|(name, value)| (name.clone(), value.clone())));
    live.fields = spelled;
    live.fields.extend(added);
    if schema.tagging == Tagging::Tags {
        live.tags.insert("aws:sandbox:hostile".into(), "yes".into());
    }
}

/// Fields that name or claim something are nobody's to invent.
fn is_telling(schema: &Schema, name: &str) -> bool {
    name == "tags"
        || schema.naming.is_some_and(|naming| naming.field == name)
        || schema.claims.iter().any(|claim| claim.fields.contains(&name))
}

fn record(record: &Record, fields: &Map, chance: &mut Chance) -> Map {
    let mut spelled = Map::new();
    for (name, value) in fields {
        let value = match record.fields.get(&**name) {
            Some(field) => respelled(field, &field.shape, value, chance),
            None => value.clone(),
        };
        spelled.insert(name.clone(), value);
    }
    spelled
}

fn respelled(field: &Field, shape: &Shape, value: &Value, chance: &mut Chance) -> Value {
    match (shape, value) {
        (Shape::Record(inner), Value::Map(map)) => record(inner, map, chance).into(),
        (Shape::Map(item), Value::Map(map)) => {
            Value::map(map.iter().map(|(key, value)| (key.clone(), respelled(field, item, value, chance))))
        }
        (Shape::List(list), Value::List(items)) => {
            let mut items: Vec<Value> = items.iter().map(|item| respelled(field, &list.item, item, chance)).collect();
            if list.order != Order::Sequence {
                chance.shuffle(&mut items);
            }
            Value::from(items)
        }
        (Shape::Document, document) => match field.equal {
            Equal::Policy => policy(document, chance),
            Equal::Json => backwards(document),
            _ => document.clone(),
        },
        (Shape::Text(_), Value::Str(text)) if matches!(field.equal, Equal::IgnoreCase) => text.to_uppercase().into(),
        (_, other) => other.clone(),
    }
}

/// Returns a policy document with its keys turned round, and one-element lists of its statements as plain values
/// or the other way about.
fn policy(document: &Value, chance: &mut Chance) -> Value {
    let mut document = backwards(document);
    if let Value::Map(map) = &mut document {
        let mut map = (**map).clone();
        if let Some(statements) = map.get_mut("Statement") {
            let mut list: Vec<Value> = one_or_many(statements).iter().map(|one| statement(one, chance)).collect();
            *statements = if list.len() == 1 && chance.once_in(2) { list.remove(0) } else { Value::from(list) };
        }
        return map.into();
    }
    document
}

fn statement(statement: &Value, chance: &mut Chance) -> Value {
    let Some(map) = statement.as_map() else { return statement.clone() };
    Value::map(map.iter().map(|(key, value)| {
        let value = match &**key {
            "Action" | "NotAction" | "Resource" | "NotResource" => {
                let mut list = one_or_many(value);
                chance.shuffle(&mut list);
                if list.len() == 1 && chance.once_in(2) { list.remove(0) } else { Value::from(list) }
            }
            _ => value.clone(),
        };
        (key.clone(), value)
    }))
}

fn one_or_many(value: &Value) -> Vec<Value> {
    value.as_list().map_or_else(|| vec![value.clone()], <[Value]>::to_vec)
}

fn backwards(value: &Value) -> Value {
    match value {
        Value::Map(map) => Value::map(map.iter().rev().map(|(key, value)| (key.clone(), backwards(value)))),
        Value::List(items) => Value::list(items.iter().map(backwards)),
        other => other.clone(),
    }
}

/// Returns what the service fills in: values of its own where the stack leaves a field alone, and empty values
/// where there is nothing.
fn additions(record: &Record, fields: &Map, nature: &mut Chance, skip: impl Fn(&str) -> bool) -> Map {
    let mut added = Map::new();
    for (name, field) in &record.fields {
        // Drawn for every field, so that what is there does not shift what the others get.
        let lucky = nature.once_in(2);
        let plain = field.refers.is_none()
            && !matches!(field.equal, Equal::By(_) | Equal::Beside(_))
            && !field.local
            && !field.write_only
            && !field.sensitive;
        if !lucky || !plain || skip(name) || record.tag.is_some() || fields.contains_key(*name) {
            continue;
        }
        let value = match field.absent {
            Absent::LeftAlone => invented(&field.shape),
            Absent::None => empty(&field.shape),
            Absent::Required | Absent::Default(_) | Absent::DefaultOf(_) => None,
        };
        if let Some(value) = value {
            added.insert((*name).into(), value);
        }
    }
    added
}

/// Returns a value that the schema allows, if one can be told from the shape alone.
fn invented(shape: &Shape) -> Option<Value> {
    match shape {
        Shape::Bool => Some(true.into()),
        Shape::Integer { min, max } => Some(min.or(*max).unwrap_or(1).into()),
        Shape::Number { min, max } => Some(min.or(*max).unwrap_or(1.0).into()),
        Shape::Text(text) => match text.values.last() {
            Some(value) => Some((*value).into()),
            None => (text.pattern.is_none() && text.min.unwrap_or(0) <= 3).then(|| "aws".into()),
        },
        _ => None,
    }
}

fn empty(shape: &Shape) -> Option<Value> {
    match shape {
        Shape::Bool => Some(false.into()),
        Shape::Integer { .. } => Some(Value::Int(0)),
        Shape::Number { .. } => Some(Value::Float(0.0)),
        Shape::Text(text) => text.values.is_empty().then(|| "".into()),
        Shape::List(_) => Some(Value::from(Vec::<Value>::new())),
        Shape::Map(_) | Shape::Record(_) => Some(Map::new().into()),
        Shape::Document => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::schema::Attribute;

    #[test]
    fn a_disguise_changes_the_spelling_and_no_meaning() {
        let schema = Schema::new("things", "thing", Attribute::given("t-{hex8}")).fields([
            ("zones", Field::set(Field::text().shape)),
            ("steps", Field::list(Field::text().shape)),
            ("policy", Field::document().compared(Equal::Policy)),
            ("size", Field::integer(2, 9).left_alone()),
            ("note", Field::text()),
        ]);
        let document: serde_json::Value =
            serde_json::from_str(r#"{"Version": "1", "Statement": [{"Effect": "Allow", "Action": ["a", "b"]}]}"#)
                .unwrap();
        let mut live = Live::new("things", None, "t-1");
        live.field("zones", Value::list(["a", "b", "c", "d"])).field("steps", Value::list(["x", "y"]));
        live.field("policy", Value::from(document));
        let mut seen = std::collections::BTreeSet::new();
        for read in 0..20 {
            let mut shown = live.clone();
            disguise(&schema, &mut shown, &mut Chance::new(read), 1);
            seen.insert(shown.fields["zones"].to_string());
            assert_eq!(shown.fields["zones"].as_list().unwrap().len(), 4);
            assert_eq!(shown.fields["steps"], live.fields["steps"]);
            assert!(shown.fields.get("size").is_none_or(|size| *size == Value::Int(2)));
            assert!(shown.fields.get("note").is_none_or(Value::is_empty));
        }
        assert!(seen.len() > 1);
    }
}
