//! Functions that write values as text and read them back.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use super::{Function, Wrong, text_of};
use crate::model::digits::hex;
use crate::model::value::Value;
use crate::stack::untyped;

pub(super) const TABLE: &[Function] = &[
    Function::pure("base64", "(text) -> text", "The text in base64.", 1, 1, |values| {
        Ok(STANDARD.encode(text_of(values, 0)?).into())
    }),
    Function::pure("base64_decode", "(text) -> text", "The text that is in base64.", 1, 1, base64_decode),
    Function::pure("json", "(value) -> text", "The value as compact JSON.", 1, 1, |values| {
        Ok(values[0].to_json().to_string().into())
    }),
    Function::pure("json_decode", "(text) -> value", "The value that is in JSON.", 1, 1, json_decode),
    Function::pure("sha256", "(text) -> text", "The SHA-256 digest of the text, in hexadecimal.", 1, 1, |values| {
        Ok(hex(&Sha256::digest(text_of(values, 0)?)).into())
    }),
    Function::pure(
        "url_encode",
        "(text) -> text",
        "The text with everything but letters, digits, `-_.~` percent-encoded.",
        1,
        1,
        url_encode,
    ),
    Function::pure("yaml", "(value) -> text", "The value as YAML.", 1, 1, yaml),
    Function::pure("yaml_decode", "(text) -> value", "The value that is in YAML.", 1, 1, yaml_decode),
];

fn base64_decode(values: &[Value]) -> Result<Value, Wrong> {
    let bytes = STANDARD.decode(text_of(values, 0)?.trim()).map_err(|_| Wrong::argument(0, "this is not base64"))?;
    match String::from_utf8(bytes) {
        Ok(text) => Ok(text.into()),
        Err(_) => Err(Wrong::argument(0, "what is in this base64 is not text")),
    }
}

fn json_decode(values: &[Value]) -> Result<Value, Wrong> {
    serde_json::from_str::<serde_json::Value>(text_of(values, 0)?)
        .map(Value::from)
        .map_err(|error| Wrong::argument(0, format!("this is not JSON: {error}")))
}

fn yaml(values: &[Value]) -> Result<Value, Wrong> {
    serde_yaml::to_string(&values[0].to_json())
        .map(Value::from)
        .map_err(|error| Wrong::argument(0, format!("this cannot be written as YAML: {error}")))
}

fn yaml_decode(values: &[Value]) -> Result<Value, Wrong> {
    untyped::read(text_of(values, 0)?).map_err(|message| Wrong::argument(0, message))
}

fn url_encode(values: &[Value]) -> Result<Value, Wrong> {
    let mut out = String::new();
    for byte in text_of(values, 0)?.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            out.push(byte as char);
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    Ok(out.into())
}
