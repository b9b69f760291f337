//! What is wrong with routes, told without an account.

use std::collections::BTreeMap;

use super::routes::{DESTINATIONS, TARGETS};
use crate::kinds::cidr;
use crate::kinds::fields::Fields;
use crate::model::address::Address;
use crate::model::schema::{Broken, Neighbours};
use crate::model::value::{Map, Value};

/// The field that an id of this form belongs into.
const FORMS: [(&str, &str); 7] = [
    ("nat-", "nat_gateway_id"),
    ("eigw-", "egress_only_internet_gateway_id"),
    ("tgw-", "transit_gateway_id"),
    ("pcx-", "vpc_peering_connection_id"),
    ("vpce-", "vpc_endpoint_id"),
    ("eni-", "network_interface_id"),
    ("cagw-", "carrier_gateway_id"),
];

pub fn table(stack: &dyn Neighbours, own: &Address) -> Vec<Broken> {
    stack.fields(own).map(|fields| routes("", fields)).unwrap_or_default()
}

/// Returns what is wrong with `routes` of these fields, whose path is `prefix`.
pub fn routes(prefix: &str, fields: &Map) -> Vec<Broken> {
    let mut broken = Vec::new();
    let mut seen = BTreeMap::new();
    for (index, route) in fields.records("routes").enumerate() {
        let path = format!("{prefix}routes[{index}]");
        broken.extend(destination(&path, route));
        broken.extend(target(&path, route));
        let destination = DESTINATIONS.iter().find_map(|name| route.value(name)?.as_str());
        if let Some(destination) = destination
            && let Some(first) = seen.insert(destination.to_owned(), index)
        {
            broken.push(
                Broken::new(&path, format!("two routes lead to `{destination}`"))
                    .help(format!("the other is `{prefix}routes[{first}]`")),
            );
        }
    }
    broken
}

fn destination(path: &str, route: &Map) -> Vec<Broken> {
    let mut broken = one_of(path, route, DESTINATIONS, "destination");
    if let Some(text) = route.value("destination_cidr_block").and_then(Value::as_str) {
        broken.extend(cidr::v4(&format!("{path}.destination_cidr_block"), text, cidr::ANY_V4).err());
    }
    if let Some(text) = route.value("destination_ipv6_cidr_block").and_then(Value::as_str) {
        broken.extend(cidr::v6(&format!("{path}.destination_ipv6_cidr_block"), text, cidr::ANY_V6).err());
    }
    broken
}

fn target(path: &str, route: &Map) -> Vec<Broken> {
    let mut broken = one_of(path, route, TARGETS, "target");
    let gateway = route.value("gateway_id").and_then(Value::as_str).unwrap_or_default();
    let at = format!("{path}.gateway_id");
    if gateway == "local" {
        broken.push(
            Broken::new(at, "AWS keeps the local route itself").help("leave it out: it is there, and left alone"),
        );
    } else if let Some((_, field)) = FORMS.iter().find(|(form, _)| gateway.starts_with(form)) {
        broken.push(
            Broken::new(at, format!("`{gateway}` is no internet or virtual private gateway"))
                .help(format!("write it as `{field}`")),
        );
    }
    broken
}

fn one_of(path: &str, route: &Map, names: &[&str], what: &str) -> Vec<Broken> {
    let stated: Vec<_> = names.iter().filter(|name| route.value(name).is_some()).collect();
    match stated.as_slice() {
        [_] => Vec::new(),
        [] => {
            let names = names[..3].join("`, `");
            vec![Broken::new(path, format!("a route needs a {what}")).help(format!("write one of `{names}`, …"))]
        }
        [first, .., last] => {
            vec![Broken::new(
                format!("{path}.{last}"),
                format!("a route has one {what}, and this one has `{first}` too"),
            )]
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::RouteTables;
    use crate::kinds::tests::broken;

    fn check(routes: &str, expected: &[&str]) {
        assert_eq!(broken(&RouteTables, &format!("vpc_id: vpc-1, routes: [{routes}]")), expected, "{routes}");
    }

    #[test]
    fn what_a_route_cannot_be_is_named() {
        check("{destination_cidr_block: 0.0.0.0/0, gateway_id: igw-1}", &[]);
        check("{destination_cidr_block: 0.0.0.0/0}", &["routes[0]"]);
        check("{gateway_id: igw-1}", &["routes[0]"]);
        check("{destination_cidr_block: 10.0.0.1/8, gateway_id: igw-1}", &["routes[0].destination_cidr_block"]);
        check("{destination_cidr_block: 0.0.0.0/0, gateway_id: nat-1}", &["routes[0].gateway_id"]);
        check("{destination_cidr_block: 10.0.0.0/16, gateway_id: local}", &["routes[0].gateway_id"]);
        check(
            "{destination_cidr_block: 0.0.0.0/0, gateway_id: igw-1, nat_gateway_id: nat-1}",
            &["routes[0].nat_gateway_id"],
        );
        check(
            "{destination_ipv6_cidr_block: '::/0', gateway_id: igw-1}, \
             {destination_ipv6_cidr_block: '::/0', egress_only_internet_gateway_id: eigw-1}",
            &["routes[1]"],
        );
    }
}
