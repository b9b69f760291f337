//! Answers to reads.

use crate::model::failure::Failure;
use crate::model::live::{Live, Phase};
use crate::model::schema::{Schema, Scope};
use crate::model::value::Value;
use crate::world::Ask;

use super::Sandbox;
use super::disguise::disguise;
use super::stored::Stored;
use super::ties;

/// Returns the operation that a read of this kind counts as: the first of those that the schema names.
pub fn operation(schema: &Schema) -> String {
    schema.reads.first().map_or_else(|| format!("{}:Read", schema.kind), |name| (*name).to_owned())
}

impl Sandbox {
    /// Returns what a read finds, as stale, lagging and disguised as the weather is.
    pub(super) fn found(&self, schema: &Schema, region: &str, ask: &Ask) -> Result<Vec<Live>, Failure> {
        let mut store = self.store.borrow_mut();
        let account = store.read()?;
        let mut weather = self.weather.borrow_mut();
        let here = |stored: &Stored| {
            *stored.key.kind == *schema.kind
                && (schema.scope == Scope::Global || stored.key.region.as_deref() == Some(region))
        };
        let mut found = Vec::new();
        for current in ties::of_kind(account, schema.kind).filter(|stored| here(stored)) {
            let shown = weather.stale(&current.key).unwrap_or_else(|| (**current).clone());
            let is_asked = asked(schema, &shown, ask);
            if !is_asked || (matches!(ask, Ask::Owned(_)) && weather.is_unindexed(&current.key)) {
                continue;
            }
            let mut live = shown.to_live(schema.kind);
            if weather.is_pending(&current.key) {
                live.phase = Phase::Pending;
            }
            found.push(live);
        }
        if matches!(ask, Ask::Owned(_)) {
            let ghosts = weather.ghosts(|stored| here(stored) && asked(schema, stored, ask));
            found.extend(ghosts.iter().filter(|ghost| !account.live.contains_key(&ghost.key)).map(|ghost| {
                let mut live = ghost.to_live(schema.kind);
                live.phase = Phase::Deleting;
                live
            }));
        }
        if weather.hostility.disguise {
            for live in &mut found {
                let nature = nature_of(&live.id);
                disguise(schema, live, &mut weather.chance, nature);
            }
            weather.chance.shuffle(&mut found);
        }
        Ok(found)
    }
}

/// Returns true if the question is about this resource.
fn asked(schema: &Schema, stored: &Stored, ask: &Ask) -> bool {
    match ask {
        Ask::Owned(owner) => stored.mark().is_some_and(|mark| mark.is_of(owner)),
        Ask::Ids(ids) => ids.contains(&stored.key.id),
        Ask::Named(names) => schema.naming.is_some_and(|naming| {
            let name = stored.fields.get(naming.field).and_then(Value::as_str);
            name.is_some_and(|name| names.iter().any(|asked| **asked == *name))
        }),
    }
}

/// Returns a number that is the resource's own, for what stays the same from read to read.
fn nature_of(id: &str) -> u64 {
    id.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}
