//! Shapes: what a field holds, and what omitting, changing and comparing it means.
//!
//! The shapes that only mirror AWS are generated (`src/kinds/shapes/`); what a field *means* is stated
//! beside each kind, by hand, with the builder methods here.

use indexmap::IndexMap;

use super::value::{Map, Value};

/// What a value must look like.
#[derive(Clone, Debug)]
pub enum Shape {
    Bool,
    Integer {
        min: Option<i64>,
        max: Option<i64>,
    },
    Number {
        min: Option<f64>,
        max: Option<f64>,
    },
    Text(Text),
    /// A JSON document written as plain YAML, such as a policy. Compared as [`Equal`] says.
    Document,
    List(Box<List>),
    /// Keys chosen by the user, values of one shape.
    Map(Box<Shape>),
    Record(Record),
}

/// A string and its limits.
#[derive(Clone, Debug, Default)]
pub struct Text {
    /// In characters, inclusive.
    pub min: Option<u32>,
    pub max: Option<u32>,
    /// Anchored regular expression, in the syntax of the `regex` crate.
    pub pattern: Option<&'static str>,
    /// AWS's enum values, verbatim. Empty: any text.
    pub values: &'static [&'static str],
}

#[derive(Clone, Debug)]
pub struct List {
    pub item: Shape,
    pub order: Order,
    pub min: Option<u32>,
    pub max: Option<u32>,
}

/// What makes two lists equal, and how a changed element is named in a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    /// The order matters; elements are `[0]`, `[1]`, …
    Sequence,
    /// The order means nothing to AWS.
    Set,
    /// A set of records, told apart by these fields; elements are `[key]` or `[key1,key2]`.
    Keyed(&'static [&'static str]),
}

/// A record with named fields.
#[derive(Clone, Debug, Default)]
pub struct Record {
    pub fields: IndexMap<&'static str, Field>,
    /// The field whose value selects which of the others apply, if the API has such a union.
    pub tag: Option<&'static str>,
}

/// One field: its shape and everything that the engine must know to treat it right.
#[derive(Clone, Debug)]
pub struct Field {
    pub shape: Shape,
    pub absent: Absent,
    pub change: Change,
    pub equal: Equal,
    /// The kind and attribute whose value this field (or each element of it) names.
    pub refers: Option<Refers>,
    /// How a create can go without this field, so that a ring of references can be broken.
    pub defer: Option<Defer>,
    /// Never shown.
    pub sensitive: bool,
    /// AWS never reports this field: it is compared with nothing and written only when something else is.
    pub write_only: bool,
    /// Acts on trueup alone and is never sent or compared: `force_destroy`, `instance_refresh`.
    pub local: bool,
    /// One sentence of our own on what is special about it; empty where AWS's page says it all.
    pub note: &'static str,
    /// AWS's page on this field.
    pub link: &'static str,
}

/// What omitting a field means.
#[derive(Clone, Debug)]
pub enum Absent {
    /// An error.
    Required,
    /// The same as writing this value; enforced.
    Default(Value),
    /// The same as writing the value that this returns for the fields beside it, as the stack states them (they may be
    /// unknown, and lack their own defaults); enforced. Null: none. For AWS's defaults that depend on another field.
    DefaultOf(fn(&Map) -> Value),
    /// Nothing there: what is live is removed. Zero values (`false`, `0`, `""`, empty) count as nothing.
    None,
    /// AWS, a scaler or an operator may write it: whatever is live stays.
    LeftAlone,
}

/// What changing a field means for the resource.
#[derive(Clone, Copy, Debug)]
pub enum Change {
    InPlace,
    /// The resource must be replaced.
    Replace,
    /// It depends on the two values (null where absent) and on the live fields.
    Depends(fn(before: &Value, after: &Value, live: &Map) -> Effect),
}

/// The effect of one changed field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Effect {
    InPlace,
    Replace,
}

/// When two values mean the same to AWS. Both sides are already in the stack's own form
/// (adapters normalise when they read), so this is only for what has no canonical form.
#[derive(Clone, Copy, Debug, Default)]
pub enum Equal {
    #[default]
    Exact,
    IgnoreCase,
    /// IAM policy documents: order of statements' lists, one or many, `Version` and `Sid` spelling.
    Policy,
    /// JSON documents: key order and spacing.
    Json,
    /// An id, a name and an ARN of one thing are the same: compared by the last segment.
    SameThing,
    By(fn(desired: &Value, live: &Value) -> bool),
    /// As `By`, with the desired fields beside it: for what a scaler or a schedule in the stack may move.
    Beside(fn(desired: &Value, live: &Value, beside: &Map) -> bool),
}

