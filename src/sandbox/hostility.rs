//! The hostile mode: what an account does to its clients on a bad day, all of it drawn from one seed.
//!
//! Everything is bounded, so that enough applies always reach the end: each trouble has a budget, and each lag
//! ends after a number of reads.

use std::collections::HashMap;
use std::num::ParseIntError;
use std::str::FromStr;

use crate::model::failure::{Class, Failure};

use super::stored::{Key, Stored};

/// How an account misbehaves. [`Hostility::none`] is a good day.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hostility {
    pub seed: u64,
    /// Sets in another order, documents spelled otherwise, values and tags that AWS adds, nothing as an empty value.
    pub disguise: bool,
    /// How many reads after an update may still show what was before.
    pub stale_reads_max: u32,
    /// How many reads the index of owned things may lag: new ones are missing, deleted ones still listed.
    /// What has no name is found by filters, which do not lag.
    pub index_lag_max: u32,
    /// For how many reads a new resource may be pending.
    pub pending_reads_max: u32,
    /// How many calls fail before they reach the service.
    pub faults_before: u32,
    /// How many writes are carried out without an answer.
    pub faults_after: u32,
    /// How often another client changes a field or tag of ours between two calls.
    pub foreign_writes: u32,
    /// How many resources of others come to stand beside ours.
    pub foreign_resources: u32,
    /// How often, at most, a call lets others run first, so that answers come in any order.
    pub yields_max: u32,
    /// Forgets client tokens: a repeated create makes a duplicate, as of a VPC or an elastic IP.
    pub forgets_tokens: bool,
}

impl Hostility {
    pub fn none() -> Hostility {
        Hostility::default()
    }

    /// Returns everything at once, except duplicates.
    pub fn all(seed: u64) -> Hostility {
        Hostility {
            seed,
            disguise: true,
            stale_reads_max: 2,
            index_lag_max: 2,
            pending_reads_max: 2,
            faults_before: 3,
            faults_after: 3,
            foreign_writes: 2,
            foreign_resources: 3,
            yields_max: 3,
            forgets_tokens: false,
        }
    }
}

impl FromStr for Hostility {
    type Err = ParseIntError;

    /// Reads `<seed>` as everything at once, and `disguise:<seed>` as disguises alone.
    fn from_str(text: &str) -> Result<Hostility, ParseIntError> {
        match text.strip_prefix("disguise:") {
            Some(seed) => Ok(Hostility { seed: seed.parse()?, disguise: true, yields_max: 3, ..Hostility::none() }),
            None => Ok(Hostility::all(text.parse()?)),
        }
    }
}

/// A stream of numbers that only depends on its seed (SplitMix64).
#[derive(Clone, Debug)]
pub struct Chance(u64);

impl Chance {
    pub fn new(seed: u64) -> Chance {
        Chance(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Returns a number under `bound`; 0 if the bound is 0.
    pub fn below(&mut self, bound: usize) -> usize {
        let drawn = usize::try_from(self.next() >> 33).unwrap_or(0);
        drawn.checked_rem(bound).unwrap_or(0)
    }

    /// Returns true once in `n` times.
    pub fn once_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }

    fn up_to(&mut self, max: u32) -> u32 {
        u32::try_from(self.below(max as usize + 1)).unwrap_or(0)
    }
}

/// What is left of the troubles, and what still lags. It ends with the process, as lags do.
#[derive(Debug)]
pub struct Weather {
    pub hostility: Hostility,
    pub chance: Chance,
    lags: HashMap<Key, Lag>,
}

/// What reads of one resource do not show yet.
#[derive(Debug, Default)]
struct Lag {
    /// The state before the last update, and for how many reads it is shown.
    stale: Option<(Stored, u32)>,
    unindexed: u32,
    pending: u32,
    /// What was deleted, and for how many reads the index still lists it.
    ghost: Option<(Stored, u32)>,
}

impl Weather {
    pub fn new(hostility: Hostility) -> Weather {
        Weather { chance: Chance::new(hostility.seed), hostility, lags: HashMap::new() }
    }

