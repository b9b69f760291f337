//! Writes: what AWS would refuse is refused, what it would fill in is filled in.

use std::sync::Arc;

use crate::diff::complete;
use crate::model::delta::FieldChange;
use crate::model::failure::{Class, Failure};
use crate::model::live::Live;
use crate::model::schema::{Place, Schema, Scope, Source, Tagging};
use crate::model::shape::{Change, Effect, Field, Record, Shape};
use crate::model::value::{Map, Value};
use crate::world::{Born, New, Old, Revision};

use super::Sandbox;
use super::birth::{self, Seed};
use super::store::Account;
use super::stored::{Key, Stored, without_nulls};
use super::{ties, validity};

/// AWS's bound on the tags of one resource.
const TAGS_MAX: usize = 50;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    Create,
    Update,
    Delete,
}

/// Returns the operation that a write of this kind counts as: the one of those that the schema names whose name fits.
pub fn operation(schema: &Schema, verb: Verb) -> String {
    let (words, invented): (&[&str], _) = match verb {
        Verb::Create => (&["Create", "Allocate", "Run", "Put", "Register"], "Create"),
        Verb::Update => (&["Modify", "Update", "Put", "Set", "Change", "Create", "Attach"], "Update"),
        Verb::Delete => (&["Delete", "Release", "Terminate", "Deregister"], "Delete"),
    };
    let named = |word: &&str| {
        let is_it = |name: &&&str| name.split(':').nth(1).is_some_and(|action| action.starts_with(*word));
        schema.writes.iter().find(is_it).map(|name| (*name).to_owned())
    };
    words.iter().find_map(named).unwrap_or_else(|| format!("{}:{invented}", schema.kind))
}

impl Failure {
    /// Says which operation failed.
    #[must_use]
    pub(super) fn of(mut self, operation: &str) -> Failure {
        operation.clone_into(&mut self.call);
        self
    }
}

impl Sandbox {
    /// Creates, and returns whether something was made: a repeated create, told by its token, makes nothing.
    pub(super) fn created(&self, schema: &Schema, new: &New<'_>) -> Result<(Born, bool), Failure> {
        let token: Arc<str> = new.token.nth(0).into();
        let mut store = self.store.borrow_mut();
        let mut locked = store.lock()?;
        if let Some(earlier) = self.repeated(schema, locked.account(), &token) {
            return Ok((born(&earlier), false));
        }
        let region = (schema.scope == Scope::Regional).then(|| new.place.region.clone());
        let fields = self.accepted(schema, new.place, locked.account(), new.fields, new.tags, None)?;
        let (key, birth, attributes) =
            identity(schema, new.place, region, &new.address.to_string(), &fields, locked.account())?;
        let stored = Stored {
            key,
            birth,
            revision: 0,
            token: Some(token),
            holds_data: false,
            fields: reported(schema, &fields),
            attributes,
            tags: revealed(new.tags),
        };
        locked.put(stored.clone())?;
        self.weather.borrow_mut().created(&stored.key, schema.naming.is_some());
        Ok((born(&stored), true))
    }

    /// Returns what an earlier call with this token made.
    fn repeated(&self, schema: &Schema, account: &Account, token: &Arc<str>) -> Option<Arc<Stored>> {
        let forgets = self.weather.borrow().hostility.forgets_tokens;
        let is_it = |stored: &&Arc<Stored>| !forgets && stored.token.as_ref() == Some(token);
        ties::of_kind(account, schema.kind).find(is_it).cloned()
    }

    /// Changes what the delta touches, and returns the attributes that changed.
    pub(super) fn updated(&self, schema: &Schema, revision: &Revision<'_>) -> Result<Map, Failure> {
        let mut store = self.store.borrow_mut();
        let mut locked = store.lock()?;
        let before = existing(locked.account(), schema, revision.live)?;
        let mut fields = before.fields.clone();
        let is_of_fields =
            |change: &&FieldChange| change.field() != "tags" && schema.fields.fields.contains_key(change.field());
        for change in revision.delta.changes.iter().filter(is_of_fields) {
            refuse_replacement(schema, &before, revision.fields, change)?;
            match revision.fields.get(change.field()).filter(|value| !value.is_null()) {
                Some(value) => fields.insert(change.field().into(), value.clone()),
                None => fields.shift_remove(change.field()),
            };
        }
        let tags = revision.tags.apply(&before.tags);
        let fields = self.accepted(schema, revision.place, locked.account(), &fields, &tags, Some(&before.key))?;
        let mut after = Stored { fields: reported(schema, &fields), tags: revealed(&tags), ..(*before).clone() };
        if revision.delta.changes.iter().any(|change| is_of_fields(&change)) {
            after.revision += 1;
            let seed = Seed {
                region: &revision.place.region,
                address: &before.key.id,
                birth: before.birth,
                revision: after.revision,
            };
            after.attributes = birth::attributes(schema, revision.place, &fields, seed, Some(&before.attributes));
        }
        let mut moved = after.attributes.clone();
        moved.retain(|name, value| before.attributes.get(name) != Some(value));
        locked.put(after)?;
        self.weather.borrow_mut().updated((*before).clone());
        Ok(moved)
    }

