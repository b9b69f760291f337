//! NAT gateways against replies as EC2's documentation has them: no emulator keeps further addresses.
//!
//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeNatGateways.html>

use super::*;
use crate::aws::stub::{Reply, Stub};
use crate::kinds::tests::fields;

const READS: &[&str] = &["ec2:DescribeNatGateways"];

fn describe(gateway: &str) -> Reply {
    let text = format!(
        "<DescribeNatGatewaysResponse><natGatewaySet><item><natGatewayId>nat-1</natGatewayId>{gateway}</item>\
         </natGatewaySet></DescribeNatGatewaysResponse>"
    );
    Reply::Answer(200, Box::leak(text.into_boxed_str()))
}

fn done(operation: &str) -> Reply {
    Reply::Answer(200, Box::leak(format!("<{operation}Response></{operation}Response>").into_boxed_str()))
}

const PUBLIC: &str = "<state>available</state><subnetId>subnet-1</subnetId><connectivityType>public</connectivityType>\
    <natGatewayAddressSet><item><allocationId>eipalloc-1</allocationId><privateIp>10.0.0.4</privateIp>\
    <publicIp>203.0.113.4</publicIp><networkInterfaceId>eni-1</networkInterfaceId><isPrimary>true</isPrimary>\
    <associationId>eipassoc-1</associationId><status>succeeded</status></item>\
    <item><allocationId>eipalloc-2</allocationId><privateIp>10.0.0.5</privateIp><isPrimary>false</isPrimary>\
    <associationId>eipassoc-2</associationId><status>succeeded</status></item></natGatewayAddressSet>";
const PRIVATE: &str = "<state>available</state><subnetId>subnet-1</subnetId>\
    <connectivityType>private</connectivityType>\
    <natGatewayAddressSet><item><privateIp>10.0.0.4</privateIp><isPrimary>true</isPrimary></item>\
    <item><privateIp>10.0.0.5</privateIp><isPrimary>false</isPrimary></item></natGatewayAddressSet>";
const REGIONAL: &str = "<state>available</state><vpcId>vpc-1</vpcId><availabilityMode>regional</availabilityMode>\
    <autoProvisionZones>disabled</autoProvisionZones><natGatewayAddressSet>\
    <item><allocationId>eipalloc-1</allocationId><availabilityZone>us-east-1a</availabilityZone>\
    <associationId>eipassoc-1</associationId></item></natGatewayAddressSet>";

async fn read_one(gateway: &str) -> Option<Live> {
    let stub = Stub::start(&[describe(gateway)]);
    let ask = Ask::Ids(vec!["nat-1".into()]);
    NatGateways.discover(&stub.clients(READS), &ask).await.unwrap().pop()
}

#[tokio::test]
async fn addresses_read_as_a_stack_states_them() {
    let check = async |gateway: &str, expected: &str| {
        let live = read_one(gateway).await.unwrap();
        let mut expected = fields(&NatGateways, expected);
        expected.retain(|_, value| !value.is_null());
        let mut held = live.fields;
        held.sort_keys();
        expected.sort_keys();
        assert_eq!(held, expected);
    };
    check(
        PUBLIC,
        "subnet_id: subnet-1, allocation_id: eipalloc-1, private_ip_address: 10.0.0.4, \
         secondary_allocation_ids: [eipalloc-2]",
    )
    .await;
    check(
        PRIVATE,
        "subnet_id: subnet-1, connectivity_type: private, private_ip_address: 10.0.0.4, \
         secondary_private_ip_address_count: 1, secondary_private_ip_addresses: [10.0.0.5]",
    )
    .await;
    check(
        REGIONAL,
        "vpc_id: vpc-1, availability_mode: regional, \
         availability_zone_addresses: [{availability_zone: us-east-1a, allocation_ids: [eipalloc-1]}]",
    )
    .await;
}

#[tokio::test]
async fn the_state_is_a_phase() {
    let phase = async |gateway: &str| read_one(gateway).await.map(|live| live.phase);
    assert_eq!(phase("<state>deleted</state>").await, None);
    assert_eq!(phase("<state>deleting</state>").await, Some(Phase::Deleting));
    assert_eq!(phase("<state>pending</state>").await, Some(Phase::Pending));
    let failed = "<state>failed</state><failureCode>Gateway.NotAttached</failureCode>\
                  <failureMessage>Network vpc-1 has no Internet gateway attached</failureMessage>";
    let reason = "Network vpc-1 has no Internet gateway attached (Gateway.NotAttached)".to_owned();
    assert_eq!(phase(failed).await, Some(Phase::Failed(reason)));
}

/// Writes the touched field, and returns the calls that write.
async fn written(gateway: &str, stated: &str, touched: &str, replies: &[Reply]) -> Vec<String> {
    let stub = Stub::start(&[&[describe(gateway)], replies].concat());
    let fields = fields(&NatGateways, stated);
    addresses::write(&stub.clients(READS), "nat-1", &fields, |field| field == touched).await.unwrap();
    let requests = stub.requests();
    requests.into_iter().filter(|request| !request.contains("Action=Describe")).collect()
}

#[tokio::test]
async fn only_addresses_that_come_or_go_are_touched() {
    let calls = written(
        PUBLIC,
        "secondary_allocation_ids: [eipalloc-3], max_drain_duration_seconds: 60",
        "secondary_allocation_ids",
        &[done("AssociateNatGatewayAddress"), done("DisassociateNatGatewayAddress")],
    )
    .await;
    assert!(calls[0].contains("Action=AssociateNatGatewayAddress") && calls[0].contains("AllocationId.1=eipalloc-3"));
    assert!(calls[1].contains("AssociationId.1=eipassoc-2") && calls[1].contains("MaxDrainDurationSeconds=60"));

    let calls = written(
        PRIVATE,
        "secondary_private_ip_addresses: [10.0.0.9]",
        "secondary_private_ip_addresses",
        &[done("AssignPrivateNatGatewayAddress"), done("UnassignPrivateNatGatewayAddress")],
    )
    .await;
    assert!(calls[0].contains("PrivateIpAddress.1=10.0.0.9") && calls[1].contains("PrivateIpAddress.1=10.0.0.5"));

    let calls = written(
        PRIVATE,
        "secondary_private_ip_address_count: 3",
        "secondary_private_ip_address_count",
        &[done("AssignPrivateNatGatewayAddress")],
    )
    .await;
    assert!(calls.len() == 1 && calls[0].contains("PrivateIpAddressCount=2"), "{calls:?}");

    let calls = written(
        REGIONAL,
        "availability_zone_addresses: [{availability_zone: us-east-1a, allocation_ids: [eipalloc-1, eipalloc-9]}]",
        "availability_zone_addresses",
        &[done("AssociateNatGatewayAddress")],
    )
    .await;
    assert!(calls.len() == 1 && calls[0].contains("AvailabilityZone=us-east-1a"), "{calls:?}");
    assert!(calls[0].contains("AllocationId.1=eipalloc-9"), "{calls:?}");
}
