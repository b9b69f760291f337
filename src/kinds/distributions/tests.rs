//! Distributions against replies as CloudFront's documentation has them: what no emulator does.
//!
//! <https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_CreateDistributionWithTags.html>

use super::*;
use crate::aws::stub::{Reply, Stub};
use crate::kinds::tests::fields;
use crate::model::address::Address;
use crate::model::delta::{Delta, FieldChange};
use crate::model::schema::Place;
use crate::model::shape::Effect;
use crate::world::Token;

const READS: &[&str] = &[
    "cloudfront:ListDistributions",
    "cloudfront:GetDistribution",
    "cloudfront:ListTagsForResource",
    "tag:GetResources",
];
const USED: &str = "<ErrorResponse><Error><Code>DistributionAlreadyExists</Code><Message>The caller reference that \
                    you are using to create a distribution is associated with another distribution.</Message></Error>\
                    </ErrorResponse>";
const STALE_ANSWER: &str = "<ErrorResponse><Error><Code>PreconditionFailed</Code><Message>The request failed because \
                            it didn't meet the preconditions in one or more request-header fields.</Message></Error>\
                            </ErrorResponse>";
const GONE: &str = "<ErrorResponse><Error><Code>NoSuchDistribution</Code><Message>The specified distribution does not \
                    exist.</Message></Error></ErrorResponse>";
const NO_DISTRIBUTIONS: &str = "<DistributionList><Marker></Marker><MaxItems>100</MaxItems><IsTruncated>false\
                                </IsTruncated><Quantity>0</Quantity></DistributionList>";
const NOTHING_TAGGED: &str = "{\"ResourceTagMappingList\":[]}";
const STACK: &str = "origins: [{id: a, domain_name: a.com}], \
                     default_cache_behavior: {target_origin_id: a, viewer_protocol_policy: allow-all, cache_policy_id: p}";

fn distribution(status: &str, enabled: bool, reference: &str) -> &'static str {
    let text = format!(
        "<Distribution><Id>E1</Id><ARN>arn:aws:cloudfront::123456789012:distribution/E1</ARN><Status>{status}</Status>\
         <LastModifiedTime>2026-01-01T00:00:00Z</LastModifiedTime>\
         <InProgressInvalidationBatches>0</InProgressInvalidationBatches><DomainName>d1.cloudfront.net</DomainName>\
         <DistributionConfig><CallerReference>{reference}</CallerReference><Origins><Quantity>1</Quantity><Items>\
         <Origin><Id>a</Id><DomainName>a.com</DomainName></Origin></Items></Origins><DefaultCacheBehavior>\
         <TargetOriginId>a</TargetOriginId><ViewerProtocolPolicy>allow-all</ViewerProtocolPolicy>\
         </DefaultCacheBehavior><Comment>old</Comment><Enabled>{enabled}</Enabled></DistributionConfig></Distribution>"
    );
    Box::leak(text.into_boxed_str())
}

fn listed(modified: &str) -> &'static str {
    let text = format!(
        "<DistributionList><Marker></Marker><MaxItems>100</MaxItems><IsTruncated>false</IsTruncated><Quantity>1</Quantity>\
         <Items><DistributionSummary><Id>E1</Id><ARN>arn:aws:cloudfront::123456789012:distribution/E1</ARN>\
         <Status>Deployed</Status><LastModifiedTime>{modified}</LastModifiedTime><DomainName>d1.cloudfront.net</DomainName>\
         <Comment></Comment><PriceClass>PriceClass_All</PriceClass><Enabled>true</Enabled><WebACLId></WebACLId>\
         <HttpVersion>http2</HttpVersion><IsIPV6Enabled>false</IsIPV6Enabled><Staging>false</Staging>\
         </DistributionSummary></Items></DistributionList>"
    );
    Box::leak(text.into_boxed_str())
}

fn tagged(tags: &Map) -> &'static str {
    let tag = |(key, value): (&Arc<str>, &Value)| {
        format!("<Tag><Key>{key}</Key><Value>{}</Value></Tag>", value.as_str().unwrap_or_default())
    };
    let text = format!("<Tags><Items>{}</Items></Tags>", tags.iter().map(tag).collect::<String>());
    Box::leak(text.into_boxed_str())
}

