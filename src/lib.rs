//! trueup brings an AWS account true to a YAML stack.
//!
//! The modules are the steps of one flow, in this order: a stack is loaded (`stack`), the account is read
//! (`read`, through `world`), the two are compared (`diff`), `plan` decides, `execute` carries out and
//! `report` shows. See `docs/architecture.md`.

pub mod aws;
pub mod cli;
pub mod commands;
pub mod diff;
pub mod execute;
pub mod kinds;
pub mod model;
pub mod plan;
pub mod read;
pub mod report;
pub mod sandbox;
pub mod stack;
pub mod world;
