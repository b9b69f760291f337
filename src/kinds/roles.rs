//! IAM roles with their trust, their inline policies and the policies attached to them.

use async_trait::async_trait;
use futures_util::{TryFutureExt, try_join};

use crate::aws::{Aws, each, insist, tags};
use crate::model::address::Address;
use crate::model::failure::{Class, Failure, unless_gone};
use crate::model::live::Live;
use crate::model::schema::{Attribute, Broken, Neighbours, Schema};
use crate::model::shape::{Equal, Field, Shape, Text};
use crate::model::value::{Map, Value};
use crate::world::{Ask, Born, New, Old, Revision, TagChange};

use super::fields::Fields;
use super::policy::{self, Attached};
use super::{Kind, iam, taken};

pub struct Roles;

#[async_trait(?Send)]
impl Kind for Roles {
    fn schema(&self) -> Schema {
        Schema::new("roles", "role", Attribute::computed("{role_name}"))
            .link("https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html")
            .global()
            .named("role_name", 64)
            .fields(fields())
            .attributes([
                ("arn", Attribute::given("arn:{partition}:iam::{account}:role/trueup/{role_name}")),
                ("role_id", Attribute::given("AROA{upper13}")),
            ])
            .claim("the role name", &["role_name"])
            .rule(policy_rules)
            .operations(
                &[
                    "iam:ListRoles",
                    "iam:GetRole",
                    "iam:ListRolePolicies",
                    "iam:GetRolePolicy",
                    "iam:ListAttachedRolePolicies",
                    "iam:ListInstanceProfilesForRole",
                ],
                &[
                    "iam:CreateRole",
                    "iam:UpdateRole",
                    "iam:UpdateAssumeRolePolicy",
                    "iam:PutRolePermissionsBoundary",
                    "iam:DeleteRolePermissionsBoundary",
                    "iam:PutRolePolicy",
                    "iam:DeleteRolePolicy",
                    "iam:AttachRolePolicy",
                    "iam:DetachRolePolicy",
                    "iam:TagRole",
                    "iam:UntagRole",
                    "iam:RemoveRoleFromInstanceProfile",
                    "iam:DeleteRole",
                ],
            )
    }

