//! Chores of the repository, run as `cargo xtask <chore>`.

mod emit;
mod graph;
mod model;
mod sdk;
mod sources;
mod table;

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let outcome = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["shapes"] => shapes(false),
        ["shapes", "--check"] => shapes(true),
        _ => Err("usage: cargo xtask shapes [--check]".to_owned()),
    };
    match outcome {
        Ok(report) => {
            println!("{report}");
            ExitCode::SUCCESS
        }
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::FAILURE
        }
    }
}

/// Writes `src/kinds/shapes/<service>.rs` for every service of the table; with `check`, only compares.
fn shapes(check: bool) -> Result<String, String> {
    let sources = sources::Sources::find()?;
    let mut report = Vec::new();
    let mut stale = Vec::new();
    for service in table::SERVICES {
        let model = model::Model::read(&sources.model(service.model)?)?;
        let sdk = sdk::Sdk::read(&sources.sdk(service.krate)?)?;
        let graph = graph::Graph::build(service, &model, &sdk).map_err(|error| format!("{}: {error}", service.name))?;
        let text = sources.format(&emit::file(service, &graph, &sources.botocore))?;
        let path = sources.root.join("src/kinds/shapes").join(format!("{}.rs", service.name));
        report.push(format!("{}: {} structures, {} lines", service.name, graph.nodes.len(), text.lines().count()));
        if std::fs::read_to_string(&path).is_ok_and(|old| old == text) {
            continue;
        }
        if check {
            stale.push(path.display().to_string());
        } else {
            std::fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))?;
        }
    }
    if stale.is_empty() {
        Ok(report.join("\n"))
    } else {
        Err(format!("not what `cargo xtask shapes` writes: {}", stale.join(", ")))
    }
}
