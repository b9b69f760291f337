//! Reads a stack, its variables and its files. The only part of the language that touches the disk.

use std::collections::HashMap;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use indexmap::IndexMap;

use super::document::{Document, Environment, Reader, is_stack_name};
use super::eval::suggestion;
use super::evaluation::{Evaluation, Shared};
use super::files::{self, Files};
use super::program::Program;
use super::scalars;
use super::source::{Report, Sources};
use super::term::Term;
use super::typing::Typing;
use super::variables::{self, Given};
use super::view::View;
use super::yaml::{self, Kind, Node, Style};
use super::{Inputs, check};
use crate::model::problem::{Problem, Problems, Source, Span};
use crate::model::schema::Schema;
use crate::model::shape::Field;
use crate::model::stack::Facts;

/// Reads a stack from the disk.
pub fn load(path: &Path, inputs: &Inputs, schemas: &'static [Schema]) -> Result<Program, Problems> {
    load_with(path, inputs, schemas, Box::new(read))
}

/// Reads a stack from the sources of an earlier [`load`], and nothing from the disk.
pub fn load_saved(
    path: &Path,
    sources: &[Source],
    inputs: &Inputs,
    schemas: &'static [Schema],
) -> Result<Program, Problems> {
    let texts: HashMap<Arc<str>, Arc<str>> =
        sources.iter().map(|source| (source.path.clone(), source.text.clone())).collect();
    let reader = move |path: &Path| {
        let path = path.to_string_lossy();
        texts.get(&*path).cloned().ok_or_else(|| format!("`{path}` is not among the files that were saved"))
    };
    load_with(path, inputs, schemas, Box::new(reader))
}

fn load_with(
    path: &Path,
    inputs: &Inputs,
    schemas: &'static [Schema],
    reader: Box<files::Reader>,
) -> Result<Program, Problems> {
    let loader = Loader { inputs, sources: Sources::default(), report: Report::default() };
    let text = reader(path).map_err(|message| nothing(message, &loader.sources))?;
    loader.program(path, text, schemas, reader)
}

/// Reads a file up to the limit: its length is looked at first, and never trusted.
fn read(path: &Path) -> Result<Arc<str>, String> {
    let shown = path.display();
    let failed = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound => format!("there is no file `{shown}`"),
        _ => format!("`{shown}` cannot be read: {error}"),
    };
    let metadata = std::fs::metadata(path).map_err(failed)?;
    if !metadata.is_file() {
        return Err(format!("`{shown}` is not a file"));
    }
    if metadata.len() > yaml::BYTES_MAX as u64 {
        return Err(format!("`{shown}`: {}", yaml::too_large(metadata.len()).message));
    }
    let mut bytes = Vec::with_capacity(metadata.len() as usize);
    File::open(path).map_err(failed)?.take(yaml::BYTES_MAX as u64 + 1).read_to_end(&mut bytes).map_err(failed)?;
    match String::from_utf8(bytes) {
        Ok(text) => Ok(text.into()),
        Err(error) => {
            let at = error.utf8_error().valid_up_to();
            let line = error.as_bytes()[..at].iter().filter(|byte| **byte == b'\n').count() + 1;
            Err(format!("`{shown}` is not valid UTF-8: the byte at position {at}, on line {line}, begins no character"))
        }
    }
}

fn nothing(message: String, sources: &Sources) -> Problems {
    Problems { sources: sources.all(), list: vec![Problem::nowhere(message)] }
}

struct Loader<'l> {
    inputs: &'l Inputs,
    sources: Sources,
    report: Report,
}

