//! The AWS SDK behind one door: clients, the hook on every call, errors, tags, waits.

/// The clients of one region.
pub struct Aws {}
