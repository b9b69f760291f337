//! What expressions see from one place of a stack.

use std::sync::Arc;

use super::eval::{Budget, Eval, Item, Keys, Missing, Object, Scope, Stop, cost, sorted_keys};
use super::evaluation::{Evaluation, Instances};
use super::expr::Fault;
use super::functions::spelled;
use super::template::{Part, Template, locate, split};
use super::yaml::Style;
use crate::model::problem::{Problem, Span};
use crate::model::value::{Map, Unknown, Value};

/// Names that are always there, besides the sections.
pub const ROOTS: &[&str] = &["vars", "locals", "environment", "stack", "region", "account_id", "partition", "each"];
/// Names that are kept for a later version.
pub const RESERVED_ROOTS: &[&str] = &["regions", "modules", "data"];

/// One place: the whole evaluation, and what `each` is there.
#[derive(Clone)]
pub struct View<'e> {
    pub evaluation: &'e Evaluation<'e>,
    pub each: Option<Each>,
    /// Inside a template file only these names are seen.
    pub names: Option<&'e Map>,
}

/// The instance of a `for_each` block in which an expression stands.
#[derive(Clone, Debug)]
pub struct Each {
    pub key: Value,
    pub value: Item,
}

impl<'e> View<'e> {
    pub fn new(evaluation: &'e Evaluation<'e>, each: Option<Each>) -> View<'e> {
        View { evaluation, each, names: None }
    }

    pub fn budget(&self) -> &Budget {
        &self.evaluation.budget
    }

    pub fn report(&self, problem: Problem) {
        self.evaluation.report.push(problem);
    }

    /// Notes that something failed that was reported before.
    pub fn fail(&self) {
        self.evaluation.report.note();
    }

    pub fn failures(&self) -> usize {
        self.evaluation.report.count()
    }

    /// Returns the value of a template, or none after reporting why.
    pub fn template(&self, template: &Template) -> Option<Value> {
        self.settle(template, self.template_value(template))
    }

    /// Returns the item of a template that is one expression.
    pub fn item(&self, template: &Template) -> Option<Item> {
        match template.whole() {
            Some(expr) => self.settle(template, Eval::new(self, self.budget()).item(expr)),
            None => self.template(template).map(Item::Value),
        }
    }

    fn settle<T>(&self, template: &Template, result: Result<T, Stop>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(Stop::Reported) => {
                self.fail();
                None
            }
            Err(Stop::Fault(fault)) => {
                let text = self.evaluation.program.sources.text(template.span.source);
                let span = template.locate(&text, &fault.at);
                let problem = Problem { help: fault.help, ..Problem::at(span, fault.message) };
                self.evaluation.report.push_fault(problem);
                None
            }
        }
    }

    fn template_value(&self, template: &Template) -> Result<Value, Stop> {
        let value = match template.whole() {
            Some(expr) => Eval::new(self, self.budget()).value(expr)?,
            None => self.text_of(&template.parts)?,
        };
        self.budget().charge(cost(&value)).map_err(|missing| missing.at(&(0..0)))?;
        Ok(value)
    }

    /// Puts text and the values of expressions together.
    fn text_of(&self, parts: &[Part]) -> Result<Value, Stop> {
        let mut out = String::new();
        let mut unknown: Option<Unknown> = None;
        let mut is_secret = false;
        for part in parts {
            let expr = match part {
                Part::Text(text) => {
                    out.push_str(text);
                    continue;
                }
                Part::Expr(expr) => expr,
            };
            let value = Eval::new(self, self.budget()).value(expr)?;
            is_secret |= matches!(value, Value::Secret(_));
            match (value.peel(), spelled(&value)) {
                (_, Some(text)) => out.push_str(&text),
                (Value::Unknown(waits_for), _) => {
                    unknown.get_or_insert_with(|| waits_for.clone());
                }
                (other, None) => return Err(Stop::Fault(no_text(other, expr.at.clone()))),
            }
            self.budget().charge(out.len() as u64 / 16).map_err(|missing| missing.at(&expr.at))?;
        }
        let text = match unknown {
            Some(unknown) => return Ok(Value::Unknown(unknown)),
            None => Value::from(out),
        };
        Ok(if is_secret { Value::Secret(Arc::new(text)) } else { text })
    }
}

fn no_text(value: &Value, at: std::ops::Range<u32>) -> Fault {
    let fault = Fault::new(at, format!("a text cannot hold {}", value.type_name()));
    fault.help(match value {
        Value::Null => "say what to take instead of null: `coalesce(x, \"…\")`",
        Value::List(_) => "write `join(x, \",\")` or `json(x)`",
        _ => "write `json(x)`",
    })
}