    /// Returns the failure of a call that never reaches the service, while such failures are left. Reads fail more
    /// rarely, since one that does ends a plan.
    pub fn fault_before(&mut self, is_write: bool) -> Option<Failure> {
        let odds = if is_write { 6 } else { 40 };
        if self.hostility.faults_before == 0 || !self.chance.once_in(odds) {
            return None;
        }
        self.hostility.faults_before -= 1;
        let mut failure = Failure::new(Class::NotSent, "the connection was refused");
        if self.chance.once_in(2) {
            failure = Failure::new(Class::Throttled, "the request rate is too high");
            failure.code = Some("ThrottlingException".into());
        }
        Some(failure)
    }

    /// Returns the failure of a write that was carried out, while such failures are left.
    pub fn fault_after(&mut self) -> Option<Failure> {
        if self.hostility.faults_after == 0 || !self.chance.once_in(6) {
            return None;
        }
        self.hostility.faults_after -= 1;
        Some(Failure::new(Class::Ambiguous, "the connection was closed before the answer was complete"))
    }

    pub fn created(&mut self, key: &Key, is_named: bool) {
        let lag = Lag {
            unindexed: if is_named { self.chance.up_to(self.hostility.index_lag_max) } else { 0 },
            pending: self.chance.up_to(self.hostility.pending_reads_max),
            ..Lag::default()
        };
        self.lags.insert(key.clone(), lag);
    }

    pub fn updated(&mut self, before: Stored) {
        let reads = self.chance.up_to(self.hostility.stale_reads_max);
        if reads > 0 {
            let key = before.key.clone();
            self.lags.entry(key).or_default().stale = Some((before, reads));
        }
    }

    pub fn deleted(&mut self, before: Stored) {
        let reads = self.chance.up_to(self.hostility.index_lag_max);
        let ghost = (reads > 0).then(|| (before.clone(), reads));
        self.lags.insert(before.key.clone(), Lag { ghost, ..Lag::default() });
    }

    /// Returns what a read shows instead of the current state, if that is something older.
    pub fn stale(&mut self, key: &Key) -> Option<Stored> {
        let (before, reads) = self.lags.get_mut(key)?.stale.as_mut()?;
        if *reads == 0 {
            return None;
        }
        *reads -= 1;
        Some(before.clone())
    }

    /// Returns true if the index does not list this resource yet.
    pub fn is_unindexed(&mut self, key: &Key) -> bool {
        self.lags.get_mut(key).is_some_and(|lag| count_down(&mut lag.unindexed))
    }

    /// Returns true if the resource exists and is not ready yet.
    pub fn is_pending(&mut self, key: &Key) -> bool {
        self.lags.get_mut(key).is_some_and(|lag| count_down(&mut lag.pending))
    }

    /// Returns the deleted resources of those wanted that the index still lists.
    pub fn ghosts(&mut self, wanted: impl Fn(&Stored) -> bool) -> Vec<Stored> {
        let ghosts = self.lags.values_mut().filter_map(|lag| lag.ghost.as_mut());
        let mut shown: Vec<Stored> = ghosts
            .filter_map(|(stored, reads)| (wanted(stored) && count_down(reads)).then(|| stored.clone()))
            .collect();
        shown.sort_by(|a, b| a.key.cmp(&b.key));
        shown
    }
}

/// Returns true, and counts, until the number is used up.
fn count_down(left: &mut u32) -> bool {
    let some = *left > 0;
    *left = left.saturating_sub(1);
    some
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn troubles_end() {
        let mut weather = Weather::new(Hostility::all(7));
        let faults = (0..1000).filter(|_| weather.fault_before(true).is_some()).count();
        assert_eq!(faults, 3);
        assert_eq!((0..1000).filter(|_| weather.fault_after().is_some()).count(), 3);
    }

    #[test]
    fn hostility_is_read_from_text() {
        assert_eq!("7".parse(), Ok(Hostility::all(7)));
        let disguise: Hostility = "disguise:7".parse().unwrap();
        assert!(disguise.disguise && disguise.faults_before == 0);
        assert!("seven".parse::<Hostility>().is_err());
    }

    #[test]
    fn chance_repeats_with_its_seed() {
        let draw = |seed| {
            let mut chance = Chance::new(seed);
            let mut items: Vec<_> = (0..9).collect();
            chance.shuffle(&mut items);
            items
        };
        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1), draw(2));
    }
}
