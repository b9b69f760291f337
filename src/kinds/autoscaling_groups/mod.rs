//! Auto Scaling groups, with their policies, schedules, hooks, metrics and warm pool.

mod checks;
mod fields;
mod group;
mod parts;
mod read;
mod refresh;
mod template;

use async_trait::async_trait;
use futures_util::try_join;

use self::parts::Work;
use super::fields::Fields;
use super::{Kind, ec2};
use crate::aws::Aws;
use crate::model::failure::Failure;
use crate::model::live::Live;
use crate::model::schema::{Attribute, Ready, Schema};
use crate::model::shape::Field;
use crate::model::value::{Map, Value};
use crate::world::{Ask, Born, New, Old, Revision};

pub struct AutoscalingGroups;

const KIND: &str = "autoscaling_groups";
const NAME: &str = "auto_scaling_group_name";

const READS: &[&str] = &[
    "autoscaling:DescribeAutoScalingGroups",
    "autoscaling:DescribePolicies",
    "autoscaling:DescribeScheduledActions",
    "autoscaling:DescribeLifecycleHooks",
    "autoscaling:DescribeInstanceRefreshes",
];
const WRITES: &[&str] = &[
    "autoscaling:CreateAutoScalingGroup",
    "autoscaling:UpdateAutoScalingGroup",
    "autoscaling:PutScalingPolicy",
    "autoscaling:DeletePolicy",
    "autoscaling:PutScheduledUpdateGroupAction",
    "autoscaling:DeleteScheduledAction",
    "autoscaling:PutLifecycleHook",
    "autoscaling:DeleteLifecycleHook",
    "autoscaling:EnableMetricsCollection",
    "autoscaling:DisableMetricsCollection",
    "autoscaling:SuspendProcesses",
    "autoscaling:ResumeProcesses",
    "autoscaling:PutWarmPool",
    "autoscaling:DeleteWarmPool",
    "autoscaling:AttachLoadBalancerTargetGroups",
    "autoscaling:DetachLoadBalancerTargetGroups",
    "autoscaling:AttachTrafficSources",
    "autoscaling:DetachTrafficSources",
    "autoscaling:StartInstanceRefresh",
    "autoscaling:CreateOrUpdateTags",
    "autoscaling:DeleteTags",
    "autoscaling:DeleteAutoScalingGroup",
];

#[async_trait(?Send)]
impl Kind for AutoscalingGroups {
    fn schema(&self) -> Schema {
        let arn = "arn:{partition}:autoscaling:{region}:{account}:autoScalingGroup:{uuid}:autoScalingGroupName/{id}";
        Schema::new(KIND, "Auto Scaling group", Attribute::computed("{auto_scaling_group_name}"))
            .link("https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_CreateAutoScalingGroup.html")
            .named(NAME, 255)
            .fields(fields::record().fields)
            .attributes([
                ("arn", Attribute::given(arn)),
                ("policy_arns", Attribute::given("{policies}").shape(Field::text_map().shape).moves()),
            ])
            .claim("the group name", &[NAME])
            .needs(checks::routes)
            .advice(checks::old_instances)
            .rule(checks::sizes)
            .rule(checks::templates)
            .rule(checks::policies)
            .rule(checks::schedules)
            .ready(Ready::AtEnd)
            .operations(READS, WRITES)
    }

    async fn discover(&self, aws: &Aws, ask: &Ask) -> Result<Vec<Live>, Failure> {
        Ok(ec2::keep_asked(ask, read::discover(aws, ask).await?))
    }

    async fn create(&self, aws: &Aws, new: &New<'_>) -> Result<Born, Failure> {
        let name = new.fields.text(NAME).unwrap_or_default();
        let arn = group::create(aws, &name, new).await?;
        let nothing = Map::new();
        // Target groups and hooks come with the create call.
        let work = Work { group: &name, wanted: new.fields, live: &nothing, delta: None };
        let (policy_arns, ..) = try_join!(
            parts::policies(aws, work),
            parts::schedules(aws, work),
            parts::metrics(aws, work),
            parts::processes(aws, work),
            parts::warm_pool(aws, work),
        )?;
        let mut live = Live::new(KIND, Some(&aws.region), name);
        live.attribute("arn", arn).attribute("policy_arns", policy_arns);
        Ok(Born { id: live.id, attributes: live.attributes })
    }

    async fn update(&self, aws: &Aws, revision: &Revision<'_>) -> Result<Map, Failure> {
        let (live, wanted) = (revision.live, revision.fields);
        let work = Work { group: &live.id, wanted, live: &live.fields, delta: Some(revision.delta) };
        // Hooks first, so that instances that the rest launches or ends meet them.
        parts::lifecycle_hooks(aws, work).await?;
        group::update(aws, work).await?;
        let (written, ..) = try_join!(
            parts::policies(aws, work),
            parts::schedules(aws, work),
            parts::metrics(aws, work),
            parts::processes(aws, work),
            parts::warm_pool(aws, work),
            parts::traffic(aws, work),
            group::retag(aws, revision),
        )?;
        if group::rolls_out(work) {
            refresh::run(aws, &live.id, wanted).await?;
        }
        let mut attributes = live.attributes.clone();
        let mut arns = live.attributes.record("policy_arns").cloned().unwrap_or_default();
        let policies: Vec<String> =
            wanted.records("policies").filter_map(|policy| policy.text("policy_name")).collect();
        arns.retain(|name, _| policies.iter().any(|policy| **policy == **name));
        arns.extend(written);
        attributes.insert("policy_arns".into(), Value::from(arns));
        Ok(attributes)
    }

    async fn delete(&self, aws: &Aws, old: &Old<'_>) -> Result<(), Failure> {
        group::delete(aws, old).await
    }
}
