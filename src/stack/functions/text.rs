//! Functions on text. CEL's names where CEL has them.

use regex::{Regex, RegexBuilder};

use super::{ANY, Function, Wrong, integer_of, list_of, spelled, text_of};
use crate::model::value::Value;

pub(super) const TABLE: &[Function] = &[
    Function::pure("contains", "(text, part) -> boolean", "True if the part is in the text.", 2, 2, contains),
    Function::pure("endsWith", "(text, end) -> boolean", "True if the text ends so.", 2, 2, ends_with),
    Function::pure(
        "format",
        "(pattern, values…) -> text",
        "The pattern with each `%s`, `%d`, `%05d`, `%.2f`, `%x` filled by the next value.",
        1,
        ANY,
        format,
    ),
    Function::pure(
        "indent",
        "(text, spaces) -> text",
        "The text with every line but the first indented.",
        2,
        2,
        indent,
    ),
    Function::pure("join", "(list, separator) -> text", "The elements as one text.", 2, 2, join),
    Function::pure("lower", "(text) -> text", "The text in lower case.", 1, 1, |values| {
        Ok(text_of(values, 0)?.to_lowercase().into())
    }),
    Function::pure(
        "matches",
        "(text, pattern) -> boolean",
        "True if the regular expression is found in the text.",
        2,
        2,
        matches,
    )
    .price(50),
    Function::pure("replace", "(text, part, by) -> text", "The text with every such part replaced.", 3, 3, replace),
    Function::pure(
        "regex_replace",
        "(text, pattern, by) -> text",
        "The text with every match replaced; `$1` stands for the first group.",
        3,
        3,
        regex_replace,
    )
    .price(50),
    Function::pure("split", "(text, separator) -> list", "The parts between separators.", 2, 2, split),
    Function::pure("startsWith", "(text, start) -> boolean", "True if the text begins so.", 2, 2, starts_with),
    Function::pure("string", "(value) -> text", "A number or boolean as text.", 1, 1, string),
    Function::pure(
        "substring",
        "(text, start, end) -> text",
        "The characters from start to before end.",
        2,
        3,
        substring,
    ),
    Function::pure("title", "(text) -> text", "The text with each word's first letter in upper case.", 1, 1, title),
    Function::pure("trim", "(text) -> text", "The text without blanks around it.", 1, 1, |values| {
        Ok(text_of(values, 0)?.trim().into())
    }),
    Function::pure("upper", "(text) -> text", "The text in upper case.", 1, 1, |values| {
        Ok(text_of(values, 0)?.to_uppercase().into())
    }),
];

/// The longest text a function makes: more cannot be meant.
const LENGTH_MAX: usize = 1 << 20;

fn contains(values: &[Value]) -> Result<Value, Wrong> {
    if values[0].as_list().is_some() {
        return Err(Wrong::argument(0, "`contains` looks into a string, and this is a list").help("write `x in list`"));
    }
    Ok(text_of(values, 0)?.contains(text_of(values, 1)?).into())
}

fn starts_with(values: &[Value]) -> Result<Value, Wrong> {
    Ok(text_of(values, 0)?.starts_with(text_of(values, 1)?).into())
}

fn ends_with(values: &[Value]) -> Result<Value, Wrong> {
    Ok(text_of(values, 0)?.ends_with(text_of(values, 1)?).into())
}

fn pattern(values: &[Value], index: usize) -> Result<Regex, Wrong> {
    let pattern = text_of(values, index)?;
    if pattern.len() > 1_000 {
        return Err(Wrong::argument(index, "a pattern has at most 1000 bytes"));
    }
    RegexBuilder::new(pattern).size_limit(1 << 20).build().map_err(|error| {
        let last = error.to_string();
        let reason = last.lines().last().unwrap_or("").trim_start_matches("error: ").to_owned();
        Wrong::argument(index, format!("this is no regular expression: {reason}"))
    })
}

fn matches(values: &[Value]) -> Result<Value, Wrong> {
    let pattern = pattern(values, 1)?;
    Ok(pattern.is_match(text_of(values, 0)?).into())
}

fn regex_replace(values: &[Value]) -> Result<Value, Wrong> {
    let pattern = pattern(values, 1)?;
    let (text, by) = (text_of(values, 0)?, text_of(values, 2)?);
    let mut out = String::new();
    let mut from = 0;
    for found in pattern.captures_iter(text) {
        let Some(whole) = found.get(0) else { continue };
        out.push_str(&text[from..whole.start()]);
        found.expand(by, &mut out);
        from = whole.end();
        limit(out.len())?;
    }
    out.push_str(&text[from..]);
    Ok(out.into())
}

fn limit(length: usize) -> Result<(), Wrong> {
    if length <= LENGTH_MAX {
        return Ok(());
    }
    Err(Wrong { argument: None, message: format!("the result is longer than {LENGTH_MAX} bytes"), help: None })
}

fn replace(values: &[Value]) -> Result<Value, Wrong> {
    let (text, part, by) = (text_of(values, 0)?, text_of(values, 1)?, text_of(values, 2)?);
    limit(text.matches(part).count().saturating_mul(by.len()))?;
    Ok(text.replace(part, by).into())
}

fn split(values: &[Value]) -> Result<Value, Wrong> {
    let (text, separator) = (text_of(values, 0)?, text_of(values, 1)?);
    if separator.is_empty() {
        return Ok(Value::list(text.chars().map(String::from)));
    }
    Ok(Value::list(text.split(separator)))
}