impl Scope for View<'_> {
    fn root(&self, name: &str) -> Option<Result<Item, Missing>> {
        if let Some(names) = self.names {
            return names.get(name).map(|value| Ok(Item::Value(value.clone())));
        }
        let program = self.evaluation.program;
        let facts = self.evaluation.facts;
        let known = |value: &Option<Arc<str>>, name: &str| match value {
            Some(text) => Value::Str(text.clone()),
            None => Value::unknown(name),
        };
        let value = match name {
            "vars" => Value::Map(program.variables.clone()),
            "environment" => program.environment.clone().into(),
            "stack" => program.name.clone().into(),
            "region" => match program.regions.first() {
                Some(region) => region.clone().into(),
                None => return Some(Err(Missing::new("the region is not known here"))),
            },
            "account_id" => known(&facts.account, "account_id"),
            "partition" => known(&facts.partition, "partition"),
            "locals" => return Some(Ok(Item::Object(Object::Locals))),
            "each" if self.each.is_some() => return Some(Ok(Item::Object(Object::Each))),
            "each" => return Some(Err(no_each())),
            _ => {
                if let Some(reserved) = RESERVED_ROOTS.iter().find(|reserved| **reserved == name) {
                    return Some(Err(Missing::new(format!("`{reserved}` is reserved for a later version"))));
                }
                let index = program.schemas.iter().position(|schema| schema.kind == name)?;
                return Some(Ok(Item::Object(Object::Section(index))));
            }
        };
        Some(Ok(Item::Value(value)))
    }

    fn root_names(&self) -> Vec<Arc<str>> {
        if let Some(names) = self.names {
            return names.keys().cloned().collect();
        }
        let kinds = self.evaluation.program.schemas.iter().map(|schema| schema.kind);
        ROOTS.iter().copied().chain(kinds).map(Into::into).collect()
    }

    fn member(&self, object: &Object, name: &str) -> Result<Item, Missing> {
        let evaluation = self.evaluation;
        match object {
            Object::Locals => evaluation.local(name),
            Object::Each => match (name, &self.each) {
                ("key", Some(each)) => Ok(Item::Value(each.key.clone())),
                ("value", Some(each)) => Ok(each.value.clone()),
                _ => Err(Missing::member("`each`", name, ["key", "value"])),
            },
            Object::Section(schema) => evaluation.block(*schema, name),
            Object::Block(block) => evaluation.instance(*block, name),
            Object::Resource(block, key) => evaluation.attribute(*block, key.as_ref(), name).map(Item::Value),
            Object::Off => Ok(Item::Object(Object::Off)),
        }
    }

    fn keys(&self, object: &Object) -> Result<Keys, Missing> {
        let program = self.evaluation.program;
        Ok(match object {
            Object::Locals => Keys::Known(sorted_keys(program.locals.keys())),
            Object::Section(schema) => {
                let blocks = program.blocks.iter().filter(|block| block.schema == *schema);
                Keys::Known(sorted_keys(blocks.map(|block| &block.name)))
            }
            Object::Block(block) => match &*self.evaluation.instances(*block)? {
                Instances::Each(list) => Keys::Known(
                    list.iter().filter(|(_, instance)| instance.is_on).map(|(key, _)| key.clone()).collect(),
                ),
                Instances::Unknown(unknown) => Keys::Unknown(unknown.clone()),
                Instances::One { .. } => Keys::Known(Vec::new()),
            },
            other => return Err(Missing::new(format!("{} cannot be gone through", self.describe(other)))),
        })
    }

    fn describe(&self, object: &Object) -> String {
        let program = self.evaluation.program;
        match object {
            Object::Locals => "`locals`".into(),
            Object::Each => "`each`".into(),
            Object::Section(schema) => format!("the section `{}`", program.schemas[*schema].kind),
            Object::Block(block) => format!("`{}`", program.address(*block, None)),
            Object::Resource(block, key) => format!("`{}`", program.address(*block, key.as_ref())),
            Object::Off => "null".into(),
        }
    }

    fn file(&self, path: &str) -> Result<Arc<str>, Missing> {
        let program = self.evaluation.program;
        program.files.read(path, &program.sources).map(|(text, _)| text).map_err(Missing::new)
    }

    fn template(&self, path: &str, names: &Map, budget: &Budget) -> Result<Value, Missing> {
        let program = self.evaluation.program;
        let (text, source) = program.files.read(path, &program.sources).map_err(Missing::new)?;
        budget.charge(text.len() as u64 / 16 + 1)?;
        if !budget.enter() {
            return Err(self.too_deep());
        }
        let span = Span { source, start: 0, end: text.len() as u32 };
        let inner = View { evaluation: self.evaluation, each: None, names: Some(names) };
        let result = split(&text).map_err(Stop::Fault).and_then(|parts| inner.text_of(&parts));
        budget.leave();
        result.map_err(|stop| {
            if let Stop::Fault(fault) = stop {
                let span = locate(&text, span, Style::Plain, &text, &fault.at);
                self.evaluation.report.push_fault(Problem { help: fault.help, ..Problem::at(span, fault.message) });
            }
            Missing::Reported
        })
    }

    fn zones(&self) -> Value {
        let region = self.evaluation.program.regions.first();
        match region.and_then(|region| self.evaluation.facts.zones.get(region)) {
            Some(zones) => Value::list(zones.iter().cloned()),
            None => Value::unknown("availability_zones()"),
        }
    }

    fn too_deep(&self) -> Missing {
        self.evaluation.too_deep()
    }
}

fn no_each() -> Missing {
    Missing::Wrong {
        message: "`each` is known only in a block with `for_each`".into(),
        help: Some("add `manage: {for_each: …}` to the block".into()),
    }
}
