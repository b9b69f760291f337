//! Where the inputs lie: botocore's API models and the source text of the Rust SDK.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value as Json;

/// The release of botocore whose models are mirrored.
const BOTOCORE: &str = "1.44.5";

pub struct Sources {
    /// The repository.
    pub root: PathBuf,
    pub botocore: String,
    data: PathBuf,
    crates: HashMap<String, PathBuf>,
}

impl Sources {
    /// Asks cargo where the SDK lies, and installs botocore into a virtual environment under the target folder.
    pub fn find() -> Result<Sources, String> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().ok_or("no repository above xtask")?.to_owned();
        let ask = ["metadata", "--format-version=1", "--locked", "--quiet"];
        let metadata = run(Command::new("cargo").args(ask).current_dir(&root))?;
        let metadata: Json = serde_json::from_slice(&metadata).map_err(|error| format!("cargo metadata: {error}"))?;
        let mut crates = HashMap::new();
        for package in metadata["packages"].as_array().into_iter().flatten() {
            if let (Some(name), Some(manifest)) = (package["name"].as_str(), package["manifest_path"].as_str()) {
                crates.insert(name.to_owned(), Path::new(manifest).with_file_name("src"));
            }
        }
        let target = metadata["target_directory"].as_str().ok_or("cargo metadata names no target directory")?;
        let data = botocore(&Path::new(target).join("xtask/venv"))?;
        Ok(Sources { root, botocore: BOTOCORE.to_owned(), data, crates })
    }

    /// Returns the newest API model of a service.
    pub fn model(&self, service: &str) -> Result<Json, String> {
        let folder = self.data.join(service);
        let fail = |error: std::io::Error| format!("{}: {error}", folder.display());
        let mut dates: Vec<_> = std::fs::read_dir(&folder).map_err(fail)?.flatten().map(|entry| entry.path()).collect();
        dates.sort();
        let newest = dates.pop().ok_or_else(|| format!("{} is empty", folder.display()))?;
        let mut text = String::new();
        match std::fs::File::open(newest.join("service-2.json.gz")) {
            Ok(file) => flate2::read::GzDecoder::new(file).read_to_string(&mut text).map_err(fail).map(drop)?,
            Err(_) => text = std::fs::read_to_string(newest.join("service-2.json")).map_err(fail)?,
        }
        serde_json::from_str(&text).map_err(|error| format!("{}: {error}", newest.display()))
    }

    /// Returns the `src` folder of a crate that the repository depends on.
    pub fn sdk(&self, krate: &str) -> Result<PathBuf, String> {
        self.crates.get(krate).cloned().ok_or_else(|| format!("the crate does not depend on {krate}"))
    }

    /// Formats Rust text as `cargo fmt` would.
    pub fn format(&self, text: &str) -> Result<String, String> {
        let mut child = Command::new("rustfmt")
            .args(["--edition", "2024", "--config-path"])
            .arg(self.root.join("rustfmt.toml"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("rustfmt: {error}"))?;
        let mut stdin = child.stdin.take().ok_or("rustfmt: no standard input")?;
        let text = text.to_owned();
        let writer = std::thread::spawn(move || stdin.write_all(text.as_bytes()));
        let output = child.wait_with_output().map_err(|error| format!("rustfmt: {error}"))?;
        writer.join().map_err(|_| "rustfmt: the writer panicked")?.map_err(|error| format!("rustfmt: {error}"))?;
        if !output.status.success() {
            return Err("rustfmt refused the generated text".to_owned());
        }
        String::from_utf8(output.stdout).map_err(|error| format!("rustfmt: {error}"))
    }
}

/// Returns the folder of botocore's models, installing it first if need be.
fn botocore(venv: &Path) -> Result<PathBuf, String> {
    let python = venv.join("bin/python");
    if !python.exists() {
        run(Command::new("python3").args(["-m", "venv"]).arg(venv))?;
    }
    let ask = "try:
    import botocore, os
    print(botocore.__version__, os.path.dirname(botocore.__file__))
except ImportError:
    pass";
    let installed = || {
        let answer = run(Command::new(&python).args(["-c", ask]))?;
        String::from_utf8(answer).map_err(|error| format!("python: {error}"))
    };
    if !installed()?.starts_with(&format!("{BOTOCORE} ")) {
        let package = format!("botocore=={BOTOCORE}");
        run(Command::new(&python).args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", &package]))?;
    }
    let answer = installed()?;
    let (_, folder) = answer.trim().split_once(' ').ok_or("botocore is not importable after its installation")?;
    Ok(Path::new(folder).join("data"))
}

fn run(command: &mut Command) -> Result<Vec<u8>, String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.stderr(Stdio::inherit()).output().map_err(|error| format!("{name}: {error}"))?;
    if output.status.success() { Ok(output.stdout) } else { Err(format!("{name} ended with {}", output.status)) }
}
