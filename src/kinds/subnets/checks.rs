//! What is wrong with a subnet, told without an account.

use crate::kinds::cidr;
use crate::kinds::fields::Fields;
use crate::model::address::Address;
use crate::model::schema::{Broken, Neighbours};
use crate::model::value::Value;

/// The blocks are well-formed: <https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html>.
pub fn blocks(stack: &dyn Neighbours, own: &Address) -> Vec<Broken> {
    let Some(fields) = stack.fields(own) else { return Vec::new() };
    let mut broken = Vec::new();
    match fields.get("cidr_block").map(Value::peel) {
        None | Some(Value::Null) => {
            let other = ["ipv4_ipam_pool_id", "ipv6_native"].iter().any(|field| fields.contains_key(*field));
            if !other {
                broken.push(
                    Broken::new("", "a subnet needs `cidr_block`")
                        .help("write a part of its VPC's block, as in `${cidr_subnet(vpcs.main.cidr_block, 8, 0)}`"),
                );
            }
        }
        Some(Value::Str(text)) => broken.extend(cidr::v4("cidr_block", text, cidr::NETWORK_SIZES).err()),
        _ => {}
    }
    if let Some(text) = fields.text("ipv6_cidr_block") {
        broken.extend(cidr::v6("ipv6_cidr_block", &text, 44..=64).err());
    }
    broken
}

/// The block is a part of its VPC's.
pub fn inside_vpc(stack: &dyn Neighbours, own: &Address) -> Vec<Broken> {
    let check = || {
        let text = stack.fields(own)?.text("cidr_block")?;
        let net = cidr::v4("", &text, cidr::NETWORK_SIZES).ok()?;
        let vpc = stack.fields(&stack.target(own, "vpc_id")?)?;
        let first = vpc.text("cidr_block")?;
        let more = vpc.get("secondary_cidr_blocks").cloned().unwrap_or_default();
        if !more.is_known() {
            return None;
        }
        let blocks: Vec<_> =
            std::iter::once(first).chain(vpc.texts("secondary_cidr_blocks").unwrap_or_default()).collect();
        let nets: Vec<ipnet::Ipv4Net> = blocks.iter().map(|text| text.parse()).collect::<Result<_, _>>().ok()?;
        (!nets.iter().any(|block| block.contains(&net))).then(|| {
            let blocks = blocks.iter().map(|block| format!("`{block}`")).collect::<Vec<_>>().join(" and ");
            Broken::new("cidr_block", format!("`{text}` is outside its VPC's {blocks}"))
        })
    };
    check().into_iter().collect()
}

/// No two subnets of one VPC share an address; told at the later one.
pub fn overlaps(stack: &dyn Neighbours, own: &Address) -> Vec<Broken> {
    let net_of = |address: &Address| {
        let text = stack.fields(address)?.text("cidr_block")?;
        cidr::v4("", &text, cidr::NETWORK_SIZES).ok()
    };
    let Some(net) = net_of(own) else { return Vec::new() };
    let same_vpc = |other: &Address| match (stack.target(own, "vpc_id"), stack.target(other, "vpc_id")) {
        (None, None) => {
            stack.fields(own).and_then(|f| f.get("vpc_id")) == stack.fields(other).and_then(|f| f.get("vpc_id"))
        }
        (a, b) => a == b,
    };
    let before = stack.of_kind("subnets").into_iter().take_while(|other| other != own);
    before
        .filter_map(|other| {
            let taken = net_of(&other).filter(|taken| cidr::overlap(&net, taken))?;
            same_vpc(&other)
                .then(|| Broken::new("cidr_block", format!("`{net}` overlaps `{taken}` of `{other}` in the same VPC")))
        })
        .collect()
}

pub fn one_zone(stack: &dyn Neighbours, own: &Address) -> Vec<Broken> {
    let Some(fields) = stack.fields(own) else { return Vec::new() };
    let both = fields.contains_key("availability_zone") && fields.contains_key("availability_zone_id");
    both.then(|| Broken::new("availability_zone_id", "the zone is said twice").help("write it by name or by id"))
        .into_iter()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::subnets::Subnets;
    use crate::kinds::tests::fields;
    use crate::kinds::vpcs::Vpcs;
    use crate::model::value::Map;

    /// A VPC, and subnets in it in the order of their names.
    struct Network {
        vpc: (Address, Map),
        subnets: Vec<(Address, Map)>,
    }

    impl Neighbours for Network {
        fn fields(&self, address: &Address) -> Option<&Map> {
            let all = self.subnets.iter().chain([&self.vpc]);
            all.into_iter().find(|(known, _)| known == address).map(|(_, fields)| fields)
        }

        fn target(&self, _: &Address, field: &str) -> Option<Address> {
            (field == "vpc_id").then(|| self.vpc.0.clone())
        }

        fn of_kind(&self, _: &str) -> Vec<Address> {
            self.subnets.iter().map(|(address, _)| address.clone()).collect()
        }
    }

    /// Returns what is said of the subnets with these blocks, in a VPC with `vpc`.
    fn check(vpc: &str, blocks: &[&str], expected: &[&str]) {
        let subnet = |(index, block): (usize, &&str)| {
            let stated = format!("vpc_id: vpc-1, cidr_block: {block}");
            (Address::new("subnets", format!("s{index}")), fields(&Subnets, &stated))
        };
        let network = Network {
            vpc: (Address::new("vpcs", "main"), fields(&Vpcs, vpc)),
            subnets: blocks.iter().enumerate().map(subnet).collect(),
        };
        let rules = [super::blocks, inside_vpc, overlaps, one_zone];
        let own = network.of_kind("subnets");
        let said = own.iter().flat_map(|own| rules.iter().flat_map(|rule| rule(&network, own)));
        assert_eq!(said.map(|broken| broken.message).collect::<Vec<_>>(), expected, "{blocks:?}");
    }

    #[test]
    fn subnets_lie_apart_inside_their_vpc() {
        let vpc = "cidr_block: 10.0.0.0/16";
        check(vpc, &["10.0.0.0/24", "10.0.1.0/24"], &[]);
        check(vpc, &["10.1.0.0/24"], &["`10.1.0.0/24` is outside its VPC's `10.0.0.0/16`"]);
        check(
            vpc,
            &["10.0.0.0/20", "10.0.1.0/24", "10.0.16.0/24"],
            &["`10.0.1.0/24` overlaps `10.0.0.0/20` of `subnets.s0` in the same VPC"],
        );
        check(vpc, &["10.0.0.1/24"], &["`10.0.0.1/24` has bits set after its prefix"]);
        check(vpc, &["10.0.0.0/29"], &["the size of `10.0.0.0/29` is not between /16 and /28"]);
        check("cidr_block: 10.0.0.0/16, secondary_cidr_blocks: [10.1.0.0/20]", &["10.1.0.0/24"], &[]);
    }

    #[test]
    fn what_a_subnet_lacks_is_named() {
        let broken = |stated: &str| crate::kinds::tests::broken(&Subnets, stated);
        assert_eq!(broken("vpc_id: vpc-1"), [""]);
        assert_eq!(broken("vpc_id: vpc-1, ipv6_native: true"), Vec::<String>::new());
        assert_eq!(
            broken("vpc_id: v, cidr_block: 10.0.0.0/24, availability_zone: a, availability_zone_id: b"),
            ["availability_zone_id"]
        );
    }
}
