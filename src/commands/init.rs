//! `trueup init`: a commented stack that plans and applies as it is.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::Path;

use super::error::{CommandError, code, file};
use super::session::say;

const STACK: &str = include_str!("init.yaml");

/// Writes `stack.yaml` into a folder, and never over one that is there.
pub fn run(folder: &Path) -> Result<u8, CommandError> {
    std::fs::create_dir_all(folder).map_err(|error| file("make the folder", folder, &error))?;
    let path = folder.join("stack.yaml");
    let opened = OpenOptions::new().write(true).create_new(true).open(&path);
    let mut stack = match opened {
        Ok(stack) => stack,
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            return Err(CommandError::failed(format!("`{}` is there already; nothing was written", path.display())));
        }
        Err(error) => return Err(file("write", &path, &error)),
    };
    stack.write_all(STACK.as_bytes()).map_err(|error| file("write", &path, &error))?;
    say(format_args!("wrote `{}`", path.display()));
    say(format_args!("next: trueup apply {} --sandbox", path.display()));
    Ok(code::DONE)
}
