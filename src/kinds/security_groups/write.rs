//! Making a group's rules those that are wanted, by the ids of the rules.

use std::time::Duration;

use aws_sdk_ec2::types::{SecurityGroupRule, SecurityGroupRuleDescription};

use super::rules::{self, Direction, Peer, Rule, Rules};
use crate::aws::{Aws, insist_while};
use crate::kinds::ec2;
use crate::model::failure::Failure;

/// A rule that refers to a new group may meet a part of EC2 that does not know it yet.
const GROUP_VISIBLE: Duration = Duration::from_secs(60);

/// Makes the rules of one direction those that are wanted.
///
/// What is new comes first, so that no traffic is cut in between. Of the rules that are not wanted only those in
/// `planned` go: what has appeared since the plan was never shown to anyone.
pub async fn write(
    aws: &Aws,
    group: &str,
    direction: Direction,
    wanted: &Rules,
    planned: Option<&Rules>,
) -> Result<(), Failure> {
    let live = read(aws, group, direction).await?;
    let missing: Rules = wanted
        .iter()
        .filter(|(rule, _)| !live.iter().any(|held| held.rule == **rule))
        .map(|(rule, description)| (rule.clone(), description.clone()))
        .collect();
    let unwanted: Vec<_> = live
        .iter()
        .filter(|held| !wanted.contains_key(&held.rule))
        .filter(|held| planned.is_none_or(|planned| planned.contains_key(&held.rule)))
        .map(|held| held.id.clone())
        .collect();
    match authorize(aws, group, direction, &missing).await {
        // There is room only when the old ones have gone.
        Err(failure) if failure.is_code("RulesPerSecurityGroupLimitExceeded") && !unwanted.is_empty() => {
            revoke(aws, group, direction, unwanted).await?;
            authorize(aws, group, direction, &missing).await?;
        }
        outcome => {
            outcome?;
            revoke(aws, group, direction, unwanted).await?;
        }
    }
    describe_anew(aws, group, direction, wanted, &live).await
}

/// Revokes the rules that refer to other groups: they would keep those from being deleted.
pub async fn let_go_of_groups(aws: &Aws, group: &str) -> Result<(), Failure> {
    for direction in [Direction::Ingress, Direction::Egress] {
        let live = read(aws, group, direction).await?;
        let ids = live.into_iter().filter(|held| matches!(held.rule.peer, Peer::Group(_))).map(|held| held.id);
        revoke(aws, group, direction, ids.collect()).await?;
    }
    Ok(())
}

/// A live rule.
struct Held {
    id: String,
    rule: Rule,
    description: Option<String>,
}

async fn read(aws: &Aws, group: &str, direction: Direction) -> Result<Vec<Held>, Failure> {
    let pages = aws.ec2.describe_security_group_rules().filters(ec2::filter("group-id", [group])).into_paginator();
    let all: Vec<SecurityGroupRule> = pages.items().send().try_collect().await?;
    let of_direction = all.iter().filter(|rule| rule.is_egress() == Some(direction == Direction::Egress));
    Ok(of_direction
        .filter_map(|found| {
            let (rule, description) = rules::of_sdk(found)?;
            Some(Held { id: found.security_group_rule_id()?.to_owned(), rule, description })
        })
        .collect())
}

async fn authorize(aws: &Aws, group: &str, direction: Direction, missing: &Rules) -> Result<(), Failure> {
    if missing.is_empty() {
        return Ok(());
    }
    match authorize_call(aws, group, direction, missing).await {
        // One that exists already fails the whole call: the others are still to come.
        Err(failure) if failure.is_code("InvalidPermission.Duplicate") => {
            for (rule, description) in missing {
                let one = Rules::from_iter([(rule.clone(), description.clone())]);
                match authorize_call(aws, group, direction, &one).await {
                    Err(failure) if failure.is_code("InvalidPermission.Duplicate") => {}
                    outcome => outcome?,
                }
            }
            Ok(())
        }
        outcome => outcome,
    }
}

async fn authorize_call(aws: &Aws, group: &str, direction: Direction, missing: &Rules) -> Result<(), Failure> {
    let permissions: Vec<_> =
        missing.iter().map(|(rule, text)| rules::permission(rule, text.as_deref(), group)).collect();
    // That the group itself is gone is no matter of time.
    let is_peer = |failure: &Failure| failure.is_code("InvalidGroup.NotFound") && !failure.message.contains(group);
    insist_while(GROUP_VISIBLE, is_peer, async || {
        let permissions = Some(permissions.clone());
        match direction {
            Direction::Ingress => {
                let call = aws.ec2.authorize_security_group_ingress().group_id(group);
                call.set_ip_permissions(permissions).send().await?;
            }
            Direction::Egress => {
                let call = aws.ec2.authorize_security_group_egress().group_id(group);
                call.set_ip_permissions(permissions).send().await?;
            }
        }
        Ok(())
    })
    .await
}

async fn revoke(aws: &Aws, group: &str, direction: Direction, ids: Vec<String>) -> Result<(), Failure> {
    if ids.is_empty() {
        return Ok(());
    }
    let ids = Some(ids);
    let outcome: Result<(), Failure> = match direction {
        Direction::Ingress => {
            let call = aws.ec2.revoke_security_group_ingress().group_id(group);
            call.set_security_group_rule_ids(ids).send().await.map(drop).map_err(Failure::from)
        }
        Direction::Egress => {
            let call = aws.ec2.revoke_security_group_egress().group_id(group);
            call.set_security_group_rule_ids(ids).send().await.map(drop).map_err(Failure::from)
        }
    };
    match outcome {
        Err(failure) if failure.is_code("InvalidSecurityGroupRuleId.NotFound") => Ok(()),
        outcome => outcome,
    }
}

/// Writes the descriptions that differ, in one call: one that is left out is removed.
async fn describe_anew(
    aws: &Aws,
    group: &str,
    direction: Direction,
    wanted: &Rules,
    live: &[Held],
) -> Result<(), Failure> {
    let updates: Vec<_> = live
        .iter()
        .filter_map(|held| {
            let description = wanted.get(&held.rule)?;
            let update = SecurityGroupRuleDescription::builder().security_group_rule_id(&held.id);
            (*description != held.description).then(|| update.set_description(description.clone()).build())
        })
        .collect();
    if updates.is_empty() {
        return Ok(());
    }
    match direction {
        Direction::Ingress => {
            let call = aws.ec2.update_security_group_rule_descriptions_ingress().group_id(group);
            call.set_security_group_rule_descriptions(Some(updates)).send().await?;
        }
        Direction::Egress => {
            let call = aws.ec2.update_security_group_rule_descriptions_egress().group_id(group);
            call.set_security_group_rule_descriptions(Some(updates)).send().await?;
        }
    }
    Ok(())
}
