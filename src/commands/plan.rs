//! `trueup plan`: read, diff, show.

use std::path::Path;
use std::time::Instant;

use super::draw::draw;
use super::error::{CommandError, code};
use super::saved;
use super::session::{Session, Setting, say};
use crate::model::plan::Plan;
use crate::report;

/// Shows what an apply would do; `out` is the file to keep the plan in.
pub async fn run(setting: Setting, out: Option<&Path>) -> Result<u8, CommandError> {
    let started = Instant::now();
    let mut session = Session::begin(setting).await?;
    let options = session.setting.options.clone();
    let plan = draw(&mut session, options).await?;
    show(&session, &plan, started);
    if let Some(out) = out.filter(|_| is_sound(&plan)) {
        saved::write(out, &session, &plan)?;
        say(format_args!("saved as `{0}`; apply it with `trueup apply {0}`", out.display()));
    }
    verdict(&session.setting, &plan)
}

/// Returns true if nothing speaks against carrying a plan out.
pub fn is_sound(plan: &Plan) -> bool {
    plan.refusals.is_empty() && plan.unread.is_empty()
}

/// Prints a plan in the form that was asked for.
pub fn show(session: &Session, plan: &Plan, started: Instant) {
    if session.setting.json {
        let document = report::json::plan(plan, &session.world.calls(), started.elapsed());
        report::result(&format!("{document:#}\n"));
        return;
    }
    report::result(&report::plan(plan, session.setting.detail()));
    let place = format!("{} in {}, account {}", plan.owner, plan.place.region, plan.owner.account);
    let line = report::summary_line(&plan.summary());
    report::result(&format!("{place}: {line}{}\n", session.simulated()));
    let calls: u64 = session.world.calls().values().sum();
    if session.setting.verbose {
        say(format_args!("{calls} calls in {:.1} s:", started.elapsed().as_secs_f64()));
        for (call, count) in session.world.calls() {
            say(format_args!("  {count:>4} {call}"));
        }
    }
}

fn verdict(setting: &Setting, plan: &Plan) -> Result<u8, CommandError> {
    if !is_sound(plan) {
        return Ok(code::FAILED);
    }
    match setting.detailed_exitcode && plan.has_changes() {
        true => Ok(code::CHANGES),
        false => Ok(code::DONE),
    }
}
