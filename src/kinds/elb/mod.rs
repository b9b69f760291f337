//! What target groups and load balancers share: finding them, their tags, and settings kept as key and value.

pub mod settings;

use std::collections::HashMap;

use crate::aws::{Aws, Tagged, each, tags};
use crate::model::failure::{Failure, unless_gone};
use crate::model::value::Map;
use crate::world::{Ask, TagChange};

/// How many objects are read at once: the published bucket of ELB's reads holds 40.
pub const FAN_OUT: usize = 40;
/// The most ARNs that one call on tags takes, and the most for which a call by ARN or name pays.
pub const BATCH: usize = 20;

/// What to describe: nothing, or some, or so many that whole pages are cheaper.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    Arns(Vec<String>),
    Names(Vec<String>),
}

/// What a request names, if it names anything of this sort.
type Asked = Option<Vec<String>>;

impl Wanted {
    pub fn is_empty(&self) -> bool {
        let (Wanted::Arns(items) | Wanted::Names(items)) = self;
        items.is_empty()
    }

    /// Returns the ARNs and names to ask for: none if all of the account is to be read.
    fn request(&self) -> Option<(Asked, Asked)> {
        match self {
            Wanted::Arns(arns) if arns.len() <= BATCH => Some((Some(arns.clone()), None)),
            Wanted::Names(names) if names.len() <= BATCH => Some((None, Some(names.clone()))),
            _ => None,
        }
    }

    pub fn holds(&self, arn: Option<&str>, name: Option<&str>) -> bool {
        match self {
            Wanted::Arns(arns) => arns.iter().any(|wanted| Some(wanted.as_str()) == arn),
            Wanted::Names(names) => names.iter().any(|wanted| Some(wanted.as_str()) == name),
        }
    }
}

/// Returns what `ask` wants described, with the tags where they are known already.
pub async fn wanted(aws: &Aws, ask: &Ask, resource_type: &str) -> Result<(Wanted, Option<Vec<Tagged>>), Failure> {
    Ok(match ask {
        Ask::Owned(owner) => {
            let owned = aws.owned(owner, resource_type).await?;
            (Wanted::Arns(owned.iter().map(|tagged| tagged.arn.to_string()).collect()), Some(owned))
        }
        Ask::Named(names) => (Wanted::Names(names.iter().map(ToString::to_string).collect()), None),
        Ask::Ids(ids) => (Wanted::Arns(ids.iter().map(ToString::to_string).collect()), None),
    })
}

/// Describes what is wanted, in one call if it all exists: one that does not fails the whole call, and then the
/// account's pages (of 400) are read and matched.
pub async fn described<T>(
    wanted: &Wanted,
    some: impl AsyncFn(Option<Vec<String>>, Option<Vec<String>>) -> Result<Vec<T>, Failure>,
    all: impl AsyncFn() -> Result<Vec<T>, Failure>,
    names: impl Fn(&T) -> (Option<&str>, Option<&str>),
) -> Result<Vec<T>, Failure> {
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    if let Some((arns, by_name)) = wanted.request() {
        let single = arns.iter().chain(&by_name).all(|items| items.len() == 1);
        match unless_gone(some(arns, by_name).await)? {
            Some(found) => return Ok(found),
            None if single => return Ok(Vec::new()),
            None => {}
        }
    }
    let mut found = all().await?;
    found.retain(|item| {
        let (arn, name) = names(item);
        wanted.holds(arn, name)
    });
    Ok(found)
}

/// Returns the tags that the tagging API gave for an ARN.
pub fn tags_in(tagged: &[Tagged], arn: &str) -> Map {
    tagged.iter().find(|tagged| &*tagged.arn == arn).map(|tagged| tagged.tags.clone()).unwrap_or_default()
}

/// Returns the tags of these ARNs. What has gone meanwhile is left out.
pub async fn tags_of(aws: &Aws, arns: &[String]) -> Result<HashMap<String, Map>, Failure> {
    let batches = each(FAN_OUT, arns.chunks(BATCH), async |arns| {
        let found = aws.elb.describe_tags().set_resource_arns(Some(arns.to_vec())).send().await.map_err(Failure::from);
        match unless_gone(found)? {
            Some(found) => Ok(found.tag_descriptions.unwrap_or_default()),
            None if arns.len() == 1 => Ok(Vec::new()),
            None => one_by_one(aws, arns).await,
        }
    });
    let all = batches.await?.into_iter().flatten();
    Ok(all
        .filter_map(|found| {
            let tags = tags::from_sdk(found.tags());
            Some((found.resource_arn?, tags))
        })
        .collect())
}

async fn one_by_one(
    aws: &Aws,
    arns: &[String],
) -> Result<Vec<aws_sdk_elasticloadbalancingv2::types::TagDescription>, Failure> {
    let all = each(FAN_OUT, arns, async |arn| {
        let found = aws.elb.describe_tags().resource_arns(arn).send().await.map_err(Failure::from);
        Ok(unless_gone(found)?.and_then(|found| found.tag_descriptions).unwrap_or_default())
    });
    Ok(all.await?.into_iter().flatten().collect())
}

/// Carries out a change of tags on all of these ARNs.
pub async fn retag(aws: &Aws, arns: &[String], change: &TagChange) -> Result<(), Failure> {
    for arns in arns.chunks(BATCH) {
        if !change.remove.is_empty() {
            let keys = change.remove.iter().map(ToString::to_string).collect();
            let request = aws.elb.remove_tags().set_resource_arns(Some(arns.to_vec()));
            request.set_tag_keys(Some(keys)).send().await?;
        }
        if !change.set.is_empty() {
            let request = aws.elb.add_tags().set_resource_arns(Some(arns.to_vec()));
            request.set_tags(Some(tags::to_sdk(&change.set))).send().await?;
        }
    }
    Ok(())
}

/// Returns the part of an ARN that CloudWatch's dimensions name: `app/web/0123456789abcdef`, `targetgroup/web/…`.
pub fn suffix(arn: &str) -> &str {
    let resource = arn.splitn(6, ':').nth(5).unwrap_or(arn);
    resource.strip_prefix("loadbalancer/").unwrap_or(resource)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_suffix_is_what_cloudwatch_calls_it() {
        for (arn, expected) in [
            ("arn:aws:elasticloadbalancing:us-east-1:1:loadbalancer/app/web/0f", "app/web/0f"),
            ("arn:aws:elasticloadbalancing:us-east-1:1:targetgroup/web/0f", "targetgroup/web/0f"),
        ] {
            assert_eq!(suffix(arn), expected);
        }
    }

    #[test]
    fn many_are_read_as_whole_pages() {
        let many = |count| Wanted::Arns((0..count).map(|at| format!("arn{at}")).collect());
        assert!(many(BATCH).request().is_some());
        assert!(many(BATCH + 1).request().is_none());
        assert!(many(3).holds(Some("arn2"), None) && !many(3).holds(Some("arn3"), Some("arn2")));
    }
}
