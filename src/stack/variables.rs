//! `variables`: typed inputs, where their values come from, and what they must be.

use std::sync::Arc;

use indexmap::IndexMap;

use super::eval::suggestion;
use super::scalars;
use super::source::Report;
use super::untyped;
use super::yaml::{Entry, Kind, Node, Style};
use crate::model::address::is_name;
use crate::model::problem::{Problem, Span};
use crate::model::shape::{Field, Shape};
use crate::model::value::{Map, Value};

/// One declared variable.
pub struct Variable {
    span: Span,
    shape: Shape,
    default: Option<Value>,
    allowed: Vec<Value>,
    pattern: Option<Arc<str>>,
    is_sensitive: bool,
}

/// A value that was given to a variable, and where.
#[derive(Clone)]
pub struct Given {
    pub node: Node,
    /// Typed as a whole by the variable: `--var list='[a, b]'` is read as YAML, while `--var text=...` is text.
    pub is_text: bool,
}

const KEYS: &[&str] = &["type", "default", "allowed", "pattern", "description", "sensitive"];
const TYPES: &[&str] = &["string", "integer", "number", "boolean", "list", "map"];

/// Reads the declarations.
pub fn read(node: &Node, report: &Report) -> IndexMap<Arc<str>, Variable> {
    let Some(entries) = map_of(node, "variables", report) else { return IndexMap::new() };
    let variables = entries.iter().map(|entry| {
        check_name(&entry.key, entry.key_span, "a variable", report);
        (entry.key.clone(), variable(entry, report))
    });
    variables.collect()
}

/// Returns the entries of a section, or reports that it is none. Omitted is empty.
pub fn map_of<'n>(node: &'n Node, name: &str, report: &Report) -> Option<&'n [Entry]> {
    match &node.kind {
        Kind::Map(entries) => Some(entries),
        _ if node.is_null() => Some(&[]),
        _ => {
            report.push(Problem::at(node.span, format!("`{name}` takes a map, not {}", node.what())));
            None
        }
    }
}

/// Reports what cannot be a name in an expression.
pub fn check_name(name: &str, span: Span, what: &str, report: &Report) {
    if super::expr::RESERVED.contains(&name) {
        let problem = Problem::at(span, format!("`{name}` is a reserved word of CEL and never a name"));
        report.push(problem.help("choose another name"));
    } else if !is_name(name) {
        let problem = Problem::at(span, format!("`{name}` cannot be the name of {what}"));
        report.push(problem.help("a name is `[a-z][a-z0-9_]*`: small letters, digits and `_`"));
    }
}

fn variable(entry: &Entry, report: &Report) -> Variable {
    let mut variable = Variable {
        span: entry.key_span,
        shape: Field::text().shape,
        default: None,
        allowed: Vec::new(),
        pattern: None,
        is_sensitive: false,
    };
    let Some(entries) = map_of(&entry.value, &entry.key, report) else { return variable };
    let find = |key: &str| entries.iter().find(|entry| *entry.key == *key).map(|entry| &entry.value);
    for other in entries.iter().filter(|entry| !KEYS.contains(&&*entry.key)) {
        let problem = Problem::at(other.key_span, format!("a variable has no `{}`", other.key));
        report.push(Problem { help: suggestion(&other.key, KEYS), ..problem });
    }
    variable.shape = match find("type") {
        Some(node) => declared_shape(node, report),
        None => find("default").map_or(Field::text().shape, implied_shape),
    };
    if let Some(node) = find("sensitive") {
        variable.is_sensitive =
            typed(node, &Shape::Bool, "sensitive", report).and_then(|value| value.as_bool()).unwrap_or(true);
    }
    if let Some(node) = find("pattern") {
        variable.pattern =
            typed(node, &Field::text().shape, "pattern", report).and_then(|value| value.as_str().map(Into::into));
        if variable.pattern.as_deref().is_some_and(|pattern| regex::Regex::new(pattern).is_err()) {
            report.push(Problem::at(node.span, "this is no regular expression"));
        }
    }
    if let Some(node) = find("description") {
        typed(node, &Field::text().shape, "description", report);
    }
    if let Some(Node { kind: Kind::List(items), .. }) = find("allowed") {
        variable.allowed = items.iter().filter_map(|item| typed(item, &variable.shape, "allowed", report)).collect();
    } else if let Some(node) = find("allowed") {
        report.push(Problem::at(node.span, format!("`allowed` takes a list, not {}", node.what())));
    }
    if let Some(node) = find("default") {
        match typed(node, &variable.shape, "default", report) {
            Some(value) => {
                variable.check(&entry.key, &value, node.span, report);
                variable.default = Some(value);
            }
            // What is wrong with it was said; that a value is missing is not to be said too.
            None if !node.is_null() => variable.default = Some(Value::unknown(format!("vars.{}", entry.key))),
            None => {}
        }
    }
    variable
}

fn declared_shape(node: &Node, report: &Report) -> Shape {
    let name = match &node.kind {
        Kind::Scalar(text, _) => &**text,
        _ => "",
    };
    match name {
        "string" => Field::text().shape,
        "integer" => Shape::Integer { min: None, max: None },
        "number" => Shape::Number { min: None, max: None },
        "boolean" => Shape::Bool,
        "list" => Field::list(Shape::Document).shape,
        "map" => Shape::Map(Box::new(Shape::Document)),
        _ => {
            let other = match name {
                "bool" => Some("boolean"),
                "int" => Some("integer"),
                "object" => Some("map"),
                "str" | "text" => Some("string"),
                "float" | "double" => Some("number"),
                _ => None,
            };
            let help = other.map(|other| format!("did you mean `{other}`?")).or_else(|| suggestion(name, TYPES));
            let problem = Problem::at(node.span, format!("`{name}` is no type of a variable"));
            report.push(Problem { help, ..problem });
            Shape::Document
        }
    }
}

