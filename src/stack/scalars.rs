//! Single values against their shapes: text from YAML is typed, values of expressions are checked.

use std::cell::RefCell;
use std::collections::HashMap;

use regex::Regex;

use super::yaml::{self, Style};
use crate::model::problem::nearest;
use crate::model::shape::{Shape, Text};
use crate::model::value::Value;

/// What is wrong with a value, as the end of a sentence that begins with the field: "takes an integer, not …".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unfit {
    pub message: String,
    pub help: Option<String>,
}

impl Unfit {
    fn new(message: impl Into<String>) -> Unfit {
        Unfit { message: message.into(), help: None }
    }

    fn help(mut self, help: impl Into<String>) -> Unfit {
        self.help = Some(help.into());
        self
    }
}

/// Returns what a shape takes, in a sentence.
pub fn wanted(shape: &Shape) -> &'static str {
    match shape {
        Shape::Bool => "`true` or `false`",
        Shape::Integer { .. } => "an integer",
        Shape::Number { .. } => "a number",
        Shape::Text(_) => "a string",
        Shape::Document => "a document",
        Shape::List(_) => "a list",
        Shape::Map(_) | Shape::Record(_) => "a map",
    }
}

/// Gives a scalar of a stack the type of its shape. Null is what counts as omitted.
pub fn literal(text: &std::sync::Arc<str>, style: Style, shape: &Shape) -> Result<Value, Unfit> {
    if style == Style::Plain && yaml::is_null(text) {
        return Ok(Value::Null);
    }
    let is_quoted = style != Style::Plain;
    let value = match shape {
        Shape::Text(_) => Value::Str(text.clone()),
        Shape::Document => super::untyped::scalar(text, style),
        Shape::Bool => match (&**text, is_quoted) {
            ("true", false) => Value::Bool(true),
            ("false", false) => Value::Bool(false),
            ("true" | "false", true) => return Err(unfit(shape, text).help(format!("remove the quotes: {text}"))),
            (other, _) => return Err(not_boolean(shape, other)),
        },
        Shape::Integer { .. } => match text.parse::<i64>() {
            Ok(number) if !is_quoted => Value::Int(number),
            Ok(_) => return Err(unfit(shape, text).help(format!("remove the quotes: {text}"))),
            Err(_) => return Err(unfit(shape, text)),
        },
        Shape::Number { .. } => match text.parse::<f64>() {
            Ok(number) if !is_quoted && number.is_finite() => Value::Float(number),
            Ok(number) if number.is_finite() => {
                return Err(unfit(shape, text).help(format!("remove the quotes: {text}")));
            }
            _ => return Err(unfit(shape, text)),
        },
        Shape::List(_) => return Err(unfit(shape, text).help(format!("write a list: [{text}]"))),
        Shape::Map(_) | Shape::Record(_) => return Err(unfit(shape, text)),
    };
    within(&value, shape)?;
    Ok(value)
}

fn unfit(shape: &Shape, text: &str) -> Unfit {
    Unfit::new(format!("takes {}, not {}", wanted(shape), shown(text)))
}

/// Returns a text for a message, shortened.
fn shown(text: &str) -> String {
    if text.chars().count() <= 60 {
        return format!("`{text}`");
    }
    format!("`{}…`", text.chars().take(59).collect::<String>())
}

fn not_boolean(shape: &Shape, text: &str) -> Unfit {
    let unfit = unfit(shape, text);
    match text.to_ascii_lowercase().as_str() {
        "yes" | "on" | "y" | "true" => unfit.help("write `true`"),
        "no" | "off" | "n" | "false" => unfit.help("write `false`"),
        _ => unfit,
    }
}

