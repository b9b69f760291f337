//! Functions on lists and maps.

use std::cmp::Ordering;
use std::sync::Arc;

use super::{ANY, Function, Wrong, integer_of, list_of};
use crate::model::value::{Map, Value};
use crate::stack::eval::{order, same};

pub(super) const TABLE: &[Function] = &[
    Function::pure("chunks", "(list, size) -> list", "Lists of so many elements each.", 2, 2, chunks).keeps_unknowns(),
    Function::pure("distinct", "(list) -> list", "The elements without repeated ones.", 1, 1, distinct),
    Function::pure(
        "element",
        "(list, index) -> value",
        "The element at the index, counted round and round.",
        2,
        2,
        element,
    )
    .keeps_unknowns(),
    Function::pure("flatten", "(list) -> list", "The elements of lists in the list, at every depth.", 1, 1, flatten)
        .keeps_unknowns(),
    Function::pure("merge", "(map, …) -> map", "The entries of all maps; the later map wins.", 1, ANY, merge)
        .keeps_unknowns(),
    Function::pure("range", "(start, end) -> list", "The integers from start (or 0) to before end.", 1, 2, range),
    Function::pure("reverse", "(list) -> list", "The elements from last to first.", 1, 1, reverse).keeps_unknowns(),
    Function::pure("slice", "(list, start, end) -> list", "The elements from start to before end.", 3, 3, slice)
        .keeps_unknowns(),
    Function::pure("sort", "(list) -> list", "The strings or numbers in order.", 1, 1, sort),
    Function::pure("zipmap", "(keys, values) -> map", "A map of the keys to the values.", 2, 2, zipmap)
        .keeps_unknowns(),
];

const RANGE_MAX: i64 = 10_000;

fn chunks(values: &[Value]) -> Result<Value, Wrong> {
    let list = list_of(values, 0)?;
    match usize::try_from(integer_of(values, 1)?) {
        Ok(size) if size > 0 => Ok(Value::list(list.chunks(size).map(|chunk| Value::list(chunk.iter().cloned())))),
        _ => Err(Wrong::argument(1, "a chunk has at least one element")),
    }
}

fn distinct(values: &[Value]) -> Result<Value, Wrong> {
    let list = list_of(values, 0)?;
    if list.len() > 2_000 {
        return Err(Wrong::argument(0, "`distinct` takes at most 2000 elements"));
    }
    let mut kept: Vec<Value> = Vec::new();
    for item in list {
        if !kept.iter().any(|other| same(item, other)) {
            kept.push(item.clone());
        }
    }
    Ok(Value::list(kept))
}

fn element(values: &[Value]) -> Result<Value, Wrong> {
    let (list, index) = (list_of(values, 0)?, integer_of(values, 1)?);
    if list.is_empty() {
        return Err(Wrong::argument(0, "the list is empty"));
    }
    Ok(list[index.rem_euclid(list.len() as i64) as usize].clone())
}

fn flatten(values: &[Value]) -> Result<Value, Wrong> {
    fn into(out: &mut Vec<Value>, items: &[Value]) {
        for item in items {
            match item.peel() {
                // Values are nested no deeper than expressions, which are bounded.
                Value::List(inner) => into(out, inner),
                _ => out.push(item.clone()),
            }
        }
    }
    let mut out = Vec::new();
    into(&mut out, list_of(values, 0)?);
    Ok(Value::list(out))
}

fn merge(values: &[Value]) -> Result<Value, Wrong> {
    let mut out = Map::new();
    for (index, value) in values.iter().enumerate() {
        match value.peel() {
            Value::Map(map) => out.extend(map.iter().map(|(key, value)| (key.clone(), value.clone()))),
            Value::Null => {}
            other => {
                return Err(Wrong::argument(index, format!("a map is needed here, and this is {}", other.type_name())));
            }
        }
    }
    Ok(out.into())
}

fn range(values: &[Value]) -> Result<Value, Wrong> {
    let (start, end) = match values {
        [_] => (0, integer_of(values, 0)?),
        _ => (integer_of(values, 0)?, integer_of(values, 1)?),
    };
    if end.saturating_sub(start) > RANGE_MAX {
        return Err(Wrong::argument(values.len() - 1, format!("a range has at most {RANGE_MAX} elements")));
    }
    Ok(Value::list(start..end))
}

fn reverse(values: &[Value]) -> Result<Value, Wrong> {
    Ok(Value::list(list_of(values, 0)?.iter().rev().cloned()))
}

fn slice(values: &[Value]) -> Result<Value, Wrong> {
    let list = list_of(values, 0)?;
    let (start, end) = (integer_of(values, 1)?, integer_of(values, 2)?);
    let bound = |index: i64| usize::try_from(index).ok().filter(|index| *index <= list.len());
    let Some(start) = bound(start) else {
        return Err(Wrong::argument(1, format!("the list has {} elements", list.len())));
    };
    match bound(end).filter(|end| *end >= start) {
        Some(end) => Ok(Value::list(list[start..end].iter().cloned())),
        None => Err(Wrong::argument(2, format!("the end lies between {start} and {} here", list.len()))),
    }
}

fn sort(values: &[Value]) -> Result<Value, Wrong> {
    let mut list = list_of(values, 0)?.to_vec();
    if let Some(pair) = list.windows(2).find(|pair| order(&pair[0], &pair[1]).is_none()) {
        let message = format!("{} and {} have no order", pair[0].type_name(), pair[1].type_name());
        return Err(Wrong::argument(0, message));
    }
    list.sort_by(|a, b| order(a, b).unwrap_or(Ordering::Equal));
    Ok(Value::List(Arc::new(list)))
}

fn zipmap(values: &[Value]) -> Result<Value, Wrong> {
    let (keys, list) = (list_of(values, 0)?, list_of(values, 1)?);
    if keys.len() != list.len() {
        return Err(Wrong::argument(1, format!("there are {} keys and {} values", keys.len(), list.len())));
    }
    let mut map = Map::new();
    for (key, value) in keys.iter().zip(list) {
        match key.peel() {
            Value::Str(key) => map.insert(key.clone(), value.clone()),
            Value::Unknown(_) => return Ok(key.clone()),
            other => return Err(Wrong::argument(0, format!("a key is a string, and this is {}", other.type_name()))),
        };
    }
    Ok(map.into())
}
