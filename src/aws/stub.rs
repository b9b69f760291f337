//! A server for tests that does on the wire what it is told.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use super::clients::{Aws, Shared};
use super::hook::{Notice, State};
use super::{http, retry};
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_async::rt::sleep::default_async_sleep;
use std::time::Duration;

/// What the server does with one request.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Reply {
    Answer(u16, &'static str),
    /// To the question for the caller's identity the one, to everything else the other.
    Caller(&'static str, &'static str),
    /// Closes the connection without a word.
    Drop,
    /// Promises more than it sends.
    Half,
}

pub(crate) struct Stub {
    pub url: String,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Stub {
    /// Starts a server that gives these replies in this order, and the last one for ever.
    pub fn start(replies: &[Reply]) -> Stub {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let requests: Arc<Mutex<Vec<String>>> = Arc::default();
        let (seen, replies) = (requests.clone(), replies.to_vec());
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let Some(request) = read(&stream) else { continue };
                let mut seen = seen.lock().unwrap();
                let reply = replies.get(seen.len()).or(replies.last()).copied().unwrap_or(Reply::Drop);
                let reply = match reply {
                    Reply::Caller(caller, _) if request.contains("GetCallerIdentity") => Reply::Answer(200, caller),
                    Reply::Caller(_, other) => Reply::Answer(200, other),
                    other => other,
                };
                seen.push(request);
                drop(seen);
                answer(stream, reply);
            }
        });
        Stub { url, requests }
    }

    /// Returns the requests so far: the path, and the body if there is one.
    pub fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }

    /// Returns what clients of this server share; `reads` may be sent.
    pub(super) fn shared(&self, reads: &[&'static str]) -> Shared {
        shared(&self.url, State::new(reads.iter().copied().collect(), None))
    }

    /// Returns clients of this server that may write.
    pub fn clients(&self, reads: &[&'static str]) -> Aws {
        let shared = self.shared(reads);
        shared.state.set_read_only(false);
        known(&shared)
    }

    /// Returns clients of this server that may write, with a notice.
    pub fn noticing(&self, reads: &[&'static str], notice: Notice) -> Aws {
        let state = State::new(reads.iter().copied().collect(), Some(notice));
        state.set_read_only(false);
        known(&shared(&self.url, state))
    }
}

/// Returns clients to which the account is known.
pub(super) fn known(shared: &Shared) -> Aws {
    shared.state.identify(Some("123456789012".into()));
    Aws::new(shared, &"us-east-1".into())
}

pub(super) fn shared(url: &str, state: Arc<State>) -> Shared {
    let plain = http::client().unwrap();
    Shared::new(sdk().http_client(plain.clone()).build(), plain, Some(url.to_owned()), state)
}

/// Returns a configuration that owes nothing to the environment.
pub(super) fn sdk() -> aws_types::sdk_config::Builder {
    let credentials = Credentials::new("id", "secret", None, None, "test");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new("us-east-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .identity_cache(aws_config::identity::IdentityCache::lazy().build())
        .sleep_impl(default_async_sleep().unwrap())
        .time_source(aws_smithy_async::time::SystemTimeSource::new())
        .timeout_config(http::timeouts())
        .retry_config(retry::config().with_initial_backoff(Duration::from_millis(1)))
}

fn read(stream: &TcpStream) -> Option<String> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let path = line.split(' ').nth(1)?.to_owned();
    let mut length = 0;
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok()?;
        let Some((name, value)) = header.trim().split_once(':') else { break };
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(format!("{path} {}", String::from_utf8_lossy(&body)))
}

fn answer(mut stream: TcpStream, reply: Reply) {
    let (status, body, length) = match reply {
        Reply::Drop | Reply::Caller(..) => return,
        Reply::Answer(status, body) => (status, body, body.len()),
        Reply::Half => (200, "<Some", 1000),
    };
    let head = format!(
        "HTTP/1.1 {status} X\r\nContent-Length: {length}\r\nx-amzn-requestid: req-1\r\nConnection: close\r\n\r\n"
    );
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body.as_bytes()));
}
