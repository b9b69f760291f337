//! Emulators of AWS, started on demand, once per test process, on free ports of the loopback interface.
//!
//! Tests talk to a door in front of them (`tests/emulators/front.py`) that checks every request against AWS's API
//! models. The access key of a request is its account: each test takes its own ([`fresh_account`]) and sees nothing
//! of the others. Everything that is started ends with this process, however that ends (`tests/emulators/leash.py`).

mod python;
mod server;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use server::Server;

/// One endpoint that serves all services.
pub struct Endpoint {
    pub url: String,
    port: u16,
    /// Kept, since they end when they are dropped.
    _servers: Vec<Server>,
}

/// A request as the door saw it.
#[derive(Clone, Debug, serde::Deserialize)]
pub struct Request {
    /// As `ec2:CreateVpc`.
    pub call: String,
    /// What AWS would have refused in it.
    pub problems: Vec<String>,
}

/// Returns moto with its gaps mended, and MiniStack for CloudFront.
///
/// # Panics
/// With one sentence that says what to install, if there is no Python.
pub fn aws() -> &'static Endpoint {
    static AWS: LazyLock<Endpoint> = LazyLock::new(|| {
        let (moto, ministack) = std::thread::scope(|scope| {
            let ministack = scope.spawn(ministack);
            (
                python::environment("moto", (3, 10)),
                ministack.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
            )
        });
        let moto = moto.unwrap_or_else(|missing| panic!("{missing}"));
        front(&moto, &["cloudfront"], ministack)
    });
    &AWS
}

/// Returns LocalStack for what its free edition serves, and moto for the rest.
///
/// None, and a line on standard error, if the Python that it needs is not there.
pub fn localstack() -> Option<&'static Endpoint> {
    static LOCALSTACK: LazyLock<Option<Endpoint>> =
        LazyLock::new(|| match python::environment("localstack", (3, 13)) {
            Ok(python) => {
                let moto = python::environment("moto", (3, 10)).unwrap_or_else(|missing| panic!("{missing}"));
                let server = server::localstack(&python);
                Some(front(&moto, &["s3", "ec2", "iam", "sqs", "sts"], server))
            }
            Err(missing) => {
                aloud(&format!("SKIPPED: what runs against LocalStack: {missing}"));
                None
            }
        });
    LOCALSTACK.as_ref()
}

/// Lets another client (`tests/emulators/foreign.py`) change something in an account. Returns what it prints.
pub fn foreign(endpoint: &Endpoint, account: &str, change: &str) -> String {
    let python = python::environment("moto", (3, 10)).unwrap_or_else(|missing| panic!("{missing}"));
    let mut command = Command::new(python);
    command.arg(sources().join("foreign.py")).arg(&endpoint.url).arg(account).args(change.split_whitespace());
    let output = command.env("PYTHONDONTWRITEBYTECODE", "1").output().expect("the environment's Python starts");
    assert!(output.status.success(), "{change}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Returns an account that no other test has.
pub fn fresh_account() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(100_000_000_001);
    NEXT.fetch_add(1, Ordering::Relaxed).to_string()
}

/// Writes a line that the test harness does not swallow.
pub fn aloud(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

fn ministack() -> Server {
    let python = python::environment("ministack", (3, 10)).unwrap_or_else(|missing| panic!("{missing}"));
    server::ministack(&python)
}

/// Starts the door: `services` are served by `other`, the rest by moto.
fn front(python: &Path, services: &[&str], other: Server) -> Endpoint {
    let front = server::front(python, services.iter().map(|service| format!("{service}={}", other.url())));
    Endpoint { url: front.url(), port: front.port, _servers: vec![front, other] }
}

/// Returns the folder of the emulators' own sources.
fn sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/emulators")
}

impl Endpoint {
    /// Returns what an account has asked so far, in order.
    pub fn requests(&self, account: &str) -> Vec<Request> {
        let answer = get(self.port, &format!("/_front/requests?account={account}"));
        let (_, body) = answer.split_once("\r\n\r\n").expect("an answer has headers and a body");
        body.lines().map(|line| serde_json::from_str(line).expect("each line is a request")).collect()
    }
}

/// Returns the whole answer to a GET of one of the servers here.
fn get(port: u16, path: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("the server is there");
    stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a time-out can be set");
    write!(stream, "GET {path} HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n").expect("the server reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("the server answers");
    answer
}

#[test]
fn accounts_are_apart_and_requests_are_recorded() {
    let aws = aws();
    assert!(aws.requests(&fresh_account()).is_empty());
    assert!(get(aws.port, "/").starts_with("HTTP/1.1 200"), "an unsigned request is S3's list of buckets");
}

#[test]
fn localstack_serves_if_its_python_is_there() {
    if let Some(localstack) = localstack() {
        assert!(get(localstack.port, "/").starts_with("HTTP/1.1 "), "an unsigned request is answered");
    }
}
