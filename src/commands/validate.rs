//! `trueup validate`: everything that can be checked without an account.

use super::error::{CommandError, code};
use super::session::Setting;
use crate::kinds;
use crate::report;
use crate::stack;

/// Says whether the stack is sound, or everything that is wrong with it.
pub fn run(setting: &Setting) -> Result<u8, CommandError> {
    let program = stack::load(&setting.stack, &setting.inputs, kinds::schemas())?;
    let problems = program.validate();
    if !problems.list.is_empty() {
        return Err(problems.into());
    }
    if setting.json {
        report::result("{\"valid\": true, \"problems\": []}\n");
    } else {
        report::result(&format!("{} is valid\n", setting.stack.display()));
    }
    Ok(code::DONE)
}
