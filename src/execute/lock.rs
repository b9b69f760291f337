//! One apply at a time: the lock of an owner on this machine.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};

use crate::model::owner::Owner;

/// A lock that is held until it is dropped, or the process ends, however it ends.
#[derive(Debug)]
pub struct Lock {
    file: File,
}

/// Why a lock could not be had.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    #[error("another trueup is changing this stack: {who}")]
    Held { who: String, path: PathBuf },
    #[error("the lock file `{}` cannot be used", path.display())]
    Io { path: PathBuf, source: std::io::Error },
}

/// Takes the lock of `owner` in `folder`, without waiting.
///
/// # Errors
/// If it is held: by whom, since when and from where.
pub fn take(folder: &Path, owner: &Owner) -> Result<Lock, LockError> {
    let environment = owner.environment.as_deref().unwrap_or("-");
    let path = folder.join(format!("{}.{}.{environment}.lock", owner.account, owner.stack));
    let failed = |source| LockError::Io { path: path.clone(), source };
    std::fs::create_dir_all(folder).map_err(failed)?;
    let mut file =
        OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut who = String::new();
            // Best effort: the holder may be writing it just now.
            let _ = file.take(4096).read_to_string(&mut who);
            return Err(LockError::Held { who: who.trim().to_owned(), path });
        }
        Err(TryLockError::Error(source)) => return Err(failed(source)),
    }
    file.set_len(0).map_err(failed)?;
    file.rewind().map_err(failed)?;
    write!(file, "{}", holder()).map_err(failed)?;
    Ok(Lock { file })
}

fn holder() -> String {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let host = if host.trim().is_empty() { "this machine" } else { host.trim() };
    format!("process {} on {host}, since {}", std::process::id(), jiff::Timestamp::now().strftime("%Y-%m-%d %H:%M:%SZ"))
}

impl Drop for Lock {
    fn drop(&mut self) {
        // The system takes the lock back in any case; an empty file says that nobody holds it.
        let _ = self.file.set_len(0);
        let _ = self.file.unlock();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_apply_is_told_who_holds_the_lock() {
        let folder = tempfile::tempdir().unwrap();
        let owner = Owner { account: "1".into(), stack: "s".into(), environment: None };
        let lock = take(folder.path(), &owner).unwrap();
        let Err(LockError::Held { who, .. }) = take(folder.path(), &owner) else { panic!("taken twice") };
        assert!(who.contains(&format!("process {}", std::process::id())), "{who}");
        take(folder.path(), &Owner { environment: Some("prod".into()), ..owner.clone() }).unwrap();
        drop(lock);
        take(folder.path(), &owner).unwrap();
    }
}
