//! What the cases of a kind leave out.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use trueup::model::schema::Schema;
use trueup::model::shape::{Absent, Change, Record, Shape};

use super::case::{Case, Cases};

/// Returns the path of each field that no case sets, and of each that no case changes or removes.
pub fn missing(schema: &Schema, cases: &Cases) -> Vec<(String, &'static str)> {
    let mut set = BTreeSet::new();
    for case in cases.cases.values() {
        for (field, value) in case.fields.iter().chain(&case.change) {
            collect(&schema.fields, field, value, "", &mut set);
        }
    }
    let paths = paths(&schema.fields, "");
    let within = |path: &str, outer: &str| path == outer || path.starts_with(&format!("{outer}."));
    let unset: Vec<&String> = paths.iter().filter(|path| !set.contains(*path)).collect();
    let unproven = |path: &str| cases.unproven.keys().any(|outer| within(path, outer));
    let outermost = |path: &str| !unset.iter().any(|outer| *outer != path && within(path, outer));

    let mut missing: Vec<_> = unset
        .iter()
        .filter(|path| !unproven(path) && outermost(path))
        .map(|path| ((*path).clone(), "no case sets it, and it is not said why"))
        .collect();
    let stale = cases.unproven.keys().filter(|outer| !unset.iter().any(|path| within(path, outer)));
    missing.extend(stale.map(|outer| (outer.clone(), "a case sets it: it is not unproven")));
    let unmoved = schema.fields.fields.iter().filter(|(name, field)| {
        let settled = matches!(field.change, Change::Replace) || field.local || **name == "tags" || unproven(name);
        !settled && !cases.cases.values().any(|case| moves(case, name, &field.absent))
    });
    missing.extend(unmoved.map(|(name, _)| ((*name).to_owned(), "no case changes or removes it")));
    missing
}

/// Returns true if a case changes a field, or removes it.
fn moves(case: &Case, name: &str, absent: &Absent) -> bool {
    let kept = matches!(absent, Absent::Required) || case.keep.iter().any(|kept| kept == name);
    case.change.contains_key(name) || (!kept && case.fields.contains_key(name))
}

/// Returns the paths of all fields, at every depth.
fn paths(record: &Record, prefix: &str) -> Vec<String> {
    let mut all = Vec::new();
    for (name, field) in &record.fields {
        if field.local || (prefix.is_empty() && *name == "tags") {
            continue;
        }
        let path = format!("{prefix}{name}");
        if let Some(inner) = field.shape.record() {
            all.extend(paths(inner, &format!("{path}.")));
        }
        all.push(path);
    }
    all
}

/// Collects the paths that a value sets.
fn collect(record: &Record, name: &str, value: &Json, prefix: &str, set: &mut BTreeSet<String>) {
    let path = format!("{prefix}{name}");
    if let Some(field) = record.fields.get(name) {
        inside(&field.shape, value, &format!("{path}."), set);
    }
    set.insert(path);
}

fn inside(shape: &Shape, value: &Json, prefix: &str, set: &mut BTreeSet<String>) {
    match (shape, value) {
        (Shape::Record(record), Json::Object(fields)) => {
            fields.iter().for_each(|(name, value)| collect(record, name, value, prefix, set));
        }
        (Shape::List(list), Json::Array(items)) => items.iter().for_each(|item| inside(&list.item, item, prefix, set)),
        (Shape::Map(item), Json::Object(entries)) => {
            entries.values().for_each(|value| inside(item, value, prefix, set))
        }
        _ => {}
    }
}
