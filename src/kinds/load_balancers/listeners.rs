//! Listeners: read for all load balancers at once, written one by one, each with its certificates and rules.

use std::collections::BTreeSet;

use aws_sdk_elasticloadbalancingv2::types::{Certificate, Listener, MutualAuthenticationAttributes};
use futures_util::try_join;

use super::rules::{self, LiveRule};
use crate::aws::{Aws, each, tags};
use crate::kinds::elb::FAN_OUT;
use crate::kinds::fields::Fields;
use crate::kinds::shapes::elbv2;
use crate::model::delta::Delta;
use crate::model::failure::{Failure, unless_gone};
use crate::model::value::{Map, Value};

/// A listener that exists, in the stack's own form but for its rules.
#[derive(Clone, Debug, PartialEq)]
pub struct LiveListener {
    pub arn: String,
    pub port: i64,
    pub fields: Map,
    pub rules: Vec<LiveRule>,
}

impl LiveListener {
    fn from_sdk(listener: &Listener) -> Option<LiveListener> {
        let mut fields = elbv2::listener_from(listener).as_map().cloned().unwrap_or_default();
        let certificates = listener.certificates().iter().filter_map(|it| it.certificate_arn());
        let certificates: Vec<Value> = certificates.take(1).map(|arn| Value::map([("certificate_arn", arn)])).collect();
        if certificates.is_empty() {
            fields.shift_remove("certificates");
        } else {
            fields.insert("certificates".into(), certificates.into());
        }
        if !is_secure(&fields) {
            fields.shift_remove("ssl_policy");
        }
        Some(LiveListener {
            arn: listener.listener_arn.clone()?,
            port: listener.port()?.into(),
            fields,
            rules: Vec::new(),
        })
    }

    /// Returns the listener as an element of `listeners`.
    pub fn value(&self) -> Value {
        let mut fields = self.fields.clone();
        if !self.rules.is_empty() {
            fields.insert("rules".into(), Value::list(self.rules.iter().map(|rule| rule.fields.clone())));
        }
        fields.into()
    }

    fn sni(&self) -> BTreeSet<String> {
        self.fields.texts("sni_certificates").unwrap_or_default().into_iter().collect()
    }
}

/// Returns the listeners of these load balancers, in their order: none where a load balancer has gone.
///
/// `hints` are listeners that are thought to exist: their rules are asked for without waiting for the list.
pub async fn read(
    aws: &Aws,
    balancers: &[String],
    hints: &[String],
) -> Result<Vec<Option<Vec<LiveListener>>>, Failure> {
    let hints: Vec<&String> = hints.iter().filter(|arn| rules::has_rules(arn)).collect();
    let early = each(FAN_OUT, hints, async |arn| Ok((arn.clone(), rules::read(aws, arn).await?)));
    let (mut found, early) = try_join!(each(FAN_OUT, balancers, async |arn| of(aws, arn).await), early)?;
    let listeners: Vec<&mut LiveListener> = found.iter_mut().flatten().flatten().collect();
    each(FAN_OUT, listeners, async |listener| {
        let known = early.iter().find(|(arn, _)| *arn == listener.arn).map(|(_, rules)| rules.clone());
        complete(aws, listener, known).await
    })
    .await?;
    Ok(found)
}

/// Returns the listeners of one load balancer, without certificates but the default one, and without rules.
async fn of(aws: &Aws, balancer: &str) -> Result<Option<Vec<LiveListener>>, Failure> {
    let pages = aws.elb.describe_listeners().load_balancer_arn(balancer).into_paginator();
    let found = pages.items().send().try_collect().await.map_err(Failure::from);
    let found: Option<Vec<Listener>> = unless_gone(found)?;
    Ok(found.map(|listeners| listeners.iter().filter_map(LiveListener::from_sdk).collect()))
}

