//! Another client of the account: a person at the console, another tool, the service itself.

use std::sync::Arc;

use crate::diff::complete;
use crate::model::failure::{Class, Failure};
use crate::model::owner::tag;
use crate::model::schema::{Schema, Scope};
use crate::model::shape::{Change, Shape};
use crate::model::value::{Map, Value};

use super::Sandbox;
use super::hostility::Chance;
use super::stored::{Key, Stored};
use super::{ties, writes};

/// Reads and changes the account behind trueup's back.
pub struct Client<'a> {
    sandbox: &'a Sandbox,
}

impl<'a> Client<'a> {
    pub(super) fn new(sandbox: &'a Sandbox) -> Client<'a> {
        Client { sandbox }
    }

    /// Returns everything that is live, in the order of regions, kinds and ids.
    pub fn everything(&self) -> Result<Vec<Stored>, Failure> {
        let mut store = self.sandbox.store.borrow_mut();
        Ok(store.read()?.live.values().map(|stored| (**stored).clone()).collect())
    }

    /// Changes a resource as it likes; nothing is checked.
    pub fn edit(&self, key: &Key, change: impl FnOnce(&mut Stored)) -> Result<(), Failure> {
        let mut store = self.sandbox.store.borrow_mut();
        let mut locked = store.lock()?;
        let mut stored = match locked.account().live.get(key) {
            Some(stored) => (**stored).clone(),
            None => return Err(Failure::new(Class::NotFound, format!("`{}` does not exist", key.id))),
        };
        change(&mut stored);
        locked.put(stored)
    }

    /// Sets a field; null removes it.
    pub fn set_field(&self, key: &Key, field: &str, value: impl Into<Value>) -> Result<(), Failure> {
        let value = value.into();
        self.edit(key, |stored| set(&mut stored.fields, field, value))
    }

    /// Sets a tag; null removes it.
    pub fn set_tag(&self, key: &Key, name: &str, value: impl Into<Value>) -> Result<(), Failure> {
        let value = value.into();
        self.edit(key, |stored| set(&mut stored.tags, name, value))
    }

    /// Puts data into a resource, so that deleting it would lose something.
    pub fn fill(&self, key: &Key) -> Result<(), Failure> {
        self.edit(key, |stored| stored.holds_data = true)
    }

    /// Deletes a resource, whoever still uses it.
    pub fn delete(&self, key: &Key) -> Result<(), Failure> {
        let mut store = self.sandbox.store.borrow_mut();
        let mut locked = store.lock()?;
        if locked.account().live.contains_key(key) { locked.bury(key) } else { Ok(()) }
    }

    /// Makes a resource of its own, with whatever tags; nothing is checked, defaults are filled in.
    pub fn insert(&self, kind: &str, region: &str, name: &str, fields: &Map, tags: &Map) -> Result<Key, Failure> {
        let Some(schema) = self.sandbox.schema(kind) else {
            return Err(Failure::new(Class::Invalid, format!("there is no kind `{kind}`")));
        };
        let mut store = self.sandbox.store.borrow_mut();
        let mut locked = store.lock()?;
        let place = self.sandbox.place(region);
        let fields = complete(&schema.fields, fields);
        let home: Option<Arc<str>> = (schema.scope == Scope::Regional).then(|| region.into());
        let (key, birth, attributes) =
            writes::identity(schema, &place, home, &format!("another/{name}"), &fields, locked.account())?;
        let stored = Stored {
            key: key.clone(),
            birth,
            revision: 0,
            token: None,
            holds_data: false,
            fields,
            attributes,
            tags: tags.clone(),
        };
        locked.put(stored)?;
        Ok(key)
    }
}

fn set(map: &mut Map, name: &str, value: Value) {
    match value {
        Value::Null => map.shift_remove(name),
        value => map.insert(name.into(), value),
    };
}

impl Sandbox {
    /// Lets others act between two calls, as often as the hostility says.
    pub(super) fn trouble(&self) -> Result<(), Failure> {
        let (meddles, arrives) = {
            let mut weather = self.weather.borrow_mut();
            let meddles = weather.hostility.foreign_writes > 0 && weather.chance.once_in(8);
            let arrives = weather.hostility.foreign_resources > 0 && weather.chance.once_in(6);
            (meddles, arrives)
        };
        let everything = if meddles || arrives { self.another_client().everything()? } else { return Ok(()) };
        // Only what trueup's calls made: those have a token.
        let ours: Vec<&Stored> =
            everything.iter().filter(|stored| stored.tags.contains_key(tag::STACK) && stored.token.is_some()).collect();
        if ours.is_empty() {
            return Ok(());
        }
        let (chosen, mut chance) = {
            let mut weather = self.weather.borrow_mut();
            (ours[weather.chance.below(ours.len())], Chance::new(weather.chance.below(usize::MAX) as u64))
        };
        let Some(schema) = self.schema(&chosen.key.kind) else { return Ok(()) };
        if meddles {
            self.weather.borrow_mut().hostility.foreign_writes -= 1;
            self.meddle(schema, chosen, &mut chance)
        } else if let Some((fields, tags)) = imitation(schema, chosen, &mut chance) {
            self.weather.borrow_mut().hostility.foreign_resources -= 1;
            let region = chosen.key.region.as_deref().unwrap_or("us-east-1");
            self.another_client().insert(schema.kind, region, &chosen.key.id, &fields, &tags).map(drop)
        } else {
            Ok(())
        }
    }

