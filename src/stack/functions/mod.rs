//! The functions of expressions: one table, which documentation and suggestions read too.

mod collections;
mod encoding;
mod network;
mod numbers;
mod text;

use std::sync::LazyLock;

use crate::model::value::Value;

/// A function of the language.
#[derive(Debug)]
pub struct Function {
    pub name: &'static str,
    /// Its arguments and result: `(text, separator) -> list`.
    pub signature: &'static str,
    /// One sentence on what it returns.
    pub doc: &'static str,
    /// How many arguments it takes, the one before the dot included.
    pub least: usize,
    pub most: usize,
    pub run: Run,
    /// It only moves elements: what is unknown inside a list stays inside the result.
    pub keeps_unknowns: bool,
    /// Steps that a call costs besides the size of what goes in and out.
    pub price: u64,
}

/// How a function is carried out.
#[derive(Clone, Copy, Debug)]
pub enum Run {
    Pure(fn(&[Value]) -> Result<Value, Wrong>),
    // These see resources, files or the account: the evaluator does them.
    Values,
    Keys,
    Ids,
    Size,
    Concat,
    Coalesce,
    Lookup,
    Zones,
    File,
    Template,
}

/// What is wrong with a call, and with which argument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    pub argument: Option<usize>,
    pub message: String,
    pub help: Option<String>,
}

impl Wrong {
    pub fn argument(index: usize, message: impl Into<String>) -> Wrong {
        Wrong { argument: Some(index), message: message.into(), help: None }
    }

    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Wrong {
        self.help = Some(help.into());
        self
    }
}

impl Function {
    const fn pure(
        name: &'static str,
        signature: &'static str,
        doc: &'static str,
        least: usize,
        most: usize,
        run: fn(&[Value]) -> Result<Value, Wrong>,
    ) -> Function {
        Function { name, signature, doc, least, most, run: Run::Pure(run), keeps_unknowns: false, price: 1 }
    }

    const fn host(name: &'static str, signature: &'static str, doc: &'static str, most: usize, run: Run) -> Function {
        Function { name, signature, doc, least: 1, most, run, keeps_unknowns: true, price: 1 }
    }

    const fn keeps_unknowns(mut self) -> Function {
        self.keeps_unknowns = true;
        self
    }

    const fn least(mut self, least: usize) -> Function {
        self.least = least;
        self
    }

    const fn price(mut self, price: u64) -> Function {
        self.price = price;
        self
    }

    /// Says what is wrong with a number of arguments.
    pub fn check_count(&self, count: usize) -> Result<(), Wrong> {
        if (self.least..=self.most).contains(&count) {
            return Ok(());
        }
        let expected = match (self.least, self.most) {
            (least, usize::MAX) => format!("at least {}", arguments(least)),
            (0, 0) => "no arguments".into(),
            (least, most) if least == most => arguments(least),
            (least, most) => format!("{least} to {}", arguments(most)),
        };
        Err(Wrong {
            argument: None,
            message: format!("`{}` takes {expected}, not {count}", self.name),
            help: Some(format!("{}{}", self.name, self.signature)),
        })
    }
}

fn arguments(count: usize) -> String {
    if count == 1 { "1 argument".into() } else { format!("{count} arguments") }
}

/// What is not limited.
const ANY: usize = usize::MAX;

/// What the evaluator does itself.
const HOSTED: &[Function] = &[
    Function::host(
        "availability_zones",
        "() -> list",
        "The names of the region's availability zones, sorted.",
        0,
        Run::Zones,
    )
    .least(0),
    Function::host("coalesce", "(a, b, …) -> value", "The first argument that is not null.", ANY, Run::Coalesce),
    Function::host("concat", "(list, …) -> list", "The elements of all lists.", ANY, Run::Concat),
    Function::host("file", "(path) -> text", "The text of a file beside the stack; never interpolated.", 1, Run::File),
    Function::host(
        "ids",
        "(resources) -> list",
        "The ids of a block's instances, or of a list of resources.",
        1,
        Run::Ids,
    ),
    Function::host("keys", "(map) -> list", "The keys of a map or of a block with `for_each`, sorted.", 1, Run::Keys),
    Function::host("length", "(value) -> integer", "The same as `size`.", 1, Run::Size),
    Function::host("lookup", "(map, key, default) -> value", "The value of a key, or the default.", 3, Run::Lookup)
        .least(3),
    Function::host("size", "(value) -> integer", "The number of characters, elements or entries.", 1, Run::Size),
    Function::host(
        "template",
        "(path, names) -> text",
        "The text of a file with its `${…}` evaluated; they see only the given names.",
        2,
        Run::Template,
    ),
    Function::host(
        "values",
        "(map) -> list",
        "The values of a map, or a block's instances, in the order of their keys.",
        1,
        Run::Values,
    ),
];

static ALL: LazyLock<Vec<&'static Function>> = LazyLock::new(|| {
    let tables = [HOSTED, collections::TABLE, encoding::TABLE, network::TABLE, numbers::TABLE, text::TABLE];
    let mut all: Vec<&'static Function> = tables.into_iter().flatten().collect();
    all.sort_by_key(|function| function.name);
    all
});

/// Returns all functions, sorted by name.
pub fn all() -> &'static [&'static Function] {
    &ALL
}

pub fn names() -> impl Iterator<Item = &'static str> {
    ALL.iter().map(|function| function.name)
}

pub fn find(name: &str) -> Option<&'static Function> {
    ALL.binary_search_by_key(&name, |function| function.name).ok().map(|index| ALL[index])
}

fn text_of(values: &[Value], index: usize) -> Result<&str, Wrong> {
    let value = &values[index];
    value
        .as_str()
        .ok_or_else(|| Wrong::argument(index, format!("a string is needed here, and this is {}", value.type_name())))
}

fn integer_of(values: &[Value], index: usize) -> Result<i64, Wrong> {
    let value = &values[index];
    value
        .as_int()
        .ok_or_else(|| Wrong::argument(index, format!("an integer is needed here, and this is {}", value.type_name())))
}

fn list_of(values: &[Value], index: usize) -> Result<&[Value], Wrong> {
    let value = &values[index];
    value
        .as_list()
        .ok_or_else(|| Wrong::argument(index, format!("a list is needed here, and this is {}", value.type_name())))
}

/// Returns a value as it stands in a text: strings as they are, numbers and booleans spelled out.
pub fn spelled(value: &Value) -> Option<String> {
    match value.peel() {
        Value::Str(text) => Some(text.to_string()),
        Value::Int(number) => Some(number.to_string()),
        Value::Float(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_function_says_what_it_is() {
        for pair in all().windows(2) {
            assert!(pair[0].name < pair[1].name, "{} is there twice", pair[0].name);
        }
        for function in all() {
            assert!(function.signature.contains("->") && function.doc.ends_with('.'), "{}", function.name);
            assert!(function.least <= function.most);
        }
    }
}
