//! S3 buckets: the bucket itself here, and one file for each of its parts.

mod cors_rules;
mod empty;
mod encryption;
mod lifecycle_rules;
mod logging;
mod name;
mod notifications;
mod ownership_controls;
mod part;
mod policy;
mod public_access_block;
mod versioning;
mod website;

use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_s3::operation::create_bucket::builders::CreateBucketFluentBuilder;
use aws_sdk_s3::types::{BucketLocationConstraint, CreateBucketConfiguration, Tagging};
use futures_util::future::try_join_all;
use futures_util::try_join;

use crate::aws::{Aws, each, insist, tags, until};
use crate::model::address::Address;
use crate::model::failure::{Class, Failure};
use crate::model::live::Live;
use crate::model::schema::{Attribute, Broken, Naming, Neighbours, Schema};
use crate::model::shape::Field;
use crate::model::value::{Map, Value};
use crate::world::{Ask, Born, New, Old, Revision, TagChange};

use self::part::{Part, unless};
use super::fields::Fields;
use super::shapes::built;
use super::{Kind, taken};

pub struct Buckets;

/// Every part, in the order in which they are written: what a public policy needs before the policy.
static PARTS: &[&dyn Part] = &[
    &ownership_controls::OwnershipControls,
    &public_access_block::PublicAccessBlock,
    &encryption::Encryption,
    &versioning::Versioning,
    &policy::Policy,
    &lifecycle_rules::LifecycleRules,
    &cors_rules::CorsRules,
    &website::Website,
    &logging::Logging,
    &notifications::Notifications,
];

/// How many buckets are read at once, each with all its parts at once.
const FAN_OUT: usize = 16;
/// How long S3 may be busy with a bucket's last change.
const BUSY: Duration = Duration::from_secs(120);
/// How S3 says that a bucket is in another region.
const ELSEWHERE: [&str; 3] =
    ["PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException"];

