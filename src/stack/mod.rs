//! The stack language: YAML in, the layout and values of a stack out.
//!
//! A text becomes a tree with places (`yaml`), a document with its expressions parsed (`document`, `block`, `term`,
//! `template`, `expr`), a program with its variables resolved (`load`, `program`), and values against what is known of
//! the account (`evaluation`, `eval`, `typing`). Everything that can be found wrong offline is found by `check`.

mod attributes;
mod block;
mod check;
mod document;
mod eval;
mod evaluation;
mod expr;
mod fields;
mod files;
mod for_each;
mod functions;
mod layout;
mod load;
mod manage;
mod program;
mod quoting;
mod scalars;
mod source;
mod template;
mod term;
mod typing;
mod untyped;
mod variables;
mod view;
mod yaml;

#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::sync::Arc;

use indexmap::IndexMap;

pub use document::RESERVED;
pub use load::{load, load_saved};
pub use program::Program;

use evaluation::Evaluation;
use source::Report;

use crate::model::address::Address;
use crate::model::problem::{Problem, Problems, Source};
use crate::model::stack::{Declared, Facts, Layout};
use crate::model::value::{Map, Value};

/// What a person gives besides the stack itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inputs {
    /// `--var name=value`, in order.
    pub vars: Vec<(String, String)>,
    /// `--var-file`, in order.
    pub var_files: Vec<PathBuf>,
    /// `--env`
    pub environment: Option<String>,
    /// The environment variables `TRUEUP_VAR_name`, without the prefix.
    pub variables_from_env: Vec<(String, String)>,
}

/// The functions of expressions, for documentation: name, signature and a sentence.
pub fn functions() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    functions::all().iter().map(|function| (function.name, function.signature, function.doc))
}

/// Tags that others write and trueup leaves alone.
const IGNORED_TAGS: &[&str] = &["kubernetes.io/*", "k8s.io/*", "elbv2.k8s.aws/*", "AmazonECSManaged", "map-migrated"];

impl Declared for Program {
    fn fields(&self, address: &Address, facts: &Facts) -> Result<Map, Problems> {
        Program::fields(self, address, facts)
    }

    fn has_default_name(&self, address: &Address) -> bool {
        self.is_default_name(address)
    }
}

impl Program {
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    pub fn environment(&self) -> Option<&Arc<str>> {
        self.environment.as_ref()
    }

    pub fn regions(&self) -> &[Arc<str>] {
        &self.regions
    }

    /// Returns the only account that the stack may be applied to, if it names one.
    pub fn account(&self) -> Option<&Arc<str>> {
        self.account.as_ref()
    }

    /// Returns the keys of tags that are neither compared nor removed; `*` stands for any end.
    pub fn ignore_tags(&self) -> &'static [&'static str] {
        IGNORED_TAGS
    }

    /// Returns every text that was read so far: the stack, files of variables, and what `file` and `template` name.
    /// Complete once all fields and outputs were evaluated. [`load_saved`] takes it.
    pub fn sources(&self) -> Vec<Source> {
        self.sources.all()
    }

    /// Returns true if an expression asks for the region's availability zones.
    pub fn uses_zones(&self) -> bool {
        self.calls("availability_zones")
    }

    /// Returns the description of an output.
    pub fn output_description(&self, name: &str) -> Option<&Arc<str>> {
        self.outputs.get(name)?.description.as_ref()
    }

    /// Returns every resource, with `for_each` and `when` worked out and what each field refers to.
    pub fn layout(&self, facts: &Facts) -> Result<Layout, Problems> {
        self.evaluate_with(facts, |evaluation| evaluation.layout(false))
    }

    /// Returns the fields of a resource, typed by the schema. Defaults are not filled in, except the name; what is null
    /// is left out; what waits for the account is unknown.
    pub fn fields(&self, address: &Address, facts: &Facts) -> Result<Map, Problems> {
        self.evaluate_with(facts, |evaluation| match self.block_of(address) {
            Some(block) => self.in_block(evaluation, address, |key| evaluation.fields(block, key).unwrap_or_default()),
            None => {
                evaluation.report.push(Problem::nowhere(format!("the stack has no `{address}`")));
                Map::new()
            }
        })
    }

    /// Returns the fields of all these resources. What they share is worked out once.
    pub fn all_fields<'a>(
        &self,
        addresses: impl IntoIterator<Item = &'a Address>,
        facts: &Facts,
    ) -> Result<IndexMap<Address, Map>, Problems> {
        self.evaluate_with(facts, |evaluation| {
            let mut all = IndexMap::new();
            for address in addresses {
                if let Some(block) = self.block_of(address) {
                    let fields =
                        self.in_block(evaluation, address, |key| evaluation.fields(block, key).unwrap_or_default());
                    all.insert(address.clone(), fields);
                }
            }
            all
        })
    }

    /// Returns true if a resource goes by its default name, which is settled at birth and never compared.
    pub fn is_default_name(&self, address: &Address) -> bool {
        let (facts, report) = (load::pinned_facts(self), Report::default());
        let evaluation = Evaluation::new(self, &facts, &report);
        self.block_of(address)
            .is_some_and(|block| self.in_block(&evaluation, address, |key| evaluation.is_default_name(block, key)))
    }

    /// Returns the outputs; what is sensitive is a secret.
    pub fn outputs(&self, facts: &Facts) -> Result<IndexMap<Arc<str>, Value>, Problems> {
        self.evaluate_with(facts, |evaluation| evaluation.outputs())
    }

    /// Returns the value of an expression, as `console` shows it: a resource is a map of what is known of it.
    pub fn evaluate(&self, expression: &str, facts: &Facts) -> Result<Value, Problems> {
        check::console::evaluate(self, expression, facts)
    }

    /// Returns everything that is wrong with the stack and can be found without the account.
    pub fn validate(&self) -> Problems {
        // References, functions and members were checked when the stack was loaded.
        let report = Report::default();
        check::all(self, &report);
        report.problems(&self.sources)
    }

    /// Returns the names of the variables whose values must never be written anywhere.
    pub fn sensitive_variables(&self) -> impl Iterator<Item = &Arc<str>> {
        self.variables.iter().filter(|(_, value)| value.is_sensitive()).map(|(name, _)| name)
    }

    fn evaluate_with<T>(&self, facts: &Facts, work: impl FnOnce(&Evaluation<'_>) -> T) -> Result<T, Problems> {
        let report = Report::default();
        let result = work(&Evaluation::new(self, facts, &report));
        if report.is_empty() { Ok(result) } else { Err(report.problems(&self.sources)) }
    }

    /// Works in an instance of a block: its `for_each` is worked out before, since the instance's value comes from it.
    fn in_block<T>(
        &self,
        evaluation: &Evaluation<'_>,
        address: &Address,
        work: impl FnOnce(Option<&Arc<str>>) -> T,
    ) -> T {
        if let Some(block) = self.block_of(address) {
            // What is wrong with it was reported by then, or is when the fields are evaluated.
            let _ = evaluation.instances(block.index);
        }
        work(address.key.as_ref())
    }
}
