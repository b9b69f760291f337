//! Transcripts of the real binary on a simulated account: what people see, word for word.
//!
//! They lie in `tests/transcripts/`; `SNAPSHOTS=overwrite cargo test --test suite transcripts` writes them anew.

use std::fmt::Write as _;
use std::path::Path;

use regex::Regex;
use snapbox::Data;

use crate::binary::Desk;

/// Runs commands and returns what they print. What differs from run to run has placeholders.
fn transcript(desk: &Desk, commands: &[&str]) -> String {
    let mut text = String::new();
    for command in commands {
        let said = desk.run(command);
        let _ = write!(text, "$ trueup {command}\n{}", said.stdout);
        for line in said.stderr.lines() {
            let _ = writeln!(text, "{}", format!("err: {line}").trim_end());
        }
        let _ = writeln!(text, "[exit {}]\n", said.code);
    }
    settled(&text)
}

/// Replaces made-up ids and times.
fn settled(text: &str) -> String {
    let replace = [(r"-[0-9a-f]{17}\b", "-HEX"), (r" in \d+\.\d s", " in N s")];
    replace.iter().fold(text.to_owned(), |text, (pattern, with)| {
        Regex::new(pattern).expect("the pattern is right").replace_all(&text, *with).into_owned()
    })
}

fn check(name: &str, transcript: String) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/transcripts").join(format!("{name}.txt"));
    snapbox::Assert::new().action_env("SNAPSHOTS").eq(transcript, Data::read_from(&path, None));
}

#[test]
fn a_stack_from_nothing_to_nothing() {
    let desk = Desk::simulated();
    let text = desk.take("examples/mutual-groups.yaml");
    let mut life = transcript(
        &desk,
        &[
            "validate stack.yaml",
            "plan stack.yaml --detailed-exitcode",
            "apply stack.yaml --yes",
            "plan stack.yaml --detailed-exitcode",
            "drift stack.yaml",
            "outputs stack.yaml",
        ],
    );
    desk.write(
        "stack.yaml",
        &text.replace("to_port: 9000,", "to_port: 9001,").replace("10.7.0.0/16}", "10.7.0.0/16, tags: {team: video}}"),
    );
    life += &transcript(
        &desk,
        &["plan stack.yaml --detailed-exitcode", "apply stack.yaml --yes", "destroy stack.yaml --yes"],
    );
    check("life", life);
}

#[test]
fn a_stack_that_is_wrong() {
    let desk = Desk::simulated();
    desk.write(
        "stack.yaml",
        "stack: web\nregion: us-east-1\nbuckets:\n  films:\n    versionning: Enabled\n    encryption: {}\nsubnets:\n  a:\n    vpc_id: ${vpcs.mian.id}\n    cidr_block: 10.0.0.0/33\nvpcs:\n  main: {cidr_block: 10.0.0.0/16}\n",
    );
    check("wrong", transcript(&desk, &["validate stack.yaml", "apply stack.yaml --yes", "plan nowhere.yaml", "plan"]));
}

#[test]
fn what_is_protected_stays() {
    let desk = Desk::simulated();
    let with = "stack: keep\nregion: us-east-1\nqueues:\n  jobs: {manage: {protect: true}}\n  mail: {}\n";
    desk.write("stack.yaml", with);
    let mut text = transcript(&desk, &["apply stack.yaml --yes"]);
    desk.write("stack.yaml", "stack: keep\nregion: us-east-1\nqueues:\n  mail: {}\n");
    text += &transcript(&desk, &["plan stack.yaml", "apply stack.yaml --yes", "destroy stack.yaml --yes"]);
    check("protected", text);
}