fn owner() -> Owner {
    Owner { account: "123456789012".into(), stack: "streaming".into(), environment: None }
}

fn owner_tags() -> Map {
    Mark::new(&owner(), Address::new(KIND, "cdn"), None).to_tags()
}

/// Creates against these replies, of which `replies` is told the first two caller references.
async fn create(replies: impl Fn(&str, &str) -> Vec<Reply>) -> (Result<Born, Failure>, Vec<String>) {
    let (address, fields, tags) = (Address::new(KIND, "cdn"), fields(&Distributions, STACK), owner_tags());
    let token = Token::new(&owner(), "us-east-1", &address, None, &fields, &tags);
    let stub = Stub::start(&replies(&token.nth(0), &token.nth(1)));
    let place = Place { account: owner().account, region: "us-east-1".into(), partition: "aws".into() };
    let new = New { address: &address, place: &place, fields: &fields, tags: &tags, token };
    let born = Distributions.create(&stub.clients(READS), &new).await;
    (born, stub.requests())
}

#[tokio::test]
async fn what_an_earlier_try_made_is_taken() {
    let (born, requests) = create(|reference, _| {
        vec![
            Reply::Answer(409, USED),
            Reply::Answer(200, listed("2026-01-01T00:00:00Z")),
            Reply::Answer(200, tagged(&owner_tags())),
            Reply::Answer(200, distribution("InProgress", true, reference)),
        ]
    })
    .await;
    assert_eq!(&*born.unwrap().id, "E1");
    assert_eq!(requests.len(), 4, "{requests:#?}");
}

#[tokio::test]
async fn a_used_up_reference_is_stepped_over() {
    let (born, requests) = create(|_, second| {
        vec![
            Reply::Answer(409, USED),
            Reply::Answer(200, NO_DISTRIBUTIONS),
            Reply::Answer(201, distribution("InProgress", true, second)),
        ]
    })
    .await;
    assert_eq!(born.unwrap().attributes["domain_name"], "d1.cloudfront.net".into());
    let reference = |request: &str| {
        let (_, rest) = request.split_once("<CallerReference>").unwrap();
        rest[..32].to_owned()
    };
    assert_ne!(reference(&requests[0]), reference(&requests[2]));
    assert!(requests[0].contains("<Key>trueup:stack</Key><Value>streaming</Value>"), "born owned");
}

#[tokio::test]
async fn a_foreign_distribution_is_not_taken() {
    let foreign = Map::from_iter([("team".into(), "video".into())]);
    let (born, requests) = create(|_, _| {
        let mut replies = Vec::new();
        for _ in 0..=REFERENCES_MAX {
            replies.extend([
                Reply::Answer(409, USED),
                Reply::Answer(200, listed("2026-01-01T00:00:00Z")),
                Reply::Answer(200, tagged(&foreign)),
            ]);
        }
        replies
    })
    .await;
    assert_eq!(born.unwrap_err().class, Class::Exists);
    assert_eq!(requests.len(), 27);
}

#[tokio::test]
async fn a_deletion_disables_and_waits_first() {
    let stub = Stub::start(&[
        Reply::Answer(200, distribution("Deployed", true, "r")),
        Reply::Answer(200, distribution("Deployed", true, "r")),
        Reply::Answer(200, distribution("InProgress", false, "r")),
        Reply::Answer(200, distribution("InProgress", false, "r")),
        Reply::Answer(200, distribution("Deployed", false, "r")),
        Reply::Answer(204, ""),
    ]);
    let live = Live::new(KIND, None, "E1");
    let place = Place { account: owner().account, region: "us-east-1".into(), partition: "aws".into() };
    let old = Old { live: &live, place: &place, fields: None, lose_data: false };
    Distributions.delete(&stub.clients(READS), &old).await.unwrap();
    let requests = stub.requests();
    assert_eq!(requests.len(), 6, "{requests:#?}");
    assert!(requests[2].contains("<Enabled>false</Enabled>"), "{}", requests[2]);
    assert!(requests[2].contains("<Comment>old</Comment>"), "the rest stays");
}

