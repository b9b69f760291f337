//! What all kinds of EC2 share: finding by filters, tagging, creating once, deleting what is still held.

use std::time::Duration;

use aws_sdk_ec2::types::{Filter, NetworkInterface, Tag};
use tokio::time::Instant;

use crate::aws::{Aws, tags, until};
use crate::model::failure::{Class, Failure, unless_gone};
use crate::model::live::{Live, Phase};
use crate::model::owner::{Mark, Owner, tag};
use crate::model::value::Map;
use crate::world::{Ask, Born, New, TagChange};

use super::Kind;

/// The values that one filter may have: <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Filter.html>.
const FILTER_VALUES_MAX: usize = 200;

/// How long an ambiguous create is looked for before it is tried again.
const LOOK_BOUND: Duration = Duration::from_secs(60);
const CREATE_ATTEMPTS: u32 = 3;

/// The highest number of a client token.
const TOKENS_MAX: u32 = 8;
/// How long what a create call names may not show, before it is taken for deleted long ago.
const TOKEN_REPLY_BOUND: Duration = Duration::from_secs(30);

/// How long Describe may not show what was just created.
pub const VISIBLE_BOUND: Duration = Duration::from_secs(120);

/// How long interfaces that AWS's own services made (load balancers, functions) are given to vanish.
const LINGERING_BOUND: Duration = Duration::from_secs(15 * 60);
/// How long anything else that holds a resource is given.
const HELD_BOUND: Duration = Duration::from_secs(60);

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

/// Creates what has neither a token nor a unique name, without making two of it.
///
/// When no answer came, AWS may have done the work: what carries exactly these owner tags is looked for until it
/// must have become visible, before another try.
pub async fn create_once(
    kind: &dyn Kind,
    aws: &Aws,
    wanted: &Map,
    create: impl AsyncFn() -> Result<String, Failure>,
) -> Result<String, Failure> {
    let mut attempt = 1;
    loop {
        match create().await {
            Err(failure) if failure.class == Class::Ambiguous => {
                if let Some(id) = look_for(kind, aws, wanted, LOOK_BOUND).await? {
                    return Ok(id);
                }
                if attempt == CREATE_ATTEMPTS {
                    return Err(failure);
                }
                attempt += 1;
            }
            other => return other,
        }
    }
}

/// Creates with a client token, walking to the next one when AWS holds a token for used up.
///
/// A token stays bound to what it made, even after that is deleted: then the reply names something not live.
pub async fn create_with_token(
    kind: &dyn Kind,
    aws: &Aws,
    new: &New<'_>,
    create: impl AsyncFn(String) -> Result<String, Failure>,
) -> Result<String, Failure> {
    for n in 0..=TOKENS_MAX {
        match create(new.token.nth(n)).await {
            Ok(id) if is_live(kind, aws, &id).await? => return Ok(id),
            Ok(_) => {}
            Err(failure) if failure.is_code("IdempotentParameterMismatch") => {}
            Err(failure) => return Err(failure),
        }
        if let Some(id) = look_for(kind, aws, new.tags, Duration::ZERO).await? {
            return Ok(id);
        }
    }
    Err(Failure::new(
        Class::Other,
        format!("AWS holds all {TOKENS_MAX} client tokens of `{}` for used up", new.address),
    )
    .hint("change one of its tags: new content has new tokens"))
}

/// Returns true as soon as Describe shows a resource that is there or coming.
async fn is_live(kind: &dyn Kind, aws: &Aws, id: &str) -> Result<bool, Failure> {
    let ask = Ask::Ids(vec![id.into()]);
    let shown = until("it to show", TOKEN_REPLY_BOUND, async || {
        let found = kind.discover(aws, &ask).await?.pop();
        Ok(found.map(|live| matches!(live.phase, Phase::Usable | Phase::Pending)))
    });
    match shown.await {
        Err(failure) if failure.class == Class::TimedOut => Ok(false),
        outcome => outcome,
    }
}

