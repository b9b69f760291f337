//! A stack that was read: its parts, its variables resolved, its expressions parsed.

use std::collections::HashMap;
use std::sync::Arc;

use indexmap::IndexMap;

use super::evaluation::Shared;
use super::files::Files;
use super::source::Sources;
use super::term::{Term, TermEntry};
use crate::model::address::Address;
use crate::model::problem::Span;
use crate::model::schema::Schema;
use crate::model::value::Map;

/// A stack, read and checked, with its variables resolved. Nothing in it depends on the account.
pub struct Program {
    pub(super) sources: Sources,
    pub(super) files: Files,
    pub(super) schemas: &'static [Schema],
    pub(super) name: Arc<str>,
    pub(super) environment: Option<Arc<str>>,
    pub(super) regions: Vec<Arc<str>>,
    pub(super) account: Option<Arc<str>>,
    pub(super) variables: Arc<Map>,
    pub(super) locals: IndexMap<Arc<str>, Term>,
    /// The stack's own tags.
    pub(super) tags: Option<Term>,
    pub(super) blocks: Vec<Block>,
    /// The names of the kinds, by schema.
    pub(super) kinds: Vec<Arc<str>>,
    /// The blocks of each section by name, by schema.
    pub(super) by_name: Vec<HashMap<Arc<str>, usize>>,
    pub(super) outputs: IndexMap<Arc<str>, Output>,
    pub(super) shared: Shared,
}

/// One block of a section: a resource, or several with `for_each`.
#[derive(Debug)]
pub(super) struct Block {
    pub index: usize,
    /// The index of the kind's schema.
    pub schema: usize,
    pub name: Arc<str>,
    /// The place of the name.
    pub span: Span,
    /// What is written, by the schema's own names.
    pub fields: IndexMap<&'static str, Term>,
    pub for_each: Option<Term>,
    pub when: Option<Term>,
    /// The rest of `manage`.
    pub settings: Vec<TermEntry>,
    pub settings_span: Span,
}

/// What a stack gives back.
#[derive(Debug)]
pub(super) struct Output {
    pub value: Term,
    pub description: Option<Arc<str>>,
    pub is_sensitive: bool,
}

impl Program {
    /// Returns the block of this name in a section.
    pub(super) fn find(&self, schema: usize, name: &str) -> Option<usize> {
        self.by_name.get(schema)?.get(name).copied()
    }

    pub(super) fn names(&self, schema: usize) -> impl Iterator<Item = &str> {
        self.blocks.iter().filter(move |block| block.schema == schema).map(|block| &*block.name)
    }

    pub(super) fn schema_of(&self, block: &Block) -> &'static Schema {
        &self.schemas[block.schema]
    }

    pub(super) fn address(&self, block: usize, key: Option<&Arc<str>>) -> Address {
        let block = &self.blocks[block];
        Address { kind: self.kinds[block.schema].clone(), name: block.name.clone(), key: key.cloned() }
    }

    /// Returns the block of an address, if the stack has it.
    pub(super) fn block_of(&self, address: &Address) -> Option<&Block> {
        let schema = self.schemas.iter().position(|schema| schema.kind == &*address.kind)?;
        self.find(schema, &address.name).map(|index| &self.blocks[index])
    }

    /// Returns every template of the stack.
    pub(super) fn terms(&self) -> impl Iterator<Item = &Term> {
        let blocks = self.blocks.iter().flat_map(|block| {
            let manage =
                block.for_each.iter().chain(&block.when).chain(block.settings.iter().map(|entry| &entry.value));
            block.fields.values().chain(manage)
        });
        let outputs = self.outputs.values().map(|output| &output.value);
        self.locals.values().chain(&self.tags).chain(blocks).chain(outputs)
    }
}