/// The kind and attribute that a field's value names, as `subnet_ids` names `subnets` by `id`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refers {
    pub kind: &'static str,
    pub attribute: &'static str,
}

/// How a create can go without a field for a while.
#[derive(Clone, Copy, Debug)]
pub enum Defer {
    Omit,
    /// A value that never grants more than the real one.
    Placeholder(fn(&Map) -> Value),
}

impl Absent {
    /// Returns the value that omitting the field is the same as writing, given the fields beside it.
    pub fn value(&self, beside: &Map) -> Option<Value> {
        match self {
            Absent::Default(value) => Some(value.clone()),
            Absent::DefaultOf(rule) => Some(rule(beside)).filter(|value| !value.is_null()),
            Absent::Required | Absent::None | Absent::LeftAlone => None,
        }
    }
}

impl Shape {
    /// Returns the field of this path, as in `lifecycle_rules.expiration.days`: lists and maps are walked through.
    pub fn at(&self, path: &str) -> Option<&Field> {
        self.record()?.at(path)
    }

    /// Returns the record at the heart of this shape, through lists and maps.
    pub fn record(&self) -> Option<&Record> {
        match self {
            Shape::Record(record) => Some(record),
            Shape::List(list) => list.item.record(),
            Shape::Map(item) => item.record(),
            _ => None,
        }
    }

    fn record_mut(&mut self) -> Option<&mut Record> {
        match self {
            Shape::Record(record) => Some(record),
            Shape::List(list) => list.item.record_mut(),
            Shape::Map(item) => item.record_mut(),
            _ => None,
        }
    }
}

