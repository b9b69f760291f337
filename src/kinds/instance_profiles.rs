//! IAM instance profiles: what hands a role to an instance.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use futures_util::try_join;

use crate::aws::{Aws, each, insist, tags};
use crate::model::failure::{Class, Failure, unless_gone};
use crate::model::live::Live;
use crate::model::owner::Owner;
use crate::model::schema::{Attribute, Schema};
use crate::model::shape::{Equal, Field};
use crate::model::value::Map;
use crate::world::{Ask, Born, New, Old, Revision, TagChange};

use super::fields::Fields;
use super::{Kind, iam, taken};

pub struct InstanceProfiles;

#[async_trait(?Send)]
impl Kind for InstanceProfiles {
    fn schema(&self) -> Schema {
        Schema::new("instance_profiles", "instance profile", Attribute::computed("{instance_profile_name}"))
            .link("https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateInstanceProfile.html")
            .global()
            .named("instance_profile_name", 128)
            .fields(fields())
            .attributes([
                (
                    "arn",
                    Attribute::given("arn:{partition}:iam::{account}:instance-profile/trueup/{instance_profile_name}"),
                ),
                ("instance_profile_id", Attribute::given("AIPA{upper13}")),
            ])
            .claim("the instance profile name", &["instance_profile_name"])
            .operations(
                &["iam:ListInstanceProfiles", "iam:GetInstanceProfile"],
                &[
                    "iam:CreateInstanceProfile",
                    "iam:AddRoleToInstanceProfile",
                    "iam:RemoveRoleFromInstanceProfile",
                    "iam:TagInstanceProfile",
                    "iam:UntagInstanceProfile",
                    "iam:DeleteInstanceProfile",
                ],
            )
    }

    async fn discover(&self, aws: &Aws, ask: &Ask) -> Result<Vec<Live>, Failure> {
        let names = match ask {
            Ask::Owned(owner) => {
                let (at_home, tagged) = try_join!(at_home(aws, owner), aws.owned(owner, "iam:instance-profile"))?;
                // Adopted ones have another path: the tagging API knows profiles, though not roles.
                let adopted = tagged.iter().filter_map(|it| it.arn.rsplit('/').next().map(Arc::from));
                adopted.chain(at_home).collect::<BTreeSet<_>>().into_iter().collect()
            }
            Ask::Named(names) | Ask::Ids(names) => names.clone(),
        };
        let found = each(iam::FAN_OUT, names, async |name| find(aws, &name).await).await?.into_iter().flatten();
        Ok(match ask {
            Ask::Owned(owner) => found.filter(|live| live.mark().is_some_and(|mark| mark.is_of(owner))).collect(),
            Ask::Named(_) | Ask::Ids(_) => found.collect(),
        })
    }

    async fn create(&self, aws: &Aws, new: &New<'_>) -> Result<Born, Failure> {
        let name = new.fields.text("instance_profile_name").unwrap_or_default();
        let request = aws
            .iam
            .create_instance_profile()
            .instance_profile_name(&name)
            .set_path(iam::path_of(new.fields, new.tags))
            .set_tags(Some(tags::to_sdk(new.tags)));
        let mut live = Live::new("instance_profiles", None, name.as_str());
        match request.send().await.map_err(Failure::from) {
            Ok(made) => {
                if let Some(profile) = made.instance_profile {
                    live.attribute("arn", profile.arn).attribute("instance_profile_id", profile.instance_profile_id);
                }
            }
            Err(failure) if failure.class == Class::Exists => {
                live = find(aws, &name).await?.ok_or(failure)?;
                taken::ours_or_refused("instance profile", &name, &live.tags, new)?;
            }
            Err(failure) => return Err(failure),
        }
        write_role(aws, &live, new.fields).await?;
        Ok(Born { id: live.id, attributes: live.attributes })
    }

    async fn update(&self, aws: &Aws, revision: &Revision<'_>) -> Result<Map, Failure> {
        if revision.delta.touches("role_name") {
            write_role(aws, revision.live, revision.fields).await?;
        }
        retag(aws, &revision.live.id, &revision.tags).await?;
        Ok(Map::new())
    }