impl Loader<'_> {
    fn program(
        self,
        path: &Path,
        text: Arc<str>,
        schemas: &'static [Schema],
        reader: Box<files::Reader>,
    ) -> Result<Program, Problems> {
        let source = self.sources.add(path.to_string_lossy(), text.clone());
        let root = match yaml::parse(source, &text) {
            Ok(root) => root,
            Err(list) => return Err(Problems { sources: self.sources.all(), list }),
        };
        let mut document = Reader { sources: &self.sources, report: &self.report, schemas }.read(root);
        let environment = self.environment(&mut document);
        let given = self.given(&document, &environment, reader.as_ref());
        let variables = variables::resolve(&document.variables, &given, &self.report);
        let region = environment.region.or(document.region.take());
        let account = environment.account.or(document.account.take());
        let span = document.span;
        let base = path.parent().map_or_else(PathBuf::new, Path::to_path_buf);
        let mut by_name = vec![HashMap::new(); schemas.len()];
        for block in &document.blocks {
            by_name[block.schema].insert(block.name.clone(), block.index);
        }
        let mut program = Program {
            sources: self.sources,
            files: Files::new(base, reader),
            schemas,
            name: document.name.unwrap_or_else(|| "stack".into()),
            environment: self.inputs.environment.as_deref().map(Into::into),
            regions: Vec::new(),
            account: None,
            variables: Arc::new(variables),
            locals: document.locals,
            tags: document.tags,
            kinds: schemas.iter().map(|schema| schema.kind.into()).collect(),
            by_name,
            blocks: document.blocks,
            outputs: document.outputs,
            shared: Shared::default(),
        };
        program.account = settle_account(&program, account.as_ref(), &self.report);
        program.regions = settle_region(&program, region.as_ref(), span, &self.report).into_iter().collect();
        check::references(&program, &self.report);
        if self.report.is_empty() {
            return Ok(program);
        }
        // Everything else that is wrong is said at the same time.
        check::all(&program, &self.report);
        Err(self.report.problems(&program.sources))
    }

    /// Takes the environment that was asked for.
    fn environment(&self, document: &mut Document) -> Environment {
        let Some(name) = &self.inputs.environment else { return Environment::default() };
        if !is_stack_name(name) {
            let problem = Problem::nowhere(format!("`{name}` cannot be the name of an environment"));
            self.report.push(problem.help("a name is small letters, digits and `-`, at most 38"));
            return Environment::default();
        }
        let Some(environments) = &mut document.environments else { return Environment::default() };
        if let Some(found) = environments.swap_remove(&**name) {
            return found;
        }
        let known: Vec<&str> = environments.keys().map(|name| &**name).collect();
        let problem = Problem::nowhere(format!("the stack has no environment `{name}`"));
        self.report.push(Problem { help: suggestion(name, &known), ..problem });
        Environment::default()
    }

    /// Returns what is given to each variable, the strongest source last: it wins.
    fn given(
        &self,
        document: &Document,
        environment: &Environment,
        reader: &files::Reader,
    ) -> IndexMap<Arc<str>, Given> {
        let mut given = IndexMap::new();
        for entry in &environment.variables {
            self.check_known(document, &entry.key, Some(entry.key_span));
            given.insert(entry.key.clone(), Given { node: entry.value.clone(), is_text: false });
        }
        for (name, text) in &self.inputs.variables_from_env {
            if document.variables.contains_key(&**name) {
                let node = self.text_node(&format!("TRUEUP_VAR_{name}"), text);
                given.insert(name.as_str().into(), Given { node, is_text: true });
            }
        }
        for path in &self.inputs.var_files {
            self.var_file(document, path, reader, &mut given);
        }
        for (name, text) in &self.inputs.vars {
            let node = self.text_node(&format!("--var {name}"), text);
            if self.check_known(document, name, Some(node.span)) {
                given.insert(name.as_str().into(), Given { node, is_text: true });
            }
        }
        given
    }

    fn text_node(&self, path: &str, text: &str) -> Node {
        let source = self.sources.add(path, text);
        let span = Span { source, start: 0, end: text.len() as u32 };
        Node { span, kind: Kind::Scalar(text.into(), Style::Plain) }
    }

    fn var_file(
        &self,
        document: &Document,
        path: &Path,
        reader: &files::Reader,
        given: &mut IndexMap<Arc<str>, Given>,
    ) {
        let text = match reader(path) {
            Ok(text) => text,
            Err(message) => return self.report.push(Problem::nowhere(message)),
        };
        let source = self.sources.add(path.to_string_lossy(), text.clone());
        if text.trim().is_empty() {
            return;
        }
        match yaml::parse(source, &text) {
            Ok(Node { kind: Kind::Map(entries), .. }) => {
                for entry in entries {
                    if self.check_known(document, &entry.key, Some(entry.key_span)) {
                        given.insert(entry.key, Given { node: entry.value, is_text: false });
                    }
                }
            }
            Ok(node) => self.report.push(Problem::at(node.span, "a file of variables is a map of names to values")),
            Err(problems) => self.report.extend(problems),
        }
    }

    fn check_known(&self, document: &Document, name: &str, span: Option<Span>) -> bool {
        let is_known = document.variables.contains_key(name);
        if !is_known {
            let known: Vec<&str> = document.variables.keys().map(|name| &**name).collect();
            let problem = Problem { span, ..Problem::nowhere(format!("the stack has no variable `{name}`")) };
            self.report.push(Problem { help: suggestion(name, &known), ..problem });
        }
        is_known
    }
}

