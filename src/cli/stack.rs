//! Arguments that say which stack, which part of it, and what may happen to it.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, ValueHint};

use crate::model::address::{Address, is_name};
use crate::stack::Inputs;

/// What the names of environment variables that set variables begin with.
const VARIABLE: &str = "TRUEUP_VAR_";

/// Steps at once, unless the user says otherwise.
const PARALLELISM: u16 = 32;

/// The stack and its inputs.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Stack")]
pub struct StackArgs {
    /// The stack: a YAML file
    #[arg(value_name = "STACK", value_hint = ValueHint::FilePath, help_heading = "Arguments")]
    pub path: PathBuf,

    /// The environment whose variables, account and region are used
    #[arg(long, value_name = "NAME")]
    pub env: Option<String>,

    /// Set a variable; wins over files, `TRUEUP_VAR_name`, the environment and defaults
    #[arg(long = "var", value_name = "NAME=VALUE", value_parser = variable)]
    pub variables: Vec<(String, String)>,

    /// Set variables from a YAML file; later files win
    #[arg(long = "var-file", value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub variable_files: Vec<PathBuf>,

    /// Only this one of the stack's regions
    #[arg(long, value_name = "REGION")]
    pub region: Option<String>,
}

/// The part of a stack that is looked at.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Scope")]
pub struct ScopeArgs {
    /// Only this resource or block, and what it refers to
    #[arg(long = "target", value_name = "ADDRESS")]
    pub targets: Vec<Address>,

    /// Not this resource or block, nor what refers to it
    #[arg(long = "exclude", value_name = "ADDRESS")]
    pub excludes: Vec<Address>,
}

/// What may happen to resources, and how fast.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Changes")]
pub struct ChangeArgs {
    /// Replace this resource, though nothing demands it
    #[arg(long, value_name = "ADDRESS")]
    pub replace: Vec<Address>,

    /// Refuse to delete more resources than this [default: the larger of 3 and 30% of what is owned]
    #[arg(long, value_name = "N")]
    pub max_deletes: Option<usize>,

    /// Allow the data of this resource to be lost
    #[arg(long, value_name = "ADDRESS")]
    pub allow_data_loss: Vec<Address>,

    /// Steps at once
    #[arg(long, value_name = "N", default_value_t = PARALLELISM, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub parallelism: u16,
}

impl StackArgs {
    /// Returns what a person gives besides the stack, environment variables included.
    pub fn inputs(&self) -> Inputs {
        let named = |(name, value): (OsString, OsString)| {
            Some((name.to_str()?.strip_prefix(VARIABLE)?.to_owned(), value.into_string().ok()?))
        };
        Inputs {
            vars: self.variables.clone(),
            var_files: self.variable_files.clone(),
            environment: self.env.clone(),
            variables_from_env: std::env::vars_os().filter_map(named).collect(),
        }
    }
}

impl Default for ChangeArgs {
    fn default() -> ChangeArgs {
        ChangeArgs { replace: Vec::new(), max_deletes: None, allow_data_loss: Vec::new(), parallelism: PARALLELISM }
    }
}

/// Parses `name=value`. The value is text: the variable's type says what it means.
fn variable(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("it has no `=`: write `--var name=value`")?;
    if !is_name(name) {
        return Err(format!("`{name}` is not the name of a variable: [a-z][a-z0-9_]*"));
    }
    Ok((name.to_owned(), value.to_owned()))
}
