//! From the arguments to a command, and from its end to an exit code.

use std::process::ExitCode;

use super::{AccountArgs, ChangeArgs, Cli, Command, ConfirmArgs, FormatArgs, OutputArgs, ScopeArgs, StackArgs};
use crate::commands::error::CommandError;
use crate::commands::{Setting, apply, console, drift, init, outputs, plan, validate};
use crate::report;

/// Runs trueup with the process's arguments.
pub fn main() -> ExitCode {
    let cli = match Cli::from_arguments() {
        Ok(cli) => cli,
        Err(code) => return code,
    };
    cli.output.install();
    let end = runtime().and_then(|runtime| runtime.block_on(run(cli)));
    ExitCode::from(end.unwrap_or_else(|error| {
        report::note(&said(&error));
        error.code
    }))
}

/// Returns a runtime of one thread: all there is to do is to wait for AWS.
fn runtime() -> Result<tokio::runtime::Runtime, CommandError> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| CommandError::failed("cannot start").cause(error))
}

async fn run(cli: Cli) -> Result<u8, CommandError> {
    let Cli { output, command } = cli;
    let given = Given(&output);
    match command {
        Command::Init(args) => init::run(&args.folder),
        Command::Validate(args) => validate::run(&given.stack(args.stack, &args.format)),
        Command::Plan(args) => {
            let mut setting = given.stack(args.stack, &args.format).on(args.account).of(args.scope).with(args.change);
            setting.detailed_exitcode = args.detailed_exitcode;
            plan::run(setting, args.out.as_deref()).await
        }
        Command::Apply(args) => {
            let setting = given.stack(args.stack, &args.format).on(args.account).of(args.scope).with(args.change);
            apply::run(setting.confirmed(&args.confirm)).await
        }
        Command::Destroy(args) => {
            let setting = given.stack(args.stack, &args.format).on(args.account).of(args.scope).with(args.change);
            apply::destroy(setting.confirmed(&args.confirm)).await
        }
        Command::Drift(args) => drift::run(given.stack(args.stack, &args.format).on(args.account).of(args.scope)).await,
        Command::Adopt(args) => {
            let setting = given.stack(args.stack, &args.format).on(args.account).confirmed(&args.confirm);
            apply::adopt(setting, args.address, args.id).await
        }
        Command::Forget(args) => {
            let setting = given.stack(args.stack, &args.format).on(args.account).confirmed(&args.confirm);
            apply::forget(setting, args.address).await
        }
        Command::Outputs(args) => {
            outputs::run(given.stack(args.stack, &args.format).on(args.account), args.name.as_deref()).await
        }
        Command::Console(args) => {
            console::run(given.stack(args.stack, &args.format).on(args.account), &args.expressions).await
        }
    }
}

/// What is given whatever the command.
struct Given<'a>(&'a OutputArgs);

impl Given<'_> {
    fn stack(&self, stack: StackArgs, format: &FormatArgs) -> Setting {
        Setting {
            inputs: stack.inputs(),
            region: stack.region,
            stack: stack.path,
            json: format.json,
            verbose: self.0.verbose > 0,
            ..Setting::default()
        }
        .with(ChangeArgs::default())
    }
}

impl Setting {
    fn on(mut self, account: AccountArgs) -> Setting {
        self.profile = account.profile;
        self.endpoint_url = account.endpoint_url.map(|endpoint| endpoint.0);
        self.sandbox = account.sandbox;
        self
    }

    fn of(mut self, scope: ScopeArgs) -> Setting {
        self.options.targets = scope.targets;
        self.options.excludes = scope.excludes;
        self
    }

    fn with(mut self, change: ChangeArgs) -> Setting {
        self.options.replace = change.replace;
        self.options.max_deletes = change.max_deletes;
        self.lose_data = change.allow_data_loss;
        self.parallelism = change.parallelism.into();
        self
    }

    fn confirmed(mut self, confirm: &ConfirmArgs) -> Setting {
        self.yes = confirm.yes;
        self
    }
}

/// Returns what is said of a failed command.
fn said(error: &CommandError) -> String {
    let problems = error.problems.as_ref().map(report::problems).unwrap_or_default();
    problems + &report::error(&error.message, &error.causes, &error.hints)
}
