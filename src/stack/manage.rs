//! The key `manage`: what trueup adds to a resource.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use super::eval::{Keys, Object, Scope, suggestion};
use super::evaluation::{Evaluation, Instances};
use super::program::Block;
use super::term::{TermEntry, TermKind};
use super::typing::{Typing, unknown_field};
use super::view::View;
use crate::diff::check_ignore;
use crate::model::address::Address;
use crate::model::problem::{Problem, Span};
use crate::model::shape::{Field, Record};
use crate::model::stack::{Manage, ReplaceOrder};
use crate::model::value::Value;

/// What `manage` may hold. `for_each` and `when` are worked out apart: they decide which resources there are.
static SETTINGS: LazyLock<Record> = LazyLock::new(|| {
    let texts = || Field::list(Field::text().shape);
    Record::of([
        ("for_each", Field::document()),
        ("when", Field::bool()),
        ("region", Field::text()),
        ("depends_on", texts()),
        ("protect", Field::bool()),
        ("retain", Field::bool()),
        ("ignore", texts()),
        ("moved_from", Field::text()),
        ("adopt", Field::text()),
        ("replace", Field::one_of(&["create_first", "destroy_first"])),
        ("wait", Field::bool()),
        ("timeout", Field::text()),
    ])
});

/// The longest that `timeout` may be.
const TIMEOUT_MAX: Duration = Duration::from_secs(24 * 60 * 60);

/// Says that there is no such setting.
pub fn check_key(key: &str, span: Span) -> Option<Problem> {
    if key == "region" {
        return Some(Problem::at(span, "`manage.region` is reserved for a later version"));
    }
    (!SETTINGS.fields.contains_key(key)).then(|| unknown_field(key, span, &SETTINGS, "manage"))
}

/// Reads the settings of one instance.
pub struct Reader<'r> {
    pub evaluation: &'r Evaluation<'r>,
    pub block: &'r Block,
    pub key: Option<&'r Arc<str>>,
    pub view: View<'r>,
}