/// Returns the text of a setting that the account has no part in.
fn settled(
    program: &Program,
    term: &Term,
    name: &str,
    pattern: &'static str,
    report: &Report,
) -> Option<(Arc<str>, Span)> {
    let facts = Facts::default();
    let evaluation = Evaluation::new(program, &facts, report);
    let view = View::new(&evaluation, None);
    let value = Typing { view: &view }.term(term, &Field::text().shape, name);
    if let Some(unknown) = value.waits_for() {
        let message = format!("`{name}` must be known before anything is read, and it waits for `{}`", unknown.0);
        report.push(Problem::at(term.span, message));
        return None;
    }
    let text = value.as_str()?;
    if scalars::matches(pattern, text) {
        return Some((text.into(), term.span));
    }
    let problem = Problem::at(term.span, format!("`{name}` cannot be `{text}`"));
    report.push(problem.help(match name {
        "account" => "an account is 12 digits: `\"123456789012\"`",
        _ => "a region is written as `us-east-1`",
    }));
    None
}

fn settle_account(program: &Program, term: Option<&Term>, report: &Report) -> Option<Arc<str>> {
    settled(program, term?, "account", "[0-9]{12}", report).map(|(text, _)| text)
}

fn settle_region(program: &Program, term: Option<&Term>, span: Span, report: &Report) -> Option<Arc<str>> {
    match term.filter(|term| !term.is_null()) {
        Some(term) => settled(program, term, "region", "[a-z]{2,4}(-[a-z]+)+-[0-9]+", report).map(|(text, _)| text),
        None => {
            let problem = Problem::at(span, "the stack has no region");
            report.push(problem.help("write `region: us-east-1`"));
            None
        }
    }
}

/// Returns nothing known of the account but what the stack itself pins.
pub(super) fn pinned_facts(program: &Program) -> Facts {
    let partition = program.account.as_ref().and(program.regions.first()).map(|region| match &**region {
        region if region.starts_with("cn-") => "aws-cn",
        region if region.starts_with("us-gov-") => "aws-us-gov",
        _ => "aws",
    });
    Facts { account: program.account.clone(), partition: partition.map(Into::into), ..Facts::default() }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn loaded(path: &Path) -> String {
        match load(path, &Inputs::default(), &[]) {
            Ok(_) => String::new(),
            Err(problems) => problems.list[0].message.clone(),
        }
    }

    #[test]
    fn what_cannot_be_read_is_said_with_the_reason() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("stack.yaml");
        assert!(loaded(&path).starts_with("there is no file"));
        assert!(loaded(folder.path()).ends_with("is not a file"));
        std::fs::write(&path, b"stack: films\nregion: \xff\n").unwrap();
        assert!(loaded(&path).ends_with("is not valid UTF-8: the byte at position 21, on line 2, begins no character"));
    }

    #[test]
    fn a_large_file_is_refused_before_it_is_read() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(b"stack: films").unwrap();
        file.as_file().set_len(100 << 20).unwrap();
        assert!(loaded(file.path()).contains("104857600 bytes"));
    }
}
