//! The one value type: what YAML gives, what expressions compute, what AWS reports.

use std::fmt;
use std::sync::Arc;

use indexmap::IndexMap;

/// A map with its keys in the order of the source.
pub type Map = IndexMap<Arc<str>, Value>;

/// A value of a field, an expression or an attribute. Cloning is cheap.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Value {
    /// The same as an omitted field.
    #[default]
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Str(Arc<str>),
    List(Arc<Vec<Value>>),
    Map(Arc<Map>),
    /// Not known before something is created or read.
    Unknown(Unknown),
    /// Known, but never shown or written to disk.
    Secret(Arc<Value>),
}

/// What an unknown value waits for: the reference as text, as in `subnets.public/a.id`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Unknown(pub Arc<str>);

impl Value {
    /// Returns a list of these values.
    pub fn list<V: Into<Value>>(items: impl IntoIterator<Item = V>) -> Value {
        Value::List(Arc::new(items.into_iter().map(Into::into).collect()))
    }

    /// Returns a map of these entries, in this order.
    pub fn map<K: Into<Arc<str>>, V: Into<Value>>(entries: impl IntoIterator<Item = (K, V)>) -> Value {
        Value::Map(Arc::new(entries.into_iter().map(|(key, value)| (key.into(), value.into())).collect()))
    }

    /// Returns a value that waits for `reference`.
    pub fn unknown(reference: impl Into<Arc<str>>) -> Value {
        Value::Unknown(Unknown(reference.into()))
    }

    /// Returns the value of `key`, if this is a map that has it.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.as_map()?.get(key)
    }

    pub fn as_str(&self) -> Option<&str> {
        match self.peel() {
            Value::Str(text) => Some(text),
            _ => None,
        }
    }

    pub fn as_int(&self) -> Option<i64> {
        match self.peel() {
            Value::Int(number) => Some(*number),
            _ => None,
        }
    }

    /// Returns the number as a float, whether it is an integer or not.
    pub fn as_float(&self) -> Option<f64> {
        match self.peel() {
            Value::Int(number) => Some(*number as f64),
            Value::Float(number) => Some(*number),
            _ => None,
        }
    }

    pub fn as_bool(&self) -> Option<bool> {
        match self.peel() {
            Value::Bool(flag) => Some(*flag),
            _ => None,
        }
    }

    pub fn as_list(&self) -> Option<&[Value]> {
        match self.peel() {
            Value::List(items) => Some(items),
            _ => None,
        }
    }

    pub fn as_map(&self) -> Option<&Map> {
        match self.peel() {
            Value::Map(map) => Some(map),
            _ => None,
        }
    }

    pub fn is_null(&self) -> bool {
        matches!(self.peel(), Value::Null)
    }

    /// Returns true for null and for the empty string, list and map: AWS reports "nothing" as any of them.
    pub fn is_empty(&self) -> bool {
        match self.peel() {
            Value::Null => true,
            Value::Str(text) => text.is_empty(),
            Value::List(items) => items.is_empty(),
            Value::Map(map) => map.values().all(Value::is_empty),
            _ => false,
        }
    }

    /// Returns the value inside any number of [`Value::Secret`] wrappers.
    pub fn peel(&self) -> &Value {
        match self {
            Value::Secret(inner) => inner.peel(),
            other => other,
        }
    }

    /// Returns what the first unknown inside this value waits for.
    pub fn waits_for(&self) -> Option<&Unknown> {
        match self.peel() {
            Value::Unknown(unknown) => Some(unknown),
            Value::List(items) => items.iter().find_map(Value::waits_for),
            Value::Map(map) => map.values().find_map(Value::waits_for),
            _ => None,
        }
    }

    /// Returns true if nothing inside is unknown.
    pub fn is_known(&self) -> bool {
        self.waits_for().is_none()
    }

    /// Returns true if this or anything inside is a secret.
    pub fn is_sensitive(&self) -> bool {
        match self {
            Value::Secret(_) => true,
            Value::List(items) => items.iter().any(Value::is_sensitive),
            Value::Map(map) => map.values().any(Value::is_sensitive),
            _ => false,
        }
    }

    /// Returns the value with every secret inside laid open: for requests only, never for output.
    pub fn reveal(&self) -> Value {
        match self.peel() {
            Value::List(items) => Value::list(items.iter().map(Value::reveal)),
            Value::Map(map) => Value::map(map.iter().map(|(key, value)| (key.clone(), value.reveal()))),
            other => other.clone(),
        }
    }

    /// Returns what a person would call this type of value.
    pub fn type_name(&self) -> &'static str {
        match self.peel() {
            Value::Null => "null",
            Value::Bool(_) => "a boolean",
            Value::Int(_) => "an integer",
            Value::Float(_) => "a number",
            Value::Str(_) => "a string",
            Value::List(_) => "a list",
            Value::Map(_) => "a map",
            Value::Unknown(_) => "not known yet",
            Value::Secret(_) => unreachable!("peeled"),
        }
    }

    /// Returns the value as JSON: an unknown becomes null, a secret `"(sensitive)"`.
    pub fn to_json(&self) -> serde_json::Value {
        use serde_json::Value as Json;
        match self {
            Value::Null | Value::Unknown(_) => Json::Null,
            Value::Bool(flag) => Json::Bool(*flag),
            Value::Int(number) => Json::from(*number),
            Value::Float(number) => Json::from(*number),
            Value::Str(text) => Json::String(text.to_string()),
            Value::List(items) => Json::Array(items.iter().map(Value::to_json).collect()),
            Value::Map(map) => Json::Object(map.iter().map(|(k, v)| (k.to_string(), v.to_json())).collect()),
            Value::Secret(_) => Json::String("(sensitive)".into()),
        }
    }
}

