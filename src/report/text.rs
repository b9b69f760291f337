//! A plan for people.

use std::fmt::Write as _;

use super::paint::{self, BOLD, CHANGED, DIM, REMOVED, paint};
use super::values;
use crate::model::plan::{Action, Change, Plan, Summary};
use crate::model::shape::Effect;

/// How much of a plan is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// Without what a new resource has by default.
    Usual,
    Everything,
}

/// Returns a plan as text: what changes, why, and what speaks against it.
pub fn plan(plan: &Plan, detail: Detail) -> String {
    let mut out = String::new();
    for change in &plan.changes {
        self::change(&mut out, change, detail);
        out.push('\n');
    }
    outputs(&mut out, plan);
    for unread in &plan.unread {
        let head = paint(REMOVED, "could not read");
        let _ = writeln!(out, "{head} {}: {}", unread.kind, unread.failure);
        if let Some(hint) = &unread.failure.hint {
            let _ = writeln!(out, "  hint: {hint}");
        }
    }
    for warning in &plan.warnings {
        let _ = writeln!(out, "{} {warning}", paint(CHANGED, "warning:"));
    }
    for refusal in &plan.refusals {
        let of = refusal.address.as_ref().map(|address| format!("{address} ")).unwrap_or_default();
        let _ = writeln!(out, "{} {of}{}", paint(REMOVED, "refused:"), refusal.message);
        if let Some(hint) = &refusal.hint {
            let _ = writeln!(out, "  hint: {hint}");
        }
    }
    out
}

fn change(out: &mut String, change: &Change, detail: Detail) {
    let (sign, word, style) = paint::action(change.action);
    let head = paint(style, format!("{sign} {word}"));
    let _ = writeln!(out, "{head} {}  {}", paint(BOLD, &change.address), paint(DIM, &change.reason));
    if let Some(live) = change.live.as_ref().filter(|_| change.action != Action::Create) {
        let _ = writeln!(out, "    {}", paint(DIM, format!("id: {}", live.id)));
    }
    match change.action {
        Action::Create => new_fields(out, change, detail),
        Action::Delete | Action::Forget => {}
        _ => {
            for field in &change.fields {
                let mut lines = values::changed(field, 4);
                if field.effect == Effect::Replace
                    && let Some(first) = lines.first_mut()
                {
                    let _ = write!(first, "  {}", paint(REMOVED, "(replaces)"));
                }
                lines.iter().for_each(|line| out.push_str(&format!("{line}\n")));
            }
        }
    }
}

/// Shows what a new resource gets: by default without the fields that have AWS's own defaults.
fn new_fields(out: &mut String, change: &Change, detail: Detail) {
    let fields = &change.schema.fields.fields;
    let beside = change.fields.iter().map(|field| (field.path.as_str().into(), field.after.clone())).collect();
    let mut defaults = 0;
    for field in &change.fields {
        let default = fields.get(field.path.as_str()).and_then(|field| field.absent.value(&beside));
        if detail == Detail::Usual && default.is_some_and(|default| default == field.after) {
            defaults += 1;
            continue;
        }
        values::added(&field.path, &field.after, field.sensitive, 4)
            .iter()
            .for_each(|line| out.push_str(&format!("{line}\n")));
    }
    if defaults > 0 {
        let fields = if defaults == 1 { "field" } else { "fields" };
        let _ =
            writeln!(out, "    {}", paint(DIM, format!("and {defaults} {fields} with the default (-v shows them)")));
    }
}

fn outputs(out: &mut String, plan: &Plan) {
    if plan.has_changes() && !plan.outputs.is_empty() {
        let _ = writeln!(out, "{}", paint(BOLD, "outputs"));
        for (name, value) in &plan.outputs {
            let _ = writeln!(out, "    {name}: {}", values::inline(value));
        }
        out.push('\n');
    }
}

/// Returns the verdict in one line: "3 to create, 1 to update, 12 unchanged".
pub fn summary_line(summary: &Summary) -> String {
    let parts = [
        (summary.create, "to create"),
        (summary.update, "to update"),
        (summary.replace, "to replace"),
        (summary.delete, "to delete"),
        (summary.adopt, "to adopt"),
        (summary.forget, "to forget"),
    ];
    let mut words: Vec<_> =
        parts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
    if words.is_empty() {
        words.push("no changes".to_owned());
    }
    words.push(format!("{} unchanged", summary.unchanged));
    words.join(", ")
}
