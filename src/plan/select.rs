//! `--target` and `--exclude`: plans for a part of a stack.

use std::collections::HashSet;

use super::Input;
use super::decide::Decisions;
use crate::model::address::Address;
use crate::model::plan::Refusal;

/// Drops the changes that were not asked for: those outside the targets and what they refer to, and those that
/// are excluded or refer to something excluded that does not exist yet.
pub fn select(input: &Input<'_>, decisions: &mut Decisions) {
    let options = &input.options;
    if options.targets.is_empty() && options.excludes.is_empty() {
        return;
    }
    for asked in options.targets.iter().chain(&options.excludes) {
        let known = input.layout.resources.keys().chain(decisions.changes.iter().map(|change| &change.address));
        if !known.into_iter().any(|address| is_named(address, asked)) {
            decisions.refusals.push(Refusal::of(asked, "is neither in the stack nor in the account"));
        }
    }
    let wanted = |address: &Address| options.targets.iter().any(|target| is_named(address, target));
    let kept = match options.targets.is_empty() {
        true => None,
        false => Some(closure(input, wanted)),
    };
    let excluded = dependents(input, |address| options.excludes.iter().any(|asked| is_named(address, asked)));
    decisions.changes.retain(|change| {
        let targeted = kept.as_ref().is_none_or(|kept| kept.contains(&change.address) || wanted(&change.address));
        let dropped =
            options.excludes.iter().any(|asked| is_named(&change.address, asked)) || excluded.contains(&change.address);
        targeted && !dropped
    });
}

/// Returns true if `asked` is this address or its whole block.
fn is_named(address: &Address, asked: &Address) -> bool {
    address == asked || address.block() == *asked
}

/// Returns the addresses that pass the test, and all that they refer to.
fn closure(input: &Input<'_>, test: impl Fn(&Address) -> bool) -> HashSet<Address> {
    let mut open: Vec<&Address> = input.layout.resources.keys().filter(|address| test(address)).collect();
    let mut found = HashSet::new();
    while let Some(address) = open.pop() {
        if found.insert(address.clone())
            && let Some(resource) = input.layout.resources.get(address)
        {
            open.extend(resource.references.iter().map(|reference| &reference.to));
            open.extend(&resource.manage.depends_on);
        }
    }
    found
}

/// Returns the addresses that pass the test, and all that refer to them.
fn dependents(input: &Input<'_>, test: impl Fn(&Address) -> bool) -> HashSet<Address> {
    let mut found: HashSet<Address> = input.layout.resources.keys().filter(|address| test(address)).cloned().collect();
    loop {
        let more: Vec<_> = input
            .layout
            .resources
            .iter()
            .filter(|(address, resource)| {
                !found.contains(*address) && resource.references.iter().any(|reference| found.contains(&reference.to))
            })
            .map(|(address, _)| address.clone())
            .collect();
        if more.is_empty() {
            return found;
        }
        found.extend(more);
    }
}
