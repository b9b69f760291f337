//! What uses a route table: subnets, and gateways for what comes in through them.
//!
//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AssociateRouteTable.html>

use std::time::Duration;

use aws_sdk_ec2::types::{RouteTable, RouteTableAssociation, RouteTableAssociationStateCode};

use crate::aws::{Aws, insist};
use crate::kinds::ec2;
use crate::kinds::fields::Fields;
use crate::model::failure::{Failure, unless_gone};
use crate::model::shape::{Field, Shape, Text};
use crate::model::value::Map;

const VISIBLE: Duration = Duration::from_secs(60);

/// Returns what is associated, if it is of one sort.
type Told = fn(&RouteTableAssociation) -> Option<&str>;

/// The two fields of associations, and how one is told in AWS's own form.
const KINDS: [(&str, Told); 2] =
    [("subnet_ids", RouteTableAssociation::subnet_id), ("gateway_ids", RouteTableAssociation::gateway_id)];

pub fn fields() -> [(&'static str, Field); 3] {
    let ids = || Field::set(Shape::Text(Text::default()));
    [
        ("subnet_ids", ids().refers("subnets", "id").note("The subnets that use this table.")),
        (
            "gateway_ids",
            ids().refers("internet_gateways", "id").note("Gateways whose incoming traffic this table routes."),
        ),
        (
            "propagating_vgws",
            ids().left_alone().note("Virtual private gateways that may write routes of their own into this table."),
        ),
    ]
}

/// Adds what is associated with the table.
pub fn read(fields: &mut Map, table: &RouteTable) {
    for (name, of) in KINDS {
        let ids: Vec<_> = held(table).filter_map(of).collect();
        if !ids.is_empty() {
            fields.insert(name.into(), ids.into());
        }
    }
    let gateways: Vec<_> = table.propagating_vgws().iter().filter_map(|gateway| gateway.gateway_id()).collect();
    fields.insert("propagating_vgws".into(), gateways.into());
}

fn held(table: &RouteTable) -> impl Iterator<Item = &RouteTableAssociation> {
    table.associations().iter().filter(|association| {
        let state = association.association_state().and_then(|state| state.state());
        let going = matches!(
            state,
            Some(RouteTableAssociationStateCode::Disassociating | RouteTableAssociationStateCode::Disassociated)
        );
        association.main() != Some(true) && !going
    })
}

/// Makes the associations of the touched fields those that are wanted. Of the others only those in `planned` go.
pub async fn write(
    aws: &Aws,
    id: &str,
    wanted: &Map,
    planned: &Map,
    touched: impl Fn(&str) -> bool,
) -> Result<(), Failure> {
    for (name, of) in KINDS {
        if !touched(name) {
            continue;
        }
        let (wanted, planned) = (wanted.texts(name).unwrap_or_default(), planned.texts(name).unwrap_or_default());
        let going: Vec<_> = planned.iter().filter(|id| !wanted.contains(id)).map(String::as_str).collect();
        if !going.is_empty() {
            disassociate(aws, id, |association| of(association).is_some_and(|id| going.contains(&id))).await?;
        }
        for other in wanted.iter().filter(|id| !planned.contains(id)) {
            associate(aws, id, name, other).await?;
        }
    }
    if touched("propagating_vgws") {
        propagate(aws, id, wanted, planned).await?;
    }
    Ok(())
}

async fn associate(aws: &Aws, table: &str, kind: &str, other: &str) -> Result<(), Failure> {
    insist(VISIBLE, &["InvalidSubnetID.NotFound", "InvalidGatewayID.NotFound"], async || {
        let call = aws.ec2.associate_route_table().route_table_id(table);
        let call = if kind == "subnet_ids" { call.subnet_id(other) } else { call.gateway_id(other) };
        call.send().await?;
        Ok(())
    })
    .await
}

async fn propagate(aws: &Aws, table: &str, wanted: &Map, planned: &Map) -> Result<(), Failure> {
    let (wanted, planned) = (wanted.texts("propagating_vgws"), planned.texts("propagating_vgws"));
    let (wanted, planned) = (wanted.unwrap_or_default(), planned.unwrap_or_default());
    for gateway in wanted.iter().filter(|gateway| !planned.contains(gateway)) {
        aws.ec2.enable_vgw_route_propagation().route_table_id(table).gateway_id(gateway).send().await?;
    }
    for gateway in planned.iter().filter(|gateway| !wanted.contains(gateway)) {
        aws.ec2.disable_vgw_route_propagation().route_table_id(table).gateway_id(gateway).send().await?;
    }
    Ok(())
}

/// Ends the associations that match; those that are gone already are none of our concern.
pub async fn disassociate(
    aws: &Aws,
    id: &str,
    matches: impl Fn(&RouteTableAssociation) -> bool,
) -> Result<(), Failure> {
    let found = aws.ec2.describe_route_tables().filters(ec2::filter("route-table-id", [id])).send().await?;
    for association in found.route_tables().iter().flat_map(held).filter(|association| matches(association)) {
        if let Some(association) = association.route_table_association_id() {
            let ended = aws.ec2.disassociate_route_table().association_id(association).send().await;
            unless_gone(ended.map(drop).map_err(Failure::from))?;
        }
    }
    Ok(())
}
