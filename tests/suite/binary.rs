//! The real binary, in a folder and an environment of its own.

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::emulators::{self, Endpoint, fresh_account};

/// A folder in which trueup is run, and the account that it is run on.
pub struct Desk {
    folder: TempDir,
    /// None: a simulated account.
    endpoint: Option<&'static Endpoint>,
    pub account: String,
}

/// What a run of the binary said.
pub struct Said {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

fn said(mut command: Command) -> Said {
    let output = command.output().expect("the command runs");
    Said {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8(output.stdout).expect("what it prints is text"),
        stderr: String::from_utf8(output.stderr).expect("what it prints is text"),
    }
}

impl Desk {
    /// A desk with an account of its own on an emulator.
    pub fn on(endpoint: &'static Endpoint) -> Desk {
        Desk { endpoint: Some(endpoint), ..Desk::simulated() }
    }

    /// A desk with a simulated account.
    pub fn simulated() -> Desk {
        Desk { folder: tempfile::tempdir().expect("a folder can be made"), endpoint: None, account: fresh_account() }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Puts a stack of this repository on the desk.
    pub fn take(&self, name: &str) -> String {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
        let text = std::fs::read_to_string(&source).unwrap_or_else(|error| panic!("{}: {error}", source.display()));
        self.write("stack.yaml", &text);
        text
    }

    pub fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).expect("the folder can be written");
    }

    /// Runs `trueup ARGUMENTS`, split at blanks. Commands that reach an account get this desk's.
    pub fn run(&self, arguments: &str) -> Said {
        said(self.command(arguments))
    }

    pub fn command(&self, arguments: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_trueup"));
        command.args(arguments.split_whitespace());
        self.surround(&mut command);
        let offline = ["validate", "init", "--version", "--help"].iter().any(|verb| arguments.starts_with(verb));
        match self.endpoint {
            None if !offline => {
                command.arg("--sandbox");
            }
            _ => {}
        }
        command
    }

    /// Runs a line of a shell in which `trueup` is this binary.
    pub fn shell(&self, line: &str) -> Said {
        let mut command = Command::new("bash");
        command.args(["-euo", "pipefail", "-c", line]);
        self.surround(&mut command);
        let own = Path::new(env!("CARGO_BIN_EXE_trueup")).parent().expect("a binary lies in a folder");
        let path = std::env::var_os("PATH").unwrap_or_default();
        let folders = std::iter::once(own.to_path_buf()).chain(std::env::split_paths(&path));
        command.env("PATH", std::env::join_paths(folders).expect("folders without colons"));
        said(command)
    }

    /// Gives a command this desk's folder, account and nothing else.
    fn surround(&self, command: &mut Command) {
        command
            .current_dir(self.folder.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.folder.path())
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("AWS_ACCESS_KEY_ID", &self.account)
            .env("AWS_SECRET_ACCESS_KEY", "secret");
        if let Some(endpoint) = self.endpoint {
            command.env("AWS_ENDPOINT_URL", &endpoint.url);
        }
    }

    /// Runs a command and fails the test unless it ends with this exit code.
    pub fn expect(&self, code: i32, arguments: &str) -> Said {
        let said = self.run(arguments);
        assert_eq!(said.code, code, "trueup {arguments}\n--- stdout\n{}\n--- stderr\n{}", said.stdout, said.stderr);
        said
    }

    /// Runs a command that prints one JSON document.
    pub fn json(&self, code: i32, arguments: &str) -> serde_json::Value {
        let said = self.expect(code, arguments);
        serde_json::from_str(&said.stdout)
            .unwrap_or_else(|error| panic!("trueup {arguments}: {error}\n{}", said.stdout))
    }

    /// Lets another client change something in the account. Returns what it says.
    pub fn foreign(&self, change: &str) -> String {
        let endpoint = self.endpoint.expect("only emulators have other clients");
        emulators::foreign(endpoint, &self.account, change)
    }
}
