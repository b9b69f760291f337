//! The proof over HTTP: the adapters and the binary against independent emulators of AWS.
//!
//! One binary for all of it, since each one links the SDK. The emulators are started on demand ([`emulators`]).

mod binary;
mod contract;
mod emulators;
mod engine;
mod flows;
mod holes;
mod imports;
mod kills;
mod readme;
mod reference;
mod refusals;
mod requests;
mod transcripts;
