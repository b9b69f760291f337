//! Saved plans: the texts a plan was made from, and what it decided.
//!
//! Applying one makes the plan again from these texts and the account as it is now. If it decides anything else, it is
//! stale and nothing is applied; so nothing in the file has to be trusted.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::error::{CommandError, file};
use super::session::{Session, Setting};
use crate::kinds;
use crate::model::address::Address;
use crate::model::plan::Plan;
use crate::model::problem::Source;
use crate::plan::Options;
use crate::report;
use crate::stack::{self, Inputs};

/// What a saved plan holds. Values of sensitive variables are not in it: they are given again.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Saved {
    /// The version of trueup that wrote it; no other one applies it.
    trueup_plan: String,
    account: String,
    region: String,
    environment: Option<String>,
    stack: String,
    var_files: Vec<String>,
    /// Path and text of the stack and of every file that it read.
    sources: Vec<(String, String)>,
    /// Variables of the command line, but for sensitive ones.
    variables: Vec<(String, String)>,
    /// Names of sensitive variables that must be given again.
    sensitive: Vec<String>,
    options: SavedOptions,
    changes: Vec<Json>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SavedOptions {
    targets: Vec<String>,
    excludes: Vec<String>,
    replace: Vec<String>,
    max_deletes: Option<usize>,
}

/// Writes a plan to a file that only its owner can read.
pub fn write(path: &Path, session: &Session, plan: &Plan) -> Result<(), CommandError> {
    let texts = |addresses: &[Address]| addresses.iter().map(ToString::to_string).collect();
    let options = &session.setting.options;
    let inputs = &session.setting.inputs;
    let sensitive: Vec<String> = session.program.sensitive_variables().map(ToString::to_string).collect();
    let given = |name: &String| inputs.vars.iter().chain(&inputs.variables_from_env).any(|(var, _)| var == name);
    if let Some(name) = sensitive.iter().find(|name| !inputs.var_files.is_empty() && !given(name)) {
        return Err(CommandError::failed(format!(
            "the sensitive variable `{name}` may stand in a file of variables, which a saved plan would hold"
        ))
        .hint(format!("give it with `--var {name}=…` or `TRUEUP_VAR_{name}`, and again when the plan is applied")));
    }
    let variables = inputs.variables_from_env.iter().chain(&inputs.vars);
    let variables = variables.filter(|(name, _)| !sensitive.contains(name)).cloned().collect();
    let saved = Saved {
        trueup_plan: env!("CARGO_PKG_VERSION").to_owned(),
        account: plan.owner.account.to_string(),
        region: plan.place.region.to_string(),
        environment: plan.owner.environment.as_ref().map(ToString::to_string),
        stack: session.setting.stack.display().to_string(),
        var_files: inputs.var_files.iter().map(|path| path.display().to_string()).collect(),
        sources: session
            .program
            .sources()
            .into_iter()
            .filter(is_file)
            .map(|source| (source.path.to_string(), source.text.to_string()))
            .collect(),
        variables,
        sensitive,
        options: SavedOptions {
            targets: texts(&options.targets),
            excludes: texts(&options.excludes),
            replace: texts(&options.replace),
            max_deletes: options.max_deletes,
        },
        changes: decisions(plan),
    };
    let text =
        serde_json::to_string(&saved).map_err(|error| CommandError::failed("cannot write the plan").cause(error))?;
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut temporary = tempfile::NamedTempFile::new_in(folder).map_err(|error| file("write", path, &error))?;
    std::io::Write::write_all(&mut temporary, text.as_bytes()).map_err(|error| file("write", path, &error))?;
    temporary.persist(path).map_err(|error| file("write", path, &error.error))?;
    Ok(())
}

/// Returns true for a text that was read from a file; values of the command line are kept apart.
fn is_file(source: &Source) -> bool {
    !source.path.starts_with("--") && !source.path.starts_with("TRUEUP_VAR_")
}

/// Returns what a plan decides, as it is compared: the same stack on the same account gives the same.
fn decisions(plan: &Plan) -> Vec<Json> {
    let document = report::json::plan(plan, &Default::default(), Default::default());
    document["changes"].as_array().cloned().unwrap_or_default()
}

