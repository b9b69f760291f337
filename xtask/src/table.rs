//! What is generated: the roots of every service, from which all else is reached.

pub struct Service {
    /// The generated file.
    pub name: &'static str,
    pub title: &'static str,
    /// Botocore's folder.
    pub model: &'static str,
    pub krate: &'static str,
    /// What AWS's pages on its structures and operations begin with.
    pub pages: &'static str,
    pub structures: &'static [Structure],
    pub operations: &'static [Operation],
    /// Members that are generated although AWS calls them deprecated, as `CacheBehavior.min_ttl`.
    pub keep: &'static [&'static str],
    /// Members that are left out.
    pub without: &'static [&'static str],
    /// Members that are never shown. The model's own marks are for logs: they cover comments, and miss OIDC's secret.
    pub secret: &'static [&'static str],
    /// Enums that AWS extends every other week: any text is let through.
    pub open: &'static [&'static str],
}

/// A structure: one record, written as one type and read as the same or its mirror.
pub struct Structure {
    /// Empty: as the SDK's module.
    pub name: &'static str,
    pub writes: &'static str,
    pub reads: &'static str,
}

/// Operations whose inputs are flat, with one record for all of them.
pub struct Operation {
    pub operations: &'static [&'static str],
    /// The structure that reports what they set; empty if none does.
    pub reads: &'static str,
    /// Members that are no fields: tags, tokens, and what names the parent.
    pub without: &'static [&'static str],
}

const fn both(name: &'static str) -> Structure {
    Structure { name: "", writes: name, reads: name }
}

pub const SERVICES: &[&Service] = &[&S3, &ELBV2, &AUTOSCALING, &CLOUDWATCH, &IAM, &CLOUDFRONT, &EC2];

const S3: Service = Service {
    name: "s3",
    title: "S3",
    model: "s3",
    krate: "aws-sdk-s3",
    pages: "https://docs.aws.amazon.com/AmazonS3/latest/API/",
    structures: &[
        both("LifecycleRule"),
        both("ServerSideEncryptionRule"),
        both("CorsRule"),
        both("WebsiteConfiguration"),
        both("LoggingEnabled"),
        both("NotificationConfiguration"),
        both("PublicAccessBlockConfiguration"),
        both("OwnershipControlsRule"),
        both("ReplicationConfiguration"),
        both("ObjectLockRule"),
        both("IntelligentTieringConfiguration"),
    ],
    operations: &[],
    keep: &[],
    without: &[],
    secret: &[],
    open: &[],
};

const ELBV2: Service = Service {
    name: "elbv2",
    title: "Elastic Load Balancing v2",
    model: "elbv2",
    krate: "aws-sdk-elasticloadbalancingv2",
    pages: "https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/",
    structures: &[
        both("Action"),
        both("RuleCondition"),
        both("RuleTransform"),
        both("Certificate"),
        both("MutualAuthenticationAttributes"),
        both("SubnetMapping"),
        both("MinimumLoadBalancerCapacity"),
    ],
    operations: &[
        Operation { operations: &["CreateLoadBalancer"], reads: "LoadBalancer", without: &["tags"] },
        Operation {
            operations: &["CreateTargetGroup", "ModifyTargetGroup"],
            reads: "TargetGroup",
            without: &["tags", "target_group_arn"],
        },
        Operation {
            operations: &["CreateListener", "ModifyListener"],
            reads: "Listener",
            without: &["tags", "load_balancer_arn", "listener_arn"],
        },
        Operation {
            operations: &["CreateRule", "ModifyRule"],
            reads: "Rule",
            without: &["tags", "listener_arn", "rule_arn"],
        },
    ],
    keep: &[],
    without: &[],
    secret: &["AuthenticateOidcActionConfig.client_secret"],
    open: &[],
};

