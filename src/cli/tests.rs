use std::path::Path;

use clap::CommandFactory as _;
use clap::error::ErrorKind;

use super::*;

fn parse(line: &str) -> Result<Command, clap::Error> {
    Cli::try_parse_from(line.split(' ')).map(|cli| cli.command)
}

fn refuses(line: &str, kind: ErrorKind) {
    match parse(line) {
        Ok(command) => panic!("`{line}` is {command:?}"),
        Err(error) => assert_eq!(error.kind(), kind, "{line}: {error}"),
    }
}

#[test]
fn the_definition_is_consistent() {
    Cli::command().debug_assert();
}

#[test]
fn a_plan_takes_all_its_flags() {
    let line = "trueup plan s.yaml --var a=1 --var b=x=y --var-file v.yaml --env prod --region eu-west-1 --profile p \
                --endpoint-url http://localhost:4566 --target vpcs.main --target subnets.public/a --exclude queues.q \
                --replace launch_templates.web --parallelism 4 --max-deletes 0 --allow-data-loss buckets.b --json \
                -o f.plan --detailed-exitcode --no-color -v";
    let Ok(Command::Plan(plan)) = parse(line) else { panic!("not a plan") };
    assert_eq!(plan.stack.variables, [("a".into(), "1".into()), ("b".into(), "x=y".into())]);
    assert_eq!(plan.stack.env.as_deref(), Some("prod"));
    assert_eq!(plan.out.as_deref(), Some(Path::new("f.plan")));
    assert_eq!((plan.scope.targets.len(), plan.scope.excludes.len()), (2, 1));
    assert_eq!((plan.change.max_deletes, plan.change.parallelism), (Some(0), 4));
    assert_eq!(plan.account.endpoint_url, Some(Endpoint("http://localhost:4566".into())));
    assert!(plan.format.json && plan.detailed_exitcode);
}

#[test]
fn a_sandbox_has_a_folder_of_its_own_or_a_given_one() {
    let sandbox = |line| match parse(line) {
        Ok(Command::Plan(plan)) => plan.account.sandbox,
        other => panic!("{other:?}"),
    };
    assert_eq!(sandbox("trueup plan s.yaml"), None);
    assert_eq!(sandbox("trueup plan s.yaml --sandbox").as_deref(), Some(Path::new(".trueup/sandbox")));
    assert_eq!(sandbox("trueup plan --sandbox s.yaml").as_deref(), Some(Path::new(".trueup/sandbox")));
    assert_eq!(sandbox("trueup plan s.yaml --sandbox=/tmp/x").as_deref(), Some(Path::new("/tmp/x")));
}

#[test]
fn positions_mean_what_the_help_says() {
    let Ok(Command::Adopt(adopt)) = parse("trueup adopt s.yaml vpcs.main vpc-1") else { panic!("not an adopt") };
    assert_eq!((adopt.address.to_string().as_str(), adopt.id.as_str()), ("vpcs.main", "vpc-1"));
    let Ok(Command::Outputs(outputs)) = parse("trueup outputs s.yaml url") else { panic!("not an outputs") };
    assert_eq!(outputs.name.as_deref(), Some("url"));
    let Ok(Command::Console(console)) = parse("trueup console s.yaml --json -- -1+2 vars.a") else {
        panic!("not a console")
    };
    assert_eq!(console.expressions, ["-1+2", "vars.a"]);
    assert!(console.format.json);
    let Ok(Command::Console(console)) = parse("trueup console s.yaml 1+2 --sandbox") else { panic!("not a console") };
    assert!(console.account.sandbox.is_some(), "an option after an expression is an option");
}

#[test]
fn what_is_wrong_is_refused() {
    refuses("trueup plan", ErrorKind::MissingRequiredArgument);
    refuses("trueup paln s.yaml", ErrorKind::InvalidSubcommand);
    refuses("trueup plan s.yaml --frobnicate", ErrorKind::UnknownArgument);
    refuses("trueup plan s.yaml --var a", ErrorKind::ValueValidation);
    refuses("trueup plan s.yaml --var A=1", ErrorKind::ValueValidation);
    refuses("trueup plan s.yaml --target vpcs", ErrorKind::ValueValidation);
    refuses("trueup plan s.yaml --parallelism 0", ErrorKind::ValueValidation);
    refuses("trueup plan s.yaml --endpoint-url localhost:4566", ErrorKind::ValueValidation);
    refuses("trueup plan s.yaml --sandbox --profile p", ErrorKind::ArgumentConflict);
    refuses("trueup validate s.yaml --profile p", ErrorKind::UnknownArgument);
    refuses("trueup", ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand);
}
