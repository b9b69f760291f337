//! The top-level keys of a stack.

use std::sync::Arc;

use indexmap::IndexMap;

use super::block;
use super::eval::suggestion;
use super::program::{Block, Output};
use super::source::{Report, Sources};
use super::term::{Term, TermKind};
use super::variables::{self, Variable, check_name, map_of};
use super::yaml::{Entry, Kind, Node};
use crate::model::problem::{Problem, Span};
use crate::model::schema::Schema;

/// The keys that every stack may have.
const KEYS: &[&str] =
    &["stack", "region", "regions", "account", "variables", "environments", "locals", "tags", "modules", "outputs"];
/// The keys that a later version will know. A kind never takes one of these names.
pub const RESERVED: &[&str] =
    &["data", "checks", "policies_dir", "lock", "imports", "resources", "ignore_tags", "trueup", "modules", "secrets"];

/// A stack file, read but not resolved.
#[derive(Default)]
pub(super) struct Document {
    pub name: Option<Arc<str>>,
    pub region: Option<Term>,
    pub account: Option<Term>,
    pub variables: IndexMap<Arc<str>, Variable>,
    pub environments: Option<IndexMap<Arc<str>, Environment>>,
    pub locals: IndexMap<Arc<str>, Term>,
    pub tags: Option<Term>,
    pub blocks: Vec<Block>,
    pub outputs: IndexMap<Arc<str>, Output>,
    /// The place of the `stack` key, or of the file's beginning.
    pub span: Span,
}

/// A named set of values.
#[derive(Default)]
pub(super) struct Environment {
    pub variables: Vec<Entry>,
    pub region: Option<Term>,
    pub account: Option<Term>,
}

pub(super) struct Reader<'r> {
    pub sources: &'r Sources,
    pub report: &'r Report,
    pub schemas: &'static [Schema],
}

