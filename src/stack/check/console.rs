//! One expression by itself, as `console` evaluates it.

use std::sync::Arc;

use super::super::eval::{Eval, Item, Keys, Missing, Object, Scope, Stop};
use super::super::evaluation::Evaluation;
use super::super::expr;
use super::super::program::Program;
use super::super::source::Report;
use super::super::view::View;
use crate::model::problem::{Problem, Problems, Source, Span};
use crate::model::stack::Facts;
use crate::model::value::{Map, Value};

/// Returns the value of an expression; a whole resource is a map of what is known of it.
pub fn evaluate(program: &Program, expression: &str, facts: &Facts) -> Result<Value, Problems> {
    let report = Report::default();
    let evaluation = Evaluation::new(program, facts, &report);
    let view = View::new(&evaluation, None);
    let result = expr::parse(expression).map_err(Stop::Fault).and_then(|expr| {
        let item = Eval::new(&view, &evaluation.budget).item(&expr)?;
        whole(&view, &item).map_err(|missing| missing.at(&expr.at))
    });
    let fault = match result {
        Ok(value) if report.is_empty() => return Ok(value),
        Err(Stop::Fault(fault)) => Some(fault),
        _ => None,
    };
    let mut problems = report.problems(&program.sources);
    if let Some(fault) = fault {
        let source = problems.sources.len() as u32;
        problems.sources.push(Source { path: "expression".into(), text: expression.into() });
        let span = Span { source, start: fault.at.start, end: fault.at.end };
        problems.list.push(Problem { help: fault.help, ..Problem::at(span, fault.message) });
    }
    Err(problems)
}

/// Makes a value of anything.
fn whole(view: &View<'_>, item: &Item) -> Result<Value, Missing> {
    match item {
        Item::Value(value) => Ok(value.clone()),
        Item::Items(items) => {
            let values = items.iter().map(|item| whole(view, item)).collect::<Result<Vec<_>, _>>()?;
            Ok(Value::list(values))
        }
        Item::Object(Object::Off) => Ok(Value::Null),
        Item::Object(object @ Object::Resource(block, _)) => {
            let program = view.evaluation.program;
            let schema = program.schema_of(&program.blocks[*block]);
            members(
                view,
                object,
                schema.attributes.keys().chain(schema.fields.fields.keys()).map(|name| (*name).into()),
            )
        }
        Item::Object(object) => match view.keys(object)? {
            Keys::Known(keys) => members(view, object, keys.into_iter()),
            Keys::Unknown(unknown) => Ok(unknown),
        },
    }
}

fn members(view: &View<'_>, object: &Object, names: impl Iterator<Item = Arc<str>>) -> Result<Value, Missing> {
    let mut map = Map::new();
    for name in names {
        let value = whole(view, &view.member(object, &name)?)?;
        if !value.is_null() {
            map.insert(name, value);
        }
    }
    Ok(map.into())
}
