//! What is wrong with rules, told without an account.

use std::collections::BTreeSet;

use super::rules;
use crate::kinds::cidr;
use crate::kinds::fields::Fields;
use crate::model::address::Address;
use crate::model::schema::{Broken, Neighbours};
use crate::model::value::{Map, Value};

const PEERS: [&str; 4] = ["cidr_ipv4", "cidr_ipv6", "prefix_list_id", "referenced_group_id"];
/// Numbers that AWS reports by name.
const NUMBERED: [(&str, &str); 5] = [("6", "tcp"), ("17", "udp"), ("1", "icmp"), ("58", "icmpv6"), ("all", "-1")];

pub fn group(stack: &dyn Neighbours, own: &Address) -> Vec<Broken> {
    let Some(fields) = stack.fields(own) else { return Vec::new() };
    let mut broken = Vec::new();
    if fields.text("group_name").is_some_and(|name| name.starts_with("sg-")) {
        broken.push(Broken::new("group_name", "the name of a security group cannot start with `sg-`"));
    }
    broken.extend(directions("", fields));
    broken
}

/// Returns what is wrong with `ingress` and `egress` of these fields, whose path is `prefix`.
pub fn directions(prefix: &str, fields: &Map) -> Vec<Broken> {
    let mut broken = Vec::new();
    for direction in ["ingress", "egress"] {
        let mut seen = BTreeSet::new();
        for (index, rule) in fields.records(direction).enumerate() {
            let path = format!("{prefix}{direction}[{index}]");
            broken.extend(peer(&path, rule));
            broken.extend(protocol(&path, rule));
            let key = rules::from_value(&Value::list([Value::from(rule.clone())])).into_keys().next();
            if Value::from(rule.clone()).is_known() && key.is_some_and(|key| !seen.insert(key)) {
                broken.push(
                    Broken::new(path, "the same rule stands twice").help("rules differ by more than their description"),
                );
            }
        }
    }
    broken
}

fn peer(path: &str, rule: &Map) -> Vec<Broken> {
    let mut peers: Vec<_> = PEERS.into_iter().filter(|name| rule.value(name).is_some()).collect();
    // `self` may wait for a value; only `false` says that it is no peer.
    peers.extend(rule.value("self").filter(|value| value.as_bool() != Some(false)).map(|_| "self"));
    let help = "write one of `cidr_ipv4`, `cidr_ipv6`, `prefix_list_id`, `referenced_group_id`, `self: true`";
    let mut broken = Vec::new();
    match peers.as_slice() {
        [] => broken.push(Broken::new(path, "a rule needs a peer").help(help)),
        [_] => {}
        [first, .., last] => broken.push(
            Broken::new(format!("{path}.{last}"), format!("a rule has one peer, and this one has `{first}` too"))
                .help("write one rule for each peer"),
        ),
    }
    if let Some(text) = rule.value("cidr_ipv4").and_then(Value::as_str) {
        broken.extend(cidr::v4(&format!("{path}.cidr_ipv4"), text, cidr::ANY_V4).err());
    }
    if let Some(text) = rule.value("cidr_ipv6").and_then(Value::as_str) {
        broken.extend(cidr::v6(&format!("{path}.cidr_ipv6"), text, cidr::ANY_V6).err());
    }
    broken
}

fn protocol(path: &str, rule: &Map) -> Vec<Broken> {
    let Some(protocol) = rule.text("ip_protocol") else { return Vec::new() };
    let at = format!("{path}.ip_protocol");
    if let Some((_, name)) = NUMBERED.iter().find(|(number, _)| *number == protocol) {
        let message = format!("AWS reports the protocol `{protocol}` as `{name}`");
        return vec![Broken::new(at, message).help(format!("write `ip_protocol: {name}`"))];
    }
    if rules::WITH_PORTS.contains(&protocol.as_str()) {
        return ports(path, &protocol, rule);
    }
    if protocol != rules::ALL && protocol.parse::<u8>().is_err() {
        return vec![
            Broken::new(at, format!("`{protocol}` is not a protocol"))
                .help("write `tcp`, `udp`, `icmp`, `icmpv6`, `-1` for all, or a number up to 255"),
        ];
    }
    let stray = ["from_port", "to_port"].into_iter().find(|name| rule.value(name).is_some());
    let told = stray.map(|name| {
        Broken::new(format!("{path}.{name}"), format!("a rule for the protocol `{protocol}` has no ports"))
            .help("leave `from_port` and `to_port` out")
    });
    told.into_iter().collect()
}