    /// Changes a field, a tag, or deletes what nobody uses.
    fn meddle(&self, schema: &Schema, target: &Stored, chance: &mut Chance) -> Result<(), Failure> {
        let client = self.another_client();
        let is_used = {
            let mut store = self.store.borrow_mut();
            !ties::holders(store.read()?, &self.schemas, target).is_empty()
        };
        let changes: Vec<(&str, Value)> = schema
            .fields
            .fields
            .iter()
            .filter(|(name, field)| {
                matches!(field.change, Change::InPlace)
                    && field.refers.is_none()
                    && !field.local
                    && !field.write_only
                    && schema.naming.is_none_or(|naming| naming.field != **name)
                    && !schema.claims.iter().any(|claim| claim.fields.contains(name))
            })
            .filter_map(|(name, field)| Some((*name, other_value(&field.shape, target.fields.get(*name))?)))
            .collect();
        match chance.below(4) {
            0 if !is_used => client.delete(&target.key),
            1 => client.set_tag(&target.key, "meddler", "was here"),
            _ if changes.is_empty() => client.set_tag(&target.key, "meddler", "was here"),
            _ => {
                let (name, value) = changes[chance.below(changes.len())].clone();
                client.set_field(&target.key, name, value)
            }
        }
    }
}

/// Returns another value that the shape allows.
fn other_value(shape: &Shape, current: Option<&Value>) -> Option<Value> {
    match (shape, current) {
        (Shape::Bool, current) => Some((current.and_then(Value::as_bool) != Some(true)).into()),
        (Shape::Text(text), current) if !text.values.is_empty() => {
            let current = current.and_then(Value::as_str);
            text.values.iter().find(|value| Some(**value) != current).map(|value| (*value).into())
        }
        (Shape::Integer { min, max }, Some(Value::Int(number))) => [number - 1, number + 1]
            .into_iter()
            .find(|other| min.is_none_or(|min| *other >= min) && max.is_none_or(|max| *other <= max))
            .map(Value::Int),
        _ => None,
    }
}

/// Returns the fields and tags of a resource like this one that belongs to others, if it can stand on its own.
fn imitation(schema: &Schema, model: &Stored, chance: &mut Chance) -> Option<(Map, Map)> {
    if !ties::mentions(&schema.fields, &model.fields).is_empty() {
        return None;
    }
    let mut fields = model.fields.clone();
    if let Some(naming) = schema.naming {
        let name = fields.get(naming.field)?.as_str()?;
        let name: String = format!("x{}{name}", chance.below(100)).chars().take(naming.max).collect();
        fields.insert(naming.field.into(), name.into());
    }
    let collides = schema.claims.iter().any(|claim| {
        let is_held = claim.fields.iter().all(|field| fields.get(*field).is_some_and(|value| !value.is_null()));
        is_held && !schema.naming.is_some_and(|naming| claim.fields.contains(&naming.field))
    });
    let mut tags = model.tags.clone();
    match chance.below(3) {
        // Nobody's, another stack's, or the same stack's in another environment.
        0 => tags.retain(|key, _| !key.starts_with(tag::PREFIX)),
        1 => set(&mut tags, tag::STACK, "another-stack".into()),
        _ => set(&mut tags, tag::ENV, "another-environment".into()),
    }
    (!collides).then_some((fields, tags))
}
