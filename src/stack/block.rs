//! Sections: the blocks of one kind, with their fields and `manage`.

use indexmap::IndexMap;

use super::document::Reader;
use super::manage;
use super::program::Block;
use super::typing::unknown_field;
use super::variables::{check_name, map_of};
use super::yaml::{Entry, Kind, Node};
use crate::model::problem::Problem;
use crate::model::schema::Schema;
use crate::model::shape::Absent;

/// Reads a section: its blocks are added to `blocks`.
pub(super) fn read_section(reader: &Reader<'_>, schema: usize, section: Entry, blocks: &mut Vec<Block>) {
    if map_of(&section.value, &section.key, reader.report).is_none() {
        return;
    }
    let Kind::Map(entries) = section.value.kind else { return };
    for entry in entries {
        check_name(&entry.key, entry.key_span, &format!("a {}", reader.schemas[schema].one), reader.report);
        let index = blocks.len();
        blocks.push(read_block(reader, schema, index, entry));
    }
}

fn read_block(reader: &Reader<'_>, index_of_schema: usize, index: usize, entry: Entry) -> Block {
    let schema = &reader.schemas[index_of_schema];
    let address = format!("{}.{}", schema.kind, entry.key);
    let mut block = Block {
        index,
        schema: index_of_schema,
        name: entry.key,
        span: entry.key_span,
        fields: IndexMap::new(),
        for_each: None,
        when: None,
        settings: Vec::new(),
        settings_span: entry.key_span,
    };
    let entries = match entry.value.kind {
        Kind::Map(entries) => entries,
        _ if entry.value.is_null() => Vec::new(),
        _ => {
            let problem =
                Problem::at(entry.value.span, format!("`{address}` takes a map of fields, not {}", entry.value.what()));
            reader.report.push(problem);
            return block;
        }
    };
    for field in entries {
        if &*field.key == "manage" {
            read_manage(reader, &mut block, field);
            continue;
        }
        match schema.fields.fields.get_key_value(&*field.key) {
            // Omitted by `null`: as if it were not there.
            Some(_) if field.value.is_null() => {}
            Some((name, _)) => {
                block.fields.insert(name, reader.term(field.value));
            }
            None => reader.report.push(unknown(&field, schema, &address)),
        }
    }
    check_required(reader, &block, schema, &address);
    block
}

/// Says that there is no such field; what is `manage`'s, or AWS's own, is named as such.
fn unknown(field: &Entry, schema: &Schema, address: &str) -> Problem {
    let problem = unknown_field(&field.key, field.key_span, &schema.fields, address);
    if manage::settings().fields.contains_key(&*field.key) {
        return problem.help(format!("it stands under `manage`: `manage: {{{}: …}}`", field.key));
    }
    if schema.attributes.contains_key(&*field.key) {
        return problem.help("AWS sets it: it can be read in expressions, not written");
    }
    problem
}

fn check_required(reader: &Reader<'_>, block: &Block, schema: &Schema, address: &str) {
    let missing: Vec<&str> = schema
        .fields
        .fields
        .iter()
        .filter(|(name, field)| matches!(field.absent, Absent::Required) && !block.fields.contains_key(*name))
        .map(|(name, _)| *name)
        .collect();
    if !missing.is_empty() {
        reader.report.push(Problem::at(block.span, format!("`{address}` needs `{}`", missing.join("`, `"))));
    }
}

fn read_manage(reader: &Reader<'_>, block: &mut Block, entry: Entry) {
    block.settings_span = entry.key_span;
    if map_of(&entry.value, "manage", reader.report).is_none() {
        return;
    }
    let Node { kind: Kind::Map(entries), .. } = entry.value else { return };
    for setting in entries {
        if let Some(problem) = manage::check_key(&setting.key, setting.key_span) {
            reader.report.push(problem);
            continue;
        }
        if setting.value.is_null() {
            continue;
        }
        let (key, key_span) = (setting.key, setting.key_span);
        let value = reader.term(setting.value);
        match &*key {
            "for_each" => block.for_each = Some(value),
            "when" => block.when = Some(value),
            _ => block.settings.push(super::term::TermEntry { key, key_span, value }),
        }
    }
}
