//! What every part of a bucket is made of.

pub use async_trait::async_trait;
pub use aws_sdk_s3::Client;

pub use crate::kinds::shapes::{self, built, to};
pub use crate::model::failure::Failure;
pub use crate::model::schema::Broken;
pub use crate::model::shape::{Equal, Field, Record, Shape};
pub use crate::model::value::{Map, Value};

/// Settings that S3 reads and writes apart from the bucket itself.
#[async_trait(?Send)]
pub trait Part: Sync {
    /// Its fields in a stack. The first one is the part: without it there is nothing to write.
    fn fields(&self) -> Vec<(&'static str, Field)>;

    /// Returns what is live in the stack's own form; nothing where S3 has nothing.
    async fn read(&self, s3: &Client, bucket: &str) -> Result<Map, Failure>;

    /// Writes the part as `wanted` has it, whole.
    async fn write(&self, s3: &Client, bucket: &str, wanted: &Map, live: &Map) -> Result<(), Failure>;

    /// Removes the part, or writes what S3 takes for nothing.
    async fn unset(&self, s3: &Client, bucket: &str, live: &Map) -> Result<(), Failure>;

    /// Returns what is wrong with its fields.
    fn broken(&self, _fields: &Map) -> Vec<Broken> {
        Vec::new()
    }
}

/// Returns a map of one field, empty if the value is null.
pub fn of(name: &str, value: impl Into<Value>) -> Map {
    Some(value.into()).filter(|value| !value.is_null()).map(|value| (name.into(), value)).into_iter().collect()
}

/// Makes "there is none" of the error code with which S3 says so.
pub fn unless<T>(result: Result<T, Failure>, code: &str) -> Result<Option<T>, Failure> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(failure) if failure.is_code(code) => Ok(None),
        Err(failure) => Err(failure),
    }
}

/// Returns a generated field with a narrower shape.
pub fn shape(field: Field, narrower: Field) -> Field {
    Field { shape: narrower.shape, ..field }
}

pub fn positive(field: Field) -> Field {
    shape(field, Field::integer(1, i32::MAX.into()))
}

pub fn not_negative(field: Field) -> Field {
    shape(field, Field::integer(0, i32::MAX.into()))
}

/// Returns true if a record has something under this name, known or not.
pub fn has(record: &Map, name: &str) -> bool {
    record.get(name).is_some_and(|value| !value.is_empty() && value.as_bool() != Some(false))
}

/// Returns true if a record states this name, be it as zero.
pub fn stated(record: &Map, name: &str) -> bool {
    record.get(name).is_some_and(|value| !value.is_null())
}

/// Returns the elements of a list whose key stands twice.
pub fn repeated(path: &str, items: &[Value], key: &str) -> Vec<Broken> {
    let texts: Vec<Option<&str>> = items.iter().map(|item| item.get(key).and_then(Value::as_str)).collect();
    let twice = |(index, text): (usize, &Option<&str>)| {
        let text = text.filter(|text| texts[..index].contains(&Some(text)))?;
        Some(Broken::new(
            format!("{path}[{index}].{key}"),
            format!("the {key} `{text}` stands twice", key = key.replace('_', " ")),
        ))
    };
    texts.iter().enumerate().filter_map(twice).collect()
}
