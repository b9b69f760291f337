//! Every request of a test, checked: against AWS's API models, and against what its kinds declare.
//!
//! The checks against the models are done where the requests arrive, `tests/emulators/checks.py`.

use std::collections::BTreeSet;

use trueup::model::schema::Schema;

use crate::emulators::Endpoint;

/// The operations that the engine itself sends.
const ENGINE: &[&str] = &["ec2:DescribeAvailabilityZones", "sts:GetCallerIdentity", "tag:GetResources"];

/// Returns what is wrong with the requests of an account: refused by an API model, or declared by none of the kinds.
pub fn wrong<'a>(endpoint: &Endpoint, account: &str, kinds: impl IntoIterator<Item = &'a Schema>) -> Vec<String> {
    let declared: BTreeSet<&str> =
        kinds.into_iter().flat_map(|schema| schema.reads.iter().chain(schema.writes)).chain(ENGINE).copied().collect();
    let mut wrong = BTreeSet::new();
    for request in endpoint.requests(account) {
        wrong.extend(request.problems.iter().map(|problem| format!("{}: {problem}", request.call)));
        if !declared.contains(request.call.as_str()) {
            wrong.insert(format!("{} is sent, and declared by none of the kinds", request.call));
        }
    }
    wrong.into_iter().collect()
}

#[test]
fn reads_only_read() {
    let reading = ["Describe", "Get", "List", "Head"];
    for schema in trueup::kinds::schemas() {
        for read in schema.reads {
            let (_, operation) = read.split_once(':').unwrap_or_else(|| panic!("{}: `{read}`", schema.kind));
            assert!(reading.iter().any(|verb| operation.starts_with(verb)), "{}: `{read}` is no read", schema.kind);
        }
        let both: Vec<_> = schema.reads.iter().filter(|read| schema.writes.contains(read)).collect();
        assert!(both.is_empty(), "{}: {both:?} are reads and writes", schema.kind);
    }
}
