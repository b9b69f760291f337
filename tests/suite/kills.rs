//! `kill -9` after each write: the next apply goes on from what is there, over all of `stacks/` and `examples/`.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Returns the stacks that are shipped.
fn stacks() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found: Vec<_> = ["stacks", "examples"]
        .iter()
        .flat_map(|folder| std::fs::read_dir(root.join(folder)).unwrap())
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "yaml"))
        .collect();
    found.sort();
    assert!(found.len() >= 5, "the shipped stacks are gone: {found:?}");
    found
}

fn trueup(verb: &str, stack: &Path, sandbox: &Path, die_after: Option<u32>) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trueup"));
    command.arg(verb).arg(stack).arg(format!("--sandbox={}", sandbox.display())).arg("--json");
    if verb != "plan" {
        command.arg("--yes");
    }
    if let Some(writes) = die_after {
        command.env("TRUEUP_SANDBOX_DIE_AFTER", writes.to_string());
    }
    command.output().unwrap()
}

/// Applies the stack again and again, killed one write later each time; then checks that one more apply ends it.
/// Returns how many times it was killed.
fn kill_after_each_write(stack: &Path, verb: &str) -> u32 {
    for writes in 1.. {
        let folder = tempfile::tempdir().unwrap();
        if verb == "destroy" {
            let applied = trueup("apply", stack, folder.path(), None);
            assert!(applied.status.success(), "{}: {applied:?}", stack.display());
        }
        let killed = trueup(verb, stack, folder.path(), Some(writes));
        if killed.status.success() {
            return writes - 1;
        }
        assert_eq!(killed.status.code(), None, "{} was not killed after {writes} writes: {killed:?}", stack.display());
        let again = trueup(verb, stack, folder.path(), None);
        let what =
            format!("{} {} after {writes} writes: {}", verb, stack.display(), String::from_utf8_lossy(&again.stdout));
        assert!(again.status.success(), "{what}\n{}", String::from_utf8_lossy(&again.stderr));
        check_end(stack, verb, folder.path(), &what);
    }
    unreachable!("an apply has an end")
}

fn check_end(stack: &Path, verb: &str, sandbox: &Path, what: &str) {
    let plan = trueup("plan", stack, sandbox, None);
    assert!(plan.status.success(), "{what}: {}", String::from_utf8_lossy(&plan.stderr));
    let plan: serde_json::Value = serde_json::from_slice(&plan.stdout).unwrap();
    let summary = &plan["summary"];
    if verb == "apply" {
        assert_eq!(plan["changes"].as_array().map(Vec::len), Some(0), "{what}: {plan:#}");
        // As many live resources as addresses: a second one of any would be planned or refused.
        assert!(summary["unchanged"].as_u64().unwrap() > 0, "{what}");
    } else {
        assert_eq!(summary["unchanged"], 0, "{what}");
        let changes = plan["changes"].as_array().unwrap();
        assert!(changes.iter().all(|change| change["action"] == "create"), "{what}: {plan:#}");
        let addresses: HashSet<_> = changes.iter().map(|change| change["address"].to_string()).collect();
        assert_eq!(addresses.len(), changes.len());
    }
}

fn all(verb: &str) {
    let runs = std::thread::scope(|scope| {
        let threads: Vec<_> =
            stacks().into_iter().map(|stack| scope.spawn(move || kill_after_each_write(&stack, verb))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum::<u32>()
    });
    assert!(runs > 40, "only {runs} kills of {verb}");
    crate::emulators::aloud(&format!("{verb}: killed {runs} times, converged each time"));
}

#[test]
fn an_apply_that_is_killed_after_any_write_goes_on() {
    all("apply");
}

#[test]
fn a_destroy_that_is_killed_after_any_write_goes_on() {
    all("destroy");
}
