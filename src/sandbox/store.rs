//! Where the simulated account is kept: a folder with one file a resource, or memory for tests.
//!
//! A write is one rename, so a process that is killed leaves exactly what its last finished write left.
//! Every access holds the lock of the folder, and what other processes wrote since is read first.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use crate::model::digits::hex;
use crate::model::failure::{Class, Failure};

use super::stored::{Key, Stored};

const LIVE: &str = "live";
const GONE: &str = "gone";
/// The folder of global kinds, beside those of the regions.
const GLOBAL: &str = "global";

/// What the account holds and held.
#[derive(Debug, Default)]
pub struct Account {
    pub live: BTreeMap<Key, Arc<Stored>>,
    /// What was deleted, as it was: ids are never given twice.
    pub gone: BTreeMap<Key, Arc<Stored>>,
}

/// The account with the place where it is kept.
#[derive(Debug, Default)]
pub struct Store {
    account: Account,
    folder: Option<Folder>,
}

#[derive(Debug)]
struct Folder {
    path: PathBuf,
    /// The count of writes as of the last look, kept in the lock's file: another count means other writers.
    writes: Option<u64>,
}

/// The account while no other process can change it.
pub struct Locked<'a> {
    account: &'a mut Account,
    disk: Option<Disk<'a>>,
}

struct Disk<'a> {
    folder: &'a mut Folder,
    /// Releases the lock when dropped.
    lock: File,
}

impl Store {
    /// Returns an empty account that is never written to disk.
    pub fn in_memory() -> Store {
        Store::default()
    }

    /// Returns the account kept in `path`: empty if there is no such folder yet.
    pub fn in_folder(path: impl Into<PathBuf>) -> Store {
        Store { account: Account::default(), folder: Some(Folder { path: path.into(), writes: None }) }
    }

    /// Returns the account for reading. Nothing is made on disk: a plan leaves no trace.
    pub fn read(&mut self) -> Result<&Account, Failure> {
        if self.folder.as_ref().is_none_or(|folder| folder.path.is_dir()) {
            drop(self.lock()?);
        } else {
            self.account = Account::default();
        }
        Ok(&self.account)
    }

    /// Locks the account against other processes, and reads what they changed.
    pub fn lock(&mut self) -> Result<Locked<'_>, Failure> {
        let Some(folder) = &mut self.folder else {
            return Ok(Locked { account: &mut self.account, disk: None });
        };
        let mut lock = folder.lock().map_err(|error| unreadable(&folder.path, &error))?;
        let writes = count(&mut lock).map_err(|error| unreadable(&folder.path, &error))?;
        if folder.writes != Some(writes) {
            self.account = Account { live: load(&folder.path.join(LIVE))?, gone: load(&folder.path.join(GONE))? };
            folder.writes = Some(writes);
        }
        Ok(Locked { account: &mut self.account, disk: Some(Disk { folder, lock }) })
    }
}

impl Locked<'_> {
    pub fn account(&self) -> &Account {
        self.account
    }

    /// Writes a resource, new or changed.
    pub fn put(&mut self, stored: Stored) -> Result<(), Failure> {
        if let Some(disk) = &mut self.disk {
            disk.put(&stored).map_err(|error| unreadable(&disk.folder.path, &error))?;
        }
        self.account.live.insert(stored.key.clone(), Arc::new(stored));
        Ok(())
    }

    /// Moves a resource to those that are gone.
    pub fn bury(&mut self, key: &Key) -> Result<(), Failure> {
        if let Some(disk) = &mut self.disk {
            disk.bury(key).map_err(|error| unreadable(&disk.folder.path, &error))?;
        }
        if let Some(stored) = self.account.live.remove(key) {
            self.account.gone.insert(key.clone(), stored);
        }
        Ok(())
    }
}

impl Folder {
    fn lock(&self) -> io::Result<File> {
        make_private(&self.path)?;
        let file = File::options().read(true).write(true).create(true).truncate(false).open(self.path.join("lock"))?;
        file.lock()?;
        Ok(file)
    }
}

impl Disk<'_> {
    fn put(&mut self, stored: &Stored) -> io::Result<()> {
        self.announce()?;
        let target = file_of(&self.folder.path.join(LIVE), &stored.key);
        fs::create_dir_all(target.parent().expect("a file in a folder"))?;
        // One name is enough: whoever writes holds the lock, and a leftover is overwritten.
        let incoming = self.folder.path.join("incoming");
        fs::write(&incoming, stored.to_json())?;
        fs::rename(&incoming, &target)
    }

    fn bury(&mut self, key: &Key) -> io::Result<()> {
        self.announce()?;
        let target = file_of(&self.folder.path.join(GONE), key);
        fs::create_dir_all(target.parent().expect("a file in a folder"))?;
        fs::rename(file_of(&self.folder.path.join(LIVE), key), target)
    }

    /// Counts the write before it happens: killed in between, others look again in vain, which harms nobody.
    fn announce(&mut self) -> io::Result<()> {
        let writes = self.folder.writes.unwrap_or(0) + 1;
        self.lock.rewind()?;
        self.lock.write_all(format!("{writes:020}\n").as_bytes())?;
        self.folder.writes = Some(writes);
        Ok(())
    }
}

