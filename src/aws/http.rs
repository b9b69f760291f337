//! The HTTP client that everything shares: one pool, one TLS set-up, timeouts always set.

use std::fmt::Write as _;
use std::time::Duration;

use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use aws_smithy_http_client::{Builder, Connector};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::timeout::TimeoutConfig;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

use crate::model::failure::{Class, Failure};

const CONNECT: Duration = Duration::from_secs(3);

/// The SDK has no read timeout of its own: a silent server would hang it for ever.
const READ: Duration = Duration::from_secs(60);

/// Shorter than servers keep a connection: a stale one makes a lost write.
const IDLE: Duration = Duration::from_secs(15);

/// Returns the timeouts of every client. Other ones would need a pool of their own.
pub(super) fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder().connect_timeout(CONNECT).read_timeout(READ).build()
}

/// Returns the client, which honours `AWS_CA_BUNDLE` and the proxy variables. Loopback is never proxied.
pub(super) fn client() -> Result<SharedHttpClient, Failure> {
    let tls = tls_context()?;
    let provider = || Provider::Rustls(CryptoMode::Ring);
    let direct = Builder::new().pool_idle_timeout(IDLE).tls_provider(provider()).tls_context(tls.clone()).build_https();
    if !is_proxied() {
        return Ok(direct);
    }
    let proxied = Builder::new().build_with_connector_fn(move |settings, components| {
        let mut builder = Connector::builder().pool_idle_timeout(IDLE).proxy_config(ProxyConfig::from_env());
        builder.set_connector_settings(settings.cloned());
        builder.set_sleep_impl(components.and_then(RuntimeComponents::sleep_impl));
        builder.tls_provider(provider()).tls_context(tls.clone()).build()
    });
    Ok(SharedHttpClient::new(Routed { direct, proxied }))
}

/// Returns the certificates to trust: those of `AWS_CA_BUNDLE` alone, or the system's.
fn tls_context() -> Result<TlsContext, Failure> {
    let trust = match std::env::var_os("AWS_CA_BUNDLE").filter(|path| !path.is_empty()) {
        None => TrustStore::default(),
        Some(path) => {
            let path = std::path::PathBuf::from(path);
            let unusable = |why: String| {
                Failure::new(Class::Other, format!("cannot use `{}`: {why}", path.display()))
                    .hint("`AWS_CA_BUNDLE` names a file of certificates in PEM form")
            };
            let pem = std::fs::read(&path).map_err(|error| unusable(error.to_string()))?;
            let pem = usable_certificates(&pem).ok_or_else(|| unusable("it holds no certificate".to_owned()))?;
            TrustStore::empty().with_pem_certificate(pem)
        }
    };
    TlsContext::builder()
        .with_trust_store(trust)
        .build()
        .map_err(|error| Failure::new(Class::Other, format!("cannot set up TLS: {error}")))
}

/// Returns the certificates that can be trusted, in PEM form, since the SDK panics over one that cannot; none if
/// there are none.
fn usable_certificates(pem: &[u8]) -> Option<String> {
    let mut usable = String::new();
    for certificate in CertificateDer::pem_slice_iter(pem).flatten() {
        if RootCertStore::empty().add(certificate.clone()).is_ok() {
            let text = BASE64_STANDARD.encode(&certificate);
            let _ = write!(usable, "-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n");
        }
    }
    (!usable.is_empty()).then_some(usable)
}

fn is_proxied() -> bool {
    ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"]
        .iter()
        .any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()))
}

/// Goes through the proxy, but not to this machine: emulators live there.
#[derive(Debug)]
struct Routed {
    direct: SharedHttpClient,
    proxied: SharedHttpClient,
}

impl HttpClient for Routed {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(Route {
            direct: self.direct.http_connector(settings, components),
            proxied: self.proxied.http_connector(settings, components),
        })
    }
}

#[derive(Debug)]
struct Route {
    direct: SharedHttpConnector,
    proxied: SharedHttpConnector,
}

impl HttpConnector for Route {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let host = super::wire::host(request.uri());
        if is_loopback(host) { self.direct.call(request) } else { self.proxied.call(request) }
    }
}

/// Returns true for this machine, with or without a port.
fn is_loopback(host: &str) -> bool {
    let name = host.rsplit_once(':').map_or(host, |(name, port)| if port.ends_with(']') { host } else { name });
    let name = name.trim_start_matches('[').trim_end_matches(']');
    name == "localhost"
        || name.ends_with(".localhost")
        || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_certificate_is_left_out() {
        let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        assert_eq!(usable_certificates(broken.as_bytes()), None);
        assert_eq!(usable_certificates(b"\0 nonsense"), None);
    }

    #[test]
    fn this_machine_is_known_by_name_and_address() {
        for host in ["localhost", "localhost:4566", "b.localhost:1", "127.0.0.1:80", "[::1]:80", "[::1]"] {
            assert!(is_loopback(host), "{host}");
        }
        for host in ["10.0.0.1:80", "ec2.us-east-1.amazonaws.com", "localhost.localstack.cloud:4566"] {
            assert!(!is_loopback(host), "{host}");
        }
    }
}