/// Checks a known single value that an expression gave, and returns it in the shape's own form.
pub fn checked(value: &Value, shape: &Shape) -> Result<Value, Unfit> {
    let typed = match (shape, value) {
        (Shape::Bool, Value::Bool(_)) | (Shape::Integer { .. }, Value::Int(_)) | (Shape::Text(_), Value::Str(_)) => {
            value.clone()
        }
        (Shape::Number { .. }, Value::Int(_) | Value::Float(_)) => Value::Float(value.as_float().unwrap_or_default()),
        _ => {
            let unfit = Unfit::new(format!("takes {}, and this is {}", wanted(shape), value.type_name()));
            return Err(match (shape, value) {
                (Shape::Text(_), Value::Int(_) | Value::Float(_) | Value::Bool(_)) => unfit.help("write `string(…)`"),
                (Shape::Text(_), Value::List(_) | Value::Map(_)) => {
                    unfit.help("write `json(…)`, or `join(…)` for a list")
                }
                (Shape::Integer { .. }, Value::Str(_) | Value::Float(_)) => unfit.help("write `int(…)`"),
                (Shape::Number { .. }, Value::Str(_)) => unfit.help("write `double(…)`"),
                (Shape::Bool, Value::Str(_)) => unfit.help("write `bool(…)`"),
                _ => unfit,
            });
        }
    };
    within(&typed, shape)?;
    Ok(typed)
}

/// Checks limits, pattern and enum values.
fn within(value: &Value, shape: &Shape) -> Result<(), Unfit> {
    match (shape, value) {
        (Shape::Integer { min, max }, Value::Int(number)) => {
            between(min.is_some_and(|min| *number < min), max.is_some_and(|max| *number > max), min, max, number)
        }
        (Shape::Number { min, max }, Value::Float(number)) => {
            between(min.is_some_and(|min| *number < min), max.is_some_and(|max| *number > max), min, max, number)
        }
        (Shape::Text(limits), Value::Str(text)) => text_within(text, limits),
        _ => Ok(()),
    }
}

fn between<N: std::fmt::Display>(
    is_less: bool,
    is_more: bool,
    min: &Option<N>,
    max: &Option<N>,
    number: &N,
) -> Result<(), Unfit> {
    if !is_less && !is_more {
        return Ok(());
    }
    Err(Unfit::new(match (min, max) {
        (Some(min), Some(max)) => format!("is {min} to {max}, not {number}"),
        (Some(min), None) => format!("is at least {min}, not {number}"),
        (_, Some(max)) => format!("is at most {max}, not {number}"),
        (None, None) => format!("cannot be {number}"),
    }))
}

fn text_within(text: &str, limits: &Text) -> Result<(), Unfit> {
    if !limits.values.is_empty() {
        return if limits.values.contains(&text) { Ok(()) } else { Err(not_one_of(text, limits.values)) };
    }
    let length = text.chars().count();
    if limits.max.is_some_and(|max| length > max as usize) {
        let max = limits.max.unwrap_or_default();
        return Err(Unfit::new(format!("has at most {max} characters, and this has {length}")));
    }
    if limits.min.is_some_and(|min| length < min as usize) {
        let min = limits.min.unwrap_or_default();
        return Err(Unfit::new(format!("has at least {min} characters, and this has {length}")));
    }
    match limits.pattern {
        Some(pattern) if !matches(pattern, text) => {
            Err(Unfit::new(format!("cannot be {}", shown(text))).help(format!("it matches `{pattern}`")))
        }
        _ => Ok(()),
    }
}

fn not_one_of(text: &str, values: &[&str]) -> Unfit {
    let unfit = Unfit::new(format!("cannot be {}", shown(text)));
    let near = values.iter().find(|value| value.eq_ignore_ascii_case(text)).copied();
    match near.or_else(|| nearest(text, values.iter().copied())) {
        Some(near) => unfit.help(format!("did you mean `{near}`?")),
        None if values.len() <= 30 => unfit.help(format!("it is one of `{}`", values.join("`, `"))),
        None => unfit.help(format!("it is one of {} values, such as `{}`", values.len(), values[..5].join("`, `"))),
    }
}

/// Returns true if the whole text matches. A pattern that does not compile forbids nothing.
pub fn matches(pattern: &str, text: &str) -> bool {
    thread_local! {
        static COMPILED: RefCell<HashMap<String, Option<Regex>>> = RefCell::default();
    }
    COMPILED.with_borrow_mut(|compiled| {
        if !compiled.contains_key(pattern) {
            let regex = Regex::new(&format!("^(?:{pattern})$")).ok();
            compiled.insert(pattern.to_owned(), regex);
        }
        compiled[pattern].as_ref().is_none_or(|regex| regex.is_match(text))
    })
}
