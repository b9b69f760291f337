//! Why a command did not succeed.

use anstyle::{AnsiColor, Style};

use super::paint::{BOLD, paint};

const ERROR: Style = AnsiColor::Red.on_default().bold();
const HINT: Style = AnsiColor::Cyan.on_default();

/// Returns the failure of a command: what, because of what, and what to do. Empty if there is nothing to say.
pub fn error(message: &str, causes: &[String], hints: &[String]) -> String {
    let mut lines = Vec::new();
    if !message.is_empty() {
        lines.push(format!("{}: {}", paint(ERROR, "error"), paint(BOLD, message)));
    }
    lines.extend(causes.iter().map(|cause| format!("  caused by: {cause}")));
    lines.extend(hints.iter().map(|hint| format!("{}: {hint}", paint(HINT, "hint"))));
    lines.into_iter().map(|line| line + "\n").collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_says_what_why_and_what_to_do() {
        let text = error("AWS cannot be reached", &["refused".into()], &["start it".into()]);
        let plain = anstream::adapter::strip_str(&text).to_string();
        assert_eq!(plain, "error: AWS cannot be reached\n  caused by: refused\nhint: start it\n");
        assert_eq!(error("", &[], &[]), "");
    }
}
