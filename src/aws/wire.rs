//! What happens on the wire: the connector under every client.
//!
//! It sends nothing without a trace, waits for the quota, and tells apart what was not sent, what was sent and
//! not answered, and what the service answered.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::connector_metadata::ConnectorMetadata;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse, Metadata};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use aws_smithy_types::config_bag::ConfigBag;

use super::codes::THROTTLES;
use super::hook::{Call, Lost, State, Trace, find, operation};

/// The call that says which account this is.
const IDENTITY: &str = "sts:GetCallerIdentity";

/// The HTTP client that all AWS clients share.
#[derive(Clone, Debug)]
pub(super) struct Wire {
    pub inner: SharedHttpClient,
    pub state: Arc<State>,
}

impl HttpClient for Wire {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        let inner = self.inner.http_connector(settings, components);
        SharedHttpConnector::new(Connection { inner, state: self.state.clone() })
    }

    // Runs once a call with its whole configuration: a client without the hook is refused its writes here,
    // and everything else at the connector.
    fn validate_final_config(&self, _components: &RuntimeComponents, config: &ConfigBag) -> Result<(), BoxError> {
        match config.load::<Metadata>() {
            Some(metadata) => Ok(self.state.check(&operation(metadata))?),
            None => Ok(()),
        }
    }

    fn connector_metadata(&self) -> Option<ConnectorMetadata> {
        self.inner.connector_metadata()
    }
}

#[derive(Debug)]
struct Connection {
    inner: SharedHttpConnector,
    state: Arc<State>,
}

impl HttpConnector for Connection {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let Some(Trace(call)) = request.extension::<Trace>().cloned() else {
            return HttpConnectorFuture::ready(Err(ConnectorError::user(
                "the client was built without the hook".into(),
            )));
        };
        // The last door: also for what was allowed when the call began.
        if let Err(refused) = self.state.check(&call.name) {
            return HttpConnectorFuture::ready(Err(ConnectorError::user(refused.into())));
        }
        HttpConnectorFuture::new(exchange(self.inner.clone(), self.state.clone(), call, request))
    }
}

async fn exchange(
    inner: SharedHttpConnector,
    state: Arc<State>,
    call: Arc<Call>,
    request: HttpRequest,
) -> Result<HttpResponse, ConnectorError> {
    call.open.store(false, Relaxed);
    let host = host(request.uri()).to_owned();
    let _permit = state.quotas.admit(&state, &call, &host).await;
    state.count(&call);
    call.open.store(true, Relaxed);
    let mut response = inner.call(request).await.map_err(|error| lost(&call, &host, error))?;
    response.add_extension(Trace(call.clone()));
    if !response.status().is_success() {
        settle(&mut response, &state, &call, &host).await?;
    }
    call.open.store(false, Relaxed);
    if call.name != IDENTITY {
        state.identified().await;
    }
    Ok(response)
}

/// Marks an answer that refuses a call for its rate.
#[derive(Clone, Debug)]
pub(super) struct Throttled;

/// Reads an error answer whole, so that the retry classifier knows what it says.
async fn settle(
    response: &mut HttpResponse,
    state: &State,
    call: &Arc<Call>,
    host: &str,
) -> Result<(), ConnectorError> {
    let body = std::mem::replace(response.body_mut(), SdkBody::taken());
    let bytes = match ByteStream::new(body).collect().await {
        Ok(bytes) => bytes.into_bytes(),
        Err(error) => {
            let source = error.into();
            return Err(ConnectorError::io(
                Lost { call: call.clone(), host: Some(host.to_owned()), sent: true, source }.into(),
            ));
        }
    };
    if response.status().as_u16() == 429 || is_throttle(&bytes) {
        response.add_extension(Throttled);
        state.quotas.exhaust(call);
        state.notify(call, None);
    }
    *response.body_mut() = SdkBody::from(bytes);
    Ok(())
}

/// Returns true if an error answer names one of the codes for "too fast", in XML or JSON.
fn is_throttle(body: &[u8]) -> bool {
    let text = String::from_utf8_lossy(body);
    THROTTLES.iter().any(|code| {
        text.match_indices(code).any(|(at, _)| {
            let (before, after) = (&text[..at], &text[at + code.len()..]);
            before.ends_with("<Code>") && after.starts_with("</Code>")
                || before.ends_with(['"', '#']) && after.starts_with('"')
        })
    })
}

/// Returns a connector's error with what it means for the call: only a connection that was never made proves
/// that nothing was sent.
fn lost(call: &Arc<Call>, host: &str, error: ConnectorError) -> ConnectorError {
    let sent = !find::<hyper_util::client::legacy::Error>(&error).is_some_and(|error| error.is_connect());
    call.open.store(sent, Relaxed);
    let (timeout, io, user, kind) = (error.is_timeout(), error.is_io(), error.is_user(), error.as_other());
    let lost = Lost { call: call.clone(), host: Some(host.to_owned()), sent, source: error.into() }.into();
    match () {
        () if timeout => ConnectorError::timeout(lost),
        () if io => ConnectorError::io(lost),
        () if user => ConnectorError::user(lost),
        () => ConnectorError::other(lost, kind),
    }
}

/// Returns the host, with its port if it has one.
pub(super) fn host(uri: &str) -> &str {
    let rest = uri.split_once("://").map_or(uri, |(_, rest)| rest);
    rest.split(['/', '?']).next().unwrap_or(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_throttle_is_known_by_its_code_alone() {
        for (body, expected) in [
            ("<Error><Code>Throttling</Code></Error>", true),
            ("<Error><Code>SlowDown</Code></Error>", true),
            (r#"{"__type":"com.amazonaws.sqs#ThrottlingException"}"#, true),
            (r#"{"__type":"ThrottlingException"}"#, true),
            ("<Error><Code>InvalidInput</Code><Message>Throttling is on</Message></Error>", false),
            ("", false),
        ] {
            assert_eq!(is_throttle(body.as_bytes()), expected, "{body}");
        }
    }

    #[test]
    fn a_host_keeps_its_port() {
        assert_eq!(host("http://127.0.0.1:5000/b?list-type=2"), "127.0.0.1:5000");
        assert_eq!(host("https://ec2.us-east-1.amazonaws.com"), "ec2.us-east-1.amazonaws.com");
    }
}
