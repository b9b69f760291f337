//! Stacks without YAML: what the language gives the engine, in the smallest form.

use std::sync::Arc;

use indexmap::IndexMap;
use trueup::model::address::Address;
use trueup::model::problem::{Problems, Span};
use trueup::model::schema::Scope;
use trueup::model::stack::{Declared, Facts, Layout, Manage, Reference, Resource};
use trueup::model::value::{Map, Value};

use super::kinds;

/// A value, or a reference to be worked out.
#[derive(Clone, Debug)]
pub enum Expr {
    Value(Value),
    Ref(Address, &'static str),
    List(Vec<Expr>),
    Record(Vec<(&'static str, Expr)>),
}

#[derive(Clone, Debug, Default)]
pub struct Block {
    pub fields: Vec<(&'static str, Expr)>,
    pub manage: Manage,
}

#[derive(Clone, Debug, Default)]
pub struct Stack {
    pub blocks: IndexMap<Address, Block>,
}

pub const NAME: &str = "random";
pub const REGION: &str = "us-east-1";

impl Expr {
    fn references(&self, field: &'static str, found: &mut Vec<Reference>) {
        match self {
            Expr::Value(_) => {}
            Expr::Ref(to, attribute) => {
                found.push(Reference { field: field.into(), to: to.clone(), attribute: (*attribute).into() });
            }
            Expr::List(items) => items.iter().for_each(|item| item.references(field, found)),
            Expr::Record(entries) => entries.iter().for_each(|(_, item)| item.references(field, found)),
        }
    }
}

impl Stack {
    pub fn layout(&self) -> Layout {
        let resource = |(address, block): (&Address, &Block)| {
            let schema = kinds::schemas().iter().find(|schema| schema.kind == &*address.kind).unwrap();
            let mut references = Vec::new();
            block.fields.iter().for_each(|(name, expr)| expr.references(name, &mut references));
            let resource = Resource {
                address: address.clone(),
                region: (schema.scope == Scope::Regional).then(|| REGION.into()),
                references,
                manage: block.manage.clone(),
                span: Span::default(),
            };
            (address.clone(), resource)
        };
        Layout { resources: self.blocks.iter().map(resource).collect() }
    }

    fn value(&self, expr: &Expr, facts: &Facts) -> Value {
        match expr {
            Expr::Value(value) => value.clone(),
            Expr::List(items) => Value::list(items.iter().map(|item| self.value(item, facts))),
            Expr::Record(entries) => Value::map(entries.iter().map(|(name, item)| (*name, self.value(item, facts)))),
            Expr::Ref(to, attribute) => {
                let written = self.blocks.get(to).and_then(|block| {
                    let (_, expr) = block.fields.iter().find(|(name, _)| name == attribute)?;
                    Some(self.value(expr, facts))
                });
                let known = || facts.attributes.get(to).and_then(|known| known.get(*attribute)).cloned();
                written.or_else(known).unwrap_or_else(|| Value::unknown(format!("{to}.{attribute}")))
            }
        }
    }
}

impl Declared for Stack {
    fn fields(&self, address: &Address, facts: &Facts) -> Result<Map, Problems> {
        let block = &self.blocks[address];
        let mut fields: Map =
            block.fields.iter().map(|(name, expr)| (Arc::from(*name), self.value(expr, facts))).collect();
        if self.has_default_name(address) {
            fields.insert("name".into(), format!("{NAME}-{}", address.name).into());
        }
        Ok(fields)
    }

    fn has_default_name(&self, address: &Address) -> bool {
        let schema = kinds::schemas().iter().find(|schema| schema.kind == &*address.kind).unwrap();
        schema.naming.is_some() && !self.blocks[address].fields.iter().any(|(name, _)| *name == "name")
    }
}
