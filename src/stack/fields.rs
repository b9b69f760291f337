//! The fields of one resource, and the outputs of a stack.

use std::sync::Arc;

use indexmap::IndexMap;

use super::eval::Missing;
use super::evaluation::Evaluation;
use super::program::Block;
use super::typing::Typing;
use super::view::View;
use crate::model::problem::Problem;
use crate::model::schema::Tagging;
use crate::model::shape::{Absent, Shape};
use crate::model::value::{Map, Value};

impl Evaluation<'_> {
    /// Returns every field of a resource that is not null, in the order of the schema. Defaults are not filled in, except
    /// the name. All of its problems are reported, not only the first.
    pub fn fields(&self, block: &Block, key: Option<&Arc<str>>) -> Result<Map, Missing> {
        let schema = self.program.schema_of(block);
        let mut fields = Map::new();
        let mut has_failed = false;
        for (name, field) in &schema.fields.fields {
            let value = match self.written(block, key, name) {
                Ok(value) => value,
                Err(missing) => {
                    has_failed = true;
                    if let Missing::Wrong { message, help } = missing {
                        self.report.push(Problem { help, ..Problem::at(block.span, message) });
                    }
                    continue;
                }
            };
            if !value.is_null() {
                fields.insert((*name).into(), value);
            } else if let (Absent::Required, Some(term)) = (&field.absent, block.fields.get(name)) {
                has_failed = true;
                self.report.push(Problem::at(term.span, format!("`{name}` is required, and this is null")));
            }
        }
        if has_failed { Err(Missing::Reported) } else { Ok(fields) }
    }

    /// Returns what the stack says of a field, with the default name for the name; null if nothing.
    fn written(&self, block: &Block, key: Option<&Arc<str>>, name: &str) -> Result<Value, Missing> {
        if name == "tags" && self.program.schema_of(block).tagging == Tagging::Tags {
            return self.tags(block, key).map(|tags| if tags.is_empty() { Value::Null } else { tags.into() });
        }
        let value = match block.fields.get_index_of(name) {
            Some(place) => self.field(block.index, key, place)?,
            None => Value::Null,
        };
        let is_name = self.program.schema_of(block).naming.is_some_and(|naming| naming.field == name);
        if is_name && value.is_null() { self.attribute(block.index, key, name) } else { Ok(value) }
    }

    /// Returns the tags of a resource: the stack's own under those of the resource.
    pub fn tags(&self, block: &Block, key: Option<&Arc<str>>) -> Result<Map, Missing> {
        let of_stack = self.stack_tags()?;
        let of_block = match block.fields.get_index_of("tags") {
            Some(place) => self.field(block.index, key, place)?,
            None => Value::Null,
        };
        let mut tags = of_stack.as_map().cloned().unwrap_or_default();
        if let Some(own) = of_block.as_map() {
            tags.extend(own.iter().map(|(key, value)| (key.clone(), value.clone())));
        }
        Ok(tags)
    }

    /// Returns true if a resource goes by its default name.
    pub fn is_default_name(&self, block: &Block, key: Option<&Arc<str>>) -> bool {
        let Some(naming) = self.program.schema_of(block).naming else { return false };
        match block.fields.get_index_of(naming.field) {
            Some(place) => self.field(block.index, key, place).is_ok_and(|value| value.is_null()),
            None => true,
        }
    }

    /// Returns the outputs; sensitive ones are secrets.
    pub fn outputs(&self) -> IndexMap<Arc<str>, Value> {
        let view = View::new(self, None);
        let outputs = self.program.outputs.iter().map(|(name, output)| {
            let value = Typing { view: &view }.term(&output.value, &Shape::Document, "");
            let is_bare = matches!(value, Value::Null | Value::Unknown(_) | Value::Secret(_));
            let value = if output.is_sensitive && !is_bare { Value::Secret(Arc::new(value)) } else { value };
            (name.clone(), value)
        });
        outputs.collect()
    }
}