/// Returns the id of the live resource with exactly these owner tags, as soon as it shows within the bound.
///
/// One that is being replaced has one tag more, so it is not taken for its successor.
pub async fn look_for(kind: &dyn Kind, aws: &Aws, wanted: &Map, bound: Duration) -> Result<Option<String>, Failure> {
    let Some(mark) = Mark::from_tags(wanted) else { return Ok(None) };
    let owner = Owner { account: aws.place().account, stack: mark.stack, environment: mark.environment };
    let ask = Ask::Owned(owner);
    let found = until("it to show", bound, async || {
        let found = kind.discover(aws, &ask).await?.into_iter().find(|live| {
            owner_tags(&live.tags) == owner_tags(wanted) && matches!(live.phase, Phase::Usable | Phase::Pending)
        });
        Ok(found.map(|live| live.id.to_string()))
    });
    match found.await {
        Ok(id) => Ok(Some(id)),
        Err(failure) if failure.class == Class::TimedOut => Ok(None),
        Err(failure) => Err(failure),
    }
}

fn owner_tags(tags: &Map) -> Map {
    let mut own: Map = tags
        .iter()
        .filter(|(key, _)| key.starts_with(tag::PREFIX))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    own.sort_keys();
    own
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

/// Deletes, and goes on trying while network interfaces that AWS's services made still hold it; then says who does.
///
/// `held_by` are the filters of DescribeNetworkInterfaces that find the holders of `id`.
pub async fn delete_held(
    aws: &Aws,
    id: &str,
    held_by: &[Filter],
    delete: impl AsyncFn() -> Result<(), Failure>,
) -> Result<(), Failure> {
    let started = Instant::now();
    let what = format!("`{id}` to be free");
    let outcome = until(&what, LINGERING_BOUND, async || match unless_gone(delete().await) {
        Ok(_) => Ok(Some(Ok(()))),
        Err(failure) if failure.class == Class::InUse => {
            let holders = holders(aws, held_by).await?;
            let lingering = holders.iter().any(|holder| holder.requester_managed() == Some(true));
            let bound = if lingering { LINGERING_BOUND - HELD_BOUND } else { HELD_BOUND };
            Ok((started.elapsed() >= bound).then(|| Err(name_holders(failure, &holders))))
        }
        Err(failure) => Err(failure),
    });
    outcome.await?
}

async fn holders(aws: &Aws, held_by: &[Filter]) -> Result<Vec<NetworkInterface>, Failure> {
    let pages = aws.ec2.describe_network_interfaces().set_filters(Some(held_by.to_vec())).into_paginator();
    Ok(pages.items().send().try_collect().await?)
}

fn name_holders(failure: Failure, holders: &[NetworkInterface]) -> Failure {
    if holders.is_empty() {
        return failure;
    }
    let named = holders.iter().take(5).map(|holder| {
        let id = holder.network_interface_id().unwrap_or("an interface");
        let what = [holder.description(), holder.requester_id()];
        let what: Vec<_> = what.into_iter().flatten().filter(|text| !text.is_empty()).collect();
        if what.is_empty() { format!("`{id}`") } else { format!("`{id}` ({})", what.join(", ")) }
    });
    let list = named.collect::<Vec<_>>().join(", ");
    let more = match holders.len() {
        0..=5 => String::new(),
        many => format!(" and {} more", many - 5),
    };
    failure.hint(format!("it is held by {list}{more}; delete what made them, then run the command again"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_go_into_filters_of_bounded_size() {
        let ids: Vec<_> = (0..450).map(|n| format!("vpc-{n}").into()).collect();
        let calls = filters(&Ask::Ids(ids), "vpc-id", None);
        let sizes: Vec<_> = calls.iter().map(|call| call[0].values().len()).collect();
        assert_eq!(sizes, [200, 200, 50]);
    }

    #[test]
    fn an_owner_is_found_by_its_tags() {
        let owner = Owner { account: "1".into(), stack: "s".into(), environment: Some("prod".into()) };
        let calls = filters(&Ask::Owned(owner), "vpc-id", None);
        let names: Vec<_> = calls[0].iter().filter_map(Filter::name).collect();
        assert_eq!(names, ["tag:trueup:stack", "tag:trueup:env"]);
        assert!(filters(&Ask::Named(vec!["x".into()]), "vpc-id", None).is_empty());
    }

    #[test]
    fn a_failed_delete_names_who_holds_it() {
        let holder = NetworkInterface::builder().network_interface_id("eni-1").description("ELB app/edge/1").build();
        let failure = name_holders(Failure::new(Class::InUse, "has a dependent object"), &[holder]);
        assert_eq!(
            failure.hint.unwrap(),
            "it is held by `eni-1` (ELB app/edge/1); delete what made them, then run the command again"
        );
    }
}
