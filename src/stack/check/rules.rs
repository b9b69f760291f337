//! The kinds' own rules, each at its place in the file.

use std::collections::HashMap;

use super::Whole;
use crate::model::address::Address;
use crate::model::problem::Problem;
use crate::model::schema::{Neighbours, Source};
use crate::model::value::{Map, Value};

pub(super) fn check(whole: &Whole<'_>) {
    let view = Complete::new(whole);
    for address in whole.fields.keys() {
        let Some((block, _)) = whole.block(address) else { continue };
        for rule in &whole.program.schema_of(block).rules {
            for broken in rule(&view, address) {
                let problem = Problem::at(whole.place(address, &broken.path), broken.message);
                whole.report.push(Problem { help: broken.help, ..problem });
            }
        }
    }
}

/// The stack's resources as rules see them: complete.
struct Complete<'c> {
    whole: &'c Whole<'c>,
    by_kind: HashMap<&'c str, Vec<Address>>,
}

impl<'c> Complete<'c> {
    fn new(whole: &'c Whole<'c>) -> Complete<'c> {
        let mut by_kind: HashMap<&str, Vec<Address>> = HashMap::new();
        for address in whole.complete.keys() {
            by_kind.entry(&address.kind).or_default().push(address.clone());
        }
        Complete { whole, by_kind }
    }

    /// Returns the resource whose attribute or name is this text.
    fn named(&self, kind: &str, attribute: &str, text: &str) -> Option<Address> {
        let addresses = self.by_kind.get(kind)?;
        let is_it = |address: &&Address| {
            let Some((block, key)) = self.whole.block(address) else { return false };
            let schema = self.whole.program.schema_of(block);
            let is_computed =
                schema.attributes.get(attribute).is_some_and(|found| matches!(found.source, Source::Computed(_)));
            let name = schema.naming.and_then(|naming| self.whole.complete.get(*address)?.get(naming.field));
            name.and_then(Value::as_str) == Some(text)
                || (is_computed
                    && self
                        .whole
                        .evaluation
                        .attribute(block.index, key, attribute)
                        .is_ok_and(|value| value.as_str() == Some(text)))
        };
        addresses.iter().find(is_it).cloned()
    }
}

impl Neighbours for Complete<'_> {
    fn fields(&self, address: &Address) -> Option<&Map> {
        self.whole.complete.get(address)
    }

    fn target(&self, of: &Address, field: &str) -> Option<Address> {
        let (block, _) = self.whole.block(of)?;
        let schema = self.whole.program.schema_of(block);
        let end = field.find(['.', '[']).unwrap_or(field.len());
        let top = &field[..end];
        let refers = crate::model::shape::Shape::Record(schema.fields.clone())
            .at(&without_indexes(field))
            .and_then(|field| field.refers);
        let references =
            self.whole.layout.resources.get(of)?.references.iter().filter(|reference| *reference.field == *top);
        let mut candidates =
            references.filter(|reference| refers.is_none_or(|refers| *reference.to.kind == *refers.kind));
        if let Some(reference) = candidates.next() {
            return Some(reference.to.clone());
        }
        let refers = refers?;
        let text = self.whole.complete.get(of)?.get(top)?.as_str()?;
        self.named(refers.kind, refers.attribute, text)
    }

    fn of_kind(&self, kind: &str) -> Vec<Address> {
        self.by_kind.get(kind).cloned().unwrap_or_default()
    }
}

/// Returns `a.b` for `a[0].b`.
fn without_indexes(path: &str) -> String {
    let mut out = String::new();
    let mut depth = 0;
    for c in path.chars() {
        match c {
            '[' => depth += 1,
            ']' => depth -= 1,
            _ if depth == 0 => out.push(c),
            _ => {}
        }
    }
    out
}