    /// Deletes, and returns whether there was something to delete.
    pub(super) fn deleted(&self, schema: &Schema, old: &Old<'_>) -> Result<bool, Failure> {
        let mut store = self.store.borrow_mut();
        let mut locked = store.lock()?;
        let Ok(before) = existing(locked.account(), schema, old.live) else { return Ok(false) };
        let forced = old.fields.and_then(|fields| fields.get("force_destroy")).and_then(Value::as_bool);
        if before.holds_data && !old.lose_data && forced != Some(true) {
            let message = format!("{} `{}` is not empty", schema.one, before.key.id);
            return Err(refusal(Class::DataLoss, &code(schema, "NotEmpty"), message));
        }
        let holders = ties::holders(locked.account(), &self.schemas, &before);
        if let Some((holder, path)) = holders.first() {
            let message = format!("{} `{}` is in use by `{path}` of `{}`", schema.one, before.key.id, holder.id);
            return Err(refusal(Class::InUse, "DependencyViolation", message));
        }
        locked.bury(&before.key)?;
        self.weather.borrow_mut().deleted((*before).clone());
        Ok(true)
    }

    /// Returns the fields of a request with defaults filled in, or why AWS would refuse it.
    fn accepted(
        &self,
        schema: &Schema,
        place: &Place,
        account: &Account,
        fields: &Map,
        tags: &Map,
        own: Option<&Key>,
    ) -> Result<Map, Failure> {
        let mut fields = without_nulls(&revealed(fields));
        if schema.tagging == Tagging::Tags {
            fields.shift_remove("tags");
        }
        let invalid = |message: String| Err(refusal(Class::Invalid, "ValidationError", message));
        if let Some(fault) = validity::fault(&schema.fields, &fields) {
            return invalid(fault);
        }
        if let Some(naming) = schema.naming.filter(|naming| !fields.contains_key(naming.field)) {
            return invalid(format!("`{}` is required", naming.field));
        }
        if tags.len() > TAGS_MAX {
            return invalid(format!("there are {} tags, and may be {TAGS_MAX}", tags.len()));
        }
        if let Some(mention) = ties::dangling(account, &self.schemas, schema, place, &fields) {
            let one = self.schema(mention.refers.kind).map_or(mention.refers.kind, |target| target.one);
            let message = format!("the {one} `{}` of `{}` does not exist", mention.value, mention.path);
            return Err(refusal(Class::Invalid, &format!("Invalid{}.NotFound", pascal(one)), message));
        }
        let fields = complete(&schema.fields, &fields);
        let region = (schema.scope == Scope::Regional).then_some(&place.region);
        if let Some((holder, what)) = ties::claimed(account, schema, region, &fields, own) {
            let message = format!("{what} is taken by {} `{}`", schema.one, holder.id);
            return Err(refusal(Class::Exists, &code(schema, "AlreadyExists"), message));
        }
        Ok(fields)
    }
}

/// Returns the key and attributes of a new resource: an id that was never given, or a name that nobody has.
pub(super) fn identity(
    schema: &Schema,
    place: &Place,
    region: Option<Arc<str>>,
    address: &str,
    fields: &Map,
    account: &Account,
) -> Result<(Key, u32, Map), Failure> {
    let is_chosen = matches!(schema.attributes["id"].source, Source::Given(_));
    let mut birth = 0;
    loop {
        let seed = Seed { region: region.as_deref().unwrap_or("global"), address, birth, revision: 0 };
        let attributes = birth::attributes(schema, place, fields, seed, None);
        let Some(id) = attributes.get("id").and_then(Value::as_str) else {
            return Err(refusal(Class::Invalid, "ValidationError", "its id cannot be told from its fields"));
        };
        let key = Key { region: region.clone(), kind: schema.kind.into(), id: id.into() };
        let is_live = account.live.contains_key(&key);
        match account.gone.get(&key) {
            _ if is_live && !is_chosen => {
                let message = format!("{} `{}` exists already", schema.one, key.id);
                return Err(refusal(Class::Exists, &code(schema, "AlreadyExists"), message));
            }
            Some(before) if birth <= before.birth => birth = before.birth + 1,
            None if is_live => birth += 1,
            _ => return Ok((key, birth, attributes)),
        }
    }
}

