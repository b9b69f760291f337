//! Everything in the README is executed.

use std::path::Path;

use crate::binary::Desk;
use crate::emulators;

/// Returns the lines of the fenced blocks that begin with ```` ```sh WORD ````.
fn commands(fence: &str) -> Vec<String> {
    let text = include_str!("../../README.md");
    let mut lines = Vec::new();
    let mut inside = false;
    for line in text.lines() {
        match line.strip_prefix("```") {
            Some(opening) if !inside => inside = opening == fence,
            Some(_) => inside = false,
            None if inside && !line.is_empty() => lines.push(line.to_owned()),
            None => {}
        }
    }
    assert!(!lines.is_empty(), "the README has no block ```{fence}");
    lines
}

/// Puts the shipped stacks where the README's commands expect them.
fn with_stacks(desk: Desk) -> Desk {
    for folder in ["stacks", "examples"] {
        std::fs::create_dir_all(desk.path(folder)).unwrap();
        for entry in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)).unwrap() {
            let from = entry.unwrap().path();
            std::fs::copy(&from, desk.path(folder).join(from.file_name().unwrap())).unwrap();
        }
    }
    desk
}

fn check(desk: &Desk, line: &str) -> String {
    let said = desk.shell(line);
    assert_eq!(said.code, 0, "{line}\n--- stdout\n{}\n--- stderr\n{}", said.stdout, said.stderr);
    said.stdout
}

#[test]
fn the_two_commands() {
    let two = commands("sh");
    let [main, tests] = two.as_slice() else { panic!("the README promises two commands: {two:?}") };
    assert_eq!(tests, "cargo test");
    let line = main.replace("cargo run --", "trueup");
    assert_ne!(line, *main);
    let shown = check(&with_stacks(Desk::simulated()), &line);
    assert!(shown.contains("url: https://"), "it ends with the outputs:\n{shown}");
}

#[test]
fn on_the_sandbox() {
    let desk = with_stacks(Desk::simulated());
    commands("sh sandbox").iter().for_each(|line| {
        check(&desk, line);
    });
}

#[test]
fn on_aws() {
    let desk = with_stacks(Desk::on(emulators::aws()));
    commands("sh aws").iter().for_each(|line| {
        check(&desk, line);
    });
}

#[test]
fn on_localstack() {
    let Some(localstack) = emulators::localstack() else { return };
    let desk = with_stacks(Desk::on(localstack));
    for line in commands("sh localstack") {
        let here = line.replace("http://localhost:4566", &localstack.url);
        assert_ne!(here, line);
        check(&desk, &here);
    }
}

#[test]
fn the_stack_that_is_shown() {
    let text = include_str!("../../README.md");
    let (_, after) = text.split_once("```yaml\n").expect("the README shows a stack");
    let (stack, _) = after.split_once("```").expect("a block has an end");
    let desk = Desk::simulated();
    desk.write("shown.yaml", stack);
    check(&desk, "trueup validate shown.yaml && trueup apply shown.yaml --env prod --sandbox --yes");
}
