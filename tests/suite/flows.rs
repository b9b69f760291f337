//! Whole stacks over HTTP, through the real binary: from nothing to a converged account and back.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use crate::binary::Desk;
use crate::{emulators, requests};

/// The log bucket has got logs meanwhile, and the stack says that they may go.
const DESTROY: &str = "destroy stack.yaml --yes";

/// Returns the changes of a plan as `address: field field`, sorted; a creation or deletion has its action as its field.
fn changes(plan: &Json) -> BTreeSet<String> {
    let changes = plan["changes"].as_array().expect("a plan has changes");
    let line = |change: &Json| {
        let address = change["address"].as_str().unwrap_or_default();
        if change["action"] != "update" {
            return format!("{address}: {}", change["action"].as_str().unwrap_or_default());
        }
        let fields = change["fields"].as_array().into_iter().flatten();
        let paths: Vec<&str> = fields.filter_map(|field| field["path"].as_str()).collect();
        format!("{address}: {}", paths.join(" "))
    };
    changes.iter().map(line).collect()
}

fn set<const N: usize>(lines: [&str; N]) -> BTreeSet<String> {
    lines.into_iter().map(str::to_owned).collect()
}

/// Applies a stack, sees it converged, and destroys it.
fn there_and_back(desk: &Desk, stack: &str) {
    desk.take(stack);
    desk.expect(0, "validate stack.yaml");
    desk.expect(2, "plan stack.yaml --detailed-exitcode");
    desk.expect(0, "apply stack.yaml --yes");
    desk.expect(0, "plan stack.yaml --detailed-exitcode");
    desk.expect(0, "drift stack.yaml");
    desk.expect(0, "destroy stack.yaml --yes");
    let gone = changes(&desk.json(2, "drift stack.yaml --json"));
    assert!(gone.iter().all(|change| change.ends_with(": create")), "{gone:?}");
}

#[test]
fn examples_converge_and_go() {
    for example in ["static-site", "first-film", "mutual-groups", "two-tier"] {
        let desk = Desk::on(emulators::aws());
        there_and_back(&desk, &format!("examples/{example}.yaml"));
        let wrong = requests::wrong(emulators::aws(), &desk.account, trueup::kinds::schemas());
        assert!(wrong.is_empty(), "{example}:\n  {}", wrong.join("\n  "));
    }
}

