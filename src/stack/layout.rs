//! The layout of a stack: which resources there are, and what refers to what.

use std::collections::HashSet;
use std::sync::Arc;

use super::eval::{Item, Object};
use super::evaluation::{Evaluation, Instances};
use super::expr::{Chain, Expr, Segment};
use super::manage;
use super::program::Block;
use super::source::Sources;
use super::template::Template;
use super::term::Term;
use crate::model::address::Address;
use crate::model::problem::{Problem, Span};
use crate::model::schema::Scope;
use crate::model::stack::{Layout, Reference, Resource};
use crate::model::value::Value;

/// How many resources a stack may have.
const RESOURCES_MAX: usize = 100_000;

/// A reference with its place.
#[derive(Clone, Debug)]
pub struct Edge<'e> {
    pub field: &'static str,
    pub to: Address,
    pub attribute: Arc<str>,
    place: Place<'e>,
}

/// Where a reference stands: worked out only when there is something to report.
#[derive(Clone, Copy, Debug)]
struct Place<'p> {
    template: &'p Template,
    start: u32,
    end: u32,
}

impl Edge<'_> {
    pub fn span(&self, sources: &Sources) -> Span {
        let Place { template, start, end } = self.place;
        template.locate(&sources.text(template.span.source), &(start..end))
    }
}

impl Evaluation<'_> {
    /// Returns every resource with its references. A block whose `for_each` is not known yet is left out if `is_partial`,
    /// and a problem otherwise.
    pub fn layout(&self, is_partial: bool) -> Layout {
        let mut layout = Layout::default();
        for block in &self.program.blocks {
            for key in self.keys(block, is_partial) {
                if layout.resources.len() >= RESOURCES_MAX {
                    self.report
                        .push(Problem::at(block.span, format!("the stack has more than {RESOURCES_MAX} resources")));
                    return layout;
                }
                let resource = self.resource(block, key.as_ref());
                layout.resources.insert(resource.address.clone(), resource);
            }
        }
        layout
    }

    /// Returns the keys of a block's resources: one none for a single resource.
    pub fn keys(&self, block: &Block, is_partial: bool) -> Vec<Option<Arc<str>>> {
        match self.instances(block.index) {
            Ok(instances) => match &*instances {
                Instances::One { is_on: true } => vec![None],
                Instances::One { is_on: false } => Vec::new(),
                Instances::Each(list) => {
                    list.iter().filter(|(_, instance)| instance.is_on).map(|(key, _)| Some(key.clone())).collect()
                }
                Instances::Unknown(unknown) => {
                    if !is_partial {
                        let waits_for = unknown.waits_for().map_or("", |unknown| &*unknown.0);
                        let term = block.for_each.as_ref().or(block.when.as_ref());
                        let message =
                            format!("this must be known before anything is created, and it waits for `{waits_for}`");
                        self.report.push(Problem::at(term.map_or(block.span, |term| term.span), message));
                    }
                    Vec::new()
                }
            },
            Err(missing) => {
                if let super::eval::Missing::Wrong { message, help } = missing {
                    self.report.push(Problem { help, ..Problem::at(block.span, message) });
                }
                Vec::new()
            }
        }
    }

    fn resource(&self, block: &Block, key: Option<&Arc<str>>) -> Resource {
        let schema = self.program.schema_of(block);
        let mut references: Vec<Reference> = Vec::new();
        let mut seen = HashSet::new();
        for edge in self.edges(block, key) {
            if seen.insert((edge.field, edge.to.clone(), edge.attribute.clone())) {
                references.push(Reference { field: edge.field.into(), to: edge.to, attribute: edge.attribute });
            }
        }
        let view = self.view(block, key);
        let reader = manage::Reader { evaluation: self, block, key, view };
        Resource {
            address: self.program.address(block.index, key),
            region: match schema.scope {
                Scope::Regional => self.program.regions.first().cloned(),
                Scope::Global => None,
            },
            references,
            manage: reader.read(),
            span: block.span,
        }
    }

    /// Returns every reference that the fields of a resource make, in the order of the file.
    pub fn edges<'e>(&'e self, block: &'e Block, key: Option<&'e Arc<str>>) -> Vec<Edge<'e>> {
        let mut finder = Finder { evaluation: self, block, key, edges: Vec::new(), locals: HashSet::new() };
        for (field, term) in &block.fields {
            finder.locals.clear();
            finder.term(field, term, None);
        }
        finder.edges
    }
}

/// Finds what the fields of one resource refer to.
struct Finder<'f> {
    evaluation: &'f Evaluation<'f>,
    block: &'f Block,
    key: Option<&'f Arc<str>>,
    edges: Vec<Edge<'f>>,
    /// Locals that this field was followed through already.
    locals: HashSet<usize>,
}

