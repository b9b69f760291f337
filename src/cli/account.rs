//! Arguments that say which account.

use std::path::PathBuf;

use clap::{Args, ValueHint};

/// Where `--sandbox` keeps its account, unless it is told.
const SANDBOX: &str = ".trueup/sandbox";

/// The account, and the way to it.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Account")]
pub struct AccountArgs {
    /// The profile of the AWS configuration, as `AWS_PROFILE`
    #[arg(long, value_name = "NAME", conflicts_with = "sandbox")]
    pub profile: Option<String>,

    /// The endpoint of all services, as `AWS_ENDPOINT_URL`: LocalStack and friends
    #[arg(long, value_name = "URL", value_parser = endpoint, value_hint = ValueHint::Url, conflicts_with = "sandbox")]
    pub endpoint_url: Option<Endpoint>,

    /// Use a simulated account, kept in a folder
    #[arg(
        long,
        value_name = "DIR",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = SANDBOX,
        value_hint = ValueHint::DirPath
    )]
    pub sandbox: Option<PathBuf>,
}

/// An endpoint with scheme and host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint(pub String);

fn endpoint(text: &str) -> Result<Endpoint, String> {
    let host = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
    match host {
        Some(host) if !host.is_empty() && !host.starts_with(['/', ':', '?']) => Ok(Endpoint(text.to_owned())),
        _ => Err("it is no URL: write it as `http://localhost:4566`".to_owned()),
    }
}
