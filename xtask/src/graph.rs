//! Which structures are reachable from the table's roots, and how each member is spelled on both sides.

use std::collections::HashMap;

use crate::model::{Limits, Member as ModelMember, Model, squeeze};
use crate::sdk::{Field, Sdk, Struct, Ty, Type};
use crate::table::{Operation, Service};

/// Everything to write for one service, in reading order: roots before what they use.
pub struct Graph {
    pub nodes: Vec<Node>,
}

/// One structure, or the input of one operation.
#[derive(Clone, Debug)]
pub struct Node {
    /// What its functions are called after: `lifecycle_rule`.
    pub name: String,
    pub form: Form,
    /// The SDK's type that is written; for an operation its input.
    pub to: Struct,
    /// The SDK's type that is read. Often the same.
    pub from: Option<Struct>,
    pub members: Vec<Member>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Form {
    Record,
    /// CloudFront's `{Quantity, Items}`, a plain list in a stack; `enabled` follows from the list.
    Wrapper {
        enabled: bool,
    },
    /// A wrapper with more members, which stand beside the list in the stack: `AllowedMethods`.
    Spread,
    /// The input of an operation. Only the first of a row in the table has a record.
    Input {
        folder: String,
        record: bool,
    },
}

#[derive(Clone, Debug)]
pub struct Member {
    /// In the stack.
    pub name: String,
    pub value: Shape,
    pub required: bool,
    pub secret: bool,
    pub to: Option<Field>,
    pub from: Option<Field>,
}

/// What a member holds, with its limits.
#[derive(Clone, Debug)]
pub struct Shape {
    pub kind: Kind,
    pub limits: Limits,
}

#[derive(Clone, Debug)]
pub enum Kind {
    Bool,
    I32,
    I64,
    Float,
    Text,
    Enum(String),
    Time,
    Blob,
    List(Box<Shape>),
    Map(Box<Shape>),
    /// The functions of this node.
    Node(String),
    /// A wrapper node and what its list holds.
    Wrapper(String, Box<Shape>),
    /// A wrapper node, what its list holds, and the other members.
    Spread(String, Box<Shape>, Vec<Member>),
    /// A structure without members: present or not.
    Empty(String),
}

impl Graph {
    pub fn build(service: &Service, model: &Model, sdk: &Sdk) -> Result<Graph, String> {
        let mut walk = Walk { service, model, sdk, nodes: Vec::new(), places: HashMap::new() };
        for root in service.structures {
            let to = walk.structure(root.writes)?;
            let from = walk.structure(root.reads)?;
            walk.visit(Some(root.name), to, Some(from))?;
        }
        for operation in service.operations {
            walk.operation(operation)?;
        }
        Ok(Graph { nodes: walk.nodes })
    }
}

struct Walk<'a> {
    service: &'a Service,
    model: &'a Model,
    sdk: &'a Sdk,
    nodes: Vec<Node>,
    places: HashMap<String, usize>,
}

