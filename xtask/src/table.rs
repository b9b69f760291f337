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

pub const SERVICES: &[&Service] = &[&S3, &ELBV2, &AUTOSCALING];

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
        Operation {
            operations: &["PutScalingPolicy"],
            reads: "ScalingPolicy",
            without: &["auto_scaling_group_name"],
        },
        Operation {
            operations: &["PutScheduledUpdateGroupAction"],
            reads: "ScheduledUpdateGroupAction",
            without: &["auto_scaling_group_name"],
        },
        Operation {
            operations: &["PutLifecycleHook"],
            reads: "LifecycleHook",
            without: &["auto_scaling_group_name"],
        },
        Operation {
            operations: &["PutWarmPool"],
            reads: "WarmPoolConfiguration",
            without: &["auto_scaling_group_name"],
        },
        Operation { operations: &["StartInstanceRefresh"], reads: "", without: &["auto_scaling_group_name"] },
    ],
    keep: &[],
    without: &[],
    open: &[],
};
