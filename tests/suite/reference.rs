//! `docs/kinds.md` says what every kind's schema says. `TRUEUP_WRITE_DOCS=1 cargo test reference` writes it anew.

use std::fmt::Write as _;
use std::path::Path;

use trueup::kinds;
use trueup::model::schema::{Ready, Schema, Scope, Source};
use trueup::model::shape::{Absent, Change, Field, Order, Shape};

#[test]
fn the_reference_of_kinds_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/kinds.md");
    let wanted = page(kinds::schemas());
    if std::env::var_os("TRUEUP_WRITE_DOCS").is_some() {
        std::fs::write(&path, &wanted).unwrap();
    }
    let is = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(is == wanted, "docs/kinds.md is not current: run `TRUEUP_WRITE_DOCS=1 cargo test reference`");
}

fn page(schemas: &[Schema]) -> String {
    let mut out = String::from(
        "# The kinds\n\n\
        Written from the schemas. Fields are AWS's own; the page behind a kind says what they do. *Omitted* says what leaving a field out \
        means: **required**, a default that is enforced, *none* (what is live is removed), or *left alone* (AWS, a scaler or an operator \
        may write it, and whatever is live stays). *Change* says what a change does: in place, or replace. Every kind that can be tagged has `tags`.\n\n",
    );
    for schema in schemas {
        let _ = writeln!(out, "- [{}](#{})", schema.kind, schema.kind);
    }
    for schema in schemas {
        section(&mut out, schema);
    }
    out
}

fn section(out: &mut String, schema: &Schema) {
    let _ = writeln!(out, "\n## {}\n", schema.kind);
    let scope = if schema.scope == Scope::Global { "global" } else { "regional" };
    let ready = match schema.ready {
        Ready::AtOnce => "usable at once",
        Ready::AtEnd => "awaited at the end of an apply",
        Ready::IfAsked => "slow: awaited with `manage.wait: true`",
    };
    let _ = writeln!(out, "One {}: {scope}, {ready}. [AWS's page]({})\n", schema.one, schema.link);
    let _ = writeln!(out, "| field | type | omitted | change |\n|---|---|---|---|");
    rows(out, "", &schema.fields.fields, 0);
    let _ = writeln!(out, "\nAttributes:");
    for (name, attribute) in &schema.attributes {
        let known = match attribute.source {
            Source::Computed(_) => "known before creation",
            Source::Given(_) => "chosen by AWS",
        };
        let moves = if attribute.moves { ", changes with updates" } else { "" };
        let _ = writeln!(out, "- `{name}`: {known}{moves}");
    }
    if !schema.claims.is_empty() {
        let claims: Vec<_> = schema.claims.iter().map(|claim| claim.what).collect();
        let _ = writeln!(out, "\nOnly one live resource can hold {}.", claims.join(", or "));
    }
}

/// Writes a row a field; fields of records two levels deep, below that AWS's page says more.
fn rows<'a>(
    out: &mut String,
    path: &str,
    fields: impl IntoIterator<Item = (&'a &'static str, &'a Field)>,
    depth: usize,
) {
    for (name, field) in fields {
        let path = format!("{path}{name}");
        let note =
            if field.note.is_empty() { String::new() } else { format!("<br>{}", field.note.replace('|', "\\|")) };
        let _ = writeln!(out, "| `{path}` | {}{note} | {} | {} |", kind_of(field), omitted(field), change(field));
        if let Some(record) = field.shape.record().filter(|_| depth < 1) {
            let dots = if matches!(field.shape, Shape::List(_)) { "[]." } else { "." };
            rows(out, &format!("{path}{dots}"), &record.fields, depth + 1);
        }
    }
}

fn kind_of(field: &Field) -> String {
    let mut text = shape(&field.shape);
    if let Some(refers) = field.refers {
        let _ = write!(text, " (`{}.….{}`)", refers.kind, refers.attribute);
    }
    text
}

fn shape(shape_: &Shape) -> String {
    match shape_ {
        Shape::Bool => "true or false".into(),
        Shape::Integer { min: Some(min), max: Some(max) } => format!("integer, {min} to {max}"),
        Shape::Integer { .. } => "integer".into(),
        Shape::Number { .. } => "number".into(),
        Shape::Text(text) if !text.values.is_empty() && text.values.len() <= 12 => {
            text.values.iter().map(|value| format!("`{value}`")).collect::<Vec<_>>().join(", ")
        }
        Shape::Text(text) if !text.values.is_empty() => format!("one of {} values", text.values.len()),
        Shape::Text(_) => "text".into(),
        Shape::Document => "document".into(),
        Shape::List(list) => {
            let order = match list.order {
                Order::Sequence => "list",
                Order::Set => "set",
                Order::Keyed(keys) => return format!("list by {}: {}", keys.join(", "), shape(&list.item)),
            };
            format!("{order} of {}", shape(&list.item))
        }
        Shape::Map(item) => format!("map of {}", shape(item)),
        Shape::Record(_) => "record".into(),
    }
}

fn omitted(field: &Field) -> String {
    match &field.absent {
        Absent::Required => "**required**".into(),
        Absent::Default(value) => format!("`{}`", value.to_string().replace('|', "\\|")),
        Absent::DefaultOf(_) => "depends on other fields".into(),
        Absent::None => "none".into(),
        Absent::LeftAlone => "left alone".into(),
    }
}

fn change(field: &Field) -> &'static str {
    match field.change {
        _ if field.local => "acts on trueup alone",
        Change::InPlace => "in place",
        Change::Replace => "replace",
        Change::Depends(_) => "depends",
    }
}
