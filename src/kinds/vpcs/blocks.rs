//! The address blocks that are associated with a VPC besides its first:
//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AssociateVpcCidrBlock.html>.

use aws_sdk_ec2::types::{
    Vpc, VpcCidrBlockAssociation, VpcCidrBlockState, VpcCidrBlockStateCode, VpcIpv6CidrBlockAssociation,
};

use crate::aws::{Aws, until};
use crate::kinds::ec2;
use crate::kinds::fields::Fields;
use crate::model::failure::{Class, Failure};
use crate::model::value::Map;

/// The pool that AWS reports for the blocks it provides itself.
const AMAZON_POOL: &str = "Amazon";

/// Returns the IPv6 association that stands, if any.
pub fn ipv6(vpc: &Vpc) -> Option<&VpcIpv6CidrBlockAssociation> {
    vpc.ipv6_cidr_block_association_set().iter().find(|held| is_held(held.ipv6_cidr_block_state()))
}

/// Returns true if the block came from AWS's own pool, not from IPAM or the user's.
pub fn is_amazons(held: &VpcIpv6CidrBlockAssociation) -> bool {
    held.ipv6_pool().is_none_or(|pool| pool == AMAZON_POOL)
}

/// Returns the further IPv4 blocks.
pub fn secondary(vpc: &Vpc) -> Vec<&str> {
    further(vpc).filter_map(VpcCidrBlockAssociation::cidr_block).collect()
}

/// Returns true while an association is being made.
pub fn is_associating(vpc: &Vpc) -> bool {
    let v6 = vpc.ipv6_cidr_block_association_set().iter().filter_map(|held| held.ipv6_cidr_block_state());
    let v4 = vpc.cidr_block_association_set().iter().filter_map(|held| held.cidr_block_state());
    v6.chain(v4).any(|state| state.state() == Some(&VpcCidrBlockStateCode::Associating))
}

/// Makes the further IPv4 blocks those that the fields name: first all that is new, then what goes.
pub async fn write_secondary(aws: &Aws, id: &str, fields: &Map) -> Result<(), Failure> {
    let wanted = fields.texts("secondary_cidr_blocks").unwrap_or_default();
    let before = describe(aws, id).await?;
    let held = secondary(&before);
    let new: Vec<_> = wanted.iter().filter(|block| !held.contains(&block.as_str())).collect();
    let old: Vec<_> = further(&before)
        .filter(|held| held.cidr_block().is_some_and(|block| !wanted.iter().any(|wanted| wanted == block)))
        .filter_map(VpcCidrBlockAssociation::association_id)
        .collect();
    if new.is_empty() && old.is_empty() {
        return Ok(());
    }
    for block in new {
        aws.ec2.associate_vpc_cidr_block().vpc_id(id).cidr_block(block).send().await?;
    }
    for association in old {
        aws.ec2.disassociate_vpc_cidr_block().association_id(association).send().await?;
    }
    settled(aws, id).await
}

/// Associates AWS's IPv6 block or lets go of it.
pub async fn write_ipv6(aws: &Aws, id: &str, fields: &Map) -> Result<(), Failure> {
    if fields.flag("amazon_provided_ipv6_cidr_block") == Some(true) {
        let call = aws.ec2.associate_vpc_cidr_block().vpc_id(id).amazon_provided_ipv6_cidr_block(true);
        let border = fields.text("ipv6_cidr_block_network_border_group");
        call.set_ipv6_cidr_block_network_border_group(border).send().await?;
    } else {
        let before = describe(aws, id).await?;
        if let Some(association) = ipv6(&before).and_then(|held| held.association_id()) {
            aws.ec2.disassociate_vpc_cidr_block().association_id(association).send().await?;
        }
    }
    settled(aws, id).await
}

fn further(vpc: &Vpc) -> impl Iterator<Item = &VpcCidrBlockAssociation> {
    vpc.cidr_block_association_set()
        .iter()
        .filter(|held| is_held(held.cidr_block_state()) && held.cidr_block() != vpc.cidr_block())
}

fn is_held(state: Option<&VpcCidrBlockState>) -> bool {
    let code = state.and_then(VpcCidrBlockState::state);
    matches!(code, None | Some(VpcCidrBlockStateCode::Associated | VpcCidrBlockStateCode::Associating))
}

/// Waits until nothing is being associated any more: subnets can use the block then.
async fn settled(aws: &Aws, id: &str) -> Result<(), Failure> {
    until(&format!("the address blocks of `{id}`"), ec2::VISIBLE_BOUND, async || {
        let vpc = describe(aws, id).await?;
        Ok((!is_associating(&vpc)).then_some(()))
    })
    .await
}

async fn describe(aws: &Aws, id: &str) -> Result<Vpc, Failure> {
    let found = aws.ec2.describe_vpcs().filters(ec2::filter("vpc-id", [id])).send().await?;
    let vpc = found.vpcs.unwrap_or_default().pop();
    vpc.ok_or_else(|| Failure::new(Class::NotFound, format!("the VPC `{id}` does not exist")))
}
