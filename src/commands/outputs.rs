//! `trueup outputs`: the values that the stack gives to others.

use std::sync::Arc;

use indexmap::IndexMap;

use super::draw::draw;
use super::error::{CommandError, code};
use super::session::{Session, Setting};
use crate::model::value::Value;
use crate::report;

/// Prints all outputs, or the one that is named, from the account as it is.
pub async fn run(setting: Setting, name: Option<&str>) -> Result<u8, CommandError> {
    let mut session = Session::begin(setting).await?;
    let options = session.setting.options.clone();
    let plan = draw(&mut session, options).await?;
    let outputs = plan.outputs;
    match name {
        None => print(&outputs, session.setting.json),
        Some(name) => {
            let value = outputs.get(name).ok_or_else(|| {
                let known: Vec<_> = outputs.keys().map(|name| format!("`{name}`")).collect();
                CommandError::wrong(format!("there is no output `{name}`"))
                    .hint(format!("there are {}", known.join(", ")))
            })?;
            one(name, value, session.setting.json)?;
        }
    }
    Ok(code::DONE)
}

/// Prints outputs as YAML-like lines, or as one JSON object.
pub fn print(outputs: &IndexMap<Arc<str>, Value>, json: bool) {
    if json {
        let object: serde_json::Map<_, _> =
            outputs.iter().map(|(name, value)| (name.to_string(), value.to_json())).collect();
        report::result(&format!("{:#}\n", serde_json::Value::Object(object)));
        return;
    }
    for (name, value) in outputs {
        report::result(&format!("{name}: {}\n", report::inline(value)));
    }
}

/// Prints one value for a script: text as it is, anything else as JSON. Who names a secret gets it.
fn one(name: &str, value: &Value, json: bool) -> Result<(), CommandError> {
    let value = value.reveal();
    if let Some(waits_for) = value.waits_for() {
        return Err(CommandError::failed(format!("`{name}` is not known yet: it waits for `{}`", waits_for.0)));
    }
    match value.as_str().filter(|_| !json) {
        Some(text) => report::result(&format!("{text}\n")),
        None => report::result(&format!("{}\n", value.to_json())),
    }
    Ok(())
}
