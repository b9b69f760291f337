//! Deleting what others may still hold.

use std::time::Duration;

use aws_sdk_ec2::types::{Filter, NetworkInterface};
use tokio::time::Instant;

use crate::aws::{Aws, until};
use crate::model::failure::{Class, Failure, unless_gone};

/// How long interfaces that AWS's own services made (load balancers, functions) are given to vanish.
const LINGERING_BOUND: Duration = Duration::from_secs(15 * 60);
/// How long anything else that holds a resource is given.
const HELD_BOUND: Duration = Duration::from_secs(60);

/// Deletes, and goes on trying while network interfaces that AWS's services made still hold it; then says who does.
///
/// `held_by` are the filters of DescribeNetworkInterfaces that find the holders of `id`.
pub async fn delete_held(
    aws: &Aws,
    id: &str,
    held_by: &[Filter],
    delete: impl AsyncFn() -> Result<(), Failure>,
) -> Result<(), Failure> {
    let started = Instant::now();
    let what = format!("`{id}` to be free");
    let outcome = until(&what, LINGERING_BOUND, async || match unless_gone(delete().await) {
        Ok(_) => Ok(Some(Ok(()))),
        Err(failure) if failure.class == Class::InUse => {
            let holders = holders(aws, held_by).await?;
            let lingering = holders.iter().any(|holder| holder.requester_managed() == Some(true));
            let bound = if lingering { LINGERING_BOUND - HELD_BOUND } else { HELD_BOUND };
            Ok((started.elapsed() >= bound).then(|| Err(name_holders(failure, &holders))))
        }
        Err(failure) => Err(failure),
    });
    outcome.await?
}

async fn holders(aws: &Aws, held_by: &[Filter]) -> Result<Vec<NetworkInterface>, Failure> {
    let pages = aws.ec2.describe_network_interfaces().set_filters(Some(held_by.to_vec())).into_paginator();
    Ok(pages.items().send().try_collect().await?)
}

fn name_holders(failure: Failure, holders: &[NetworkInterface]) -> Failure {
    if holders.is_empty() {
        return failure;
    }
    let named = holders.iter().take(5).map(|holder| {
        let id = holder.network_interface_id().unwrap_or("an interface");
        let what = [holder.description(), holder.requester_id()];
        let what: Vec<_> = what.into_iter().flatten().filter(|text| !text.is_empty()).collect();
        if what.is_empty() { format!("`{id}`") } else { format!("`{id}` ({})", what.join(", ")) }
    });
    let list = named.collect::<Vec<_>>().join(", ");
    let more = match holders.len() {
        0..=5 => String::new(),
        many => format!(" and {} more", many - 5),
    };
    failure.hint(format!("it is held by {list}{more}; delete what made them, then run the command again"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_delete_names_who_holds_it() {
        let holder = NetworkInterface::builder().network_interface_id("eni-1").description("ELB app/edge/1").build();
        let failure = name_holders(Failure::new(Class::InUse, "has a dependent object"), &[holder]);
        assert_eq!(
            failure.hint.unwrap(),
            "it is held by `eni-1` (ELB app/edge/1); delete what made them, then run the command again"
        );
    }
}
