//! Problems of a stack: what is wrong, where, and what to write instead.

use std::sync::Arc;

/// A text that problems point into: a stack file, a variables file, a command-line value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// What the user calls it: a path as given, or `--var size`.
    pub path: Arc<str>,
    pub text: Arc<str>,
}

/// A range of bytes in one of the sources of a load.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The index of the source in [`Problems::sources`].
    pub source: u32,
    pub start: u32,
    pub end: u32,
}

/// One thing that is wrong with a stack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The place, underlined in the output. None for what concerns no text, such as a missing file.
    pub span: Option<Span>,
    /// One sentence in the present tense, without a full stop: "`versionin` is not a field of a bucket".
    pub message: String,
    /// What to do: "did you mean `versioning`?".
    pub help: Option<String>,
    /// Other places with a word on each: "first defined here".
    pub related: Vec<(Span, String)>,
}

impl Problem {
    pub fn at(span: Span, message: impl Into<String>) -> Problem {
        Problem { span: Some(span), message: message.into(), help: None, related: Vec::new() }
    }

    pub fn nowhere(message: impl Into<String>) -> Problem {
        Problem { span: None, message: message.into(), help: None, related: Vec::new() }
    }

    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Problem {
        self.help = Some(help.into());
        self
    }

    #[must_use]
    pub fn related(mut self, span: Span, word: impl Into<String>) -> Problem {
        self.related.push((span, word.into()));
        self
    }
}

/// Everything that is wrong with a stack at once, with the texts that the places point into.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Problems {
    pub sources: Vec<Source>,
    pub list: Vec<Problem>,
}

/// Returns the name in `known` that `wrong` was most likely meant to be.
pub fn nearest<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .map(|name| (strsim::damerau_levenshtein(wrong, name), name))
        .filter(|(distance, name)| *distance <= 1 + name.len() / 4)
        .min()
        .map(|(_, name)| name)
}
