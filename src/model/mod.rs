//! The nouns: plain data that every step of the flow shares. Synchronous, no I/O, no AWS SDK.

pub mod address;
pub mod delta;
pub mod digits;
pub mod failure;
pub mod live;
pub mod names;
pub mod owner;
pub mod plan;
pub mod policy;
pub mod problem;
pub mod schema;
pub mod shape;
pub mod stack;
pub mod value;
