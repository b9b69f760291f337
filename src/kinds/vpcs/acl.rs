//! The entries of a network ACL: <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_NetworkAclEntry.html>.

use aws_sdk_ec2::types::{IcmpTypeCode, NetworkAcl, NetworkAclEntry, PortRange, RuleAction};

use crate::aws::Aws;
use crate::kinds::cidr;
use crate::kinds::fields::Fields;
use crate::model::failure::{Failure, unless_gone};
use crate::model::schema::Broken;
use crate::model::shape::{Field, Record, Shape};
use crate::model::value::{Map, Value};

/// The entry that AWS always has last, for what no other lets through.
const LAST: i32 = 32767;

/// Protocols by name: the API takes and reports numbers alone.
const PROTOCOLS: [(&str, &str); 4] = [("icmp", "1"), ("tcp", "6"), ("udp", "17"), ("icmpv6", "58")];

/// Returns the field of the entries.
pub fn field() -> Field {
    let range =
        Field::record([("from", Field::integer(0, 65535).required()), ("to", Field::integer(0, 65535).required())]);
    let icmp =
        Field::record([("type", Field::integer(-1, 255).required()), ("code", Field::integer(-1, 255).required())]);
    let entry = Record::of([
        ("rule_number", Field::integer(1, 32766).required()),
        ("egress", Field::bool().default(false)),
        ("protocol", Field::text().required().note("`tcp`, `udp`, `icmp`, `icmpv6`, `-1` for all, or a number.")),
        ("rule_action", Field::one_of(&["allow", "deny"]).required()),
        ("cidr_block", Field::text()),
        ("ipv6_cidr_block", Field::text()),
        ("port_range", range.note("For TCP and UDP.")),
        ("icmp_type_code", icmp.note("For ICMP; -1 for all.")),
    ]);
    Field::list(Shape::Record(entry)).keyed(&["egress", "rule_number"])
}

/// Returns the entries of an ACL but for AWS's last ones.
pub fn to_list(acl: &NetworkAcl) -> Value {
    Value::list(acl.entries().iter().filter(|entry| entry.rule_number() != Some(LAST)).map(to_value))
}

