//! CloudFront distributions: one document, written whole.

mod config;
mod fields;
mod rules;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use aws_sdk_cloudfront::types::{Distribution, DistributionConfig, DistributionConfigWithTags, TagKeys};
use futures_util::{join, try_join};

use crate::aws::{Aws, each, insist, tags, until};
use crate::model::failure::{Class, Failure, unless_gone};
use crate::model::live::{Live, Phase};
use crate::model::owner::{Mark, Owner};
use crate::model::schema::{Attribute, Ready, Schema};
use crate::model::value::{Map, Value};
use crate::world::{Ask, Born, New, Old, Revision, TagChange};

use super::cloudfront::{CONTENTION, STALE, empty_answer};
use super::{Kind, taken};

pub struct Distributions;

const KIND: &str = "distributions";
const LINK: &str = "https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_DistributionConfig.html";
/// The hosted zone of every distribution, for alias records.
/// <https://docs.aws.amazon.com/Route53/latest/APIReference/API_AliasTarget.html>
const HOSTED_ZONE: &str = "Z2FDTNDATAQYW2";
/// How many distributions are read at once.
const FAN_OUT: usize = 16;
/// A change takes minutes to reach every edge, and more when AWS is busy.
const DEPLOYMENT: Duration = Duration::from_secs(90 * 60);
/// The tagging API's index lags: what changed this recently is asked for its tags itself.
const INDEX_LAG: Duration = Duration::from_secs(15 * 60);
/// How many used-up caller references are stepped over.
const REFERENCES_MAX: u32 = 8;

#[async_trait(?Send)]
impl Kind for Distributions {
    fn schema(&self) -> Schema {
        Schema::new(KIND, "distribution", Attribute::given("E{upper13}"))
            .global()
            .link(LINK)
            .fields(fields::fields().fields)
            .attributes([
                ("arn", Attribute::computed("arn:{partition}:cloudfront::{account}:distribution/{id}")),
                ("domain_name", Attribute::given("d1{hex12}.cloudfront.net")),
                ("hosted_zone_id", Attribute::computed(HOSTED_ZONE)),
                ("status", Attribute::given("Deployed").moves()),
            ])
            .claim("the alias", &["aliases"])
            .rule(rules::targets)
            .rule(rules::origins)
            .rule(rules::caching)
            .rule(rules::certificate)
            .rule(rules::responses)
            .ready(Ready::IfAsked)
            .operations(
                &["cloudfront:ListDistributions", "cloudfront:GetDistribution", "cloudfront:ListTagsForResource"],
                &[
                    "cloudfront:CreateDistributionWithTags",
                    "cloudfront:UpdateDistribution",
                    "cloudfront:DeleteDistribution",
                    "cloudfront:TagResource",
                    "cloudfront:UntagResource",
                ],
            )
    }

    async fn discover(&self, aws: &Aws, ask: &Ask) -> Result<Vec<Live>, Failure> {
        let found = match ask {
            Ask::Owned(owner) => return owned(aws, owner).await,
            Ask::Named(ids) | Ask::Ids(ids) => {
                each(FAN_OUT, ids, async |id| {
                    let Some(found) = get(aws, id).await? else { return Ok(None) };
                    let tags = tags_of(aws, found.distribution.arn()).await?;
                    Ok(tags.map(|tags| live(&found.distribution, tags)))
                })
                .await?
            }
        };
        Ok(found.into_iter().flatten().collect())
    }

    async fn create(&self, aws: &Aws, new: &New<'_>) -> Result<Born, Failure> {
        for n in 0..=REFERENCES_MAX {
            let reference = new.token.nth(n);
            let config = config::write(new.fields, &reference)?;
            let whole = DistributionConfigWithTags::builder().distribution_config(config).tags(tags::items(new.tags));
            let request = aws.cloudfront.create_distribution_with_tags().distribution_config_with_tags(whole.build());
            let made = match request.send().await.map_err(Failure::from) {
                Ok(made) => made.distribution,
                Err(failure) if failure.is_code("DistributionAlreadyExists") => {
                    match earlier(aws, new, &reference).await? {
                        Some(made) => Some(made),
                        // Used by one that was deleted since.
                        None => continue,
                    }
                }
                Err(failure) => return Err(explained(failure)),
            };
            let made = made.ok_or_else(|| empty_answer("cloudfront:CreateDistributionWithTags"))?;
            let live = live(&made, Map::new());
            return Ok(Born { id: live.id, attributes: live.attributes });
        }
        Err(Failure::new(Class::Exists, "every caller reference is used up by distributions that are gone")
            .hint("change something in the distribution, its comment for instance, and apply again"))
    }

