//! CloudFront origin access controls: how a distribution signs its requests to an origin.

use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_cloudfront::types::{OriginAccessControl, OriginAccessControlConfig};

use crate::aws::{Aws, each, insist};
use crate::model::failure::{Failure, unless_gone};
use crate::model::live::Live;
use crate::model::schema::{Attribute, Schema};
use crate::model::shape::{Field, Record};
use crate::model::value::{Map, Value};
use crate::world::{Ask, Born, New, Old, Revision};

use super::cloudfront::{CONTENTION, STALE, empty_answer};
use super::shapes::{self, cloudfront};
use super::{Kind, mark, taken};

pub struct OriginAccessControls;

const KIND: &str = "origin_access_controls";
/// Of the description as AWS keeps it, with the owner mark.
const DESCRIPTION_MAX: usize = 256;
/// How many are read at once.
const FAN_OUT: usize = 16;
/// A distribution lets go of it a while after its own update or deletion was answered.
const RELEASE: Duration = Duration::from_secs(120);

#[async_trait(?Send)]
impl Kind for OriginAccessControls {
    fn schema(&self) -> Schema {
        Schema::new(KIND, "origin access control", Attribute::given("E{upper13}"))
            .global()
            .marked()
            .link("https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_OriginAccessControl.html")
            .named("name", 64)
            .fields(fields().fields)
            .attributes([(
                "arn",
                Attribute::computed("arn:{partition}:cloudfront::{account}:origin-access-control/{id}"),
            )])
            .claim("the name", &["name"])
            .operations(
                &["cloudfront:ListOriginAccessControls", "cloudfront:GetOriginAccessControl"],
                &[
                    "cloudfront:CreateOriginAccessControl",
                    "cloudfront:UpdateOriginAccessControl",
                    "cloudfront:DeleteOriginAccessControl",
                ],
            )
    }

    async fn discover(&self, aws: &Aws, ask: &Ask) -> Result<Vec<Live>, Failure> {
        let mut found = match ask {
            Ask::Ids(ids) => {
                let found = each(FAN_OUT, ids, async |id| Ok(get(aws, id).await?.map(|(live, _)| live))).await?;
                return Ok(found.into_iter().flatten().collect());
            }
            Ask::Owned(_) | Ask::Named(_) => list(aws).await?,
        };
        found.retain(|live| match ask {
            Ask::Owned(owner) => live.mark().is_some_and(|mark| mark.is_of(owner)),
            Ask::Named(names) => names.iter().any(|name| live.fields.get("name").and_then(Value::as_str) == Some(name)),
            Ask::Ids(_) => true,
        });
        Ok(found)
    }

    async fn create(&self, aws: &Aws, new: &New<'_>) -> Result<Born, Failure> {
        let config = config(new.fields, new.tags)?;
        let request = aws.cloudfront.create_origin_access_control().origin_access_control_config(config.clone());
        let live = match request.send().await.map_err(Failure::from) {
            Ok(made) => made.origin_access_control.as_ref().and_then(|made| live(aws, made)),
            Err(failure) if failure.is_code("OriginAccessControlAlreadyExists") => {
                Some(take(aws, new, config).await?.ok_or(failure)?)
            }
            Err(failure) => return Err(failure),
        };
        let live = live.ok_or_else(|| empty_answer("cloudfront:CreateOriginAccessControl"))?;
        Ok(Born { id: live.id, attributes: live.attributes })
    }

    async fn update(&self, aws: &Aws, revision: &Revision<'_>) -> Result<Map, Failure> {
        let config = config(revision.fields, &revision.tags.apply(&revision.live.tags))?;
        put(aws, &revision.live.id, config).await?;
        Ok(Map::new())
    }

    async fn delete(&self, aws: &Aws, old: &Old<'_>) -> Result<(), Failure> {
        let busy = ["OriginAccessControlInUse", STALE[0], STALE[1]];
        insist(RELEASE, &busy, async || {
            let Some((_, version)) = get(aws, &old.live.id).await? else { return Ok(()) };
            let request = aws.cloudfront.delete_origin_access_control().id(&*old.live.id).set_if_match(version);
            unless_gone(request.send().await.map_err(Failure::from)).map(drop)
        })
        .await
    }
}

