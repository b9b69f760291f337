//! The graph of steps: edges, and how rings in it are broken.

use std::sync::Arc;

use petgraph::algo::tarjan_scc;
use petgraph::graph::{DiGraph, NodeIndex};

use crate::model::plan::{Change, Op, Step};

#[derive(Debug, Default)]
pub struct Graph {
    nodes: Vec<(usize, Op)>,
    pub edges: Vec<Edge>,
}

/// `before` must be done when `after` starts.
#[derive(Clone, Debug)]
pub struct Edge {
    pub before: usize,
    pub after: usize,
    /// Dropped where it would be part of a ring.
    pub is_soft: bool,
    pub origin: Option<Origin>,
}

/// The field that makes an edge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The change whose field it is.
    pub change: usize,
    pub field: Arc<str>,
    /// The resource can be created without it, or let go of it.
    pub can_break: bool,
}

impl Graph {
    pub fn node(&mut self, change: usize, op: Op) -> usize {
        self.nodes.push((change, op));
        self.nodes.len() - 1
    }

    pub fn hard(&mut self, before: usize, after: usize) {
        self.edges.push(Edge { before, after, is_soft: false, origin: None });
    }

    pub fn soft(&mut self, before: usize, after: usize) {
        self.edges.push(Edge { before, after, is_soft: true, origin: None });
    }

    /// Returns the step in which a change lets go of `id` in `field`: one step a change.
    pub fn release(&mut self, change: usize, field: &Arc<str>, id: &Arc<str>) -> usize {
        let is_release = |(of, op): &(usize, Op)| *of == change && matches!(op, Op::Release { .. });
        let at = match self.nodes.iter().position(is_release) {
            Some(at) => at,
            None => self.node(change, Op::Release { fields: Vec::new(), ids: Vec::new() }),
        };
        if let (_, Op::Release { fields, ids }) = &mut self.nodes[at] {
            add(fields, field);
            add(ids, id);
        }
        at
    }

    /// Makes the graph free of rings, or returns the changes of one that nothing can break.
    pub fn break_rings(&mut self, changes: &[Change]) -> Result<(), Vec<usize>> {
        while let Some(ring) = self.ring() {
            let inside = |edge: &Edge| ring.contains(&edge.before) && ring.contains(&edge.after);
            let soft = self.edges.len();
            self.edges.retain(|edge| !(edge.is_soft && inside(edge)));
            if self.edges.len() < soft {
                continue;
            }
            let candidates = self.edges.iter().filter(|edge| inside(edge)).filter_map(|edge| edge.origin.as_ref());
            let smallest = candidates
                .filter(|origin| origin.can_break)
                .min_by_key(|origin| (&changes[origin.change].address, &origin.field))
                .cloned();
            match smallest {
                Some(origin) => self.break_at(&origin, changes),
                None => return Err(ring.into_iter().map(|node| self.nodes[node].0).collect()),
            }
        }
        Ok(())
    }

    /// Takes one field out of a create, into a step of its own after it; or out of a holder, into one before its end.
    fn break_at(&mut self, origin: &Origin, changes: &[Change]) {
        let of_field = |edge: &Edge| {
            edge.origin.as_ref().is_some_and(|other| other.change == origin.change && other.field == origin.field)
        };
        let moved: Vec<usize> = (0..self.edges.len()).filter(|at| of_field(&self.edges[*at])).collect();
        let into_create = moved.iter().any(
            |at| matches!(self.nodes[self.edges[*at].after], (change, Op::Create { .. }) if change == origin.change),
        );
        if into_create {
            let configure = self.configure(origin);
            for at in moved {
                if matches!(self.nodes[self.edges[at].after].1, Op::Create { .. }) {
                    self.edges[at].after = configure;
                    self.edges[at].origin = None;
                }
            }
            return;
        }
        for at in moved {
            let (delete_of_holder, delete_of_held) = (self.edges[at].before, self.edges[at].after);
            let held = self.nodes[delete_of_held].0;
            let id = changes[held].live.as_ref().map_or_else(|| "".into(), |live| live.id.clone());
            let release = self.release(origin.change, &origin.field, &id);
            self.edges[at] = Edge { before: release, after: delete_of_held, is_soft: false, origin: None };
            self.hard(release, delete_of_holder);
        }
    }

    fn configure(&mut self, origin: &Origin) -> usize {
        let of_change = |change: usize| change == origin.change;
        let existing =
            self.nodes.iter().position(|(change, op)| of_change(*change) && matches!(op, Op::Configure { .. }));
        let create = self.nodes.iter().position(|(change, op)| of_change(*change) && matches!(op, Op::Create { .. }));
        let configure = existing.unwrap_or_else(|| self.node(origin.change, Op::Configure { fields: Vec::new() }));
        if let (_, Op::Configure { fields }) = &mut self.nodes[configure] {
            add(fields, &origin.field);
        }
        if let Some(create) = create {
            if let (_, Op::Create { deferred }) = &mut self.nodes[create] {
                add(deferred, &origin.field);
            }
            if existing.is_none() {
                self.hard(create, configure);
            }
        }
        configure
    }

    /// Returns the nodes of a ring, if there is one.
    fn ring(&self) -> Option<Vec<usize>> {
        let mut graph = DiGraph::<(), ()>::with_capacity(self.nodes.len(), self.edges.len());
        self.nodes.iter().for_each(|_| {
            graph.add_node(());
        });
        for edge in &self.edges {
            graph.add_edge(NodeIndex::new(edge.before), NodeIndex::new(edge.after), ());
        }
        let is_ring =
            |component: &Vec<NodeIndex>| component.len() > 1 || graph.contains_edge(component[0], component[0]);
        let component = tarjan_scc(&graph).into_iter().find(is_ring)?;
        let mut nodes: Vec<_> = component.into_iter().map(NodeIndex::index).collect();
        nodes.sort_unstable();
        Some(nodes)
    }

    /// Returns the steps, each with the indexes of those that come before it.
    pub fn steps(self) -> Vec<Step> {
        let mut steps: Vec<Step> =
            self.nodes.into_iter().map(|(change, op)| Step { change, op, after: Vec::new() }).collect();
        for edge in self.edges {
            steps[edge.after].after.push(edge.before);
        }
        for step in &mut steps {
            step.after.sort_unstable();
            step.after.dedup();
        }
        steps
    }
}

fn add(list: &mut Vec<Arc<str>>, item: &Arc<str>) {
    if !list.contains(item) {
        list.push(item.clone());
    }
}
