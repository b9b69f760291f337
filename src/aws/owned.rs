//! What the tagging API sees of an owner: one walk per region and plan, shared by all kinds.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_resourcegroupstagging::types::TagFilter;
use tokio::sync::OnceCell;

use crate::model::failure::Failure;
use crate::model::owner::{Owner, tag};
use crate::model::value::{Map, Value};

use super::{Aws, tags};

/// A resource as the tagging API reports it: proves ownership, never absence, since its index lags.
#[derive(Clone, Debug, PartialEq)]
pub struct Tagged {
    pub arn: Arc<str>,
    pub tags: Map,
}

/// What a walk found, whole: a failure is shared too, so that it is not repeated for every kind.
type Walk = Arc<OnceCell<Result<Vec<Tagged>, Failure>>>;

/// The walks of a region by owner, each with the epoch in which it began.
#[derive(Debug, Default)]
pub(super) struct Index {
    walks: Mutex<BTreeMap<Owner, (u64, Walk)>>,
}

impl Index {
    /// Returns the owner's walk of this epoch: one that began before a write is not used after it.
    fn walk(&self, owner: &Owner, epoch: u64) -> Walk {
        let mut walks = self.walks.lock().unwrap_or_else(PoisonError::into_inner);
        let (begun, walk) = walks.entry(owner.clone()).or_insert_with(|| (epoch, Walk::default()));
        if *begun != epoch {
            (*begun, *walk) = (epoch, Walk::default());
        }
        walk.clone()
    }
}

impl Aws {
    /// Returns the owner's resources of a type in this region: `elasticloadbalancing:targetgroup`, `s3`,
    /// `cloudwatch:alarm`; for global types (`cloudfront:distribution`) in the region that serves them.
    pub async fn owned(&self, owner: &Owner, resource_type: &str) -> Result<Vec<Tagged>, Failure> {
        let walk = self.index.walk(owner, self.state.epoch());
        let all = walk.get_or_init(|| self.walk(owner)).await;
        let all = all.as_ref().map_err(Failure::clone)?;
        Ok(all.iter().filter(|tagged| is_type(&tagged.arn, resource_type)).cloned().collect())
    }

    async fn walk(&self, owner: &Owner) -> Result<Vec<Tagged>, Failure> {
        let filter = |key: &str, value: &str| TagFilter::builder().key(key).values(value).build();
        let mut filters = vec![filter(tag::STACK, &owner.stack)];
        filters.extend(owner.environment.as_deref().map(|environment| filter(tag::ENV, environment)));
        let mut pages =
            self.tagging.get_resources().set_tag_filters(Some(filters)).into_paginator().page_size(100).send();
        let mut all = Vec::new();
        while let Some(page) = pages.next().await {
            for mapping in page?.resource_tag_mapping_list.unwrap_or_default() {
                let tags = tags::from_sdk(mapping.tags());
                let Some(arn) = mapping.resource_arn else { continue };
                let environment = tags.get(tag::ENV).and_then(Value::as_str);
                if environment == owner.environment.as_deref() {
                    all.push(Tagged { arn: arn.into(), tags });
                }
            }
        }
        Ok(all)
    }
}

/// Returns true if an ARN is of a type, as `elasticloadbalancing:targetgroup` or just `s3`.
fn is_type(arn: &str, resource_type: &str) -> bool {
    let (service, resource) = resource_type.split_once(':').unwrap_or((resource_type, ""));
    let mut parts = arn.splitn(6, ':').skip(2);
    let (found, rest) = (parts.next(), parts.nth(2).unwrap_or_default());
    found == Some(service)
        && (resource.is_empty() || rest.strip_prefix(resource).is_some_and(|rest| rest.starts_with(['/', ':'])))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arn_is_of_its_service_and_type() {
        for (arn, resource_type, expected) in [
            ("arn:aws:s3:::films", "s3", true),
            ("arn:aws:sqs:us-east-1:1:jobs", "sqs", true),
            ("arn:aws:elasticloadbalancing:us-east-1:1:targetgroup/a/b", "elasticloadbalancing:targetgroup", true),
            ("arn:aws:elasticloadbalancing:us-east-1:1:listener-rule/app/a", "elasticloadbalancing:listener", false),
            ("arn:aws:cloudwatch:us-east-1:1:alarm:high", "cloudwatch:alarm", true),
            ("arn:aws:cloudfront::1:distribution/E1", "cloudfront:distribution", true),
            ("arn:aws:cloudfront::1:distribution/E1", "s3", false),
            ("nonsense", "s3", false),
        ] {
            assert_eq!(is_type(arn, resource_type), expected, "{arn} {resource_type}");
        }
    }
}