    async fn update(&self, aws: &Aws, revision: &Revision<'_>) -> Result<Map, Failure> {
        let document = async {
            if revision.delta.changes.iter().all(|change| change.field() == "tags") {
                return Ok(Map::new());
            }
            let revise = |current: &DistributionConfig| config::revise(current, revision.fields, revision.delta);
            let status = put(aws, &revision.live.id, revise).await?;
            Ok(Map::from_iter([("status".into(), status.into())]))
        };
        let (attributes, ()) = try_join!(document, retag(aws, revision.live, &revision.tags))?;
        Ok(attributes)
    }

    /// Disables, waits until that is deployed, deletes. Each step finds what an interrupted run has done of it.
    async fn delete(&self, aws: &Aws, old: &Old<'_>) -> Result<(), Failure> {
        let id = &*old.live.id;
        let Some(found) = get(aws, id).await? else { return Ok(()) };
        if found.distribution.distribution_config.as_ref().is_none_or(|config| config.enabled) {
            let disable = |current: &DistributionConfig| {
                let mut config = current.clone();
                config.enabled = false;
                // A distribution with a continuous deployment policy cannot be deleted.
                config.continuous_deployment_policy_id = Some(String::new());
                Ok(config)
            };
            unless_gone(put(aws, id, disable).await)?;
        }
        let what = format!("the distribution `{id}` to be disabled at every edge");
        until(&what, DEPLOYMENT, async || {
            let Some(found) = get(aws, id).await? else { return Ok(Some(())) };
            if found.distribution.status != "Deployed" {
                return Ok(None);
            }
            let request = aws.cloudfront.delete_distribution().id(id).set_if_match(found.version);
            match unless_gone(request.send().await.map_err(Failure::from)) {
                Ok(_) => Ok(Some(())),
                Err(failure) if STALE.iter().any(|code| failure.is_code(code)) => Ok(None),
                Err(failure) => Err(failure),
            }
        })
        .await
    }
}

/// A distribution and the version that a write must name.
struct Found {
    distribution: Distribution,
    version: Option<String>,
}

/// Reads what the owner has: by the tagging API's index, and by its own tags what is too new for that.
async fn owned(aws: &Aws, owner: &Owner) -> Result<Vec<Live>, Failure> {
    let (listed, indexed) = join!(list(aws), aws.owned(owner, "cloudfront:distribution"));
    let (listed, since) = (listed?, SystemTime::now() - INDEX_LAG);
    let candidates = listed.into_iter().filter_map(|listed| match &indexed {
        Ok(indexed) => match indexed.iter().find(|tagged| tagged.arn == listed.arn) {
            Some(tagged) => Some((listed, Some(tagged.tags.clone()))),
            None => (listed.modified >= since).then_some((listed, None)),
        },
        // Without the index every distribution is asked: slower, and right.
        Err(_) => Some((listed, None)),
    });
    let found = each(FAN_OUT, candidates, async |(listed, tags)| {
        let tags = match tags {
            Some(tags) => Some(tags),
            None => tags_of(aws, &listed.arn).await?,
        };
        let is_owned = |tags: &Map| Mark::from_tags(tags).is_some_and(|mark| mark.is_of(owner));
        let Some(tags) = tags.filter(is_owned) else { return Ok(None) };
        Ok(get(aws, &listed.id).await?.map(|found| live(&found.distribution, tags)))
    })
    .await?;
    Ok(found.into_iter().flatten().collect())
}

/// A distribution in the list of all.
struct Listed {
    id: Arc<str>,
    arn: Arc<str>,
    modified: SystemTime,
}

async fn list(aws: &Aws) -> Result<Vec<Listed>, Failure> {
    let mut found = Vec::new();
    let mut marker = None;
    loop {
        let page = aws.cloudfront.list_distributions().set_marker(marker).send().await?;
        let Some(page) = page.distribution_list else { return Ok(found) };
        found.extend(page.items().iter().map(|summary| Listed {
            id: summary.id().into(),
            arn: summary.arn().into(),
            modified: SystemTime::try_from(*summary.last_modified_time()).unwrap_or(SystemTime::UNIX_EPOCH),
        }));
        marker = page.next_marker.filter(|next| page.is_truncated && !next.is_empty());
        if marker.is_none() {
            return Ok(found);
        }
    }
}

