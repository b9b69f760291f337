//! The rules of a security group: one rule a peer, told apart by everything but its description.
//!
//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_SecurityGroupRule.html>

use std::collections::BTreeMap;

use aws_sdk_ec2::types::{
    IpPermission, IpRange, Ipv6Range, PrefixListId, SecurityGroup, SecurityGroupRule, UserIdGroupPair,
};

use crate::kinds::fields::Fields;
use crate::model::shape::{Field, Record, Shape};
use crate::model::value::{Map, Value};

/// What tells two rules apart.
const KEYS: &[&str] =
    &["ip_protocol", "from_port", "to_port", "cidr_ipv4", "cidr_ipv6", "prefix_list_id", "referenced_group_id", "self"];

/// Every protocol.
pub const ALL: &str = "-1";
/// The protocols whose rules have ports, or a type and a code in their place.
pub const WITH_PORTS: [&str; 4] = ["tcp", "udp", "icmp", "icmpv6"];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    Ingress,
    Egress,
}

/// What a rule lets through.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rule {
    /// `tcp`, `udp`, `icmp`, `icmpv6`, `-1` for all, or a number.
    pub protocol: String,
    /// None for protocols without ports.
    pub ports: Option<(i32, i32)>,
    pub peer: Peer,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Peer {
    V4(String),
    V6(String),
    PrefixList(String),
    /// Another group: its id, or `account/id` for one of a peer account.
    Group(String),
    Itself,
}

/// Rules with their descriptions.
pub type Rules = BTreeMap<Rule, Option<String>>;

/// Returns the field of a direction's rules.
pub fn field() -> Field {
    let rule = Record::of([
        ("ip_protocol", Field::text().required().note("`tcp`, `udp`, `icmp`, `icmpv6`, `-1` for all, or a number.")),
        ("from_port", Field::integer(-1, 65535).note("For ICMP the type; -1 for all.")),
        ("to_port", Field::integer(-1, 65535).note("For ICMP the code; -1 for all.")),
        ("cidr_ipv4", Field::text()),
        ("cidr_ipv6", Field::text()),
        ("prefix_list_id", Field::text()),
        (
            "referenced_group_id",
            Field::text().refers("security_groups", "id").note("`<account>/<id>` for a group of a peer account."),
        ),
        ("self", Field::bool().note("The group itself is the peer.")),
        ("description", Field::text_of(0, 255).pattern(r"[a-zA-Z0-9. _\-:/()#,@\[\]+=&;{}!$*]*")),
    ]);
    Field::list(Shape::Record(rule)).keyed(KEYS)
}

/// Returns what AWS lets out of a new group: everything.
pub fn allow_all() -> Value {
    Value::list([to_value(&to_anywhere(Peer::V4("0.0.0.0/0".to_owned())), None)])
}

/// AWS adds the same for IPv6 when the VPC has such a block, now or later:
/// <https://docs.aws.amazon.com/vpc/latest/userguide/default-security-group.html>.
pub fn same_egress(wanted: &Value, live: &Value, _: &Map) -> bool {
    let mut live = from_value(live);
    live.remove(&to_anywhere(Peer::V6("::/0".to_owned())));
    *wanted == allow_all() && live == from_value(wanted)
}

fn to_anywhere(peer: Peer) -> Rule {
    Rule { protocol: ALL.to_owned(), ports: None, peer }
}

/// Returns the rules that a field's value states.
pub fn from_value(value: &Value) -> Rules {
    value.as_list().unwrap_or_default().iter().filter_map(Value::as_map).filter_map(one_from_value).collect()
}

fn one_from_value(fields: &Map) -> Option<(Rule, Option<String>)> {
    let peer = fields
        .text("cidr_ipv4")
        .map(Peer::V4)
        .or_else(|| fields.text("cidr_ipv6").map(Peer::V6))
        .or_else(|| fields.text("prefix_list_id").map(Peer::PrefixList))
        .or_else(|| fields.text("referenced_group_id").map(Peer::Group))
        .unwrap_or(Peer::Itself);
    let protocol = fields.text("ip_protocol")?;
    let ports = fields.integer("from_port").zip(fields.integer("to_port"));
    let ports = ports.filter(|_| WITH_PORTS.contains(&protocol.as_str()));
    Some((Rule { protocol, ports, peer }, fields.text("description").filter(|text| !text.is_empty())))
}

