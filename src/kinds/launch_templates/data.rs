//! What a version of a launch template says, as fields of a stack.

use base64::prelude::*;

use crate::kinds::fields::Fields;
use crate::kinds::shapes::ec2;
use crate::kinds::stated::{self, Unsaid};
use crate::model::failure::Failure;
use crate::model::shape::{Equal, Field, Record, Shape};
use crate::model::value::{Map, Value};

/// The most user data that EC2 takes, before base64.
pub const USER_DATA_MAX: u32 = 16_384;

/// EC2's settings of the metadata service that it reports, or not, when one of the others is set.
const METADATA: Unsaid = Unsaid {
    defaults: &[
        ("http_endpoint", "enabled"),
        ("http_protocol_ipv6", "disabled"),
        ("http_put_response_hop_limit", "1"),
        ("http_tokens", "optional"),
        ("instance_metadata_tags", "disabled"),
    ],
    unseen: &[],
};

/// Returns the fields of a version. What EC2 does not know of one, it takes from the image or the subnet.
pub fn record() -> Record {
    ec2::launch_template_data()
        // Set by AWS's own services.
        .without(&["operator"])
        .with("image_id", |field| field.pattern("ami-[0-9a-f]+|resolve:ssm:.+"))
        .with("iam_instance_profile.arn", |field| field.refers("instance_profiles", "arn"))
        .with("iam_instance_profile.name", |field| field.refers("instance_profiles", "instance_profile_name"))
        .with("block_device_mappings", |field| field.keyed(&["device_name"]))
        .with("block_device_mappings.device_name", Field::required)
        .with("block_device_mappings.ebs.delete_on_termination", |field| field.compared(Equal::By(stated::exactly)))
        .with("block_device_mappings.ebs.kms_key_id", |field| field.compared(Equal::SameThing))
        .with("network_interfaces", |field| field.keyed(&["device_index", "network_card_index"]))
        .with("network_interfaces.device_index", |field| field.default(0))
        .with("network_interfaces.network_card_index", |field| field.default(0))
        .with("network_interfaces.associate_public_ip_address", |field| field.compared(Equal::By(stated::exactly)))
        .with("network_interfaces.delete_on_termination", |field| field.compared(Equal::By(stated::exactly)))
        .with("network_interfaces.groups", |field| field.unordered().refers("security_groups", "id"))
        .with("network_interfaces.subnet_id", |field| field.refers("subnets", "id"))
        .with("security_group_ids", |field| field.unordered().refers("security_groups", "id"))
        .with("security_groups", |field| field.unordered().note("Names, for groups of the default VPC only."))
        .with("license_specifications", Field::unordered)
        .with("metadata_options", |field| field.compared(Equal::By(same_metadata)))
        .with("user_data", |field| {
            let text = Field::text_of(1, USER_DATA_MAX);
            text.note("Plain text: trueup encodes it. At most 16 KB.").link(field.link)
        })
        .with("tag_specifications", |field| {
            Field { shape: tag_specifications().shape, ..field.clone() }.keyed(&["resource_type"])
        })
        .with("instance_requirements.cpu_manufacturers", Field::unordered)
        .with("instance_requirements.excluded_instance_types", Field::unordered)
        .with("instance_requirements.instance_generations", Field::unordered)
        .with("instance_requirements.local_storage_types", Field::unordered)
        .with("instance_requirements.accelerator_types", Field::unordered)
        .with("instance_requirements.accelerator_manufacturers", Field::unordered)
        .with("instance_requirements.accelerator_names", Field::unordered)
        .with("instance_requirements.allowed_instance_types", Field::unordered)
}

/// The tags of what is launched, as a map.
fn tag_specifications() -> Field {
    let types = ec2::launch_template_tag_specification().fields["resource_type"].clone();
    Field::list(Shape::Record(Record::of([
        ("resource_type", types.required()),
        ("tags", Field::text_map().required()),
    ])))
}

fn same_metadata(desired: &Value, live: &Value) -> bool {
    stated::same(desired, live, METADATA)
}

