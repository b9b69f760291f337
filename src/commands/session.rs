//! What every command on a stack begins with: the stack loaded, the account at hand, Ctrl-C heard.

use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::error::CommandError;
use super::quota;
use crate::aws::{Access, AwsWorld};
use crate::execute::lock::{self, Lock};
use crate::kinds;
use crate::model::owner::Owner;
use crate::model::schema::Schema;
use crate::plan;
use crate::report::{self, Detail};
use crate::sandbox::Sandbox;
use crate::stack::{self, Inputs, Program};
use crate::world::World;

/// What the command line says, whatever the command.
#[derive(Clone, Debug, Default)]
pub struct Setting {
    pub stack: PathBuf,
    pub inputs: Inputs,
    /// Must be one of the stack's.
    pub region: Option<String>,
    pub profile: Option<String>,
    pub endpoint_url: Option<String>,
    /// The folder of the simulated account.
    pub sandbox: Option<PathBuf>,
    pub options: plan::Options,
    pub parallelism: usize,
    pub lose_data: Vec<crate::model::address::Address>,
    pub json: bool,
    pub yes: bool,
    pub detailed_exitcode: bool,
    pub verbose: bool,
}

impl Setting {
    pub fn detail(&self) -> Detail {
        if self.verbose { Detail::Everything } else { Detail::Usual }
    }
}

/// A loaded stack and its account.
pub struct Session {
    pub setting: Setting,
    pub program: Program,
    pub world: Box<dyn World>,
    pub schemas: &'static [Schema],
    pub region: Arc<str>,
    /// Ctrl-C and the request to end, one message each.
    pub interrupts: UnboundedReceiver<()>,
}

impl Session {
    /// Loads the stack and prepares the account. Calls nothing.
    pub async fn begin(setting: Setting) -> Result<Session, CommandError> {
        let schemas = kinds::schemas();
        let program = stack::load(&setting.stack, &setting.inputs, schemas)?;
        Session::with(setting, program).await
    }

    /// The same with a stack that is loaded already.
    pub async fn with(setting: Setting, program: Program) -> Result<Session, CommandError> {
        let problems = program.validate();
        if !problems.list.is_empty() {
            return Err(problems.into());
        }
        let region = region(&program, setting.region.as_deref())?;
        let schemas = kinds::schemas();
        let world: Box<dyn World> = match &setting.sandbox {
            Some(folder) => Box::new(Sandbox::in_folder(folder, schemas).with_test_environment()),
            None => Box::new(AwsWorld::new(&region, access(&setting)).await?),
        };
        Ok(Session { setting, program, world, schemas, region, interrupts: interrupts() })
    }

    /// Returns the owner before it is known which account it is in.
    pub fn owner(&self, account: Arc<str>) -> Owner {
        Owner { account, stack: self.program.name().clone(), environment: self.program.environment().cloned() }
    }

    /// Takes the lock that keeps two applies of this stack apart.
    pub async fn lock(&self) -> Result<Lock, CommandError> {
        let identity = self.world.identity().await?;
        let folder = match &self.setting.sandbox {
            Some(folder) => folder.join("locks"),
            None => state_folder().join("locks"),
        };
        Ok(lock::take(&folder, &self.owner(identity.account))?)
    }

    /// Returns the word that every verdict on the sandbox carries.
    pub fn simulated(&self) -> &'static str {
        if self.world.is_simulated() { " (simulated)" } else { "" }
    }
}

fn region(program: &Program, asked: Option<&str>) -> Result<Arc<str>, CommandError> {
    let regions = program.regions();
    match asked {
        None => Ok(regions[0].clone()),
        Some(asked) => regions.iter().find(|region| ***region == *asked).cloned().ok_or_else(|| {
            let known: Vec<_> = regions.iter().map(|region| format!("`{region}`")).collect();
            CommandError::wrong(format!("`--region {asked}` is not a region of this stack"))
                .hint(format!("the flag only narrows; the stack is in {}", known.join(", ")))
        }),
    }
}

fn access(setting: &Setting) -> Access {
    Access {
        profile: setting.profile.clone(),
        endpoint_url: setting.endpoint_url.clone(),
        keys: None,
        notice: Some(quota::notice()),
    }
}

/// Returns the folder for what must outlive a process and no more: `$XDG_STATE_HOME/trueup`.
fn state_folder() -> PathBuf {
    let from = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let base = from("XDG_STATE_HOME").or_else(|| Some(from("HOME")?.join(".local/state")));
    base.unwrap_or_else(std::env::temp_dir).join("trueup")
}

/// Returns a message for each Ctrl-C and each request to end.
fn interrupts() -> UnboundedReceiver<()> {
    let (sender, receiver) = unbounded_channel();
    let ctrl_c = sender.clone();
    tokio::spawn(async move { while tokio::signal::ctrl_c().await.is_ok() && ctrl_c.send(()).is_ok() {} });
    #[cfg(unix)]
    tokio::spawn(async move {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut ends) = signal(SignalKind::terminate()) {
            while ends.recv().await.is_some() && sender.send(()).is_ok() {}
        }
    });
    receiver
}

/// Says something that is no result.
pub fn say(text: impl std::fmt::Display) {
    report::note(&format!("{text}\n"));
}