    async fn delete(&self, aws: &Aws, old: &Old<'_>) -> Result<(), Failure> {
        let Some(live) = find(aws, &old.live.id).await? else { return Ok(()) };
        write_role(aws, &live, &Map::new()).await?;
        let request = aws.iam.delete_instance_profile().instance_profile_name(&*live.id);
        // A role that was just removed can still be counted.
        let deleted = insist(iam::PROPAGATION, &["DeleteConflict"], async || Ok(request.clone().send().await?)).await;
        unless_gone(deleted)?;
        Ok(())
    }
}

fn fields() -> [(&'static str, Field); 3] {
    [
        (
            "instance_profile_name",
            Field::text_of(1, 128)
                .pattern(iam::NAME_PATTERN)
                .compared(Equal::IgnoreCase)
                .left_alone()
                .create_only(),
        ),
        (
            "path",
            Field::text_of(1, 512)
                .pattern(iam::PATH_PATTERN)
                .left_alone()
                .create_only()
                .note("Omitted, it is `/trueup/<stack>/`, where trueup looks for the stack's profiles; the tagging API shows those with another path."),
        ),
        (
            "role_name",
            Field::text_of(1, 64)
                .pattern(iam::NAME_PATTERN)
                .refers("roles", "role_name")
                .note("A profile holds one role; instances get another one's credentials within minutes."),
        ),
    ]
}

/// Returns the names of the profiles under an owner's path.
async fn at_home(aws: &Aws, owner: &Owner) -> Result<Vec<Arc<str>>, Failure> {
    let mut pages = aws.iam.list_instance_profiles().path_prefix(iam::home_of(owner)).into_paginator().send();
    let mut names = Vec::new();
    while let Some(page) = pages.next().await {
        names.extend(page?.instance_profiles.into_iter().map(|it| it.instance_profile_name.into()));
    }
    Ok(names)
}

/// Reads one profile: none if there is none of that name.
async fn find(aws: &Aws, name: &str) -> Result<Option<Live>, Failure> {
    let found = aws.iam.get_instance_profile().instance_profile_name(name).send().await.map_err(Failure::from);
    let Some(profile) = unless_gone(found)?.and_then(|found| found.instance_profile) else { return Ok(None) };
    let mut live = Live::new("instance_profiles", None, profile.instance_profile_name.as_str());
    live.field("instance_profile_name", profile.instance_profile_name)
        .field("path", profile.path)
        .field("role_name", profile.roles.into_iter().next().map(|role| role.role_name))
        .attribute("arn", profile.arn)
        .attribute("instance_profile_id", profile.instance_profile_id);
    live.tags = tags::from_sdk(profile.tags.as_deref().unwrap_or_default());
    Ok(Some(live))
}

/// Makes the profile's role that of `fields`: it holds one at a time, so the old one leaves first.
async fn write_role(aws: &Aws, live: &Live, fields: &Map) -> Result<(), Failure> {
    let (had, wanted) = (live.fields.text("role_name"), fields.text("role_name"));
    if had == wanted {
        return Ok(());
    }
    if let Some(role) = had {
        let request = aws.iam.remove_role_from_instance_profile().instance_profile_name(&*live.id).role_name(role);
        unless_gone(request.send().await.map_err(Failure::from))?;
    }
    if let Some(role) = wanted {
        let request = aws.iam.add_role_to_instance_profile().instance_profile_name(&*live.id).role_name(role);
        iam::settled(async || Ok(request.clone().send().await?)).await?;
    }
    Ok(())
}

async fn retag(aws: &Aws, profile: &str, change: &TagChange) -> Result<(), Failure> {
    if !change.remove.is_empty() {
        let keys = change.remove.iter().map(ToString::to_string).collect();
        aws.iam.untag_instance_profile().instance_profile_name(profile).set_tag_keys(Some(keys)).send().await?;
    }
    if !change.set.is_empty() {
        let tags = tags::to_sdk(&change.set);
        aws.iam.tag_instance_profile().instance_profile_name(profile).set_tags(Some(tags)).send().await?;
    }
    Ok(())
}
