//! Names that are taken already: ours after an interrupted create, or somebody else's.

use crate::model::failure::{Class, Failure};
use crate::model::owner::Mark;
use crate::model::value::Map;
use crate::world::New;

/// Returns true if tags carry the mark that `new` would: the resource was made by an earlier try.
pub fn is_ours(found: &Map, new: &New<'_>) -> bool {
    let (Some(found), Some(mark)) = (Mark::from_tags(found), Mark::from_tags(new.tags)) else { return false };
    found.stack == mark.stack && found.environment == mark.environment && found.address == mark.address
}

/// Returns success if the resource that holds the name of `new` is ours, else the error that says whose it may be.
pub fn ours_or_refused(one: &str, name: &str, found: &Map, new: &New<'_>) -> Result<(), Failure> {
    if is_ours(found, new) {
        return Ok(());
    }
    let owner = match Mark::from_tags(found) {
        Some(mark) => format!("belongs to `{}` of the stack `{}`", mark.address, mark.stack),
        None => "is not managed by this stack".to_owned(),
    };
    Err(Failure::new(Class::Exists, format!("the {one} `{name}` exists already and {owner}"))
        .hint(format!("take it over with `trueup adopt STACK {} {name}`, or choose another name", new.address)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::address::Address;
    use crate::model::owner::Owner;
    use crate::model::schema::Place;
    use crate::world::Token;

    #[test]
    fn only_the_same_address_of_the_same_owner_is_ours() {
        let owner = Owner { account: "1".into(), stack: "s".into(), environment: None };
        let address = Address::new("queues", "jobs");
        let place = Place { account: "1".into(), region: "eu-west-1".into(), partition: "aws".into() };
        let (fields, tags) = (Map::new(), Mark::new(&owner, address.clone(), None).to_tags());
        let token = Token::new(&owner, "eu-west-1", &address, None, &fields, &tags);
        let new = New { address: &address, place: &place, fields: &fields, tags: &tags, token };
        assert!(ours_or_refused("queue", "jobs", &tags, &new).is_ok());
        for foreign in [
            Map::new(),
            Mark::new(&owner, Address::new("queues", "other"), None).to_tags(),
            Mark::new(&Owner { environment: Some("prod".into()), ..owner.clone() }, address.clone(), None).to_tags(),
        ] {
            assert_eq!(ours_or_refused("queue", "jobs", &foreign, &new).unwrap_err().class, Class::Exists);
        }
    }
}
