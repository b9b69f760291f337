//! The clients of one region.

use std::sync::Arc;

use aws_types::SdkConfig;

use crate::model::schema::Place;

use super::owned::Index;

/// The clients of one region. Cloning is cheap.
#[derive(Clone)]
pub struct Aws {
    pub region: Arc<str>,
    pub place: Place,
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
}

impl Aws {
    /// Returns the clients of the region that `sdk` names.
    pub(super) fn new(sdk: &SdkConfig, place: Place) -> Aws {
        Aws {
            region: place.region.clone(),
            place,
            ec2: aws_sdk_ec2::Client::new(sdk),
            autoscaling: aws_sdk_autoscaling::Client::new(sdk),
            elb: aws_sdk_elasticloadbalancingv2::Client::new(sdk),
            s3: aws_sdk_s3::Client::new(sdk),
            cloudfront: aws_sdk_cloudfront::Client::new(sdk),
            iam: aws_sdk_iam::Client::new(sdk),
            cloudwatch: aws_sdk_cloudwatch::Client::new(sdk),
            sqs: aws_sdk_sqs::Client::new(sdk),
            sts: aws_sdk_sts::Client::new(sdk),
            tagging: aws_sdk_resourcegroupstagging::Client::new(sdk),
            index: Arc::default(),
        }
    }
}
