//! Reading the fields of a request out of a map: complete, known and revealed when an adapter sees them.

use crate::model::value::{Map, Value};

/// Fields by name, as the SDK's builders take them. What is absent or of another shape is `None`.
pub trait Fields {
    fn value(&self, name: &str) -> Option<&Value>;

    /// A text; a number or boolean is spelled out, since some APIs take these as text.
    fn text(&self, name: &str) -> Option<String> {
        match self.value(name)? {
            Value::Str(text) => Some(text.to_string()),
            Value::Int(number) => Some(number.to_string()),
            Value::Bool(flag) => Some(flag.to_string()),
            _ => None,
        }
    }

    fn integer(&self, name: &str) -> Option<i32> {
        self.value(name)?.as_int().and_then(|number| i32::try_from(number).ok())
    }

    fn flag(&self, name: &str) -> Option<bool> {
        self.value(name)?.as_bool()
    }

    /// A list of texts: none if there is no such list.
    fn texts(&self, name: &str) -> Option<Vec<String>> {
        let items = self.value(name)?.as_list()?;
        Some(items.iter().filter_map(|item| item.as_str().map(str::to_owned)).collect())
    }

    fn record(&self, name: &str) -> Option<&Map> {
        self.value(name)?.as_map()
    }

    /// A list of records: empty if there is no such list.
    fn records(&self, name: &str) -> impl Iterator<Item = &Map> {
        self.value(name).and_then(Value::as_list).unwrap_or_default().iter().filter_map(Value::as_map)
    }
}

impl Fields for Map {
    fn value(&self, name: &str) -> Option<&Value> {
        self.get(name).map(Value::peel).filter(|value| !value.is_null())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_in_the_shape_that_is_asked_for() {
        let fields = Map::from_iter([
            ("port".into(), Value::Int(443)),
            ("name".into(), Value::Secret(Value::from("web").into())),
            ("zones".into(), Value::list(["a", "b"])),
            ("none".into(), Value::Null),
        ]);
        assert_eq!(fields.integer("port"), Some(443));
        assert_eq!(fields.text("port").as_deref(), Some("443"));
        assert_eq!(fields.text("name").as_deref(), Some("web"));
        assert_eq!(fields.texts("zones"), Some(vec!["a".to_owned(), "b".to_owned()]));
        assert_eq!((fields.flag("none"), fields.records("zones").count()), (None, 0));
    }
}