    async fn discover(&self, aws: &Aws, ask: &Ask) -> Result<Vec<Live>, Failure> {
        let names = match ask {
            Ask::Owned(owner) => {
                let mut pages = aws.iam.list_roles().path_prefix(iam::home_of(owner)).into_paginator().send();
                let mut names = Vec::new();
                while let Some(page) = pages.next().await {
                    names.extend(page?.roles.into_iter().map(|role| role.role_name.into()));
                }
                names
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
        let name = new.fields.text("role_name").unwrap_or_default();
        let request = aws
            .iam
            .create_role()
            .role_name(&name)
            .set_path(iam::path_of(new.fields, new.tags))
            .set_assume_role_policy_document(new.fields.value("assume_role_policy_document").map(policy::to_text))
            .set_description(new.fields.text("description"))
            .set_max_session_duration(new.fields.integer("max_session_duration"))
            .set_permissions_boundary(new.fields.text("permissions_boundary"))
            .set_tags(Some(tags::to_sdk(new.tags)));
        let made = iam::settled(async || Ok(request.clone().send().await?)).await;
        let mut live = Live::new("roles", None, name.as_str());
        match made {
            Ok(made) => {
                if let Some(role) = made.role {
                    live.attribute("arn", role.arn).attribute("role_id", role.role_id);
                }
            }
            Err(failure) if failure.class == Class::Exists => {
                live = find(aws, &name).await?.ok_or(failure)?;
                taken::ours_or_refused("role", &name, &live.tags, new)?;
                let (trust, settings) = (write_trust(aws, &name, new.fields), write_settings(aws, &name, new.fields));
                try_join!(trust, settings, write_boundary(aws, &name, new.fields))?;
            }
            Err(failure) => return Err(failure),
        }
        try_join!(write_inline(aws, &live, new.fields), write_attached(aws, &live, new.fields))?;
        Ok(Born { id: live.id, attributes: live.attributes })
    }

    async fn update(&self, aws: &Aws, revision: &Revision<'_>) -> Result<Map, Failure> {
        let (live, fields, delta) = (revision.live, revision.fields, revision.delta);
        let name = &*live.id;
        if delta.touches("assume_role_policy_document") {
            write_trust(aws, name, fields).await?;
        }
        if delta.touches_any(&["description", "max_session_duration"]) {
            write_settings(aws, name, fields).await?;
        }
        if delta.touches("permissions_boundary") {
            write_boundary(aws, name, fields).await?;
        }
        if delta.touches("policies") {
            write_inline(aws, live, fields).await?;
        }
        if delta.touches("attached_policies") {
            write_attached(aws, live, fields).await?;
        }
        retag(aws, name, &revision.tags).await?;
        Ok(Map::new())
    }

    async fn delete(&self, aws: &Aws, old: &Old<'_>) -> Result<(), Failure> {
        let name = &*old.live.id;
        if unless_gone(strip(aws, name).await)?.is_none() {
            return Ok(());
        }
        let request = aws.iam.delete_role().role_name(name);
        // A policy or profile that just let go can still be counted.
        let deleted = insist(iam::PROPAGATION, &["DeleteConflict"], async || Ok(request.clone().send().await?)).await;
        unless_gone(deleted)?;
        Ok(())
    }
}

fn fields() -> [(&'static str, Field); 8] {
    [
        (
            "role_name",
            Field::text_of(1, 64)
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
                .note("Omitted, it is `/trueup/<stack>/`, where trueup looks for the stack's roles. A role with another path is found by its name, so it is not seen any more once its block has left the stack."),
        ),
        (
            "assume_role_policy_document",
            Field::document().compared(Equal::Policy).required().note("Who may assume the role: its trust policy."),
        ),
        ("description", Field::text_of(0, 1000)),
        ("max_session_duration", Field::integer(3600, 43_200).default(3600)),
        ("permissions_boundary", Field::text_of(20, 2048).pattern("arn:.+")),
        (
            "policies",
            Field::new(Shape::Map(Box::new(Shape::Document)))
                .compared(Equal::Policy)
                .deferrable()
                .note("Inline policies by name; any other is removed."),
        ),
        (
            "attached_policies",
            Field::set(Shape::Text(Text { min: Some(20), max: Some(2048), pattern: Some("arn:.+"), values: &[] }))
                .items(0, 25)
                .note("ARNs of managed policies; any other is detached."),
        ),
    ]
}

/// Reads one role: none if there is no role of that name.
async fn find(aws: &Aws, name: &str) -> Result<Option<Live>, Failure> {
    let role = async { unless_gone(aws.iam.get_role().role_name(name).send().await.map_err(Failure::from)) };
    let inline = async { unless_gone(inline(aws, name).await) };
    let attached = async { unless_gone(attached(aws, name).await) };
    let (Some(role), Some(inline), Some(attached)) = try_join!(role, inline, attached)? else { return Ok(None) };
    let Some(role) = role.role else { return Ok(None) };
    let mut live = Live::new("roles", None, role.role_name.as_str());
    live.field("role_name", role.role_name)
        .field("path", role.path)
        .field("assume_role_policy_document", iam::document(role.assume_role_policy_document.as_deref())?)
        .field("description", role.description.filter(|text| !text.is_empty()))
        .field("max_session_duration", role.max_session_duration)
        .field("permissions_boundary", role.permissions_boundary.and_then(|it| it.permissions_boundary_arn))
        .field("policies", Some(inline).filter(|policies| !policies.is_empty()).map(Value::from))
        .field("attached_policies", Some(attached).filter(|policies| !policies.is_empty()))
        .attribute("arn", role.arn)
        .attribute("role_id", role.role_id);
    live.tags = tags::from_sdk(role.tags.as_deref().unwrap_or_default());
    Ok(Some(live))
}

/// Returns the role's inline policies by name.
async fn inline(aws: &Aws, role: &str) -> Result<Map, Failure> {
    let read = async |name: String| {
        let policy = aws.iam.get_role_policy().role_name(role).policy_name(&name).send().await?;
        Ok((name.into(), iam::document(Some(&policy.policy_document))?))
    };
    let policies = each(iam::FAN_OUT, inline_names(aws, role).await?, read).await?;
    Ok(policies.into_iter().collect())
}

async fn inline_names(aws: &Aws, role: &str) -> Result<Vec<String>, Failure> {
    let mut pages = aws.iam.list_role_policies().role_name(role).into_paginator().send();
    let mut names = Vec::new();
    while let Some(page) = pages.next().await {
        names.extend(page?.policy_names);
    }
    Ok(names)
}

/// Returns the ARNs of the policies attached to a role.
async fn attached(aws: &Aws, role: &str) -> Result<Vec<String>, Failure> {
    let mut pages = aws.iam.list_attached_role_policies().role_name(role).into_paginator().send();
    let mut arns = Vec::new();
    while let Some(page) = pages.next().await {
        arns.extend(page?.attached_policies.unwrap_or_default().into_iter().filter_map(|policy| policy.policy_arn));
    }
    Ok(arns)
}

async fn write_trust(aws: &Aws, role: &str, fields: &Map) -> Result<(), Failure> {
    let trust = fields.value("assume_role_policy_document").map(policy::to_text);
    let request = aws.iam.update_assume_role_policy().role_name(role).set_policy_document(trust);
    iam::settled(async || Ok(request.clone().send().await?)).await?;
    Ok(())
}

async fn write_settings(aws: &Aws, role: &str, fields: &Map) -> Result<(), Failure> {
    aws.iam
        .update_role()
        .role_name(role)
        .description(fields.text("description").unwrap_or_default())
        .set_max_session_duration(fields.integer("max_session_duration"))
        .send()
        .await?;
    Ok(())
}

async fn write_boundary(aws: &Aws, role: &str, fields: &Map) -> Result<(), Failure> {
    match fields.text("permissions_boundary") {
        Some(arn) => {
            let request = aws.iam.put_role_permissions_boundary().role_name(role).permissions_boundary(arn);
            iam::settled(async || Ok(request.clone().send().await?)).await?;
        }
        None => {
            let request = aws.iam.delete_role_permissions_boundary().role_name(role);
            unless_gone(request.send().await.map_err(Failure::from))?;
        }
    }
    Ok(())
}

/// Makes the inline policies those of `fields`; those that read the same are not written.
async fn write_inline(aws: &Aws, live: &Live, fields: &Map) -> Result<(), Failure> {
    let none = Map::new();
    let wanted = fields.record("policies").unwrap_or(&none);
    let had = live.fields.record("policies").unwrap_or(&none);
    // First out, then in: the sum of their sizes is limited.
    each(iam::FAN_OUT, had.keys().filter(|name| !wanted.contains_key(*name)), async |policy: &std::sync::Arc<str>| {
        remove_inline(aws, &live.id, policy).await
    })
    .await?;
    let changed = wanted.iter().filter(|(name, document)| had.get(*name) != Some(*document));
    each(iam::FAN_OUT, changed, async |(policy, document): (&std::sync::Arc<str>, &Value)| {
        let document = policy::to_text(document);
        let request = aws.iam.put_role_policy().role_name(&*live.id).policy_name(&**policy).policy_document(document);
        iam::settled(async || Ok(request.clone().send().await?)).await
    })
    .await?;
    Ok(())
}

/// Makes the attached policies those of `fields`.
async fn write_attached(aws: &Aws, live: &Live, fields: &Map) -> Result<(), Failure> {
    let wanted = fields.texts("attached_policies").unwrap_or_default();
    let had = live.fields.texts("attached_policies").unwrap_or_default();
    // First out, then in: their number is limited.
    each(iam::FAN_OUT, had.iter().filter(|arn| !wanted.contains(arn)), async |arn: &String| {
        detach(aws, &live.id, arn).await
    })
    .await?;
    each(iam::FAN_OUT, wanted.iter().filter(|arn| !had.contains(arn)), async |arn: &String| {
        let request = aws.iam.attach_role_policy().role_name(&*live.id).policy_arn(arn);
        iam::settled(async || Ok(request.clone().send().await?)).await
    })
    .await?;
    Ok(())
}

async fn remove_inline(aws: &Aws, role: &str, policy: &str) -> Result<(), Failure> {
    let request = aws.iam.delete_role_policy().role_name(role).policy_name(policy);
    unless_gone(request.send().await.map_err(Failure::from))?;
    Ok(())
}

async fn detach(aws: &Aws, role: &str, arn: &str) -> Result<(), Failure> {
    let request = aws.iam.detach_role_policy().role_name(role).policy_arn(arn);
    unless_gone(request.send().await.map_err(Failure::from))?;
    Ok(())
}

async fn retag(aws: &Aws, role: &str, change: &TagChange) -> Result<(), Failure> {
    if !change.remove.is_empty() {
        let keys = change.remove.iter().map(ToString::to_string).collect();
        aws.iam.untag_role().role_name(role).set_tag_keys(Some(keys)).send().await?;
    }
    if !change.set.is_empty() {
        aws.iam.tag_role().role_name(role).set_tags(Some(tags::to_sdk(&change.set))).send().await?;
    }
    Ok(())
}

/// Takes off everything that keeps a role from being deleted, whoever put it there.
async fn strip(aws: &Aws, role: &str) -> Result<(), Failure> {
    let inline = inline_names(aws, role).and_then(async |names| {
        each(iam::FAN_OUT, names, async |policy| remove_inline(aws, role, &policy).await).await
    });
    let attached = attached(aws, role)
        .and_then(async |arns| each(iam::FAN_OUT, arns, async |arn| detach(aws, role, &arn).await).await);
    try_join!(inline, attached, leave_profiles(aws, role))?;
    Ok(())
}

async fn leave_profiles(aws: &Aws, role: &str) -> Result<(), Failure> {
    let mut pages = aws.iam.list_instance_profiles_for_role().role_name(role).into_paginator().send();
    while let Some(page) = pages.next().await {
        for profile in page?.instance_profiles {
            let name = profile.instance_profile_name;
            let request = aws.iam.remove_role_from_instance_profile().instance_profile_name(name).role_name(role);
            unless_gone(request.send().await.map_err(Failure::from))?;
        }
    }
    Ok(())
}

fn policy_rules(stack: &dyn Neighbours, address: &Address) -> Vec<Broken> {
    let Some(fields) = stack.fields(address) else { return Vec::new() };
    let mut broken = Vec::new();
    if let Some(trust) = fields.get("assume_role_policy_document") {
        broken.extend(policy::broken("assume_role_policy_document", trust, Attached::Trust));
    }
    for (name, document) in fields.record("policies").into_iter().flatten() {
        let path = format!("policies.{name}");
        if name.is_empty() || name.len() > 128 || !name.chars().all(is_name_character) {
            let message = format!("`{name}` is not a name of a policy");
            broken.push(Broken::new(&path, message).help("use at most 128 letters, digits and any of `_+=,.@-`"));
        }
        broken.extend(policy::broken(&path, document, Attached::Identity));
    }
    broken
}

fn is_name_character(c: char) -> bool {
    c.is_ascii_alphanumeric() || "_+=,.@-".contains(c)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::tests::broken;

    const TRUST: &str = "assume_role_policy_document: {Version: '2012-10-17', Statement: {Effect: Allow, \
                         Principal: {Service: ec2.amazonaws.com}, Action: 'sts:AssumeRole'}}";

    #[test]
    fn what_a_role_cannot_be_is_named() {
        for (stack, expected) in [
            (TRUST.to_owned(), vec![]),
            (format!("{TRUST}, policies: {{read: {{Statement: []}}}}"), vec![]),
            (format!("{TRUST}, policies: {{'a b': {{Statement: []}}}}"), vec!["policies.a b"]),
            (format!("{TRUST}, policies: {{read: {{}}}}"), vec!["policies.read"]),
            (
                "assume_role_policy_document: {Statement: [{Effect: Allow, Action: 'sts:AssumeRole'}]}".to_owned(),
                vec!["assume_role_policy_document.Statement[0]"],
            ),
        ] {
            assert_eq!(broken(&Roles, &stack), expected, "{stack}");
        }
    }
}
