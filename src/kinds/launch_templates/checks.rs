//! What a launch template cannot say at once.

use super::data::{self, USER_DATA_MAX};
use crate::kinds::fields::Fields;
use crate::model::address::Address;
use crate::model::schema::{Broken, Neighbours};
use crate::model::value::{Map, Value};

/// Pairs of fields of which EC2 takes one.
const EITHER: &[(&str, &str)] = &[
    ("instance_type", "instance_requirements"),
    ("security_group_ids", "network_interfaces"),
    ("security_groups", "network_interfaces"),
    ("iam_instance_profile.arn", "iam_instance_profile.name"),
];

pub fn exclusions(stack: &dyn Neighbours, address: &Address) -> Vec<Broken> {
    let Some(fields) = stack.fields(address) else { return Vec::new() };
    let mut broken = Vec::new();
    for (one, other) in EITHER {
        if is_set(fields, one) && is_set(fields, other) {
            broken.push(match *other {
                "network_interfaces" => Broken::new(*one, format!("`{one}` cannot stand beside `{other}`"))
                    .help("move the security groups into each network interface, as its `groups`"),
                _ => Broken::new(*one, format!("`{one}` and `{other}` exclude each other")),
            });
        }
    }
    // Characters are checked by the schema; what counts are bytes.
    if let Some(text) = fields.text("user_data").filter(|text| text.len() > USER_DATA_MAX as usize) {
        let message = format!("`user_data` has {} bytes; EC2 takes {USER_DATA_MAX}", text.len());
        broken
            .push(Broken::new("user_data", message).help("put the script into a bucket, and let `user_data` fetch it"));
    }
    if !data::record().fields.keys().any(|name| is_set(fields, name)) {
        broken.push(
            Broken::new("", "a launch template says what to launch")
                .help("write at least `image_id` or `instance_type`"),
        );
    }
    broken.extend(volumes(fields));
    broken
}

fn is_set(fields: &Map, path: &str) -> bool {
    match path.split_once('.') {
        Some((record, field)) => fields.record(record).is_some_and(|fields| is_set(fields, field)),
        None => fields.get(path).is_some_and(|value| !value.is_empty()),
    }
}

/// Checks the rates that only some types of volumes have.
fn volumes(fields: &Map) -> Vec<Broken> {
    let mut broken = Vec::new();
    for (at, mapping) in fields.records("block_device_mappings").enumerate() {
        let Some(ebs) = mapping.record("ebs") else { continue };
        if ebs.values().any(|value| matches!(value, Value::Unknown(_))) {
            continue;
        }
        let volume = ebs.text("volume_type").unwrap_or_else(|| "gp2".to_owned());
        let path = |field: &str| format!("block_device_mappings[{at}].ebs.{field}");
        if ebs.integer("iops").is_some() && !matches!(volume.as_str(), "gp3" | "io1" | "io2") {
            broken.push(Broken::new(path("iops"), format!("a volume of type `{volume}` has no `iops`")));
        }
        if ebs.integer("throughput").is_some() && volume != "gp3" {
            broken.push(Broken::new(path("throughput"), format!("a volume of type `{volume}` has no `throughput`")));
        }
        if ebs.integer("iops").is_none() && matches!(volume.as_str(), "io1" | "io2") {
            broken.push(Broken::new(path("volume_type"), format!("a volume of type `{volume}` needs `iops`")));
        }
    }
    broken
}

#[cfg(test)]
mod tests {
    use crate::kinds::launch_templates::LaunchTemplates;
    use crate::kinds::tests::broken;

    #[test]
    fn what_a_launch_template_cannot_say_is_named() {
        for (stack, expected) in [
            ("image_id: ami-1, instance_type: t3.micro, security_group_ids: [sg-1]".to_owned(), vec![]),
            (
                "security_group_ids: [sg-1], network_interfaces: [{device_index: 0}]".to_owned(),
                vec!["security_group_ids"],
            ),
            ("version_description: nothing".to_owned(), vec![""]),
            ("iam_instance_profile: {name: a, arn: b}".to_owned(), vec!["iam_instance_profile.arn"]),
            (format!("user_data: {}", "ü".repeat(9_000)), vec!["user_data"]),
            (
                "block_device_mappings: [{device_name: /dev/xvda, ebs: {volume_type: gp3, iops: 4000}}]".to_owned(),
                vec![],
            ),
            (
                "block_device_mappings: [{device_name: /dev/xvda, ebs: {volume_type: st1, iops: 4000}}]".to_owned(),
                vec!["block_device_mappings[0].ebs.iops"],
            ),
        ] {
            assert_eq!(broken(&LaunchTemplates, &stack), expected, "{stack}");
        }
    }
}
