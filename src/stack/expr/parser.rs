//! Tokens to a tree. Recursion is bounded by [`NESTING_MAX`], and the tree by [`super::DEPTH_MAX`].

use std::ops::Range;

use super::lexer::{Lexer, Token, range};
use super::{DEPTH_MAX, Expr, ExprKind, Fault, LENGTH_MAX, Operator, RESERVED};
use crate::model::value::Value;

/// How deep brackets, conditions and signs may be nested.
const NESTING_MAX: u32 = 48;
/// How many parts an expression may have.
const PARTS_MAX: u32 = 2_000;

/// Parses the whole text as one expression.
pub fn parse(text: &str) -> Result<Expr, Fault> {
    Ok(parse_until(text, 0, None)?.0)
}

/// Parses from byte `start` up to `end` (the `}` of a `${…}`), and returns the byte of that end too.
pub fn parse_until(text: &str, start: usize, end: Option<&'static str>) -> Result<(Expr, usize), Fault> {
    let lexer = Lexer { text, position: start };
    let mut parser = Parser {
        lexer,
        token: Token::End,
        at: range(start, start),
        previous_end: start as u32,
        nesting: 0,
        parts: 0,
        end,
    };
    parser.advance()?;
    let expr = parser.expression()?;
    if !parser.is_at_end() {
        return Err(match parser.token {
            Token::End => Fault::new(range(start.saturating_sub(2), start), "this `${` has no closing `}`"),
            _ => Fault::new(parser.at.clone(), format!("{} is not expected here", parser.shown())),
        });
    }
    let length = parser.at.start as usize - start;
    if length > LENGTH_MAX {
        let message = format!("this expression has {length} bytes, and at most {LENGTH_MAX} are allowed");
        return Err(Fault::new(range(start, start + 1), message).help("move a part of it to `locals`"));
    }
    Ok((expr, parser.at.start as usize))
}

struct Parser<'a> {
    lexer: Lexer<'a>,
    token: Token<'a>,
    at: Range<u32>,
    previous_end: u32,
    nesting: u32,
    parts: u32,
    end: Option<&'static str>,
}

