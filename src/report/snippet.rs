//! Problems of a stack in the style of rustc: the place, the text underlined, and what to do.

use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use crate::model::problem::{Problem, Problems, Source, Span};

/// How many problems are shown. A file with more has one cause.
const SHOWN_MAX: usize = 100;
/// Lines shown before and after a place. The renderer is given no more of a text than that: it scans all it gets.
const CONTEXT_LINES: usize = 1;
/// The longest part of a line that is shown: a file may be one line of megabytes.
const LINE_MAX: usize = 400;

/// Returns the problems as text, each ending with an empty line, and a count at the end if there are several.
pub fn problems(problems: &Problems, is_colored: bool) -> String {
    let renderer = if is_colored { Renderer::styled() } else { Renderer::plain() };
    let mut out = String::new();
    for problem in problems.list.iter().take(SHOWN_MAX) {
        out.push_str(&render(&renderer, problem, &problems.sources));
        out.push_str("\n\n");
    }
    match problems.list.len() {
        0 | 1 => {}
        count if count > SHOWN_MAX => {
            out.push_str(&format!("error: {count} problems, of which {SHOWN_MAX} are shown\n"))
        }
        count => out.push_str(&format!("error: {count} problems\n")),
    }
    out
}

fn render(renderer: &Renderer, problem: &Problem, sources: &[Source]) -> String {
    let mut windows: Vec<Window<'_>> = Vec::new();
    let places = problem.span.iter().map(|span| (*span, None));
    for (span, label) in places.chain(problem.related.iter().map(|(span, word)| (*span, Some(word.as_str())))) {
        let Some(source) = sources.get(span.source as usize) else { continue };
        let window = Window::around(source, span, label);
        match windows.last_mut() {
            Some(last) if last.touches(&window) => last.take(window),
            _ => windows.push(window),
        }
    }
    let title = Level::ERROR.primary_title(problem.message.as_str());
    let mut group =
        if windows.is_empty() { Group::with_title(title) } else { title.elements(windows.iter().map(Window::snippet)) };
    if let Some(help) = &problem.help {
        group = group.element(Level::HELP.message(help.as_str()));
    }
    renderer.render(&[group])
}

/// A few lines of a source with what is underlined in them.
struct Window<'s> {
    source: &'s Source,
    index: u32,
    /// The bytes of the source that are shown.
    range: Range<usize>,
    marks: Vec<(Range<usize>, Option<&'s str>)>,
}

impl<'s> Window<'s> {
    fn around(source: &'s Source, span: Span, label: Option<&'s str>) -> Window<'s> {
        let text = &source.text;
        let start = boundary(text, span.start as usize);
        let end = boundary(text, span.end as usize).max(start);
        // A long block is named by its first line.
        let end = text[start..end].find('\n').map_or(end, |length| start + length);
        let mut from = line_start(text, start);
        let mut to = line_end(text, end);
        for _ in 0..CONTEXT_LINES {
            from = line_start(text, from.saturating_sub(1));
            to = line_end(text, (to + 1).min(text.len()));
        }
        let from = boundary(text, from.max(start.saturating_sub(LINE_MAX)));
        let to = boundary(text, to.min(end.max(start) + LINE_MAX));
        let end = end.min(to);
        Window { source, index: span.source, range: from..to, marks: vec![(start..end, label)] }
    }

    fn touches(&self, other: &Window<'_>) -> bool {
        self.index == other.index && other.range.start <= self.range.end + 1 && self.range.start <= other.range.end + 1
    }

    fn take(&mut self, other: Window<'s>) {
        self.range = self.range.start.min(other.range.start)..self.range.end.max(other.range.end);
        self.marks.extend(other.marks);
    }

    fn snippet(&self) -> Snippet<'s, annotate_snippets::Annotation<'s>> {
        let text = &self.source.text[self.range.clone()];
        let line = self.source.text[..self.range.start].bytes().filter(|byte| *byte == b'\n').count() + 1;
        let annotations = self.marks.iter().map(|(range, label)| {
            let inside = |at: usize| at.clamp(self.range.start, self.range.end) - self.range.start;
            let kind = if label.is_none() { AnnotationKind::Primary } else { AnnotationKind::Context };
            let annotation = kind.span(inside(range.start)..inside(range.end));
            match label {
                Some(label) => annotation.label(*label),
                None => annotation,
            }
        });
        Snippet::source(text).path(&*self.source.path).line_start(line).annotations(annotations)
    }
}

fn boundary(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

fn line_start(text: &str, at: usize) -> usize {
    let at = boundary(text, at);
    text[..at].rfind('\n').map_or(0, |end| end + 1)
}

fn line_end(text: &str, at: usize) -> usize {
    let at = boundary(text, at);
    text[at..].find('\n').map_or(text.len(), |length| at + length)
}