/// Without a type, the default says it.
fn implied_shape(node: &Node) -> Shape {
    match untyped::value(node) {
        Value::Bool(_) => Shape::Bool,
        Value::Int(_) => Shape::Integer { min: None, max: None },
        Value::Float(_) => Shape::Number { min: None, max: None },
        Value::List(_) => Field::list(Shape::Document).shape,
        Value::Map(_) => Shape::Map(Box::new(Shape::Document)),
        _ => Field::text().shape,
    }
}

/// Returns a plain value of a shape: variables hold no expressions.
pub fn typed(node: &Node, shape: &Shape, name: &str, report: &Report) -> Option<Value> {
    let problem = match (&node.kind, shape) {
        (Kind::Scalar(text, style), _) => {
            if text.contains("${") && !text.contains("$${") {
                let problem = Problem::at(node.span, format!("`{name}` takes a plain value, not an expression"));
                report.push(problem.help("put expressions into `locals`"));
                return None;
            }
            let text: Arc<str> = if text.contains("$${") { text.replace("$${", "${").into() } else { text.clone() };
            match scalars::literal(&text, *style, shape) {
                Ok(Value::Null) => return None,
                Ok(value) => return Some(value),
                Err(unfit) => {
                    Problem { help: unfit.help, ..Problem::at(node.span, format!("`{name}` {}", unfit.message)) }
                }
            }
        }
        (Kind::List(_), Shape::List(_) | Shape::Document) | (Kind::Map(_), Shape::Map(_) | Shape::Document) => {
            return Some(untyped::value(node));
        }
        _ => Problem::at(node.span, format!("`{name}` takes {}, not {}", scalars::wanted(shape), node.what())),
    };
    report.push(problem);
    None
}

impl Variable {
    /// Checks `allowed` and `pattern`.
    fn check(&self, name: &str, value: &Value, span: Span, report: &Report) {
        let shown = |value: &Value| if self.is_sensitive { "(sensitive)".into() } else { value.to_string() };
        if !self.allowed.is_empty() && !self.allowed.contains(value) {
            let allowed: Vec<String> = self.allowed.iter().map(ToString::to_string).collect();
            let problem = Problem::at(span, format!("`{name}` cannot be {}", shown(value)));
            report.push(problem.help(format!("it is one of {}", allowed.join(", "))));
        }
        if let (Some(pattern), Some(text)) = (&self.pattern, value.as_str())
            && !scalars::matches(pattern, text)
        {
            let problem = Problem::at(span, format!("`{name}` cannot be {}", shown(value)));
            report.push(problem.help(format!("it matches `{pattern}`")));
        }
    }

    /// Returns the value that was given, typed.
    fn value(&self, name: &str, given: &Given, report: &Report) -> Option<Value> {
        let mut node = given.node.clone();
        if given.is_text
            && let Kind::Scalar(text, style) = &mut node.kind
        {
            // A text given on the command line is no YAML: `--var name=null` is the text `null`.
            *style = if matches!(self.shape, Shape::Text(_)) { Style::Double } else { Style::Plain };
            if matches!(self.shape, Shape::List(_) | Shape::Map(_) | Shape::Document) {
                return self.collection(name, text, node.span, report);
            }
        }
        let value = typed(&node, &self.shape, name, report)?;
        self.check(name, &value, node.span, report);
        Some(value)
    }

    fn collection(&self, name: &str, text: &str, span: Span, report: &Report) -> Option<Value> {
        let value = match untyped::read(text) {
            Ok(value) => value,
            Err(message) => {
                report.push(Problem::at(span, message));
                return None;
            }
        };
        let is_right = match &self.shape {
            Shape::List(_) => value.as_list().is_some(),
            Shape::Map(_) => value.as_map().is_some(),
            _ => true,
        };
        if !is_right {
            let message = format!("`{name}` takes {}, and this is {}", scalars::wanted(&self.shape), value.type_name());
            report.push(Problem::at(span, message));
            return None;
        }
        self.check(name, &value, span, report);
        Some(value)
    }
}

/// Returns the value of every variable: what was given, or the default.
pub fn resolve(variables: &IndexMap<Arc<str>, Variable>, given: &IndexMap<Arc<str>, Given>, report: &Report) -> Map {
    let mut values = Map::new();
    for (name, variable) in variables {
        let value = match given.get(name) {
            Some(given) => variable.value(name, given, report),
            None if variable.default.is_some() => variable.default.clone(),
            None => {
                let problem = Problem::at(variable.span, format!("the variable `{name}` has no value"));
                report.push(problem.help(format!("give one with `--var {name}=…`, or a `default`")));
                None
            }
        };
        // What has no value was reported; expressions still see the name.
        let value = value.unwrap_or_else(|| Value::unknown(format!("vars.{name}")));
        let is_known = value.is_known();
        values.insert(
            name.clone(),
            if variable.is_sensitive && is_known { Value::Secret(Arc::new(value)) } else { value },
        );
    }
    values
}