impl Reader<'_> {
    /// Reads a whole document. What is wrong is reported and left out.
    pub fn read(&self, root: Node) -> Document {
        let span = Span { end: root.span.start, ..root.span };
        let mut document = Document { span, ..Document::default() };
        let Kind::Map(entries) = root.kind else {
            self.report.push(Problem::at(root.span, format!("a stack is a map, not {}", root.what())));
            return document;
        };
        for entry in entries {
            self.entry(&mut document, entry);
        }
        if document.name.is_none() && self.report.is_empty() {
            let problem = Problem::at(document.span, "the stack has no name");
            self.report.push(problem.help("begin with `stack: NAME`"));
        }
        document
    }

    fn entry(&self, document: &mut Document, entry: Entry) {
        match &*entry.key {
            "stack" => {
                document.span = entry.key_span;
                document.name = self.name(&entry.value);
            }
            "region" => document.region = Some(self.term(entry.value)),
            "regions" => document.region = self.only_region(entry),
            "account" => document.account = Some(self.term(entry.value)),
            "variables" => document.variables = variables::read(&entry.value, self.report),
            "environments" => document.environments = Some(self.environments(entry.value)),
            "locals" => document.locals = self.locals(entry.value),
            "tags" => document.tags = Some(self.term(entry.value)),
            "outputs" => document.outputs = self.outputs(entry.value),
            key => {
                if let Some(index) = self.schemas.iter().position(|schema| schema.kind == key) {
                    block::read_section(self, index, entry, &mut document.blocks);
                } else {
                    self.unknown_key(&entry);
                }
            }
        }
    }

    fn unknown_key(&self, entry: &Entry) {
        if RESERVED.contains(&&*entry.key) {
            self.report.push(Problem::at(entry.key_span, format!("`{}` is reserved for a later version", entry.key)));
            return;
        }
        let known: Vec<&str> = KEYS.iter().copied().chain(self.schemas.iter().map(|schema| schema.kind)).collect();
        let problem = Problem::at(entry.key_span, format!("`{}` is neither a kind nor a key of a stack", entry.key));
        self.report.push(Problem { help: suggestion(&entry.key, &known), ..problem });
    }

    pub fn term(&self, node: Node) -> Term {
        Term::read(node, self.sources, self.report)
    }

    fn name(&self, node: &Node) -> Option<Arc<str>> {
        let Kind::Scalar(text, _) = &node.kind else {
            self.report.push(Problem::at(node.span, format!("`stack` takes a name, not {}", node.what())));
            return None;
        };
        if is_stack_name(text) {
            return Some(text.clone());
        }
        let problem = Problem::at(node.span, format!("`{text}` cannot be the name of a stack"));
        self.report.push(problem.help("a name is `[a-z][a-z0-9-]{0,37}`: small letters, digits and `-`, at most 38"));
        // Everything else can still be checked.
        Some("stack".into())
    }

    fn only_region(&self, entry: Entry) -> Option<Term> {
        let key_span = entry.key_span;
        match entry.value.kind {
            Kind::List(mut items) if items.len() == 1 => items.pop().map(|item| self.term(item)),
            Kind::List(items) if items.len() > 1 => {
                let problem = Problem::at(key_span, "several regions are reserved for a later version");
                self.report.push(problem.help("write one stack file a region, or `region: NAME`"));
                items.into_iter().next().map(|item| self.term(item))
            }
            _ => {
                self.report.push(Problem::at(key_span, "`regions` takes a list of regions"));
                None
            }
        }
    }

    fn environments(&self, node: Node) -> IndexMap<Arc<str>, Environment> {
        let mut environments = IndexMap::new();
        if map_of(&node, "environments", self.report).is_none() {
            return environments;
        }
        let Kind::Map(entries) = node.kind else { return environments };
        for entry in entries {
            if !is_stack_name(&entry.key) {
                let problem =
                    Problem::at(entry.key_span, format!("`{}` cannot be the name of an environment", entry.key));
                self.report.push(problem.help("a name is small letters, digits and `-`, at most 38"));
            }
            let environment = self.environment(entry.value);
            environments.insert(entry.key, environment);
        }
        environments
    }

    fn environment(&self, node: Node) -> Environment {
        let mut environment = Environment::default();
        if map_of(&node, "environments", self.report).is_none() {
            return environment;
        }
        let Kind::Map(entries) = node.kind else { return environment };
        for entry in entries {
            match &*entry.key {
                "region" => environment.region = Some(self.term(entry.value)),
                "account" => environment.account = Some(self.term(entry.value)),
                "variables" => {
                    if map_of(&entry.value, "variables", self.report).is_some()
                        && let Kind::Map(variables) = entry.value.kind
                    {
                        environment.variables = variables;
                    }
                }
                other => {
                    let problem = Problem::at(entry.key_span, format!("an environment has no `{other}`"));
                    let help = suggestion(other, &["variables", "account", "region"]);
                    self.report.push(Problem { help, ..problem });
                }
            }
        }
        environment
    }

    fn locals(&self, node: Node) -> IndexMap<Arc<str>, Term> {
        let mut locals = IndexMap::new();
        if map_of(&node, "locals", self.report).is_none() {
            return locals;
        }
        let Kind::Map(entries) = node.kind else { return locals };
        for entry in entries {
            check_name(&entry.key, entry.key_span, "a local", self.report);
            locals.insert(entry.key, self.term(entry.value));
        }
        locals
    }

    fn outputs(&self, node: Node) -> IndexMap<Arc<str>, Output> {
        let mut outputs = IndexMap::new();
        if map_of(&node, "outputs", self.report).is_none() {
            return outputs;
        }
        let Kind::Map(entries) = node.kind else { return outputs };
        for entry in entries {
            check_name(&entry.key, entry.key_span, "an output", self.report);
            let term = self.term(entry.value);
            outputs.insert(entry.key, self.output(term));
        }
        outputs
    }

    /// An output is a value, or `{value, description, sensitive}`.
    fn output(&self, term: Term) -> Output {
        const KEYS: &[&str] = &["value", "description", "sensitive"];
        let is_long = term.entry("value").is_some() && term.entries().iter().all(|entry| KEYS.contains(&&*entry.key));
        if !is_long {
            return Output { value: term, description: None, is_sensitive: false };
        }
        let mut output = Output { value: term.clone(), description: None, is_sensitive: false };
        if let TermKind::Map(entries) = term.kind {
            for entry in entries {
                match (&*entry.key, &entry.value.kind) {
                    ("value", _) => output.value = entry.value,
                    ("description", TermKind::Literal(text, _)) => output.description = Some(text.clone()),
                    ("sensitive", TermKind::Literal(text, _)) if matches!(&**text, "true" | "false") => {
                        output.is_sensitive = &**text == "true";
                    }
                    (key, _) => {
                        let wanted = if key == "sensitive" { "`true` or `false`" } else { "plain text" };
                        self.report.push(Problem::at(entry.value.span, format!("`{key}` takes {wanted}")));
                    }
                }
            }
        }
        output
    }
}

/// Returns true for the name of a stack or an environment: `[a-z][a-z0-9-]{0,37}`.
pub(super) fn is_stack_name(text: &str) -> bool {
    text.len() <= 38
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}
