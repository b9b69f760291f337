//! The import rules of docs/architecture.md: what each part of `src/` must not know.

use std::path::{Path, PathBuf};

/// Returns every Rust file below a folder of `src/`, or the one file that is named.
fn sources(place: &str) -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(place);
    if root.is_file() {
        return vec![root];
    }
    let mut found = Vec::new();
    let mut open = vec![root];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
            let path = entry.unwrap().path();
            match path.extension() {
                Some(extension) if extension == "rs" => found.push(path),
                _ if path.is_dir() => open.push(path),
                _ => {}
            }
        }
    }
    assert!(!found.is_empty(), "no source below src/{place}");
    found
}

/// Fails for each line below `places` that holds one of the `forbidden` texts, except in the files `but`.
fn check(places: &[&str], forbidden: &[&str], but: &[&str]) {
    let mut wrong = Vec::new();
    for path in places.iter().flat_map(|place| sources(place)) {
        if but.iter().any(|exception| path.ends_with(exception)) {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        // Tests may play the other side.
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        for (number, line) in code.lines().enumerate() {
            let line = line.trim_start();
            if !line.starts_with("//") && forbidden.iter().any(|word| line.contains(word)) {
                wrong.push(format!("{}:{}: {line}", path.display(), number + 1));
            }
        }
    }
    assert!(wrong.is_empty(), "these lines know what they must not:\n{}", wrong.join("\n"));
}

const PURE: &[&str] = &["model", "stack", "diff", "plan"];

#[test]
fn model_stack_diff_and_plan_are_synchronous() {
    check(PURE, &["async fn", ".await", "tokio::", "futures_util"], &[]);
}

#[test]
fn only_the_loader_reads_files() {
    check(
        PURE,
        &["std::fs", "std::io", "std::net::Tcp", "std::net::Udp", "std::process", "File::open"],
        &["stack/load.rs"],
    );
}

#[test]
fn only_aws_and_kinds_know_the_sdk() {
    let places = ["model", "stack", "diff", "plan", "execute", "report", "sandbox", "commands", "read.rs", "world.rs"];
    check(&places, &["aws_sdk_", "aws_config", "aws_smithy"], &[]);
}

#[test]
fn only_report_prints() {
    let places =
        ["model", "stack", "diff", "plan", "execute", "sandbox", "aws", "kinds", "read.rs", "world.rs", "commands"];
    check(&places, &["println!", "print!(", "eprintln!", "eprint!(", "std::io::stdout", "anstream::"], &[]);
}

#[test]
fn the_flow_goes_one_way() {
    // The stack language fills defaults and checks `manage.ignore` as the comparison will: `diff` is pure, and knows no stack.
    check(
        &["model"],
        &["crate::stack::", "crate::diff", "crate::plan", "crate::execute", "crate::world", "crate::kinds"],
        &[],
    );
    check(&["stack"], &["crate::plan", "crate::execute", "crate::world", "crate::kinds", "crate::aws"], &[]);
    check(
        &["diff"],
        &["crate::stack::", "crate::plan", "crate::execute", "crate::world", "crate::kinds", "crate::aws"],
        &[],
    );
    check(&["plan"], &["crate::stack::", "crate::execute", "crate::kinds", "crate::aws", "crate::report"], &[]);
    check(&["execute"], &["crate::stack::", "crate::kinds", "crate::aws", "crate::report", "crate::commands"], &[]);
    check(&["kinds", "aws"], &["crate::stack::", "crate::diff", "crate::plan", "crate::execute", "crate::report"], &[]);
}
