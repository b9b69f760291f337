//! Application and network load balancers, with their listeners and rules.

mod checks;
mod fields;
mod listeners;
mod rules;
mod same;

use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_elasticloadbalancingv2::types::{LoadBalancer, LoadBalancerAttribute, LoadBalancerStateEnum};
use futures_util::try_join;

use crate::aws::{Aws, each, insist, tags, until};
use crate::model::failure::{Failure, unless_gone};
use crate::model::live::{Live, Phase};
use crate::model::schema::{Attribute, Ready, Schema};
use crate::model::value::{Map, Value};
use crate::world::{Ask, Born, New, Old, Revision};

use self::fields::{SETTINGS, is_network, record};
use self::listeners::LiveListener;
use super::elb::{self, FAN_OUT, Wanted, settings};
use super::fields::Fields;
use super::shapes::elbv2;
use super::{Kind, taken};

pub struct LoadBalancers;

const KIND: &str = "load_balancers";
const TYPE: &str = "elasticloadbalancing:loadbalancer";
/// Subnets and security groups that were made a moment ago may be unknown to ELB.
const NEIGHBOURS_BOUND: Duration = Duration::from_secs(30);
const NEIGHBOURS: &[&str] = &["SubnetNotFound", "InvalidSubnet", "InvalidSecurityGroup"];
/// A bucket's policy takes a while before ELB may write there.
const LOGS_BOUND: Duration = Duration::from_secs(60);
const GONE_BOUND: Duration = Duration::from_secs(120);

const READS: &[&str] = &[
    "elasticloadbalancing:DescribeLoadBalancers",
    "elasticloadbalancing:DescribeLoadBalancerAttributes",
    "elasticloadbalancing:DescribeListeners",
    "elasticloadbalancing:DescribeListenerCertificates",
    "elasticloadbalancing:DescribeRules",
    "elasticloadbalancing:DescribeTags",
];
const WRITES: &[&str] = &[
    "elasticloadbalancing:CreateLoadBalancer",
    "elasticloadbalancing:ModifyLoadBalancerAttributes",
    "elasticloadbalancing:SetSubnets",
    "elasticloadbalancing:SetSecurityGroups",
    "elasticloadbalancing:SetIpAddressType",
    "elasticloadbalancing:ModifyIpPools",
    "elasticloadbalancing:CreateListener",
    "elasticloadbalancing:ModifyListener",
    "elasticloadbalancing:DeleteListener",
    "elasticloadbalancing:AddListenerCertificates",
    "elasticloadbalancing:RemoveListenerCertificates",
    "elasticloadbalancing:CreateRule",
    "elasticloadbalancing:ModifyRule",
    "elasticloadbalancing:SetRulePriorities",
    "elasticloadbalancing:DeleteRule",
    "elasticloadbalancing:AddTags",
    "elasticloadbalancing:RemoveTags",
    "elasticloadbalancing:DeleteLoadBalancer",
];

#[async_trait(?Send)]
impl Kind for LoadBalancers {
    fn schema(&self) -> Schema {
        let arn = "arn:{partition}:elasticloadbalancing:{region}:{account}:loadbalancer/{arn_suffix}";
        let mut schema = Schema::new(KIND, "load balancer", Attribute::given(arn));
        // The ARN is made of the suffix, so the suffix comes first.
        schema.attributes.shift_insert(0, "arn_suffix", Attribute::given("app/{name}/{hex8}{hex8}"));
        schema
            .link("https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateLoadBalancer.html")
            .named("name", 32)
            .fields(record().fields)
            .attributes([
                ("arn", Attribute::given("{id}")),
                ("dns_name", Attribute::given("{name}-{digits12}.{region}.elb.amazonaws.com")),
                ("canonical_hosted_zone_id", Attribute::given("Z{upper13}")),
            ])
            .claim("the load balancer name", &["name"])
            .needs(checks::needs)
            .rule(checks::placement)
            .rule(checks::listeners)
            .rule(checks::target_groups)
            .ready(Ready::AtEnd)
            .operations(READS, WRITES)
    }

