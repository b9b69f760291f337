//! The owner mark in a description: for kinds that AWS cannot tag.
//!
//! The user's text stays readable in front: `Films for the web [trueup streaming prod origin_access_controls.content]`.

use crate::model::failure::{Class, Failure};
use crate::model::owner::{Keep, Mark};
use crate::model::value::Map;

const OPENING: &str = "[trueup ";
/// Stands for a part that is not there, where others follow.
const NONE: &str = "-";

/// Returns the user's text and the mark that these owner tags spell, of at most `max` characters together.
pub fn write(text: &str, tags: &Map, max: usize) -> Result<String, Failure> {
    let Some(mark) = Mark::from_tags(tags) else { return Ok(text.to_owned()) };
    let address = mark.address.to_string();
    let mut parts = vec![&*mark.stack, mark.environment.as_deref().unwrap_or(NONE), &address];
    parts.push(mark.keep.map_or(NONE, Keep::as_str));
    parts.push(mark.replaced_by.as_deref().unwrap_or(NONE));
    while parts.last() == Some(&NONE) {
        parts.pop();
    }
    let gap = if text.is_empty() { "" } else { " " };
    let whole = format!("{text}{gap}{OPENING}{}]", parts.join(" "));
    if whole.chars().count() > max {
        let message = format!("the description and the owner mark in it are longer than {max} characters");
        return Err(Failure::new(Class::Invalid, message).hint("shorten the description or the name of the resource"));
    }
    Ok(whole)
}

/// Returns the user's text and the owner tags of a description that [`write`] made; no tags for any other.
pub fn read(description: &str) -> (&str, Map) {
    let found = description.strip_suffix(']').and_then(|inner| inner.rsplit_once(OPENING));
    match found.and_then(|(text, parts)| Some((text, parse(parts)?))) {
        Some((text, mark)) => (text.strip_suffix(' ').unwrap_or(text), mark.to_tags()),
        None => (description, Map::new()),
    }
}

fn parse(text: &str) -> Option<Mark> {
    let mut parts = text.split(' ');
    let stack = parts.next()?;
    let environment = parts.next().filter(|part| *part != NONE);
    let address = parts.next()?.parse().ok()?;
    let keep = match parts.next() {
        Some("protect") => Some(Keep::Protect),
        Some("retain") => Some(Keep::Retain),
        _ => None,
    };
    let replaced_by = parts.next().filter(|part| *part != NONE).map(Into::into);
    Some(Mark { stack: stack.into(), environment: environment.map(Into::into), address, keep, replaced_by })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(environment: Option<&str>, keep: Option<Keep>, replaced_by: Option<&str>) -> Map {
        Mark {
            stack: "streaming".into(),
            environment: environment.map(Into::into),
            address: "origin_access_controls.content/a".parse().unwrap(),
            keep,
            replaced_by: replaced_by.map(Into::into),
        }
        .to_tags()
    }

    #[test]
    fn a_mark_reads_back_with_the_text_before_it() {
        for (text, tags, expected) in [
            ("", mark(None, None, None), "[trueup streaming - origin_access_controls.content/a]"),
            ("Films", mark(Some("prod"), None, None), "Films [trueup streaming prod origin_access_controls.content/a]"),
            (
                "a ] [b",
                mark(None, Some(Keep::Retain), Some("E1")),
                "a ] [b [trueup streaming - origin_access_controls.content/a retain E1]",
            ),
            ("x ", mark(None, None, Some("E1")), "x  [trueup streaming - origin_access_controls.content/a - E1]"),
        ] {
            let written = write(text, &tags, 256).unwrap();
            assert_eq!(written, expected);
            assert_eq!(read(&written), (text, tags));
        }
    }

    #[test]
    fn any_other_description_is_the_users() {
        for text in ["", "Films", "[trueup]", "[trueup one]", "[trueup a - no address]", "Films [trueup a - x.y] end"] {
            assert_eq!(read(text), (text, Map::new()));
        }
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let tags = mark(None, None, None);
        assert_eq!(write(&"x".repeat(80), &tags, 100).unwrap_err().class, Class::Invalid);
        assert_eq!(write("no owner", &Map::new(), 100).unwrap(), "no owner");
    }
}
