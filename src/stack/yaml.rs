//! YAML text to a tree in which every node and every key has its place. The only user of the YAML parser.
//!
//! Events are handled in one loop without recursion, within limits: what a hostile file can cost is bounded.

use std::collections::HashMap;
use std::sync::Arc;

use granit_parser::{Event, Parser, ScalarStyle, ScanError, options};

use super::quoting;
use crate::model::problem::{Problem, Span};

/// How large a YAML text may be.
pub const BYTES_MAX: usize = 16 << 20;
/// How deep it may be nested, aliases included.
pub const DEPTH_MAX: usize = 64;
/// How many nodes it may have, once aliases are expanded. Two million would let a bomb take half a gigabyte.
pub const NODES_MAX: usize = 1_000_000;
/// How many problems are collected before reading stops.
pub const PROBLEMS_MAX: usize = 100;

/// How a scalar is written, which decides how its text maps to the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    Plain,
    Single,
    Double,
    /// `|` or `>`.
    Block,
}

/// One value with its place. The span of a collection ends with its last child.
#[derive(Clone, Debug)]
pub struct Node {
    pub span: Span,
    pub kind: Kind,
}

#[derive(Clone, Debug)]
pub enum Kind {
    Scalar(Arc<str>, Style),
    List(Vec<Node>),
    Map(Vec<Entry>),
}

/// One entry of a mapping, in the order of the file.
#[derive(Clone, Debug)]
pub struct Entry {
    pub key: Arc<str>,
    pub key_span: Span,
    pub value: Node,
}

impl Node {
    /// Returns true for what counts as omitted: a plain `null`, `~` or nothing at all.
    pub fn is_null(&self) -> bool {
        matches!(&self.kind, Kind::Scalar(text, Style::Plain) if is_null(text))
    }

    /// Returns what a person would call this node.
    pub fn what(&self) -> &'static str {
        match self.kind {
            Kind::Scalar(..) if self.is_null() => "nothing",
            Kind::Scalar(..) => "a scalar",
            Kind::List(_) => "a list",
            Kind::Map(_) => "a map",
        }
    }
}

/// Returns true for a plain scalar that YAML reads as null.
pub fn is_null(text: &str) -> bool {
    matches!(text, "" | "~" | "null")
}

/// Reads one document.
pub fn parse(source: u32, text: &str) -> Result<Node, Vec<Problem>> {
    let place = |start: usize, end: usize| Span { source, start: start as u32, end: end as u32 };
    if text.len() > BYTES_MAX {
        return Err(vec![too_large(text.len() as u64)]);
    }
    if let Some(at) = text.find('\0') {
        return Err(vec![Problem::at(place(at, at + 1), "the file holds a NUL byte").help("is it a text file?")]);
    }
    let options = options! {
        block_nesting_limit: DEPTH_MAX, flow_nesting_limit: DEPTH_MAX, disallow_directives: true, strict_indentation: true
    };
    let mut builder = Builder { text, ..Builder::default() };
    for item in Parser::new_from_str_with_options(text, options) {
        match item {
            Ok((event, span)) => {
                let range = span.byte_range().unwrap_or(0..0);
                if builder.event(event, place(range.start, range.end)).is_break() {
                    break;
                }
            }
            Err(error) => {
                builder.problems.push(syntax_problem(source, text, &error));
                break;
            }
        }
    }
    match builder.root {
        Some(root) if builder.problems.is_empty() => Ok(root),
        None if builder.problems.is_empty() => Err(vec![Problem::at(place(0, 0), "the file is empty")]),
        _ => Err(builder.problems),
    }
}

/// Says that a file of this size is not read.
pub fn too_large(bytes: u64) -> Problem {
    Problem::nowhere(format!("the file has {bytes} bytes, and at most {BYTES_MAX} are read"))
}

fn syntax_problem(source: u32, text: &str, error: &ScanError) -> Problem {
    let mut at = error.marker().byte_offset().unwrap_or(0).min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    let end = at + text[at..].chars().next().map_or(0, char::len_utf8);
    let said = error.info();
    let problem = if said.contains("nesting") || said.contains("recursion") {
        return Problem::at(place_of(source, at, end), format!("the file is nested deeper than {DEPTH_MAX} levels"));
    } else {
        Problem::at(place_of(source, at, end), format!("this is not valid YAML: {said}"))
    };
    match quoting::advice(text, at) {
        Some(advice) => problem.help(advice),
        None if said.contains("tab") => problem.help("indent with spaces"),
        None => problem,
    }
}

