//! `trueup apply` and `trueup destroy`: plan, confirm, execute, verify.

use std::io::IsTerminal;
use std::time::Instant;

use super::draw::{draw, draw_with};
use super::error::{CommandError, code};
use super::outputs;
use super::plan::{is_sound, show};
use super::saved;
use super::session::{Session, Setting, say};
use crate::execute::{self, execute};
use crate::model::address::Address;
use crate::model::plan::Plan;
use crate::plan::Options;
use crate::report::{self, Progress, Tally};

/// Applies a stack, or a saved plan.
pub async fn run(setting: Setting) -> Result<u8, CommandError> {
    needs_yes(&setting, "apply")?;
    match saved::read(&setting.stack)? {
        Some(file) => {
            let mut session = file.session(setting).await?;
            let _lock = session.lock().await?;
            let options = file.options()?;
            let plan = draw(&mut session, options).await?;
            file.check(&plan)?;
            carry_out(&mut session, plan, "apply", true).await
        }
        None => {
            let mut session = Session::begin(setting).await?;
            let _lock = session.lock().await?;
            let options = session.setting.options.clone();
            let plan = draw(&mut session, options).await?;
            carry_out(&mut session, plan, "apply", false).await
        }
    }
}

/// Destroys everything that the stack owns.
pub async fn destroy(setting: Setting) -> Result<u8, CommandError> {
    needs_yes(&setting, "destroy")?;
    let mut session = Session::begin(setting).await?;
    let _lock = session.lock().await?;
    let options = Options { destroy: true, ..session.setting.options.clone() };
    let plan = draw(&mut session, options).await?;
    carry_out(&mut session, plan, "destroy", false).await
}

/// Takes over the resource `id` as `address`.
pub async fn adopt(setting: Setting, address: Address, id: String) -> Result<u8, CommandError> {
    needs_yes(&setting, "adopt")?;
    let mut session = Session::begin(setting).await?;
    let _lock = session.lock().await?;
    let options = Options { targets: vec![address.clone()], ..session.setting.options.clone() };
    let plan = draw_with(&mut session, options, |layout| {
        let resource = layout.resources.get_mut(&address).ok_or_else(|| {
            CommandError::wrong(format!("there is no `{address}` in the stack"))
                .hint("write the block first, as the resource is in the account")
        })?;
        resource.manage.adopt = Some(id.into());
        Ok(())
    })
    .await?;
    let plan = only(plan, &address);
    carry_out(&mut session, plan, "adopt", false).await
}

/// Lets the resource of `address` go, and leaves it as it is.
pub async fn forget(setting: Setting, address: Address) -> Result<u8, CommandError> {
    needs_yes(&setting, "forget")?;
    let mut session = Session::begin(setting).await?;
    let _lock = session.lock().await?;
    let options = Options { forget: Some(address.clone()), ..session.setting.options.clone() };
    let plan = draw(&mut session, options).await?;
    if !plan.has_changes() && plan.refusals.is_empty() {
        return Err(CommandError::failed(format!("the stack owns no `{address}` in this account")));
    }
    carry_out(&mut session, plan, "forget", false).await
}

/// Leaves only what concerns one address.
fn only(mut plan: Plan, address: &Address) -> Plan {
    let keep: Vec<usize> = (0..plan.changes.len()).filter(|at| plan.changes[*at].address == *address).collect();
    plan.steps.retain(|step| keep.contains(&step.change));
    for step in &mut plan.steps {
        step.change = keep.iter().position(|at| *at == step.change).unwrap_or_default();
        step.after.clear();
    }
    let mut at = 0;
    plan.changes.retain(|_| {
        at += 1;
        keep.contains(&(at - 1))
    });
    plan
}

/// Without a terminal nobody can be asked.
fn needs_yes(setting: &Setting, verb: &str) -> Result<(), CommandError> {
    if setting.yes || std::io::stdin().is_terminal() && !setting.json {
        return Ok(());
    }
    let why = if setting.json { "with `--json` nobody is asked" } else { "there is no terminal to ask on" };
    Err(CommandError::wrong(format!("`{verb}` needs `--yes`: {why}")))
}

async fn carry_out(session: &mut Session, plan: Plan, verb: &str, is_saved: bool) -> Result<u8, CommandError> {
    let started = Instant::now();
    if session.setting.json {
        let mut document = report::json::plan(&plan, &session.world.calls(), started.elapsed());
        document["type"] = "plan".into();
        report::result(&format!("{document}\n"));
    } else {
        show(session, &plan, started);
    }
    if !is_sound(&plan) {
        finish_json(session, &plan, &Tally::default(), started, false);
        return Err(CommandError::failed(format!(
            "nothing was changed: this plan cannot be applied{}",
            session.simulated()
        )));
    }
    if !plan.has_changes() {
        finish_json(session, &plan, &Tally::default(), started, true);
        if !session.setting.json && verb == "apply" {
            outputs::print(&plan.outputs, false);
        }
        return Ok(code::DONE);
    }
    if !is_saved && !session.setting.yes {
        confirm(session, &plan, verb).await?;
    }
    session.world.read_only(false);
    let options =
        execute::Options { parallelism: session.setting.parallelism, lose_data: session.setting.lose_data.clone() };
    let mut progress = Progress::new(session.setting.json);
    let outcome = execute(&plan, &session.program, &*session.world, &options, &mut session.interrupts, &mut |event| {
        progress.observe(&event);
    })
    .await;
    drop(progress);
    let tally = Tally::of(&plan, &outcome);
    finish_json(session, &plan, &tally, started, outcome.is_success());
    let line = format!("{verb}: {} in {:.1} s{}", tally.line(), started.elapsed().as_secs_f64(), session.simulated());
    if !session.setting.json {
        say(&line);
    }
    if !outcome.is_success() {
        let code = if outcome.interrupted { code::INTERRUPTED } else { code::FAILED };
        let error = CommandError { code, ..CommandError::failed("not everything was done") };
        let again = format!("trueup {verb} {}", session.setting.stack.display());
        return Err(error.hint(format!("what is done stays done: go on with `{again}`")));
    }
    if verb == "apply" && !session.setting.json {
        let values = session.program.outputs(&outcome.facts)?;
        outputs::print(&values, false);
    }
    Ok(code::DONE)
}

fn finish_json(session: &Session, plan: &Plan, tally: &Tally, started: Instant, success: bool) {
    if session.setting.json {
        report::result(&format!(
            "{}\n",
            report::json::finish(plan, tally, &session.world.calls(), started.elapsed(), success)
        ));
    }
}

/// Asks on the terminal. Anything but `yes` is no.
async fn confirm(session: &mut Session, plan: &Plan, verb: &str) -> Result<(), CommandError> {
    let what = match verb {
        "destroy" => format!("destroy all of `{}`", plan.owner),
        verb => format!("{verb} this plan to `{}`", plan.owner),
    };
    report::note(&format!("\n{what} in account {}? Only `yes` goes on: ", plan.owner.account));
    let answer = tokio::task::spawn_blocking(|| {
        let mut answer = String::new();
        std::io::stdin().read_line(&mut answer).map(|_| answer)
    });
    tokio::select! {
        answer = answer => match answer {
            Ok(Ok(answer)) if answer.trim() == "yes" => Ok(()),
            _ => Err(CommandError::failed("not confirmed; nothing was changed")),
        },
        Some(()) = session.interrupts.recv() => Err(CommandError::interrupted()),
    }
}
