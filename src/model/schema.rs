//! What a kind says of itself. Everything that the engine decides, it decides from this.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use indexmap::IndexMap;

use super::address::Address;
use super::delta::Delta;
use super::live::Live;
use super::shape::{Field, Record, Shape};
use super::value::{Map, Value};

/// A kind of resource: its fields and attributes, what it claims and needs, and the calls it makes.
#[derive(Clone, Debug)]
pub struct Schema {
    /// The section in a stack: `buckets`.
    pub kind: &'static str,
    /// One of them, in a sentence: `bucket`.
    pub one: &'static str,
    pub scope: Scope,
    pub fields: Record,
    /// What AWS adds: read-only, and what references name besides fields. `id` is always among them.
    pub attributes: IndexMap<&'static str, Attribute>,
    /// The field that holds the user-visible name, if the API has one.
    pub naming: Option<Naming>,
    pub tagging: Tagging,
    pub claims: Vec<Claim>,
    /// Resources that must exist first although no reference says so.
    pub needs: Option<Needs>,
    /// Checks across fields and resources that need no account.
    pub rules: Vec<Rule>,
    /// What a person should know before a change of a live resource is applied.
    pub advice: Option<Advice>,
    pub ready: Ready,
    /// How long a read may contradict a write before it is `unverified` (AWS is eventually consistent).
    pub settle: Duration,
    /// Operations that only read, as `ec2:DescribeVpcs`. A plan can issue nothing else.
    pub reads: &'static [&'static str],
    pub writes: &'static [&'static str],
    /// AWS's page on the resource.
    pub link: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    Regional,
    /// One in the account, served by one region's endpoint (us-east-1 in the `aws` partition).
    Global,
}

/// A read-only property of a live resource.
#[derive(Clone, Debug)]
pub struct Attribute {
    pub shape: Shape,
    pub source: Source,
    /// An update can change it, so it is unknown while one is planned.
    pub moves: bool,
}

/// Where an attribute's value comes from. The templates are filled by [`fill`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// Can be computed before creation: `arn:{partition}:s3:::{bucket}`.
    Computed(&'static str),
    /// AWS chooses it; the sandbox makes up one of this form: `vpc-{hex17}`.
    Given(&'static str),
}

/// The name field of a kind and the limits of default names.
#[derive(Clone, Copy, Debug)]
pub struct Naming {
    pub field: &'static str,
    /// In characters.
    pub max: usize,
    /// Default names carry account and region: for names that are unique in the world.
    pub worldwide: bool,
}

/// How ownership is written on a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tagging {
    /// As tags, in the create call itself. The kind has a field `tags`.
    Tags,
    /// In a text field that AWS keeps (description, comment): the kind cannot be tagged.
    /// The adapter writes the given owner tags there and reports them as the tags of the live resource.
    Mark,
}

/// Something that only one live resource can hold.
#[derive(Clone, Copy, Debug)]
pub struct Claim {
    /// In a sentence: "the name", "the CIDR block".
    pub what: &'static str,
    /// The claim is the values of these fields together; none while one of them is null.
    /// If the last one is a list, each of its elements is a claim.
    pub fields: &'static [&'static str],
}

/// When dependents' wait for readiness happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ready {
    /// Usable as soon as it exists.
    AtOnce,
    /// Awaited at the end of an apply.
    AtEnd,
    /// Slow: awaited only with `manage.wait: true`.
    IfAsked,
}

/// A view of the stack's resources for rules and needs. Values may be unknown.
pub trait Neighbours {
    /// The fields of a resource, defaults filled in.
    fn fields(&self, address: &Address) -> Option<&Map>;
    /// The resource that a field of `of` names: by reference in a stack, by id or ARN among live ones.
    fn target(&self, of: &Address, field: &str) -> Option<Address>;
    fn of_kind(&self, kind: &str) -> Vec<Address>;
}

/// Returns the addresses that must exist before the given one.
pub type Needs = fn(&dyn Neighbours, &Address) -> Vec<Address>;

/// Returns what is wrong with the given resource.
pub type Rule = fn(&dyn Neighbours, &Address) -> Vec<Broken>;

/// Returns what is worth a warning when `delta` makes `live` into `wanted`: a clause that completes the address.
pub type Advice = fn(live: &Live, wanted: &Map, delta: &Delta) -> Option<String>;

/// A broken rule, at a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// The field, as `listeners[1].rules[0].priority`; empty for the resource as a whole.
    pub path: String,
    pub message: String,
    pub help: Option<String>,
}

impl Broken {
    pub fn new(path: impl Into<String>, message: impl Into<String>) -> Broken {
        Broken { path: path.into(), message: message.into(), help: None }
    }

    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Broken {
        self.help = Some(help.into());
        self
    }
}

impl Attribute {
    /// A text that can be computed before creation.
    pub fn computed(template: &'static str) -> Attribute {
        Attribute { shape: Field::text().shape, source: Source::Computed(template), moves: false }
    }

    /// A text that AWS chooses.
    pub fn given(example: &'static str) -> Attribute {
        Attribute { shape: Field::text().shape, source: Source::Given(example), moves: false }
    }

