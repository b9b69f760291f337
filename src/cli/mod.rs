//! The command line: what can be typed, and its help.

mod account;
mod run;
mod stack;

use std::path::PathBuf;
use std::process::ExitCode;

use anstream::ColorChoice;
use clap::{ArgAction, Args, Parser, Subcommand, ValueHint};
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::model::address::Address;

pub use account::{AccountArgs, Endpoint};
pub use run::main;
pub use stack::{ChangeArgs, ScopeArgs, StackArgs};

/// Brings an AWS account true to a YAML stack
///
/// trueup reads the stack, reads the live account, shows the difference and reconciles it. There is no state
/// file: ownership tags on the resources are all it remembers.
#[derive(Debug, Parser)]
#[command(name = "trueup", version, max_term_width = 100, after_help = EXAMPLES)]
pub struct Cli {
    #[command(flatten)]
    pub output: OutputArgs,
    #[command(subcommand)]
    pub command: Command,
}

const EXAMPLES: &str = "\
Examples:
  trueup init web                          write a commented stack into web/
  trueup plan web/stack.yaml --sandbox     try it without an AWS account
  trueup plan web/stack.yaml               show what would change
  trueup apply web/stack.yaml              change it, after a confirmation
  trueup drift web/stack.yaml              show what others have changed since

Exit codes:
  0    done, or nothing to do
  1    something failed, was refused or could not be verified
  2    `drift` or `plan --detailed-exitcode` found changes
  3    the arguments or the stack are wrong; nothing was called
  130  interrupted";

/// The exit code of wrong arguments.
const WRONG: u8 = 3;

/// What every command takes.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Output")]
pub struct OutputArgs {
    /// Print without colors, as `NO_COLOR` does
    #[arg(long, global = true)]
    pub no_color: bool,

    /// Log every AWS call to stderr; twice, the AWS SDK's own log too
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub verbose: u8,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    Init(Init),
    Validate(Validate),
    Plan(Plan),
    Apply(Apply),
    Destroy(Destroy),
    Drift(Drift),
    Adopt(Adopt),
    Forget(Forget),
    Outputs(Outputs),
    Console(Console),
}

/// Write a commented stack that plans and applies as it is
#[derive(Debug, Args)]
pub struct Init {
    /// The folder to write `stack.yaml` into; made if it does not exist
    #[arg(value_name = "DIR", default_value = ".", value_hint = ValueHint::DirPath)]
    pub folder: PathBuf,
}

/// Check a stack offline: syntax, types, references, cycles, ranges, overlaps
///
/// Calls nothing. All problems of the stack are shown at once, and the exit code is 3 if there are any.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  trueup validate stack.yaml
  trueup validate stack.yaml --env prod --var size=40")]
pub struct Validate {
    #[command(flatten)]
    pub stack: StackArgs,
    #[command(flatten)]
    pub format: FormatArgs,
}

/// Show what would change, and why
///
/// Reads the stack and the account, and sends nothing that could change anything.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  trueup plan stack.yaml
  trueup plan stack.yaml --env prod -o prod.plan && trueup apply prod.plan
  trueup plan stack.yaml --target autoscaling_groups.web
  trueup plan stack.yaml --json | jq .summary")]
pub struct Plan {
    #[command(flatten)]
    pub stack: StackArgs,
    #[command(flatten)]
    pub account: AccountArgs,
    #[command(flatten)]
    pub scope: ScopeArgs,
    #[command(flatten)]
    pub change: ChangeArgs,

    /// Save the plan, for `trueup apply FILE`
    #[arg(short, long = "out", value_name = "FILE", help_heading = "Output", value_hint = ValueHint::FilePath)]
    pub out: Option<PathBuf>,

    /// Exit with 2 if there are changes
    #[arg(long, help_heading = "Output")]
    pub detailed_exitcode: bool,

    #[command(flatten)]
    pub format: FormatArgs,
}

/// Plan, confirm, change, and verify what was changed
///
/// Takes a stack, or a plan that `plan -o` saved: that one is applied only if the account is still as it was.
/// Interrupt once to let running calls finish, and twice to leave at once. What was done stays done, and the
/// next apply goes on from there.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  trueup apply stack.yaml
  trueup apply stack.yaml --yes --json
  trueup apply prod.plan
  trueup apply stack.yaml --replace launch_templates.web")]
pub struct Apply {
    #[command(flatten)]
    pub stack: StackArgs,
    #[command(flatten)]
    pub account: AccountArgs,
    #[command(flatten)]
    pub scope: ScopeArgs,
    #[command(flatten)]
    pub change: ChangeArgs,
    #[command(flatten)]
    pub confirm: ConfirmArgs,
    #[command(flatten)]
    pub format: FormatArgs,
}

/// Delete everything that the stack owns
///
/// What is protected or retained (`manage.protect`, `manage.retain`) is refused or forgotten, and data is lost
/// only where `--allow-data-loss` says so.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  trueup destroy stack.yaml
  trueup destroy stack.yaml --env test --yes
  trueup destroy stack.yaml --allow-data-loss buckets.content")]