const AUTOSCALING: Service = Service {
    name: "autoscaling",
    title: "Auto Scaling",
    model: "autoscaling",
    krate: "aws-sdk-autoscaling",
    pages: "https://docs.aws.amazon.com/autoscaling/ec2/APIReference/",
    structures: &[
        both("LaunchTemplateSpecification"),
        both("MixedInstancesPolicy"),
        both("RefreshPreferences"),
        both("InstanceMaintenancePolicy"),
        both("AvailabilityZoneDistribution"),
        both("AvailabilityZoneImpairmentPolicy"),
        both("CapacityReservationSpecification"),
        both("TargetTrackingConfiguration"),
        both("PredictiveScalingConfiguration"),
        both("StepAdjustment"),
        both("TrafficSourceIdentifier"),
        Structure { name: "", writes: "LifecycleHookSpecification", reads: "LifecycleHook" },
    ],
    operations: &[
        Operation {
            operations: &["CreateAutoScalingGroup", "UpdateAutoScalingGroup"],
            reads: "AutoScalingGroup",
            without: &["tags", "lifecycle_hook_specification_list"],
        },
        Operation { operations: &["PutScalingPolicy"], reads: "ScalingPolicy", without: &["auto_scaling_group_name"] },
        Operation {
            operations: &["PutScheduledUpdateGroupAction"],
            reads: "ScheduledUpdateGroupAction",
            without: &["auto_scaling_group_name"],
        },
        Operation { operations: &["PutLifecycleHook"], reads: "LifecycleHook", without: &["auto_scaling_group_name"] },
        Operation {
            operations: &["PutWarmPool"],
            reads: "WarmPoolConfiguration",
            without: &["auto_scaling_group_name"],
        },
        Operation { operations: &["StartInstanceRefresh"], reads: "", without: &["auto_scaling_group_name"] },
    ],
    keep: &[],
    without: &[],
    secret: &[],
    open: &[],
};

const CLOUDWATCH: Service = Service {
    name: "cloudwatch",
    title: "CloudWatch",
    model: "cloudwatch",
    krate: "aws-sdk-cloudwatch",
    pages: "https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/",
    structures: &[],
    operations: &[Operation { operations: &["PutMetricAlarm"], reads: "MetricAlarm", without: &["tags"] }],
    keep: &[],
    without: &[],
    secret: &[],
    open: &[],
};

const IAM: Service = Service {
    name: "iam",
    title: "IAM",
    model: "iam",
    krate: "aws-sdk-iam",
    pages: "https://docs.aws.amazon.com/IAM/latest/APIReference/",
    structures: &[],
    operations: &[
        Operation { operations: &["CreateRole"], reads: "Role", without: &["tags"] },
        Operation { operations: &["CreateInstanceProfile"], reads: "InstanceProfile", without: &["tags"] },
    ],
    keep: &[],
    without: &[],
    secret: &[],
    open: &[],
};

const CLOUDFRONT: Service = Service {
    name: "cloudfront",
    title: "CloudFront",
    model: "cloudfront",
    krate: "aws-sdk-cloudfront",
    pages: "https://docs.aws.amazon.com/cloudfront/latest/APIReference/",
    structures: &[both("DistributionConfig"), both("OriginAccessControlConfig")],
    operations: &[],
    keep: &[
        "CacheBehavior.default_ttl",
        "CacheBehavior.forwarded_values",
        "CacheBehavior.max_ttl",
        "CacheBehavior.min_ttl",
        "DefaultCacheBehavior.default_ttl",
        "DefaultCacheBehavior.forwarded_values",
        "DefaultCacheBehavior.max_ttl",
        "DefaultCacheBehavior.min_ttl",
    ],
    without: &[],
    secret: &["OriginCustomHeader.header_value"],
    open: &[],
};

const EC2: Service = Service {
    name: "ec2",
    title: "EC2",
    model: "ec2",
    krate: "aws-sdk-ec2",
    pages: "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/",
    structures: &[Structure {
        name: "launch_template_data",
        writes: "RequestLaunchTemplateData",
        reads: "ResponseLaunchTemplateData",
    }],
    operations: &[],
    keep: &[],
    // Retired services: AWS accepts and ignores them, or refuses them.
    without: &[
        "RequestLaunchTemplateData.elastic_gpu_specifications",
        "RequestLaunchTemplateData.elastic_inference_accelerators",
    ],
    secret: &[],
    open: &["InstanceType"],
};
