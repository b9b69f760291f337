//! Writing rules, against replies as EC2's documentation has them.

use super::rules::{Direction, Peer, Rule};
use super::*;
use crate::aws::stub::{Reply, Stub};

const READS: &[&str] = &["ec2:DescribeSecurityGroupRules"];

const HELD: Reply = Reply::Answer(
    200,
    "<DescribeSecurityGroupRulesResponse><securityGroupRuleSet>\
     <item><securityGroupRuleId>sgr-1</securityGroupRuleId><groupId>sg-1</groupId><isEgress>false</isEgress>\
     <ipProtocol>tcp</ipProtocol><fromPort>22</fromPort><toPort>22</toPort><cidrIpv4>10.0.0.0/8</cidrIpv4></item>\
     <item><securityGroupRuleId>sgr-2</securityGroupRuleId><groupId>sg-1</groupId><isEgress>false</isEgress>\
     <ipProtocol>tcp</ipProtocol><fromPort>80</fromPort><toPort>80</toPort><cidrIpv4>10.0.0.0/8</cidrIpv4></item>\
     <item><securityGroupRuleId>sgr-3</securityGroupRuleId><groupId>sg-1</groupId><isEgress>true</isEgress>\
     <ipProtocol>-1</ipProtocol><fromPort>-1</fromPort><toPort>-1</toPort><cidrIpv4>0.0.0.0/0</cidrIpv4></item>\
     </securityGroupRuleSet></DescribeSecurityGroupRulesResponse>",
);
const AUTHORIZED: Reply = Reply::Answer(
    200,
    "<AuthorizeSecurityGroupIngressResponse><return>true</return></AuthorizeSecurityGroupIngressResponse>",
);
const REVOKED: Reply = Reply::Answer(
    200,
    "<RevokeSecurityGroupIngressResponse><return>true</return></RevokeSecurityGroupIngressResponse>",
);
const DESCRIBED: Reply = Reply::Answer(
    200,
    "<UpdateSecurityGroupRuleDescriptionsIngressResponse><return>true</return>\
     </UpdateSecurityGroupRuleDescriptionsIngressResponse>",
);
const DUPLICATE: Reply = refusal(
    "<Response><Errors><Error><Code>InvalidPermission.Duplicate</Code><Message>it exists</Message></Error></Errors>\
     </Response>",
);
const FULL: Reply = refusal(
    "<Response><Errors><Error><Code>RulesPerSecurityGroupLimitExceeded</Code><Message>60</Message></Error></Errors>\
     </Response>",
);

const fn refusal(body: &'static str) -> Reply {
    Reply::Answer(400, body)
}

fn tcp(port: i32) -> Rule {
    Rule { protocol: "tcp".into(), ports: Some((port, port)), peer: Peer::V4("10.0.0.0/8".into()) }
}

fn rules_of(rules: &[(i32, Option<&str>)]) -> Rules {
    rules.iter().map(|(port, text)| (tcp(*port), text.map(str::to_owned))).collect()
}

/// Makes the ingress these rules, where the plan saw `planned`; returns the calls that write.
async fn write(wanted: &[(i32, Option<&str>)], planned: &[(i32, Option<&str>)], replies: &[Reply]) -> Vec<String> {
    let stub = Stub::start(&[&[HELD], replies].concat());
    let (wanted, planned) = (rules_of(wanted), rules_of(planned));
    write::write(&stub.clients(READS), "sg-1", Direction::Ingress, &wanted, Some(&planned)).await.unwrap();
    let requests = stub.requests();
    requests.into_iter().filter(|request| !request.contains("Action=Describe")).collect()
}

#[tokio::test]
async fn new_rules_come_before_old_ones_go_by_their_ids() {
    let calls =
        write(&[(22, Some("shell")), (443, None)], &[(22, None), (80, None)], &[AUTHORIZED, REVOKED, DESCRIBED]).await;
    assert!(calls[0].contains("Action=AuthorizeSecurityGroupIngress") && calls[0].contains("FromPort=443"));
    assert!(calls[1].contains("Action=RevokeSecurityGroupIngress") && calls[1].contains("SecurityGroupRuleId.1=sgr-2"));
    assert!(calls[2].contains("Action=UpdateSecurityGroupRuleDescriptionsIngress") && calls[2].contains("sgr-1"));
    assert_eq!(calls.len(), 3);
}

#[tokio::test]
async fn what_the_plan_did_not_see_stays() {
    assert_eq!(write(&[(22, None)], &[(22, None)], &[]).await, Vec::<String>::new());
}

#[tokio::test]
async fn one_duplicate_does_not_keep_the_others_out() {
    let calls = write(&[(22, None), (80, None), (1, None), (2, None)], &[], &[DUPLICATE, DUPLICATE, AUTHORIZED]).await;
    assert_eq!(calls.len(), 3, "{calls:?}");
    assert!(calls[2].contains("FromPort=2") && !calls[2].contains("FromPort=1&"));
}

#[tokio::test]
async fn where_there_is_no_room_the_old_go_first() {
    let calls = write(&[(22, None), (443, None)], &[(22, None), (80, None)], &[FULL, REVOKED, AUTHORIZED]).await;
    let order: Vec<_> = calls.iter().map(|call| call.contains("Action=Revoke")).collect();
    assert_eq!(order, [false, true, false], "{calls:?}");
}