fn to_value(entry: &NetworkAclEntry) -> Value {
    let protocol = entry.protocol().unwrap_or("-1");
    let name = PROTOCOLS.iter().find(|(_, number)| *number == protocol).map_or(protocol, |(name, _)| name);
    let mut fields = Map::from_iter([
        ("rule_number".into(), Value::from(entry.rule_number())),
        ("egress".into(), entry.egress().unwrap_or(false).into()),
        ("protocol".into(), name.into()),
        ("rule_action".into(), entry.rule_action().map(RuleAction::as_str).into()),
    ]);
    fields.extend(entry.cidr_block().map(|block| ("cidr_block".into(), block.into())));
    fields.extend(entry.ipv6_cidr_block().map(|block| ("ipv6_cidr_block".into(), block.into())));
    if let (Some(range), "tcp" | "udp") = (entry.port_range(), name) {
        fields.insert("port_range".into(), Value::map([("from", range.from()), ("to", range.to())]));
    }
    if let (Some(icmp), "icmp" | "icmpv6") = (entry.icmp_type_code(), name) {
        fields.insert("icmp_type_code".into(), Value::map([("type", icmp.r#type()), ("code", icmp.code())]));
    }
    fields.into()
}

/// Makes the entries those that are wanted, where `planned` are those that the plan saw.
pub async fn write(aws: &Aws, acl: &str, wanted: &Map, planned: &Map) -> Result<(), Failure> {
    for entry in wanted.records("entries") {
        match planned.records("entries").find(|held| key(held) == key(entry)) {
            Some(held) if held == entry => {}
            Some(_) => replace(aws, acl, entry).await?,
            None => create(aws, acl, entry).await?,
        }
    }
    for held in planned.records("entries") {
        if !wanted.records("entries").any(|entry| key(entry) == key(held)) {
            let (egress, number) = key(held);
            let call = aws.ec2.delete_network_acl_entry().network_acl_id(acl).egress(egress);
            unless_gone(call.set_rule_number(number).send().await.map_err(Failure::from))?;
        }
    }
    Ok(())
}

fn key(entry: &Map) -> (bool, Option<i32>) {
    (entry.flag("egress").unwrap_or(false), entry.integer("rule_number"))
}

/// Sets a call from an entry's fields.
macro_rules! stated {
    ($call:expr, $acl:expr, $entry:expr) => {
        $call
            .network_acl_id($acl)
            .egress($entry.flag("egress").unwrap_or(false))
            .set_rule_number($entry.integer("rule_number"))
            .set_protocol($entry.text("protocol").map(number))
            .set_rule_action($entry.text("rule_action").map(|text| RuleAction::from(text.as_str())))
            .set_cidr_block($entry.text("cidr_block"))
            .set_ipv6_cidr_block($entry.text("ipv6_cidr_block"))
            .set_port_range($entry.record("port_range").map(range))
            .set_icmp_type_code($entry.record("icmp_type_code").map(icmp))
    };
}

async fn create(aws: &Aws, acl: &str, entry: &Map) -> Result<(), Failure> {
    match stated!(aws.ec2.create_network_acl_entry(), acl, entry).send().await.map_err(Failure::from) {
        Err(failure) if failure.is_code("NetworkAclEntryAlreadyExists") => replace(aws, acl, entry).await,
        outcome => outcome.map(drop),
    }
}

async fn replace(aws: &Aws, acl: &str, entry: &Map) -> Result<(), Failure> {
    stated!(aws.ec2.replace_network_acl_entry(), acl, entry).send().await?;
    Ok(())
}

fn number(protocol: String) -> String {
    PROTOCOLS.iter().find(|(name, _)| *name == protocol).map_or(protocol, |(_, number)| (*number).to_owned())
}

fn range(fields: &Map) -> PortRange {
    PortRange::builder().set_from(fields.integer("from")).set_to(fields.integer("to")).build()
}

fn icmp(fields: &Map) -> IcmpTypeCode {
    IcmpTypeCode::builder().set_type(fields.integer("type")).set_code(fields.integer("code")).build()
}

/// Returns what is wrong with the entries in these fields, whose path is `prefix`.
pub fn broken(prefix: &str, fields: &Map) -> Vec<Broken> {
    let mut broken = Vec::new();
    let mut seen = Vec::new();
    for (index, entry) in fields.records("entries").enumerate() {
        let path = format!("{prefix}entries[{index}]");
        let blocks = ["cidr_block", "ipv6_cidr_block"].into_iter().filter(|name| entry.value(name).is_some());
        if blocks.count() != 1 {
            broken.push(Broken::new(&path, "an entry has either `cidr_block` or `ipv6_cidr_block`"));
        }
        if let Some(text) = entry.value("cidr_block").and_then(Value::as_str) {
            broken.extend(cidr::v4(&format!("{path}.cidr_block"), text, cidr::ANY_V4).err());
        }
        if let Some(text) = entry.value("ipv6_cidr_block").and_then(Value::as_str) {
            broken.extend(cidr::v6(&format!("{path}.ipv6_cidr_block"), text, cidr::ANY_V6).err());
        }
        broken.extend(protocol(&path, entry));
        if seen.contains(&key(entry)) {
            broken.push(Broken::new(format!("{path}.rule_number"), "two entries of one direction have this number"));
        }
        seen.push(key(entry));
    }
    broken
}

fn protocol(path: &str, entry: &Map) -> Option<Broken> {
    let protocol = entry.text("protocol")?;
    let at = format!("{path}.protocol");
    if let Some((name, _)) = PROTOCOLS.iter().find(|(_, number)| *number == protocol) {
        let message = format!("the protocol `{protocol}` is called `{name}` here");
        return Some(Broken::new(at, message).help(format!("write `protocol: {name}`")));
    }
    let needs = match protocol.as_str() {
        "tcp" | "udp" => "port_range",
        "icmp" | "icmpv6" => "icmp_type_code",
        "-1" => return None,
        number if number.parse::<u8>().is_ok() => return None,
        _ => {
            return Some(
                Broken::new(at, format!("`{protocol}` is not a protocol"))
                    .help("write `tcp`, `udp`, `icmp`, `icmpv6`, `-1` for all, or a number up to 255"),
            );
        }
    };
    let told = Broken::new(path, format!("an entry for `{protocol}` needs `{needs}`"));
    entry.value(needs).is_none().then_some(told)
}

#[cfg(test)]
mod tests {
    use super::super::Vpcs;
    use super::*;
    use crate::kinds::tests::broken as broken_paths;

    #[test]
    fn entries_read_as_they_are_written() {
        let entry = NetworkAclEntry::builder()
            .rule_number(100)
            .egress(true)
            .protocol("6")
            .rule_action(RuleAction::Allow)
            .cidr_block("0.0.0.0/0")
            .port_range(PortRange::builder().from(443).to(443).build());
        let last = NetworkAclEntry::builder().rule_number(LAST).protocol("-1").rule_action(RuleAction::Deny);
        let acl = NetworkAcl::builder().entries(entry.build()).entries(last.build()).build();
        assert_eq!(
            to_list(&acl).to_json().to_string(),
            r#"[{"rule_number":100,"egress":true,"protocol":"tcp","rule_action":"allow","cidr_block":"0.0.0.0/0","port_range":{"from":443,"to":443}}]"#
        );
        assert_eq!(number("tcp".to_owned()), "6");
    }

    #[test]
    fn what_an_entry_cannot_be_is_named() {
        let check = |entry: &str, expected: &[&str]| {
            let yaml = format!("cidr_block: 10.0.0.0/16, default_network_acl: {{entries: [{entry}]}}");
            assert_eq!(broken_paths(&Vpcs, &yaml), expected, "{entry}");
        };
        check("{rule_number: 1, protocol: '-1', rule_action: deny, cidr_block: 0.0.0.0/0}", &[]);
        check("{rule_number: 1, protocol: '-1', rule_action: deny}", &["default_network_acl.entries[0]"]);
        check(
            "{rule_number: 1, protocol: tcp, rule_action: deny, cidr_block: 0.0.0.0/0}",
            &["default_network_acl.entries[0]"],
        );
        check(
            "{rule_number: 1, protocol: '6', rule_action: deny, cidr_block: 0.0.0.0/0}",
            &["default_network_acl.entries[0].protocol"],
        );
    }
}
