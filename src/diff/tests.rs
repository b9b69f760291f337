use std::sync::Arc;

use super::*;
use crate::model::shape::Text;

fn text() -> Shape {
    Shape::Text(Text::default())
}

/// A record that has a field of every sort.
fn record() -> Record {
    let rule = Record::of([
        ("id", Field::text().required()),
        ("days", Field::integer(0, 100)),
        ("status", Field::one_of(&["Enabled", "Disabled"]).default("Enabled")),
    ]);
    Record::of([
        ("name", Field::text().left_alone().create_only()),
        ("size", Field::integer(0, 10).default(3)),
        ("flag", Field::bool()),
        ("target", Field::new(Shape::Number { min: None, max: None })),
        ("capacity", Field::integer(0, 10).left_alone()),
        ("tags", Field::text_map()),
        ("zones", Field::set(text())),
        ("rules", Field::list(Shape::Record(rule.clone())).keyed(&["id"])),
        ("steps", Field::list(Shape::Record(rule))),
        ("policy", Field::document().compared(Equal::Policy)),
        ("owner", Field::text().compared(Equal::SameThing)),
        ("secret", Field::text().sensitive()),
        ("force", Field::bool().local()),
        ("shared", Field::integer(0, 9).compared(Equal::Beside(|a, b, beside| a == b || beside.contains_key("flag")))),
        ("nested", Field::record([("kept", Field::text().left_alone()), ("own", Field::text())])),
    ])
}

fn map(json: &str) -> Map {
    Value::from(serde_json::from_str::<serde_json::Value>(json).unwrap()).as_map().unwrap().clone()
}

/// Compares the two and returns `path: before -> after` a line.
fn check(stack: &str, live: &str, ignore: &[&str], expect: &[&str]) {
    let (record, live) = (record(), map(live));
    let ignore: Vec<Arc<str>> = ignore.iter().map(|path| Arc::from(*path)).collect();
    let wanted = wanted(&record, &map(stack), &live, &ignore);
    let delta = diff(&record, &wanted, &live);
    let shown: Vec<_> =
        delta.changes.iter().map(|change| format!("{}: {} -> {}", change.path, change.before, change.after)).collect();
    assert_eq!(shown, expect, "{stack} against {live:?}");
}

