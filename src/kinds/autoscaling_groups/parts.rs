//! The parts of a group that have calls of their own: policies, schedules, hooks, metrics, processes, warm pool.

use std::collections::BTreeSet;

use crate::aws::{Aws, each};
use crate::kinds::fields::Fields;
use crate::kinds::shapes::autoscaling;
use crate::model::delta::Delta;
use crate::model::failure::{Class, Failure, unless_gone};
use crate::model::value::{Map, Value};

/// How many parts of one group are written at once.
const FAN_OUT: usize = 8;
/// AttachLoadBalancerTargetGroups and AttachTrafficSources take this many.
const ATTACHED_AT_ONCE: usize = 10;
/// The one granularity that there is.
const GRANULARITY: &str = "1Minute";

/// What to write of a group: all of it, or what a delta touches.
#[derive(Clone, Copy)]
pub struct Work<'a> {
    pub group: &'a str,
    pub wanted: &'a Map,
    /// Empty for a group that was made a moment ago.
    pub live: &'a Map,
    pub delta: Option<&'a Delta>,
}

impl<'a> Work<'a> {
    pub fn touches(&self, field: &str) -> bool {
        match self.delta {
            Some(delta) => delta.touches(field),
            None => self.wanted.get(field).is_some_and(|value| !value.is_empty()),
        }
    }

    /// Returns the elements of a keyed list that are to be written, and the keys of those to be deleted.
    fn split(&self, list: &str, key: &str) -> (Vec<&'a Map>, Vec<String>) {
        let wanted: Vec<&Map> = self.wanted.records(list).collect();
        let name = |element: &Map| element.text(key).unwrap_or_default();
        let kept: BTreeSet<String> = wanted.iter().map(|element| name(element)).collect();
        let touched = |element: &&Map| {
            let path = format!("{list}[{}]", name(element));
            self.delta.is_none_or(|delta| {
                delta.changes.iter().any(|change| change.path == list || change.path.starts_with(&path))
            })
        };
        let surplus = self.live.records(list).map(name).filter(|name| !kept.contains(name)).collect();
        (wanted.into_iter().filter(touched).collect(), if self.touches(list) { surplus } else { Vec::new() })
    }

    /// Returns what is to be added to a set of texts, and taken from it.
    fn difference(&self, set: &str) -> (Vec<String>, Vec<String>) {
        let texts = |fields: &Map| -> BTreeSet<String> { fields.texts(set).unwrap_or_default().into_iter().collect() };
        let (wanted, live) = (texts(self.wanted), texts(self.live));
        (wanted.difference(&live).cloned().collect(), live.difference(&wanted).cloned().collect())
    }
}

/// Writes the policies; returns the ARNs of those written, by name.
pub async fn policies(aws: &Aws, work: Work<'_>) -> Result<Map, Failure> {
    let (put, deleted) = work.split("policies", "policy_name");
    each(FAN_OUT, deleted, async |name| {
        let request = aws.autoscaling.delete_policy().auto_scaling_group_name(work.group).policy_name(name);
        gone(request.send().await.map_err(Failure::from))
    })
    .await?;
    let written = each(FAN_OUT, put, async |policy| {
        let request = aws.autoscaling.put_scaling_policy().auto_scaling_group_name(work.group);
        let made = autoscaling::put_scaling_policy_fill(request, policy)?.send().await?;
        Ok((policy.text("policy_name").unwrap_or_default(), made.policy_arn))
    });
    let written = written.await?.into_iter();
    Ok(written.filter_map(|(name, arn)| Some((name.into(), arn?.into()))).collect())
}