impl<'f> Finder<'f> {
    /// Adds the references in a term. Those through a local are placed where the local is used.
    fn term(&mut self, field: &'static str, term: &'f Term, place: Option<Place<'f>>) {
        let mut templates: Vec<&'f Template> = Vec::new();
        term.templates(&mut |template| templates.push(template));
        for template in templates {
            for chain in &template.chains {
                self.chain(field, template, chain, place);
            }
        }
    }

    fn chain(&mut self, field: &'static str, template: &'f Template, chain: &'f Chain, place: Option<Place<'f>>) {
        match chain.root() {
            "vars" | "environment" | "stack" | "region" | "account_id" | "partition" => return,
            "locals" => return self.locals(field, template, chain, place),
            _ if chain.is_test => return,
            _ => {}
        }
        let targets = self.targets(chain);
        if targets.is_empty() {
            return;
        }
        let place = place.unwrap_or_else(|| place_of(template, chain));
        for (to, attribute) in targets {
            self.edges.push(Edge { field, to, attribute, place });
        }
    }

    fn locals(&mut self, field: &'static str, template: &'f Template, chain: &'f Chain, place: Option<Place<'f>>) {
        let program = self.evaluation.program;
        let indexes: Vec<usize> = match chain.name(1) {
            Some(name) => program.locals.get_index_of(name).into_iter().collect(),
            None => (0..program.locals.len()).collect(),
        };
        for index in indexes {
            if !self.locals.insert(index) {
                continue;
            }
            let place = place.unwrap_or_else(|| place_of(template, chain));
            self.term(field, &program.locals[index], Some(place));
        }
    }

    /// Returns the resources that a chain names, and which attribute of each.
    fn targets(&self, chain: &Chain) -> Vec<(Address, Arc<str>)> {
        let program = self.evaluation.program;
        let attribute = |index: usize| chain.name(index).cloned().unwrap_or_else(|| "id".into());
        if chain.root() == "each" {
            return match self.each_value(chain) {
                Some(address) => vec![(address, attribute(2))],
                None => Vec::new(),
            };
        }
        let Some(schema) = program.schemas.iter().position(|schema| schema.kind == chain.root()) else {
            return Vec::new();
        };
        let blocks: Vec<usize> = match self.segment(chain.segments.get(1)) {
            Named::One(name) => program.find(schema, &name).into_iter().collect(),
            Named::All => {
                program.blocks.iter().filter(|block| block.schema == schema).map(|block| block.index).collect()
            }
        };
        let mut out = Vec::new();
        for block in blocks {
            let Ok(instances) = self.evaluation.instances(block) else { continue };
            match &*instances {
                Instances::One { is_on } => {
                    if *is_on {
                        out.push((program.address(block, None), attribute(2)));
                    }
                }
                Instances::Each(list) => {
                    let named = self.segment(chain.segments.get(2));
                    for (key, _) in list.iter().filter(|(_, instance)| instance.is_on) {
                        if named.is(key) {
                            out.push((program.address(block, Some(key)), attribute(3)));
                        }
                    }
                }
                Instances::Unknown(_) => {}
            }
        }
        out
    }

    /// Returns the resource that `each.value` is, where `for_each` goes through another block.
    fn each_value(&self, chain: &Chain) -> Option<Address> {
        if chain.name(1).is_none_or(|name| &**name != "value") {
            return None;
        }
        match self.evaluation.view(self.block, self.key).each?.value {
            Item::Object(Object::Resource(block, key)) => Some(self.evaluation.program.address(block, key.as_ref())),
            _ => None,
        }
    }

    fn segment(&self, segment: Option<&Segment>) -> Named {
        match segment {
            Some(Segment::Name(name) | Segment::Key(name)) => Named::One(name.clone()),
            Some(Segment::Computed(expr)) => self.computed(expr),
            _ => Named::All,
        }
    }

    /// An index such as `each.key` is worked out, so that only the instance that is meant is waited for.
    fn computed(&self, expr: &Expr) -> Named {
        let view = self.evaluation.view(self.block, self.key);
        match super::eval::Eval::new(&view, &self.evaluation.budget).value(expr) {
            Ok(value) => match value.peel() {
                Value::Str(name) => Named::One(name.clone()),
                _ => Named::All,
            },
            // Reported when the field itself is evaluated.
            Err(_) => Named::All,
        }
    }
}

fn place_of<'p>(template: &'p Template, chain: &Chain) -> Place<'p> {
    Place { template, start: chain.places[0].0, end: chain.places.last().map_or(0, |place| place.1) }
}

enum Named {
    One(Arc<str>),
    All,
}

impl Named {
    fn is(&self, key: &str) -> bool {
        match self {
            Named::One(name) => **name == *key,
            Named::All => true,
        }
    }
}
