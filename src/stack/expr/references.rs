//! The member chains of an expression: what it refers to, without evaluating it.
//!
//! Loop variables are bound to the path they range over, so `values(subnets.public).map(s, s.id)` refers to
//! `subnets.public[*].id`. Every segment keeps its end, so that an error can underline the wrong one.

use std::fmt;
use std::sync::Arc;

use super::{Expr, ExprKind, LOOPS, Operator};
use crate::model::value::Value;

/// One step of a chain.
#[derive(Clone, Debug, PartialEq)]
pub enum Segment {
    /// `.name`, and the root.
    Name(Arc<str>),
    /// `["key"]`
    Key(Arc<str>),
    Index(i64),
    /// `[expression]`, which names no loop variable.
    Computed(Arc<Expr>),
    /// Each of them.
    Any,
}

/// A chain such as `buckets.content.arn`.
#[derive(Clone, Debug, PartialEq)]
pub struct Chain {
    pub segments: Vec<Segment>,
    /// Where each segment begins and ends in the text.
    pub places: Vec<(u32, u32)>,
    /// Only asks whether it is there, or for its keys: no reason to wait for it.
    pub is_test: bool,
}

impl Chain {
    /// Returns the name of the root.
    pub fn root(&self) -> &str {
        match &self.segments[0] {
            Segment::Name(name) => name,
            _ => "",
        }
    }

    /// Returns the text of segment `index` if it is a name or a constant key.
    pub fn name(&self, index: usize) -> Option<&Arc<str>> {
        match self.segments.get(index)? {
            Segment::Name(name) | Segment::Key(name) => Some(name),
            _ => None,
        }
    }
}

impl fmt::Display for Chain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, segment) in self.segments.iter().enumerate() {
            match segment {
                Segment::Name(name) if index == 0 => write!(f, "{name}")?,
                Segment::Name(name) => write!(f, ".{name}")?,
                Segment::Key(key) => write!(f, "[{key:?}]")?,
                Segment::Index(number) => write!(f, "[{number}]")?,
                Segment::Computed(_) => write!(f, "[…]")?,
                Segment::Any => write!(f, "[*]")?,
            }
        }
        Ok(())
    }
}

/// Returns every chain of the expression, in reading order.
pub fn chains(expr: &Expr) -> Vec<Chain> {
    let mut walk = Walk::default();
    walk.uses(expr);
    walk.found
}

/// What a part of an expression stands for: a path, or the elements of one.
#[derive(Clone)]
struct Path {
    chain: Chain,
    /// The path stands for a list of such elements: indexing it gives one.
    is_list: bool,
}

#[derive(Default)]
struct Walk {
    /// Loop variables, and what each ranges over if that is a path.
    bound: Vec<(Arc<str>, Option<Path>)>,
    found: Vec<Chain>,
    tests: u32,
}

impl Walk {
    fn uses(&mut self, expr: &Expr) {
        let path = self.path(expr);
        self.emit(path);
    }

    fn emit(&mut self, path: Option<Path>) {
        if let Some(Path { mut chain, .. }) = path {
            chain.is_test = self.tests > 0;
            self.found.push(chain);
        }
    }

    /// Returns the path that `expr` stands for. What it uses besides is emitted.
    fn path(&mut self, expr: &Expr) -> Option<Path> {
        match &expr.kind {
            ExprKind::Literal(_) => None,
            ExprKind::Name(name) => {
                if let Some((_, path)) = self.bound.iter().rev().find(|(bound, _)| bound == name) {
                    return path.clone();
                }
                let chain = Chain {
                    segments: vec![Segment::Name(name.clone())],
                    places: vec![(expr.at.start, expr.at.end)],
                    is_test: false,
                };
                Some(Path { chain, is_list: false })
            }
            ExprKind::Member { of, name, name_at } => {
                let mut path = self.path(of)?;
                path.push(Segment::Name(name.clone()), (name_at.start, name_at.end));
                Some(path)
            }
            ExprKind::Index { of, index } => self.index(of, index, expr.at.end),
            ExprKind::Call { name, target, arguments, .. } => self.call(name, target.as_deref(), arguments),
            ExprKind::Unary { operand, .. } => {
                self.uses(operand);
                None
            }
            ExprKind::Binary { operator, left, right, .. } => {
                self.uses(left);
                self.tests += u32::from(*operator == Operator::In);
                self.uses(right);
                self.tests -= u32::from(*operator == Operator::In);
                None
            }
            ExprKind::Conditional { condition, then, otherwise } => {
                self.uses(condition);
                self.uses(then);
                self.uses(otherwise);
                None
            }
            ExprKind::List(items) => {
                items.iter().for_each(|item| self.uses(item));
                None
            }
            ExprKind::Map(entries) => {
                for (key, value) in entries {
                    self.uses(key);
                    self.uses(value);
                }
                None
            }
        }
    }