#[tokio::test]
async fn a_deletion_goes_on_where_it_was_interrupted() {
    for (replies, calls) in [
        (vec![Reply::Answer(404, GONE)], 1),
        // Disabled by an earlier run.
        (vec![Reply::Answer(200, distribution("Deployed", false, "r")); 2], 3),
    ] {
        let mut replies = replies;
        replies.push(Reply::Answer(204, ""));
        let stub = Stub::start(&replies);
        let live = Live::new(KIND, None, "E1");
        let place = Place { account: owner().account, region: "us-east-1".into(), partition: "aws".into() };
        let old = Old { live: &live, place: &place, fields: None, lose_data: false };
        Distributions.delete(&stub.clients(READS), &old).await.unwrap();
        assert_eq!(stub.requests().len(), calls);
    }
}

#[tokio::test]
async fn an_update_that_another_writer_overtakes_starts_again() {
    let stub = Stub::start(&[
        Reply::Answer(200, distribution("Deployed", true, "r")),
        Reply::Answer(412, STALE_ANSWER),
        Reply::Answer(200, distribution("Deployed", false, "r")),
        Reply::Answer(200, distribution("InProgress", false, "r")),
    ]);
    let live = Live::new(KIND, None, "E1");
    let wanted = Map::from_iter([("comment".into(), "new".into()), ("enabled".into(), true.into())]);
    let change = FieldChange {
        path: "comment".into(),
        before: "old".into(),
        after: "new".into(),
        effect: Effect::InPlace,
        sensitive: false,
    };
    let address = Address::new(KIND, "cdn");
    let revision = Revision {
        live: &live,
        place: &Place { account: owner().account, region: "us-east-1".into(), partition: "aws".into() },
        fields: &wanted,
        delta: &Delta { changes: vec![change] },
        tags: TagChange::default(),
        token: Token::new(&owner(), "us-east-1", &address, None, &wanted, &Map::new()),
    };
    let moved = Distributions.update(&stub.clients(READS), &revision).await.unwrap();
    assert_eq!(moved["status"], "InProgress".into());
    let last = stub.requests().pop().unwrap();
    assert!(last.contains("<Comment>new</Comment>"), "{last}");
    assert!(last.contains("<Enabled>false</Enabled>"), "what the other writer did, and no delta touches, stays");
}

#[tokio::test]
async fn what_is_too_new_for_the_index_is_asked_for_its_tags() {
    let now: aws_smithy_types::DateTime = SystemTime::now().into();
    let now = now.fmt(aws_smithy_types::date_time::Format::DateTime).unwrap();
    let foreign = Mark::new(&Owner { stack: "another".into(), ..owner() }, Address::new(KIND, "cdn"), None).to_tags();
    for (modified, tags, found, calls) in
        [(&*now, &owner_tags(), 1, 4), (&*now, &foreign, 0, 3), ("2026-01-01T00:00:00Z", &owner_tags(), 0, 2)]
    {
        // The list and the index are asked side by side, in this order.
        let stub = Stub::start(&[
            Reply::Answer(200, listed(modified)),
            Reply::Answer(200, NOTHING_TAGGED),
            Reply::Answer(200, tagged(tags)),
            Reply::Answer(200, distribution("Deployed", true, "r")),
        ]);
        let live = Distributions.discover(&stub.clients(READS), &Ask::Owned(owner())).await.unwrap();
        assert_eq!((live.len(), stub.requests().len()), (found, calls));
    }
}

#[test]
fn an_alias_that_is_taken_says_what_to_do() {
    let mut failure = Failure::new(Class::Exists, "taken");
    failure.code = Some("CNAMEAlreadyExists".into());
    assert!(explained(failure.clone()).hint.is_some_and(|hint| hint.contains("associate-alias")));
    failure.code = None;
    assert_eq!(explained(failure).hint, None);
}

#[test]
fn a_distribution_on_its_way_is_pending() {
    let made = |status: &str| {
        let made = Distribution::builder().id("E1").arn("arn").status(status).domain_name("d.cloudfront.net");
        let made = made.last_modified_time(SystemTime::UNIX_EPOCH.into()).in_progress_invalidation_batches(0);
        live(&made.build().unwrap(), Map::new())
    };
    assert_eq!(made("InProgress").phase, Phase::Pending);
    assert_eq!(made("Deployed").phase, Phase::Usable);
    assert_eq!(made("Deployed").get("hosted_zone_id").and_then(Value::as_str), Some(HOSTED_ZONE));
}
