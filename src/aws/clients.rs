//! The clients of one region, and what those of all regions share.

use std::sync::Arc;

use aws_config::identity::IdentityCache;
use aws_config::{AppName, BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_smithy_runtime::client::retries::{RetryPartition, TokenBucket};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_runtime_api::client::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_types::service_config::ServiceConfigKey;
use std::time::Duration;

use crate::model::failure::Failure;
use crate::model::schema::Place;

use super::hook::{Hook, State};
use super::http;
use super::owned::Index;
use super::retry::{self, ExactWrites};
use super::wire::Wire;
use super::world::Access;

/// Single sign-on and credential processes may ask a person.
const CREDENTIALS_MAX: Duration = Duration::from_secs(60);

/// The clients of one region. Cloning is cheap.
#[derive(Clone)]
pub struct Aws {
    pub region: Arc<str>,
    pub ec2: aws_sdk_ec2::Client,
    pub autoscaling: aws_sdk_autoscaling::Client,
    pub elb: aws_sdk_elasticloadbalancingv2::Client,
    pub s3: aws_sdk_s3::Client,
    pub cloudfront: aws_sdk_cloudfront::Client,
    pub iam: aws_sdk_iam::Client,
    pub cloudwatch: aws_sdk_cloudwatch::Client,
    pub sqs: aws_sdk_sqs::Client,
    pub sts: aws_sdk_sts::Client,
    pub tagging: aws_sdk_resourcegroupstagging::Client,
    pub(super) index: Arc<Index>,
    pub(super) state: Arc<State>,
}

/// What the clients of all regions share: connections, credentials, the hook's state.
#[derive(Clone, Debug)]
pub(super) struct Shared {
    pub sdk: SdkConfig,
    pub state: Arc<State>,
    pub http: SharedHttpClient,
    /// Wins over the environment.
    pub endpoint_url: Option<String>,
}

impl Shared {
    /// Loads the SDK's configuration as every AWS tool does: environment, profiles, single sign-on, roles.
    pub async fn load(region: &str, access: Access, state: Arc<State>) -> Result<Shared, Failure> {
        let plain = http::client()?;
        // The region is always given, so that none is asked of an instance's metadata.
        let mut loader = aws_config::defaults(BehaviorVersion::v2026_01_12())
            .region(Region::new(region.to_owned()))
            .http_client(plain.clone())
            .retry_config(retry::config())
            .timeout_config(http::timeouts())
            .stalled_stream_protection(stalled_streams())
            .identity_cache(IdentityCache::lazy().load_timeout(CREDENTIALS_MAX).build());
        if let Ok(name) = AppName::new(concat!("trueup-", env!("CARGO_PKG_VERSION"))) {
            loader = loader.app_name(name);
        }
        if let Some(profile) = access.profile {
            loader = loader.profile_name(profile);
        }
        if let Some((key, secret)) = access.keys {
            loader = loader.credentials_provider(Credentials::new(key, secret, None, None, "given"));
        }
        let sdk = loader.load().await;
        Ok(Shared::new(sdk, plain, access.endpoint_url, state))
    }

    pub fn new(sdk: SdkConfig, plain: SharedHttpClient, endpoint_url: Option<String>, state: Arc<State>) -> Shared {
        let http = SharedHttpClient::new(Wire { inner: plain, state: state.clone() });
        Shared { sdk, state, http, endpoint_url }
    }

    /// Returns true if S3 is anything but AWS itself: bucket names are then part of the path, not of the host.
    fn is_s3_elsewhere(&self) -> bool {
        let configured = || {
            let key = ServiceConfigKey::builder()
                .service_id("S3")
                .env("AWS_ENDPOINT_URL")
                .profile("endpoint_url")
                .build()
                .ok()?;
            self.sdk.service_config()?.load_config(key)
        };
        self.endpoint_url.is_some() || self.sdk.endpoint_url().is_some() || configured().is_some()
    }
}

/// Gives up a transfer that has stalled for as long as an answer may take.
fn stalled_streams() -> StalledStreamProtectionConfig {
    StalledStreamProtectionConfig::enabled().grace_period(Duration::from_secs(60)).build()
}

/// Returns a service's configuration with the hook on it.
macro_rules! hooked {
    ($service:ident, $sdk:expr, $shared:expr, $hook:expr) => {{
        let mut config = $service::config::Builder::from($sdk)
            .http_client($shared.http.clone())
            .interceptor($hook.clone())
            .retry_classifier(ExactWrites)
            .retry_partition(unlimited());
        if let Some(url) = &$shared.endpoint_url {
            config = config.endpoint_url(url);
        }
        config
    }};
}

macro_rules! client {
    ($service:ident, $sdk:expr, $shared:expr, $hook:expr) => {
        $service::Client::from_conf(hooked!($service, $sdk, $shared, $hook).build())
    };
}

/// Returns a retry partition without the quota that would end retries after the first hundred of a process.
fn unlimited() -> RetryPartition {
    RetryPartition::custom("trueup").token_bucket(TokenBucket::unlimited()).build()
}

impl Aws {
    /// Returns the clients of a region.
    pub(super) fn new(shared: &Shared, region: &Arc<str>) -> Aws {
        let sdk = &shared.sdk.to_builder().region(Region::new(region.to_string())).build();
        let hook = Hook::new(&shared.state, region);
        let s3 = hooked!(aws_sdk_s3, sdk, shared, hook).force_path_style(shared.is_s3_elsewhere());
        Aws {
            ec2: client!(aws_sdk_ec2, sdk, shared, hook),
            autoscaling: client!(aws_sdk_autoscaling, sdk, shared, hook),
            elb: client!(aws_sdk_elasticloadbalancingv2, sdk, shared, hook),
            s3: aws_sdk_s3::Client::from_conf(s3.build()),
            cloudfront: client!(aws_sdk_cloudfront, sdk, shared, hook),
            iam: client!(aws_sdk_iam, sdk, shared, hook),
            cloudwatch: client!(aws_sdk_cloudwatch, sdk, shared, hook),
            sqs: client!(aws_sdk_sqs, sdk, shared, hook),
            sts: client!(aws_sdk_sts, sdk, shared, hook),
            tagging: client!(aws_sdk_resourcegroupstagging, sdk, shared, hook),
            index: Arc::default(),
            state: shared.state.clone(),
            region: region.clone(),
        }
    }

    /// Returns where these clients stand.
    ///
    /// The account is known once AWS has answered anything (see [`State::identified`]): before that it is empty,
    /// so that the first reads need not wait for it.
    pub fn place(&self) -> Place {
        Place {
            account: self.state.account().unwrap_or_else(|| "".into()),
            region: self.region.clone(),
            partition: partition_of(&self.region).into(),
        }
    }
}

/// Returns the partition that a region is in.
pub(super) fn partition_of(region: &str) -> &'static str {
    match region.split('-').next() {
        Some("cn") => "aws-cn",
        Some("eusc") => "aws-eusc",
        Some("us") if region.starts_with("us-gov-") => "aws-us-gov",
        Some("us") if region.starts_with("us-iso-") => "aws-iso",
        Some("us") if region.starts_with("us-isob-") => "aws-iso-b",
        _ => "aws",
    }
}
