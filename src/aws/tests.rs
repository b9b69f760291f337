//! What the door does with what happens on the wire.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use aws_config::SdkConfig;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider, future};

use super::clients::{Aws, Shared};
use super::hook::State;
use super::stub::{Reply, Stub, known, sdk, shared};
use super::{AwsWorld, http};
use crate::model::failure::{Class, Failure};
use crate::model::owner::Owner;
use crate::world::World;

const READS: &[&str] =
    &["ec2:DescribeVpcs", "ec2:DescribeAvailabilityZones", "sts:GetCallerIdentity", "tag:GetResources"];

const NO_VPCS: &str = "<DescribeVpcsResponse><requestId>r</requestId><vpcSet/></DescribeVpcsResponse>";
const SUBNET: &str = "<CreateSubnetResponse><subnet><subnetId>subnet-1</subnetId></subnet></CreateSubnetResponse>";
const VPC: &str = "<CreateVpcResponse><vpc><vpcId>vpc-1</vpcId></vpc></CreateVpcResponse>";
const THROTTLE: &str = "<Response><Errors><Error><Code>RequestLimitExceeded</Code><Message>Request limit exceeded.\
                        </Message></Error></Errors></Response>";
const INTERNAL: &str = "<Response><Errors><Error><Code>InternalError</Code><Message>An internal error has occurred\
                        </Message></Error></Errors></Response>";
const DENIED: &str = "<Response><Errors><Error><Code>UnauthorizedOperation</Code><Message>You are not authorized to \
                      perform this operation.</Message></Error></Errors></Response>";

const NOT_SERVED: &str = "<Response><Errors><Error><Code>InternalFailure</Code><Message>The API for service ec2 is either \
                          not included in your current license plan or has not yet been emulated</Message></Error>\
                          </Errors></Response>";

async fn create_subnet(aws: &Aws) -> Result<String, Failure> {
    let answer = aws.ec2.create_subnet().vpc_id("vpc-1").cidr_block("10.0.0.0/24").send().await?;
    Ok(answer.subnet().and_then(|subnet| subnet.subnet_id()).unwrap_or_default().to_owned())
}

async fn create_vpc(aws: &Aws) -> Result<String, Failure> {
    let answer = aws.ec2.create_vpc().cidr_block("10.0.0.0/16").send().await?;
    Ok(answer.vpc().and_then(|vpc| vpc.vpc_id()).unwrap_or_default().to_owned())
}

async fn vpcs(aws: &Aws) -> Result<usize, Failure> {
    Ok(aws.ec2.describe_vpcs().send().await?.vpcs().len())
}

fn counts(aws: &Aws) -> BTreeMap<String, u64> {
    aws.state.counts()
}

#[tokio::test]
async fn a_service_that_an_emulator_lacks_is_told_from_one_that_fails() {
    let stub = Stub::start(&[Reply::Answer(501, NOT_SERVED)]);
    assert_eq!(vpcs(&stub.clients(READS)).await.unwrap_err().class, Class::NotServed);
    let stub = Stub::start(&[Reply::Answer(500, NOT_SERVED)]);
    assert_ne!(vpcs(&stub.clients(READS)).await.unwrap_err().class, Class::NotServed);
}

#[tokio::test]
async fn a_write_whose_answer_is_lost_is_sent_once() {
    for reply in [Reply::Drop, Reply::Half, Reply::Answer(503, INTERNAL), Reply::Answer(200, "no XML")] {
        let stub = Stub::start(&[reply, Reply::Answer(200, SUBNET)]);
        let aws = stub.clients(READS);
        let failure = create_subnet(&aws).await.unwrap_err();
        assert_eq!(failure.class, Class::Ambiguous, "{reply:?}: {failure}");
        assert_eq!(failure.call, "ec2:CreateSubnet");
        assert_eq!(stub.requests().len(), 1, "{reply:?}");
        assert_eq!(counts(&aws), BTreeMap::from([("ec2:CreateSubnet".to_owned(), 1)]));
    }
}

#[tokio::test]
async fn a_read_whose_answer_is_lost_is_sent_again() {
    let stub = Stub::start(&[Reply::Drop, Reply::Half, Reply::Answer(503, INTERNAL), Reply::Answer(200, NO_VPCS)]);
    let aws = stub.clients(READS);
    assert_eq!(vpcs(&aws).await, Ok(0));
    assert_eq!(stub.requests().len(), 4);
    assert_eq!(counts(&aws), BTreeMap::from([("ec2:DescribeVpcs".to_owned(), 1)]));
}

