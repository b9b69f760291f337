//! Tags between the stack's maps and the SDK's types, one of which every service has.

use crate::model::value::{Map, Value};

/// A tag type of one of the services.
pub trait SdkTag: Sized {
    fn new(key: &str, value: &str) -> Self;
    fn key(&self) -> Option<&str>;
    fn value(&self) -> Option<&str>;
}

/// Returns tags as one of the SDK's types.
pub fn to_sdk<T: SdkTag>(tags: &Map) -> Vec<T> {
    pairs(tags).map(|(key, value)| T::new(key, &value)).collect()
}

/// Returns the SDK's tags as a map, in the order in which AWS reports them.
pub fn from_sdk<T: SdkTag>(tags: &[T]) -> Map {
    tags.iter().filter_map(|tag| Some((tag.key()?.into(), tag.value().unwrap_or_default().into()))).collect()
}

/// Returns tags as the string map that some services take (SQS).
pub fn to_strings(tags: &Map) -> std::collections::HashMap<String, String> {
    pairs(tags).map(|(key, value)| (key.to_owned(), value)).collect()
}

/// Returns the string map of such a service as tags, in the order of their keys.
pub fn from_strings(tags: &std::collections::HashMap<String, String>) -> Map {
    let mut map: Map = tags.iter().map(|(key, value)| (key.as_str().into(), value.into())).collect();
    map.sort_keys();
    map
}

/// Returns EC2's tags at creation, empty for no tags: EC2 refuses an empty specification.
pub fn specification(
    resource: aws_sdk_ec2::types::ResourceType,
    tags: &Map,
) -> Option<Vec<aws_sdk_ec2::types::TagSpecification>> {
    (!tags.is_empty()).then(|| {
        vec![
            aws_sdk_ec2::types::TagSpecification::builder()
                .resource_type(resource)
                .set_tags(Some(to_sdk(tags)))
                .build(),
        ]
    })
}

/// Returns the tags of an Auto Scaling group, none of them propagated to its instances.
pub fn of_group(group: &str, tags: &Map) -> Vec<aws_sdk_autoscaling::types::Tag> {
    pairs(tags)
        .map(|(key, value)| {
            aws_sdk_autoscaling::types::Tag::builder()
                .resource_id(group)
                .resource_type("auto-scaling-group")
                .key(key)
                .value(value)
                .propagate_at_launch(false)
                .build()
        })
        .collect()
}

/// Returns tags as CloudFront wraps them.
pub fn items(tags: &Map) -> aws_sdk_cloudfront::types::Tags {
    aws_sdk_cloudfront::types::Tags::builder().set_items(Some(to_sdk(tags))).build()
}

fn pairs(tags: &Map) -> impl Iterator<Item = (&str, String)> {
    tags.iter().map(|(key, value)| (&**key, text(value)))
}

/// Returns the text of a tag's value: tags hold nothing but text.
fn text(value: &Value) -> String {
    match value.peel() {
        Value::Str(text) => text.to_string(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

macro_rules! tag_type {
    ($type:ty, $key:expr, $value:expr, |$builder:ident| $build:expr) => {
        impl SdkTag for $type {
            fn new(key: &str, value: &str) -> Self {
                let $builder = <$type>::builder().key(key).value(value);
                $build
            }

            fn key(&self) -> Option<&str> {
                let read: for<'a> fn(&'a $type) -> Option<&'a str> = $key;
                read(self)
            }

            fn value(&self) -> Option<&str> {
                let read: for<'a> fn(&'a $type) -> Option<&'a str> = $value;
                read(self)
            }
        }
    };
}

tag_type!(aws_sdk_ec2::types::Tag, |tag| tag.key(), |tag| tag.value(), |builder| builder.build());
tag_type!(aws_sdk_elasticloadbalancingv2::types::Tag, |tag| tag.key(), |tag| tag.value(), |builder| builder.build());
tag_type!(aws_sdk_cloudwatch::types::Tag, |tag| tag.key(), |tag| tag.value(), |builder| builder.build());
tag_type!(aws_sdk_autoscaling::types::TagDescription, |tag| tag.key(), |tag| tag.value(), |builder| builder.build());
tag_type!(aws_sdk_cloudfront::types::Tag, |tag| Some(tag.key()), |tag| tag.value(), |builder| builder
    .build()
    .expect("the key is set"));
tag_type!(aws_sdk_s3::types::Tag, |tag| Some(tag.key()), |tag| Some(tag.value()), |builder| builder
    .build()
    .expect("key and value are set"));
tag_type!(aws_sdk_iam::types::Tag, |tag| Some(tag.key()), |tag| Some(tag.value()), |builder| builder
    .build()
    .expect("key and value are set"));
tag_type!(aws_sdk_resourcegroupstagging::types::Tag, |tag| Some(tag.key()), |tag| Some(tag.value()), |builder| {
    builder.build().expect("key and value are set")
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_read_back_from_every_service() {
        fn check<T: SdkTag>() {
            let tags = Map::from_iter([("team".into(), "video".into()), ("trueup:stack".into(), "s".into())]);
            assert_eq!(from_sdk(&to_sdk::<T>(&tags)), tags);
        }
        check::<aws_sdk_ec2::types::Tag>();
        check::<aws_sdk_elasticloadbalancingv2::types::Tag>();
        check::<aws_sdk_cloudwatch::types::Tag>();
        check::<aws_sdk_autoscaling::types::TagDescription>();
        check::<aws_sdk_cloudfront::types::Tag>();
        check::<aws_sdk_s3::types::Tag>();
        check::<aws_sdk_iam::types::Tag>();
        check::<aws_sdk_resourcegroupstagging::types::Tag>();
    }

    #[test]
    fn no_tags_make_no_specification() {
        assert!(specification(aws_sdk_ec2::types::ResourceType::Vpc, &Map::new()).is_none());
    }
}
