//! What is wrong with a stack is said at its place, with exit code 3, and before anything is called.

use std::fmt::Write as _;

use crate::binary::Desk;
use crate::emulators;

const HEAD: &str = "stack: web\nregion: us-east-1\n";

/// A stack, and what its refusal has to say.
struct Refused {
    what: &'static str,
    stack: String,
    says: &'static [&'static str],
}

fn refused(what: &'static str, stack: &str, says: &'static [&'static str]) -> Refused {
    Refused { what, stack: format!("{HEAD}{stack}"), says }
}

fn all() -> Vec<Refused> {
    let vpc = "vpcs:\n  main: {cidr_block: 10.0.0.0/16}\n";
    let subnets = |a: &str, b: &str| {
        format!(
            "{vpc}subnets:\n  a: {{vpc_id: \"${{vpcs.main.id}}\", cidr_block: {a}}}\n  b: {{vpc_id: \"${{vpcs.main.id}}\", cidr_block: {b}}}\n"
        )
    };
    let rule = "{priority: 10, conditions: [{field: path-pattern, path_pattern_config: {values: [/a]}}], \
                actions: [{type: fixed-response, fixed_response_config: {status_code: \"200\"}}]}";
    let actions = "default_actions: [{type: fixed-response, fixed_response_config: {status_code: \"404\"}}]";
    let balancer = format!(
        "{}load_balancers:\n  edge:\n    subnets: [\"${{subnets.a.id}}\", \"${{subnets.b.id}}\"]\n    listeners:\n      - port: 80\n        protocol: HTTP\n        {actions}\n        rules:\n          - {rule}\n          - {rule}\n",
        subnets("10.0.0.0/24", "10.0.1.0/24")
    );
    vec![
        refused(
            "an unknown key",
            "buckets:\n  films: {versionning: Enabled}\n",
            &["stack.yaml:4", "versionning", "versioning"],
        ),
        refused(
            "a wrong type",
            "vpcs:\n  main: {cidr_block: 10.0.0.0/16, enable_dns_support: perhaps}\n",
            &["stack.yaml:4", "enable_dns_support"],
        ),
        refused("a duplicate key", "buckets:\n  films: {}\n  films: {}\n", &["stack.yaml:5", "films"]),
        refused(
            "an unknown reference",
            &format!("{vpc}internet_gateways:\n  out: {{vpc_id: \"${{vpcs.mian.id}}\"}}\n"),
            &["stack.yaml:6", "mian", "main"],
        ),
        refused(
            "an unknown attribute",
            &format!("{vpc}internet_gateways:\n  out: {{vpc_id: \"${{vpcs.main.arm}}\"}}\n"),
            &["stack.yaml:6", "arm", "arn"],
        ),
        refused(
            "a ring that nothing breaks",
            "vpcs:\n  a: {cidr_block: 10.0.0.0/16, tags: {of: \"${vpcs.b.id}\"}}\n  b: {cidr_block: 10.1.0.0/16, tags: {of: \"${vpcs.a.id}\"}}\n",
            &["vpcs.a", "vpcs.b"],
        ),
        refused("a wrong enum", "buckets:\n  films: {versioning: On}\n", &["stack.yaml:4", "Enabled"]),
        refused("a CIDR outside of its VPC", &subnets("10.1.0.0/24", "10.0.1.0/24"), &["stack.yaml:6", "10.1.0.0/24"]),
        refused("overlapping subnets", &subnets("10.0.0.0/23", "10.0.1.0/24"), &["subnets.", "10.0.1.0/24"]),
        refused(
            "a name that is too long",
            &format!("target_groups:\n  api: {{name: {}, target_type: lambda}}\n", "a".repeat(33)),
            &["stack.yaml:4", "32"],
        ),
        refused(
            "a minimum over its maximum",
            "autoscaling_groups:\n  api: {min_size: 3, max_size: 2, availability_zones: [us-east-1a], launch_template: {launch_template_name: x, version: \"1\"}}\n",
            &["stack.yaml:4", "min_size"],
        ),
        refused("two rules with one priority", &balancer, &["stack.yaml:", "priority", "10"]),
        refused(
            "an unquoted condition",
            "variables:\n  x: {type: boolean, default: true}\nbuckets:\n  films: {bucket: ${vars.x ? \"a\" : \"b\"}}\n",
            &["stack.yaml:6"],
        ),
        refused("a bomb", &bomb(), &["stack.yaml"]),
        refused(
            "ten thousand levels",
            &format!("buckets:\n  films: {}{}\n", "[".repeat(10_000), "]".repeat(10_000)),
            &["stack.yaml"],
        ),
        refused("a NUL byte", "buckets:\n  films: {bucket: \"a\u{0}b\"}\n", &["stack.yaml:4"]),
    ]
}

/// Nine levels of nine aliases: a billion elements.
fn bomb() -> String {
    let mut text = "buckets:\n  a: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..10 {
        let aliases = vec![format!("*a{}", level - 1); 9].join(", ");
        let _ = writeln!(text, "  a{level}: &a{level} [{aliases}]");
    }
    text
}

#[test]
fn each_is_refused_at_its_place_and_nothing_is_called() {
    let desk = Desk::on(emulators::aws());
    let mut wrong = Vec::new();
    for refused in all() {
        desk.write("stack.yaml", &refused.stack);
        for command in ["validate stack.yaml", "plan stack.yaml"] {
            let said = desk.run(command);
            let missing: Vec<_> = refused.says.iter().filter(|says| !said.stderr.contains(**says)).collect();
            if said.code != 3 || !missing.is_empty() || said.stderr.contains("panicked") {
                let head: String = said.stderr.chars().take(600).collect();
                wrong.push(format!("{} ({command}): exit {}, without {missing:?}:\n{head}", refused.what, said.code));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(emulators::aws().requests(&desk.account).is_empty(), "something was called");
}

#[test]
fn what_is_no_text_or_no_end_is_refused() {
    let desk = Desk::on(emulators::aws());
    std::fs::write(desk.path("stack.yaml"), b"stack: \xff\xfe\n").expect("the folder can be written");
    let said = desk.expect(3, "plan stack.yaml");
    assert!(said.stderr.contains("stack.yaml") && said.stderr.contains("UTF-8"), "{}", said.stderr);

    // A hundred megabytes, most of them not there: the file is sparse.
    let huge = std::fs::File::create(desk.path("stack.yaml")).expect("the folder can be written");
    huge.set_len(100 << 20).expect("a file can be long");
    let said = desk.expect(3, "plan stack.yaml");
    assert!(said.stderr.contains("stack.yaml"), "{}", said.stderr);
    assert!(emulators::aws().requests(&desk.account).is_empty(), "something was called");
}
