//! The rules of a listener: told apart by their priority, moved by it, and recognised by what they do.

use aws_sdk_elasticloadbalancingv2::types::{Rule, RulePriorityPair};

use super::same;
use crate::aws::{Aws, each, tags};
use crate::kinds::elb::FAN_OUT;
use crate::kinds::fields::Fields;
use crate::kinds::shapes::elbv2;
use crate::model::failure::{Failure, unless_gone};
use crate::model::value::{Map, Value};

/// A rule that exists, in the stack's own form.
#[derive(Clone, Debug, PartialEq)]
pub struct LiveRule {
    pub arn: String,
    pub fields: Map,
}

/// Returns true for the listener of an application load balancer: no other has rules.
pub fn has_rules(listener: &str) -> bool {
    listener.contains(":listener/app/")
}

/// Returns the rules of a listener but for the default one, which is the listener's own default actions.
pub async fn read(aws: &Aws, listener: &str) -> Result<Vec<LiveRule>, Failure> {
    let pages = aws.elb.describe_rules().listener_arn(listener).into_paginator();
    let found = pages.items().send().try_collect().await.map_err(Failure::from);
    let found: Vec<Rule> = unless_gone(found)?.unwrap_or_default();
    Ok(found.iter().filter_map(from_sdk).collect())
}

fn from_sdk(rule: &Rule) -> Option<LiveRule> {
    let priority: i64 = rule.priority()?.parse().ok()?;
    let mut fields = Map::from_iter([("priority".into(), Value::Int(priority))]);
    fields.extend(elbv2::rule_from(rule).as_map().cloned().unwrap_or_default());
    Some(LiveRule { arn: rule.rule_arn.clone()?, fields })
}

/// What makes the live rules the wanted ones.
#[derive(Debug, Default, PartialEq)]
struct Moves<'a> {
    delete: Vec<&'a LiveRule>,
    /// To another priority, all in one call: so two can change places.
    renumber: Vec<(&'a LiveRule, i32)>,
    modify: Vec<(&'a LiveRule, &'a Map)>,
    create: Vec<&'a Map>,
}

/// Makes the rules of a listener what the stack wants.
pub async fn write(aws: &Aws, listener: &str, live: &[LiveRule], fields: &Map, new_tags: &Map) -> Result<(), Failure> {
    let wanted: Vec<&Map> = fields.records("rules").collect();
    let moves = moves(live, &wanted);
    each(FAN_OUT, &moves.delete, async |rule| {
        let deleted = aws.elb.delete_rule().rule_arn(&rule.arn).send().await.map_err(Failure::from);
        unless_gone(deleted).map(|_| ())
    })
    .await?;
    if !moves.renumber.is_empty() {
        let pairs = moves
            .renumber
            .iter()
            .map(|(rule, priority)| RulePriorityPair::builder().rule_arn(&rule.arn).priority(*priority).build());
        aws.elb.set_rule_priorities().set_rule_priorities(Some(pairs.collect())).send().await?;
    }
    each(FAN_OUT, &moves.modify, async |(rule, fields)| {
        let request = elbv2::modify_rule_fill(aws.elb.modify_rule().rule_arn(&rule.arn), fields)?;
        let emptied = rule.fields.value("transforms").is_some() && fields.value("transforms").is_none();
        let request = if emptied { request.reset_transforms(true) } else { request };
        request.send().await?;
        Ok(())
    })
    .await?;
    each(FAN_OUT, &moves.create, async |fields| {
        let request = elbv2::create_rule_fill(aws.elb.create_rule().listener_arn(listener), fields)?;
        request.set_tags(Some(tags::to_sdk(new_tags))).send().await?;
        Ok(())
    })
    .await?;
    Ok(())
}

/// Pairs live rules with wanted ones: first those that do the same at the same priority, then those that do the same
/// elsewhere, then those with the same priority.
fn moves<'a>(live: &'a [LiveRule], wanted: &[&'a Map]) -> Moves<'a> {
    let mut moves = Moves::default();
    let mut left: Vec<&LiveRule> = live.iter().collect();
    let mut open: Vec<&Map> = wanted.to_vec();
    let priority = |fields: &Map| fields.integer("priority");
    open.retain(|fields| {
        let same = |rule: &&LiveRule| priority(&rule.fields) == priority(fields) && same::rules(fields, &rule.fields);
        take(&mut left, same).is_none()
    });
    open.retain(|fields| match take(&mut left, |rule| same::rules(fields, &rule.fields)) {
        Some(rule) => {
            moves.renumber.extend(priority(fields).map(|to| (rule, to)));
            false
        }
        None => true,
    });
    for fields in open {
        match take(&mut left, |rule| priority(&rule.fields) == priority(fields)) {
            Some(rule) => moves.modify.push((rule, fields)),
            None => moves.create.push(fields),
        }
    }
    moves.delete = left;
    moves
}

fn take<'a>(rules: &mut Vec<&'a LiveRule>, wanted: impl FnMut(&&'a LiveRule) -> bool) -> Option<&'a LiveRule> {
    rules.iter().position(wanted).map(|at| rules.remove(at))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(priority: i64, path: &str) -> Map {
        let condition = Value::map([("field", Value::from("path-pattern")), ("values", Value::list([path]))]);
        let action = Value::map([("type", "forward"), ("target_group_arn", "arn:a")]);
        Map::from_iter([
            ("priority".into(), priority.into()),
            ("conditions".into(), Value::list([condition])),
            ("actions".into(), Value::list([action])),
        ])
    }

    /// Tells the moves in short: `x` deletes, `>` renumbers, `~` modifies, `+` creates.
    fn told(live: &[(i64, &str)], wanted: &[(i64, &str)]) -> Vec<String> {
        let live: Vec<LiveRule> = live
            .iter()
            .map(|(priority, path)| LiveRule { arn: priority.to_string(), fields: rule(*priority, path) })
            .collect();
        let wanted: Vec<Map> = wanted.iter().map(|(priority, path)| rule(*priority, path)).collect();
        let moves = moves(&live, &wanted.iter().collect::<Vec<_>>());
        let deleted = moves.delete.iter().map(|rule| format!("x{}", rule.arn));
        let renumbered = moves.renumber.iter().map(|(rule, to)| format!("{}>{to}", rule.arn));
        let modified = moves.modify.iter().map(|(rule, _)| format!("~{}", rule.arn));
        let created = moves.create.iter().map(|fields| format!("+{}", fields["priority"]));
        deleted.chain(renumbered).chain(modified).chain(created).collect()
    }

    #[test]
    fn rules_are_recognised_by_what_they_do() {
        assert_eq!(told(&[(1, "/a"), (2, "/b")], &[(1, "/a"), (2, "/b")]), [""; 0]);
        assert_eq!(told(&[(1, "/a"), (2, "/b")], &[(1, "/b"), (2, "/a")]), ["2>1", "1>2"]);
        assert_eq!(told(&[(1, "/a")], &[(5, "/a")]), ["1>5"]);
        assert_eq!(told(&[(1, "/a")], &[(1, "/c")]), ["~1"]);
        assert_eq!(told(&[(1, "/a"), (2, "/b")], &[(1, "/b"), (3, "/c")]), ["x1", "2>1", "+3"]);
        assert_eq!(told(&[], &[(1, "/a")]), ["+1"]);
    }
}
