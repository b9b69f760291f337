//! Two resources cannot go by one default name.

use std::collections::HashMap;
use std::sync::Arc;

use super::Whole;
use crate::model::names::default_name;
use crate::model::problem::Problem;

/// Default names are compared as if the account were known: it is the same for all of them.
const ANY_ACCOUNT: &str = "000000000000";

pub(super) fn check(whole: &Whole<'_>) {
    let program = whole.program;
    let region = program.regions.first().map_or("us-east-1", |region| &**region);
    let mut holders: HashMap<(usize, Arc<str>), crate::model::address::Address> = HashMap::new();
    for address in whole.fields.keys() {
        let Some((block, key)) = whole.block(address) else { continue };
        let Some(naming) = program.schema_of(block).naming.filter(|_| whole.evaluation.is_default_name(block, key))
        else {
            continue;
        };
        let account = program.account.as_deref().unwrap_or(ANY_ACCOUNT);
        let environment = program.environment.as_deref();
        let key = key.map(|key| &**key);
        let place = Some((account, region));
        let Some(name) = default_name(&naming, &program.name, environment, &block.name, key, place) else { continue };
        if let Some(other) = holders.insert((block.schema, name.text.clone()), address.clone()) {
            let mut message = format!("`{address}` and `{other}` have the same default name");
            if !naming.worldwide || program.account.is_some() {
                message.push_str(&format!(", `{}`", name.text));
            }
            let problem = Problem::at(block.span, message).help(format!("give one of them a `{}`", naming.field));
            let related = whole.block(&other).map_or(block.span, |(other, _)| other.span);
            whole.report.push(if related == block.span { problem } else { problem.related(related, "the other") });
        }
    }
}