fn place_of(source: u32, start: usize, end: usize) -> Span {
    Span { source, start: start as u32, end: end as u32 }
}

/// A collection that is being filled.
struct Frame {
    node: Node,
    anchor: usize,
    /// The key whose value comes next.
    key: Option<(Arc<str>, Span)>,
    /// The place of each key so far: duplicates name both.
    keys: HashMap<Arc<str>, Span>,
    /// The nodes in it, and how many levels it has.
    size: Size,
}

#[derive(Clone, Copy, Default)]
struct Size {
    nodes: usize,
    levels: usize,
}

#[derive(Default)]
struct Builder<'a> {
    text: &'a str,
    stack: Vec<Frame>,
    /// None while the anchored node is still open.
    anchors: HashMap<usize, (Node, Size)>,
    root: Option<Node>,
    documents: usize,
    nodes: usize,
    problems: Vec<Problem>,
}

use std::ops::ControlFlow::{self, Break, Continue};

impl Builder<'_> {
    fn event(&mut self, event: Event<'_>, span: Span) -> ControlFlow<()> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                if tag.is_some() {
                    let problem = Problem::at(span, "YAML tags are not supported");
                    self.problem(problem.help("values are typed by the field they stand in"))?;
                }
                let style = match style {
                    ScalarStyle::Plain => Style::Plain,
                    ScalarStyle::SingleQuoted => Style::Single,
                    ScalarStyle::DoubleQuoted => Style::Double,
                    ScalarStyle::Literal | ScalarStyle::Folded => Style::Block,
                };
                let node = Node { span, kind: Kind::Scalar(text.into(), style) };
                self.add(node, anchor, Size { nodes: 1, levels: 0 })
            }
            Event::SequenceStart(_, anchor, tag) => self.open(Kind::List(Vec::new()), anchor, tag.is_some(), span),
            Event::MappingStart(_, anchor, tag) => self.open(Kind::Map(Vec::new()), anchor, tag.is_some(), span),
            Event::SequenceEnd | Event::MappingEnd => self.close(span),
            Event::Alias(anchor) => self.alias(anchor, span),
            Event::DocumentStart(..) => {
                self.documents += 1;
                if self.documents > 1 {
                    self.problems.push(Problem::at(span, "a second document begins here").help("a file holds one"));
                    return Break(());
                }
                Continue(())
            }
            _ => Continue(()),
        }
    }

    fn problem(&mut self, problem: Problem) -> ControlFlow<()> {
        self.problems.push(problem);
        if self.problems.len() >= PROBLEMS_MAX { Break(()) } else { Continue(()) }
    }

    fn open(&mut self, kind: Kind, anchor: usize, tagged: bool, span: Span) -> ControlFlow<()> {
        if tagged {
            self.problem(Problem::at(span, "YAML tags are not supported"))?;
        }
        if self.stack.len() >= DEPTH_MAX {
            self.problems.push(Problem::at(span, format!("the file is nested deeper than {DEPTH_MAX} levels")));
            return Break(());
        }
        let node = Node { span, kind };
        let size = Size { nodes: 1, levels: 0 };
        self.stack.push(Frame { node, anchor, key: None, keys: HashMap::new(), size });
        Continue(())
    }

    fn close(&mut self, span: Span) -> ControlFlow<()> {
        let Some(mut frame) = self.stack.pop() else { return Continue(()) };
        let last = match &frame.node.kind {
            Kind::Map(entries) => entries.last().map(|entry| entry.value.span.end.max(entry.key_span.end)),
            Kind::List(items) => items.last().map(|item| item.span.end),
            Kind::Scalar(..) => None,
        };
        let start = frame.node.span.start;
        let is_flow = self.text.as_bytes().get(start as usize).is_some_and(|byte| matches!(byte, b'{' | b'['));
        frame.node.span.end = match last {
            // The parser's own end of a block collection is the next token, lines further down.
            Some(end) if !is_flow && end >= start => end,
            _ => span.end.max(start),
        };
        self.add(frame.node, frame.anchor, Size { levels: frame.size.levels + 1, ..frame.size })
    }

    fn alias(&mut self, anchor: usize, span: Span) -> ControlFlow<()> {
        let Some((node, size)) = self.anchors.get(&anchor) else {
            self.problems.push(Problem::at(span, "this alias contains itself"));
            return Break(());
        };
        let size = *size;
        if self.nodes + size.nodes > NODES_MAX {
            let message = format!("the file has more than {NODES_MAX} values once its aliases are expanded");
            self.problems.push(Problem::at(span, message));
            return Break(());
        }
        if self.stack.len() + size.levels > DEPTH_MAX {
            let message = format!("the file is nested deeper than {DEPTH_MAX} levels once its aliases are expanded");
            self.problems.push(Problem::at(span, message));
            return Break(());
        }
        let node = node.clone();
        self.nodes += size.nodes;
        self.add(node, 0, size)
    }

    /// Puts a finished node where it belongs: a key, the value of a key, an element or the root.
    fn add(&mut self, node: Node, anchor: usize, size: Size) -> ControlFlow<()> {
        self.nodes += 1;
        if self.nodes > NODES_MAX {
            self.problems.push(Problem::at(node.span, format!("the file has more than {NODES_MAX} values")));
            return Break(());
        }
        if anchor > 0 {
            self.anchors.insert(anchor, (node.clone(), size));
        }
        let Some(frame) = self.stack.last_mut() else {
            self.root = Some(node);
            return Continue(());
        };
        frame.size.nodes += size.nodes;
        frame.size.levels = frame.size.levels.max(size.levels);
        match (&mut frame.node.kind, frame.key.take()) {
            (Kind::List(items), _) => items.push(node),
            (Kind::Map(entries), Some((key, key_span))) => {
                entries.push(Entry { key, key_span, value: node });
            }
            _ => return self.key(node),
        }
        Continue(())
    }

    fn key(&mut self, node: Node) -> ControlFlow<()> {
        let (key, problem) = match node.kind {
            Kind::Scalar(key, style) => {
                let problem = key_problem(&key, style, node.span);
                (key, problem)
            }
            _ => {
                let problem = Problem::at(node.span, "a key is plain text, not a collection");
                ("?".into(), Some(problem.help("if this is an expression, quote it")))
            }
        };
        if let Some(problem) = problem {
            self.problem(problem)?;
        }
        let Some(frame) = self.stack.last_mut() else { return Continue(()) };
        let first = *frame.keys.entry(key.clone()).or_insert(node.span);
        frame.key = Some((key.clone(), node.span));
        if first != node.span {
            let problem = Problem::at(node.span, format!("the key `{key}` is here twice"));
            self.problem(problem.related(first, "first here"))?;
        }
        Continue(())
    }
}

