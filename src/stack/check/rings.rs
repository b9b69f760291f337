//! Rings of references that no deferral can break.
//!
//! A field that can be set after creation breaks a ring: the resource is created without it. What is left must have an
//! order.

use std::collections::{HashMap, HashSet};

use super::super::layout;
use super::Whole;
use crate::model::address::Address;
use crate::model::problem::{Problem, Span};
use crate::model::schema::{Schema, Source};

/// What must be there before the resource is.
struct Edge<'e> {
    to: usize,
    why: Why<'e>,
}

enum Why<'w> {
    Reference(layout::Edge<'w>),
    /// `manage.depends_on`, at this place.
    Setting(Span),
}

pub(super) fn check(whole: &Whole<'_>) {
    let order: Vec<&Address> = whole.layout.resources.keys().collect();
    let index: HashMap<&Address, usize> = order.iter().enumerate().map(|(index, address)| (*address, index)).collect();
    let edges: Vec<Vec<Edge<'_>>> = order.iter().map(|address| edges(whole, address, &index)).collect();
    let mut left = without_order(&edges);
    while let Some(ring) = ring(&edges, &left) {
        report(whole, &order, &edges, &ring);
        ring.iter().for_each(|node| {
            left.remove(node);
        });
    }
}

/// Returns the edges of a resource that cannot be deferred.
fn edges<'e>(whole: &'e Whole<'_>, address: &'e Address, index: &HashMap<&Address, usize>) -> Vec<Edge<'e>> {
    let Some((block, key)) = whole.block(address) else { return Vec::new() };
    let schema = whole.program.schema_of(block);
    let mut out = Vec::new();
    for edge in whole.evaluation.edges(block, key) {
        let is_deferrable =
            schema.fields.fields.get(edge.field).is_some_and(|field| field.defer.is_some() || field.local);
        if is_deferrable || (edge.to == *address && is_known_before(schema, &edge.attribute)) {
            continue;
        }
        if let Some(to) = index.get(&edge.to) {
            out.push(Edge { to: *to, why: Why::Reference(edge) });
        }
    }
    for to in whole.layout.resources.get(address).iter().flat_map(|resource| &resource.manage.depends_on) {
        if let Some(to_index) = index.get(to) {
            out.push(Edge { to: *to_index, why: Why::Setting(block.settings_span) });
        }
    }
    out
}

/// A resource may name what is known of itself before it exists: its fields, and what is computed of them.
fn is_known_before(schema: &Schema, attribute: &str) -> bool {
    match schema.attributes.get(attribute) {
        Some(attribute) => matches!(attribute.source, Source::Computed(_)),
        None => schema.fields.fields.contains_key(attribute),
    }
}

/// Takes away, again and again, what needs nothing that is left: the rest lies on rings or needs one.
fn without_order(edges: &[Vec<Edge<'_>>]) -> HashSet<usize> {
    let mut needs: Vec<usize> = edges.iter().map(Vec::len).collect();
    let mut needed_by: Vec<Vec<usize>> = vec![Vec::new(); edges.len()];
    for (from, list) in edges.iter().enumerate() {
        for edge in list {
            needed_by[edge.to].push(from);
        }
    }
    let mut ready: Vec<usize> = (0..edges.len()).filter(|node| needs[*node] == 0).collect();
    let mut left: HashSet<usize> = (0..edges.len()).collect();
    while let Some(node) = ready.pop() {
        left.remove(&node);
        for from in &needed_by[node] {
            needs[*from] -= 1;
            if needs[*from] == 0 {
                ready.push(*from);
            }
        }
    }
    left
}

/// Returns one ring among the nodes that are left, in the order of its references.
fn ring(edges: &[Vec<Edge<'_>>], left: &HashSet<usize>) -> Option<Vec<usize>> {
    let mut starts: Vec<usize> = left.iter().copied().collect();
    starts.sort_unstable();
    let mut done = HashSet::new();
    for start in starts {
        let mut path: Vec<usize> = Vec::new();
        let mut on_path = HashMap::new();
        let mut node = start;
        // Every node has at most one next one here: a walk ends in a ring, or where a former one went.
        while !done.contains(&node) {
            if let Some(begin) = on_path.get(&node) {
                return Some(path.split_off(*begin));
            }
            on_path.insert(node, path.len());
            path.push(node);
            match edges[node].iter().map(|edge| edge.to).find(|to| left.contains(to) && !done.contains(to)) {
                Some(next) => node = next,
                None => {
                    // A dead end after rings were taken out: go back.
                    done.insert(node);
                    path.pop();
                    on_path.remove(&node);
                    match path.pop() {
                        Some(previous) => {
                            on_path.remove(&previous);
                            node = previous;
                        }
                        None => break,
                    }
                }
            }
        }
    }
    None
}

fn report(whole: &Whole<'_>, order: &[&Address], edges: &[Vec<Edge<'_>>], ring: &[usize]) {
    let names: Vec<String> = ring.iter().chain(ring.first()).map(|node| format!("`{}`", order[*node])).collect();
    let mut steps = ring.iter().enumerate().filter_map(|(place, node)| {
        let next = ring[(place + 1) % ring.len()];
        let edge = edges[*node].iter().find(|edge| edge.to == next)?;
        let (from, to) = (order[*node], order[next]);
        Some(match &edge.why {
            Why::Reference(edge) => (edge.span(&whole.program.sources), format!("`{from}` needs `{to}`")),
            Why::Setting(span) => (*span, format!("`{from}` depends on `{to}`")),
        })
    });
    let Some((first, _)) = steps.next() else { return };
    let message = match ring.len() {
        1 => format!("`{}` needs what it has only once it exists", order[ring[0]]),
        _ => format!("these resources need each other: {}", names.join(" → ")),
    };
    let mut problem =
        Problem::at(first, message).help("take one of the references out, or put what they share in another resource");
    for (span, word) in steps.take(10) {
        problem = problem.related(span, word);
    }
    whole.report.push(problem);
}
