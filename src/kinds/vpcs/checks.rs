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
    for (index, block) in more.iter().enumerate() {
        if let Some(text) = block.as_str() {
            let path = format!("secondary_cidr_blocks[{index}]");
            broken.extend(cidr::v4(&path, text, cidr::NETWORK_SIZES).err());
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
