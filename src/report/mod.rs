//! What people and programs see. Results go to stdout, everything else to stderr; nothing else prints.
//!
//! Text and JSON are drawn from the same data: nothing is computed here but words.

mod error;
mod events;
pub mod json;
mod paint;
mod progress;
pub mod snippet;
mod text;
mod values;

use std::io::Write;

pub use error::error;
pub use events::Tally;
pub use progress::Progress;
pub use text::{Detail, plan, summary_line};
pub use values::inline;

/// Writes a result to stdout. A reader that has gone away is no error.
pub fn result(text: &str) {
    let _ = anstream::stdout().write_all(text.as_bytes());
}

/// Writes anything else to stderr.
pub fn note(text: &str) {
    let mut stderr = anstream::stderr();
    let _ = stderr.write_all(text.as_bytes());
    let _ = stderr.flush();
}

/// Returns what is wrong with a stack, each place underlined.
pub fn problems(problems: &crate::model::problem::Problems) -> String {
    // The stream strips the colours where there is no terminal.
    snippet::problems(problems, true)
}
