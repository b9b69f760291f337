//! The AWS SDK behind one door: clients, the hook on every call, errors, tags, waits.
//!
//! Kinds call the SDK's clients directly, as `aws.ec2.describe_vpcs().send().await?`: every failure turns
//! into a [`Failure`](crate::model::failure::Failure) by `?`.

mod clients;
mod codes;
mod errors;
mod hook;
mod http;
mod owned;
mod rate;
mod retry;
#[cfg(test)]
pub(crate) mod stub;
pub mod tags;
#[cfg(test)]
mod tests;
mod wait;
mod wire;
mod world;

pub use clients::Aws;
pub use hook::{Notice, Waiting};
pub use owned::Tagged;
pub use wait::{each, insist, insist_while, until};
pub use world::{Access, AwsWorld};