async fn get(aws: &Aws, id: &str) -> Result<Option<Found>, Failure> {
    let found = unless_gone(aws.cloudfront.get_distribution().id(id).send().await.map_err(Failure::from))?;
    Ok(found.and_then(|found| Some(Found { distribution: found.distribution?, version: found.e_tag })))
}

async fn tags_of(aws: &Aws, arn: &str) -> Result<Option<Map>, Failure> {
    let found = aws.cloudfront.list_tags_for_resource().resource(arn).send().await.map_err(Failure::from);
    Ok(unless_gone(found)?.map(|found| found.tags.map(|tags| tags::from_sdk(tags.items())).unwrap_or_default()))
}

fn live(found: &Distribution, tags: Map) -> Live {
    let mut live = Live::new(KIND, None, found.id());
    if found.status != "Deployed" {
        live.phase = Phase::Pending;
    }
    live.fields = found.distribution_config.as_ref().map(config::read).unwrap_or_default();
    live.attribute("arn", found.arn())
        .attribute("domain_name", found.domain_name())
        .attribute("hosted_zone_id", HOSTED_ZONE)
        .attribute("status", found.status());
    live.tags = tags;
    live
}

/// Writes the document anew, as `change` makes it of the one just read. Returns the status.
async fn put(
    aws: &Aws,
    id: &str,
    change: impl Fn(&DistributionConfig) -> Result<DistributionConfig, Failure>,
) -> Result<String, Failure> {
    insist(CONTENTION, &STALE, async || {
        let gone = || Failure::new(Class::NotFound, format!("the distribution `{id}` does not exist any more"));
        let found = get(aws, id).await?.ok_or_else(gone)?;
        let current = found.distribution.distribution_config.as_ref();
        let config = change(current.ok_or_else(|| empty_answer("cloudfront:GetDistribution"))?)?;
        let request = aws.cloudfront.update_distribution().id(id).set_if_match(found.version);
        let updated = request.distribution_config(config).send().await?;
        Ok(updated.distribution.map_or_else(|| "InProgress".to_owned(), |distribution| distribution.status))
    })
    .await
    .map_err(explained)
}

async fn retag(aws: &Aws, live: &Live, change: &TagChange) -> Result<(), Failure> {
    let arn = live.attributes.get("arn").and_then(Value::as_str).unwrap_or_default();
    if !change.remove.is_empty() {
        let keys = change.remove.iter().map(ToString::to_string).collect();
        let keys = TagKeys::builder().set_items(Some(keys)).build();
        aws.cloudfront.untag_resource().resource(arn).tag_keys(keys).send().await?;
    }
    if !change.set.is_empty() {
        aws.cloudfront.tag_resource().resource(arn).tags(tags::items(&change.set)).send().await?;
    }
    Ok(())
}

/// Returns the distribution that an earlier try made with this caller reference.
async fn earlier(aws: &Aws, new: &New<'_>, reference: &str) -> Result<Option<Distribution>, Failure> {
    let found = each(FAN_OUT, list(aws).await?, async |listed| {
        let tags = tags_of(aws, &listed.arn).await?.unwrap_or_default();
        if taken::is_ours(&tags, new) { get(aws, &listed.id).await } else { Ok(None) }
    })
    .await?;
    let ours = found.into_iter().flatten().map(|found| found.distribution);
    let made_by_us =
        |it: &Distribution| it.distribution_config.as_ref().map(|it| it.caller_reference()) == Some(reference);
    Ok(ours.into_iter().find(made_by_us))
}

/// Says what to do about the failures that only CloudFront has.
fn explained(failure: Failure) -> Failure {
    let hint = match failure.code.as_deref() {
        Some("CNAMEAlreadyExists") => {
            "another distribution, perhaps of another account, has this alias: take it off there, or move it with \
             `aws cloudfront associate-alias`"
        }
        Some("InvalidViewerCertificate") => {
            "the certificate must lie in us-east-1, be issued, and cover every alias: `aws acm describe-certificate` shows it"
        }
        Some("NoSuchOriginAccessControl" | "NoSuchCachePolicy" | "NoSuchOriginRequestPolicy") => {
            "the id in the stack names nothing in this account"
        }
        _ => return failure,
    };
    if failure.hint.is_some() { failure } else { failure.hint(hint) }
}
