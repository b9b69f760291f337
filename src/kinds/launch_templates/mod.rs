//! Launch templates: what an instance is made from. A change is a new version that becomes the default.

mod checks;
mod data;
mod versions;

use async_trait::async_trait;
use aws_sdk_ec2::types::{LaunchTemplate, LaunchTemplateVersion, ResourceType};
use futures_util::try_join;

use crate::aws::{Aws, each, tags};
use crate::model::failure::{Class, Failure, unless_gone};
use crate::model::live::Live;
use crate::model::schema::{Attribute, Schema};
use crate::model::shape::Field;
use crate::model::value::Map;
use crate::world::{Ask, Born, New, Old, Revision};

use super::fields::Fields;
use super::{Kind, ec2, taken};

pub struct LaunchTemplates;

const KIND: &str = "launch_templates";
const FAN_OUT: usize = 32;
const NAME: &str = "launch_template_name";

#[async_trait(?Send)]
impl Kind for LaunchTemplates {
    fn schema(&self) -> Schema {
        let number = || Field::integer(1, i64::MAX).shape;
        Schema::new(KIND, "launch template", Attribute::given("lt-{hex17}"))
            .link("https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateLaunchTemplate.html")
            .named(NAME, 128)
            .fields([
                (NAME, Field::text_of(3, 128).pattern(r"[a-zA-Z0-9().\-/_]+").left_alone().create_only()),
                ("version_description", Field::text_of(1, 255)),
            ])
            .fields(data::record().fields)
            .attributes([
                ("arn", Attribute::given("arn:{partition}:ec2:{region}:{account}:launch-template/{id}")),
                ("default_version", Attribute::given("{random}").shape(number()).moves()),
                ("latest_version", Attribute::given("{default_version}").shape(number()).moves()),
            ])
            .claim("the launch template name", &[NAME])
            .rule(checks::exclusions)
            .operations(
                &[
                    "ec2:DescribeLaunchTemplates",
                    "ec2:DescribeLaunchTemplateVersions",
                    "autoscaling:DescribeAutoScalingGroups",
                ],
                &[
                    "ec2:CreateLaunchTemplate",
                    "ec2:CreateLaunchTemplateVersion",
                    "ec2:ModifyLaunchTemplate",
                    "ec2:DeleteLaunchTemplateVersions",
                    "ec2:DeleteLaunchTemplate",
                    "ec2:CreateTags",
                    "ec2:DeleteTags",
                ],
            )
    }

    async fn discover(&self, aws: &Aws, ask: &Ask) -> Result<Vec<Live>, Failure> {
        let found = match ask {
            // Without an id, one call returns the default versions of all templates: both reads start at once.
            Ask::Owned(_) => {
                let (templates, versions) = try_join!(filtered(aws, ask), versions::defaults(aws))?;
                templates.iter().filter_map(|template| live(aws, template, &versions)).collect()
            }
            Ask::Named(_) => with_versions(aws, filtered(aws, ask).await?).await?,
            Ask::Ids(ids) => {
                let templates = each(FAN_OUT, ids, async |id| by_id(aws, id).await).await?;
                with_versions(aws, templates.into_iter().flatten().collect()).await?
            }
        };
        Ok(ec2::keep_asked(ask, found))
    }

    async fn create(&self, aws: &Aws, new: &New<'_>) -> Result<Born, Failure> {
        let request = aws
            .ec2
            .create_launch_template()
            .set_launch_template_name(new.fields.text(NAME))
            .set_version_description(new.fields.text("version_description"))
            .launch_template_data(data::to_sdk(new.fields)?)
            .set_tag_specifications(tags::specification(ResourceType::LaunchTemplate, new.tags));
        // The name is unique, so it does what a token would do, and cannot be used up.
        let template = match request.send().await.map_err(Failure::from) {
            Ok(made) => made.launch_template,
            Err(failure) if failure.class == Class::Exists => Some(ours(aws, new, failure).await?),
            Err(failure) => return Err(failure),
        };
        let template = template.unwrap_or_else(|| LaunchTemplate::builder().build());
        let id = ec2::id_of(template.launch_template_id.clone())?;
        let mut live = ec2::live(aws, KIND, "launch-template", &id, &[]);
        number(&mut live, template.default_version_number().unwrap_or(1));
        Ok(Born { id: live.id, attributes: live.attributes })
    }

