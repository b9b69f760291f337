//! What the SDK's errors mean.

use std::error::Error;

use aws_config::imds::client::error::ImdsError;
use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_types::request_id::RequestId;

use crate::model::failure::{Class, Failure};

use super::codes;
use super::hook::{Lost, Refused, Trace, find, request_id};
use super::wire::Throttled;

impl<E> From<SdkError<E, HttpResponse>> for Failure
where
    E: ProvideErrorMetadata + RequestId + Error + 'static,
{
    fn from(error: SdkError<E, HttpResponse>) -> Failure {
        match &error {
            // What cannot be parsed arrives as an error of the service without a code.
            SdkError::ServiceError(service)
                if service.raw().status().is_success() && service.err().code().is_none() =>
            {
                unreadable(service.raw(), &error)
            }
            SdkError::ServiceError(service) => {
                let id = service.err().request_id().or_else(|| request_id(service.raw()));
                answered(service.raw(), service.err().code(), service.err().message(), id)
            }
            SdkError::ResponseError(response) => unreadable(response.raw(), &error),
            _ => unanswered(&error),
        }
    }
}

/// Returns the failure that the service answered with.
fn answered(response: &HttpResponse, code: Option<&str>, message: Option<&str>, id: Option<&str>) -> Failure {
    let trace = response.extension::<Trace>();
    let call = trace.map_or("", |trace| &trace.0.name);
    let status = response.status().as_u16();
    let (code, text) = (code.unwrap_or_default(), message.unwrap_or_default().trim().trim_end_matches('.'));
    let class = if response.extension::<Throttled>().is_some() {
        Class::Throttled
    } else if status >= 500 && trace.is_none_or(|trace| trace.0.write) {
        Class::Ambiguous
    } else {
        codes::class_of(code, text, status)
    };
    Failure {
        class,
        call: call.to_owned(),
        code: (!code.is_empty()).then(|| code.to_owned()),
        message: if text.is_empty() { format!("AWS answered with status {status}") } else { text.to_owned() },
        request_id: id.map(str::to_owned),
        hint: codes::hint_of(class, call, code, text),
    }
}

/// Returns the failure of an answer that makes no sense.
fn unreadable(response: &HttpResponse, error: &(dyn Error + 'static)) -> Failure {
    let status = response.status().as_u16();
    let message = format!("the answer with status {status} cannot be read: {}", root(error));
    let mut failure = Failure::new(Class::Ambiguous, message);
    failure.call = response.extension::<Trace>().map(|trace| trace.0.name.clone()).unwrap_or_default();
    failure.request_id = request_id(response).map(str::to_owned);
    failure
}

/// Returns the failure of a call that got no answer.
fn unanswered(error: &(dyn Error + 'static)) -> Failure {
    if let Some(refused) = find::<Refused>(error) {
        let mut failure = Failure::new(Class::Refused, "a plan does not send what is not known to only read");
        failure.call.clone_from(&refused.call);
        return failure;
    }
    let lost = find::<Lost>(error);
    let mut failure = if let Some(missing) = find::<CredentialsError>(error) {
        Failure::new(Class::Credentials, credentials(missing)).hint(codes::CREDENTIALS)
    } else {
        match lost {
            Some(Lost { sent: true, host, .. }) => {
                let host = host.as_deref().unwrap_or("AWS");
                let message = format!("`{host}` was sent the request and gave no complete answer: {}", root(error));
                Failure::new(Class::Ambiguous, message)
            }
            Some(Lost { host: Some(host), .. }) => {
                let message = format!("no connection to `{host}`: {}", root(error));
                Failure::new(Class::NotSent, message)
                    .hint("check the network, and `--endpoint-url` or `AWS_ENDPOINT_URL` if one is set")
            }
            _ => Failure::new(Class::NotSent, format!("the request was not sent: {}", root(error))),
        }
    };
    failure.call = lost.map(|lost| lost.call.name.clone()).unwrap_or_default();
    failure
}

const NO_CREDENTIALS: &str = "no AWS credentials in the environment, the profile or the role of this machine";

/// Returns why there are no credentials. If no source has any, the last one's reason would only mislead.
fn credentials(error: &CredentialsError) -> String {
    match error {
        _ if find::<ImdsError>(error).is_some() => NO_CREDENTIALS.to_owned(),
        CredentialsError::CredentialsNotLoaded(_) => NO_CREDENTIALS.to_owned(),
        CredentialsError::ProviderTimedOut(_) => "the source of AWS credentials gave no answer in time".to_owned(),
        other => format!("no usable AWS credentials: {}", root(other)),
    }
}

/// Returns what lies at the bottom of a chain of errors: the layers above only say that something went wrong.
fn root(error: &(dyn Error + 'static)) -> String {
    let mut last = error;
    while let Some(source) = last.source() {
        last = source;
    }
    last.to_string().trim_end_matches('.').to_owned()
}
