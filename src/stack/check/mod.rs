//! What can be found wrong without the account: all of it at once.

mod claims;
pub(super) mod console;
mod names;
mod references;
mod rings;
mod rules;
mod tags;

use std::sync::Arc;

use indexmap::IndexMap;

use super::evaluation::{Evaluation, Instances};
use super::expr::{Expr, ExprKind};
use super::load::pinned_facts;
use super::program::{Block, Program};
use super::source::Report;
use super::template::Part;
use crate::diff::complete;
use crate::model::address::Address;
use crate::model::problem::{Problem, Span};
use crate::model::stack::Layout;
use crate::model::value::Map;

pub(super) use references::check as references;

/// A stack with everything in it evaluated as far as that goes without the account.
struct Whole<'w> {
    program: &'w Program,
    evaluation: &'w Evaluation<'w>,
    report: &'w Report,
    layout: Layout,
    /// The fields of every resource that evaluate.
    fields: IndexMap<Address, Map>,
    /// The same with defaults filled in.
    complete: IndexMap<Address, Map>,
}

/// Evaluates everything and checks it. What references are wrong in themselves is checked by [`references`].
pub(super) fn all(program: &Program, report: &Report) {
    let facts = pinned_facts(program);
    let evaluation = Evaluation::new(program, &facts, report);
    let layout = evaluation.layout(true);
    let mut fields = IndexMap::with_capacity(layout.resources.len());
    for (address, resource) in &layout.resources {
        if address.to_string().len() > ADDRESS_MAX {
            let problem =
                Problem::at(resource.span, format!("the address `{}…` is too long", &address.to_string()[..60]));
            report.push(problem.help(format!("an ownership tag holds {ADDRESS_MAX} characters")));
        }
        if let Some(block) = program.block_of(address)
            && let Ok(values) = evaluation.fields(block, address.key.as_ref())
        {
            fields.insert(address.clone(), values);
        }
    }
    unexpanded(program, &evaluation);
    for name in program.locals.keys() {
        if let Err(super::eval::Missing::Wrong { message, help }) = evaluation.local(name) {
            let span = program.locals[name].span;
            report.push(Problem { help, ..Problem::at(span, message) });
        }
    }
    evaluation.outputs();
    let complete = fields.iter().filter_map(|(address, fields)| {
        let schema = program.schema_of(program.block_of(address)?);
        Some((address.clone(), complete(&schema.fields, fields)))
    });
    let complete = complete.collect();
    let whole = Whole { program, evaluation: &evaluation, report, layout, fields, complete };
    rings::check(&whole);
    names::check(&whole);
    tags::check(&whole);
    claims::check(&whole);
    rules::check(&whole);
}

/// What a tag's value can hold.
const ADDRESS_MAX: usize = 256;

/// Evaluates the fields of blocks whose `for_each` waits for the zones once, with an unknown key.
fn unexpanded(program: &Program, evaluation: &Evaluation<'_>) {
    for block in &program.blocks {
        if let Ok(instances) = evaluation.instances(block.index)
            && let Instances::Unknown(_) = &*instances
        {
            let _ = evaluation.fields(block, None);
        }
    }
}

impl Whole<'_> {
    /// Returns a resource's block, and its key there.
    fn block<'a>(&self, address: &'a Address) -> Option<(&Block, Option<&'a Arc<str>>)> {
        Some((self.program.block_of(address)?, address.key.as_ref()))
    }

    /// Returns the place of a path in a resource: as deep as it is written out, or the resource's name.
    fn place(&self, address: &Address, path: &str) -> Span {
        let Some((block, _)) = self.block(address) else { return Span::default() };
        let end = path.find(['.', '[']).unwrap_or(path.len());
        match block.fields.get(&path[..end]) {
            Some(term) => term.place(&path[end..]),
            None => block.span,
        }
    }
}

impl Program {
    /// Returns true if an expression of the stack calls this function.
    pub(super) fn calls(&self, function: &str) -> bool {
        let mut found = false;
        for term in self.terms() {
            term.templates(&mut |template| {
                found |= template.parts.iter().any(|part| matches!(part, Part::Expr(expr) if calls(expr, function)));
            });
        }
        found
    }
}

fn calls(expr: &Expr, function: &str) -> bool {
    if let ExprKind::Call { name, .. } = &expr.kind
        && **name == *function
    {
        return true;
    }
    let mut found = false;
    parts(expr, &mut |part| found |= calls(part, function));
    found
}

/// Calls `visit` with the expressions directly inside one.
fn parts<'x>(expr: &'x Expr, visit: &mut dyn FnMut(&'x Expr)) {
    match &expr.kind {
        ExprKind::Literal(_) | ExprKind::Name(_) => {}
        ExprKind::Member { of, .. } => visit(of),
        ExprKind::Index { of, index } => [of, index].into_iter().for_each(|part| visit(part)),
        ExprKind::Call { target, arguments, .. } => target.as_deref().into_iter().chain(arguments).for_each(visit),
        ExprKind::Unary { operand, .. } => visit(operand),
        ExprKind::Binary { left, right, .. } => [left, right].into_iter().for_each(|part| visit(part)),
        ExprKind::Conditional { condition, then, otherwise } => {
            [condition, then, otherwise].into_iter().for_each(|part| visit(part));
        }
        ExprKind::List(items) => items.iter().for_each(visit),
        ExprKind::Map(entries) => entries.iter().flat_map(|(key, value)| [key, value]).for_each(visit),
    }
}
