//! When the SDK may send a call again: a write only if it was certainly not carried out.
//!
//! The SDK's own policy repeats a call whose answer was lost, and so makes two VPCs of one.

use std::io;

use aws_smithy_runtime_api::client::interceptors::context::InterceptorContext;
use aws_smithy_runtime_api::client::retries::classifiers::{ClassifyRetry, RetryAction, RetryClassifierPriority};
use aws_smithy_types::retry::RetryConfig;

use super::hook::{Lost, Trace, find};
use super::wire::Throttled;

/// Creates without a client token and without a unique name: only AWS's own "too fast" proves that it was not done.
const NEVER: &[&str] = &["ec2:CreateVpc", "ec2:CreateInternetGateway", "ec2:AllocateAddress"];

const ATTEMPTS: u32 = 5;

/// Returns the retries of every client, whatever the environment says of them.
pub(super) fn config() -> RetryConfig {
    RetryConfig::standard().with_max_attempts(ATTEMPTS)
}

/// The classifier that has the last word.
#[derive(Clone, Debug)]
pub(super) struct ExactWrites;

impl ClassifyRetry for ExactWrites {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        let Some(Err(error)) = context.output_or_error() else { return RetryAction::NoActionIndicated };
        let forbidden = match (find::<Lost>(error), context.response()) {
            (Some(lost), _) => {
                lost.call.write && (lost.sent || NEVER.contains(&lost.call.name.as_str())) || is_nobody_there(lost)
            }
            (None, Some(response)) => {
                let write = response.extension::<Trace>().is_none_or(|trace| trace.0.write);
                let refused = response.extension::<Throttled>().is_some();
                let unclear = response.status().is_server_error() || error.is_response_error();
                write && unclear && !refused
            }
            (None, None) => false,
        };
        if forbidden { RetryAction::RetryForbidden } else { RetryAction::NoActionIndicated }
    }

    fn name(&self) -> &'static str {
        "exact writes"
    }

    fn priority(&self) -> RetryClassifierPriority {
        RetryClassifierPriority::run_after(RetryClassifierPriority::transient_error_classifier())
    }
}

/// Returns true if the other machine answered that nothing listens there: a retry would only hide a wrong address.
fn is_nobody_there(lost: &Lost) -> bool {
    find::<io::Error>(&*lost.source).is_some_and(|error| error.kind() == io::ErrorKind::ConnectionRefused)
}