/// Adds what ELB keeps apart: further certificates and rules.
async fn complete(aws: &Aws, listener: &mut LiveListener, known: Option<Vec<LiveRule>>) -> Result<(), Failure> {
    let rules = async {
        match known {
            Some(rules) => Ok(rules),
            None if rules::has_rules(&listener.arn) => rules::read(aws, &listener.arn).await,
            None => Ok(Vec::new()),
        }
    };
    let certificates =
        async { if is_secure(&listener.fields) { certificates(aws, &listener.arn).await } else { Ok(Vec::new()) } };
    let (rules, certificates) = try_join!(rules, certificates)?;
    listener.rules = rules;
    if !certificates.is_empty() {
        listener.fields.insert("sni_certificates".into(), certificates.into());
    }
    Ok(())
}

/// Returns the ARNs of a listener's certificates, but for the default one.
async fn certificates(aws: &Aws, arn: &str) -> Result<Vec<String>, Failure> {
    let pages = aws.elb.describe_listener_certificates().listener_arn(arn).into_paginator();
    let found = pages.items().send().try_collect().await.map_err(Failure::from);
    let found: Vec<Certificate> = unless_gone(found)?.unwrap_or_default();
    let further = found.into_iter().filter(|certificate| certificate.is_default() != Some(true));
    Ok(further.filter_map(|certificate| certificate.certificate_arn).collect())
}

/// Makes the listeners of a load balancer what the stack wants.
///
/// `delta` limits the work to what it touches; without it, everything is written.
pub async fn write(
    aws: &Aws,
    balancer: &str,
    wanted: &Map,
    delta: Option<&Delta>,
    new_tags: &Map,
) -> Result<(), Failure> {
    let ports: Vec<i64> = wanted.records("listeners").filter_map(port).collect();
    let live = of(aws, balancer).await?.unwrap_or_default();
    // A target group or port that a listener holds is free once it has gone.
    let surplus = live.iter().filter(|listener| !ports.contains(&listener.port));
    each(FAN_OUT, surplus, async |listener| {
        let deleted = aws.elb.delete_listener().listener_arn(&listener.arn).send().await.map_err(Failure::from);
        unless_gone(deleted).map(|_| ())
    })
    .await?;
    each(FAN_OUT, wanted.records("listeners"), async |fields| {
        let Some(port) = port(fields) else { return Ok(()) };
        match live.iter().find(|listener| listener.port == port) {
            Some(listener) => modify(aws, listener.clone(), fields, Touched::of(delta, port), new_tags).await,
            None => create(aws, balancer, fields, new_tags).await,
        }
    })
    .await?;
    Ok(())
}

/// Which parts of a listener are to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Touched {
    itself: bool,
    certificates: bool,
    rules: bool,
}

impl Touched {
    fn of(delta: Option<&Delta>, port: i64) -> Touched {
        let Some(delta) = delta else { return Touched { itself: true, certificates: true, rules: true } };
        let element = format!("listeners[{port}]");
        let mut touched = Touched { itself: false, certificates: false, rules: false };
        for change in &delta.changes {
            match change.path.strip_prefix(&element) {
                // A comparison of all the listeners, or of this one.
                None if change.path == "listeners" => return Touched::of(None, port),
                Some("") => return Touched::of(None, port),
                Some(inside) if inside.starts_with(".rules") => touched.rules = true,
                Some(inside) if inside.starts_with(".sni_certificates") => touched.certificates = true,
                Some(inside) if inside.starts_with('.') => touched.itself = true,
                _ => {}
            }
        }
        touched
    }
}

async fn create(aws: &Aws, balancer: &str, fields: &Map, new_tags: &Map) -> Result<(), Failure> {
    let request = elbv2::create_listener_fill(aws.elb.create_listener().load_balancer_arn(balancer), fields)?;
    let made = request.set_tags(Some(tags::to_sdk(new_tags))).send().await?;
    let Some(listener) = made.listeners().first().and_then(LiveListener::from_sdk) else { return Ok(()) };
    try_join!(sni(aws, &listener, fields), rules::write(aws, &listener.arn, &[], fields, new_tags))?;
    Ok(())
}

