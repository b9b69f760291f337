//! The Rust SDK's own source: which fields a structure has, and of which types.
//!
//! The SDK is generated text of one regular form, so reading it line by line is exact.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use crate::model::squeeze;

pub struct Sdk {
    src: PathBuf,
    /// Files of `src/types` by the squeezed name of their type.
    types: HashMap<String, PathBuf>,
    operations: HashMap<String, String>,
}

/// A type of the SDK's `types` module.
#[derive(Clone, Debug)]
pub enum Type {
    Struct(Struct),
    /// Text with known values.
    Enum(String),
}

#[derive(Clone, Debug)]
pub struct Struct {
    /// As the SDK spells it: `LifecycleRule`.
    pub name: String,
    /// As the SDK's modules spell it: `lifecycle_rule`.
    pub snake: String,
    pub fields: Vec<Field>,
    /// The builder's `build()` returns a `Result`.
    pub fallible: bool,
}

#[derive(Clone, Debug)]
pub struct Field {
    /// As Rust needs it: `r#type`.
    pub ident: String,
    pub optional: bool,
    pub ty: Ty,
    pub deprecated: bool,
    /// The builder's setter is deprecated too.
    pub setter_deprecated: bool,
}

/// The type of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ty {
    Bool,
    I32,
    I64,
    F32,
    F64,
    Text,
    Time,
    Blob,
    List(Box<Ty>),
    Map(Box<Ty>),
    /// A type of the `types` module.
    Named(String),
}

impl Field {
    /// Returns the name that a stack uses.
    pub fn name(&self) -> &str {
        self.ident.strip_prefix("r#").unwrap_or(&self.ident)
    }
}

impl Sdk {
    pub fn read(src: &Path) -> Result<Sdk, String> {
        let mut types = HashMap::new();
        for path in list(&src.join("types"))? {
            if let Some(stem) = path.file_stem().and_then(|stem| stem.to_str()).filter(|stem| stem.starts_with('_')) {
                types.insert(squeeze(stem), path.clone());
            }
        }
        let names = list(&src.join("operation"))?;
        let names = names.iter().filter_map(|path| path.file_stem()?.to_str());
        let operations = names.map(|name| (squeeze(name), name.to_owned())).collect();
        Ok(Sdk { src: src.to_owned(), types, operations })
    }

    /// Returns a type by its name, spelled by the model or the SDK.
    pub fn find(&self, name: &str) -> Result<Type, String> {
        let path = self.types.get(&squeeze(name)).ok_or_else(|| format!("the SDK has no type {name}"))?;
        let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
        let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        let snake = stem.trim_start_matches('_').to_owned();
        if let Some(name) = text.lines().find_map(|line| line.strip_prefix("pub struct ")) {
            let name = name.trim_end_matches([' ', '{', '}']).to_owned();
            return Ok(Type::Struct(structure(&text, name, snake)?));
        }
        let name = text.lines().find_map(|line| line.strip_prefix("pub enum ")).ok_or(format!("no type in {stem}"))?;
        let name = name.trim_end_matches([' ', '{']).to_owned();
        if text.contains("    pub const fn values() -> ") {
            return Ok(Type::Enum(name));
        }
        Err(format!("{name} is a union, which no root has needed so far"))
    }

    /// Returns the folder name of an operation and its input structure.
    pub fn input(&self, operation: &str) -> Result<(String, Struct), String> {
        let folder =
            self.operations.get(&squeeze(operation)).ok_or_else(|| format!("the SDK has no operation {operation}"))?;
        let path = self.src.join("operation").join(folder).join(format!("_{folder}_input.rs"));
        let text = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        let name = text.lines().find_map(|line| line.strip_prefix("pub struct ")).unwrap_or_default();
        let name = name.trim_end_matches([' ', '{', '}', ';']).to_owned();
        Ok((folder.clone(), structure(&text, name, folder.clone())?))
    }
}

fn list(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let entries = std::fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    Ok(entries.flatten().map(|entry| entry.path()).collect())
}