fn count(lock: &mut File) -> io::Result<u64> {
    let mut text = String::new();
    lock.read_to_string(&mut text)?;
    Ok(text.trim().parse().unwrap_or(0))
}

/// Makes the folder, closed to other users: what an account holds may be confidential.
fn make_private(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Reads `<root>/<region>/<kind>/<id>.json`.
fn load(root: &Path) -> Result<BTreeMap<Key, Arc<Stored>>, Failure> {
    let mut found = BTreeMap::new();
    for region in entries(root)? {
        for kind in entries(&region)? {
            for file in entries(&kind)? {
                if file.extension().is_some_and(|extension| extension == "json") {
                    let stored = load_one(&file)?;
                    found.insert(stored.key.clone(), Arc::new(stored));
                }
            }
        }
    }
    Ok(found)
}

fn load_one(file: &Path) -> Result<Stored, Failure> {
    let text = fs::read_to_string(file).map_err(|error| unreadable(file, &error))?;
    Stored::from_json(&text).map_err(|error| {
        Failure::new(Class::Other, format!("`{}` is not a resource of the sandbox: {error}", file.display()))
            .hint("correct the file, or remove the sandbox's folder to begin with an empty account")
    })
}

/// Returns what is in a folder, in the order of the names; a file or a missing folder holds nothing.
fn entries(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let read = || fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>();
    let mut paths = read().map_err(|error| unreadable(folder, &error))?;
    paths.sort();
    Ok(paths)
}

fn file_of(root: &Path, key: &Key) -> PathBuf {
    root.join(key.region.as_deref().unwrap_or(GLOBAL)).join(&*key.kind).join(file_name(&key.id))
}

/// Returns a file name for an id, readable where the id is: ids may hold slashes, and be longer than a name may be.
fn file_name(id: &str) -> String {
    let mut name = String::new();
    for (index, byte) in id.bytes().enumerate() {
        if byte.is_ascii_alphanumeric() || b"_-=@+".contains(&byte) || (byte == b'.' && index > 0) {
            name.push(byte.into());
        } else {
            name.push_str(&format!("%{byte:02X}"));
        }
    }
    if name.len() > 200 {
        name = format!("{}-{}", &name[..160], &hex(&Sha256::digest(id))[..16]);
    }
    name + ".json"
}

fn unreadable(path: &Path, error: &io::Error) -> Failure {
    Failure::new(Class::Other, format!("the sandbox in `{}` cannot be used: {error}", path.display()))
        .hint("choose another folder with `--sandbox=DIR`")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::value::Map;

    fn stored(id: &str, revision: u32) -> Stored {
        Stored {
            key: Key { region: Some("us-east-1".into()), kind: "vpcs".into(), id: id.into() },
            birth: 0,
            revision,
            token: None,
            holds_data: false,
            fields: Map::new(),
            attributes: Map::new(),
            tags: Map::new(),
        }
    }

    #[test]
    fn two_processes_see_each_others_writes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        let (mut one, mut two) = (Store::in_folder(&path), Store::in_folder(&path));
        assert!(one.read().unwrap().live.is_empty());
        assert!(!path.exists(), "reading makes nothing");
        one.lock().unwrap().put(stored("vpc-1", 0)).unwrap();
        assert_eq!(two.read().unwrap().live.len(), 1);
        two.lock().unwrap().put(stored("vpc-1", 1)).unwrap();
        two.lock().unwrap().put(stored("a/b:c", 0)).unwrap();
        let key = stored("vpc-1", 0).key;
        assert_eq!(one.read().unwrap().live[&key].revision, 1);
        one.lock().unwrap().bury(&key).unwrap();
        let account = two.read().unwrap();
        assert_eq!((account.live.len(), account.gone.len()), (1, 1));
    }

    #[test]
    fn a_killed_write_leaves_what_was_there() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::in_folder(folder.path());
        store.lock().unwrap().put(stored("vpc-1", 0)).unwrap();
        fs::write(folder.path().join("incoming"), "{\"half").unwrap();
        let mut next = Store::in_folder(folder.path());
        assert_eq!(next.read().unwrap().live.len(), 1);
    }

    #[test]
    fn a_broken_file_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("live/global/roles");
        fs::create_dir_all(&place).unwrap();
        fs::write(place.join("r.json"), "{").unwrap();
        let failure = Store::in_folder(folder.path()).read().unwrap_err();
        assert!(failure.message.contains("r.json"), "{failure}");
    }

    #[test]
    fn every_id_has_a_file_name_of_its_own() {
        let long = "x".repeat(300);
        let names: Vec<_> = ["a/b", "a%2Fb", ".", "..", "a.b", "é", &long].map(file_name).into();
        assert_eq!(names[0], "a%2Fb.json");
        assert!(names.iter().all(|name| name.len() < 255 && !name.starts_with('.')));
        assert_eq!(names.iter().collect::<std::collections::BTreeSet<_>>().len(), names.len());
    }
}
