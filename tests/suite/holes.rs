//! The holes of the emulators: where they are not AWS, and nothing mends them.
//!
//! The one place where an assertion of the contract suite is narrowed. A row that no longer applies fails the suite.

/// One hole.
#[derive(Debug)]
pub struct Hole {
    /// Name and version, as `moto 5.2.5`.
    pub emulator: &'static str,
    pub kind: &'static str,
    /// The fields that come back wrong, or cannot be set at all, as `lifecycle_rules.filter` without indices;
    /// or the steps that fail, as `create full`.
    pub at: &'static [&'static str],
    /// The operation, and what comes back wrong.
    pub what: &'static str,
}

pub const MOTO: &str = "moto 5.2.5";
pub const MINISTACK: &str = "MiniStack 1.5.33";
pub const LOCALSTACK: &str = "LocalStack 4.14.0";

pub static HOLES: &[Hole] = &[
    Hole {
        emulator: MOTO,
        kind: "vpcs",
        at: &["default_network_acl.entries.icmp_type_code"],
        what: "CreateNetworkAclEntry drops IcmpTypeCode",
    },
    Hole {
        emulator: MOTO,
        kind: "vpcs",
        at: &["ipv6_cidr_block_network_border_group"],
        what: "CreateVpc drops Ipv6CidrBlockNetworkBorderGroup",
    },
    Hole {
        emulator: MOTO,
        kind: "elastic_ips",
        at: &["network_border_group", "public_ipv4_pool", "customer_owned_ipv4_pool"],
        what: "AllocateAddress drops NetworkBorderGroup and the pools",
    },
    Hole {
        emulator: MOTO,
        kind: "target_groups",
        at: &["matcher.grpc_code"],
        what: "ModifyTargetGroup keeps only the HttpCode of a matcher",
    },
    Hole {
        emulator: MOTO,
        kind: "load_balancers",
        at: &["subnet_mappings"],
        what: "DescribeLoadBalancers leaves the AllocationId of an address out",
    },
    Hole {
        emulator: LOCALSTACK,
        kind: "vpcs",
        at: &["ipv6_cidr_block_network_border_group"],
        what: "CreateVpc drops Ipv6CidrBlockNetworkBorderGroup",
    },
    Hole {
        emulator: MINISTACK,
        kind: "distributions",
        at: &["create vpc_origin"],
        what: "CreateDistributionWithTags refuses a VPC origin that it does not know, and there is no kind that makes one",
    },
    Hole {
        emulator: MOTO,
        kind: "buckets",
        at: &[
            "logging.target_object_key_format",
            "transition_default_minimum_object_size",
            "change transition_default_minimum_object_size",
        ],
        what: "PutBucketLogging and PutBucketLifecycleConfiguration drop these two",
    },
    Hole { emulator: LOCALSTACK, kind: "queues", at: &["read owned"], what: "GetResources lists no queues" },
    Hole {
        emulator: LOCALSTACK,
        kind: "queues",
        at: &["sqs_managed_sse_enabled"],
        what: "GetQueueAttributes reports SqsManagedSseEnabled beside a KMS key",
    },
    Hole { emulator: LOCALSTACK, kind: "buckets", at: &["read owned"], what: "GetResources lists no buckets" },
    Hole {
        emulator: LOCALSTACK,
        kind: "security_groups",
        at: &["ingress.description"],
        what: "ModifySecurityGroupRules without Description keeps the old one",
    },
    Hole {
        emulator: LOCALSTACK,
        kind: "subnets",
        at: &[
            "enable_dns64",
            "change enable_dns64",
            "private_dns_name_options_on_launch.enable_resource_name_dns_aaaa_record",
            "private_dns_name_options_on_launch.hostname_type",
            "update the gone",
        ],
        what: "ModifySubnetAttribute drops these, whether the subnet exists or not",
    },
    Hole {
        emulator: LOCALSTACK,
        kind: "subnets",
        at: &["map_public_ip_on_launch"],
        what: "CreateSubnet with AvailabilityZoneId makes a default subnet, which maps public addresses",
    },
    Hole {
        emulator: LOCALSTACK,
        kind: "vpcs",
        at: &["default_network_acl.entries.icmp_type_code"],
        what: "CreateNetworkAclEntry drops IcmpTypeCode",
    },
];

/// Returns the holes of a kind on an emulator.
pub fn of(emulator: &str, kind: &str) -> Vec<&'static Hole> {
    HOLES.iter().filter(|hole| hole.emulator == emulator && hole.kind == kind).collect()
}

impl Hole {
    /// Returns the row's own place that explains a problem at this place.
    pub fn explains(&self, at: &str) -> Option<&'static str> {
        let place = without_indices(at);
        let holds =
            |hole: &&&str| place.strip_prefix(**hole).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
        self.at.iter().find(holds).copied()
    }
}

/// Returns a path without what stands in brackets.
fn without_indices(path: &str) -> String {
    let mut depth = 0;
    path.chars()
        .filter(|letter| {
            depth += i32::from(*letter == '[');
            let outside = depth == 0;
            depth -= i32::from(*letter == ']');
            outside
        })
        .collect()
}

#[test]
fn a_hole_explains_what_lies_in_it() {
    let hole = Hole { emulator: MOTO, kind: "a", at: &["rules.filter"], what: "" };
    for (at, explained) in
        [("rules[x.y].filter", true), ("rules[x].filter.size", true), ("rules", false), ("rules.filters", false)]
    {
        assert_eq!(hole.explains(at).is_some(), explained, "{at}");
    }
}

#[test]
fn every_hole_is_of_a_kind_that_there_is() {
    for hole in HOLES {
        assert!(trueup::kinds::schema(hole.kind).is_some(), "{hole:?}");
        assert!([MOTO, MINISTACK, LOCALSTACK].contains(&hole.emulator), "{hole:?}");
        assert!(!hole.what.is_empty(), "{hole:?}");
    }
}
