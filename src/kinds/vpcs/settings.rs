//! What a VPC has besides its blocks, read and written by calls of their own.

use aws_sdk_ec2::types::{AttributeBooleanValue, VpcAttributeName};
use futures_util::future::try_join3;

use crate::aws::{Aws, each};
use crate::kinds::fields::Fields;
use crate::model::failure::{Failure, unless_gone};
use crate::model::live::Live;
use crate::model::shape::Field;
use crate::model::value::Map;

/// How many VPCs are looked at side by side.
const AT_ONCE: usize = 16;

pub fn fields() -> [(&'static str, Field); 4] {
    [
        ("enable_dns_support", Field::bool().default(true)),
        ("enable_dns_hostnames", Field::bool().default(false)),
        ("enable_network_address_usage_metrics", Field::bool().default(false)),
        ("dhcp_options_id", Field::text().left_alone()),
    ]
}

/// Returns true if a new VPC has this field's value without a call.
pub fn is_born_with(field: &str, fields: &Map) -> bool {
    match field {
        "enable_dns_support" => fields.flag(field) != Some(false),
        "enable_dns_hostnames" | "enable_network_address_usage_metrics" => fields.flag(field) != Some(true),
        _ => fields.value(field).is_none(),
    }
}

/// Adds the settings of these VPCs: one call an attribute, AWS allows no more. What is gone by now is dropped.
pub async fn read(aws: &Aws, vpcs: Vec<Live>) -> Result<Vec<Live>, Failure> {
    let read = each(AT_ONCE, vpcs, async |mut live| {
        let switches = try_join3(
            attribute(aws, &live.id, VpcAttributeName::EnableDnsSupport),
            attribute(aws, &live.id, VpcAttributeName::EnableDnsHostnames),
            attribute(aws, &live.id, VpcAttributeName::EnableNetworkAddressUsageMetrics),
        );
        let Some((support, hostnames, metrics)) = unless_gone(switches.await)? else { return Ok(None) };
        live.field("enable_dns_support", support)
            .field("enable_dns_hostnames", hostnames)
            .field("enable_network_address_usage_metrics", metrics);
        Ok(Some(live))
    });
    Ok(read.await?.into_iter().flatten().collect())
}

async fn attribute(aws: &Aws, id: &str, name: VpcAttributeName) -> Result<bool, Failure> {
    let found = aws.ec2.describe_vpc_attribute().vpc_id(id).attribute(name).send().await?;
    let values = [found.enable_dns_support, found.enable_dns_hostnames, found.enable_network_address_usage_metrics];
    Ok(values.into_iter().flatten().next().and_then(|value| value.value).unwrap_or(false))
}

/// Writes the settings that are touched.
pub async fn write(aws: &Aws, live: &Live, fields: &Map, touched: impl Fn(&str) -> bool) -> Result<(), Failure> {
    let switch = |name: &str| {
        touched(name).then(|| AttributeBooleanValue::builder().value(fields.flag(name) == Some(true)).build())
    };
    let call = || aws.ec2.modify_vpc_attribute().vpc_id(&*live.id);
    let mut names = [
        switch("enable_dns_support").map(|value| call().enable_dns_support(value)),
        switch("enable_dns_hostnames").map(|value| call().enable_dns_hostnames(value)),
    ];
    // Host names need DNS, so it is switched on before them and off after them.
    if fields.flag("enable_dns_support") == Some(false) {
        names.reverse();
    }
    let metrics = switch("enable_network_address_usage_metrics");
    let metrics = metrics.map(|value| call().enable_network_address_usage_metrics(value));
    for call in names.into_iter().chain([metrics]).flatten() {
        call.send().await?;
    }
    if touched("dhcp_options_id")
        && let Some(options) = fields.text("dhcp_options_id")
    {
        aws.ec2.associate_dhcp_options().vpc_id(&*live.id).dhcp_options_id(options).send().await?;
    }
    Ok(())
}
