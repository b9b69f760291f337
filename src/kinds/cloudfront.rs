//! What the kinds of CloudFront share: whole-document writes, guarded by the version that was read.

use std::time::Duration;

use crate::model::failure::{Class, Failure};

/// AWS's answers when somebody else wrote between our read and our write.
pub const STALE: [&str; 2] = ["PreconditionFailed", "InvalidIfMatchVersion"];

/// How long writers that get in between are met by another try.
pub const CONTENTION: Duration = Duration::from_secs(20);

/// Returns the failure of an answer that lacks what it is about.
pub fn empty_answer(call: &str) -> Failure {
    let mut failure = Failure::new(Class::Ambiguous, "AWS answered without what was asked for");
    call.clone_into(&mut failure.call);
    failure
}