    async fn discover(&self, aws: &Aws, ask: &Ask) -> Result<Vec<Live>, Failure> {
        let (wanted, tagged) = elb::wanted(aws, ask, TYPE).await?;
        match (&wanted, ask, tagged) {
            // The ARNs are known, so that everything is asked for at once.
            (Wanted::Arns(arns), Ask::Owned(owner), Some(tagged)) => {
                let hints = aws.owned(owner, "elasticloadbalancing:listener").await?;
                let hints: Vec<String> = hints.iter().map(|tagged| tagged.arn.to_string()).collect();
                let (balancers, details) = try_join!(describe(aws, &wanted), details(aws, arns, &hints))?;
                let tags_of = |arn: &str| elb::tags_in(&tagged, arn);
                Ok(balancers.iter().filter_map(|balancer| live(aws, balancer, &details, tags_of)).collect())
            }
            _ => {
                let balancers = describe(aws, &wanted).await?;
                let arns: Vec<_> = balancers.iter().filter_map(|it| it.load_balancer_arn.clone()).collect();
                let (tags, details) = try_join!(elb::tags_of(aws, &arns), details(aws, &arns, &[]))?;
                let tags_of = |arn: &str| tags.get(arn).cloned().unwrap_or_default();
                Ok(balancers.iter().filter_map(|balancer| live(aws, balancer, &details, tags_of)).collect())
            }
        }
    }

    async fn create(&self, aws: &Aws, new: &New<'_>) -> Result<Born, Failure> {
        let name = new.fields.text("name").unwrap_or_default();
        // CreateLoadBalancer answers with an existing load balancer of equal settings, whoever made it.
        let balancer = match describe(aws, &Wanted::Names(vec![name.clone()])).await?.into_iter().next() {
            Some(found) => {
                let arn = found.load_balancer_arn.clone().unwrap_or_default();
                let tags = elb::tags_of(aws, std::slice::from_ref(&arn)).await?;
                taken::ours_or_refused("load balancer", &name, tags.get(&arn).unwrap_or(&Map::new()), new)?;
                found
            }
            None => made(aws, new).await?,
        };
        let arn = balancer.load_balancer_arn().unwrap_or_default();
        let before = unset(new.fields);
        try_join!(
            set(aws, arn, settings::write(&record(), SETTINGS, new.fields, &before)),
            enforcement(aws, arn, new.fields),
            listeners::write(aws, arn, new.fields, None, new.tags),
        )?;
        let mut live = Live::new(KIND, Some(&aws.region), arn);
        attributes(&mut live, &balancer);
        Ok(Born { id: live.id, attributes: live.attributes })
    }

    async fn update(&self, aws: &Aws, revision: &Revision<'_>) -> Result<Map, Failure> {
        let (arn, fields) = (&*revision.live.id, revision.fields);
        let own = async {
            placement(aws, revision).await?;
            set(aws, arn, settings::write(&record(), SETTINGS, fields, &revision.live.fields)).await
        };
        let listeners = async {
            if revision.delta.touches("listeners") {
                let tags = revision.tags.apply(&revision.live.tags);
                listeners::write(aws, arn, fields, Some(revision.delta), &own_tags(tags)).await?;
            }
            Ok(())
        };
        try_join!(own, listeners)?;
        if !revision.tags.is_empty() {
            // Listeners and rules are born with the tags of their load balancer.
            let mut arns = listeners::arns(aws, arn).await?;
            arns.insert(0, arn.to_owned());
            elb::retag(aws, &arns, &revision.tags).await?;
        }
        Ok(Map::new())
    }

    async fn delete(&self, aws: &Aws, old: &Old<'_>) -> Result<(), Failure> {
        let arn = old.live.id.to_string();
        let deleted = aws.elb.delete_load_balancer().load_balancer_arn(&arn).send().await.map_err(Failure::from);
        match unless_gone(deleted) {
            Err(failure) if failure.is_code("OperationNotPermitted") => {
                return Err(failure.hint("set `deletion_protection_enabled: false` and apply first"));
            }
            other => other?,
        };
        // Its network interfaces linger longer; what they hold waits for them when it is deleted itself.
        until("the load balancer to be gone", GONE_BOUND, async || {
            Ok(describe(aws, &Wanted::Arns(vec![arn.clone()])).await?.is_empty().then_some(()))
        })
        .await
    }
}

async fn made(aws: &Aws, new: &New<'_>) -> Result<LoadBalancer, Failure> {
    let mut fields = new.fields.clone();
    if fields.get("subnet_mappings").is_some_and(|mappings| !mappings.is_empty()) {
        fields.shift_remove("subnets");
    }
    let request = elbv2::create_load_balancer_fill(aws.elb.create_load_balancer(), &fields)?;
    let request = request.set_tags(Some(tags::to_sdk(new.tags)));
    let made = insist(NEIGHBOURS_BOUND, NEIGHBOURS, async || Ok(request.clone().send().await?)).await?;
    Ok(made.load_balancers.and_then(|all| all.into_iter().next()).unwrap_or_else(|| LoadBalancer::builder().build()))
}

