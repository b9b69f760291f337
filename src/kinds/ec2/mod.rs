//! What all kinds of EC2 share: finding by filters, tagging, creating once, deleting what is still held.

mod held;
mod once;
#[cfg(test)]
mod tests;

use std::time::Duration;

use aws_sdk_ec2::types::{Filter, Tag};

use crate::aws::{Aws, tags, until};
use crate::model::failure::{Class, Failure};
use crate::model::live::{Live, Phase};
use crate::model::owner::tag;
use crate::world::{Ask, Born, TagChange};

use super::Kind;

pub use held::delete_held;
pub use once::{create_once, create_with_token, look_for};

/// The values that one filter may have: <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Filter.html>.
const FILTER_VALUES_MAX: usize = 200;

/// How long Describe may not show what was just created.
pub const VISIBLE_BOUND: Duration = Duration::from_secs(120);

pub fn filter(name: impl Into<String>, values: impl IntoIterator<Item = impl Into<String>>) -> Filter {
    Filter::builder().name(name).set_values(Some(values.into_iter().map(Into::into).collect())).build()
}

/// Returns the filters that find what is asked for, one set a call.
///
/// Ids go into a filter, not into the parameter for ids: there, one missing id fails the whole call.
pub fn filters(ask: &Ask, id: &str, name: Option<&str>) -> Vec<Vec<Filter>> {
    match ask {
        Ask::Owned(owner) => {
            let mut filters = vec![filter(format!("tag:{}", tag::STACK), [&*owner.stack])];
            filters.extend(owner.environment.iter().map(|env| filter(format!("tag:{}", tag::ENV), [&**env])));
            vec![filters]
        }
        Ask::Named(names) => name.map(|name| in_batches(name, names)).unwrap_or_default(),
        Ask::Ids(ids) => in_batches(id, ids),
    }
}

/// Returns one filter a call, with no more values than a filter may have.
pub fn in_batches<T: AsRef<str>>(name: &str, values: &[T]) -> Vec<Vec<Filter>> {
    let batches = values.chunks(FILTER_VALUES_MAX);
    batches.map(|batch| vec![filter(name, batch.iter().map(|value| value.as_ref()))]).collect()
}

/// Drops what the filters let through although it is another environment's.
pub fn keep_asked(ask: &Ask, found: Vec<Live>) -> Vec<Live> {
    match ask {
        Ask::Owned(owner) => {
            found.into_iter().filter(|live| live.mark().is_some_and(|mark| mark.is_of(owner))).collect()
        }
        _ => found,
    }
}

/// Returns a live resource with its id, ARN and tags.
pub fn live(aws: &Aws, kind: &'static str, resource: &str, id: &str, sdk_tags: &[Tag]) -> Live {
    let mut live = Live::new(kind, Some(&aws.region), id);
    live.tags = tags::from_sdk(sdk_tags);
    live.attribute("arn", arn(aws, resource, id));
    live
}

/// Returns the ARN of an EC2 resource: most Describe calls do not report it.
pub fn arn(aws: &Aws, resource: &str, id: &str) -> String {
    let place = aws.place();
    format!("arn:{}:ec2:{}:{}:{resource}/{id}", place.partition, place.region, place.account)
}

/// Returns the id in a create call's reply.
pub fn id_of(id: Option<String>) -> Result<String, Failure> {
    id.ok_or_else(|| Failure::new(Class::Ambiguous, "AWS's reply names no id"))
}

/// Sets and removes tags.
pub async fn retag(aws: &Aws, id: &str, change: &TagChange) -> Result<(), Failure> {
    if !change.set.is_empty() {
        aws.ec2.create_tags().resources(id).set_tags(Some(tags::to_sdk(&change.set))).send().await?;
    }
    if !change.remove.is_empty() {
        // Only keys: a tag with a value is removed only if it still has that value.
        let keys = change.remove.iter().map(|key| Tag::builder().key(&**key).build()).collect();
        aws.ec2.delete_tags().resources(id).set_tags(Some(keys)).send().await?;
    }
    Ok(())
}

/// Waits until Describe shows what was just created and it is usable: dependents start then.
pub async fn born(kind: &dyn Kind, aws: &Aws, id: &str, bound: Duration) -> Result<Live, Failure> {
    let ask = Ask::Ids(vec![id.into()]);
    until(&format!("`{id}` to become usable"), bound, async || {
        let Some(live) = kind.discover(aws, &ask).await?.pop() else { return Ok(None) };
        match &live.phase {
            Phase::Pending | Phase::Deleting => Ok(None),
            Phase::Failed(reason) => Err(Failure::new(Class::Other, format!("`{id}` failed: {reason}"))),
            Phase::Usable => Ok(Some(live)),
        }
    })
    .await
}

impl From<Live> for Born {
    fn from(live: Live) -> Born {
        Born { id: live.id, attributes: live.attributes }
    }
}

/// Waits until Describe no longer shows it.
pub async fn gone(kind: &dyn Kind, aws: &Aws, id: &str, bound: Duration) -> Result<(), Failure> {
    let ask = Ask::Ids(vec![id.into()]);
    until(&format!("`{id}` to be gone"), bound, async || Ok(kind.discover(aws, &ask).await?.is_empty().then_some(())))
        .await
}
