//! What `manage:` and the options of a plan promise, from block to account.

use trueup::model::address::Address;
use trueup::model::plan::{Action, Plan};
use trueup::model::stack::{Manage, ReplaceOrder};
use trueup::model::value::Map;
use trueup::plan::Options;
use trueup::sandbox::Stored;

use super::apply;
use super::convergence::{Account, run, show};
use super::stack::{Block, Expr, Stack};

fn address(text: &str) -> Address {
    text.parse().expect("an address")
}

/// A role, whose name is fixed, and a net, whose id AWS gives.
fn stack(edit: impl Fn(&str, &mut Manage)) -> Stack {
    let mut stack = Stack::default();
    let mut add = |text: &str, name: &'static str, value: &str| {
        let mut block = Block { fields: vec![(name, Expr::Value(value.into()))], ..Block::default() };
        edit(text, &mut block.manage);
        stack.blocks.insert(address(text), block);
    };
    add("nets.main", "range", "10.0.0.0/16");
    add("roles.api", "path", "/");
    stack
}

fn plain() -> Stack {
    stack(|_, _| {})
}

fn plan(account: &Account, stack: &Stack, options: Options) -> Plan {
    run(apply::plan_with(&account.sandbox, stack, options)).expect("a good day")
}

fn carry_out(account: &Account, stack: &Stack, options: Options) -> Plan {
    let plan = plan(account, stack, options);
    assert!(plan.refusals.is_empty(), "{}", show(&plan));
    let outcome = run(apply::execute(&account.sandbox, stack, &plan));
    assert!(outcome.is_success(), "{:?}\n{}", outcome, show(&plan));
    plan
}

fn applied(stack: &Stack) -> Account {
    let account = Account::new();
    carry_out(&account, stack, Options::default());
    account
}

fn find(account: &Account, kind: &str) -> Vec<Stored> {
    account.everything().into_iter().filter(|stored| &*stored.key.kind == kind).collect()
}

fn actions(plan: &Plan) -> Vec<(Action, String)> {
    plan.changes.iter().map(|change| (change.action, change.address.to_string())).collect()
}

#[test]
fn what_is_retained_is_forgotten_and_stays() {
    let account = applied(&stack(|_, manage| manage.retain = true));
    let before = find(&account, "nets").remove(0);
    carry_out(&account, &Stack::default(), Options::default());
    let after = find(&account, "nets").remove(0);
    assert_eq!((&after.key, &after.fields), (&before.key, &before.fields));
    assert!(after.tags.keys().all(|key| !key.starts_with("trueup:")), "{:?}", after.tags);
    assert!(!plan(&account, &Stack::default(), Options::default()).has_changes());
}

#[test]
fn what_is_protected_is_neither_deleted_nor_replaced() {
    let account = applied(&stack(|_, manage| manage.protect = true));
    let removed = plan(&account, &Stack::default(), Options::default());
    let destroyed = plan(&account, &Stack::default(), Options { destroy: true, ..Options::default() });
    let asked = vec![address("nets.main")];
    let replaced =
        plan(&account, &stack(|_, manage| manage.protect = true), Options { replace: asked, ..Options::default() });
    for (plan, refusals) in [(removed, 2), (destroyed, 2), (replaced, 1)] {
        assert_eq!(plan.refusals.len(), refusals, "{}", show(&plan));
    }
}

#[test]
fn lifting_the_protection_takes_its_own_apply() {
    let account = applied(&stack(|_, manage| manage.protect = true));
    let lifted = carry_out(&account, &plain(), Options::default());
    assert!(lifted.changes.iter().all(|change| change.action == Action::Update), "{}", show(&lifted));
    carry_out(&account, &Stack::default(), Options::default());
    assert!(account.everything().is_empty());
}

#[test]
fn a_moved_block_keeps_its_resource() {
    let account = applied(&plain());
    let before = account.everything();
    let mut moved = Stack::default();
    for (from, block) in plain().blocks {
        let to = address(&format!("{}.moved", from.kind));
        let manage = Manage { moved_from: Some(from), ..Manage::default() };
        moved.blocks.insert(to, Block { manage, ..block });
    }
    let plan = carry_out(&account, &moved, Options::default());
    assert!(plan.changes.iter().all(|change| change.action == Action::Update), "{}", show(&plan));
    let after = account.everything();
    let keys = |all: &[Stored]| all.iter().map(|stored| stored.key.clone()).collect::<Vec<_>>();
    assert_eq!(keys(&before), keys(&after));
    assert!(!self::plan(&account, &moved, Options::default()).has_changes());
}

#[test]
fn a_replacement_that_is_asked_for_leaves_one_resource() {
    for order in [None, Some(ReplaceOrder::DestroyFirst), Some(ReplaceOrder::CreateFirst)] {
        let stack = stack(|_, manage| manage.replace = order);
        let account = applied(&stack);
        let before = account.everything();
        let asked = Options { replace: vec![address("nets.main"), address("roles.api")], ..Options::default() };
        carry_out(&account, &stack, asked);
        let after = account.everything();
        assert_eq!(after.len(), 2);
        assert_ne!(find(&account, "nets")[0].key, before[0].key);
        let again = plan(&account, &stack, Options::default());
        assert!(!again.has_changes(), "{order:?}: {}", show(&again));
    }
}

#[test]
fn a_role_of_another_is_refused_until_it_is_adopted() {
    let account = Account::new();
    let fields = Map::from_iter([("name".into(), "random-api".into())]);
    account.sandbox.another_client().insert("roles", "us-east-1", "theirs", &fields, &Map::new()).expect("inserted");
    let refused = plan(&account, &plain(), Options::default());
    assert_eq!(refused.refusals.len(), 1, "{}", show(&refused));
    let adopting = stack(|text, manage| {
        manage.adopt = (text == "roles.api").then(|| "random-api".into());
    });
    let plan = carry_out(&account, &adopting, Options::default());
    assert!(actions(&plan).contains(&(Action::Adopt, "roles.api".to_owned())), "{}", show(&plan));
    assert!(!self::plan(&account, &plain(), Options::default()).has_changes());
    assert_eq!(find(&account, "roles").len(), 1);
}

#[test]
fn only_the_target_and_what_it_refers_to_is_applied() {
    let account = Account::new();
    let targets = Options { targets: vec![address("roles.api")], ..Options::default() };
    let plan = carry_out(&account, &plain(), targets);
    assert_eq!(actions(&plan), [(Action::Create, "roles.api".to_owned())]);
    assert!(find(&account, "nets").is_empty());
}

#[test]
fn data_is_not_lost_unasked() {
    let account = applied(&plain());
    let key = find(&account, "nets").remove(0).key;
    account.sandbox.another_client().fill(&key).expect("filled");
    let plan = plan(&account, &Stack::default(), Options::default());
    let outcome = run(apply::execute(&account.sandbox, &Stack::default(), &plan));
    assert!(!outcome.is_success());
    assert_eq!(find(&account, "nets").len(), 1);
}
