//! An execution as it goes: bars on a terminal, plain lines elsewhere, events for programs.

use std::collections::HashMap;
use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use super::paint::{ADDED, CHANGED, DIM, REMOVED, paint};
use super::{json, note, result, values};
use crate::execute::Event;
use crate::model::plan::Op;

/// Draws events.
pub enum Progress {
    /// One JSON document a line, on stdout.
    Json,
    /// A line for each step that ended, on stderr.
    Lines,
    /// The same, and below it a spinner for each that runs.
    Terminal(Spinners),
}

/// The spinners of running steps.
pub struct Spinners {
    all: MultiProgress,
    running: HashMap<String, ProgressBar>,
}

impl Progress {
    /// Returns the progress that suits where stderr goes.
    pub fn new(json: bool) -> Progress {
        match (json, std::io::stderr().is_terminal()) {
            (true, _) => Progress::Json,
            (false, false) => Progress::Lines,
            (false, true) => Progress::Terminal(Spinners { all: MultiProgress::new(), running: HashMap::new() }),
        }
    }

    /// Shows one event.
    pub fn observe(&mut self, event: &Event<'_>) {
        match self {
            Progress::Json => result(&format!("{}\n", json::event(event))),
            Progress::Lines => line(event).iter().for_each(|line| note(&format!("{line}\n"))),
            Progress::Terminal(spinners) => spinners.observe(event),
        }
    }
}

impl Spinners {
    fn observe(&mut self, event: &Event<'_>) {
        match event {
            Event::Started { address, op } => {
                let bar = self.all.add(ProgressBar::new_spinner());
                if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {elapsed}") {
                    bar.set_style(style);
                }
                bar.set_message(format!("{address} {}", doing(op)));
                bar.enable_steady_tick(Duration::from_millis(120));
                self.running.insert(key(event).unwrap_or_default(), bar);
            }
            _ => {
                if let Some(bar) = key(event).and_then(|key| self.running.remove(&key)) {
                    bar.finish_and_clear();
                }
            }
        }
        let lines = line(event);
        self.all.suspend(|| lines.iter().for_each(|line| note(&format!("{line}\n"))));
    }
}

/// Returns what tells one running step from another.
fn key(event: &Event<'_>) -> Option<String> {
    match event {
        Event::Started { address, op }
        | Event::Finished { address, op, .. }
        | Event::Failed { address, op, .. }
        | Event::Skipped { address, op, .. } => Some(format!("{address} {}", json::step(op))),
        _ => None,
    }
}

fn doing(op: &Op) -> &'static str {
    match op {
        Op::Mark => "is marked as replaced",
        Op::Create { .. } => "is being created",
        Op::Configure { .. } => "is being configured",
        Op::Update => "is being updated",
        Op::Release { .. } => "lets go",
        Op::Delete => "is being deleted",
        Op::Forget => "is being forgotten",
    }
}

fn done(op: &Op) -> &'static str {
    match op {
        Op::Mark => "marked as replaced",
        Op::Create { .. } => "created",
        Op::Configure { .. } => "configured",
        Op::Update => "updated",
        Op::Release { .. } => "let go",
        Op::Delete => "deleted",
        Op::Forget => "forgotten",
    }
}

/// Returns the lines of an event: none for a start, which says nothing that its end does not.
fn line(event: &Event<'_>) -> Vec<String> {
    match event {
        Event::Started { .. } => Vec::new(),
        Event::Finished { address, op, id, took } => {
            let id = id.as_ref().map(|id| format!(" {id}")).unwrap_or_default();
            let style = if matches!(op, Op::Delete) { REMOVED } else { ADDED };
            vec![format!("{address}: {}{}", paint(style, done(op)), paint(DIM, format!("{id}{}", after(*took))))]
        }
        Event::Failed { address, op, failure } => {
            let mut lines = vec![format!("{address}: {} to {}: {failure}", paint(REMOVED, "failed"), json::step(op))];
            lines.extend(failure.hint.iter().map(|hint| format!("  hint: {hint}")));
            lines
        }
        Event::Skipped { address, op, because } => {
            vec![format!("{address}: {} {}, since `{because}` failed", json::step(op), paint(CHANGED, "skipped"))]
        }
        Event::Waiting { address, what } => vec![format!("{address}: {}", paint(DIM, format!("{what}; waiting")))],
        Event::Unverified { address, fields, why } => {
            let mut lines = vec![format!("{address}: {}: {why}", paint(REMOVED, "unverified"))];
            lines.extend(fields.iter().flat_map(|field| values::changed(field, 4)));
            lines
        }
        Event::Interrupted { times } => {
            let what = match times {
                1 => "interrupted: running calls finish, nothing new is started; again to abandon them",
                _ => "interrupted again: running calls are abandoned",
            };
            vec![paint(CHANGED, what)]
        }
    }
}

/// Returns how long something took, if it is worth saying.
fn after(took: Duration) -> String {
    match took.as_secs() {
        0 => String::new(),
        seconds @ 1..60 => format!(" after {seconds} s"),
        seconds => format!(" after {} min {} s", seconds / 60, seconds % 60),
    }
}