fn key_problem(key: &str, style: Style, span: Span) -> Option<Problem> {
    if key == "<<" && style == Style::Plain {
        let help = "repeat the fields, or put an anchor on a whole value";
        return Some(Problem::at(span, "merge keys are not supported").help(help));
    }
    None
}

/// Returns the byte of the file at which the byte `offset` of a scalar's text stands.
///
/// Walks the written and the read text side by side. Only called when there is something to report.
pub fn source_offset(file: &str, span: Span, style: Style, text: &str, offset: usize) -> usize {
    let raw = file.get(span.start as usize..span.end as usize).unwrap_or("");
    if style == Style::Plain && raw == text {
        return span.start as usize + offset.min(raw.len());
    }
    let written: Vec<(usize, char)> = raw.char_indices().collect();
    let at = |index: usize| written.get(index).map(|pair| pair.1);
    let blank = |c: char| matches!(c, ' ' | '\t' | '\n' | '\r');
    let mut index = usize::from(matches!(style, Style::Single | Style::Double));
    for (position, read) in text.char_indices() {
        if style == Style::Double {
            // A backslash at the end of a line joins it with the next.
            while at(index) == Some('\\') && at(index + 1).is_some_and(|c| matches!(c, '\n' | '\r')) {
                index += 1;
                while at(index).is_some_and(blank) {
                    index += 1;
                }
            }
        }
        // Indentation and folding: a blank that was read may stand for a line break and what follows it.
        while at(index).is_some_and(|c| c != read && blank(c) && !(read == ' ' && c == '\n')) {
            index += 1;
        }
        if position >= offset || index >= written.len() {
            break;
        }
        index += match (style, at(index)) {
            (Style::Double, Some('\\')) => match at(index + 1) {
                Some('x') => 4,
                Some('u') => 6,
                Some('U') => 10,
                _ => 2,
            },
            (Style::Single, Some('\'')) => 2,
            (_, Some('\n')) if read == ' ' => written[index..].iter().take_while(|pair| blank(pair.1)).count(),
            _ => 1,
        };
    }
    span.start as usize + written.get(index).map_or(raw.len(), |pair| pair.0)
}
