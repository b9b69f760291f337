//! One `check` for the whole language: a stack in, what is wrong with it or what it means out.

mod errors;
mod meaning;
mod oracle;
mod robust;

use std::path::PathBuf;
use std::sync::{Arc, LazyLock};

use super::{Inputs, Program, load_saved};
use crate::model::address::Address;
use crate::model::problem::{Problems, Source};
use crate::model::schema::{Attribute, Broken, Naming, Neighbours, Schema};
use crate::model::shape::{Field, Record, Shape};
use crate::model::stack::Facts;
use crate::model::value::Value;
use crate::report::snippet;

/// Small kinds with one of everything that the language looks at.
fn schemas() -> &'static [Schema] {
    static SCHEMAS: LazyLock<Vec<Schema>> =
        LazyLock::new(|| vec![vpcs(), subnets(), groups(), buckets(), pools(), sites()]);
    &SCHEMAS
}

fn tags() -> (&'static str, Field) {
    ("tags", Field::text_map())
}

fn vpcs() -> Schema {
    Schema::new("vpcs", "vpc", Attribute::given("vpc-{hex17}")).fields([
        ("cidr_block", Field::text().required().pattern("[0-9.]+/[0-9]+")),
        ("enable_dns", Field::bool().default(true)),
        tags(),
    ])
}

fn subnets() -> Schema {
    fn inside(stack: &dyn Neighbours, address: &Address) -> Vec<Broken> {
        let cidr =
            |address: &Address| stack.fields(address)?.get("cidr_block")?.as_str()?.parse::<ipnet::Ipv4Net>().ok();
        let vpc = stack.target(address, "vpc_id");
        match (cidr(address), vpc.as_ref().and_then(cidr)) {
            (Some(own), Some(outer)) if !outer.contains(&own) => {
                vec![Broken::new("cidr_block", format!("{own} lies outside {outer}, the range of its VPC"))]
            }
            _ => Vec::new(),
        }
    }
    Schema::new("subnets", "subnet", Attribute::given("subnet-{hex17}"))
        .fields([
            ("vpc_id", Field::text().required().refers("vpcs", "id")),
            ("cidr_block", Field::text().required()),
            ("availability_zone", Field::text().left_alone()),
            tags(),
        ])
        .attributes([("arn", Attribute::computed("arn:{partition}:ec2:{region}:{account}:subnet/{id}"))])
        .claim("the CIDR block", &["vpc_id", "cidr_block"])
        .rule(inside)
}

fn groups() -> Schema {
    let rule = Record::of([
        ("protocol", Field::one_of(&["tcp", "udp", "icmp"]).required()),
        ("port", Field::integer(0, 65_535)),
        ("source", Field::text().refers("groups", "id")),
    ]);
    Schema::new("groups", "group", Attribute::given("sg-{hex17}")).named("group_name", 32).fields([
        ("group_name", Field::text().left_alone().create_only()),
        ("vpc_id", Field::text().refers("vpcs", "id")),
        ("ingress", Field::set(Shape::Record(rule)).items(0, 3).deferrable()),
        ("peers", Field::set(Field::text().shape).refers("groups", "id")),
        tags(),
    ])
}

fn buckets() -> Schema {
    let mut schema = Schema::new("buckets", "bucket", Attribute::computed("{bucket}"))
        .fields([
            ("bucket", Field::text_of(3, 63).left_alone().create_only()),
            ("versioning", Field::one_of(&["Enabled", "Suspended"])),
            ("policy", Field::document().deferrable()),
            ("website", Field::record([("index", Field::text().required()), ("error", Field::text())])),
            ("log_bucket", Field::text().refers("buckets", "id")),
            ("secret", Field::text().sensitive()),
            tags(),
        ])
        .attributes([
            ("arn", Attribute::computed("arn:{partition}:s3:::{bucket}")),
            ("etag", Attribute::given("{hex8}")),
            ("hosts", Attribute::given("{hex8}").shape(Field::list(Field::text().shape).shape)),
        ])
        .claim("the name", &["bucket"]);
    schema.naming = Some(Naming { field: "bucket", max: 63, worldwide: true });
    schema
}