async fn modify(
    aws: &Aws,
    mut listener: LiveListener,
    fields: &Map,
    touched: Touched,
    new_tags: &Map,
) -> Result<(), Failure> {
    if touched.itself {
        let request = elbv2::modify_listener_fill(aws.elb.modify_listener().listener_arn(&listener.arn), fields)?;
        let request = match unset(&listener.fields, fields, "mutual_authentication") {
            true => request.mutual_authentication(MutualAuthenticationAttributes::builder().mode("off").build()),
            false => request,
        };
        let request =
            if unset(&listener.fields, fields, "alpn_policy") { request.alpn_policy("None") } else { request };
        request.send().await?;
    }
    if touched.certificates || touched.rules {
        complete(aws, &mut listener, None).await?;
    }
    let certificates = async { if touched.certificates { sni(aws, &listener, fields).await } else { Ok(()) } };
    let rules = async {
        if touched.rules { rules::write(aws, &listener.arn, &listener.rules, fields, new_tags).await } else { Ok(()) }
    };
    try_join!(certificates, rules)?;
    Ok(())
}

fn unset(before: &Map, fields: &Map, name: &str) -> bool {
    before.value(name).is_some() && fields.value(name).is_none()
}

/// Makes the further certificates of a listener what the stack wants.
async fn sni(aws: &Aws, listener: &LiveListener, fields: &Map) -> Result<(), Failure> {
    let wanted: BTreeSet<String> = fields.texts("sni_certificates").unwrap_or_default().into_iter().collect();
    let live = listener.sni();
    let certificates = |arns: Vec<&String>| -> Option<Vec<Certificate>> {
        let all = arns.into_iter().map(|arn| Certificate::builder().certificate_arn(arn).build()).collect::<Vec<_>>();
        (!all.is_empty()).then_some(all)
    };
    if let Some(added) = certificates(wanted.difference(&live).collect()) {
        let request = aws.elb.add_listener_certificates().listener_arn(&listener.arn);
        request.set_certificates(Some(added)).send().await?;
    }
    if let Some(removed) = certificates(live.difference(&wanted).collect()) {
        let request = aws.elb.remove_listener_certificates().listener_arn(&listener.arn);
        request.set_certificates(Some(removed)).send().await?;
    }
    Ok(())
}

/// Returns the ARNs of a load balancer's listeners and of their rules: what carries its tags besides itself.
pub async fn arns(aws: &Aws, balancer: &str) -> Result<Vec<String>, Failure> {
    let found = read(aws, &[balancer.to_owned()], &[]).await?;
    let listeners = found.into_iter().flatten().flatten();
    Ok(listeners
        .flat_map(|listener| std::iter::once(listener.arn).chain(listener.rules.into_iter().map(|rule| rule.arn)))
        .collect())
}

fn port(fields: &Map) -> Option<i64> {
    fields.value("port")?.as_int()
}

fn is_secure(fields: &Map) -> bool {
    matches!(fields.text("protocol").as_deref(), Some("HTTPS" | "TLS"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::delta::FieldChange;
    use crate::model::shape::Effect;

    #[test]
    fn a_change_touches_the_part_in_which_it_lies() {
        let touched = |paths: &[&str]| {
            let change = |path: &&str| FieldChange {
                path: (*path).to_owned(),
                before: Value::Null,
                after: Value::Null,
                effect: Effect::InPlace,
                sensitive: false,
            };
            let touched = Touched::of(Some(&Delta { changes: paths.iter().map(change).collect() }), 80);
            (touched.itself, touched.certificates, touched.rules)
        };
        assert_eq!(touched(&["name", "listeners[8080].protocol"]), (false, false, false));
        assert_eq!(touched(&["listeners[80]"]), (true, true, true));
        assert_eq!(touched(&["listeners[80].rules[1].actions"]), (false, false, true));
        assert_eq!(touched(&["listeners[80].default_actions", "listeners[80].sni_certificates"]), (true, true, false));
    }
}
