//! The texts that a stack names with `file` and `template`: read by the loader's own function, once each.

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::source::Sources;

/// Reads a text, or says why not. Given by the loader: nothing else of the language touches the disk.
pub type Reader = dyn Fn(&Path) -> Result<Arc<str>, String>;

/// The text of a file and its index among the sources, or why there is none.
type Text = Result<(Arc<str>, u32), String>;

/// Files beside a stack.
pub struct Files {
    /// The folder of the stack: paths are relative to it.
    base: PathBuf,
    reader: Box<Reader>,
    read: RefCell<HashMap<Arc<str>, Text>>,
}

impl Files {
    pub fn new(base: PathBuf, reader: Box<Reader>) -> Files {
        Files { base, reader, read: RefCell::default() }
    }

    /// Returns the text of a file and its index among the sources.
    pub fn read(&self, path: &str, sources: &Sources) -> Text {
        if let Some(found) = self.read.borrow().get(path) {
            return found.clone();
        }
        let full = self.base.join(path);
        let found = (self.reader)(&full).map(|text| {
            let index = sources.add(full.to_string_lossy(), text.clone());
            (text, index)
        });
        self.read.borrow_mut().insert(path.into(), found.clone());
        found
    }
}

impl std::fmt::Debug for Files {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Files").field("base", &self.base).finish_non_exhaustive()
    }
}