#[test]
fn what_a_neighbour_excuses_is_no_difference() {
    check(r#"{"shared":1}"#, r#"{"size":3,"shared":2}"#, &[], &["shared: 2 -> 1"]);
    check(r#"{"shared":1,"flag":true}"#, r#"{"size":3,"shared":2,"flag":true}"#, &[], &[]);
}

#[test]
fn what_is_equal_differs_in_nothing() {
    check("{}", "{}", &[], &["size: null -> 3"]);
    check("{}", r#"{"size":3,"flag":false,"tags":{},"zones":[],"capacity":7,"name":"x"}"#, &[], &[]);
    check(r#"{"zones":["b","a"]}"#, r#"{"size":3,"zones":["a","b"]}"#, &[], &[]);
    check(r#"{"target":70}"#, r#"{"size":3,"target":70.0}"#, &[], &[]);
    check(r#"{"owner":"arn:aws:iam::1:role/p/me"}"#, r#"{"size":3,"owner":"me"}"#, &[], &[]);
    check(
        r#"{"rules":[{"id":"a"},{"id":"b","days":2}]}"#,
        r#"{"size":3,"rules":[{"id":"b","days":2,"status":"Enabled"},{"id":"a","days":0,"status":"Enabled"}]}"#,
        &[],
        &[],
    );
    check(r#"{"force":true}"#, r#"{"size":3}"#, &[], &[]);
}

#[test]
fn what_differs_is_named_by_its_path() {
    check(r#"{"size":4}"#, r#"{"size":3}"#, &[], &["size: 3 -> 4"]);
    check("{}", r#"{"size":3,"flag":true}"#, &[], &["flag: true -> null"]);
    check(
        r#"{"tags":{"a":"1","b c":"2"}}"#,
        r#"{"size":3,"tags":{"a":"0","d":"4"}}"#,
        &[],
        &[r#"tags.a: "0" -> "1""#, r#"tags["b c"]: null -> "2""#, r#"tags.d: "4" -> null"#],
    );
    check(r#"{"rules":[{"id":"a","days":1},{"id":"c"}]}"#, r#"{"size":3,"rules":[{"id":"a","days":2,"status":"Disabled"},{"id":"b"}]}"#, &[], &[
        "rules[a].days: 2 -> 1",
        r#"rules[a].status: "Disabled" -> "Enabled""#,
        r#"rules[c]: null -> {"id": "c", "status": "Enabled"}"#.replace("\"id\"", "id").replace("\"status\"", "status").as_str(),
        r#"rules[b]: {id: "b"} -> null"#,
    ]);
    check(
        r#"{"steps":[{"id":"a"}]}"#,
        r#"{"size":3,"steps":[{"id":"b","status":"Enabled"},{"id":"z"}]}"#,
        &[],
        &[r#"steps[0].id: "b" -> "a""#, r#"steps[1]: {id: "z"} -> null"#],
    );
    check(r#"{"nested":{"own":"x"}}"#, r#"{"size":3,"nested":{"kept":"k"}}"#, &[], &[r#"nested.own: null -> "x""#]);
    check("{}", r#"{"size":3,"nested":{"kept":"k","own":"x"}}"#, &[], &[r#"nested.own: "x" -> null"#]);
}

#[test]
fn what_is_ignored_stays_as_it_is() {
    check(r#"{"size":4}"#, r#"{"size":9}"#, &["size"], &[]);
    check(r#"{"tags":{"a":"1"}}"#, r#"{"size":3,"tags":{"a":"0","build":"7"}}"#, &["tags.build", "tags.a"], &[]);
    check(
        r#"{"rules":[{"id":"mine"}]}"#,
        r#"{"size":3,"rules":[{"id":"mine","status":"Enabled"},{"id":"k8s-1"},{"id":"k8s-2"}]}"#,
        &["rules[id=~'^k8s-']"],
        &[],
    );
    check(
        r#"{"rules":[{"id":"a","days":1}]}"#,
        r#"{"size":3,"rules":[{"id":"a","days":5,"status":"Enabled"}]}"#,
        &["rules.days"],
        &[],
    );
}

#[test]
fn a_path_that_names_nothing_is_refused() {
    assert!(check_ignore(&record(), "tags.build").is_ok());
    assert!(check_ignore(&record(), "rules[id=~'^x]y'].days").is_ok());
    for wrong in ["sizes", "size.x", "rules[id", "rules[]", "rules[nope=1]", "rules[id=~'(']", "", "a..b"] {
        assert!(check_ignore(&record(), wrong).is_err(), "{wrong}");
    }
}

#[test]
fn effects_and_secrets_follow_the_schema() {
    let (record, live) = (record(), map(r#"{"name":"a","size":3,"secret":"old"}"#));
    let delta = diff(&record, &wanted(&record, &map(r#"{"name":"b","secret":"new"}"#), &live, &[]), &live);
    assert_eq!(delta.effect(), Some(Effect::Replace));
    assert!(delta.touches("name") && delta.touches("secret") && !delta.touches("size"));
    assert!(delta.changes.iter().any(|change| change.path == "secret" && change.sensitive));
}

#[test]
fn an_unknown_is_a_change_until_it_is_known() {
    let (record, live) = (record(), map(r#"{"size":3,"owner":"a"}"#));
    let stack = Map::from_iter([("owner".into(), Value::unknown("roles.x.arn"))]);
    let delta = diff(&record, &wanted(&record, &stack, &live, &[]), &live);
    assert_eq!(delta.changes.len(), 1);
    assert!(!delta.changes[0].after.is_known());
}

#[test]
fn documents_in_a_map_compare_as_their_field_says() {
    let policies = Field::new(Shape::Map(Box::new(Shape::Document))).compared(Equal::Policy);
    let record = Record::of([("policies", policies)]);
    let read = |action: &str| format!(r#"{{"policies":{{"read":{{"Statement":[{{"Action":{action}}}]}}}}}}"#);
    let paths = |wanted: &str, live: &str| -> Vec<String> {
        diff(&record, &map(wanted), &map(live)).changes.into_iter().map(|change| change.path).collect()
    };
    assert!(paths(&read(r#""s3:Get""#), &read(r#"["s3:Get"]"#)).is_empty());
    assert_eq!(paths(&read(r#""s3:Get""#), &read(r#""s3:Put""#)), ["policies.read"]);
    assert_eq!(paths(&read(r#""s3:Get""#), "{}"), ["policies"]);
    assert_eq!(paths("{}", &read(r#""s3:Get""#)), ["policies"]);
}