    #[must_use]
    pub fn shape(mut self, shape: Shape) -> Attribute {
        self.shape = shape;
        self
    }

    #[must_use]
    pub fn moves(mut self) -> Attribute {
        self.moves = true;
        self
    }
}

impl Schema {
    /// Returns a regional kind with tags, an id and nothing else.
    pub fn new(kind: &'static str, one: &'static str, id: Attribute) -> Schema {
        Schema {
            kind,
            one,
            scope: Scope::Regional,
            fields: Record::default(),
            attributes: IndexMap::from([("id", id)]),
            naming: None,
            tagging: Tagging::Tags,
            claims: Vec::new(),
            needs: None,
            rules: Vec::new(),
            advice: None,
            ready: Ready::AtOnce,
            settle: Duration::from_secs(60),
            reads: &[],
            writes: &[],
            link: "",
        }
    }

    /// Adds fields. A kind with tags gets its `tags` field by itself, at the end.
    #[must_use]
    pub fn fields(mut self, fields: impl IntoIterator<Item = (&'static str, Field)>) -> Schema {
        self.fields.fields.extend(fields);
        self
    }

    #[must_use]
    pub fn attributes(mut self, attributes: impl IntoIterator<Item = (&'static str, Attribute)>) -> Schema {
        self.attributes.extend(attributes);
        self
    }

    #[must_use]
    pub fn global(mut self) -> Schema {
        self.scope = Scope::Global;
        self
    }

    #[must_use]
    pub fn named(mut self, field: &'static str, max: usize) -> Schema {
        self.naming = Some(Naming { field, max, worldwide: false });
        self
    }

    #[must_use]
    pub fn claim(mut self, what: &'static str, fields: &'static [&'static str]) -> Schema {
        self.claims.push(Claim { what, fields });
        self
    }

    #[must_use]
    pub fn needs(mut self, needs: Needs) -> Schema {
        self.needs = Some(needs);
        self
    }

    #[must_use]
    pub fn rule(mut self, rule: Rule) -> Schema {
        self.rules.push(rule);
        self
    }

    #[must_use]
    pub fn advice(mut self, advice: Advice) -> Schema {
        self.advice = Some(advice);
        self
    }

    #[must_use]
    pub fn ready(mut self, ready: Ready) -> Schema {
        self.ready = ready;
        self
    }

    #[must_use]
    pub fn settle(mut self, bound: Duration) -> Schema {
        self.settle = bound;
        self
    }

    #[must_use]
    pub fn operations(mut self, reads: &'static [&'static str], writes: &'static [&'static str]) -> Schema {
        (self.reads, self.writes) = (reads, writes);
        self
    }

    #[must_use]
    pub fn marked(mut self) -> Schema {
        self.tagging = Tagging::Mark;
        self
    }

    #[must_use]
    pub fn link(mut self, link: &'static str) -> Schema {
        self.link = link;
        self
    }

    /// Returns the attributes that can be computed before creation, from the fields that are known.
    pub fn known(&self, fields: &Map, place: &Place) -> Map {
        let mut known = Map::new();
        for (name, attribute) in &self.attributes {
            if let Source::Computed(template) = attribute.source {
                let value = fill(template, |key| {
                    place.get(key).or_else(|| match fields.get(key).map(Value::peel) {
                        Some(Value::Str(text)) => Some(text.clone()),
                        Some(Value::Int(number)) => Some(number.to_string().into()),
                        _ => known.get(key).and_then(Value::as_str).map(Into::into),
                    })
                });
                if let Some(value) = value {
                    known.insert((*name).into(), value.into());
                }
            }
        }
        known
    }
}

/// Where a resource stands: what templates may name besides fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub account: Arc<str>,
    pub region: Arc<str>,
    pub partition: Arc<str>,
}

impl Place {
    /// Returns what a template's `{account}`, `{region}` or `{partition}` stands for.
    pub fn get(&self, key: &str) -> Option<Arc<str>> {
        match key {
            "account" => Some(self.account.clone()),
            "region" => Some(self.region.clone()),
            "partition" => Some(self.partition.clone()),
            _ => None,
        }
    }
}

/// Fills the `{names}` of an attribute template: none if one of them has no value.
pub fn fill(template: &str, mut value_of: impl FnMut(&str) -> Option<Arc<str>>) -> Option<String> {
    let mut out = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}')?;
        let _ = write!(out, "{before}{}", value_of(name)?);
        rest = after;
    }
    out.push_str(rest);
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place() -> Place {
        Place { account: "123456789012".into(), region: "us-east-1".into(), partition: "aws".into() }
    }

    #[test]
    fn attributes_are_known_as_soon_as_the_fields_they_need_are() {
        let schema = Schema::new("buckets", "bucket", Attribute::computed("{bucket}")).attributes([
            ("arn", Attribute::computed("arn:{partition}:s3:::{id}")),
            ("etag", Attribute::given("{hex8}")),
        ]);
        assert!(schema.known(&Map::new(), &place()).is_empty());
        let fields = Map::from_iter([("bucket".into(), "films".into())]);
        let known = schema.known(&fields, &place());
        assert_eq!(known["arn"], "arn:aws:s3:::films".into());
        assert!(!known.contains_key("etag"));
    }
}
