//! The trap of `${…}` in YAML: an expression whose characters mean something to YAML must be quoted.

/// Returns advice with the line quoted, if the YAML error at byte `at` comes from an unquoted expression.
pub fn advice(text: &str, at: usize) -> Option<String> {
    let line = line_with_expression(text, at)?;
    let help = "quote the expression: `: `, ` #`, `{`, `[` and `,` mean something to YAML outside quotes";
    match quoted(line) {
        Some(quoted) => Some(format!("{help}\n{quoted}")),
        None => Some(help.to_owned()),
    }
}

/// Returns the line of `at`, or the one before it, on which an unquoted expression stands: YAML often notices late.
fn line_with_expression(text: &str, at: usize) -> Option<&str> {
    let start = text[..at].rfind('\n').map_or(0, |end| end + 1);
    let end = text[at..].find('\n').map_or(text.len(), |length| at + length);
    let before = text[..start].trim_end_matches(['\n', '\r']);
    let previous = &before[before.rfind('\n').map_or(0, |end| end + 1)..];
    [&text[start..end], previous].into_iter().find(|line| line.contains("${"))
}

/// Returns the line with its value in quotes: `x: ${a ? b : c}` becomes `x: '${a ? b : c}'`.
fn quoted(line: &str) -> Option<String> {
    let line = line.trim();
    let (key, value) = match line.split_once(": ") {
        Some((key, value)) if !key.contains("${") => (format!("{key}: "), value),
        _ => ("- ".to_owned(), line.strip_prefix("- ")?),
    };
    let value = value.trim();
    if value.starts_with(['\'', '"']) {
        return None;
    }
    if value.starts_with("${") && !key.contains(['{', '[']) {
        return Some(format!("{key}{}", quote(value)));
    }
    // Inside a flow collection only the expressions themselves are quoted.
    let mut out = key;
    let mut rest = value;
    while let Some(start) = rest.find("${") {
        let end = start + closing(&rest[start..])?;
        let is_quoted = rest[..start].ends_with(['\'', '"']);
        out.push_str(&rest[..start]);
        out.push_str(&if is_quoted { rest[start..end].to_owned() } else { quote(&rest[start..end]) });
        rest = &rest[end..];
    }
    Some(out + rest)
}

fn quote(text: &str) -> String {
    if text.contains('\'') && !text.contains(['"', '\\']) {
        format!("\"{text}\"")
    } else {
        format!("'{}'", text.replace('\'', "''"))
    }
}

/// Returns the length of the `${…}` at the beginning of `text`.
fn closing(text: &str) -> Option<usize> {
    let mut open = 0usize;
    for (index, byte) in text.bytes().enumerate() {
        match byte {
            b'{' => open += 1,
            b'}' if open == 1 => return Some(index + 1),
            b'}' => open = open.saturating_sub(1),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_is_shown_quoted() {
        for (line, expected) in [
            (r#"x: ${a ? "b" : "c"}"#, r#"x: '${a ? "b" : "c"}'"#),
            ("x: ${a ? 'b' : 'c'}", r#"x: "${a ? 'b' : 'c'}""#),
            ("- ${a ? b : c}", "- '${a ? b : c}'"),
            ("{a: ${b}}", "{a: '${b}'}"),
            ("x: {a: ${b}, c: ${d}}", "x: {a: '${b}', c: '${d}'}"),
        ] {
            assert_eq!(quoted(line).as_deref(), Some(expected), "{line}");
        }
    }
}