fn pools() -> Schema {
    fn sizes(stack: &dyn Neighbours, address: &Address) -> Vec<Broken> {
        let size = |name: &str| stack.fields(address)?.get(name)?.as_int();
        match (size("min_size"), size("max_size")) {
            (Some(min), Some(max)) if min > max => {
                vec![Broken::new("min_size", format!("`min_size` is {min}, which is over `max_size`, {max}"))]
            }
            _ => Vec::new(),
        }
    }
    Schema::new("pools", "pool", Attribute::given("pool-{hex17}")).named("name", 24).rule(sizes).fields([
        ("name", Field::text().left_alone().create_only()),
        ("min_size", Field::integer(0, 100).required()),
        ("max_size", Field::integer(0, 100).required()),
        ("ratio", Field::new(Shape::Number { min: Some(0.0), max: Some(1.0) })),
        ("subnet_ids", Field::set(Field::text().shape).refers("subnets", "id").items(1, 10)),
        ("weights", Field::new(Shape::Map(Box::new(Shape::Integer { min: Some(0), max: None })))),
        tags(),
    ])
}

fn sites() -> Schema {
    Schema::new("sites", "site", Attribute::given("{upper13}"))
        .global()
        .fields([("origin", Field::text().required()), ("aliases", Field::set(Field::text().shape)), tags()])
        .attributes([("domain_name", Attribute::given("{hex8}.example.net")), ("arn", Attribute::given("arn:{id}"))])
        .claim("the alias", &["aliases"])
}

/// What every test stack begins with.
const HEAD: &str = "stack: films\nregion: eu-west-1\n";

/// Loads a stack from its text, with further files beside it.
fn load_text(text: &str, inputs: &Inputs, files: &[(&str, &str)]) -> Result<Program, Problems> {
    let source = |path: &str, text: &str| Source { path: path.into(), text: text.into() };
    let mut sources = vec![source("stack.yaml", text)];
    sources.extend(files.iter().map(|(path, text)| source(path, text)));
    load_saved(&PathBuf::from("stack.yaml"), &sources, inputs, schemas())
}

/// Returns everything that is wrong with a stack, as a person sees it.
fn problems_of(text: &str, inputs: &Inputs) -> String {
    let problems = match load_text(text, inputs, &[]) {
        Ok(program) => program.validate(),
        Err(problems) => problems,
    };
    snippet::problems(&problems, false)
}

/// Checks that a stack (its head is added) has exactly these problems.
#[track_caller]
fn check(text: &str, expected: &str) {
    check_with(&format!("{HEAD}{}", text.trim_start_matches('\n')), &Inputs::default(), expected);
}

#[track_caller]
fn check_with(text: &str, inputs: &Inputs, expected: &str) {
    let found = problems_of(text, inputs);
    assert!(found.trim_end() == expected.trim_matches('\n'), "\n--- found ---\n{found}\n--- end ---");
}

/// Loads a stack (its head is added) that has nothing wrong with it.
#[track_caller]
fn sound(text: &str) -> Program {
    sound_with(text, &Inputs::default(), &[])
}

#[track_caller]
fn sound_with(text: &str, inputs: &Inputs, files: &[(&str, &str)]) -> Program {
    let program = match load_text(&format!("{HEAD}{text}"), inputs, files) {
        Ok(program) => program,
        Err(problems) => panic!("{}", snippet::problems(&problems, false)),
    };
    let problems = program.validate();
    assert!(problems.list.is_empty(), "{}", snippet::problems(&problems, false));
    program
}

/// Returns what is known of an account and nothing else.
fn account() -> Facts {
    Facts { account: Some("123456789012".into()), partition: Some("aws".into()), ..Facts::default() }
}

/// Returns the fields of a resource as compact text.
#[track_caller]
fn fields(program: &Program, address: &str, facts: &Facts) -> String {
    match program.fields(&address.parse().unwrap(), facts) {
        Ok(fields) => Value::from(fields).to_string(),
        Err(problems) => panic!("{}", snippet::problems(&problems, false)),
    }
}

fn key_of(text: &str) -> Arc<str> {
    text.into()
}
