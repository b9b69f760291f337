//! Shapes that only mirror AWS: what a structure holds, and its conversions to and from the SDK.
//!
//! One file a service, written by `cargo xtask shapes` from AWS's API models and the SDK's own source, never
//! edited. For each structure there are three functions, here of S3's `LifecycleRule`:
//!
//! - `s3::lifecycle_rule()`: its fields with AWS's limits. Every field links to AWS's page.
//! - `s3::lifecycle_rule_to(&value)`: the SDK's type; null members are left out.
//! - `s3::lifecycle_rule_from(&sdk)`: the value, without what is absent.
//!
//! An operation with a flat input has `elbv2::create_target_group_input()` (of all the operations that set
//! the same thing), `elbv2::create_target_group_fill(call, &map)`, which sets what the map holds and nothing else, and
//! for the structure that reports it `elbv2::target_group_from(&sdk)`, limited to these fields.
//!
//! CloudFront's `{Quantity, Items}` wrappers are plain lists, a structure without members is a boolean, times
//! are RFC 3339 text and bytes are base64.
//!
//! What a field *means* stands by hand beside each kind. Unless said there, an omitted field is none (or required,
//! where the API requires it), a change is made in place, and the order of a list matters:
//!
//! ```ignore
//! let rules = Field::list(Shape::Record(
//!     s3::lifecycle_rule()
//!         .with("id", Field::required)
//!         .with("transitions", |field| field.keyed(&["storage_class"]))
//!         .with("expiration.date", |field| field.note("Midnight UTC.")),
//! ));
//! ```

pub mod autoscaling;
pub mod cloudfront;
pub mod cloudwatch;
pub mod ec2;
pub mod elbv2;
pub mod from;
pub mod iam;
pub mod s3;
pub mod to;

use aws_smithy_types::error::operation::BuildError;

use crate::model::failure::{Class, Failure};
use crate::model::shape::{Equal, Field, Record, Shape};
use crate::model::value::Value;

/// Returns a record whose fields all link to one page.
fn linked<const N: usize>(link: &'static str, fields: [(&'static str, Field); N]) -> Record {
    Record::of(fields.map(|(name, field)| (name, field.link(link))))
}

fn nested(record: Record) -> Field {
    Field::new(Shape::Record(record))
}

fn map_of(item: Shape) -> Field {
    Field::new(Shape::Map(Box::new(item)))
}

fn int32() -> Field {
    Field::integer(i32::MIN.into(), i32::MAX.into())
}

fn int64() -> Field {
    Field::new(Shape::Integer { min: None, max: None })
}

fn number(min: Option<f64>, max: Option<f64>) -> Field {
    Field::new(Shape::Number { min, max })
}

/// A moment, or a day alone: compared as moments.
fn time() -> Field {
    Field::text()
        .pattern(r"\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2}))?")
        .compared(Equal::By(same_moment))
}

fn same_moment(desired: &Value, live: &Value) -> bool {
    let moment = |value: &Value| value.as_str().and_then(to::moment);
    desired == live || moment(desired).is_some_and(|desired| moment(live) == Some(desired))
}

/// Turns the SDK's complaint about a missing member into a failure.
pub fn built<T>(result: Result<T, BuildError>) -> Result<T, Failure> {
    result.map_err(|error| Failure::new(Class::Invalid, error.to_string()))
}

#[cfg(test)]
mod tests;