/// Returns a version's data in EC2's form: user data in base64, tags as lists.
pub fn to_sdk(fields: &Map) -> Result<aws_sdk_ec2::types::RequestLaunchTemplateData, Failure> {
    let mut data = fields.clone();
    if let Some(text) = fields.text("user_data") {
        data.insert("user_data".into(), BASE64_STANDARD.encode(text).into());
    }
    let specifications = fields.records("tag_specifications").map(|specification| {
        let tags = specification.record("tags").into_iter().flatten();
        let tags = tags.map(|(key, value)| Value::map([("key", key.clone().into()), ("value", value.clone())]));
        Value::map([
            ("resource_type", specification.get("resource_type").cloned().unwrap_or_default()),
            ("tags", Value::list(tags)),
        ])
    });
    let specifications: Vec<_> = specifications.collect();
    if !specifications.is_empty() {
        data.insert("tag_specifications".into(), specifications.into());
    }
    ec2::launch_template_data_to(&data.into())
}

/// Returns a version's data in the stack's form.
pub fn from_sdk(data: &aws_sdk_ec2::types::ResponseLaunchTemplateData) -> Map {
    let mut fields = ec2::launch_template_data_from(data).as_map().cloned().unwrap_or_default();
    fields.shift_remove("operator");
    if let Some(text) = data.user_data().map(plain) {
        fields.insert("user_data".into(), text.into());
    }
    let specifications = data.tag_specifications().iter().map(|specification| {
        Value::map([
            ("resource_type", specification.resource_type().map(|it| it.as_str()).into()),
            ("tags", Value::from(crate::aws::tags::from_sdk(specification.tags()))),
        ])
    });
    let specifications: Vec<_> = specifications.collect();
    if !specifications.is_empty() {
        fields.insert("tag_specifications".into(), specifications.into());
    }
    for list in fields.get("network_interfaces").and_then(Value::as_list).map(<[Value]>::to_vec).into_iter() {
        let numbered = list.iter().map(|interface| {
            let mut interface = interface.as_map().cloned().unwrap_or_default();
            for index in ["device_index", "network_card_index"] {
                interface.entry(index.into()).or_insert(Value::Int(0));
            }
            Value::from(interface)
        });
        let numbered = Value::list(numbered);
        fields.insert("network_interfaces".into(), numbered);
    }
    fields
}

/// Returns decoded user data; what is no text (compressed, by another tool) stays in base64.
fn plain(encoded: &str) -> String {
    let bytes = BASE64_STANDARD.decode(encoded).ok();
    bytes.and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_else(|| encoded.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_data_is_plain_here_and_base64_there() {
        let fields = Map::from_iter([("user_data".into(), "#!/bin/sh\necho über".into())]);
        let sent = to_sdk(&fields).unwrap().user_data.unwrap();
        assert_eq!(sent, BASE64_STANDARD.encode("#!/bin/sh\necho über"));
        let data = aws_sdk_ec2::types::ResponseLaunchTemplateData::builder().user_data(sent).build();
        assert_eq!(from_sdk(&data), fields);
        assert_eq!(plain("H4sIAAAAAAAA/w=="), "H4sIAAAAAAAA/w==");
    }

    #[test]
    fn tags_of_instances_are_a_map() {
        let tags = Value::map([("Name", "web")]);
        let specification = Value::map([("resource_type", "instance".into()), ("tags", tags)]);
        let fields = Map::from_iter([("tag_specifications".into(), Value::list([specification]))]);
        let sent = to_sdk(&fields).unwrap();
        let data = aws_sdk_ec2::types::ResponseLaunchTemplateData::builder()
            .tag_specifications(
                aws_sdk_ec2::types::LaunchTemplateTagSpecification::builder()
                    .resource_type("instance".into())
                    .set_tags(sent.tag_specifications()[0].tags.clone())
                    .build(),
            )
            .build();
        assert_eq!(from_sdk(&data), fields);
    }

    #[test]
    fn metadata_options_that_ec2_fills_in_are_no_change() {
        let stated = Value::map([("http_tokens", "required")]);
        let live = Value::map([
            ("http_tokens", "required".into()),
            ("http_endpoint", "enabled".into()),
            ("http_put_response_hop_limit", Value::Int(1)),
        ]);
        assert!(same_metadata(&stated, &live));
        assert!(same_metadata(&Value::Null, &Value::map([("http_tokens", "optional")])));
        assert!(!same_metadata(&Value::Null, &live));
    }
}