#[tokio::test]
async fn a_throttled_write_is_sent_again() {
    let stub = Stub::start(&[Reply::Answer(503, THROTTLE), Reply::Answer(503, THROTTLE), Reply::Answer(200, SUBNET)]);
    assert_eq!(create_subnet(&stub.clients(READS)).await.as_deref(), Ok("subnet-1"));
    assert_eq!(stub.requests().len(), 3);
    // Even without a token: AWS says that it was not done.
    let stub = Stub::start(&[Reply::Answer(503, THROTTLE), Reply::Answer(200, VPC)]);
    assert_eq!(create_vpc(&stub.clients(READS)).await.as_deref(), Ok("vpc-1"));
}

#[tokio::test]
async fn throttling_ends_and_is_told() {
    let stub = Stub::start(&[Reply::Answer(503, THROTTLE)]);
    let told: Arc<Mutex<Vec<String>>> = Arc::default();
    let log = told.clone();
    let aws = stub.noticing(READS, Arc::new(move |waiting| log.lock().unwrap().push(waiting.call.clone())));
    let failure = vpcs(&aws).await.unwrap_err();
    assert_eq!(failure.class, Class::Throttled);
    assert!(failure.is_code("RequestLimitExceeded"));
    assert_eq!(stub.requests().len(), 5);
    assert_eq!(told.lock().unwrap().len(), 5);
}

#[tokio::test]
async fn a_refused_connection_proves_that_nothing_was_sent() {
    let state = State::new(READS.iter().copied().collect(), None);
    state.set_read_only(false);
    let aws = known(&shared(&closed_port(), state));
    for failure in [create_vpc(&aws).await.unwrap_err(), create_subnet(&aws).await.unwrap_err()] {
        assert_eq!(failure.class, Class::NotSent, "{failure}");
        assert!(failure.hint.is_some());
        assert!(failure.message.contains("no connection to `127.0.0.1:"), "{failure}");
    }
}

#[tokio::test]
async fn a_plan_can_only_read() {
    let stub = Stub::start(&[Reply::Answer(200, NO_VPCS)]);
    let shared = stub.shared(READS);
    let aws = known(&shared);
    assert_eq!(vpcs(&aws).await, Ok(0));
    let failure = create_vpc(&aws).await.unwrap_err();
    assert_eq!((failure.class, failure.call.as_str()), (Class::Refused, "ec2:CreateVpc"));
    // What only looks like a read is no read.
    let failure = Failure::from(aws.ec2.get_console_output().instance_id("i-1").send().await.unwrap_err());
    assert_eq!(failure.class, Class::Refused);
    assert_eq!(stub.requests().len(), 1);
    assert_eq!(counts(&aws), BTreeMap::from([("ec2:DescribeVpcs".to_owned(), 1)]));
}

#[tokio::test]
async fn a_client_without_the_hook_cannot_send() {
    let stub = Stub::start(&[Reply::Answer(200, NO_VPCS)]);
    let shared = stub.shared(READS);
    shared.state.set_read_only(false);
    let config: SdkConfig = sdk().http_client(shared.http.clone()).endpoint_url(&stub.url).build();
    let failure = Failure::from(aws_sdk_ec2::Client::new(&config).describe_vpcs().send().await.unwrap_err());
    assert!(failure.message.contains("without the hook"), "{failure}");
    assert_eq!(stub.requests().len(), 0);
}

#[tokio::test]
async fn a_missing_permission_is_named() {
    let stub = Stub::start(&[Reply::Answer(403, DENIED)]);
    let failure = create_subnet(&stub.clients(READS)).await.unwrap_err();
    assert_eq!(failure.class, Class::Denied);
    assert_eq!(failure.request_id.as_deref(), Some("req-1"));
    assert_eq!(failure.hint.as_deref(), Some("allow `ec2:CreateSubnet` in a policy of the credentials in use"));
    assert_eq!(
        failure.to_string(),
        "ec2:CreateSubnet: You are not authorized to perform this operation (UnauthorizedOperation, request req-1)"
    );
}

#[derive(Debug)]
struct Nobody;

impl ProvideCredentials for Nobody {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::ready(Err(CredentialsError::not_loaded("the credential provider was not enabled")))
    }
}

