//! Whatever happens on the way, enough applies bring the account true to the stack.

use std::collections::BTreeMap;

use proptest::prelude::*;
use trueup::model::owner::Mark;
use trueup::model::plan::Plan;
use trueup::plan::refusal_lines;
use trueup::sandbox::hostility::Hostility;
use trueup::sandbox::{Key, Sandbox, Stored};

use super::random::{VERSIONS, sketches, stack};
use super::stack::Stack;
use super::{apply, kinds};

/// The account over time, with what must never be touched.
pub struct Account {
    pub sandbox: Sandbox,
    foreign: BTreeMap<Key, Stored>,
}

impl Account {
    pub fn new() -> Account {
        Account { sandbox: Sandbox::in_memory(kinds::schemas()), foreign: BTreeMap::new() }
    }

    /// Goes on with the same account as a new process does, in this weather.
    fn weather(&mut self, hostility: Hostility) {
        self.sandbox = self.sandbox.reopened().hostile(hostility);
    }

    pub fn everything(&self) -> Vec<Stored> {
        self.sandbox.another_client().everything().expect("memory is readable")
    }

    fn ours(&self) -> Vec<(Mark, Stored)> {
        let marked = self.everything().into_iter().filter_map(|stored| Some((stored.mark()?, stored)));
        marked.filter(|(mark, _)| mark.is_of(&apply::owner())).collect()
    }

    /// Checks that what others brought is as it was when it was first seen.
    fn check_foreign(&mut self) -> Result<(), TestCaseError> {
        let now: BTreeMap<Key, Stored> = self
            .everything()
            .into_iter()
            .filter(|stored| stored.token.is_none())
            .map(|stored| (stored.key.clone(), stored))
            .collect();
        for (key, before) in &self.foreign {
            prop_assert_eq!(now.get(key), Some(before), "something foreign was touched");
        }
        self.foreign = now;
        Ok(())
    }

    fn check_true_to(&self, stack: &Stack) -> Result<(), TestCaseError> {
        let mut live: Vec<String> = self.ours().iter().map(|(mark, _)| mark.address.to_string()).collect();
        let mut wanted: Vec<String> = stack.blocks.keys().map(ToString::to_string).collect();
        live.sort();
        wanted.sort();
        prop_assert_eq!(live, wanted, "one resource an address, and nothing left over");
        Ok(())
    }
}

pub fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().expect("a runtime").block_on(future)
}

pub fn show(plan: &Plan) -> String {
    let changes = plan.changes.iter().map(|change| {
        let fields: Vec<_> =
            change.fields.iter().map(|field| format!("{}: {} -> {}", field.path, field.before, field.after)).collect();
        format!("{} {} ({}) {fields:?}", change.action.word(), change.address, change.reason)
    });
    let steps =
        plan.steps.iter().enumerate().map(|(at, step)| {
            format!("  {at} {} {:?} after {:?}", plan.changes[step.change].address, step.op, step.after)
        });
    changes.chain(steps).chain(refusal_lines(&plan.refusals)).collect::<Vec<_>>().join("\n")
}

/// Applies once in this weather, whatever comes of it.
fn try_once(account: &mut Account, stack: &Stack, destroy: bool) -> Result<(), TestCaseError> {
    if let Ok(plan) = run(apply::plan(&account.sandbox, stack, destroy))
        && plan.unread.is_empty()
        && plan.refusals.is_empty()
    {
        run(apply::execute(&account.sandbox, stack, &plan));
    }
    account.check_foreign()
}

/// Applies once on a good day: it must succeed, and leave nothing to do.
pub fn settle(account: &mut Account, stack: &Stack, destroy: bool) -> Result<(), TestCaseError> {
    let nothing = Stack::default();
    account.weather(Hostility::none());
    let plan = run(apply::plan(&account.sandbox, stack, destroy)).expect("a good day");
    prop_assert!(plan.refusals.is_empty(), "refused:\n{}", show(&plan));
    let outcome = run(apply::execute(&account.sandbox, stack, &plan));
    prop_assert!(outcome.is_success(), "failed: {:?} {:?}\n{}", outcome.results, outcome.unverified, show(&plan));
    let again = run(apply::plan(&account.sandbox, stack, destroy)).expect("a good day");
    prop_assert!(!again.has_changes(), "not done:\n{}\nafter:\n{}", show(&again), show(&plan));
    account.check_true_to(if destroy { &nothing } else { stack })?;
    account.check_foreign()
}

/// As many cases as a minute allows; `PROPTEST_CASES` asks for more.
pub fn config() -> ProptestConfig {
    let asked = std::env::var("PROPTEST_CASES").ok().and_then(|text| text.parse().ok());
    ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(asked.unwrap_or(96)) }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn every_change_of_a_stack_converges_in_one_apply(sketches in sketches()) {
        let mut account = Account::new();
        for version in 0..VERSIONS {
            settle(&mut account, &stack(&sketches, version), false)?;
        }
        settle(&mut account, &Stack::default(), true)?;
    }

    #[test]
    fn a_hostile_account_converges(sketches in sketches(), seed in any::<u64>()) {
        let mut account = Account::new();
        for version in 0..VERSIONS {
            let stack = stack(&sketches, version);
            for attempt in 0..3 {
                account.weather(Hostility::all(seed.wrapping_add(attempt)));
                try_once(&mut account, &stack, false)?;
            }
            settle(&mut account, &stack, false)?;
        }
        account.weather(Hostility::all(seed));
        try_once(&mut account, &Stack::default(), true)?;
        settle(&mut account, &Stack::default(), true)?;
    }

    #[test]
    fn a_death_after_any_write_leaves_nothing_behind(sketches in sketches(), deaths in prop::collection::vec(1u32..12, 1..4)) {
        let mut account = Account::new();
        for version in 0..VERSIONS {
            let stack = stack(&sketches, version);
            for death in &deaths {
                account.weather(Hostility::none());
                account.sandbox = account.sandbox.reopened().dying_after(*death);
                try_once(&mut account, &stack, false)?;
            }
            settle(&mut account, &stack, false)?;
        }
        account.sandbox = account.sandbox.reopened().dying_after(deaths[0]);
        try_once(&mut account, &Stack::default(), true)?;
        settle(&mut account, &Stack::default(), true)?;
    }

    #[test]
    fn what_is_as_it_should_be_shows_no_difference_in_any_disguise(sketches in sketches(), seed in any::<u64>()) {
        let mut account = Account::new();
        let stack = stack(&sketches, 0);
        settle(&mut account, &stack, false)?;
        account.weather(Hostility { seed, disguise: true, yields_max: 3, ..Hostility::none() });
        for _ in 0..3 {
            let plan = run(apply::plan(&account.sandbox, &stack, false)).expect("a good day");
            prop_assert!(!plan.has_changes(), "{}", show(&plan));
        }
    }
}
