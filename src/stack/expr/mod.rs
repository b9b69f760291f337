//! Expressions: the syntax tree of CEL, with the place of every node.

mod lexer;
mod parser;
mod references;

use std::ops::Range;
use std::sync::Arc;

pub use parser::{parse, parse_until};
pub use references::{Chain, Segment, chains};

use crate::model::value::Value;

/// How long an expression may be, in bytes.
pub const LENGTH_MAX: usize = 4096;
/// How deep its tree may be: evaluation recurses this far.
pub const DEPTH_MAX: u16 = 100;

/// A part of an expression. Places are bytes of the text it was read from.
#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    pub at: Range<u32>,
    /// The levels below and including this node.
    pub depth: u16,
    pub kind: ExprKind,
}

#[derive(Clone, Debug, PartialEq)]
pub enum ExprKind {
    Literal(Value),
    Name(Arc<str>),
    /// `of.name`
    Member {
        of: Box<Expr>,
        name: Arc<str>,
        name_at: Range<u32>,
    },
    /// `of[index]`
    Index {
        of: Box<Expr>,
        index: Box<Expr>,
    },
    /// `name(…)` or `target.name(…)`: functions and the loops `map`, `filter`, `all`, `exists`, `exists_one`.
    Call {
        name: Arc<str>,
        name_at: Range<u32>,
        target: Option<Box<Expr>>,
        arguments: Vec<Expr>,
    },
    Unary {
        operator: Operator,
        operand: Box<Expr>,
    },
    Binary {
        operator: Operator,
        operator_at: Range<u32>,
        left: Box<Expr>,
        right: Box<Expr>,
    },
    Conditional {
        condition: Box<Expr>,
        then: Box<Expr>,
        otherwise: Box<Expr>,
    },
    List(Vec<Expr>),
    Map(Vec<(Expr, Expr)>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    Or,
    And,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    In,
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
    Not,
    Negate,
}

impl Operator {
    /// Returns the operator as it is written.
    pub fn symbol(self) -> &'static str {
        match self {
            Operator::Or => "||",
            Operator::And => "&&",
            Operator::Equal => "==",
            Operator::NotEqual => "!=",
            Operator::Less => "<",
            Operator::LessOrEqual => "<=",
            Operator::Greater => ">",
            Operator::GreaterOrEqual => ">=",
            Operator::In => "in",
            Operator::Add => "+",
            Operator::Subtract | Operator::Negate => "-",
            Operator::Multiply => "*",
            Operator::Divide => "/",
            Operator::Remainder => "%",
            Operator::Not => "!",
        }
    }

    /// Returns how tightly a binary operator binds.
    fn precedence(self) -> u8 {
        match self {
            Operator::Or => 1,
            Operator::And => 2,
            Operator::Add | Operator::Subtract => 4,
            Operator::Multiply | Operator::Divide | Operator::Remainder => 5,
            Operator::Not | Operator::Negate => 6,
            _ => 3,
        }
    }
}

/// What is wrong with an expression, at bytes of its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    pub at: Range<u32>,
    pub message: String,
    pub help: Option<String>,
}

impl Fault {
    pub fn new(at: Range<u32>, message: impl Into<String>) -> Fault {
        Fault { at, message: message.into(), help: None }
    }

    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Fault {
        self.help = Some(help.into());
        self
    }

    #[must_use]
    pub fn maybe_help(mut self, help: Option<String>) -> Fault {
        self.help = help.or(self.help);
        self
    }
}

/// The loops, which look like methods: `items.map(x, x.name)`.
pub const LOOPS: &[&str] = &["map", "filter", "all", "exists", "exists_one"];

/// Words that CEL keeps for itself: they are never names.
pub const RESERVED: &[&str] = &[
    "as",
    "break",
    "const",
    "continue",
    "else",
    "false",
    "for",
    "function",
    "if",
    "import",
    "in",
    "let",
    "loop",
    "namespace",
    "null",
    "package",
    "return",
    "true",
    "var",
    "void",
    "while",
];

impl Expr {
    /// Returns true for a plain chain, such as `subnets.public[each.key].id`.
    pub fn is_chain(&self) -> bool {
        match &self.kind {
            ExprKind::Name(_) => true,
            ExprKind::Member { of, .. } | ExprKind::Index { of, .. } => of.is_chain(),
            _ => false,
        }
    }
}
