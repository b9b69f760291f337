//! What a value states, apart from what a service fills in or reports as nothing.

use std::sync::Arc;

use crate::model::value::{Map, Value};

/// What says nothing inside a value.
#[derive(Clone, Copy, Debug)]
pub struct Unsaid {
    /// Members that a service fills in, as text.
    pub defaults: &'static [(&'static str, &'static str)],
    /// Members that a service takes and never reports, or the other way round.
    pub unseen: &'static [&'static str],
}

/// Returns a value without its empty, false, default and unseen members. Keys are sorted.
pub fn bare(value: &Value, unsaid: Unsaid) -> Value {
    match value.peel() {
        Value::Map(map) => {
            let told = |(key, value): (&Arc<str>, &Value)| {
                let value = bare(value, unsaid);
                let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                let filled_in = unsaid.defaults.iter().any(|(name, default)| **key == **name && text == *default);
                let says_nothing = value.is_empty() || value.as_bool() == Some(false);
                let unsaid = filled_in || says_nothing || unsaid.unseen.contains(&&**key);
                (!unsaid).then(|| (key.clone(), value))
            };
            let mut bare: Map = map.iter().filter_map(told).collect();
            bare.sort_keys();
            bare.into()
        }
        Value::List(items) => Value::list(items.iter().map(|item| bare(item, unsaid))),
        other => other.clone(),
    }
}

/// Returns true if two values state the same.
pub fn same(desired: &Value, live: &Value, unsaid: Unsaid) -> bool {
    let (desired, live) = (bare(desired, unsaid), bare(live, unsaid));
    (desired.is_empty() && live.is_empty()) || desired == live
}

/// For fields where a stated `false` or zero overrides something else, so that it is not the same as none.
pub fn exactly(desired: &Value, live: &Value) -> bool {
    match desired.peel() {
        Value::Null => matches!(live.peel(), Value::Null | Value::Bool(false) | Value::Int(0)),
        stated => stated == live.peel(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stated_false_is_not_none() {
        for (desired, live, expected) in [
            (Value::Null, Value::Null, true),
            (Value::Null, Value::Bool(false), true),
            (Value::Null, Value::Bool(true), false),
            (Value::Bool(false), Value::Null, false),
            (Value::Bool(false), Value::Bool(false), true),
            (Value::Int(0), Value::Null, false),
        ] {
            assert_eq!(exactly(&desired, &live), expected, "{desired} {live}");
        }
    }

    #[test]
    fn what_is_filled_in_is_not_stated() {
        let unsaid = Unsaid { defaults: &[("limit", "1"), ("mode", "on")], unseen: &["state"] };
        let live = Value::map([("mode", Value::from("on")), ("limit", 1.into()), ("state", "x".into())]);
        assert!(same(&Value::Null, &live, unsaid));
        assert!(!same(&Value::map([("mode", "off")]), &live, unsaid));
    }
}
