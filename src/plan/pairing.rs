//! Which live resource stands for which address.

use std::collections::HashMap;

use indexmap::IndexMap;

use crate::model::address::Address;
use crate::model::live::{Live, Phase};
use crate::model::owner::{Mark, Owner};
use crate::model::plan::Refusal;
use crate::model::stack::Layout;

/// The account's resources of one owner, sorted by what the stack says of them.
#[derive(Debug, Default)]
pub struct Pairing {
    /// The resource that stands for an address of the stack.
    pub current: HashMap<Address, Live>,
    /// Addresses whose resource carries another one still.
    pub moved: HashMap<Address, Address>,
    /// Replaced ones whose successor exists, and ones that are on their way out: deleted or awaited.
    pub leftovers: Vec<(Address, Live, &'static str)>,
    /// Resources whose address is not in the stack.
    pub removed: Vec<(Mark, Live)>,
    pub refusals: Vec<Refusal>,
}

/// Sorts what `owner` has. Resources of others among `live` are left out.
pub fn pair(layout: &Layout, owner: &Owner, live: Vec<Live>) -> Pairing {
    let mut groups: IndexMap<Address, Vec<(Mark, Live)>> = IndexMap::new();
    for live in live {
        if let Some(mark) = live.mark().filter(|mark| mark.is_of(owner)) {
            groups.entry(mark.address.clone()).or_default().push((mark, live));
        }
    }
    let mut pairing = Pairing::default();
    for (address, resource) in &layout.resources {
        let from = resource.manage.moved_from.as_ref().filter(|from| !layout.resources.contains_key(*from));
        match (groups.shift_remove(address), from) {
            (Some(group), _) => pairing.settle(address, group),
            (None, Some(from)) => {
                if let Some(group) = groups.shift_remove(from) {
                    pairing.settle(address, group);
                    pairing.moved.insert(address.clone(), from.clone());
                }
            }
            (None, None) => {}
        }
    }
    pairing.removed = groups.into_values().flatten().filter(|(_, live)| live.phase != Phase::Deleting).collect();
    pairing
}

impl Pairing {
    /// Chooses the current one of several with one address.
    fn settle(&mut self, address: &Address, group: Vec<(Mark, Live)>) {
        let (leaving, mut staying): (Vec<_>, Vec<_>) =
            group.into_iter().partition(|(_, live)| live.phase == Phase::Deleting);
        let leaving = leaving.into_iter().map(|(_, live)| (address.clone(), live, "is being deleted; awaited"));
        self.leftovers.extend(leaving);
        if staying.iter().any(|(mark, _)| mark.replaced_by.is_none()) {
            let (replaced, rest): (Vec<_>, Vec<_>) =
                staying.into_iter().partition(|(mark, _)| mark.replaced_by.is_some());
            let replaced = replaced.into_iter().map(|(_, live)| (address.clone(), live, "has been replaced"));
            self.leftovers.extend(replaced);
            staying = rest;
        }
        match staying.len() {
            0 => {}
            1 => self.current.extend(staying.into_iter().map(|(_, live)| (address.clone(), live))),
            _ => {
                let ids: Vec<_> = staying.iter().map(|(_, live)| format!("`{}`", live.id)).collect();
                let message = format!("several live resources carry this address: {}", ids.join(", "));
                let hint = "keep one, and delete the others or remove their `trueup:` tags";
                self.refusals.push(Refusal::of(address, message).hint(hint));
                self.current.extend(staying.into_iter().take(1).map(|(_, live)| (address.clone(), live)));
            }
        }
    }
}
