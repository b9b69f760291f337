//! The verbs of the command line, one file each. Glue only: what is decided, is decided elsewhere.

pub mod apply;
pub mod console;
mod draw;
pub mod drift;
pub mod error;
pub mod init;
pub mod outputs;
pub mod plan;
mod quota;
mod saved;
mod session;
pub mod validate;

pub use session::Setting;
