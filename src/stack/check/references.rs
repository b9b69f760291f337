//! Names, members and functions of every expression, checked without evaluating: in branches that are not taken too.

use super::super::eval::{suggestion, unknown_name};
use super::super::expr::{Chain, Expr, ExprKind, Fault, LOOPS, Segment};
use super::super::functions;
use super::super::program::{Block, Program};
use super::super::source::Report;
use super::super::template::{Part, Template};
use super::super::term::{Term, TermKind};
use super::super::view::{RESERVED_ROOTS, ROOTS};
use super::parts;
use crate::model::problem::{Problem, nearest};
use crate::model::schema::Schema;
use crate::model::shape::{Field, Shape};

/// Where an expression stands, as far as that decides what it may name.
#[derive(Clone, Copy)]
struct Place<'p> {
    has_each: bool,
    /// None where resources may be named, otherwise what this is.
    no_resources: Option<&'p str>,
}

/// Checks every expression of a stack.
pub fn check(program: &Program, report: &Report) {
    let checker = Checker { program, report };
    let anywhere = Place { has_each: false, no_resources: None };
    for term in program.locals.values().chain(program.outputs.values().map(|output| &output.value)) {
        checker.term(term, anywhere);
    }
    if let Some(tags) = &program.tags {
        checker.term(tags, Place { no_resources: Some("the stack's tags"), ..anywhere });
    }
    for block in &program.blocks {
        checker.block(block);
    }
}

struct Checker<'c> {
    program: &'c Program,
    report: &'c Report,
}

impl Checker<'_> {
    fn block(&self, block: &Block) {
        let inside = Place { has_each: block.for_each.is_some(), no_resources: None };
        if let Some(for_each) = &block.for_each {
            self.term(for_each, Place { has_each: false, no_resources: None });
        }
        for term in block.when.iter().chain(block.settings.iter().map(|entry| &entry.value)) {
            self.term(term, inside);
        }
        let schema = self.program.schema_of(block);
        for (name, term) in &block.fields {
            self.term(term, inside);
            if let Some(field) = schema.fields.fields.get(name) {
                self.refers(term, field, &field.shape, name);
            }
        }
    }

    fn term(&self, term: &Term, place: Place<'_>) {
        term.templates(&mut |template| {
            for chain in &template.chains {
                if let Err(fault) = self.chain(chain, place) {
                    self.fault(template, fault);
                }
            }
            for part in &template.parts {
                if let Part::Expr(expr) = part {
                    self.functions(template, expr);
                }
            }
        });
    }

    fn fault(&self, template: &Template, fault: Fault) {
        let span = template.locate(&self.program.sources.text(template.span.source), &fault.at);
        self.report.push_fault(Problem { help: fault.help, ..Problem::at(span, fault.message) });
    }

    fn functions(&self, template: &Template, expr: &Expr) {
        if let ExprKind::Call { name, name_at, target, arguments } = &expr.kind
            && !LOOPS.contains(&&**name)
            && &**name != "has"
        {
            let count = arguments.len() + usize::from(target.is_some());
            match functions::find(name) {
                Some(function) => {
                    if let Err(wrong) = function.check_count(count) {
                        self.fault(template, Fault { at: name_at.clone(), message: wrong.message, help: wrong.help });
                    }
                }
                None => {
                    let fault = Fault::new(name_at.clone(), format!("there is no function `{name}`"));
                    let near = nearest(name, functions::names().chain(LOOPS.iter().copied()).chain(["has"]));
                    self.fault(template, fault.maybe_help(near.map(|near| format!("did you mean `{near}`?"))));
                }
            }
        }
        parts(expr, &mut |part| self.functions(template, part));
    }

    fn chain(&self, chain: &Chain, place: Place<'_>) -> Result<(), Fault> {
        let root = chain.root();
        let at = |index: usize| chain.places.get(index).map_or(0..0, |place| place.0..place.1);
        match root {
            "vars" => self.known(chain, "`vars`", self.program.variables.keys().map(|name| &**name)),
            "locals" => self.known(chain, "`locals`", self.program.locals.keys().map(|name| &**name)),
            "each" if place.has_each => self.known(chain, "`each`", ["key", "value"].into_iter()),
            "each" => Err(Fault::new(at(0), "`each` is known only in a block with `for_each`")
                .help("add `manage: {for_each: …}` to the block")),
            "environment" | "stack" | "region" | "account_id" | "partition" => match chain.segments.get(1) {
                Some(_) => Err(Fault::new(at(1), format!("`{root}` is text and has no members"))),
                None => Ok(()),
            },
            _ if RESERVED_ROOTS.contains(&root) => {
                Err(Fault::new(at(0), format!("`{root}` is reserved for a later version")))
            }
            _ => match self.program.schemas.iter().position(|schema| schema.kind == root) {
                Some(_) if place.no_resources.is_some() => {
                    let what = place.no_resources.unwrap_or_default();
                    Err(Fault::new(at(0), format!("{what} cannot name a resource")).help(
                        "a resource that names itself could never be made; set the tag on the resources that need it",
                    ))
                }
                Some(schema) => self.section(chain, schema),
                None => {
                    let kinds = self.program.schemas.iter().map(|schema| schema.kind);
                    Err(unknown_name(&at(0), root, ROOTS.iter().copied().chain(kinds)))
                }
            },
        }
    }

    fn known<'n>(&self, chain: &Chain, what: &str, known: impl Iterator<Item = &'n str>) -> Result<(), Fault> {
        let Some(name) = chain.name(1) else { return Ok(()) };
        let known: Vec<&str> = known.collect();
        if chain.is_test || known.contains(&&**name) {
            return Ok(());
        }
        let (start, end) = chain.places[1];
        Err(Fault::new(start..end, format!("{what} has no `{name}`")).maybe_help(suggestion(name, &known)))
    }

    fn section(&self, chain: &Chain, schema: usize) -> Result<(), Fault> {
        let Some(name) = chain.name(1) else { return Ok(()) };
        let at = |index: usize| chain.places.get(index).map_or(0..0, |place| place.0..place.1);
        let kind = self.program.schemas[schema].kind;
        let Some(block) = self.program.find(schema, name) else {
            let names: Vec<&str> = self.program.names(schema).collect();
            let fault = Fault::new(at(1), format!("there is no `{name}` in `{kind}`"));
            return Err(fault.maybe_help(suggestion(name, &names)));
        };
        let block = &self.program.blocks[block];
        let schema = self.program.schema_of(block);
        if block.for_each.is_none() {
            if let Some(Segment::Any) = chain.segments.get(2) {
                return Ok(());
            }
            return self.attribute(chain, 2, schema);
        }
        match chain.segments.get(2) {
            // A member that is no key: `subnets.public.id`.
            Some(Segment::Name(member))
                if schema.attributes.contains_key(&**member) || schema.fields.fields.contains_key(&**member) =>
            {
                let block = format!("{kind}.{name}");
                Err(Fault::new(at(2), format!("`{block}` is made with `for_each`"))
                    .help(format!("write `{block}[\"…\"].{member}`, or `values({block}).map(x, x.{member})`")))
            }
            Some(_) => self.attribute(chain, 3, schema),
            None => Ok(()),
        }
    }

    /// Checks the members from segment `index` on, which names an attribute or a field.
    fn attribute(&self, chain: &Chain, index: usize, schema: &Schema) -> Result<(), Fault> {
        let Some(name) = chain.name(index) else { return Ok(()) };
        let attribute = schema.attributes.get(&**name).map(|attribute| &attribute.shape);
        let field = schema.fields.fields.get(&**name).map(|field| &field.shape);
        let Some(shape) = attribute.or(field) else {
            let (start, end) = chain.places[index];
            let known: Vec<&str> = schema.attributes.keys().chain(schema.fields.fields.keys()).copied().collect();
            let fault = Fault::new(start..end, format!("a {} has no `{name}`", schema.one));
            return Err(fault.maybe_help(suggestion(name, &known)));
        };
        inside(chain, index, shape)
    }

    /// Checks that a reference names a resource of the kind that the field takes.
    fn refers(&self, term: &Term, field: &Field, shape: &Shape, name: &str) {
        match (&term.kind, shape) {
            (TermKind::Template(template), _) => {
                let is_element = matches!(shape, Shape::Text(_) | Shape::List(_));
                if let (Some(refers), Some(expr), [chain], true) =
                    (field.refers, template.whole(), template.chains.as_slice(), is_element)
                    && expr.is_chain()
                    && let Some(other) = self.program.schemas.iter().find(|schema| schema.kind == chain.root())
                    && other.kind != refers.kind
                    && let Some(wanted) = self.program.schemas.iter().find(|schema| schema.kind == refers.kind)
                {
                    let start = chain.places[0].0;
                    let end = chain.places.last().map_or(start, |place| place.1);
                    let message = format!(
                        "`{name}` takes the `{}` of a {}, and this is a {}",
                        refers.attribute, wanted.one, other.one
                    );
                    self.fault(template, Fault::new(start..end, message));
                }
            }
            (TermKind::List(items), Shape::List(list)) => {
                items.iter().for_each(|item| self.refers(item, field, &list.item, name));
            }
            (TermKind::Map(entries), Shape::Map(item)) => {
                entries.iter().for_each(|entry| self.refers(&entry.value, field, item, name));
            }
            (TermKind::Map(entries), Shape::Record(record)) => {
                for entry in entries {
                    if let Some(inner) = record.fields.get(&*entry.key) {
                        self.refers(&entry.value, inner, &inner.shape, &entry.key);
                    }
                }
            }
            _ => {}
        }
    }
}