/// Reads the `pub name: type,` lines of the first structure in the text.
fn structure(text: &str, name: String, snake: String) -> Result<Struct, String> {
    let mut fields = Vec::new();
    let mut deprecated = false;
    let start = format!("pub struct {name}");
    for line in text.lines().skip_while(|line| !line.starts_with(&start)).skip(1) {
        let line = line.trim();
        if line == "}" || line.starts_with("impl") {
            break;
        }
        if line.starts_with("#[deprecated") {
            deprecated = true;
        }
        let Some((ident, ty)) = line.strip_prefix("pub ").and_then(|rest| rest.strip_suffix(',')?.split_once(": "))
        else {
            continue;
        };
        let (optional, ty) = match unwrap(ty, "::std::option::Option<") {
            Some(inner) => (true, inner),
            None => (false, ty),
        };
        let setter_deprecated = setter_deprecated(text, ident.strip_prefix("r#").unwrap_or(ident));
        fields.push(Field { ident: ident.to_owned(), optional, ty: parse(ty)?, deprecated, setter_deprecated });
        deprecated = false;
    }
    let fallible = text.contains("    pub fn build(self) -> ::std::result::Result<")
        || text.contains("    pub fn build(\n        self,\n    ) -> ::std::result::Result<");
    Ok(Struct { name, snake, fields, fallible })
}

fn setter_deprecated(text: &str, name: &str) -> bool {
    let setter = format!("    pub fn set_{name}(");
    let Some(at) = text.find(&setter) else { return false };
    let before = text[..at].lines().rev().take_while(|line| line.starts_with("    #[") || line.starts_with("    ///"));
    before.into_iter().any(|line| line.starts_with("    #[deprecated"))
}

fn unwrap<'a>(ty: &'a str, start: &str) -> Option<&'a str> {
    ty.strip_prefix(start)?.strip_suffix('>')
}

fn parse(ty: &str) -> Result<Ty, String> {
    Ok(match ty {
        "bool" => Ty::Bool,
        "i32" => Ty::I32,
        "i64" => Ty::I64,
        "f32" => Ty::F32,
        "f64" => Ty::F64,
        "::std::string::String" => Ty::Text,
        "::aws_smithy_types::DateTime" => Ty::Time,
        "::aws_smithy_types::Blob" => Ty::Blob,
        _ => {
            if let Some(name) = ty.strip_prefix("crate::types::") {
                Ty::Named(name.to_owned())
            } else if let Some(inner) = unwrap(ty, "::std::vec::Vec<") {
                Ty::List(Box::new(parse(inner)?))
            } else if let Some(inner) = unwrap(ty, "::std::collections::HashMap<::std::string::String, ") {
                Ty::Map(Box::new(parse(inner)?))
            } else if let Some(inner) = unwrap(ty, "::std::boxed::Box<") {
                return Err(format!("{inner} is recursive"));
            } else {
                return Err(format!("no reading for the type {ty}"));
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = r#"
#[non_exhaustive]
pub struct Rule {
    /// <p>A prefix.</p>
    #[deprecated]
    pub prefix: ::std::option::Option<::std::string::String>,
    /// <p>Its type.</p>
    pub r#type: crate::types::Kind,
    pub days: ::std::option::Option<i32>,
    pub names: ::std::vec::Vec<::std::string::String>,
    pub more: ::std::option::Option<::std::collections::HashMap<::std::string::String, crate::types::More>>,
}
impl Rule {
    pub fn prefix(&self) -> ::std::option::Option<&str> {
        self.prefix.as_deref()
    }
}
impl RuleBuilder {
    /// <p>A prefix.</p>
    #[deprecated]
    pub fn set_prefix(mut self, input: ::std::option::Option<::std::string::String>) -> Self {
    }
    /// <p>Its type.</p>
    pub fn set_type(mut self, input: ::std::option::Option<crate::types::Kind>) -> Self {
    }
    pub fn build(self) -> ::std::result::Result<crate::types::Rule, ::aws_smithy_types::error::operation::BuildError> {
    }
}
"#;

    #[test]
    fn a_structure_is_read_from_its_source() {
        let rule = structure(SOURCE, "Rule".into(), "rule".into()).unwrap();
        let fields: Vec<_> = rule.fields.iter().map(|field| (field.name(), field.optional, field.ty.clone())).collect();
        assert_eq!(
            fields,
            [
                ("prefix", true, Ty::Text),
                ("type", false, Ty::Named("Kind".into())),
                ("days", true, Ty::I32),
                ("names", false, Ty::List(Box::new(Ty::Text))),
                ("more", true, Ty::Map(Box::new(Ty::Named("More".into())))),
            ]
        );
        assert!(rule.fallible);
        assert!(rule.fields[0].deprecated && rule.fields[0].setter_deprecated);
        assert!(!rule.fields[1].deprecated && !rule.fields[1].setter_deprecated);
    }

    #[test]
    fn a_type_without_a_reading_is_an_error() {
        assert!(parse("::std::boxed::Box<crate::types::Rule>").is_err());
        assert!(parse("::aws_smithy_types::Document").is_err());
    }
}
