//! Default names: chosen at birth, and never compared afterwards.

use crate::model::address::Address;
use crate::model::live::Live;
use crate::model::schema::Schema;
use crate::model::stack::Declared;
use crate::model::value::Map;

/// Gives a resource that is live the name it has, where the stack leaves the choice to trueup.
pub fn keep(declared: &dyn Declared, address: &Address, schema: &Schema, live: &Live, written: &mut Map) {
    if let Some(naming) = schema.naming.filter(|_| declared.has_default_name(address))
        && let Some(name) = live.fields.get(naming.field)
    {
        written.insert(naming.field.into(), name.clone());
    }
}
