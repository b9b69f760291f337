//! Limits of tags: <https://docs.aws.amazon.com/general/latest/gr/aws_tagging.html>.

use super::Whole;
use crate::model::address::Address;
use crate::model::owner::tag;
use crate::model::problem::{Problem, Span};
use crate::model::schema::Tagging;
use crate::model::value::Value;

/// Tags on one resource, trueup's own five among them.
const TAGS_MAX: usize = 50;
const OWN_TAGS: usize = 5;
const KEY_MAX: usize = 128;
const VALUE_MAX: usize = 256;

pub(super) fn check(whole: &Whole<'_>) {
    for (address, fields) in &whole.fields {
        let has_tags =
            whole.block(address).is_some_and(|(block, _)| whole.program.schema_of(block).tagging == Tagging::Tags);
        let Some(tags) = fields.get("tags").and_then(Value::as_map).filter(|_| has_tags) else { continue };
        if tags.len() + OWN_TAGS > TAGS_MAX {
            let message =
                format!("`{address}` has {} tags, and at most {} are possible", tags.len(), TAGS_MAX - OWN_TAGS);
            let problem = Problem::at(whole.place(address, "tags"), message);
            whole
                .report
                .push(problem.help(format!("AWS allows {TAGS_MAX}, and {OWN_TAGS} of them say who owns the resource")));
        }
        for (key, value) in tags {
            if let Some((message, help)) = wrong(key, value) {
                let problem = Problem::at(place(whole, address, key), message);
                whole.report.push(Problem { help, ..problem });
            }
        }
    }
}

/// Returns the place of a tag: in the resource, or among the stack's own.
fn place(whole: &Whole<'_>, address: &Address, key: &str) -> Span {
    let of_block = whole.block(address).and_then(|(block, _)| block.fields.get("tags"));
    let of_stack = whole.program.tags.as_ref();
    let written = of_block.into_iter().chain(of_stack).find_map(|tags| tags.entry(key));
    written.map_or_else(|| whole.place(address, "tags"), |entry| entry.key_span)
}

fn wrong(key: &str, value: &Value) -> Option<(String, Option<String>)> {
    let lower = key.to_ascii_lowercase();
    if let Some(prefix) = ["aws:", tag::PREFIX].into_iter().find(|prefix| lower.starts_with(prefix)) {
        return Some((format!("the tag `{key}` begins with `{prefix}`, which is reserved"), None));
    }
    let allowed = "a tag holds letters, digits, blanks and `_ . : / = + - @`".to_owned();
    if key.is_empty() || key.chars().count() > KEY_MAX {
        return Some((
            format!("a tag's key has 1 to {KEY_MAX} characters, and this has {}", key.chars().count()),
            None,
        ));
    }
    if !key.chars().all(is_allowed) {
        return Some((format!("the tag key `{key}` has a character that AWS does not take"), Some(allowed)));
    }
    let text = value.as_str()?;
    let length = text.chars().count();
    if length > VALUE_MAX {
        return Some((format!("the tag `{key}` has {length} characters, and at most {VALUE_MAX} are possible"), None));
    }
    if !text.chars().all(is_allowed) {
        return Some((format!("the value of the tag `{key}` has a character that AWS does not take"), Some(allowed)));
    }
    None
}

fn is_allowed(c: char) -> bool {
    c.is_alphanumeric() || c == ' ' || "_.:/=+-@".contains(c)
}
