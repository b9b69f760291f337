//! `trueup drift`: what differs from the stack, and what is owned but not in it.

use std::time::Instant;

use super::draw::draw;
use super::error::{CommandError, code};
use super::plan::{is_sound, show};
use super::session::{Session, Setting};

/// Shows what an apply would repair. Exit 2 if there is anything.
pub async fn run(setting: Setting) -> Result<u8, CommandError> {
    let started = Instant::now();
    let mut session = Session::begin(setting).await?;
    let options = session.setting.options.clone();
    let plan = draw(&mut session, options).await?;
    show(&session, &plan, started);
    // What would be refused as a plan is still drift; only what could not be read leaves the question open.
    match (plan.unread.is_empty(), plan.has_changes() || !is_sound(&plan)) {
        (false, _) => Ok(code::FAILED),
        (true, true) => Ok(code::CHANGES),
        (true, false) => Ok(code::DONE),
    }
}
