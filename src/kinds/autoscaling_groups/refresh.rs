//! Instance refreshes: how a new template version reaches the instances that run already.
//!
//! <https://docs.aws.amazon.com/autoscaling/ec2/userguide/asg-instance-refresh.html>

use std::time::Duration;

use aws_sdk_autoscaling::types::{InstanceRefresh, InstanceRefreshStatus};

use super::template;
use crate::aws::{Aws, until};
use crate::kinds::fields::Fields;
use crate::kinds::shapes::autoscaling;
use crate::model::failure::{Class, Failure};
use crate::model::value::{Map, Value};

/// A large group that bakes and waits at checkpoints takes hours; after this, the next run waits on.
const BOUND: Duration = Duration::from_secs(2 * 60 * 60);

/// Returns what the group is to launch, in Auto Scaling's form.
fn configuration(fields: &Map) -> Value {
    let named = ["launch_template", "mixed_instances_policy"];
    let stated = named.into_iter().filter_map(|name| Some((name, template::to_wire(fields.value(name)?))));
    Value::map(stated)
}

/// Replaces the group's instances by ones of the wanted template, and waits for it.
///
/// The group itself keeps its old template until the refresh succeeds, so that it can be rolled back.
pub async fn run(aws: &Aws, group: &str, fields: &Map) -> Result<(), Failure> {
    let mut request = fields.record("instance_refresh").cloned().unwrap_or_default();
    request.insert("desired_configuration".into(), configuration(fields));
    let call = aws.autoscaling.start_instance_refresh().auto_scaling_group_name(group);
    let started = autoscaling::start_instance_refresh_fill(call, &request)?.send().await.map_err(Failure::from);
    let id = match started {
        Ok(started) => started.instance_refresh_id.unwrap_or_default(),
        Err(failure) if failure.is_code("InstanceRefreshInProgress") => match latest(aws, group).await? {
            Some(refresh) if is_for(&refresh, fields) => refresh.instance_refresh_id.unwrap_or_default(),
            _ => return Err(failure.hint("wait for the refresh that is running, or cancel it, and apply again")),
        },
        Err(failure) => return Err(failure),
    };
    let what = format!("the instance refresh `{id}` of `{group}`");
    until(&what, BOUND, async || {
        let request = aws.autoscaling.describe_instance_refreshes().auto_scaling_group_name(group);
        let found = request.instance_refresh_ids(&id).send().await?;
        match found.instance_refreshes().first() {
            Some(refresh) => finished(refresh),
            None => Ok(None),
        }
    })
    .await
}

async fn latest(aws: &Aws, group: &str) -> Result<Option<InstanceRefresh>, Failure> {
    let request = aws.autoscaling.describe_instance_refreshes().auto_scaling_group_name(group).max_records(1);
    Ok(request.send().await?.instance_refreshes.and_then(|refreshes| refreshes.into_iter().next()))
}

/// Returns true if a refresh that runs already, from before a crash, brings what is wanted.
fn is_for(refresh: &InstanceRefresh, fields: &Map) -> bool {
    let Some(configuration) = refresh.desired_configuration() else { return false };
    let single = configuration.launch_template().map(autoscaling::launch_template_specification_from);
    let mixed = configuration.mixed_instances_policy().map(autoscaling::mixed_instances_policy_from);
    let wanted = |name: &str| fields.value(name).cloned().unwrap_or_default();
    let live = |value: Option<Value>| value.as_ref().map(template::from_wire).unwrap_or_default();
    template::same_specification(&wanted("launch_template"), &live(single))
        && template::same_mixed(&wanted("mixed_instances_policy"), &live(mixed))
}

fn finished(refresh: &InstanceRefresh) -> Result<Option<()>, Failure> {
    use InstanceRefreshStatus as Status;
    let ended = match refresh.status() {
        Some(Status::Successful) => return Ok(Some(())),
        Some(Status::Failed) => "failed",
        Some(Status::Cancelled) => "was cancelled",
        Some(Status::RollbackSuccessful) => "was rolled back",
        Some(Status::RollbackFailed) => "failed, and so did its rollback",
        _ => return Ok(None),
    };
    let reason = refresh.status_reason().map(|reason| format!(": {reason}")).unwrap_or_default();
    let message = format!("the instance refresh {ended}{reason}");
    Err(Failure::new(Class::Other, message)
        .hint("mend what keeps new instances from becoming healthy, and apply again"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::stub::{Reply, Stub};
    use aws_sdk_autoscaling::types::{DesiredConfiguration, LaunchTemplateSpecification};

    #[test]
    fn a_refresh_ends_in_success_or_with_its_reason() {
        let ended =
            |status: Status| finished(&InstanceRefresh::builder().status(status).status_reason("unhealthy").build());
        use InstanceRefreshStatus as Status;
        assert_eq!(ended(Status::Successful), Ok(Some(())));
        assert_eq!(ended(Status::Baking), Ok(None));
        assert_eq!(ended(Status::RollbackInProgress), Ok(None));
        assert_eq!(
            ended(Status::RollbackSuccessful).unwrap_err().message,
            "the instance refresh was rolled back: unhealthy"
        );
    }

    #[test]
    fn a_refresh_from_before_a_crash_is_recognised() {
        let specification = LaunchTemplateSpecification::builder().launch_template_id("lt-1").version("4").build();
        let configuration = DesiredConfiguration::builder().launch_template(specification).build();
        let refresh = InstanceRefresh::builder().desired_configuration(configuration).build();
        let wanted = |version: i64| {
            let template = Value::map([("launch_template_id", Value::from("lt-1")), ("version", version.into())]);
            Map::from_iter([("launch_template".into(), template)])
        };
        assert!(is_for(&refresh, &wanted(4)));
        assert!(!is_for(&refresh, &wanted(5)));
    }

    fn reply(operation: &str, inside: &str) -> Reply {
        let text =
            format!("<{operation}Response><{operation}Result>{inside}</{operation}Result></{operation}Response>");
        Reply::Answer(200, Box::leak(text.into_boxed_str()))
    }

    fn refreshes(status: &str) -> Reply {
        let member = format!("<member><InstanceRefreshId>r-1</InstanceRefreshId><Status>{status}</Status></member>");
        reply("DescribeInstanceRefreshes", &format!("<InstanceRefreshes>{member}</InstanceRefreshes>"))
    }

    #[tokio::test]
    async fn a_refresh_brings_the_template_and_is_awaited() {
        let stub = Stub::start(&[
            reply("StartInstanceRefresh", "<InstanceRefreshId>r-1</InstanceRefreshId>"),
            refreshes("InProgress"),
            refreshes("Successful"),
        ]);
        let template = Value::map([("launch_template_id", Value::from("lt-1")), ("version", 4.into())]);
        let preferences = Value::map([("min_healthy_percentage", 90)]);
        let fields = Map::from_iter([
            ("launch_template".into(), template),
            ("instance_refresh".into(), Value::map([("preferences", preferences)])),
        ]);
        let reads = ["autoscaling:DescribeInstanceRefreshes"];
        assert_eq!(run(&stub.clients(&reads), "web", &fields).await, Ok(()));
        let requests = stub.requests();
        assert_eq!(requests.len(), 3);
        for part in [
            "DesiredConfiguration.LaunchTemplate.LaunchTemplateId=lt-1",
            "DesiredConfiguration.LaunchTemplate.Version=4",
            "Preferences.MinHealthyPercentage=90",
        ] {
            assert!(requests[0].contains(part), "{part} in {}", requests[0]);
        }
    }
}