#[async_trait(?Send)]
impl Kind for Buckets {
    fn schema(&self) -> Schema {
        let mut schema = Schema::new("buckets", "bucket", Attribute::computed("{bucket}"))
            .link("https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html")
            .fields([
                (
                    "bucket",
                    Field::text_of(3, 63)
                        .pattern("[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
                        .left_alone()
                        .create_only()
                        .note("Unique in the world; omitted, it is made of stack, name, account and region."),
                ),
                ("force_destroy", Field::bool().local().note("Deleting the bucket deletes what is in it.")),
            ])
            .fields(PARTS.iter().flat_map(|part| part.fields()))
            .attributes([
                ("arn", Attribute::computed("arn:{partition}:s3:::{bucket}")),
                ("domain_name", Attribute::computed("{bucket}.s3.amazonaws.com")),
                ("regional_domain_name", Attribute::computed("{bucket}.s3.{region}.amazonaws.com")),
                ("website_endpoint", Attribute::given("{bucket}.s3-website.{region}.amazonaws.com")),
            ])
            .claim("the bucket name", &["bucket"])
            .rule(name::rules)
            .rule(part_rules)
            .operations(READS, WRITES);
        schema.naming = Some(Naming { field: "bucket", max: 63, worldwide: true });
        schema
    }

    async fn discover(&self, aws: &Aws, ask: &Ask) -> Result<Vec<Live>, Failure> {
        let found = match ask {
            Ask::Owned(owner) => {
                let owned = aws.owned(owner, "s3").await?;
                let names = owned.iter().filter_map(|bucket| bucket.arn.rsplit(':').next());
                each(FAN_OUT, names, async |name: &str| read(aws, name).await).await?
            }
            // Often there is no such bucket: one call says so.
            Ask::Named(names) | Ask::Ids(names) => {
                each(FAN_OUT, names, async |name: &std::sync::Arc<str>| match tags_of(aws, name).await? {
                    Some(_) => read(aws, name).await,
                    None => Ok(None),
                })
                .await?
            }
        };
        Ok(found.into_iter().flatten().collect())
    }

    async fn create(&self, aws: &Aws, new: &New<'_>) -> Result<Born, Failure> {
        let name = new.fields.text("bucket").unwrap_or_default();
        // In us-east-1 S3 answers a second CreateBucket of its owner with success: the name is read first.
        match tags_of(aws, &name).await? {
            Some(found) => taken::ours_or_refused("bucket", &name, &found, new)?,
            None => make(aws, &name, new).await?,
        }
        for part in PARTS.iter().filter(|part| is_wanted(**part, new.fields)) {
            patiently(async || part.write(&aws.s3, &name, new.fields, &Map::new()).await).await?;
        }
        let mut live = Live::new("buckets", Some(&aws.region), name.as_str());
        live.attribute("website_endpoint", website_endpoint(&name, &aws.region));
        Ok(Born { id: live.id, attributes: live.attributes })
    }

    async fn update(&self, aws: &Aws, revision: &Revision<'_>) -> Result<Map, Failure> {
        let (bucket, live) = (&*revision.live.id, &revision.live.fields);
        // One after the other: S3 refuses two changes of one bucket at a time.
        for part in PARTS {
            if !part.fields().iter().any(|(field, _)| revision.delta.touches(field)) {
                continue;
            }
            let busy = ["OperationAborted", "Conflict"];
            if is_wanted(*part, revision.fields) {
                insist(BUSY, &busy, async || part.write(&aws.s3, bucket, revision.fields, live).await).await?;
            } else {
                insist(BUSY, &busy, async || part.unset(&aws.s3, bucket, live).await).await?;
            }
        }
        retag(aws, bucket, &revision.tags).await?;
        Ok(Map::new())
    }

    async fn delete(&self, aws: &Aws, old: &Old<'_>) -> Result<(), Failure> {
        let bucket = &*old.live.id;
        let request = aws.s3.delete_bucket().bucket(bucket);
        let delete = async || {
            let deleted = insist(BUSY, &["OperationAborted"], async || Ok(request.clone().send().await?)).await;
            unless(deleted.map(|_| ()), "NoSuchBucket")
        };
        match delete().await {
            Err(failure) if failure.is_code("BucketNotEmpty") => {
                let forced = old.fields.and_then(|fields| fields.flag("force_destroy")) == Some(true);
                if !forced && !old.lose_data {
                    let message = format!("the bucket `{bucket}` is not empty, so it is not deleted");
                    return Err(Failure { call: failure.call, ..Failure::new(Class::DataLoss, message) }
                        .hint("set `force_destroy: true` and apply, or pass `--allow-data-loss` with its address"));
                }
                empty::empty(&aws.s3, bucket).await?;
                // What was deleted last can be counted a moment longer.
                insist(BUSY, &["BucketNotEmpty"], delete).await?;
            }
            other => {
                other?;
            }
        }
        until(&format!("the bucket `{bucket}` to be gone"), BUSY, async || {
            Ok(tags_of(aws, bucket).await?.is_none().then_some(()))
        })
        .await
    }
}

const READS: &[&str] = &[
    "s3:ListBuckets",
    "s3:GetBucketTagging",
    "s3:GetBucketOwnershipControls",
    "s3:GetPublicAccessBlock",
    "s3:GetBucketEncryption",
    "s3:GetBucketVersioning",
    "s3:GetBucketPolicy",
    "s3:GetBucketLifecycleConfiguration",
    "s3:GetBucketCors",
    "s3:GetBucketWebsite",
    "s3:GetBucketLogging",
    "s3:GetBucketNotificationConfiguration",
    "s3:ListObjectVersions",
    "s3:ListMultipartUploads",
];

const WRITES: &[&str] = &[
    "s3:CreateBucket",
    "s3:PutBucketTagging",
    "s3:PutBucketOwnershipControls",
    "s3:DeleteBucketOwnershipControls",
    "s3:PutPublicAccessBlock",
    "s3:DeletePublicAccessBlock",
    "s3:PutBucketEncryption",
    "s3:DeleteBucketEncryption",
    "s3:PutBucketVersioning",
    "s3:PutBucketPolicy",
    "s3:DeleteBucketPolicy",
    "s3:PutBucketLifecycleConfiguration",
    "s3:DeleteBucketLifecycle",
    "s3:PutBucketCors",
    "s3:DeleteBucketCors",
    "s3:PutBucketWebsite",
    "s3:DeleteBucketWebsite",
    "s3:PutBucketLogging",
    "s3:PutBucketNotificationConfiguration",
    "s3:DeleteObjects",
    "s3:AbortMultipartUpload",
    "s3:DeleteBucket",
];

/// Reads one bucket of this account and region with all its parts: none if there is no such bucket.
async fn read(aws: &Aws, bucket: &str) -> Result<Option<Live>, Failure> {
    let parts = async {
        let parts = try_join_all(PARTS.iter().map(|part| part.read(&aws.s3, bucket))).await;
        unless(parts, "NoSuchBucket")
    };
    let (Some(tags), Some(parts)) = try_join!(tags_of(aws, bucket), parts)? else { return Ok(None) };
    let mut live = Live::new("buckets", Some(&aws.region), bucket);
    live.fields.insert("bucket".into(), bucket.into());
    live.fields.extend(parts.into_iter().flatten());
    live.attributes
        .extend(super::schema("buckets").map(|schema| schema.known(&live.fields, &aws.place())).unwrap_or_default());
    live.attribute("website_endpoint", website_endpoint(bucket, &aws.region));
    live.tags = tags;
    Ok(Some(live))
}

/// Returns the tags of a bucket of this account and region: none if there is no such bucket.
async fn tags_of(aws: &Aws, bucket: &str) -> Result<Option<Map>, Failure> {
    match aws.s3.get_bucket_tagging().bucket(bucket).send().await.map_err(Failure::from) {
        Ok(found) => Ok(Some(tags::from_sdk(found.tag_set()))),
        Err(failure) if failure.is_code("NoSuchTagSet") => Ok(Some(Map::new())),
        Err(failure) if failure.is_code("NoSuchBucket") => Ok(None),
        Err(failure) if ELSEWHERE.iter().any(|code| failure.is_code(code)) => Ok(None),
        // Somebody else's bucket is denied too: what matters is whether the name is one of ours.
        Err(failure) if failure.class == Class::Denied && !is_listed(aws, bucket).await? => Ok(None),
        Err(failure) => Err(failure),
    }
}

async fn is_listed(aws: &Aws, bucket: &str) -> Result<bool, Failure> {
    let mut pages = aws.s3.list_buckets().prefix(bucket).into_paginator().send();
    while let Some(page) = pages.next().await {
        if page?.buckets().iter().any(|found| found.name() == Some(bucket)) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Creates the bucket with its tags.
async fn make(aws: &Aws, name: &str, new: &New<'_>) -> Result<(), Failure> {
    let plain = aws.s3.create_bucket().bucket(name);
    let elsewhere = &*aws.region != "us-east-1";
    let place = CreateBucketConfiguration::builder()
        .set_location_constraint(elsewhere.then(|| BucketLocationConstraint::from(&*aws.region)));
    let tagged = place.clone().set_tags(Some(tags::to_sdk(new.tags))).build();
    match create(plain.clone().create_bucket_configuration(tagged)).await {
        // Servers older than tags at creation know no such element.
        Err(failure) if failure.is_code("MalformedXML") || ELSEWHERE.iter().any(|code| failure.is_code(code)) => {
            create(plain.set_create_bucket_configuration(elsewhere.then(|| place.build()))).await
        }
        other => other,
    }
    .or_else(|failure| match failure.code.as_deref() {
        Some("BucketAlreadyOwnedByYou") => Ok(()),
        Some("BucketAlreadyExists") => {
            let message = format!("the bucket name `{name}` is taken: bucket names are unique in the world");
            Err(Failure { message, ..failure }.hint("choose another name with `bucket`"))
        }
        _ => Err(failure),
    })?;
    // Whoever made it: it is ours from here on only if its tags say so.
    match tags_of(aws, name).await?.filter(|found| !found.is_empty()) {
        Some(found) => taken::ours_or_refused("bucket", name, &found, new),
        None => patiently(async || put_tags(aws, name, new.tags).await).await,
    }
}

async fn create(request: CreateBucketFluentBuilder) -> Result<(), Failure> {
    insist(BUSY, &["OperationAborted"], async || Ok(request.clone().send().await?)).await?;
    Ok(())
}

/// Repeats what S3 refuses while a new bucket is not known everywhere, or is busy with another change.
async fn patiently(mut attempt: impl AsyncFnMut() -> Result<(), Failure>) -> Result<(), Failure> {
    insist(Duration::from_secs(30), &["NoSuchBucket", "OperationAborted"], async || attempt().await).await
}

fn is_wanted(part: &dyn Part, fields: &Map) -> bool {
    let first = part.fields().into_iter().next();
    first.and_then(|(name, _)| fields.get(name)).is_some_and(|value| !value.is_empty())
}

/// Writes the tags as they are after `change`: S3 only takes the whole set, AWS's own tags among it.
async fn retag(aws: &Aws, bucket: &str, change: &TagChange) -> Result<(), Failure> {
    if change.is_empty() {
        return Ok(());
    }
    let now = tags_of(aws, bucket).await?.unwrap_or_default();
    insist(BUSY, &["OperationAborted"], async || put_tags(aws, bucket, &change.apply(&now)).await).await
}

async fn put_tags(aws: &Aws, bucket: &str, tags: &Map) -> Result<(), Failure> {
    let tagging = built(Tagging::builder().set_tag_set(Some(tags::to_sdk(tags))).build())?;
    aws.s3.put_bucket_tagging().bucket(bucket).tagging(tagging).send().await?;
    Ok(())
}

/// Returns the host name of a bucket's website, whose form depends on how old the region is.
///
/// <https://docs.aws.amazon.com/general/latest/gr/s3.html#s3_website_region_endpoints>
fn website_endpoint(bucket: &str, region: &str) -> String {
    let dashed = [
        "us-east-1",
        "us-west-1",
        "us-west-2",
        "ap-southeast-1",
        "ap-southeast-2",
        "ap-northeast-1",
        "eu-west-1",
        "sa-east-1",
        "us-gov-west-1",
    ];
    let joint = if dashed.contains(&region) { '-' } else { '.' };
    let domain = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
    format!("{bucket}.s3-website{joint}{region}.{domain}")
}

fn part_rules(stack: &dyn Neighbours, address: &Address) -> Vec<Broken> {
    let Some(fields) = stack.fields(address) else { return Vec::new() };
    let known: Map = fields.iter().filter(|(_, value)| !matches!(value, Value::Unknown(_))).map(own).collect();
    PARTS.iter().flat_map(|part| part.broken(&known)).collect()
}

fn own((name, value): (&std::sync::Arc<str>, &Value)) -> (std::sync::Arc<str>, Value) {
    (name.clone(), value.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::tests::broken;

    #[test]
    fn websites_stand_at_two_forms_of_host_name() {
        assert_eq!(website_endpoint("a", "us-east-1"), "a.s3-website-us-east-1.amazonaws.com");
        assert_eq!(website_endpoint("a", "eu-central-1"), "a.s3-website.eu-central-1.amazonaws.com");
    }

    #[test]
    fn what_a_bucket_cannot_be_is_named() {
        let rule = |rule: &str| format!("lifecycle_rules: [{{id: a, status: Enabled, {rule}}}]");
        for (stack, expected) in [
            (String::new(), vec![]),
            ("bucket: my..films".to_owned(), vec!["bucket"]),
            (rule("expiration: {days: 90}, transitions: [{days: 30, storage_class: STANDARD_IA}]"), vec![]),
            (rule("filter: {prefix: a}"), vec!["lifecycle_rules[0]"]),
            (rule("expiration: {days: 1, date: '2030-01-01'}"), vec!["lifecycle_rules[0].expiration"]),
            (
                rule("transitions: [{days: 29, storage_class: STANDARD_IA}]"),
                vec!["lifecycle_rules[0].transitions[0].days"],
            ),
            (rule("transitions: [{storage_class: GLACIER}]"), vec!["lifecycle_rules[0].transitions[0]"]),
            (
                rule("transitions: [{days: 90, storage_class: STANDARD_IA}, {days: 60, storage_class: GLACIER}]"),
                vec!["lifecycle_rules[0].transitions[1].days"],
            ),
            (
                rule("expiration: {days: 60}, transitions: [{days: 90, storage_class: GLACIER}]"),
                vec!["lifecycle_rules[0].transitions[0].days"],
            ),
            (
                rule("expiration: {days: 9}, filter: {prefix: a, tag: {key: a, value: b}}"),
                vec!["lifecycle_rules[0].filter"],
            ),
            (
                "cors_rules: [{allowed_methods: [GET], allowed_origins: ['*.*']}]".to_owned(),
                vec!["cors_rules[0].allowed_origins[0]"],
            ),
            ("website: {error_document: {key: e.html}}".to_owned(), vec!["website"]),
            ("bucket: abc, logging: {target_bucket: abc}".to_owned(), vec!["logging.target_bucket"]),
            (
                "policy: {Statement: [{Effect: Allow, Action: '*', Resource: '*'}]}".to_owned(),
                vec!["policy.Statement[0]"],
            ),
            (
                "encryption: {apply_server_side_encryption_by_default: {sse_algorithm: AES256, kms_master_key_id: k}}"
                    .to_owned(),
                vec!["encryption.apply_server_side_encryption_by_default.kms_master_key_id"],
            ),
        ] {
            assert_eq!(broken(&Buckets, &stack), expected, "{stack}");
        }
    }
}