/// Returns the settings of a load balancer of this type before any is written.
fn unset(fields: &Map) -> Map {
    let mut before = Map::new();
    if let Some(of) = fields.get("type") {
        before.insert("type".into(), of.clone());
    }
    settings::read(&record(), SETTINGS, &[], &mut before);
    before
}

/// Writes where the load balancer stands: subnets, security groups, addresses.
async fn placement(aws: &Aws, revision: &Revision<'_>) -> Result<(), Failure> {
    let (arn, fields, delta) = (&*revision.live.id, revision.fields, revision.delta);
    if delta.touches_any(&["subnets", "subnet_mappings"]) {
        let mappings: Vec<_> = fields
            .records("subnet_mappings")
            .map(|mapping| elbv2::subnet_mapping_to(&mapping.clone().into()))
            .collect::<Result<_, _>>()?;
        let request = aws.elb.set_subnets().load_balancer_arn(arn);
        let request = if mappings.is_empty() {
            request.set_subnets(fields.texts("subnets"))
        } else {
            request.set_subnet_mappings(Some(mappings))
        };
        insist(NEIGHBOURS_BOUND, NEIGHBOURS, async || Ok(request.clone().send().await?)).await?;
    }
    if delta.touches("security_groups") {
        let request = aws.elb.set_security_groups().load_balancer_arn(arn);
        let request = request.set_security_groups(Some(fields.texts("security_groups").unwrap_or_default()));
        insist(NEIGHBOURS_BOUND, NEIGHBOURS, async || Ok(request.clone().send().await?)).await?;
    }
    if delta.touches("enforce_security_group_inbound_rules_on_private_link_traffic") {
        enforcement(aws, arn, fields).await?;
    }
    if delta.touches("ip_address_type") {
        let address_type = fields.text("ip_address_type").unwrap_or_else(|| "ipv4".to_owned());
        aws.elb
            .set_ip_address_type()
            .load_balancer_arn(arn)
            .ip_address_type(address_type.as_str().into())
            .send()
            .await?;
    }
    if delta.touches("ipam_pools") {
        let request = aws.elb.modify_ip_pools().load_balancer_arn(arn);
        let pools = fields.record("ipam_pools").map(|pools| elbv2::ipam_pools_to(&pools.clone().into())).transpose()?;
        let request = match pools {
            Some(pools) => request.ipam_pools(pools),
            None => request.remove_ipam_pools("ipv4".into()),
        };
        request.send().await?;
    }
    Ok(())
}

/// The one switch that is neither born with the load balancer nor one of its settings.
async fn enforcement(aws: &Aws, arn: &str, fields: &Map) -> Result<(), Failure> {
    let Some(enforce) = fields.text("enforce_security_group_inbound_rules_on_private_link_traffic") else {
        return Ok(());
    };
    let request = aws.elb.set_security_groups().load_balancer_arn(arn);
    let request = request.set_security_groups(Some(fields.texts("security_groups").unwrap_or_default()));
    request.enforce_security_group_inbound_rules_on_private_link_traffic(enforce.as_str().into()).send().await?;
    Ok(())
}

async fn set(aws: &Aws, arn: &str, settings: Vec<(String, String)>) -> Result<(), Failure> {
    if settings.is_empty() {
        return Ok(());
    }
    let attributes = settings.into_iter().map(|(key, value)| LoadBalancerAttribute::builder().key(key).value(value));
    let attributes = attributes.map(|attribute| attribute.build()).collect();
    let request = aws.elb.modify_load_balancer_attributes().load_balancer_arn(arn).set_attributes(Some(attributes));
    insist(LOGS_BOUND, &["InvalidConfigurationRequest"], async || Ok(request.clone().send().await?)).await?;
    Ok(())
}

