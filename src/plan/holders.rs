//! Which live resources hold which others: what no stack says any more, the account still shows.

use std::collections::HashMap;
use std::sync::Arc;

use crate::model::address::Address;
use crate::model::live::Live;
use crate::model::schema::{Neighbours, Schema, Source};
use crate::model::shape::{Record, Shape};
use crate::model::value::{Map, Value};

/// One live resource that names another. Indexes are those of the list that was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    pub holder: usize,
    pub held: usize,
    /// The top-level field of the holder.
    pub field: Arc<str>,
    /// The schema says that this field names that kind; otherwise only an id or ARN was recognised in it.
    pub is_declared: bool,
}

/// Live resources by what names them.
pub struct Index<'a> {
    /// By kind, attribute and value.
    declared: HashMap<(&'a str, &'a str, &'a str), usize>,
    /// By ids and ARNs that cannot be mistaken for something else.
    unmistakable: HashMap<&'a str, usize>,
}

impl<'a> Index<'a> {
    pub fn new(live: &'a [Live], schema_of: impl Fn(&str) -> &'a Schema) -> Index<'a> {
        let mut index = Index { declared: HashMap::new(), unmistakable: HashMap::new() };
        for (at, live) in live.iter().enumerate() {
            let schema = schema_of(live.kind);
            let id_is_given = matches!(schema.attributes["id"].source, Source::Given(_));
            for (name, value) in live.fields.iter().chain(&live.attributes) {
                let Some(text) = value.as_str() else { continue };
                index.declared.insert((live.kind, name, text), at);
                if text.starts_with("arn:") && &**name == "arn" || &**name == "id" && id_is_given {
                    index.unmistakable.insert(text, at);
                }
            }
        }
        index
    }

    /// Returns everything that `holder` holds, whose fields have this record.
    pub fn holds(&self, holder: usize, record: &Record, fields: &Map) -> Vec<Hold> {
        let mut holds = Vec::new();
        for (name, field) in &record.fields {
            if let Some(value) = fields.get(*name) {
                let mut found = |held: usize, is_declared: bool| {
                    let hold = Hold { holder, held, field: (*name).into(), is_declared };
                    if held != holder && !holds.contains(&hold) {
                        holds.push(hold);
                    }
                };
                self.field(field.refers.map(|refers| (refers.kind, refers.attribute)), &field.shape, value, &mut found);
            }
        }
        holds
    }

    fn field(&self, refers: Option<(&str, &str)>, shape: &Shape, value: &Value, found: &mut impl FnMut(usize, bool)) {
        match (shape, value.peel()) {
            (Shape::Record(record), Value::Map(map)) => {
                for (name, field) in &record.fields {
                    if let Some(value) = map.get(*name) {
                        let refers = field.refers.map(|refers| (refers.kind, refers.attribute));
                        self.field(refers, &field.shape, value, found);
                    }
                }
            }
            (Shape::List(list), Value::List(items)) => {
                items.iter().for_each(|item| self.field(refers, &list.item, item, found));
            }
            (Shape::Map(item), Value::Map(map)) => {
                map.values().for_each(|value| self.field(refers, item, value, found));
            }
            (_, Value::List(items)) => items.iter().for_each(|item| self.field(refers, shape, item, found)),
            (_, Value::Map(map)) => map.values().for_each(|value| self.field(refers, shape, value, found)),
            (_, Value::Str(text)) => {
                let declared = refers.and_then(|(kind, name)| self.declared.get(&(kind, name, &**text)));
                match (declared, self.unmistakable.get(&**text)) {
                    (Some(held), _) => found(*held, true),
                    (None, Some(held)) => found(*held, refers.is_some()),
                    (None, None) => {}
                }
            }
            _ => {}
        }
    }
}

/// Live resources as neighbours of each other, for needs: what is needed for creation must outlive on deletion.
pub struct LiveNeighbours<'a> {
    live: &'a [Live],
    addresses: Vec<Address>,
    holds: &'a [Hold],
}

impl<'a> LiveNeighbours<'a> {
    /// Gives each live resource an address of its own: its kind and index.
    pub fn new(live: &'a [Live], holds: &'a [Hold]) -> LiveNeighbours<'a> {
        let addresses =
            live.iter().enumerate().map(|(at, live)| Address::new(live.kind, format!("live_{at}"))).collect();
        LiveNeighbours { live, addresses, holds }
    }

    pub fn address(&self, at: usize) -> &Address {
        &self.addresses[at]
    }

    pub fn at(&self, address: &Address) -> Option<usize> {
        address.name.strip_prefix("live_")?.parse().ok()
    }
}

impl Neighbours for LiveNeighbours<'_> {
    fn fields(&self, address: &Address) -> Option<&Map> {
        Some(&self.live.get(self.at(address)?)?.fields)
    }

    fn target(&self, of: &Address, field: &str) -> Option<Address> {
        let of = self.at(of)?;
        let hold = self.holds.iter().find(|hold| hold.holder == of && &*hold.field == field)?;
        Some(self.addresses[hold.held].clone())
    }

    fn of_kind(&self, kind: &str) -> Vec<Address> {
        self.addresses.iter().filter(|address| &*address.kind == kind).cloned().collect()
    }
}

/// The stack's resources as neighbours of each other, with their wanted fields.
pub struct WantedNeighbours<'a> {
    pub layout: &'a crate::model::stack::Layout,
    pub fields: &'a HashMap<Address, Map>,
}

impl Neighbours for WantedNeighbours<'_> {
    fn fields(&self, address: &Address) -> Option<&Map> {
        self.fields.get(address)
    }

    fn target(&self, of: &Address, field: &str) -> Option<Address> {
        let references = &self.layout.resources.get(of)?.references;
        Some(references.iter().find(|reference| &*reference.field == field)?.to.clone())
    }

    fn of_kind(&self, kind: &str) -> Vec<Address> {
        self.layout.resources.keys().filter(|address| &*address.kind == kind).cloned().collect()
    }
}
