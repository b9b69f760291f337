//! Plans and executions for programs. The names here are relied on: a change of meaning is a new `format_version`.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Map as Object, Value as Json, json};

use crate::execute::Event;
use crate::model::delta::FieldChange;
use crate::model::plan::{Change, Op, Plan, Summary};
use crate::model::schema::Scope;
use crate::model::shape::Effect;
use crate::plan::refusal_lines;

/// The version of both formats.
pub const FORMAT_VERSION: &str = "1";

/// Returns the document that `plan --json` prints.
pub fn plan(plan: &Plan, calls: &BTreeMap<String, u64>, elapsed: Duration) -> Json {
    json!({
        "format_version": FORMAT_VERSION,
        "stack": &*plan.owner.stack,
        "environment": plan.owner.environment.as_deref(),
        "account": &*plan.owner.account,
        "regions": [&*plan.place.region],
        "summary": summary(&plan.summary()),
        "changes": plan.changes.iter().map(|change| self::change(change, plan)).collect::<Vec<_>>(),
        "outputs": plan.outputs.iter().map(|(name, value)| (name.to_string(), value.to_json())).collect::<Object<_, _>>(),
        "warnings": plan.warnings,
        "refusals": refusal_lines(&plan.refusals),
        "unread": plan.unread.iter().map(|unread| json!({
            "kind": unread.kind, "region": &*unread.region, "error": unread.failure.to_string(),
        })).collect::<Vec<_>>(),
        "api_calls": calls,
        "elapsed_ms": u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX),
    })
}

/// Returns how many resources each action concerns.
pub fn summary(summary: &Summary) -> Json {
    json!({
        "create": summary.create, "update": summary.update, "replace": summary.replace, "delete": summary.delete,
        "adopt": summary.adopt, "forget": summary.forget, "unchanged": summary.unchanged,
    })
}

fn change(change: &Change, plan: &Plan) -> Json {
    let region = (change.schema.scope == Scope::Regional).then_some(&*plan.place.region);
    json!({
        "address": change.address.to_string(),
        "region": region,
        "kind": change.schema.kind,
        "id": change.live.as_ref().map(|live| &*live.id),
        "action": change.action.word(),
        "reason": change.reason,
        "moved_from": change.moved_from.as_ref().map(ToString::to_string),
        "fields": change.fields.iter().map(field).collect::<Vec<_>>(),
    })
}

/// Returns one field that differs. Secrets are never in it.
pub fn field(change: &FieldChange) -> Json {
    let shown = |value: &crate::model::value::Value| match change.sensitive && !value.is_null() {
        true => json!("(sensitive)"),
        false => value.to_json(),
    };
    json!({
        "path": change.path,
        "before": shown(&change.before),
        "after": shown(&change.after),
        "effect": match change.effect { Effect::InPlace => "in_place", Effect::Replace => "replace" },
        "known_after_apply": !change.after.is_known(),
        "sensitive": change.sensitive,
    })
}

/// Returns one event of an execution as `apply --json` prints it, a line each.
pub fn event(event: &Event<'_>) -> Json {
    match event {
        Event::Started { address, op } => json!({"type": "started", "address": address.to_string(), "step": step(op)}),
        Event::Finished { address, op, id, took } => json!({
            "type": "finished", "address": address.to_string(), "step": step(op), "id": id.as_deref(),
            "elapsed_ms": u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
        }),
        Event::Failed { address, op, failure } => json!({
            "type": "failed", "address": address.to_string(), "step": step(op), "call": failure.call,
            "code": failure.code, "error": failure.message, "request_id": failure.request_id, "hint": failure.hint,
        }),
        Event::Skipped { address, op, because } => json!({
            "type": "skipped", "address": address.to_string(), "step": step(op), "because": because.to_string(),
        }),
        Event::Waiting { address, what } => json!({"type": "progress", "address": address.to_string(), "what": what}),
        Event::Unverified { address, fields, why } => json!({
            "type": "unverified", "address": address.to_string(), "why": why,
            "fields": fields.iter().map(field).collect::<Vec<_>>(),
        }),
        Event::Interrupted { times } => json!({"type": "progress", "what": "interrupted", "times": times}),
    }
}

/// Returns the last event of an execution, always there.
pub fn finish(
    plan: &Plan,
    tally: &super::Tally,
    calls: &BTreeMap<String, u64>,
    elapsed: Duration,
    success: bool,
) -> Json {
    json!({
        "type": "summary", "format_version": FORMAT_VERSION, "success": success,
        "planned": summary(&plan.summary()),
        "done": tally.done, "failed": tally.failed, "skipped": tally.skipped, "unverified": tally.unverified,
        "api_calls": calls,
        "elapsed_ms": u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX),
    })
}

/// Returns what a step does, in a word.
pub fn step(op: &Op) -> &'static str {
    match op {
        Op::Mark => "mark",
        Op::Create { .. } => "create",
        Op::Configure { .. } => "configure",
        Op::Update => "update",
        Op::Release { .. } => "release",
        Op::Delete => "delete",
        Op::Forget => "forget",
    }
}