async fn describe(aws: &Aws, wanted: &Wanted) -> Result<Vec<LoadBalancer>, Failure> {
    let some = async |arns, names| {
        let request = aws.elb.describe_load_balancers().set_load_balancer_arns(arns).set_names(names);
        Ok(request.send().await?.load_balancers.unwrap_or_default())
    };
    let all = async || {
        let pages = aws.elb.describe_load_balancers().page_size(400).into_paginator();
        Ok(pages.items().send().try_collect().await?)
    };
    elb::described(wanted, some, all, |it| (it.load_balancer_arn(), it.load_balancer_name())).await
}

/// What ELB keeps apart from a load balancer: none if it has gone.
struct Details {
    arn: String,
    settings: Option<Vec<(String, String)>>,
    listeners: Option<Vec<LiveListener>>,
}

async fn details(aws: &Aws, arns: &[String], hints: &[String]) -> Result<Vec<Details>, Failure> {
    let settings = each(FAN_OUT, arns, async |arn| {
        let request = aws.elb.describe_load_balancer_attributes().load_balancer_arn(arn);
        let found = unless_gone(request.send().await.map_err(Failure::from))?;
        Ok(found.map(|found| {
            let attributes = found.attributes.unwrap_or_default().into_iter();
            attributes.filter_map(|attribute| Some((attribute.key?, attribute.value?))).collect()
        }))
    });
    let (settings, listeners) = try_join!(settings, listeners::read(aws, arns, hints))?;
    let both = settings.into_iter().zip(listeners);
    Ok(arns
        .iter()
        .zip(both)
        .map(|(arn, (settings, listeners))| Details { arn: arn.clone(), settings, listeners })
        .collect())
}

fn live(aws: &Aws, balancer: &LoadBalancer, details: &[Details], tags_of: impl Fn(&str) -> Map) -> Option<Live> {
    let arn = balancer.load_balancer_arn()?;
    let details = details.iter().find(|details| details.arn == arn)?;
    let mut live = Live::new(KIND, Some(&aws.region), arn);
    attributes(&mut live, balancer);
    live.tags = tags_of(arn);
    live.phase = phase(balancer);
    live.fields = elbv2::load_balancer_from(balancer).as_map().cloned().unwrap_or_default();
    let zones = balancer.availability_zones();
    let enforce = balancer.enforce_security_group_inbound_rules_on_private_link_traffic();
    live.field("name", balancer.load_balancer_name())
        .field("subnets", Value::list(zones.iter().filter_map(|zone| zone.subnet_id())))
        .field("enforce_security_group_inbound_rules_on_private_link_traffic", enforce);
    if is_network(&live.fields) {
        live.field("subnet_mappings", Value::list(zones.iter().map(mapping)));
    }
    settings::read(&record(), SETTINGS, details.settings.as_ref()?, &mut live.fields);
    let mut listeners = details.listeners.clone()?;
    listeners.sort_by_key(|listener| listener.port);
    if !listeners.is_empty() {
        live.field("listeners", Value::list(listeners.iter().map(LiveListener::value)));
    }
    Some(live)
}

fn mapping(zone: &aws_sdk_elasticloadbalancingv2::types::AvailabilityZone) -> Value {
    let address = zone.load_balancer_addresses().first();
    let members = [
        ("subnet_id", zone.subnet_id()),
        ("allocation_id", address.and_then(|address| address.allocation_id())),
        ("private_ipv4_address", address.and_then(|address| address.private_ipv4_address())),
        ("ipv6_address", address.and_then(|address| address.ipv6_address())),
    ];
    Value::map(members.into_iter().filter_map(|(name, value)| Some((name, value?))))
}

fn attributes(live: &mut Live, balancer: &LoadBalancer) {
    let arn = live.id.clone();
    live.attribute("arn", arn.clone())
        .attribute("arn_suffix", elb::suffix(&arn))
        .attribute("dns_name", balancer.dns_name())
        .attribute("canonical_hosted_zone_id", balancer.canonical_hosted_zone_id());
}

fn phase(balancer: &LoadBalancer) -> Phase {
    let state = balancer.state();
    match state.and_then(|state| state.code()) {
        Some(LoadBalancerStateEnum::Provisioning) => Phase::Pending,
        Some(LoadBalancerStateEnum::Failed) => {
            Phase::Failed(state.and_then(|state| state.reason()).unwrap_or("AWS gives no reason").to_owned())
        }
        _ => Phase::Usable,
    }
}

/// Returns the tags that a new listener or rule is born with: AWS's own cannot be set.
fn own_tags(tags: Map) -> Map {
    tags.into_iter().filter(|(key, _)| !key.starts_with("aws:")).collect()
}
