//! The versions of launch templates: immutable, numbered, and never gone by themselves.

use std::collections::BTreeSet;

use aws_sdk_autoscaling::types::{AutoScalingGroup, LaunchTemplateSpecification};
use aws_sdk_ec2::types::LaunchTemplateVersion;

use super::data;
use crate::aws::Aws;
use crate::kinds::fields::Fields;
use crate::model::failure::{Class, Failure, unless_gone};
use crate::model::value::Value;
use crate::world::Revision;

/// Old versions that stay, besides those in use: the default one and the one to go back to.
const KEPT: usize = 2;
/// A token that was used up, or whose version has gone, is followed by the next one.
const TOKENS_MAX: u32 = 8;
/// DeleteLaunchTemplateVersions takes this many at once.
const DELETED_AT_ONCE: usize = 200;

/// Returns the default version of every template of the account.
pub async fn defaults(aws: &Aws) -> Result<Vec<LaunchTemplateVersion>, Failure> {
    let request = aws.ec2.describe_launch_template_versions().versions("$Default");
    Ok(request.into_paginator().items().send().try_collect().await?)
}

/// Returns the default version of one template, if it is still there.
pub async fn default_of(aws: &Aws, id: &str) -> Result<Option<LaunchTemplateVersion>, Failure> {
    let request = aws.ec2.describe_launch_template_versions().launch_template_id(id).versions("$Default");
    let found = unless_gone(request.send().await.map_err(Failure::from))?;
    Ok(found.and_then(|found| found.launch_template_versions?.into_iter().next()))
}

/// Makes a version of the wanted fields the default, and returns its number.
pub async fn replace_default(aws: &Aws, revision: &Revision<'_>) -> Result<i64, Failure> {
    let id = &*revision.live.id;
    let default = revision.live.get("default_version").and_then(Value::as_int).unwrap_or(0);
    let mut last = Failure::new(Class::Other, format!("no new version of the launch template `{id}` could be made"));
    for n in 0..TOKENS_MAX {
        let request = aws
            .ec2
            .create_launch_template_version()
            .launch_template_id(id)
            .set_version_description(revision.fields.text("version_description"))
            .launch_template_data(data::to_sdk(revision.fields)?)
            .client_token(revision.token.nth(n));
        let version = match request.send().await.map_err(Failure::from) {
            Ok(made) => made.launch_template_version.and_then(|version| version.version_number).unwrap_or(0),
            Err(failure) if failure.is_code("IdempotentParameterMismatch") => {
                last = failure;
                continue;
            }
            Err(failure) => return Err(failure),
        };
        // The token of an earlier change back and forth gives its version again: older than the default, or pruned.
        if version <= default {
            continue;
        }
        let request = aws.ec2.modify_launch_template().launch_template_id(id).default_version(version.to_string());
        match unless_gone(request.send().await.map_err(Failure::from))? {
            Some(_) => return Ok(version),
            None => continue,
        }
    }
    Err(last)
}

/// Deletes old versions, but for the newest two and those that some group may still launch or go back to.
pub async fn prune(aws: &Aws, id: &str) -> Result<(), Failure> {
    let request = aws.ec2.describe_launch_template_versions().launch_template_id(id);
    let versions: Vec<LaunchTemplateVersion> = request.into_paginator().items().send().try_collect().await?;
    let surplus = surplus(&versions);
    if surplus.is_empty() {
        return Ok(());
    }
    let groups = aws.autoscaling.describe_auto_scaling_groups().into_paginator().items().send().try_collect();
    let groups: Vec<AutoScalingGroup> = groups.await?;
    let used = in_use(id, &groups);
    let unused: Vec<String> = surplus.difference(&used).map(ToString::to_string).collect();
    for versions in unused.chunks(DELETED_AT_ONCE) {
        let request = aws.ec2.delete_launch_template_versions().launch_template_id(id);
        request.set_versions(Some(versions.to_vec())).send().await?;
    }
    Ok(())
}

/// Returns the numbers of the versions that are neither the default nor among the newest.
fn surplus(versions: &[LaunchTemplateVersion]) -> BTreeSet<i64> {
    let number = |version: &LaunchTemplateVersion| version.version_number();
    let mut numbers: Vec<i64> = versions.iter().filter_map(number).collect();
    numbers.sort_unstable();
    let kept = numbers.split_off(numbers.len().saturating_sub(KEPT));
    let default = versions.iter().filter(|version| version.default_version() == Some(true)).filter_map(number);
    let default: BTreeSet<i64> = default.chain(kept).collect();
    numbers.into_iter().filter(|number| !default.contains(number)).collect()
}

/// Returns the versions of a template that groups name, or that their instances run.
fn in_use(id: &str, groups: &[AutoScalingGroup]) -> BTreeSet<i64> {
    let mut named: Vec<&LaunchTemplateSpecification> = Vec::new();
    for group in groups {
        named.extend(group.launch_template());
        named.extend(group.instances().iter().filter_map(|instance| instance.launch_template()));
        let policy = group.mixed_instances_policy().and_then(|policy| policy.launch_template());
        named.extend(policy.and_then(|template| template.launch_template_specification()));
        let overrides = policy.into_iter().flat_map(|template| template.overrides());
        named.extend(overrides.filter_map(|over| over.launch_template_specification()));
    }
    let of_this = named.into_iter().filter(|template| template.launch_template_id() == Some(id));
    of_this.filter_map(|template| template.version()?.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(number: i64, default: bool) -> LaunchTemplateVersion {
        LaunchTemplateVersion::builder().version_number(number).default_version(default).build()
    }

    #[test]
    fn the_newest_two_and_the_default_stay() {
        for (versions, expected) in [
            (vec![(1, true)], vec![]),
            (vec![(1, false), (2, true)], vec![]),
            (vec![(1, false), (2, false), (3, true)], vec![1]),
            (vec![(9, false), (4, false), (2, true), (7, false)], vec![4]),
        ] {
            let versions: Vec<_> = versions.into_iter().map(|(number, default)| version(number, default)).collect();
            assert_eq!(surplus(&versions).into_iter().collect::<Vec<i64>>(), expected);
        }
    }

    #[test]
    fn what_groups_and_instances_name_is_in_use() {
        let names = |id: &str, version: &str| {
            LaunchTemplateSpecification::builder().launch_template_id(id).version(version).build()
        };
        let instance = aws_sdk_autoscaling::types::Instance::builder().launch_template(names("lt-1", "3")).build();
        let group = AutoScalingGroup::builder().launch_template(names("lt-1", "5")).instances(instance);
        let other = AutoScalingGroup::builder().launch_template(names("lt-2", "1"));
        let latest = AutoScalingGroup::builder().launch_template(names("lt-1", "$Latest"));
        let groups = [group.build(), other.build(), latest.build()];
        assert_eq!(in_use("lt-1", &groups), BTreeSet::from([3, 5]));
    }
}