impl Reader<'_> {
    pub fn read(&self) -> Manage {
        let mut manage = Manage::default();
        for entry in &self.block.settings {
            let Some(field) = SETTINGS.fields.get(&*entry.key) else { continue };
            let value = Typing { view: &self.view }.term(&entry.value, &field.shape, &entry.key);
            if let Some(unknown) = value.waits_for() {
                let message = format!(
                    "`{}` must be known before anything is created, and it waits for `{}`",
                    entry.key, unknown.0
                );
                self.report(Problem::at(entry.value.span, message));
                continue;
            }
            self.set(&mut manage, entry, &value.reveal());
        }
        if manage.protect && manage.retain {
            let problem = Problem::at(self.block.settings_span, "`protect` and `retain` exclude each other");
            self.report(problem.help("`protect` refuses the deletion, `retain` forgets instead"));
        }
        manage
    }

    fn set(&self, manage: &mut Manage, entry: &TermEntry, value: &Value) {
        let texts = || value.as_list().unwrap_or_default().iter().filter_map(Value::as_str);
        match &*entry.key {
            "protect" => manage.protect = value.as_bool().unwrap_or(false),
            "retain" => manage.retain = value.as_bool().unwrap_or(false),
            "wait" => manage.wait = value.as_bool(),
            "adopt" => manage.adopt = value.as_str().map(Into::into),
            "replace" => {
                manage.replace = value.as_str().map(|order| match order {
                    "destroy_first" => ReplaceOrder::DestroyFirst,
                    _ => ReplaceOrder::CreateFirst,
                });
            }
            "timeout" => manage.timeout = value.as_str().and_then(|text| self.timeout(text, entry)),
            "moved_from" => manage.moved_from = value.as_str().and_then(|text| self.moved_from(text, entry)),
            "depends_on" => {
                for (index, text) in texts().enumerate() {
                    self.depend_on(manage, text, element_span(entry, index));
                }
            }
            "ignore" => {
                for (index, text) in texts().enumerate() {
                    let record = &self.evaluation.program.schema_of(self.block).fields;
                    match check_ignore(record, text) {
                        Ok(()) => manage.ignore.push(text.into()),
                        Err(error) => {
                            let first = text.split(['.', '[']).next().unwrap_or(text);
                            let known: Vec<&str> = record.fields.keys().copied().collect();
                            let help = if known.contains(&first) { None } else { suggestion(first, &known) };
                            self.report(Problem { help, ..Problem::at(element_span(entry, index), error.to_string()) });
                        }
                    }
                }
            }
            _ => {}
        }
    }

    fn report(&self, problem: Problem) {
        self.evaluation.report.push(problem);
    }

    fn address(&self, text: &str, span: Span) -> Option<Address> {
        match text.parse() {
            Ok(address) => Some(address),
            Err(error) => {
                let error: crate::model::address::AddressError = error;
                self.report(Problem::at(span, error.to_string()));
                None
            }
        }
    }

    fn moved_from(&self, text: &str, entry: &TermEntry) -> Option<Address> {
        let span = entry.value.span;
        let mut address = self.address(text, span)?;
        let kind = self.evaluation.program.schema_of(self.block).kind;
        if *address.kind != *kind {
            self.report(Problem::at(span, format!("`moved_from` names another kind: this is one of `{kind}`")));
            return None;
        }
        // A whole block that was renamed: each instance comes from the one of the same key.
        if let (Some(key), None) = (self.key, &address.key) {
            address = address.with_key(key.clone());
        }
        let program = self.evaluation.program;
        if let Some(block) = program.block_of(&address)
            && let Ok(instances) = self.evaluation.instances(block.index)
        {
            let is_there = match (&*instances, &address.key) {
                (Instances::One { is_on }, None) => *is_on,
                (Instances::Each(list), Some(key)) => list.get(key).is_some_and(|instance| instance.is_on),
                _ => false,
            };
            if is_there {
                let problem = Problem::at(span, format!("`{address}` is still in the stack"));
                self.report(problem.related(block.span, "here"));
                return None;
            }
        }
        Some(address)
    }

    /// Adds what an address stands for: one resource, or all instances of a block.
    fn depend_on(&self, manage: &mut Manage, text: &str, span: Span) {
        let Some(address) = self.address(text, span) else { return };
        let program = self.evaluation.program;
        let Some(schema) = program.schemas.iter().position(|schema| schema.kind == &*address.kind) else {
            let kinds: Vec<&str> = program.schemas.iter().map(|schema| schema.kind).collect();
            let help = suggestion(&address.kind, &kinds);
            self.report(Problem { help, ..Problem::at(span, format!("there is no kind `{}`", address.kind)) });
            return;
        };
        let Some(block) = program.find(schema, &address.name) else {
            let names: Vec<&str> = program.names(schema).collect();
            let message = format!("there is no `{}` in `{}`", address.name, address.kind);
            self.report(Problem { help: suggestion(&address.name, &names), ..Problem::at(span, message) });
            return;
        };
        let Ok(instances) = self.evaluation.instances(block) else { return };
        match (&*instances, &address.key) {
            (Instances::One { is_on: true }, None) => manage.depends_on.push(address),
            (Instances::Each(_), None) => {
                if let Ok(Keys::Known(keys)) = self.view.keys(&Object::Block(block)) {
                    manage.depends_on.extend(keys.into_iter().map(|key| address.with_key(key)));
                }
            }
            (Instances::Each(list), Some(key)) if list.get(key).is_some_and(|instance| instance.is_on) => {
                manage.depends_on.push(address);
            }
            // A resource that is switched off is waited for by nobody.
            (Instances::Each(list), Some(key)) if list.contains_key(key) => {}
            (Instances::Each(list), Some(key)) => {
                let keys: Vec<&str> = list.keys().map(|key| &**key).collect();
                let message = format!("`{}` has no `{key}`", address.block());
                self.report(Problem { help: suggestion(key, &keys), ..Problem::at(span, message) });
            }
            (Instances::One { .. }, Some(_)) => {
                self.report(Problem::at(span, format!("`{}` is not made with `for_each`", address.block())));
            }
            _ => {}
        }
    }

    fn timeout(&self, text: &str, entry: &TermEntry) -> Option<Duration> {
        match duration(text).filter(|duration| !duration.is_zero() && *duration <= TIMEOUT_MAX) {
            Some(duration) => Some(duration),
            None => {
                let problem = Problem::at(entry.value.span, format!("`{text}` is no timeout"));
                self.report(problem.help("write it as `90s`, `15m` or `1h30m`, at most `24h`"));
                None
            }
        }
    }
}

fn element_span(entry: &TermEntry, index: usize) -> Span {
    match &entry.value.kind {
        TermKind::List(items) => items.get(index).map_or(entry.value.span, |item| item.span),
        _ => entry.value.span,
    }
}

/// Reads `90s`, `15m`, `1h30m`.
fn duration(text: &str) -> Option<Duration> {
    let mut seconds = 0u64;
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit()).filter(|end| (1..=6).contains(end))?;
        let number: u64 = rest[..end].parse().ok()?;
        let unit = match rest.as_bytes()[end] {
            b's' => 1,
            b'm' => 60,
            b'h' => 3600,
            _ => return None,
        };
        seconds += number * unit;
        rest = &rest[end + 1..];
    }
    Some(Duration::from_secs(seconds))
}

/// Returns the shape of `for_each`'s and `when`'s siblings, for documentation.
pub fn settings() -> &'static Record {
    &SETTINGS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timeouts_are_read() {
        for (text, seconds) in
            [("90s", Some(90)), ("15m", Some(900)), ("1h30m", Some(5400)), ("5", None), ("m", None), ("", Some(0))]
        {
            assert_eq!(duration(text).map(|duration| duration.as_secs()), seconds, "{text}");
        }
    }
}
