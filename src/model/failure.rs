//! Failures of calls: what was called, what came back, and what that means for the work.

use std::fmt;

/// Why a call, or a whole step, did not succeed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    pub class: Class,
    /// The operation, as `ec2:CreateVpc`; empty if it was no single call.
    pub call: String,
    /// AWS's error code, as `InvalidVpcID.NotFound`.
    pub code: Option<String>,
    pub message: String,
    pub request_id: Option<String>,
    /// What to do next.
    pub hint: Option<String>,
}

/// What a failure means, whatever the service calls it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// It does not exist (any more).
    NotFound,
    /// The name or claim is taken.
    Exists,
    /// No permission.
    Denied,
    /// Credentials missing or expired.
    Credentials,
    /// Refused for its rate, after all retries.
    Throttled,
    /// Something else still uses it, or it is busy.
    InUse,
    /// AWS found the request wrong.
    Invalid,
    /// Not one byte reached the service.
    NotSent,
    /// Sent, and no complete answer came: it may have been carried out.
    Ambiguous,
    /// The endpoint does not have this service at all: an emulator that offers a part of AWS.
    NotServed,
    /// We refused to send it: a write during a plan.
    Refused,
    /// What was awaited did not come in time.
    TimedOut,
    /// Refused to save the user's data.
    DataLoss,
    Other,
}

impl Failure {
    pub fn new(class: Class, message: impl Into<String>) -> Failure {
        Failure { class, call: String::new(), code: None, message: message.into(), request_id: None, hint: None }
    }

    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Failure {
        self.hint = Some(hint.into());
        self
    }

    /// Returns true if AWS answered with this error code.
    pub fn is_code(&self, code: &str) -> bool {
        self.code.as_deref() == Some(code)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.call.is_empty() {
            write!(f, "{}: ", self.call)?;
        }
        f.write_str(&self.message)?;
        match (&self.code, &self.request_id) {
            (Some(code), Some(id)) => write!(f, " ({code}, request {id})"),
            (Some(code), None) => write!(f, " ({code})"),
            (None, Some(id)) => write!(f, " (request {id})"),
            (None, None) => Ok(()),
        }
    }
}

impl std::error::Error for Failure {}

/// Makes success of "it does not exist": for deletes and for reads of one thing.
pub fn unless_gone<T>(result: Result<T, Failure>) -> Result<Option<T>, Failure> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(failure) if failure.class == Class::NotFound => Ok(None),
        Err(failure) => Err(failure),
    }
}