/// Returns rules in the stack's own form.
pub fn to_list(rules: &Rules) -> Value {
    Value::list(rules.iter().map(|(rule, description)| to_value(rule, description.as_deref())))
}

fn to_value(rule: &Rule, description: Option<&str>) -> Value {
    let mut fields = Map::from_iter([("ip_protocol".into(), Value::from(rule.protocol.as_str()))]);
    if let Some((from, to)) = rule.ports {
        fields.insert("from_port".into(), from.into());
        fields.insert("to_port".into(), to.into());
    }
    let (name, value) = match &rule.peer {
        Peer::V4(block) => ("cidr_ipv4", block.into()),
        Peer::V6(block) => ("cidr_ipv6", block.into()),
        Peer::PrefixList(id) => ("prefix_list_id", id.into()),
        Peer::Group(id) => ("referenced_group_id", id.into()),
        Peer::Itself => ("self", Value::Bool(true)),
    };
    fields.insert(name.into(), value);
    if let Some(description) = description.filter(|text| !text.is_empty()) {
        fields.insert("description".into(), description.into());
    }
    fields.into()
}

/// Returns a group's rules as DescribeSecurityGroups reports them: inside permissions with many peers each.
pub fn of_group(group: &SecurityGroup, direction: Direction) -> Rules {
    let permissions = match direction {
        Direction::Ingress => group.ip_permissions(),
        Direction::Egress => group.ip_permissions_egress(),
    };
    let id = group.group_id().unwrap_or_default();
    permissions.iter().flat_map(|permission| of_permission(permission, id, group.owner_id())).collect()
}

fn of_permission<'a>(
    permission: &'a IpPermission,
    group: &'a str,
    owner: Option<&'a str>,
) -> impl Iterator<Item = (Rule, Option<String>)> + 'a {
    let v4 = permission
        .ip_ranges()
        .iter()
        .filter_map(|range| Some((Peer::V4(range.cidr_ip()?.to_owned()), range.description())));
    let v6 = permission
        .ipv6_ranges()
        .iter()
        .filter_map(|range| Some((Peer::V6(range.cidr_ipv6()?.to_owned()), range.description())));
    let lists = permission
        .prefix_list_ids()
        .iter()
        .filter_map(|list| Some((Peer::PrefixList(list.prefix_list_id()?.to_owned()), list.description())));
    let groups = permission
        .user_id_group_pairs()
        .iter()
        .filter_map(move |pair| Some((group_peer(pair.group_id()?, pair.user_id(), group, owner), pair.description())));
    v4.chain(v6).chain(lists).chain(groups).map(move |(peer, description)| {
        let rule = reported(permission.ip_protocol(), permission.from_port(), permission.to_port(), peer);
        (rule, description.map(str::to_owned))
    })
}

/// Returns one of DescribeSecurityGroupRules.
pub fn of_sdk(rule: &SecurityGroupRule) -> Option<(Rule, Option<String>)> {
    let peer = if let Some(block) = rule.cidr_ipv4() {
        Peer::V4(block.to_owned())
    } else if let Some(block) = rule.cidr_ipv6() {
        Peer::V6(block.to_owned())
    } else if let Some(id) = rule.prefix_list_id() {
        Peer::PrefixList(id.to_owned())
    } else {
        let info = rule.referenced_group_info()?;
        group_peer(info.group_id()?, info.user_id(), rule.group_id()?, rule.group_owner_id())
    };
    let reported = reported(rule.ip_protocol(), rule.from_port(), rule.to_port(), peer);
    Some((reported, rule.description().filter(|text| !text.is_empty()).map(str::to_owned)))
}

fn group_peer(id: &str, user: Option<&str>, group: &str, owner: Option<&str>) -> Peer {
    match (user, owner) {
        _ if id == group => Peer::Itself,
        (Some(user), Some(owner)) if user != owner => Peer::Group(format!("{user}/{id}")),
        _ => Peer::Group(id.to_owned()),
    }
}

