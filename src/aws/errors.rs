//! What the SDK's errors mean.

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::display::DisplayErrorContext;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_types::request_id::RequestId;

use crate::model::failure::{Class, Failure};

impl<E> From<SdkError<E, HttpResponse>> for Failure
where
    E: ProvideErrorMetadata + RequestId + std::error::Error + 'static,
{
    fn from(error: SdkError<E, HttpResponse>) -> Failure {
        match &error {
            SdkError::ServiceError(service) => {
                let code = service.err().code().unwrap_or_default();
                let mut failure = Failure::new(class_of(code), service.err().message().unwrap_or(code));
                failure.code = Some(code.to_owned());
                failure.request_id = service.err().request_id().map(str::to_owned);
                failure
            }
            SdkError::ResponseError(_) | SdkError::TimeoutError(_) => {
                Failure::new(Class::Ambiguous, DisplayErrorContext(&error).to_string())
            }
            _ => Failure::new(Class::NotSent, DisplayErrorContext(&error).to_string()),
        }
    }
}

/// Returns what an AWS error code means.
fn class_of(code: &str) -> Class {
    match code {
        _ if code.contains("NotFound") || code.contains("NonExistent") || code.starts_with("NoSuch") => Class::NotFound,
        _ if code.contains("AlreadyExists") || code.ends_with(".Duplicate") => Class::Exists,
        "DependencyViolation" | "ResourceInUse" | "DeleteConflict" | "OperationAborted" => Class::InUse,
        _ if code.starts_with("Invalid") || code.starts_with("Validation") => Class::Invalid,
        _ => Class::Other,
    }
}
