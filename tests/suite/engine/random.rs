//! Random stacks in three versions each, so that blocks come, change and go.

use proptest::prelude::*;
use trueup::model::address::Address;
use trueup::model::stack::{Manage, ReplaceOrder};
use trueup::model::value::Value;

use super::stack::{Block, Expr, Stack};

pub const VERSIONS: usize = 3;

/// A resource of a random stack: which kind, whom it refers to, and how it looks in each version.
#[derive(Clone, Debug)]
pub struct Sketch {
    kind: usize,
    picks: [u8; 3],
    /// None: not in this version. The bits choose field values.
    looks: [Option<u8>; VERSIONS],
}

pub fn sketches() -> impl Strategy<Value = Vec<Sketch>> {
    let look = || prop_oneof![1 => Just(None), 4 => any::<u8>().prop_map(Some)];
    let sketch = (0..KINDS.len(), any::<[u8; 3]>(), [look(), look(), look()]).prop_map(|(kind, picks, looks)| Sketch {
        kind,
        picks,
        looks,
    });
    prop::collection::vec(sketch, 1..12)
}

/// What a kind needs comes before it.
const KINDS: [&str; 7] = ["nets", "gates", "groups", "hosts", "mounts", "roles", "profiles"];

/// Returns one version of a stack. What needs a resource that is not there is left out.
pub fn stack(sketches: &[Sketch], version: usize) -> Stack {
    let mut stack = Stack::default();
    for (kind, name) in KINDS.iter().enumerate() {
        let all: Vec<(usize, &Sketch)> = sketches
            .iter()
            .enumerate()
            .filter(|(_, sketch)| sketch.kind == kind && sketch.looks[version].is_some())
            .collect();
        let own: Vec<Address> = all.iter().map(|(at, _)| Address::new(*name, format!("r{at}"))).collect();
        for ((at, sketch), address) in all.iter().zip(&own) {
            let look = sketch.looks[version].unwrap_or_default();
            if let Some(block) = block(&stack, name, *at, sketch.picks, look, &own) {
                stack.blocks.insert(address.clone(), block);
            }
        }
    }
    drop_dangling(&mut stack);
    stack
}

/// Peers may have been left out for want of a net.
fn drop_dangling(stack: &mut Stack) {
    let known: Vec<Address> = stack.blocks.keys().cloned().collect();
    for block in stack.blocks.values_mut() {
        for (_, expr) in &mut block.fields {
            if let Expr::List(items) = expr {
                items.retain(|item| match item {
                    Expr::Record(entries) => {
                        entries.iter().all(|(_, entry)| !matches!(entry, Expr::Ref(to, _) if !known.contains(to)))
                    }
                    _ => true,
                });
            }
        }
    }
}

fn block(stack: &Stack, kind: &str, at: usize, picks: [u8; 3], look: u8, own: &[Address]) -> Option<Block> {
    let bit = |n: u8| look & (1 << n) != 0;
    let of = |kind: &str| stack.blocks.keys().filter(|address| *address.kind == *kind).cloned().collect::<Vec<_>>();
    let pick = |kind: &str, pick: u8| {
        let there = of(kind);
        (!there.is_empty()).then(|| there[usize::from(pick) % there.len()].clone())
    };
    let id = |address: Address| Expr::Ref(address, "id");
    let text = |text: &str| Expr::Value(text.into());
    let mut fields: Vec<(&'static str, Expr)> = Vec::new();
    match kind {
        "nets" => {
            fields.push(("range", text(&format!("range {at} {}", bit(0)))));
            if bit(1) {
                fields.push(("dns", Expr::Value(bit(2).into())));
            }
            if bit(3) {
                fields.push(("note", text(if bit(4) { "one" } else { "two" })));
            }
        }
        "gates" => {
            let net = pick("nets", picks[0])?;
            let is_taken =
                |block: &Block| block.fields.iter().any(|(_, expr)| matches!(expr, Expr::Ref(to, _) if *to == net));
            if of("gates").iter().any(|gate| is_taken(&stack.blocks[gate])) {
                return None;
            }
            fields.push(("net_id", id(net)));
            fields.push(("model", text(if bit(0) { "old" } else { "new" })));
            fields.push(("speed", Expr::Value(i64::from(look >> 5).max(1).into())));
        }
        "groups" => {
            fields.push(("net_id", id(pick("nets", picks[0])?)));
            if bit(0) {
                fields.push(("name", text(&format!("group {at} {}", bit(1)))));
            }
            let peers = own.iter().enumerate().filter(|(n, _)| u32::from(picks[1]) >> (n % 8) & 1 == 1 && bit(2));
            let peer = |(n, peer): (usize, &Address)| {
                let port = Value::from(i64::try_from(n % 3).unwrap_or(0) + 1);
                Expr::Record(vec![("group_id", id(peer.clone())), ("port", Expr::Value(port))])
            };
            fields.push(("peers", Expr::List(peers.map(peer).collect())));
        }
        "hosts" => {
            fields.push(("net_id", id(pick("nets", picks[0])?)));
            fields.push(("image", text(if bit(0) { "image 1" } else { "image 2" })));
            let chosen = of("groups").into_iter().enumerate().filter(|(n, _)| picks[1] >> (n % 8) & 1 == 1);
            fields.push(("group_ids", Expr::List(chosen.map(|(_, group)| id(group)).collect())));
            if let (true, Some(role)) = (bit(2), pick("nets", picks[2])) {
                fields.push(("steps", Expr::List(vec![text("first"), Expr::Ref(role, "arn")])));
            }
        }
        "mounts" => {
            fields.push(("net_id", id(pick("nets", picks[0])?)));
            if let (true, Some(host)) = (bit(0), pick("hosts", picks[1])) {
                fields.push(("host_id", id(host)));
            }
            fields.push(("mode", text(if bit(1) { "ro" } else { "rw" })));
        }
        "roles" => {
            if bit(0) {
                fields.push(("name", text(&format!("role-{at}"))));
            }
            fields.push(("path", text(if bit(1) { "/" } else { "/a/" })));
            if bit(2) {
                fields.push(("policy", Expr::Value(policy(bit(3)))));
            }
        }
        "profiles" => {
            if let (true, Some(role)) = (bit(0), pick("roles", picks[0])) {
                fields.push(("role", Expr::Ref(role, "name")));
            }
        }
        other => unreachable!("no kind `{other}`"),
    }
    if bit(7) {
        fields.push(("tags", Expr::Value(Value::map([("team", "video")]))));
    }
    let order = match picks[2] % 8 {
        // A host cannot let go of its last group, nor of one whose net goes first: that is refused, and rightly.
        0 if kind != "groups" && kind != "nets" => Some(ReplaceOrder::DestroyFirst),
        1 if kind == "nets" => Some(ReplaceOrder::CreateFirst),
        _ => None,
    };
    Some(Block { fields, manage: Manage { replace: order, ..Manage::default() } })
}

fn policy(wide: bool) -> Value {
    let actions = if wide { Value::list(["s3:Get", "s3:Put"]) } else { "s3:Get".into() };
    let statement = Value::map([("Effect", "Allow".into()), ("Action", actions), ("Resource", "*".into())]);
    Value::map([("Version", "2012-10-17".into()), ("Statement", Value::list([statement]))])
}