/// AWS reports ports (-1) for protocols that have none.
fn reported(protocol: Option<&str>, from: Option<i32>, to: Option<i32>, peer: Peer) -> Rule {
    let protocol = protocol.unwrap_or(ALL).to_owned();
    let ports = from.zip(to).filter(|_| WITH_PORTS.contains(&protocol.as_str()));
    Rule { protocol, ports, peer }
}

/// Returns a rule of `group` as the authorize calls take it.
pub fn permission(rule: &Rule, description: Option<&str>, group: &str) -> IpPermission {
    let description = description.map(str::to_owned);
    // AWS ignores the ports of other protocols, and refuses them for all.
    let none = (rule.protocol != ALL).then_some(0);
    let (from, to) = rule.ports.map_or((none, none), |(from, to)| (Some(from), Some(to)));
    let call = IpPermission::builder().ip_protocol(&rule.protocol).set_from_port(from).set_to_port(to);
    let pair = |id: &str| {
        let (user, id) = id.split_once('/').map_or((None, id), |(user, id)| (Some(user.to_owned()), id));
        UserIdGroupPair::builder().set_user_id(user).group_id(id).set_description(description.clone()).build()
    };
    match &rule.peer {
        Peer::V4(block) => call.ip_ranges(IpRange::builder().cidr_ip(block).set_description(description).build()),
        Peer::V6(block) => call.ipv6_ranges(Ipv6Range::builder().cidr_ipv6(block).set_description(description).build()),
        Peer::PrefixList(id) => {
            call.prefix_list_ids(PrefixListId::builder().prefix_list_id(id).set_description(description).build())
        }
        Peer::Group(id) => call.user_id_group_pairs(pair(id)),
        Peer::Itself => call.user_id_group_pairs(pair(group)),
    }
    .build()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(json: &str) -> Value {
        Value::from(serde_json::from_str::<serde_json::Value>(json).expect("sound JSON"))
    }

    #[test]
    fn every_peer_reads_back_as_it_is_written() {
        let stated = rules(
            r#"[{"ip_protocol":"-1","cidr_ipv4":"0.0.0.0/0"},
                {"ip_protocol":"icmp","from_port":8,"to_port":-1,"cidr_ipv4":"10.0.0.0/8"},
                {"ip_protocol":"tcp","from_port":0,"to_port":65535,"cidr_ipv6":"::/0","description":"all"},
                {"ip_protocol":"tcp","from_port":443,"to_port":443,"prefix_list_id":"pl-1"},
                {"ip_protocol":"tcp","from_port":443,"to_port":443,"referenced_group_id":"sg-2"},
                {"ip_protocol":"tcp","from_port":443,"to_port":443,"referenced_group_id":"123456789012/sg-3"},
                {"ip_protocol":"udp","from_port":53,"to_port":53,"self":true,"description":"dns"},
                {"ip_protocol":"50","cidr_ipv4":"10.0.0.0/8"}]"#,
        );
        let wanted = from_value(&stated);
        assert_eq!(wanted.len(), 8);
        let permissions = wanted.iter().map(|(rule, text)| permission(rule, text.as_deref(), "sg-1"));
        let group =
            SecurityGroup::builder().group_id("sg-1").owner_id("1").set_ip_permissions(Some(permissions.collect()));
        let live = of_group(&group.build(), Direction::Ingress);
        assert_eq!(live, wanted);
        assert_eq!(from_value(&to_list(&live)), wanted);
    }

    #[test]
    fn ports_are_dropped_where_aws_makes_them_up() {
        let rule = SecurityGroupRule::builder().ip_protocol("-1").from_port(-1).to_port(-1).cidr_ipv4("0.0.0.0/0");
        let (rule, description) = of_sdk(&rule.description("").build()).expect("has a peer");
        assert_eq!((rule.ports, description), (None, None));
    }

    #[test]
    fn the_ipv6_twin_of_allow_all_is_not_fought() {
        let both = rules(r#"[{"ip_protocol":"-1","cidr_ipv4":"0.0.0.0/0"},{"ip_protocol":"-1","cidr_ipv6":"::/0"}]"#);
        assert!(same_egress(&allow_all(), &both, &Map::new()));
        assert!(!same_egress(&both, &allow_all(), &Map::new()));
        assert!(!same_egress(&Value::list::<Value>([]), &both, &Map::new()));
    }
}
