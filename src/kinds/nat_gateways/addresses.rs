//! The addresses of a NAT gateway: <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_NatGatewayAddress.html>.

use std::collections::BTreeMap;

use aws_sdk_ec2::types::{
    AutoProvisionZonesState, AvailabilityZoneAddress, ConnectivityType, NatGateway, NatGatewayAddress,
    NatGatewayAddressStatus as Status,
};

use crate::aws::Aws;
use crate::kinds::ec2;
use crate::kinds::fields::Fields;
use crate::model::failure::{Class, Failure};
use crate::model::live::Live;
use crate::model::shape::{Field, Record, Shape, Text};
use crate::model::value::{Map, Value};

pub fn fields() -> [(&'static str, Field); 2] {
    let zone = Record::of([
        ("availability_zone", Field::text()),
        ("availability_zone_id", Field::text()),
        ("allocation_ids", Field::set(Shape::Text(Text::default())).required().refers("elastic_ips", "id")),
    ]);
    [
        (
            "availability_zone_addresses",
            Field::list(Shape::Record(zone))
                .keyed(&["availability_zone", "availability_zone_id"])
                .left_alone()
                .note("For a regional gateway; omitted, AWS provides addresses as zones come into use."),
        ),
        (
            "max_drain_duration_seconds",
            Field::integer(1, 4000).write_only().note("How long connections over a removed address may last."),
        ),
    ]
}

/// Adds what a gateway's addresses say.
pub fn read(live: &mut Live, gateway: &NatGateway, is_regional: bool) {
    let all = gateway.nat_gateway_addresses();
    let first = all.iter().find(|address| address.is_primary() == Some(true)).or_else(|| all.first());
    if let Some(first) = first {
        live.attribute("public_ip", first.public_ip())
            .attribute("private_ip", first.private_ip())
            .attribute("network_interface_id", first.network_interface_id());
    }
    if is_regional {
        let is_manual = gateway.auto_provision_zones() == Some(&AutoProvisionZonesState::Disabled);
        live.field("availability_zone_addresses", is_manual.then(|| by_zone(all)));
        return;
    }
    let is_private = gateway.connectivity_type() == Some(&ConnectivityType::Private);
    let more: Vec<_> = all.iter().filter(|address| first != Some(address) && is_held(address)).collect();
    let private = more.iter().filter_map(|address| address.private_ip()).collect::<Vec<_>>();
    let public = more.iter().filter_map(|address| address.allocation_id()).collect::<Vec<_>>();
    live.field("allocation_id", first.and_then(NatGatewayAddress::allocation_id))
        .field("private_ip_address", first.and_then(NatGatewayAddress::private_ip))
        .field("secondary_allocation_ids", (!public.is_empty()).then_some(public));
    if is_private {
        live.field("secondary_private_ip_address_count", i64::try_from(private.len()).unwrap_or(i64::MAX))
            .field("secondary_private_ip_addresses", private);
    }
}

/// Returns true while addresses come or go.
pub fn are_moving(gateway: &NatGateway) -> bool {
    gateway.nat_gateway_addresses().iter().any(|address| {
        matches!(
            address.status(),
            Some(Status::Assigning | Status::Associating | Status::Disassociating | Status::Unassigning)
        )
    })
}

fn is_held(address: &NatGatewayAddress) -> bool {
    !matches!(address.status(), Some(Status::Disassociating | Status::Unassigning | Status::Failed))
}

fn by_zone(all: &[NatGatewayAddress]) -> Value {
    let mut zones: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for address in all.iter().filter(|address| is_held(address)) {
        if let (Some(zone), Some(id)) = (address.availability_zone(), address.allocation_id()) {
            zones.entry(zone).or_default().push(id);
        }
    }
    Value::list(
        zones
            .into_iter()
            .map(|(zone, ids)| Value::map([("availability_zone", Value::from(zone)), ("allocation_ids", ids.into())])),
    )
}

/// Returns the addresses by zone as the create call takes them.
pub fn of_zones(fields: &Map) -> Option<Vec<AvailabilityZoneAddress>> {
    fields.value("availability_zone_addresses")?;
    let zones = fields.records("availability_zone_addresses").map(|zone| {
        AvailabilityZoneAddress::builder()
            .set_availability_zone(zone.text("availability_zone"))
            .set_availability_zone_id(zone.text("availability_zone_id"))
            .set_allocation_ids(zone.texts("allocation_ids"))
            .build()
    });
    Some(zones.collect())
}

/// Writes the touched fields of a gateway; returns true if addresses are on the move now.
pub async fn write(aws: &Aws, id: &str, fields: &Map, touched: impl Fn(&str) -> bool) -> Result<bool, Failure> {
    let call = Call { aws, id, drain: fields.integer("max_drain_duration_seconds") };
    let mut moved = false;
    if touched("secondary_allocation_ids") {
        call.public(None, &fields.texts("secondary_allocation_ids").unwrap_or_default()).await?;
        moved = true;
    }
    if touched("availability_zone_addresses") {
        for zone in fields.records("availability_zone_addresses") {
            call.public(Some(zone), &zone.texts("allocation_ids").unwrap_or_default()).await?;
        }
        moved = true;
    }
    if touched("secondary_private_ip_addresses") {
        call.private(&fields.texts("secondary_private_ip_addresses").unwrap_or_default()).await?;
        moved = true;
    } else if touched("secondary_private_ip_address_count") {
        call.count(fields.integer("secondary_private_ip_address_count").unwrap_or(0)).await?;
        moved = true;
    }
    Ok(moved)
}

/// What the calls for one gateway share.
struct Call<'a> {
    aws: &'a Aws,
    id: &'a str,
    drain: Option<i32>,
}