pub async fn schedules(aws: &Aws, work: Work<'_>) -> Result<(), Failure> {
    let (put, deleted) = work.split("schedules", "scheduled_action_name");
    each(FAN_OUT, deleted, async |name| {
        let request = aws.autoscaling.delete_scheduled_action().auto_scaling_group_name(work.group);
        gone(request.scheduled_action_name(name).send().await.map_err(Failure::from))
    })
    .await?;
    each(FAN_OUT, put, async |schedule| {
        let request = aws.autoscaling.put_scheduled_update_group_action().auto_scaling_group_name(work.group);
        autoscaling::put_scheduled_update_group_action_fill(request, schedule)?.send().await?;
        Ok(())
    })
    .await?;
    Ok(())
}

pub async fn lifecycle_hooks(aws: &Aws, work: Work<'_>) -> Result<(), Failure> {
    let (put, deleted) = work.split("lifecycle_hooks", "lifecycle_hook_name");
    each(FAN_OUT, deleted, async |name| {
        let request = aws.autoscaling.delete_lifecycle_hook().auto_scaling_group_name(work.group);
        gone(request.lifecycle_hook_name(name).send().await.map_err(Failure::from))
    })
    .await?;
    each(FAN_OUT, put, async |hook| {
        let request = aws.autoscaling.put_lifecycle_hook().auto_scaling_group_name(work.group);
        autoscaling::put_lifecycle_hook_fill(request, hook)?.send().await?;
        Ok(())
    })
    .await?;
    Ok(())
}

pub async fn metrics(aws: &Aws, work: Work<'_>) -> Result<(), Failure> {
    if !work.touches("enabled_metrics") {
        return Ok(());
    }
    let (added, removed) = work.difference("enabled_metrics");
    if !removed.is_empty() {
        let request = aws.autoscaling.disable_metrics_collection().auto_scaling_group_name(work.group);
        request.set_metrics(Some(removed)).send().await?;
    }
    if !added.is_empty() {
        let request = aws.autoscaling.enable_metrics_collection().auto_scaling_group_name(work.group);
        request.set_metrics(Some(added)).granularity(GRANULARITY).send().await?;
    }
    Ok(())
}

pub async fn processes(aws: &Aws, work: Work<'_>) -> Result<(), Failure> {
    if !work.touches("suspended_processes") {
        return Ok(());
    }
    let (suspended, resumed) = work.difference("suspended_processes");
    if !resumed.is_empty() {
        let request = aws.autoscaling.resume_processes().auto_scaling_group_name(work.group);
        request.set_scaling_processes(Some(resumed)).send().await?;
    }
    if !suspended.is_empty() {
        let request = aws.autoscaling.suspend_processes().auto_scaling_group_name(work.group);
        request.set_scaling_processes(Some(suspended)).send().await?;
    }
    Ok(())
}

pub async fn warm_pool(aws: &Aws, work: Work<'_>) -> Result<(), Failure> {
    if !work.touches("warm_pool") {
        return Ok(());
    }
    match work.wanted.record("warm_pool") {
        Some(pool) => {
            let request = aws.autoscaling.put_warm_pool().auto_scaling_group_name(work.group);
            autoscaling::put_warm_pool_fill(request, pool)?.send().await?;
        }
        None => {
            let request = aws.autoscaling.delete_warm_pool().auto_scaling_group_name(work.group).force_delete(true);
            gone(request.send().await.map_err(Failure::from))?;
        }
    }
    Ok(())
}

