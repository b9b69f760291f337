//! Text to tokens, with places.

use std::ops::Range;

use super::Fault;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token<'a> {
    Name(&'a str),
    Integer(i64),
    Float(f64),
    Text(String),
    Symbol(&'static str),
    End,
}

/// Longer symbols first.
const SYMBOLS: &[&str] = &[
    "==", "!=", "<=", ">=", "&&", "||", "<", ">", "+", "-", "*", "/", "%", "!", "?", ":", ".", ",", "(", ")", "[", "]",
    "{", "}",
];

pub(super) struct Lexer<'a> {
    pub(super) text: &'a str,
    pub(super) position: usize,
}

pub(super) fn range(start: usize, end: usize) -> Range<u32> {
    start as u32..end as u32
}

impl<'a> Lexer<'a> {
    /// Returns the next token and its place.
    pub(super) fn next(&mut self) -> Result<(Token<'a>, Range<u32>), Fault> {
        self.skip_blanks();
        let start = self.position;
        let bytes = self.text.as_bytes();
        let token = match bytes.get(start) {
            None => Token::End,
            Some(byte) if byte.is_ascii_alphabetic() || *byte == b'_' => self.name_or_raw_text()?,
            Some(b'"' | b'\'') => Token::Text(self.string(false)?),
            Some(byte) if byte.is_ascii_digit() => self.number()?,
            Some(b'.') if bytes.get(start + 1).is_some_and(u8::is_ascii_digit) => self.number()?,
            Some(_) => self.symbol()?,
        };
        Ok((token, range(start, self.position)))
    }

    fn skip_blanks(&mut self) {
        let bytes = self.text.as_bytes();
        loop {
            while bytes.get(self.position).is_some_and(u8::is_ascii_whitespace) {
                self.position += 1;
            }
            if !self.text[self.position..].starts_with("//") {
                return;
            }
            self.position += self.text[self.position..].find('\n').unwrap_or(self.text.len() - self.position);
        }
    }

    fn name_or_raw_text(&mut self) -> Result<Token<'a>, Fault> {
        let start = self.position;
        let rest = &self.text[start..];
        let length = rest.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_').count();
        let name = &rest[..length];
        if matches!(name, "r" | "R") && matches!(rest.as_bytes().get(length), Some(b'"' | b'\'')) {
            self.position += length;
            return Ok(Token::Text(self.string(true)?));
        }
        self.position += length;
        Ok(Token::Name(name))
    }

    fn symbol(&mut self) -> Result<Token<'a>, Fault> {
        let rest = &self.text[self.position..];
        if let Some(symbol) = SYMBOLS.iter().find(|symbol| rest.starts_with(**symbol)) {
            self.position += symbol.len();
            return Ok(Token::Symbol(symbol));
        }
        let length = rest.chars().next().map_or(0, char::len_utf8);
        let fault = Fault::new(
            range(self.position, self.position + length),
            format!("`{}` has no meaning in an expression", &rest[..length]),
        );
        Err(match &rest[..length] {
            "=" => fault.help("compare with `==`"),
            "&" => fault.help("write `&&`"),
            "|" => fault.help("write `||`"),
            "$" => fault.help("inside `${…}` names stand without `$`"),
            _ => fault,
        })
    }

    fn number(&mut self) -> Result<Token<'a>, Fault> {
        let start = self.position;
        let rest = &self.text[start..];
        if let Some(digits) = rest.strip_prefix("0x").or_else(|| rest.strip_prefix("0X")) {
            let length = digits.bytes().take_while(u8::is_ascii_hexdigit).count();
            self.position += 2 + length;
            return i64::from_str_radix(&digits[..length], 16)
                .map(Token::Integer)
                .map_err(|_| Fault::new(range(start, self.position), "this is not a 64-bit integer"));
        }
        let length = number_length(rest.as_bytes());
        self.position += length;
        let digits = &rest[..length];
        let fault = |message: &str| Fault::new(range(start, start + length), message);
        if digits.contains(['.', 'e', 'E']) {
            let number: f64 = digits.parse().map_err(|_| fault("this is not a number"))?;
            return if number.is_finite() { Ok(Token::Float(number)) } else { Err(fault("this number is too large")) };
        }
        // The smallest integer is written with a minus that is read apart: `-9223372036854775808`.
        digits.parse().map(Token::Integer).map_err(|_| fault("this is not a 64-bit integer"))
    }

    fn string(&mut self, is_raw: bool) -> Result<String, Fault> {
        let start = self.position;
        let quote = self.text.as_bytes()[start] as char;
        let triple: String = [quote; 3].iter().collect();
        let end = if self.text[start..].starts_with(&triple) { triple } else { quote.to_string() };
        let mut out = String::new();
        let mut at = start + end.len();
        loop {
            let rest = &self.text[at..];
            if rest.starts_with(&end) {
                self.position = at + end.len();
                return Ok(out);
            }
            match rest.chars().next() {
                None => return Err(Fault::new(range(start, start + 1), "this string is not closed")),
                Some('\\') if !is_raw => {
                    let (c, length) = escape(rest).ok_or_else(|| {
                        let length = 1 + rest[1..].chars().next().map_or(0, char::len_utf8);
                        Fault::new(range(at, at + length), "there is no such escape")
                            .help("a backslash itself is `\\\\`")
                    })?;
                    out.push(c);
                    at += length;
                }
                Some(c) => {
                    out.push(c);
                    at += c.len_utf8();
                }
            }
        }
    }
}

fn number_length(bytes: &[u8]) -> usize {
    let digits = |from: usize| bytes[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let mut length = digits(0);
    if bytes.get(length) == Some(&b'.') && bytes.get(length + 1).is_some_and(u8::is_ascii_digit) {
        length += 1 + digits(length + 1);
    }
    if matches!(bytes.get(length), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(length + 1), Some(b'+' | b'-')));
        if bytes.get(length + 1 + sign).is_some_and(u8::is_ascii_digit) {
            length += 1 + sign + digits(length + 1 + sign);
        }
    }
    length
}

/// Returns the character that the escape at the beginning of `text` stands for, and the escape's length.
fn escape(text: &str) -> Option<(char, usize)> {
    let coded = |digits: usize| {
        let code = text.get(2..2 + digits).filter(|code| code.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
        Some((char::from_u32(u32::from_str_radix(code, 16).ok()?)?, 2 + digits))
    };
    match text.as_bytes().get(1)? {
        b'n' => Some(('\n', 2)),
        b't' => Some(('\t', 2)),
        b'r' => Some(('\r', 2)),
        byte @ (b'\\' | b'"' | b'\'' | b'`' | b'?') => Some((*byte as char, 2)),
        b'x' => coded(2),
        b'u' => coded(4),
        b'U' => coded(8),
        _ => None,
    }
}