impl Call<'_> {
    /// Makes the further public addresses, of one zone or of a zonal gateway, those that are wanted.
    async fn public(&self, zone: Option<&Map>, wanted: &[String]) -> Result<(), Failure> {
        let (name, zone_id) = match zone {
            Some(zone) => (zone.text("availability_zone"), zone.text("availability_zone_id")),
            None => (None, None),
        };
        let held = self.further().await?;
        let held: Vec<_> = held
            .iter()
            .filter(|address| match (&name, &zone_id) {
                (Some(name), _) => address.availability_zone() == Some(name),
                (_, Some(id)) => address.availability_zone_id() == Some(id),
                _ => true,
            })
            .filter_map(|address| Some((address.allocation_id()?, address.association_id()?)))
            .collect();
        let new: Vec<_> = wanted.iter().filter(|id| !held.iter().any(|(held, _)| held == id)).cloned().collect();
        let old = held.iter().filter(|(held, _)| !wanted.iter().any(|id| id == held));
        let old: Vec<_> = old.map(|(_, association)| (*association).to_owned()).collect();
        if !new.is_empty() {
            let call = self.aws.ec2.associate_nat_gateway_address().nat_gateway_id(self.id);
            let call = call.set_availability_zone(name).set_availability_zone_id(zone_id);
            call.set_allocation_ids(Some(new)).send().await?;
        }
        if !old.is_empty() {
            let call = self.aws.ec2.disassociate_nat_gateway_address().nat_gateway_id(self.id);
            call.set_association_ids(Some(old)).set_max_drain_duration_seconds(self.drain).send().await?;
        }
        Ok(())
    }

    async fn private(&self, wanted: &[String]) -> Result<(), Failure> {
        let held = self.further().await?;
        let held: Vec<_> = held.iter().filter_map(|address| address.private_ip()).collect();
        let new: Vec<_> = wanted.iter().filter(|ip| !held.contains(&ip.as_str())).cloned().collect();
        let old = held.iter().filter(|held| !wanted.iter().any(|ip| ip == *held)).map(|ip| (*ip).to_owned());
        if !new.is_empty() {
            let call = self.aws.ec2.assign_private_nat_gateway_address().nat_gateway_id(self.id);
            call.set_private_ip_addresses(Some(new)).send().await?;
        }
        self.unassign(old.collect()).await
    }

    async fn count(&self, wanted: i32) -> Result<(), Failure> {
        let held = self.further().await?;
        let held: Vec<_> = held.iter().filter_map(|address| address.private_ip()).map(str::to_owned).collect();
        let wanted = usize::try_from(wanted).unwrap_or(0);
        if wanted > held.len() {
            let more = i32::try_from(wanted - held.len()).unwrap_or(i32::MAX);
            let call = self.aws.ec2.assign_private_nat_gateway_address().nat_gateway_id(self.id);
            call.private_ip_address_count(more).send().await?;
        }
        self.unassign(held.into_iter().skip(wanted).collect()).await
    }

    async fn unassign(&self, ips: Vec<String>) -> Result<(), Failure> {
        if !ips.is_empty() {
            let call = self.aws.ec2.unassign_private_nat_gateway_address().nat_gateway_id(self.id);
            call.set_private_ip_addresses(Some(ips)).set_max_drain_duration_seconds(self.drain).send().await?;
        }
        Ok(())
    }

    /// Returns the addresses besides the first.
    async fn further(&self) -> Result<Vec<NatGatewayAddress>, Failure> {
        let found =
            self.aws.ec2.describe_nat_gateways().filter(ec2::filter("nat-gateway-id", [self.id])).send().await?;
        let gateway = found.nat_gateways.unwrap_or_default().pop();
        let gateway = gateway
            .ok_or_else(|| Failure::new(Class::NotFound, format!("the NAT gateway `{}` does not exist", self.id)))?;
        let all = gateway.nat_gateway_addresses.unwrap_or_default();
        Ok(all.into_iter().filter(|address| address.is_primary() != Some(true) && is_held(address)).collect())
    }
}
