//! Virtual environments for the emulators, in the target directory: made once, found again by their requirements.

use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use sha2::{Digest, Sha256};
use trueup::model::digits::hex;

use super::{aloud, sources};

/// Returns the Python of the environment that `requirements-NAME.txt` describes, and makes it if need be.
///
/// # Errors
/// One sentence that says what to install, if there is no Python of at least this version.
pub fn environment(name: &str, least: (u32, u32)) -> Result<PathBuf, String> {
    let requirements = sources().join(format!("requirements-{name}.txt"));
    let text = fs::read(&requirements).expect("the requirements are there");
    let base = Path::new(env!("CARGO_TARGET_TMPDIR")).join("../emulators");
    fs::create_dir_all(&base).expect("the target directory can be written");
    let base = base.canonicalize().expect("it was just made");
    let folder = base.join(format!("{name}-{}", &hex(&Sha256::digest(&text))[..12]));
    let python = folder.join("bin/python");

    // Several processes may want it at once: the first one makes it, the others wait here.
    let lock = File::create(folder.with_extension("lock")).expect("the target directory can be written");
    lock.lock().expect("a file can be locked");
    let done = folder.join("done");
    if !done.exists() {
        let maker = find(name, least)?;
        aloud(&format!("installing the emulator {name} under {}", base.display()));
        install(&maker, &folder, &requirements)?;
        File::create(done).expect("the environment can be written");
    }
    Ok(python)
}

fn install(maker: &Path, folder: &Path, requirements: &Path) -> Result<(), String> {
    if folder.exists() {
        fs::remove_dir_all(folder).expect("half an environment can be removed");
    }
    run(Command::new(maker).args(["-m", "venv"]).arg(folder)).map_err(|why| {
        format!("Python cannot make a virtual environment: install its module `venv` (Debian: `apt install python3-venv`)\n{why}")
    })?;
    let mut pip = Command::new(folder.join("bin/python"));
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--requirement"]);
    run(pip.arg(requirements)).map_err(|why| format!("`pip install` failed\n{why}"))
}

fn run(command: &mut Command) -> Result<(), String> {
    match command.output() {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => {
            Err(format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr)))
        }
        Err(error) => Err(error.to_string()),
    }
}

/// Returns a Python of at least this version. LocalStack also needs at most that version.
fn find(name: &str, (major, minor): (u32, u32)) -> Result<PathBuf, String> {
    let exact = name == "localstack";
    candidates(minor)
        .into_iter()
        .find_map(|candidate| {
            let (path, found) = ask(&candidate)?;
            let fits = found.0 == major && if exact { found.1 == minor } else { found.1 >= minor };
            fits.then_some(path)
        })
        .ok_or_else(|| {
            let or_newer = if exact { "" } else { " or newer" };
            format!("the emulator {name} needs Python {major}.{minor}{or_newer}: install it and put it on the PATH")
        })
}

/// Returns where a Python may be: on the PATH, or with one of the tools that keep several.
fn candidates(minor: u32) -> Vec<PathBuf> {
    let mut names: Vec<PathBuf> = vec!["python3".into()];
    names.extend((minor..=minor + 4).map(|minor| format!("python3.{minor}").into()));
    let home = std::env::var_os("HOME").unwrap_or_default();
    let pyenv = std::env::var_os("PYENV_ROOT").map_or_else(|| Path::new(&home).join(".pyenv"), PathBuf::from);
    for versions in [pyenv.join("versions"), Path::new(&home).join(".local/share/uv/python")] {
        let mut found: Vec<PathBuf> = fs::read_dir(versions)
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| entry.path().join("bin/python3"))
            .collect();
        found.sort();
        names.extend(found);
    }
    names
}

/// Returns the path and version of a Python, if it is one.
fn ask(candidate: &Path) -> Option<(PathBuf, (u32, u32))> {
    let script = "import sys; print(sys.version_info[0], sys.version_info[1], sys.executable)";
    let output = Command::new(candidate).args(["-c", script]).output().ok().filter(|output| output.status.success())?;
    let text = String::from_utf8(output.stdout).ok()?;
    let mut parts = text.trim().splitn(3, ' ');
    let version = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    Some((OsString::from(parts.next()?).into(), version))
}