impl Record {
    /// Returns a record of these fields.
    pub fn of(fields: impl IntoIterator<Item = (&'static str, Field)>) -> Record {
        Record { fields: fields.into_iter().collect(), tag: None }
    }

    /// Returns the field of this path, as in `lifecycle_rules.expiration.days`: lists and maps are walked through.
    pub fn at(&self, path: &str) -> Option<&Field> {
        match path.split_once('.') {
            Some((first, rest)) => self.fields.get(first)?.shape.at(rest),
            None => self.fields.get(path),
        }
    }

    /// Edits the field of this path in place.
    ///
    /// # Panics
    /// If there is no such field: the table beside a kind names a field that the API model lacks.
    #[must_use]
    pub fn with(mut self, path: &'static str, edit: impl FnOnce(Field) -> Field) -> Record {
        let mut record = &mut self;
        let mut path_left = path;
        while let Some((first, rest)) = path_left.split_once('.') {
            record = record
                .fields
                .get_mut(first)
                .and_then(|field| field.shape.record_mut())
                .unwrap_or_else(|| panic!("no record `{first}` in `{path}`"));
            path_left = rest;
        }
        let slot = record.fields.get_mut(path_left).unwrap_or_else(|| panic!("no field `{path}`"));
        *slot = edit(slot.clone());
        self
    }

    /// Takes the fields of these paths out.
    #[must_use]
    pub fn without(mut self, names: &[&'static str]) -> Record {
        for name in names {
            self.fields.shift_remove(name).unwrap_or_else(|| panic!("no field `{name}`"));
        }
        self
    }
}

impl Field {
    /// Returns a field of this shape: omitted means none, changed in place, compared exactly.
    pub fn new(shape: Shape) -> Field {
        Field {
            shape,
            absent: Absent::None,
            change: Change::InPlace,
            equal: Equal::Exact,
            refers: None,
            defer: None,
            sensitive: false,
            write_only: false,
            local: false,
            note: "",
            link: "",
        }
    }

    pub fn bool() -> Field {
        Field::new(Shape::Bool)
    }

    pub fn text() -> Field {
        Field::new(Shape::Text(Text::default()))
    }

    /// A text of `min` to `max` characters.
    pub fn text_of(min: u32, max: u32) -> Field {
        Field::new(Shape::Text(Text { min: Some(min), max: Some(max), ..Text::default() }))
    }

    pub fn one_of(values: &'static [&'static str]) -> Field {
        Field::new(Shape::Text(Text { values, ..Text::default() }))
    }

    pub fn integer(min: i64, max: i64) -> Field {
        Field::new(Shape::Integer { min: Some(min), max: Some(max) })
    }

    pub fn document() -> Field {
        Field::new(Shape::Document)
    }

    pub fn record(fields: impl IntoIterator<Item = (&'static str, Field)>) -> Field {
        Field::new(Shape::Record(Record::of(fields)))
    }

    /// A list whose order matters.
    pub fn list(item: Shape) -> Field {
        Field::new(Shape::List(Box::new(List { item, order: Order::Sequence, min: None, max: None })))
    }

    /// A list whose order means nothing.
    pub fn set(item: Shape) -> Field {
        Field::list(item).unordered()
    }

    /// A map of texts, as tags are.
    pub fn text_map() -> Field {
        Field::new(Shape::Map(Box::new(Shape::Text(Text::default()))))
    }

    #[must_use]
    pub fn required(mut self) -> Field {
        self.absent = Absent::Required;
        self
    }

    /// Omitting it is the same as writing `value`.
    #[must_use]
    pub fn default(mut self, value: impl Into<Value>) -> Field {
        self.absent = Absent::Default(value.into());
        self
    }

    /// Omitting it is the same as writing what `rule` returns for the fields beside it.
    #[must_use]
    pub fn default_of(mut self, rule: fn(&Map) -> Value) -> Field {
        self.absent = Absent::DefaultOf(rule);
        self
    }

    /// Omitting it removes what is live.
    #[must_use]
    pub fn or_none(mut self) -> Field {
        self.absent = Absent::None;
        self
    }

    /// Omitting it leaves what is live alone.
    #[must_use]
    pub fn left_alone(mut self) -> Field {
        self.absent = Absent::LeftAlone;
        self
    }

    /// Changing it replaces the resource.
    #[must_use]
    pub fn create_only(mut self) -> Field {
        self.change = Change::Replace;
        self
    }

    #[must_use]
    pub fn replaces_if(mut self, rule: fn(&Value, &Value, &Map) -> Effect) -> Field {
        self.change = Change::Depends(rule);
        self
    }

    #[must_use]
    pub fn unordered(mut self) -> Field {
        if let Shape::List(list) = &mut self.shape {
            list.order = Order::Set;
        }
        self
    }

    #[must_use]
    pub fn keyed(mut self, keys: &'static [&'static str]) -> Field {
        if let Shape::List(list) = &mut self.shape {
            list.order = Order::Keyed(keys);
        }
        self
    }

    /// At least `min` and at most `max` elements.
    #[must_use]
    pub fn items(mut self, min: u32, max: u32) -> Field {
        if let Shape::List(list) = &mut self.shape {
            (list.min, list.max) = (Some(min), Some(max));
        }
        self
    }

    /// Must match this regular expression as a whole.
    #[must_use]
    pub fn pattern(mut self, pattern: &'static str) -> Field {
        if let Shape::Text(text) = &mut self.shape {
            text.pattern = Some(pattern);
        }
        self
    }

    #[must_use]
    pub fn compared(mut self, equal: Equal) -> Field {
        self.equal = equal;
        self
    }

    #[must_use]
    pub fn refers(mut self, kind: &'static str, attribute: &'static str) -> Field {
        self.refers = Some(Refers { kind, attribute });
        self
    }

    /// A create can go without it, and a `configure` step sets it afterwards.
    #[must_use]
    pub fn deferrable(mut self) -> Field {
        self.defer = Some(Defer::Omit);
        self
    }

    #[must_use]
    pub fn sensitive(mut self) -> Field {
        self.sensitive = true;
        self
    }

    #[must_use]
    pub fn write_only(mut self) -> Field {
        self.write_only = true;
        self
    }

    #[must_use]
    pub fn local(mut self) -> Field {
        self.local = true;
        self
    }

    #[must_use]
    pub fn note(mut self, note: &'static str) -> Field {
        self.note = note;
        self
    }

    #[must_use]
    pub fn link(mut self, link: &'static str) -> Field {
        self.link = link;
        self
    }
}
