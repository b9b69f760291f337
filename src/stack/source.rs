//! The texts of a load and what was found wrong in them.

use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::sync::Arc;

use crate::model::problem::{Problem, Problems, Source, Span};

/// Every text that was read, in order: spans name them by index.
#[derive(Debug, Default)]
pub struct Sources {
    list: RefCell<Vec<Source>>,
}

impl Sources {
    /// Adds a text and returns its index.
    pub fn add(&self, path: impl Into<Arc<str>>, text: impl Into<Arc<str>>) -> u32 {
        let mut list = self.list.borrow_mut();
        list.push(Source { path: path.into(), text: text.into() });
        (list.len() - 1) as u32
    }

    pub fn text(&self, index: u32) -> Arc<str> {
        self.list.borrow().get(index as usize).map_or_else(|| "".into(), |source| source.text.clone())
    }

    pub fn all(&self) -> Vec<Source> {
        self.list.borrow().clone()
    }
}

/// Collects problems. The same one is kept once, however often it is met.
#[derive(Debug, Default)]
pub struct Report {
    list: RefCell<Vec<Problem>>,
    seen: RefCell<HashSet<(Option<Span>, String)>>,
    faults: RefCell<HashSet<(u32, u32)>>,
    count: Cell<usize>,
}

/// Beyond this many, problems are counted and no longer kept.
const KEPT_MAX: usize = 1_000;

impl Report {
    pub fn push(&self, problem: Problem) {
        self.count.set(self.count.get() + 1);
        let mut list = self.list.borrow_mut();
        if list.len() < KEPT_MAX && self.seen.borrow_mut().insert((problem.span, problem.message.clone())) {
            list.push(problem);
        }
    }

    /// Takes what is wrong with an expression: one problem a place, since the checks before evaluation say it best.
    pub fn push_fault(&self, problem: Problem) {
        let is_new = problem.span.is_none_or(|span| self.faults.borrow_mut().insert((span.source, span.start)));
        if is_new {
            self.push(problem);
        } else {
            self.count.set(self.count.get() + 1);
        }
    }

    /// Counts a failure that was reported before.
    pub fn note(&self) {
        self.count.set(self.count.get() + 1);
    }

    pub fn extend(&self, problems: impl IntoIterator<Item = Problem>) {
        problems.into_iter().for_each(|problem| self.push(problem));
    }

    /// Returns how many problems were met so far, repeated ones too: a growing number means that something failed.
    pub fn count(&self) -> usize {
        self.count.get()
    }

    pub fn is_empty(&self) -> bool {
        self.count() == 0
    }

    /// Returns the problems in the order of the sources, and within one of the text.
    pub fn problems(&self, sources: &Sources) -> Problems {
        let mut list = self.list.borrow().clone();
        list.sort_by_key(|problem| problem.span.map(|span| (span.source, span.start)));
        Problems { sources: sources.all(), list }
    }
}