#[test]
fn localstack_takes_a_stack_of_network_roles_and_buckets() {
    let Some(localstack) = emulators::localstack() else { return };
    let desk = Desk::on(localstack);
    there_and_back(&desk, "tests/stacks/core.yaml");
    let wrong = requests::wrong(localstack, &desk.account, trueup::kinds::schemas());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_streaming_stack_lives_through_what_others_do() {
    let desk = Desk::on(emulators::aws());
    let text = desk.take("stacks/streaming.yaml");
    desk.expect(0, "validate stack.yaml");
    desk.expect(2, "plan stack.yaml --detailed-exitcode");
    let applied = desk.expect(0, "apply stack.yaml --yes");
    assert!(applied.stdout.contains("https://"), "an apply ends with the outputs:\n{}", applied.stdout);
    desk.expect(0, "plan stack.yaml --detailed-exitcode");

    others_change_it(&desk);
    blocks_come_and_go(&desk, &text);
    environments_are_apart(&desk);

    desk.expect(0, DESTROY);
    assert_eq!(desk.foreign("left_over streaming"), "");
    let wrong = requests::wrong(emulators::aws(), &desk.account, trueup::kinds::schemas());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn others_change_it(desk: &Desk) {
    let bucket = format!("streaming-content-{}-us-east-1", desk.account);
    desk.foreign(&format!("suspend_versioning {bucket}"));
    desk.foreign("open_port security_groups.api 22");
    desk.foreign("resize streaming-api 12");
    desk.foreign("untag_vpc vpcs.main team");
    desk.foreign("check_health_at streaming-api /elsewhere");
    desk.foreign("alarm_at streaming-api-cpu 50");
    let expected = set([
        "alarms.api_cpu: threshold",
        "autoscaling_groups.api: max_size",
        "buckets.content: versioning",
        "security_groups.api: ingress[tcp,22,22,10.9.0.0/16,,,,]",
        "target_groups.api: health_check_path",
        "vpcs.main: tags.team",
    ]);
    assert_eq!(changes(&desk.json(2, "drift stack.yaml --json")), expected);
    desk.expect(0, "apply stack.yaml --yes");
    desk.expect(0, "drift stack.yaml");
}

fn blocks_come_and_go(desk: &Desk, text: &str) {
    let (before, after) = text.split_once("  api_errors:\n").expect("the stack has the alarm");
    let (_, outputs) = after.split_once("\noutputs:").expect("the stack has outputs");
    let without = format!("{before}\noutputs:{outputs}");
    desk.write("stack.yaml", &without);
    assert_eq!(
        changes(&desk.json(2, "plan stack.yaml --json --detailed-exitcode")),
        set(["alarms.api_errors: delete"])
    );

    // Protected, it is not to be had.
    let protected = text.replace("  api_errors:\n", "  api_errors:\n    manage: {protect: true}\n");
    desk.write("stack.yaml", &protected);
    desk.expect(0, "apply stack.yaml --yes");
    desk.write("stack.yaml", &without);
    let refused = desk.expect(1, "plan stack.yaml");
    let said = refused.stdout + &refused.stderr;
    assert!(said.contains("alarms.api_errors") && said.contains("protect"), "{said}");

    // Under another name it is the same.
    let moved = text.replace("  api_errors:\n", "  errors_of_api:\n    manage: {moved_from: alarms.api_errors}\n");
    desk.write("stack.yaml", text);
    desk.expect(0, "apply stack.yaml --yes");
    desk.write("stack.yaml", &moved);
    let plan = desk.json(0, "plan stack.yaml --json");
    assert_eq!(
        (&plan["summary"]["delete"], &plan["summary"]["create"], &plan["summary"]["replace"]),
        (&0.into(), &0.into(), &0.into()),
        "{plan:#}"
    );
    desk.expect(0, "apply stack.yaml --yes");
    desk.expect(0, "plan stack.yaml --detailed-exitcode");
    desk.write(
        "stack.yaml",
        &text.replace("  api_errors:\n", "  api_errors:\n    manage: {moved_from: alarms.errors_of_api}\n"),
    );
    desk.expect(0, "apply stack.yaml --yes");
    desk.write("stack.yaml", text);
    desk.expect(0, "plan stack.yaml --detailed-exitcode");
}

fn environments_are_apart(desk: &Desk) {
    desk.expect(0, "apply stack.yaml --env staging --yes");
    desk.expect(0, "plan stack.yaml --env staging --detailed-exitcode");
    desk.expect(0, "plan stack.yaml --detailed-exitcode");
    desk.expect(0, &format!("{DESTROY} --env staging"));
    desk.expect(0, "plan stack.yaml --detailed-exitcode");
}

#[test]
fn a_plan_without_changes_is_few_calls() {
    let desk = Desk::on(emulators::aws());
    desk.take("stacks/streaming.yaml");
    desk.expect(0, "apply stack.yaml --yes");
    let plan = desk.json(0, "plan stack.yaml --json --detailed-exitcode");
    let calls = plan["api_calls"].as_object().expect("a plan tells its calls");
    let total: u64 = calls.values().filter_map(Json::as_u64).sum();
    emulators::aloud(&format!("the plan of stacks/streaming.yaml without changes: {total} calls"));
    // Terraform makes 157 for a comparable stack, a plain script 61 (DESIGN, "Speed").
    assert!(total <= 90, "{plan:#}");
    desk.expect(0, DESTROY);
}
