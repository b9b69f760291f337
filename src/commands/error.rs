//! Why a command did not succeed: one message, hints, and the exit code.

use crate::execute::lock::LockError;
use crate::model::failure::{Class, Failure};
use crate::model::problem::Problems;

/// Exit codes. Programs rely on them.
pub mod code {
    /// Done, or nothing to do.
    pub const DONE: u8 = 0;
    pub const FAILED: u8 = 1;
    /// `plan --detailed-exitcode` or `drift` found changes.
    pub const CHANGES: u8 = 2;
    /// The arguments or the stack are wrong; nothing was called.
    pub const WRONG: u8 = 3;
    pub const INTERRUPTED: u8 = 130;
}

/// The failure of a command.
#[derive(Debug)]
pub struct CommandError {
    pub code: u8,
    /// Without a full stop; empty if everything is said already.
    pub message: String,
    /// What lies beneath it, outermost first.
    pub causes: Vec<String>,
    pub hints: Vec<String>,
    /// What is wrong with the stack: shown with the places underlined.
    pub problems: Option<Problems>,
}

impl CommandError {
    pub fn failed(message: impl Into<String>) -> CommandError {
        CommandError {
            code: code::FAILED,
            message: message.into(),
            causes: Vec::new(),
            hints: Vec::new(),
            problems: None,
        }
    }

    /// The user asked for something that cannot be.
    pub fn wrong(message: impl Into<String>) -> CommandError {
        CommandError { code: code::WRONG, ..CommandError::failed(message) }
    }

    /// Everything was said already: only the exit code is left.
    pub fn silent(code: u8) -> CommandError {
        CommandError { code, ..CommandError::failed("") }
    }

    pub fn interrupted() -> CommandError {
        CommandError { code: code::INTERRUPTED, ..CommandError::failed("interrupted; nothing was changed") }
    }

    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> CommandError {
        self.hints.push(hint.into());
        self
    }

    #[must_use]
    pub fn cause(mut self, cause: impl ToString) -> CommandError {
        self.causes.push(cause.to_string());
        self
    }
}

impl From<Problems> for CommandError {
    fn from(problems: Problems) -> CommandError {
        CommandError { problems: Some(problems), ..CommandError::silent(code::WRONG) }
    }
}

impl From<Failure> for CommandError {
    fn from(failure: Failure) -> CommandError {
        let what = match failure.class {
            Class::Credentials => "there are no usable AWS credentials",
            Class::NotSent => "AWS cannot be reached",
            _ => "a call to AWS failed",
        };
        let error = CommandError::failed(what).cause(&failure);
        match failure.hint {
            Some(hint) => error.hint(hint),
            None => error,
        }
    }
}

impl From<LockError> for CommandError {
    fn from(error: LockError) -> CommandError {
        match &error {
            LockError::Held { .. } => CommandError::failed(error.to_string())
                .hint("wait until it has ended; a lock ends with its process, so there is nothing to break"),
            LockError::Io { source, .. } => CommandError::failed(error.to_string()).cause(source),
        }
    }
}

/// Returns the error of a file operation.
pub fn file(what: &str, path: &std::path::Path, source: &std::io::Error) -> CommandError {
    CommandError::failed(format!("cannot {what} `{}`", path.display())).cause(source)
}