pub struct Destroy {
    #[command(flatten)]
    pub stack: StackArgs,
    #[command(flatten)]
    pub account: AccountArgs,
    #[command(flatten)]
    pub scope: ScopeArgs,
    #[command(flatten)]
    pub change: ChangeArgs,
    #[command(flatten)]
    pub confirm: ConfirmArgs,
    #[command(flatten)]
    pub format: FormatArgs,
}

/// Show what differs from the stack, and what is owned but not in it
///
/// Exits with 2 if anything does.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  trueup drift stack.yaml
  trueup drift stack.yaml --env prod --json")]
pub struct Drift {
    #[command(flatten)]
    pub stack: StackArgs,
    #[command(flatten)]
    pub account: AccountArgs,
    #[command(flatten)]
    pub scope: ScopeArgs,
    #[command(flatten)]
    pub format: FormatArgs,
}

/// Take over an existing resource
///
/// Puts the stack's ownership tags on it. Its settings change with the next apply; `plan` shows them before.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  trueup adopt stack.yaml vpcs.main vpc-0123456789abcdef0
  trueup adopt stack.yaml buckets.content films-prod")]
pub struct Adopt {
    #[command(flatten)]
    pub stack: StackArgs,

    /// The resource of the stack that it becomes
    #[arg(value_name = "ADDRESS")]
    pub address: Address,

    /// The id of the existing resource: what its attribute `id` would be
    #[arg(value_name = "ID")]
    pub id: String,

    #[command(flatten)]
    pub account: AccountArgs,
    #[command(flatten)]
    pub confirm: ConfirmArgs,
    #[command(flatten)]
    pub format: FormatArgs,
}

/// Let a resource go, without deleting it
///
/// Takes the ownership tags off it. While it is still in the stack, the next apply wants to create it again.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  trueup forget stack.yaml buckets.content")]
pub struct Forget {
    #[command(flatten)]
    pub stack: StackArgs,

    /// The resource to let go
    #[arg(value_name = "ADDRESS")]
    pub address: Address,

    #[command(flatten)]
    pub account: AccountArgs,
    #[command(flatten)]
    pub confirm: ConfirmArgs,
    #[command(flatten)]
    pub format: FormatArgs,
}

/// Show the outputs of a stack, from the account as it is
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  trueup outputs stack.yaml
  curl \"$(trueup outputs stack.yaml url)\"
  trueup outputs stack.yaml --json")]
pub struct Outputs {
    #[command(flatten)]
    pub stack: StackArgs,

    /// Only this output, as plain text
    #[arg(value_name = "NAME")]
    pub name: Option<String>,

    #[command(flatten)]
    pub account: AccountArgs,
    #[command(flatten)]
    pub format: FormatArgs,
}

/// Try expressions on a stack and its account
///
/// Evaluates the given expressions, or each line of stdin. What only a change will show is unknown.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  trueup console stack.yaml
  trueup console stack.yaml 'cidr_subnet(\"10.0.0.0/16\", 8, 3)'
  trueup console stack.yaml load_balancers.edge.dns_name vars.size")]
pub struct Console {
    #[command(flatten)]
    pub stack: StackArgs,

    /// Expressions, without `${}`; after `--` they may begin with `-`
    #[arg(value_name = "EXPRESSION")]
    pub expressions: Vec<String>,

    #[command(flatten)]
    pub account: AccountArgs,
    #[command(flatten)]
    pub format: FormatArgs,
}

/// Whether somebody is to be asked.
#[derive(Clone, Debug, Default, Args)]
pub struct ConfirmArgs {
    /// Do not ask; needed where there is no terminal
    #[arg(short, long)]
    pub yes: bool,
}

/// For whom the result is printed.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Output")]
pub struct FormatArgs {
    /// Print JSON for programs
    #[arg(long)]
    pub json: bool,
}

impl Cli {
    /// Reads the process's arguments. Help and errors are printed here.
    ///
    /// # Errors
    /// How the run ends, if there is no command to carry out.
    pub fn from_arguments() -> Result<Cli, ExitCode> {
        Cli::try_parse().map_err(|error| {
            // If this cannot be printed, nothing can.
            let _ = error.print();
            if error.use_stderr() { ExitCode::from(WRONG) } else { ExitCode::SUCCESS }
        })
    }
}

impl OutputArgs {
    /// Sets up colors and the log of this process.
    pub fn install(&self) {
        if self.no_color {
            ColorChoice::Never.write_global();
        }
        let Some(levels) = levels(self.verbose) else { return };
        let log = tracing_subscriber::fmt::layer()
            .with_writer(std::io::stderr)
            .with_ansi(anstream::AutoStream::choice(&std::io::stderr()) != ColorChoice::Never)
            .without_time()
            .compact();
        // A second subscriber is refused: that of a test harness stays.
        let _ = tracing_subscriber::registry().with(log).with(levels).try_init();
    }
}

/// Returns what is logged. Never more than `debug` of the SDK: below it, requests are logged with their bodies.
fn levels(verbose: u8) -> Option<Targets> {
    match verbose {
        0 => None,
        1 => Some(Targets::new().with_target("trueup", LevelFilter::DEBUG)),
        _ => Some(Targets::new().with_default(LevelFilter::DEBUG).with_target("trueup", LevelFilter::TRACE)),
    }
}

#[cfg(test)]
mod tests;