impl<'a> Parser<'a> {
    fn advance(&mut self) -> Result<Token<'a>, Fault> {
        let (token, at) = self.lexer.next()?;
        self.previous_end = self.at.end;
        self.at = at;
        Ok(std::mem::replace(&mut self.token, token))
    }

    fn is(&self, symbol: &str) -> bool {
        matches!(self.token, Token::Symbol(found) if found == symbol)
    }

    fn is_at_end(&self) -> bool {
        self.end.map_or(self.token == Token::End, |end| self.is(end))
    }

    fn shown(&self) -> String {
        match self.token {
            Token::End => "the end".into(),
            _ => format!("`{}`", &self.lexer.text[self.at.start as usize..self.at.end as usize]),
        }
    }

    /// Takes a symbol that closes or goes on with what was opened at `open`.
    fn need(&mut self, symbol: &str, open: u32) -> Result<(), Fault> {
        if self.is(symbol) {
            self.advance()?;
            return Ok(());
        }
        if self.token == Token::End || self.is_at_end() {
            let message = if symbol == ":" {
                "this `?` has no `:`".into()
            } else {
                format!("this is not closed with `{symbol}`")
            };
            return Err(Fault::new(open..open + 1, message));
        }
        Err(Fault::new(self.at.clone(), format!("`{symbol}` is expected here, not {}", self.shown())))
    }

    fn node(&mut self, at: Range<u32>, below: u16, kind: ExprKind) -> Result<Expr, Fault> {
        self.parts += 1;
        if self.parts > PARTS_MAX || below >= DEPTH_MAX {
            let message = "this expression has too many parts".to_owned();
            return Err(Fault::new(at, message).help("move a part of it to `locals`"));
        }
        Ok(Expr { at, depth: below + 1, kind })
    }

    fn nest(&mut self) -> Result<(), Fault> {
        self.nesting += 1;
        if self.nesting > NESTING_MAX {
            return Err(Fault::new(self.at.clone(), "this expression is nested too deeply")
                .help("move a part of it to `locals`"));
        }
        Ok(())
    }

    fn expression(&mut self) -> Result<Expr, Fault> {
        self.nest()?;
        let condition = self.binary(0)?;
        let expr = if self.is("?") {
            let question = self.at.start;
            self.advance()?;
            let then = self.expression()?;
            self.need(":", question)?;
            let otherwise = self.expression()?;
            let depth = condition.depth.max(then.depth).max(otherwise.depth);
            let at = condition.at.start..otherwise.at.end;
            let kind = ExprKind::Conditional {
                condition: Box::new(condition),
                then: Box::new(then),
                otherwise: Box::new(otherwise),
            };
            self.node(at, depth, kind)?
        } else {
            condition
        };
        self.nesting -= 1;
        Ok(expr)
    }

    fn operator(&self) -> Option<Operator> {
        Some(match self.token {
            Token::Symbol("||") => Operator::Or,
            Token::Symbol("&&") => Operator::And,
            Token::Symbol("==") => Operator::Equal,
            Token::Symbol("!=") => Operator::NotEqual,
            Token::Symbol("<") => Operator::Less,
            Token::Symbol("<=") => Operator::LessOrEqual,
            Token::Symbol(">") => Operator::Greater,
            Token::Symbol(">=") => Operator::GreaterOrEqual,
            Token::Name("in") => Operator::In,
            Token::Symbol("+") => Operator::Add,
            Token::Symbol("-") => Operator::Subtract,
            Token::Symbol("*") => Operator::Multiply,
            Token::Symbol("/") => Operator::Divide,
            Token::Symbol("%") => Operator::Remainder,
            _ => return None,
        })
    }

    /// Parses operators that bind tighter than `loosest`.
    fn binary(&mut self, loosest: u8) -> Result<Expr, Fault> {
        let mut left = self.unary()?;
        while let Some(operator) = self.operator().filter(|operator| operator.precedence() > loosest) {
            let operator_at = self.at.clone();
            self.advance()?;
            let right = self.binary(operator.precedence())?;
            let depth = left.depth.max(right.depth);
            let at = left.at.start..right.at.end;
            let kind = ExprKind::Binary { operator, operator_at, left: Box::new(left), right: Box::new(right) };
            left = self.node(at, depth, kind)?;
        }
        Ok(left)
    }

    fn unary(&mut self) -> Result<Expr, Fault> {
        let operator = match self.token {
            Token::Symbol("!") => Operator::Not,
            Token::Symbol("-") => Operator::Negate,
            _ => return self.postfix(),
        };
        let start = self.at.start;
        self.advance()?;
        self.nest()?;
        let operand = self.unary()?;
        self.nesting -= 1;
        let at = start..operand.at.end;
        match (operator, &operand.kind) {
            (Operator::Negate, ExprKind::Literal(Value::Int(number))) => {
                let literal = ExprKind::Literal(Value::Int(-number));
                self.node(at, 0, literal)
            }
            _ => self.node(at, operand.depth, ExprKind::Unary { operator, operand: Box::new(operand) }),
        }
    }

    fn postfix(&mut self) -> Result<Expr, Fault> {
        let mut expr = self.primary()?;
        loop {
            if self.is(".") {
                expr = self.member(expr)?;
            } else if self.is("[") {
                let open = self.at.start;
                self.advance()?;
                let index = self.expression()?;
                self.need("]", open)?;
                let (at, depth) = (expr.at.start..self.previous_end, expr.depth.max(index.depth));
                expr = self.node(at, depth, ExprKind::Index { of: Box::new(expr), index: Box::new(index) })?;
            } else {
                return Ok(expr);
            }
        }
    }

    fn member(&mut self, of: Expr) -> Result<Expr, Fault> {
        self.advance()?;
        let Token::Name(name) = self.token else {
            return Err(Fault::new(self.at.clone(), format!("a name is expected after `.`, not {}", self.shown())));
        };
        let name_at = self.at.clone();
        self.advance()?;
        if self.is("(") {
            return self.call(Some(of), name, name_at);
        }
        let (at, depth) = (of.at.start..name_at.end, of.depth);
        self.node(at, depth, ExprKind::Member { of: Box::new(of), name: name.into(), name_at })
    }

    fn call(&mut self, target: Option<Expr>, name: &str, name_at: Range<u32>) -> Result<Expr, Fault> {
        let open = self.at.start;
        self.advance()?;
        let arguments = self.list(")", open)?;
        let depth = arguments.iter().chain(target.as_ref()).map(|part| part.depth).max().unwrap_or(0);
        let at = target.as_ref().map_or(name_at.start, |target| target.at.start)..self.previous_end;
        self.node(at, depth, ExprKind::Call { name: name.into(), name_at, target: target.map(Box::new), arguments })
    }

    /// Parses up to the closing bracket; a comma may stand before it.
    fn list(&mut self, close: &'static str, open: u32) -> Result<Vec<Expr>, Fault> {
        let mut items = Vec::new();
        while !self.is(close) {
            items.push(self.expression()?);
            if !self.is(",") {
                break;
            }
            self.advance()?;
        }
        self.need(close, open)?;
        Ok(items)
    }

    fn map(&mut self, open: u32) -> Result<Vec<(Expr, Expr)>, Fault> {
        let mut entries = Vec::new();
        while !self.is("}") {
            let key = self.expression()?;
            self.need(":", key.at.start)?;
            entries.push((key, self.expression()?));
            if !self.is(",") {
                break;
            }
            self.advance()?;
        }
        self.need("}", open)?;
        Ok(entries)
    }

    fn primary(&mut self) -> Result<Expr, Fault> {
        let at = self.at.clone();
        if self.token == Token::End || (self.nesting <= 1 && self.is_at_end()) {
            let is_empty = self.parts == 0 && self.previous_end == self.at.start;
            let message =
                if is_empty && self.is_at_end() { "the expression is empty" } else { "the expression ends too early" };
            let fault = Fault::new(at.start..at.end.max(at.start), message);
            return Err(fault);
        }
        match self.advance()? {
            Token::Integer(number) => self.node(at, 0, ExprKind::Literal(Value::Int(number))),
            Token::Float(number) => self.node(at, 0, ExprKind::Literal(Value::Float(number))),
            Token::Text(text) => self.node(at, 0, ExprKind::Literal(text.into())),
            Token::Name("true") => self.node(at, 0, ExprKind::Literal(Value::Bool(true))),
            Token::Name("false") => self.node(at, 0, ExprKind::Literal(Value::Bool(false))),
            Token::Name("null") => self.node(at, 0, ExprKind::Literal(Value::Null)),
            Token::Name(name) if self.is("(") => self.call(None, name, at),
            Token::Name(name) if RESERVED.contains(&name) => Err(reserved(name, at)),
            Token::Name(name) => self.node(at, 0, ExprKind::Name(name.into())),
            Token::Symbol("(") => {
                let inner = self.expression()?;
                self.need(")", at.start)?;
                Ok(inner)
            }
            Token::Symbol("[") => {
                let items = self.list("]", at.start)?;
                let depth = items.iter().map(|item| item.depth).max().unwrap_or(0);
                self.node(at.start..self.previous_end, depth, ExprKind::List(items))
            }
            Token::Symbol("{") => {
                let entries = self.map(at.start)?;
                let depth = entries.iter().map(|(key, value)| key.depth.max(value.depth)).max().unwrap_or(0);
                self.node(at.start..self.previous_end, depth, ExprKind::Map(entries))
            }
            _ => {
                let shown = &self.lexer.text[at.start as usize..at.end as usize];
                Err(Fault::new(at, format!("`{shown}` is not expected here")))
            }
        }
    }
}

fn reserved(name: &str, at: Range<u32>) -> Fault {
    let fault = Fault::new(at, format!("`{name}` is a reserved word of CEL and never a name"));
    if name == "var" { fault.help("did you mean `vars`?") } else { fault }
}
