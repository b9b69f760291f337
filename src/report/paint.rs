//! The few colours there are. Everything can be understood without them.

use std::fmt;

use anstyle::{AnsiColor, Style};

use crate::model::plan::Action;

pub const ADDED: Style = AnsiColor::Green.on_default();
pub const CHANGED: Style = AnsiColor::Yellow.on_default();
pub const REMOVED: Style = AnsiColor::Red.on_default();
pub const BOLD: Style = Style::new().bold();
pub const DIM: Style = Style::new().dimmed();

/// Returns text in a style.
pub fn paint(style: Style, text: impl fmt::Display) -> String {
    format!("{style}{text}{style:#}")
}

/// Returns the sign, word and colour of an action.
pub fn action(action: Action) -> (&'static str, &'static str, Style) {
    match action {
        Action::Create => ("+", "create", ADDED),
        Action::Update => ("~", "update", CHANGED),
        Action::ReplaceCreateFirst => ("±", "replace, the new one first", CHANGED),
        Action::ReplaceDestroyFirst => ("∓", "replace, the old one goes first", REMOVED),
        Action::Delete => ("-", "delete", REMOVED),
        Action::Adopt => (">", "adopt", CHANGED),
        Action::Forget => ("<", "forget", CHANGED),
    }
}
