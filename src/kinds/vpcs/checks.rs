//! What is wrong with a VPC, told without an account.

use super::acl;
use crate::kinds::fields::Fields;
use crate::kinds::{cidr, route_tables, security_groups};
use crate::model::address::Address;
use crate::model::schema::{Broken, Neighbours};
use crate::model::value::Value;

/// The blocks are well-formed: <https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html>.
pub fn blocks(stack: &dyn Neighbours, own: &Address) -> Vec<Broken> {
    let Some(fields) = stack.fields(own) else { return Vec::new() };
    let mut broken = Vec::new();
    match fields.value("cidr_block") {
        None if fields.value("ipv4_ipam_pool_id").is_none() => {
            broken.push(Broken::new("", "a VPC needs `cidr_block`").help("write a block, as in `10.0.0.0/16`"));
        }
        Some(Value::Str(text)) => broken.extend(cidr::v4("cidr_block", text, cidr::NETWORK_SIZES).err()),
        _ => {}
    }
    let more = fields.value("secondary_cidr_blocks").and_then(Value::as_list).unwrap_or_default();
    let first = fields.value("cidr_block").and_then(Value::as_str);
    let mut nets: Vec<_> = first.and_then(|text| text.parse().ok()).into_iter().collect();
    for (index, block) in more.iter().enumerate() {
        let Some(text) = block.as_str() else { continue };
        let path = format!("secondary_cidr_blocks[{index}]");
        match cidr::v4(&path, text, cidr::NETWORK_SIZES) {
            Err(wrong) => broken.push(wrong),
            Ok(net) => {
                let taken = nets.iter().find(|taken| cidr::overlap(taken, &net));
                broken.extend(taken.map(|taken| Broken::new(&path, format!("`{net}` overlaps `{taken}`"))));
                nets.push(net);
            }
        }
    }
    broken
}

/// DNS names need DNS itself: <https://docs.aws.amazon.com/vpc/latest/userguide/vpc-dns.html>.
pub fn names_need_dns(stack: &dyn Neighbours, own: &Address) -> Vec<Broken> {
    let Some(fields) = stack.fields(own) else { return Vec::new() };
    let broken = fields.flag("enable_dns_hostnames") == Some(true) && fields.flag("enable_dns_support") == Some(false);
    let told = Broken::new("enable_dns_hostnames", "DNS host names need `enable_dns_support`")
        .help("leave `enable_dns_support` out: it is on by default");
    broken.then_some(told).into_iter().collect()
}

/// What AWS makes along with a VPC keeps the rules of its kind.
pub fn parts(stack: &dyn Neighbours, own: &Address) -> Vec<Broken> {
    let Some(fields) = stack.fields(own) else { return Vec::new() };
    let mut broken = Vec::new();
    if let Some(group) = fields.record("default_security_group") {
        broken.extend(security_groups::checks::directions("default_security_group.", group));
    }
    if let Some(table) = fields.record("main_route_table") {
        broken.extend(route_tables::checks::routes("main_route_table.", table));
    }
    if let Some(entries) = fields.record("default_network_acl") {
        broken.extend(acl::broken("default_network_acl.", entries));
    }
    broken
}

#[cfg(test)]
mod tests {
    use super::super::Vpcs;
    use crate::kinds::tests::broken;

    #[test]
    fn what_a_vpc_cannot_be_is_named() {
        let check = |fields: &str, expected: &[&str]| assert_eq!(broken(&Vpcs, fields), expected, "{fields}");
        check("cidr_block: 10.0.0.0/16, secondary_cidr_blocks: [10.1.0.0/16]", &[]);
        check("ipv4_ipam_pool_id: ipam-pool-1", &[]);
        check("enable_dns_support: true", &[""]);
        check("cidr_block: 10.0.0.0/8", &["cidr_block"]);
        check("cidr_block: 10.0.0.0/16, secondary_cidr_blocks: [10.0.1.0/24]", &["secondary_cidr_blocks[0]"]);
        check(
            "cidr_block: 10.0.0.0/16, enable_dns_support: false, enable_dns_hostnames: true",
            &["enable_dns_hostnames"],
        );
        check(
            "cidr_block: 10.0.0.0/16, default_security_group: {ingress: [{ip_protocol: tcp, self: true}]}",
            &["default_security_group.ingress[0]"],
        );
        check(
            "cidr_block: 10.0.0.0/16, main_route_table: {routes: [{destination_cidr_block: 0.0.0.0/0}]}",
            &["main_route_table.routes[0]"],
        );
    }
}