impl From<serde_json::Value> for Value {
    fn from(json: serde_json::Value) -> Value {
        use serde_json::Value as Json;
        match json {
            Json::Null => Value::Null,
            Json::Bool(flag) => Value::Bool(flag),
            Json::Number(number) => match number.as_i64() {
                Some(integer) => Value::Int(integer),
                None => Value::Float(number.as_f64().unwrap_or(f64::NAN)),
            },
            Json::String(text) => Value::from(text),
            Json::Array(items) => Value::list(items),
            Json::Object(map) => Value::map(map),
        }
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Value {
        Value::Bool(flag)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Value {
        Value::Int(number)
    }
}

impl From<i32> for Value {
    fn from(number: i32) -> Value {
        Value::Int(number.into())
    }
}

impl From<f64> for Value {
    fn from(number: f64) -> Value {
        Value::Float(number)
    }
}

impl From<f32> for Value {
    fn from(number: f32) -> Value {
        Value::Float(number.into())
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Value {
        Value::Str(text.into())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Value {
        Value::Str(text.into())
    }
}

impl From<&String> for Value {
    fn from(text: &String) -> Value {
        Value::Str(text.as_str().into())
    }
}

impl From<Arc<str>> for Value {
    fn from(text: Arc<str>) -> Value {
        Value::Str(text)
    }
}

impl From<Map> for Value {
    fn from(map: Map) -> Value {
        Value::Map(Arc::new(map))
    }
}

impl<V: Into<Value>> From<Vec<V>> for Value {
    fn from(items: Vec<V>) -> Value {
        Value::list(items)
    }
}

impl<V: Into<Value>> From<Option<V>> for Value {
    fn from(value: Option<V>) -> Value {
        value.map_or(Value::Null, Into::into)
    }
}

/// Shows the value as compact JSON: for messages. Unknown and secret values say so.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Unknown(_) => f.write_str("(known after apply)"),
            Value::Secret(_) => f.write_str("(sensitive)"),
            Value::Str(text) => write!(f, "{text:?}"),
            Value::List(items) => {
                f.write_str("[")?;
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        f.write_str(", ")?;
                    }
                    write!(f, "{item}")?;
                }
                f.write_str("]")
            }
            Value::Map(map) => {
                f.write_str("{")?;
                for (index, (key, value)) in map.iter().enumerate() {
                    if index > 0 {
                        f.write_str(", ")?;
                    }
                    write!(f, "{key}: {value}")?;
                }
                f.write_str("}")
            }
            other => write!(f, "{}", other.to_json()),
        }
    }
}