fn join(values: &[Value]) -> Result<Value, Wrong> {
    // Both orders of arguments are common elsewhere; ours is CEL's.
    if values[0].as_str().is_some() && values[1].as_list().is_some() {
        return Err(Wrong::argument(0, "`join` takes the list first").help("join(list, separator)"));
    }
    let (items, separator) = (list_of(values, 0)?, text_of(values, 1)?);
    let mut parts = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        match spelled(item) {
            Some(part) => parts.push(part),
            None => {
                return Err(Wrong::argument(
                    0,
                    format!("element {index} is {}, and `join` takes strings", item.type_name()),
                ));
            }
        }
    }
    limit(parts.len().saturating_mul(separator.len()))?;
    Ok(parts.join(separator).into())
}

fn string(values: &[Value]) -> Result<Value, Wrong> {
    match spelled(&values[0]) {
        Some(text) => Ok(text.into()),
        None => {
            let wrong = Wrong::argument(0, format!("{} cannot be made a string", values[0].type_name()));
            Err(wrong.help("`json(x)` spells out lists and maps"))
        }
    }
}

fn substring(values: &[Value]) -> Result<Value, Wrong> {
    let text = text_of(values, 0)?;
    let count = text.chars().count() as i64;
    let start = integer_of(values, 1)?;
    let end = if values.len() > 2 { integer_of(values, 2)? } else { count };
    if start < 0 || start > count {
        return Err(Wrong::argument(1, format!("the text has {count} characters")));
    }
    if end < start || end > count {
        return Err(Wrong::argument(2, format!("the end lies between {start} and {count} here")));
    }
    Ok(text.chars().skip(start as usize).take((end - start) as usize).collect::<String>().into())
}

fn title(values: &[Value]) -> Result<Value, Wrong> {
    let mut out = String::new();
    let mut begins = true;
    for c in text_of(values, 0)?.chars() {
        if begins {
            out.extend(c.to_uppercase());
        } else {
            out.push(c);
        }
        begins = !c.is_alphanumeric();
    }
    Ok(out.into())
}

fn indent(values: &[Value]) -> Result<Value, Wrong> {
    let (text, spaces) = (text_of(values, 0)?, integer_of(values, 1)?);
    let Some(spaces) = usize::try_from(spaces).ok().filter(|spaces| *spaces <= 100) else {
        return Err(Wrong::argument(1, "the indentation is 0 to 100 spaces"));
    };
    Ok(text.replace('\n', &format!("\n{}", " ".repeat(spaces))).into())
}

/// Fills `%s`, `%v`, `%d`, `%f`, `%x` and `%%`, with zero padding, width and precision.
fn format(values: &[Value]) -> Result<Value, Wrong> {
    let mut rest = text_of(values, 0)?;
    let mut next = 1;
    let mut out = String::new();
    while let Some((before, after)) = rest.split_once('%') {
        out.push_str(before);
        let length = after.find(|c: char| !c.is_ascii_digit() && c != '.' && c != '-').unwrap_or(after.len());
        let (flags, verb) = after.split_at(length);
        let Some(letter) = verb.chars().next() else {
            return Err(Wrong::argument(0, "the `%` at the end says nothing").help("a percent sign is `%%`"));
        };
        rest = &verb[letter.len_utf8()..];
        if letter == '%' && flags.is_empty() {
            out.push('%');
            continue;
        }
        let Some(value) = values.get(next) else {
            return Err(Wrong::argument(
                0,
                format!("the pattern asks for more than the {} values given", values.len() - 1),
            ));
        };
        out.push_str(&filled(flags, letter, value, next)?);
        next += 1;
    }
    if next < values.len() {
        return Err(Wrong::argument(next, "the pattern does not use this value"));
    }
    out.push_str(rest);
    Ok(out.into())
}

fn filled(flags: &str, letter: char, value: &Value, index: usize) -> Result<String, Wrong> {
    let (width, precision) = flags.split_once('.').unwrap_or((flags, ""));
    let number = |text: &str| if text.is_empty() { Ok(0) } else { text.parse::<usize>() };
    let bad = || Wrong::argument(0, format!("`%{flags}{letter}` is no place for a value"));
    let is_left = width.starts_with('-');
    let is_zero = width.starts_with('0');
    let (Ok(width), Ok(digits)) = (number(width.trim_start_matches('-')), number(precision)) else { return Err(bad()) };
    if width > 1_000 || digits > 100 {
        return Err(bad());
    }
    let wrong =
        |wanted: &str| Wrong::argument(index, format!("`%{letter}` takes {wanted}, and this is {}", value.type_name()));
    let text = match letter {
        's' | 'v' => spelled(value).unwrap_or_else(|| value.to_json().to_string()),
        'd' => value.as_int().ok_or_else(|| wrong("an integer"))?.to_string(),
        'x' => std::format!("{:x}", value.as_int().ok_or_else(|| wrong("an integer"))?),
        'f' => {
            let digits = if precision.is_empty() { 6 } else { digits };
            std::format!("{:.digits$}", value.as_float().ok_or_else(|| wrong("a number"))?)
        }
        _ => return Err(bad().help("write `%s`, `%d`, `%x` or `%f`")),
    };
    Ok(if is_left {
        std::format!("{text:<width$}")
    } else if is_zero && letter != 's' {
        let (sign, digits) = text.strip_prefix('-').map_or(("", text.as_str()), |digits| ("-", digits));
        std::format!("{sign}{digits:0>width$}", width = width - sign.len().min(width))
    } else {
        std::format!("{text:>width$}")
    })
}