fn existing(account: &Account, schema: &Schema, live: &Live) -> Result<Arc<Stored>, Failure> {
    let key = Key { region: live.region.clone(), kind: schema.kind.into(), id: live.id.clone() };
    account.live.get(&key).cloned().ok_or_else(|| {
        let message = format!("{} `{}` does not exist", schema.one, live.id);
        refusal(Class::NotFound, &code(schema, "NotFound"), message)
    })
}

/// Refuses to change what can only be chosen at creation.
fn refuse_replacement(schema: &Schema, before: &Stored, fields: &Map, change: &FieldChange) -> Result<(), Failure> {
    let whole = |map: &Map| map.get(change.field()).cloned().unwrap_or_default();
    let path = fields_along(&schema.fields, &change.path);
    let is_fixed = path.iter().enumerate().any(|(depth, field)| match field.change {
        Change::InPlace => false,
        Change::Replace => true,
        Change::Depends(rule) if depth == 0 => {
            rule(&whole(&before.fields), &whole(fields), &before.fields) == Effect::Replace
        }
        Change::Depends(rule) => rule(&change.before, &change.after, &before.fields) == Effect::Replace,
    });
    match is_fixed {
        true => Err(refusal(Class::Invalid, "ValidationError", format!("`{}` cannot be changed", change.path))),
        false => Ok(()),
    }
}

/// Returns the fields along a path such as `listeners[80].rules`, from the outermost on.
fn fields_along<'a>(record: &'a Record, path: &str) -> Vec<&'a Field> {
    let mut along = Vec::new();
    let mut record = Some(record);
    for name in path.split('.').map(|name| name.split('[').next().unwrap_or(name)) {
        // What is inside a map or a document has no field of its own: the field around it says what changing means.
        let Some(field) = record.and_then(|record| record.fields.get(name)) else { break };
        along.push(field);
        record = field.shape.record();
    }
    along
}

/// Returns the fields that a read reports: not those that AWS never tells, and not those that only trueup knows.
fn reported(schema: &Schema, fields: &Map) -> Map {
    told(&schema.fields, fields)
}

fn told(record: &Record, fields: &Map) -> Map {
    let is_told = |name: &str| record.fields.get(name).is_none_or(|field| !field.local && !field.write_only);
    let inner = |name: &str, value: &Value| match record.fields.get(name) {
        Some(field) => told_in(&field.shape, value),
        None => value.clone(),
    };
    fields.iter().filter(|(name, _)| is_told(name)).map(|(name, value)| (name.clone(), inner(name, value))).collect()
}

fn told_in(shape: &Shape, value: &Value) -> Value {
    match (shape, value) {
        (Shape::Record(record), Value::Map(map)) => told(record, map).into(),
        (Shape::List(list), Value::List(items)) => Value::list(items.iter().map(|item| told_in(&list.item, item))),
        (Shape::Map(item), Value::Map(map)) => {
            Value::map(map.iter().map(|(key, value)| (key.clone(), told_in(item, value))))
        }
        (_, other) => other.clone(),
    }
}

fn revealed(map: &Map) -> Map {
    map.iter().map(|(key, value)| (key.clone(), value.reveal())).collect()
}

fn born(stored: &Stored) -> Born {
    Born { id: stored.key.id.clone(), attributes: stored.attributes.clone() }
}

fn refusal(class: Class, code: &str, message: impl Into<String>) -> Failure {
    Failure { code: Some(code.to_owned()), ..Failure::new(class, message) }
}

/// Returns an error code in AWS's style: `LaunchTemplateAlreadyExists`.
fn code(schema: &Schema, what: &str) -> String {
    pascal(schema.one) + what
}

fn pascal(words: &str) -> String {
    let capital = |word: &str| {
        let mut letters = word.chars();
        letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
    };
    words.split([' ', '-', '_']).map(capital).collect()
}
