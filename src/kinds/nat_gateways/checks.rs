//! What a NAT gateway needs, told without an account.

use crate::kinds::fields::Fields;
use crate::model::address::Address;
use crate::model::schema::{Broken, Neighbours};
use crate::model::value::{Map, Value};

/// A public gateway works only beside an internet gateway, and with a route to it from its subnet:
/// <https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-basics.html>.
pub fn way_out(stack: &dyn Neighbours, own: &Address) -> Vec<Address> {
    let Some(fields) = stack.fields(own) else { return Vec::new() };
    if fields.text("connectivity_type").as_deref() == Some("private") {
        return Vec::new();
    }
    let vpc = match stack.target(own, "subnet_id") {
        Some(subnet) => stack.target(&subnet, "vpc_id"),
        None => stack.target(own, "vpc_id"),
    };
    let mut needs = Vec::new();
    if vpc.is_some() {
        let beside = |gateway: &Address| stack.target(gateway, "vpc_id") == vpc;
        needs.extend(stack.of_kind("internet_gateways").into_iter().filter(beside));
    }
    if let Some(subnet) = fields.get("subnet_id").filter(|subnet| !subnet.is_null()) {
        let routes_it = |table: &Address| stack.fields(table).is_some_and(|table| is_way_out(table, subnet));
        needs.extend(stack.of_kind("route_tables").into_iter().filter(routes_it));
    }
    needs
}

/// Returns true if this is the subnet's table and leads to no NAT gateway: one that does may lead to this very one.
fn is_way_out(table: &Map, subnet: &Value) -> bool {
    let subnets = table.get("subnet_ids").and_then(Value::as_list).unwrap_or_default();
    subnets.contains(subnet) && !table.records("routes").any(|route| route.contains_key("nat_gateway_id"))
}

pub fn shape(stack: &dyn Neighbours, own: &Address) -> Vec<Broken> {
    let Some(fields) = stack.fields(own) else { return Vec::new() };
    let is = |name: &str, value: &str| fields.text(name).as_deref() == Some(value);
    if is("availability_mode", "regional") {
        return regional(fields);
    }
    let mut broken = Vec::new();
    let has = |name: &str| fields.value(name).is_some();
    if !has("subnet_id") {
        broken.push(
            Broken::new("", "a zonal NAT gateway needs `subnet_id`")
                .help("write a public subnet, or `availability_mode: regional` with `vpc_id`"),
        );
    }
    for name in ["vpc_id", "availability_zone_addresses"].into_iter().filter(|name| has(name)) {
        broken.push(Broken::new(name, format!("`{name}` is for regional NAT gateways only")));
    }
    if is("connectivity_type", "private") {
        for name in ["allocation_id", "secondary_allocation_ids"].into_iter().filter(|name| has(name)) {
            broken.push(
                Broken::new(name, "a private NAT gateway has no elastic IP address")
                    .help("leave it out, or write `connectivity_type: public`"),
            );
        }
    } else if is("connectivity_type", "public") && !has("allocation_id") {
        broken.push(
            Broken::new("", "a public NAT gateway needs `allocation_id`")
                .help("write an elastic IP address, as in `${elastic_ips.nat.id}`"),
        );
    }
    if has("secondary_private_ip_addresses") && has("secondary_private_ip_address_count") {
        broken.push(
            Broken::new("secondary_private_ip_address_count", "the further addresses are said twice")
                .help("write them, or how many there are to be"),
        );
    }
    broken
}

fn regional(fields: &Map) -> Vec<Broken> {
    let mut broken = Vec::new();
    if fields.value("vpc_id").is_none() {
        broken.push(Broken::new("", "a regional NAT gateway needs `vpc_id`"));
    }
    for name in ["subnet_id", "allocation_id", "private_ip_address", "secondary_allocation_ids"] {
        if fields.value(name).is_some() {
            broken.push(
                Broken::new(name, format!("`{name}` is for zonal NAT gateways only"))
                    .help("a regional one has `vpc_id` and `availability_zone_addresses`"),
            );
        }
    }
    broken
}

#[cfg(test)]
mod tests {
    use super::super::NatGateways;
    use crate::kinds::tests::broken;

    fn check(fields: &str, expected: &[&str]) {
        assert_eq!(broken(&NatGateways, fields), expected, "{fields}");
    }

    #[test]
    fn what_a_gateway_cannot_be_is_named() {
        check("subnet_id: subnet-1, allocation_id: eipalloc-1", &[]);
        check("subnet_id: subnet-1, connectivity_type: private", &[]);
        check("vpc_id: vpc-1, availability_mode: regional", &[]);
        check("subnet_id: subnet-1", &[""]);
        check("allocation_id: eipalloc-1", &[""]);
        check("subnet_id: subnet-1, allocation_id: eipalloc-1, connectivity_type: private", &["allocation_id"]);
        check("subnet_id: subnet-1, availability_mode: regional", &["", "subnet_id"]);
        check("subnet_id: subnet-1, allocation_id: eipalloc-1, vpc_id: vpc-1", &["vpc_id"]);
    }
}
