//! Servers on the leash: child processes that end when this process does.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::sources;

/// How long a server may take to answer, on a slow machine that starts several.
const START: Duration = Duration::from_secs(120);

/// A running emulator. Its standard input is the leash: it ends when this is dropped, or this process ends.
pub struct Server {
    pub port: u16,
    child: Child,
    log: PathBuf,
}

impl Server {
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Returns true if a GET of `path` is answered with success.
    fn answers(&self, path: &str) -> bool {
        let Ok(mut stream) = TcpStream::connect(("127.0.0.1", self.port)) else { return false };
        let _ = stream.set_read_timeout(Some(Duration::from_secs(5)));
        let mut status = [0; 12];
        write!(stream, "GET {path} HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n").is_ok()
            && stream.read_exact(&mut status).is_ok()
            && status.ends_with(b" 200")
    }

    fn wait_for(mut self, path: &str) -> Server {
        let start = Instant::now();
        while !self.answers(path) {
            let ended = self.child.try_wait().expect("a child can be asked").is_some();
            assert!(!ended && start.elapsed() < START, "an emulator did not start: see {}", self.log.display());
            std::thread::sleep(Duration::from_millis(100));
        }
        self
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

/// Starts the door (`front.py`), which says its port when all behind it is warm.
pub fn front(python: &Path, routes: impl Iterator<Item = String>) -> Server {
    let mut command = Command::new(python);
    command.arg(sources().join("front.py")).stdout(Stdio::piped());
    routes.for_each(|route| {
        command.args(["--route", &route]);
    });
    let mut server = start(command, "front", 0);
    let mut line = String::new();
    let output = server.child.stdout.take().expect("its output is a pipe");
    BufReader::new(output).read_line(&mut line).expect("the door speaks");
    server.port =
        line.trim().parse().unwrap_or_else(|_| panic!("the door did not start: see {}", server.log.display()));
    server
}

pub fn ministack(python: &Path) -> Server {
    let port = free_port();
    let mut command = leashed(python, "ministack");
    // By default it listens on every interface.
    command.env("BIND_HOST", "127.0.0.1").env("GATEWAY_PORT", port.to_string()).stdout(Stdio::null());
    start(command, "ministack", port).wait_for("/_ministack/health")
}

pub fn localstack(python: &Path) -> Server {
    let port = free_port();
    let mut command = leashed(python, "localstack.runtime.main");
    let folder = tempfile::Builder::new().prefix("localstack").tempdir_in(env!("CARGO_TARGET_TMPDIR"));
    let folder = folder.expect("the target directory can be written").keep();
    command
        .env("GATEWAY_LISTEN", format!("127.0.0.1:{port}"))
        .env("DISABLE_EVENTS", "1")
        .env("SKIP_SSL_CERT_DOWNLOAD", "1")
        .env("DNS_ADDRESS", "0")
        .env("TMPDIR", folder)
        .stdout(Stdio::null());
    start(command, "localstack", port).wait_for("/_localstack/health")
}

fn leashed(python: &Path, module: &str) -> Command {
    let mut command = Command::new(python);
    command.arg(sources().join("leash.py")).arg(module);
    command
}

fn start(mut command: Command, name: &str, port: u16) -> Server {
    let log = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}.log", std::process::id()));
    let errors = File::create(&log).expect("the target directory can be written");
    // A group of its own: the leash ends the whole group. No account of the user's may be in reach.
    let child = command
        .process_group(0)
        .stdin(Stdio::piped())
        .stderr(errors)
        .env_remove("AWS_PROFILE")
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .spawn()
        .expect("the environment's Python starts");
    Server { port, child, log }
}

/// Returns a port that was free just now.
fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("there is a free port");
    listener.local_addr().expect("it is bound").port()
}