    async fn update(&self, aws: &Aws, revision: &Revision<'_>) -> Result<Map, Failure> {
        let mut live = revision.live.clone();
        if !revision.delta.is_empty() {
            number(&mut live, versions::replace_default(aws, revision).await?);
            // The change is made; what could not be tidied is tidied with the next one.
            if let Err(failure) = versions::prune(aws, &live.id).await {
                tracing::warn!("old versions of {} stay: {failure}", live.id);
            }
        }
        ec2::retag(aws, &live.id, &revision.tags).await?;
        Ok(live.attributes)
    }

    async fn delete(&self, aws: &Aws, old: &Old<'_>) -> Result<(), Failure> {
        let request = aws.ec2.delete_launch_template().launch_template_id(&*old.live.id);
        unless_gone(request.send().await.map_err(Failure::from))?;
        Ok(())
    }
}

/// Returns the template that has the name already, if an earlier try made it.
async fn ours(aws: &Aws, new: &New<'_>, failure: Failure) -> Result<LaunchTemplate, Failure> {
    let name = new.fields.text(NAME).unwrap_or_default();
    let found = filtered(aws, &Ask::Named(vec![name.as_str().into()])).await?;
    let Some(template) = found.into_iter().next() else { return Err(failure) };
    taken::ours_or_refused("launch template", &name, &tags::from_sdk(template.tags()), new)?;
    Ok(template)
}

async fn filtered(aws: &Aws, ask: &Ask) -> Result<Vec<LaunchTemplate>, Failure> {
    let mut templates = Vec::new();
    for filters in ec2::filters(ask, "", Some("launch-template-name")) {
        let pages = aws.ec2.describe_launch_templates().set_filters(Some(filters)).into_paginator();
        let page: Vec<LaunchTemplate> = pages.items().send().try_collect().await?;
        templates.extend(page);
    }
    Ok(templates)
}

/// Reads one template. There is no filter by id, and one missing id fails a call for several.
async fn by_id(aws: &Aws, id: &str) -> Result<Option<LaunchTemplate>, Failure> {
    let found = aws.ec2.describe_launch_templates().launch_template_ids(id).send().await.map_err(Failure::from);
    Ok(unless_gone(found)?.and_then(|found| found.launch_templates?.into_iter().next()))
}

async fn with_versions(aws: &Aws, templates: Vec<LaunchTemplate>) -> Result<Vec<Live>, Failure> {
    let ids = templates.iter().filter_map(|template| template.launch_template_id());
    let versions = each(FAN_OUT, ids, async |id| versions::default_of(aws, id).await).await?;
    let versions: Vec<_> = versions.into_iter().flatten().collect();
    Ok(templates.iter().filter_map(|template| live(aws, template, &versions)).collect())
}

fn live(aws: &Aws, template: &LaunchTemplate, versions: &[LaunchTemplateVersion]) -> Option<Live> {
    let id = template.launch_template_id()?;
    let version = versions.iter().find(|version| version.launch_template_id() == Some(id))?;
    let mut live = ec2::live(aws, KIND, "launch-template", id, template.tags());
    live.field(NAME, template.launch_template_name());
    live.field("version_description", version.version_description().filter(|text| !text.is_empty()));
    live.fields.extend(version.launch_template_data().map(data::from_sdk).unwrap_or_default());
    number(&mut live, version.version_number().or(template.default_version_number()).unwrap_or(1));
    Some(live)
}

/// Sets the two version attributes. The latest version is the latest that the stack has made, so the default one:
/// a newer one that somebody else has left there must not roll out through a group that names the latest.
fn number(live: &mut Live, version: i64) {
    live.attribute("default_version", version).attribute("latest_version", version);
}
