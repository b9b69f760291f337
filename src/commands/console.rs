//! `trueup console`: try an expression on the stack and its account.

use std::io::{BufRead, IsTerminal};

use super::draw::draw;
use super::error::{CommandError, code};
use super::session::{Session, Setting};
use crate::report;

/// Evaluates the given expressions, or each line of stdin.
pub async fn run(setting: Setting, expressions: &[String]) -> Result<u8, CommandError> {
    let mut session = Session::begin(setting).await?;
    let options = session.setting.options.clone();
    let plan = draw(&mut session, options).await?;
    let mut failed = false;
    let mut evaluate = |expression: &str| match session.program.evaluate(expression, &plan.facts) {
        Ok(value) if session.setting.json => report::result(&format!("{}\n", value.to_json())),
        Ok(value) => report::result(&format!("{}\n", report::inline(&value))),
        Err(problems) => {
            failed = true;
            report::note(&report::problems(&problems));
        }
    };
    if !expressions.is_empty() {
        expressions.iter().for_each(|expression| evaluate(expression));
    } else {
        let is_terminal = std::io::stdin().is_terminal();
        let mut lines = std::io::stdin().lock().lines();
        loop {
            if is_terminal {
                report::note("> ");
            }
            match lines.next() {
                Some(Ok(line)) if matches!(line.trim(), "exit" | "quit") => break,
                Some(Ok(line)) if line.trim().is_empty() => {}
                Some(Ok(line)) => evaluate(line.trim()),
                Some(Err(_)) | None => break,
            }
        }
    }
    Ok(if failed { code::WRONG } else { code::DONE })
}
