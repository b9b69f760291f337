//! Tags of a resource: the user's, which are fields, and the owner's, which are memory.

use std::sync::Arc;

use crate::model::address::Address;
use crate::model::delta::FieldChange;
use crate::model::live::Live;
use crate::model::owner::{Keep, Mark, Owner, tag, user_tags};
use crate::model::schema::{Schema, Tagging};
use crate::model::shape::Effect;
use crate::model::stack::Manage;
use crate::model::value::{Map, Value};
use crate::world::TagChange;

/// Puts the user's tags among the fields of a live resource, where they are compared like any other.
pub fn expose(live: &mut Live, schema: &Schema, ignored: &[Arc<str>]) {
    if schema.tagging == Tagging::Tags {
        let mut tags = user_tags(&live.tags);
        tags.retain(|key, _| !ignored.iter().any(|pattern| matches(pattern, key)));
        live.fields.shift_remove("tags");
        live.field("tags", if tags.is_empty() { Value::Null } else { tags.into() });
    }
}

fn matches(pattern: &str, key: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(prefix) => key.starts_with(prefix),
        None => pattern == key,
    }
}

/// Returns the mark that a resource of the stack should carry.
pub fn mark(owner: &Owner, address: &Address, manage: &Manage) -> Mark {
    let keep = match (manage.protect, manage.retain) {
        (true, _) => Some(Keep::Protect),
        (false, true) => Some(Keep::Retain),
        (false, false) => None,
    };
    Mark::new(owner, address.clone(), keep)
}

/// Returns all tags for the create call.
pub fn at_birth(fields: &Map, mark: &Mark) -> Map {
    let mut tags = fields.get("tags").and_then(Value::as_map).cloned().unwrap_or_default();
    tags.extend(mark.to_tags());
    tags
}

/// Returns the tags to set and remove on a live resource so that it has the wanted ones and this mark.
pub fn change(live: &Live, wanted: &Map, mark: &Mark) -> TagChange {
    let mut change = TagChange::default();
    let user = wanted.get("tags").and_then(Value::as_map).cloned().unwrap_or_default();
    let was = live.fields.get("tags").and_then(Value::as_map).cloned().unwrap_or_default();
    change.remove.extend(was.keys().filter(|key| !user.contains_key(*key)).cloned());
    let owner_tags = mark.to_tags();
    let stale = live.tags.keys().filter(|key| key.starts_with(tag::PREFIX) && !owner_tags.contains_key(*key));
    change.remove.extend(stale.cloned());
    for (key, value) in user.iter().chain(&owner_tags) {
        if live.tags.get(key) != Some(value) {
            change.set.insert(key.clone(), value.clone());
        }
    }
    change
}

/// Returns the change that takes the owner's tags off.
pub fn forgotten(live: &Live) -> TagChange {
    let owner_tags = live.tags.keys().filter(|key| key.starts_with(tag::PREFIX));
    TagChange { set: Map::new(), remove: owner_tags.cloned().collect() }
}

/// Returns what differs between the mark of a live resource and the wanted one, as fields under `manage`.
pub fn mark_changes(
    owner: &Owner,
    address: &Address,
    manage: &Manage,
    live: &Live,
    schema: &Schema,
) -> Vec<FieldChange> {
    let wanted = mark(owner, address, manage);
    let is = live.mark();
    let keep = |mark: Option<&Mark>| Value::from(mark.and_then(|mark| mark.keep).map(Keep::as_str));
    let replaced_by = |mark: Option<&Mark>| Value::from(mark.and_then(|mark| mark.replaced_by.clone()));
    let pairs = [
        ("manage.keep", keep(is.as_ref()), keep(Some(&wanted))),
        ("manage.replaced_by", replaced_by(is.as_ref()), Value::Null),
    ];
    let mut changes: Vec<_> = pairs
        .into_iter()
        .filter(|(_, before, after)| before != after)
        .map(|(path, before, after)| FieldChange {
            path: path.into(),
            before,
            after,
            effect: Effect::InPlace,
            sensitive: false,
        })
        .collect();
    if changes.is_empty() && is.is_some() && schema.tagging == Tagging::Tags && !live.tags.contains_key(tag::VERSION) {
        changes.push(FieldChange {
            path: "manage.version".into(),
            before: Value::Null,
            after: "1".into(),
            effect: Effect::InPlace,
            sensitive: false,
        });
    }
    changes
}
