//! What an execution came to.

use crate::execute::{Outcome, StepResult};
use crate::model::plan::Plan;

/// Counts of an execution, by resource.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub done: usize,
    pub failed: usize,
    pub skipped: usize,
    pub unverified: usize,
}

impl Tally {
    /// Counts each change once: by the worst result of its steps.
    pub fn of(plan: &Plan, outcome: &Outcome) -> Tally {
        let mut tally = Tally { unverified: outcome.unverified.len(), ..Tally::default() };
        for change in 0..plan.changes.len() {
            let steps = plan.steps.iter().zip(&outcome.results).filter(|(step, _)| step.change == change);
            let results: Vec<_> = steps.map(|(_, result)| result).collect();
            if results.iter().any(|result| matches!(result, StepResult::Failed(_))) {
                tally.failed += 1;
            } else if results.contains(&&StepResult::Skipped) {
                tally.skipped += 1;
            } else {
                tally.done += 1;
            }
        }
        tally
    }

    /// Returns the counts in a line: "4 done, 1 failed, 2 skipped".
    pub fn line(&self) -> String {
        let parts = [(self.failed, "failed"), (self.skipped, "skipped"), (self.unverified, "unverified")];
        let mut words = vec![format!("{} done", self.done)];
        words.extend(parts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")));
        words.join(", ")
    }
}