#[tokio::test]
async fn missing_credentials_are_said_to_be_missing() {
    let stub = Stub::start(&[]);
    let plain = http::client().unwrap();
    let sdk = sdk().http_client(plain.clone()).credentials_provider(SharedCredentialsProvider::new(Nobody)).build();
    let state = State::new(READS.iter().copied().collect(), None);
    let aws = known(&Shared::new(sdk, plain, Some(stub.url.clone()), state));
    let failure = vpcs(&aws).await.unwrap_err();
    assert_eq!((failure.class, failure.call.as_str()), (Class::Credentials, "ec2:DescribeVpcs"), "{failure}");
    assert!(failure.message.starts_with("no AWS credentials in the environment"), "{failure}");
    assert!(failure.hint.as_deref().is_some_and(|hint| hint.contains("AWS_PROFILE")));
    assert_eq!(stub.requests().len(), 0);
}

#[tokio::test]
async fn one_walk_serves_all_types_until_something_is_written() {
    const PAGE: &str = r#"{"ResourceTagMappingList": [
        {"ResourceARN": "arn:aws:s3:::films", "Tags": [{"Key": "trueup:stack", "Value": "s"}]},
        {"ResourceARN": "arn:aws:sqs:us-east-1:1:jobs",
         "Tags": [{"Key": "trueup:stack", "Value": "s"}, {"Key": "trueup:env", "Value": "prod"}]}]}"#;
    let stub = Stub::start(&[Reply::Answer(200, PAGE), Reply::Answer(200, SUBNET), Reply::Answer(200, PAGE)]);
    let aws = stub.clients(READS);
    let owner = Owner { account: "1".into(), stack: "s".into(), environment: None };
    let (buckets, queues) = futures_util::join!(aws.owned(&owner, "s3"), aws.owned(&owner, "sqs"));
    assert_eq!(buckets.unwrap()[0].arn.as_ref(), "arn:aws:s3:::films");
    // The queue belongs to an environment of the stack.
    assert_eq!(queues.unwrap(), []);
    assert_eq!(stub.requests().len(), 1);
    create_subnet(&aws).await.unwrap();
    aws.owned(&owner, "s3").await.unwrap();
    assert_eq!(stub.requests().len(), 3);
}

const CALLER: &str = "<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::42:user/a</Arn>\
                      <Account>42</Account></GetCallerIdentityResult></GetCallerIdentityResponse>";
const ZONES: &str = "<DescribeAvailabilityZonesResponse><availabilityZoneInfo>\
                     <item><zoneName>us-east-1b</zoneName><zoneType>availability-zone</zoneType></item>\
                     <item><zoneName>us-east-1-bos-1a</zoneName><zoneType>local-zone</zoneType></item>\
                     <item><zoneName>us-east-1a</zoneName></item>\
                     </availabilityZoneInfo></DescribeAvailabilityZonesResponse>";

#[tokio::test]
async fn the_account_is_asked_once_and_its_zones_are_sorted() {
    let stub = Stub::start(&[Reply::Answer(200, CALLER), Reply::Answer(200, ZONES)]);
    let world = AwsWorld::with(stub.shared(READS), "us-east-1");
    let identity = world.identity().await.unwrap();
    assert_eq!((&*identity.account, &*identity.partition), ("42", "aws"));
    for _ in 0..2 {
        assert_eq!(world.zones("us-east-1").await.unwrap(), ["us-east-1a".into(), "us-east-1b".into()]);
    }
    let calls =
        BTreeMap::from([("ec2:DescribeAvailabilityZones".to_owned(), 1), ("sts:GetCallerIdentity".to_owned(), 1)]);
    assert_eq!(world.calls(), calls);
}

#[tokio::test]
async fn a_read_without_a_known_account_asks_for_it_at_the_same_time() {
    // Both are in flight at once, so either may come first: this stub answers by what is asked.
    let stub = Stub::start(&[Reply::Caller(CALLER, ZONES)]);
    let world = AwsWorld::with(stub.shared(READS), "us-east-1");
    assert_eq!(world.zones("us-east-1").await.unwrap().len(), 2);
    assert_eq!(&*world.region("us-east-1").await.unwrap().place().account, "42");
    assert_eq!(stub.requests().len(), 2);
    // If nobody says which account it is, the read fails with that.
    let stub = Stub::start(&[Reply::Caller(DENIED, ZONES)]);
    let world = AwsWorld::with(stub.shared(READS), "us-east-1");
    assert_eq!(world.zones("us-east-1").await.unwrap_err().call, "sts:GetCallerIdentity");
}

/// Returns the address of a port on which nobody listens.
fn closed_port() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}