/// Checks the rest of a chain against the shape of what it went through.
fn inside(chain: &Chain, index: usize, shape: &Shape) -> Result<(), Fault> {
    let next = index + 1;
    let Some(segment) = chain.segments.get(next) else { return Ok(()) };
    let (start, end) = chain.places[next];
    let before = chain.name(index).map_or("this", |name| &**name);
    match (shape, segment) {
        (Shape::Document, _) | (Shape::Map(_), Segment::Any | Segment::Computed(_)) => Ok(()),
        (Shape::Map(item), Segment::Name(_) | Segment::Key(_)) => inside(chain, next, item),
        (Shape::List(list), Segment::Index(_) | Segment::Any | Segment::Computed(_)) => inside(chain, next, &list.item),
        (Shape::List(_), Segment::Name(name) | Segment::Key(name)) => {
            let fault =
                Fault::new(start..end, format!("`{before}` is a list, and `{name}` is on each of its elements"));
            Err(fault.help(format!("write `[0].{name}`, or `.map(x, x.{name})`")))
        }
        (Shape::Record(record), Segment::Name(name) | Segment::Key(name)) => match record.fields.get(&**name) {
            Some(field) => inside(chain, next, &field.shape),
            None => {
                let known: Vec<&str> = record.fields.keys().copied().collect();
                let fault = Fault::new(start..end, format!("`{before}` has no `{name}`"));
                Err(fault.maybe_help(suggestion(name, &known)))
            }
        },
        (Shape::Record(_), Segment::Any | Segment::Computed(_)) => Ok(()),
        (_, Segment::Any | Segment::Computed(_)) => Ok(()),
        _ => Err(Fault::new(start..end, format!("`{before}` has no members"))),
    }
}
