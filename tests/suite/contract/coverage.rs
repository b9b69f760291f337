//! What the cases of a kind leave out.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use trueup::model::schema::Schema;
use trueup::model::shape::{Absent, Change, Record, Shape};

use super::case::Cases;

/// Returns the path of each field that no case sets, and of each that no case changes or removes.
pub fn missing(schema: &Schema, cases: &Cases) -> Vec<(String, &'static str)> {
    let mut missing = Vec::new();
    let mut set = BTreeSet::new();
    for case in cases.cases.values() {
        for (field, value) in case.fields.iter().chain(&case.change) {
            collect(&schema.fields, field, value, "", &mut set);
        }
    }
    for path in paths(&schema.fields, "") {
        if !set.contains(&path) {
            missing.push((path, "no case sets it"));
        }
    }
    for (name, field) in schema.fields.fields.iter().filter(|(name, _)| **name != "tags") {
        let settled = matches!(field.change, Change::Replace) || field.local;
        let moved = cases.cases.values().any(|case| {
            let kept = matches!(field.absent, Absent::Required)
                || case.keep.iter().any(|kept| kept == name)
                || !case.fields.contains_key(*name);
            case.change.contains_key(*name) || !kept
        });
        if !settled && !moved {
            missing.push(((*name).to_owned(), "no case changes or removes it"));
        }
    }
    missing
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