fn fields() -> Record {
    let name = |field: Field| Field::text_of(1, 64).left_alone().link(field.link);
    let description = |field: Field| {
        Field::text_of(0, 100).link(field.link).note("The owner mark follows it in AWS, which is why it is short.")
    };
    cloudfront::origin_access_control_config()
        .with("name", name)
        .with("description", description)
        .with("signing_protocol", |field| field.default("sigv4"))
        .with("signing_behavior", |field| field.default("always"))
        .with("origin_access_control_origin_type", |field| field.default("s3"))
}

/// Returns what to send: the user's fields with the owner mark in the description.
fn config(fields: &Map, tags: &Map) -> Result<OriginAccessControlConfig, Failure> {
    let mut fields = fields.clone();
    let text = fields.get("description").and_then(Value::as_str).unwrap_or_default();
    let description = mark::write(text, tags, DESCRIPTION_MAX)?;
    fields.insert("description".into(), description.into());
    cloudfront::origin_access_control_config_to(&fields.into())
}

/// Replaces the whole configuration.
async fn put(aws: &Aws, id: &str, config: OriginAccessControlConfig) -> Result<(), Failure> {
    insist(CONTENTION, &STALE, async || {
        let current = aws.cloudfront.get_origin_access_control().id(id).send().await?;
        let request = aws.cloudfront.update_origin_access_control().id(id).set_if_match(current.e_tag);
        request.origin_access_control_config(config.clone()).send().await?;
        Ok(())
    })
    .await
}

/// Makes the one that holds the name what it should be, if it is ours: an earlier try made it.
async fn take(aws: &Aws, new: &New<'_>, config: OriginAccessControlConfig) -> Result<Option<Live>, Failure> {
    let holds = |live: &Live| live.fields.get("name").and_then(Value::as_str) == Some(config.name());
    let Some(holder) = list(aws).await?.into_iter().find(holds) else { return Ok(None) };
    taken::ours_or_refused("origin access control", config.name(), &holder.tags, new)?;
    put(aws, &holder.id, config).await?;
    Ok(Some(holder))
}

/// Reads all of the account's: a page holds a hundred with everything but their versions.
async fn list(aws: &Aws) -> Result<Vec<Live>, Failure> {
    let mut found = Vec::new();
    let mut marker = None;
    loop {
        let page = aws.cloudfront.list_origin_access_controls().set_marker(marker).send().await?;
        let Some(page) = page.origin_access_control_list else { return Ok(found) };
        for summary in page.items() {
            let config = OriginAccessControlConfig::builder()
                .name(summary.name())
                .description(summary.description())
                .signing_protocol(summary.signing_protocol().clone())
                .signing_behavior(summary.signing_behavior().clone())
                .origin_access_control_origin_type(summary.origin_access_control_origin_type().clone());
            found.push(live_of(aws, summary.id(), &shapes::built(config.build())?));
        }
        marker = page.next_marker.filter(|next| page.is_truncated && !next.is_empty());
        if marker.is_none() {
            return Ok(found);
        }
    }
}

/// Reads one, and the version that a write must name.
async fn get(aws: &Aws, id: &str) -> Result<Option<(Live, Option<String>)>, Failure> {
    let found = aws.cloudfront.get_origin_access_control().id(id).send().await.map_err(Failure::from);
    let Some(found) = unless_gone(found)? else { return Ok(None) };
    let version = found.e_tag;
    Ok(found.origin_access_control.as_ref().and_then(|control| live(aws, control)).map(|live| (live, version)))
}

fn live(aws: &Aws, control: &OriginAccessControl) -> Option<Live> {
    control.origin_access_control_config.as_ref().map(|config| live_of(aws, &control.id, config))
}

fn live_of(aws: &Aws, id: &str, config: &OriginAccessControlConfig) -> Live {
    let mut live = Live::new(KIND, None, id);
    let (text, tags) = mark::read(config.description().unwrap_or_default());
    live.fields = cloudfront::origin_access_control_config_from(config).as_map().cloned().unwrap_or_default();
    live.fields.shift_remove("description");
    live.field("description", Some(text).filter(|text| !text.is_empty()));
    live.tags = tags;
    let place = aws.place();
    let arn = format!("arn:{}:cloudfront::{}:origin-access-control/{id}", place.partition, place.account);
    live.attribute("arn", arn);
    live
}