fn ports(path: &str, protocol: &str, rule: &Map) -> Vec<Broken> {
    let is_icmp = protocol.starts_with("icmp");
    if let Some(name) = ["from_port", "to_port"].into_iter().find(|name| rule.value(name).is_none()) {
        let help = match is_icmp {
            true => "write type and code as `from_port` and `to_port`, -1 for all",
            false => "write `from_port: 0` and `to_port: 65535` for all ports",
        };
        return vec![Broken::new(path, format!("a rule for `{protocol}` needs `{name}`")).help(help)];
    }
    let (Some(from), Some(to)) = (rule.integer("from_port"), rule.integer("to_port")) else { return Vec::new() };
    let at = format!("{path}.from_port");
    let told = match (is_icmp, from, to) {
        (true, -1, code) if code != -1 => Broken::new(at, "a rule for all ICMP types has all codes too"),
        (true, 256.., _) | (true, _, 256..) => Broken::new(at, "an ICMP type or code is at most 255"),
        (false, -1, _) | (false, _, -1) => {
            Broken::new(at, format!("-1 is no port of `{protocol}`")).help("write 0 to 65535 for all ports")
        }
        (false, from, to) if from > to => {
            Broken::new(at, format!("the range of ports from {from} to {to} is empty")).help("swap the two")
        }
        _ => return Vec::new(),
    };
    vec![told]
}

#[cfg(test)]
mod tests {
    use super::super::SecurityGroups;
    use crate::kinds::tests::broken;

    fn check(rule: &str, expected: &[&str]) {
        assert_eq!(broken(&SecurityGroups, &format!("ingress: [{rule}]")), expected, "{rule}");
    }

    #[test]
    fn sound_rules_pass() {
        check("{ip_protocol: tcp, from_port: 443, to_port: 443, cidr_ipv4: 0.0.0.0/0}", &[]);
        check("{ip_protocol: '-1', self: true}", &[]);
        check("{ip_protocol: icmp, from_port: 8, to_port: -1, cidr_ipv6: '::/0'}", &[]);
        check("{ip_protocol: '50', referenced_group_id: sg-1}", &[]);
    }

    #[test]
    fn what_a_rule_cannot_be_is_named() {
        check("{ip_protocol: tcp, from_port: 1, to_port: 2}", &["ingress[0]"]);
        check("{ip_protocol: '-1', cidr_ipv4: 0.0.0.0/0, self: true}", &["ingress[0].self"]);
        check("{ip_protocol: '-1', cidr_ipv4: 10.0.0.1/8}", &["ingress[0].cidr_ipv4"]);
        check("{ip_protocol: '6', from_port: 1, to_port: 2, self: true}", &["ingress[0].ip_protocol"]);
        check("{ip_protocol: http, self: true}", &["ingress[0].ip_protocol"]);
        check("{ip_protocol: '-1', from_port: 0, to_port: 0, self: true}", &["ingress[0].from_port"]);
        check("{ip_protocol: tcp, self: true}", &["ingress[0]"]);
        check("{ip_protocol: tcp, from_port: 2, to_port: 1, self: true}", &["ingress[0].from_port"]);
        check("{ip_protocol: udp, from_port: -1, to_port: -1, self: true}", &["ingress[0].from_port"]);
        check("{ip_protocol: '-1', self: true}, {ip_protocol: '-1', self: true, description: x}", &["ingress[1]"]);
    }
}