/// Attaches and detaches target groups and other sources of traffic. A new group has them from its birth.
pub async fn traffic(aws: &Aws, work: Work<'_>) -> Result<(), Failure> {
    if work.touches("target_group_arns") {
        let (attached, detached) = work.difference("target_group_arns");
        for arns in attached.chunks(ATTACHED_AT_ONCE) {
            let request = aws.autoscaling.attach_load_balancer_target_groups().auto_scaling_group_name(work.group);
            request.set_target_group_arns(Some(arns.to_vec())).send().await?;
        }
        for arns in detached.chunks(ATTACHED_AT_ONCE) {
            let request = aws.autoscaling.detach_load_balancer_target_groups().auto_scaling_group_name(work.group);
            request.set_target_group_arns(Some(arns.to_vec())).send().await?;
        }
    } else if work.touches("traffic_sources") {
        let sources =
            |fields: &Map| -> Vec<Value> { fields.records("traffic_sources").map(|it| it.clone().into()).collect() };
        let (wanted, live) = (sources(work.wanted), sources(work.live));
        let missing_in = |others: &[Value], source: &Value| {
            !others.iter().any(|it| it.get("identifier") == source.get("identifier"))
        };
        let to_sdk =
            |sources: Vec<&Value>| sources.into_iter().map(autoscaling::traffic_source_identifier_to).collect();
        let attached: Result<Vec<_>, Failure> = to_sdk(wanted.iter().filter(|it| missing_in(&live, it)).collect());
        let detached: Result<Vec<_>, Failure> = to_sdk(live.iter().filter(|it| missing_in(&wanted, it)).collect());
        for sources in attached?.chunks(ATTACHED_AT_ONCE) {
            let request = aws.autoscaling.attach_traffic_sources().auto_scaling_group_name(work.group);
            request.set_traffic_sources(Some(sources.to_vec())).send().await?;
        }
        for sources in detached?.chunks(ATTACHED_AT_ONCE) {
            let request = aws.autoscaling.detach_traffic_sources().auto_scaling_group_name(work.group);
            request.set_traffic_sources(Some(sources.to_vec())).send().await?;
        }
    }
    Ok(())
}

/// Makes success of "there is none": Auto Scaling says so in the message of a validation error.
fn gone<T>(result: Result<T, Failure>) -> Result<(), Failure> {
    match unless_gone(result) {
        Err(failure) if failure.class == Class::Invalid && says_gone(&failure.message) => Ok(()),
        other => other.map(|_| ()),
    }
}

pub fn says_gone(message: &str) -> bool {
    let message = message.to_lowercase();
    ["not found", "does not exist", "doesn't exist", "no such", "no warm pool"]
        .iter()
        .any(|words| message.contains(words))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::delta::FieldChange;
    use crate::model::shape::Effect;

    fn fields(yaml: &str) -> Map {
        let json: serde_json::Value = serde_yaml::from_str(yaml).expect("sound YAML");
        Value::from(json).as_map().cloned().unwrap_or_default()
    }

    fn split(wanted: &str, live: &str, paths: Option<&[&str]>) -> (Vec<String>, Vec<String>) {
        let (wanted, live) = (fields(wanted), fields(live));
        let change = |path: &&str| FieldChange {
            path: (*path).to_owned(),
            before: Value::Null,
            after: Value::Null,
            effect: Effect::InPlace,
            sensitive: false,
        };
        let delta = paths.map(|paths| Delta { changes: paths.iter().map(change).collect() });
        let work = Work { group: "web", wanted: &wanted, live: &live, delta: delta.as_ref() };
        let (put, deleted) = work.split("policies", "policy_name");
        (put.into_iter().filter_map(|policy| policy.text("policy_name")).collect(), deleted)
    }

    #[test]
    fn only_touched_parts_are_written_and_only_surplus_ones_deleted() {
        let two = "{policies: [{policy_name: a}, {policy_name: b}]}";
        let one = "{policies: [{policy_name: a}]}";
        let texts = |items: &[&str]| items.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>();
        assert_eq!(split(two, "{}", None), (texts(&["a", "b"]), texts(&[])));
        assert_eq!(split(two, one, Some(&["policies[b]"])), (texts(&["b"]), texts(&[])));
        assert_eq!(split(one, two, Some(&["policies[b]"])), (texts(&[]), texts(&["b"])));
        assert_eq!(split(two, two, Some(&["policies[a].enabled"])), (texts(&["a"]), texts(&[])));
        assert_eq!(split(two, two, Some(&["min_size"])), (texts(&[]), texts(&[])));
    }
}