/// Reads a saved plan; none if the file is something else, such as a stack.
pub fn read(path: &Path) -> Result<Option<Saved>, CommandError> {
    const MARK: &[u8] = b"{\"trueup_plan\":";
    let mut head = [0; MARK.len()];
    let starts_so = std::fs::File::open(path).and_then(|mut file| std::io::Read::read_exact(&mut file, &mut head));
    if starts_so.is_err() || head != *MARK {
        return Ok(None);
    }
    let text = std::fs::read_to_string(path).map_err(|error| file("read", path, &error))?;
    let saved: Saved = serde_json::from_str(&text).map_err(|error| {
        CommandError::wrong(format!("`{}` is not a whole plan", path.display()))
            .cause(error)
            .hint("make it again with `trueup plan -o`")
    })?;
    if saved.trueup_plan != env!("CARGO_PKG_VERSION") {
        let message =
            format!("the plan was made by trueup {}, and this is {}", saved.trueup_plan, env!("CARGO_PKG_VERSION"));
        return Err(CommandError::wrong(message).hint("make it again with `trueup plan -o`"));
    }
    Ok(Some(saved))
}

impl Saved {
    /// Loads the stack from the texts in the file.
    pub async fn session(&self, mut setting: Setting) -> Result<Session, CommandError> {
        let mut vars = self.variables.clone();
        vars.append(&mut setting.inputs.vars);
        let inputs = Inputs {
            vars,
            var_files: self.var_files.iter().map(PathBuf::from).collect(),
            environment: self.environment.clone(),
            variables_from_env: setting.inputs.variables_from_env.clone(),
        };
        for name in &self.sensitive {
            let given = inputs.vars.iter().chain(&inputs.variables_from_env).any(|(var, _)| var == name);
            if !given {
                return Err(CommandError::wrong(format!("the sensitive variable `{name}` is not kept in a plan"))
                    .hint(format!("give it again: `--var {name}=…` or `TRUEUP_VAR_{name}`")));
            }
        }
        setting.region = Some(self.region.clone());
        let texts = self.sources.iter();
        let sources: Vec<Source> =
            texts.map(|(path, text)| Source { path: path.as_str().into(), text: text.as_str().into() }).collect();
        let program = stack::load_saved(Path::new(&self.stack), &sources, &inputs, kinds::schemas())?;
        let session = Session::with(setting, program).await?;
        let account = session.world.identity().await?.account;
        if *account != *self.account {
            let message =
                format!("the plan is for the account {}, and these credentials are for {account}", self.account);
            return Err(CommandError::failed(message));
        }
        Ok(session)
    }

    pub fn options(&self) -> Result<Options, CommandError> {
        let addresses = |texts: &[String]| {
            let parse = |text: &String| text.parse().map_err(|error| CommandError::wrong(format!("{error}")));
            texts.iter().map(parse).collect::<Result<Vec<Address>, _>>()
        };
        Ok(Options {
            targets: addresses(&self.options.targets)?,
            excludes: addresses(&self.options.excludes)?,
            replace: addresses(&self.options.replace)?,
            max_deletes: self.options.max_deletes,
            ..Options::default()
        })
    }

    /// Refuses a plan that decides anything else than this one.
    pub fn check(&self, plan: &Plan) -> Result<(), CommandError> {
        let now = decisions(plan);
        if now == self.changes {
            return Ok(());
        }
        let only = |ours: &[Json], theirs: &[Json], what: &str| {
            let missing = ours.iter().filter(|change| !theirs.contains(change));
            missing
                .map(|change| format!("{what}: {} {}", text(change, "action"), text(change, "address")))
                .collect::<Vec<_>>()
        };
        let mut error =
            CommandError::failed("the plan is stale: the account has changed since it was made; nothing was changed");
        error.causes.extend(only(&self.changes, &now, "planned then"));
        error.causes.extend(only(&now, &self.changes, "needed now"));
        Err(error.hint("look at it again with `trueup plan -o`"))
    }
}

fn text<'a>(change: &'a Json, key: &str) -> &'a str {
    change[key].as_str().unwrap_or_default()
}