impl Walk<'_> {
    fn structure(&self, name: &str) -> Result<Struct, String> {
        match self.sdk.find(name)? {
            Type::Struct(found) => Ok(found),
            Type::Enum(_) => Err(format!("{name} is an enum")),
        }
    }

    /// Adds a structure and what it reaches. Returns the name of its functions.
    fn visit(&mut self, name: Option<&str>, to: Struct, from: Option<Struct>) -> Result<String, String> {
        let paired = from.as_ref().is_some_and(|from| from.name != to.name);
        let name = match name {
            Some(name) if !name.is_empty() => name.to_owned(),
            _ if paired => to.snake.trim_end_matches("_request").trim_start_matches("request_").to_owned(),
            _ => to.snake.clone(),
        };
        let place = match self.places.get(&name) {
            Some(&place) => {
                let node = &self.nodes[place];
                if node.to.name != to.name {
                    return Err(format!("two structures are called {name}: {} and {}", node.to.name, to.name));
                }
                match (&node.from, &from) {
                    (_, None) => return Ok(name),
                    (Some(old), Some(new)) if old.name == new.name => return Ok(name),
                    (Some(old), Some(new)) => return Err(format!("{name} is read from {} and {}", old.name, new.name)),
                    (None, Some(_)) => place,
                }
            }
            None => {
                self.places.insert(name.clone(), self.nodes.len());
                self.nodes.push(Node {
                    name: name.clone(),
                    form: Form::Record,
                    to: to.clone(),
                    from: None,
                    members: Vec::new(),
                });
                self.nodes.len() - 1
            }
        };
        self.nodes[place].from = from.clone();
        let model = self.model.members(&to.name).unwrap_or_default();
        let members = self.members(&to, from.as_ref(), &model, &[])?;
        (self.nodes[place].form, self.nodes[place].members) = (form(&to), members);
        Ok(name)
    }

    /// Adds the inputs of the row's operations and the structure that reads back what they set.
    fn operation(&mut self, row: &Operation) -> Result<(), String> {
        let from = if row.reads.is_empty() { None } else { Some(self.structure(row.reads)?) };
        let first = self.nodes.len();
        for (index, operation) in row.operations.iter().enumerate() {
            let (folder, to) = self.sdk.input(operation)?;
            let model = self.model.members(&self.model.input(operation)?)?;
            let place = self.nodes.len();
            let form = Form::Input { folder: folder.clone(), record: index == 0 };
            let from = from.clone().filter(|_| index == 0);
            self.nodes.push(Node { name: folder, form, to: to.clone(), from, members: Vec::new() });
            let members = self.members(&to, self.read_side(row)?.as_ref(), &model, row.without)?;
            if index > 0 {
                let known: Vec<_> = self.nodes[first].members.iter().map(|member| member.name.clone()).collect();
                let more = members.iter().filter(|member| !known.contains(&member.name));
                let more: Vec<_> = more.cloned().map(|member| Member { to: None, required: false, ..member }).collect();
                self.nodes[first].members.extend(more);
            }
            self.nodes[place].members = members;
        }
        Ok(())
    }

    fn read_side(&self, row: &Operation) -> Result<Option<Struct>, String> {
        if row.reads.is_empty() { Ok(None) } else { self.structure(row.reads).map(Some) }
    }

    fn members(
        &mut self,
        to: &Struct,
        from: Option<&Struct>,
        model: &HashMap<String, ModelMember>,
        without: &[&str],
    ) -> Result<Vec<Member>, String> {
        let mut members = Vec::new();
        for field in &to.fields {
            let path = format!("{}.{}", to.name, field.name());
            let counted = field.name() == "quantity" && to.fields.iter().any(|field| field.name() == "items");
            let dropped = self.service.without.contains(&path.as_str()) || without.contains(&field.name());
            let known = model.get(&squeeze(field.name()));
            let deprecated = field.deprecated || known.is_some_and(|known| known.deprecated);
            if counted || dropped || (deprecated && !self.service.keep.contains(&path.as_str())) {
                continue;
            }
            let read = from.and_then(|from| {
                from.fields.iter().find(|other| squeeze(other.name()) == squeeze(field.name())).cloned()
            });
            let (value, readable) = self
                .shape(&field.ty, read.as_ref().map(|read| &read.ty), known.map(|known| known.shape.as_str()))
                .map_err(|error| format!("{path}: {error}"))?;
            members.push(Member {
                name: field.name().to_owned(),
                value,
                required: known.is_some_and(|known| known.required),
                secret: self.service.secret.contains(&path.as_str()),
                to: Some(field.clone()),
                from: read.filter(|_| readable),
            });
        }
        Ok(members)
    }

    /// Returns what a field holds, and whether it can be read from the other type.
    fn shape(&mut self, to: &Ty, from: Option<&Ty>, model: Option<&str>) -> Result<(Shape, bool), String> {
        let inner = model.and_then(|model| self.model.inner(model)).map(str::to_owned);
        let mut readable = from.is_some_and(|from| std::mem::discriminant(from) == std::mem::discriminant(to));
        let kind = match to {
            Ty::Bool => Kind::Bool,
            Ty::I32 => Kind::I32,
            Ty::I64 => Kind::I64,
            Ty::F32 | Ty::F64 => Kind::Float,
            Ty::Text => {
                readable |= matches!(from, Some(Ty::Named(name)) if matches!(self.sdk.find(name)?, Type::Enum(_)));
                Kind::Text
            }
            Ty::Time => Kind::Time,
            Ty::Blob => Kind::Blob,
            Ty::List(item) => {
                let other = match from {
                    Some(Ty::List(other)) => Some(&**other),
                    _ => None,
                };
                let (item, readable_item) = self.shape(item, other, inner.as_deref())?;
                readable &= readable_item;
                Kind::List(Box::new(item))
            }
            Ty::Map(item) => {
                let other = match from {
                    Some(Ty::Map(other)) => Some(&**other),
                    _ => None,
                };
                let (item, readable_item) = self.shape(item, other, inner.as_deref())?;
                readable &= readable_item;
                Kind::Map(Box::new(item))
            }
            Ty::Named(name) => match self.sdk.find(name)? {
                Type::Enum(name) => {
                    let text = matches!(from, Some(Ty::Text));
                    let other = match from {
                        Some(Ty::Named(other)) => matches!(self.sdk.find(other)?, Type::Enum(_)),
                        _ => false,
                    };
                    readable = text || other;
                    if self.service.open.contains(&name.as_str()) { Kind::Text } else { Kind::Enum(name) }
                }
                Type::Struct(to) => {
                    let from = match from {
                        Some(Ty::Named(other)) => match self.sdk.find(other)? {
                            Type::Struct(other) => Some(other),
                            Type::Enum(_) => None,
                        },
                        _ => None,
                    };
                    readable = from.is_some();
                    self.nested(to, from)?
                }
            },
        };
        let limits = model.map(|model| self.model.limits(model)).unwrap_or_default();
        Ok((Shape { kind, limits }, readable))
    }

    fn nested(&mut self, to: Struct, from: Option<Struct>) -> Result<Kind, String> {
        if to.fields.is_empty() {
            return Ok(Kind::Empty(to.name));
        }
        let form = form(&to);
        let name = self.visit(None, to, from)?;
        if form == Form::Record {
            return Ok(Kind::Node(name));
        }
        let mut others = self.nodes[self.places[&name]].members.clone();
        let at = others.iter().position(|member| member.name == "items").ok_or("a wrapper without items")?;
        let items = Box::new(others.remove(at).value);
        Ok(if form == Form::Spread { Kind::Spread(name, items, others) } else { Kind::Wrapper(name, items) })
    }
}

/// Tells CloudFront's wrappers from records by their members.
fn form(structure: &Struct) -> Form {
    let has = |name: &str| structure.fields.iter().any(|field| field.name() == name);
    let count = structure.fields.len();
    match (has("quantity") && has("items"), has("enabled"), count) {
        (true, false, 2) => Form::Wrapper { enabled: false },
        (true, true, 3) => Form::Wrapper { enabled: true },
        (true, false, 3) if has("cached_methods") => Form::Spread,
        _ => Form::Record,
    }
}