    fn index(&mut self, of: &Expr, index: &Expr, end: u32) -> Option<Path> {
        let path = self.path(of);
        let segment = match &index.kind {
            ExprKind::Literal(Value::Str(key)) => Segment::Key(key.clone()),
            ExprKind::Literal(Value::Int(number)) => Segment::Index(*number),
            _ => {
                self.uses(index);
                if self.names_loop_variable(index) { Segment::Any } else { Segment::Computed(Arc::new(index.clone())) }
            }
        };
        let mut path = path?;
        if path.is_list {
            path.is_list = false;
        } else {
            path.push(segment, (index.at.start, end));
        }
        Some(path)
    }

    fn names_loop_variable(&self, expr: &Expr) -> bool {
        !self.bound.is_empty()
            && chains(expr).iter().any(|chain| self.bound.iter().any(|(bound, _)| **bound == *chain.root()))
    }

    fn call(&mut self, name: &str, target: Option<&Expr>, arguments: &[Expr]) -> Option<Path> {
        let all: Vec<&Expr> = target.into_iter().chain(arguments).collect();
        match (name, all.as_slice()) {
            (_, [range, variable, body @ ..]) if LOOPS.contains(&name) && target.is_some() && !body.is_empty() => {
                self.a_loop(name, range, variable, body)
            }
            ("has" | "keys" | "size" | "length", _) => {
                self.tests += 1;
                all.iter().for_each(|argument| self.uses(argument));
                self.tests -= 1;
                None
            }
            ("values", [of]) => {
                let mut path = self.path(of)?;
                path.elements();
                path.is_list = true;
                Some(path)
            }
            ("ids", [of]) => {
                let mut path = self.path(of)?;
                if !path.is_list {
                    path.elements();
                }
                let place = *path.chain.places.last()?;
                path.push(Segment::Name("id".into()), place);
                path.is_list = true;
                Some(path)
            }
            ("lookup", [of, key, otherwise]) => {
                self.uses(otherwise);
                self.index(of, key, key.at.end)
            }
            _ => {
                all.iter().for_each(|argument| self.uses(argument));
                None
            }
        }
    }

    fn a_loop(&mut self, name: &str, range: &Expr, variable: &Expr, body: &[&Expr]) -> Option<Path> {
        let range = self.path(range);
        let ExprKind::Name(variable) = &variable.kind else {
            self.emit(range);
            return None;
        };
        let mut item = range.clone();
        if let Some(item) = item.as_mut().filter(|item| !item.is_list) {
            item.elements();
        }
        if let Some(item) = &mut item {
            item.is_list = false;
        }
        let before = self.found.len();
        self.bound.push((variable.clone(), item));
        let mut last = None;
        for part in body {
            self.emit(last.take());
            last = self.path(part);
        }
        self.bound.pop();
        let result = if name == "map" { last } else { None };
        // The range itself is referred to when nothing in the body went through it.
        if let Some(range) = &range {
            let goes_through = |chain: &Chain| chain.segments.starts_with(&range.chain.segments);
            let in_result = result.as_ref().is_some_and(|path| goes_through(&path.chain));
            if !in_result && !self.found[before..].iter().any(goes_through) {
                self.emit(Some(range.clone()));
            }
        }
        match name {
            "filter" => range.filter(|range| range.is_list),
            _ => result.map(|path| Path { is_list: true, ..path }),
        }
    }
}

impl Path {
    fn push(&mut self, segment: Segment, place: (u32, u32)) {
        self.chain.segments.push(segment);
        self.chain.places.push(place);
    }

    fn elements(&mut self) {
        if let Some(place) = self.chain.places.last().copied() {
            self.push(Segment::Any, place);
        }
    }
}
