//! What a reference to a resource gives: `buckets.content.arn`.

use std::sync::Arc;

use super::eval::{Missing, suggestion};
use super::evaluation::Evaluation;
use super::program::Block;
use crate::model::names::{DefaultName, default_name};
use crate::model::schema::{Source, fill};
use crate::model::shape::{Absent, Field};
use crate::model::value::{Map, Value};

impl Evaluation<'_> {
    /// Returns an attribute or field of a resource. In this order: what is known of the account, what can be computed
    /// before creation, what the stack writes, what omitting the field means.
    pub fn attribute(&self, index: usize, key: Option<&Arc<str>>, name: &str) -> Result<Value, Missing> {
        self.look();
        let block = &self.program.blocks[index];
        let schema = self.program.schema_of(block);
        let field = schema.fields.fields.get(name);
        let attribute = schema.attributes.get(name);
        let is_sensitive = field.is_some_and(|field| field.sensitive);
        let hide = |value: Value| match value {
            Value::Null | Value::Unknown(_) | Value::Secret(_) => value,
            value if is_sensitive => Value::Secret(Arc::new(value)),
            value => value,
        };
        let address = self.program.address(index, key);
        if (field.is_some() || attribute.is_some())
            && let Some(value) = self.facts.attributes.get(&address).and_then(|known| known.get(name))
        {
            return Ok(hide(value.clone()));
        }
        let unknown = || Value::unknown(format!("{address}.{name}"));
        if let Some(attribute) = attribute
            && let Source::Computed(template) = attribute.source
            && let Some(text) = self.computed(block, key, template)?
        {
            return Ok(text.into());
        }
        match field {
            Some(field) => Ok(hide(self.field_or_default(block, key, name, field)?.unwrap_or_else(unknown))),
            None if attribute.is_some() => Ok(unknown()),
            None => Err(no_attribute(schema.one, name, schema)),
        }
    }

    /// Returns what the stack says of a field: none if only the account can tell.
    fn field_or_default(
        &self,
        block: &Block,
        key: Option<&Arc<str>>,
        name: &str,
        field: &Field,
    ) -> Result<Option<Value>, Missing> {
        if name == "tags" {
            return self.tags(block, key).map(|tags| Some(tags.into()));
        }
        if let Some(place) = block.fields.get_index_of(name) {
            let value = self.field(block.index, key, place)?;
            if !value.is_null() {
                return Ok(Some(value));
            }
        }
        let schema = self.program.schema_of(block);
        if schema.naming.is_some_and(|naming| naming.field == name) {
            return Ok(self.default_name(block, key).map(|name| name.text.into()));
        }
        Ok(match &field.absent {
            Absent::Default(value) => Some(value.clone()),
            Absent::DefaultOf(rule) => Some(rule(&self.beside(block, key, name))),
            Absent::None => Some(Value::Null),
            Absent::Required | Absent::LeftAlone => None,
        })
    }

    /// Returns the other fields, as far as the stack writes them.
    fn beside(&self, block: &Block, key: Option<&Arc<str>>, name: &str) -> Map {
        let mut beside = Map::new();
        for (place, (other, _)) in block.fields.iter().enumerate() {
            if *other != name
                && let Ok(value) = self.field(block.index, key, place)
                && !value.is_null()
            {
                beside.insert((*other).into(), value);
            }
        }
        beside
    }

    /// Fills an attribute's template: none if something in it is not known yet.
    fn computed(&self, block: &Block, key: Option<&Arc<str>>, template: &str) -> Result<Option<String>, Missing> {
        let mut failed = None;
        let text = fill(template, |name| match name {
            "account" => self.facts.account.clone(),
            "partition" => self.facts.partition.clone(),
            "region" => self.program.regions.first().cloned(),
            _ => match self.attribute(block.index, key, name) {
                Ok(value) => match value.peel() {
                    Value::Str(text) => Some(text.clone()),
                    Value::Int(number) => Some(number.to_string().into()),
                    _ => None,
                },
                Err(missing) => {
                    failed = Some(missing);
                    None
                }
            },
        });
        failed.map_or(Ok(text), Err)
    }

    /// Returns the name that a resource without one gets: none while the account is not known and needed.
    pub fn default_name(&self, block: &Block, key: Option<&Arc<str>>) -> Option<DefaultName> {
        let naming = self.program.schema_of(block).naming?;
        let place = match (&self.facts.account, self.program.regions.first()) {
            (Some(account), Some(region)) => Some((&**account, &**region)),
            _ => None,
        };
        default_name(
            &naming,
            &self.program.name,
            self.program.environment.as_deref(),
            &block.name,
            key.map(|key| &**key),
            place,
        )
    }
}

fn no_attribute(one: &str, name: &str, schema: &crate::model::schema::Schema) -> Missing {
    let known: Vec<&str> = schema.attributes.keys().chain(schema.fields.fields.keys()).copied().collect();
    Missing::Wrong { message: format!("a {one} has no `{name}`"), help: suggestion(name, &known) }
}
