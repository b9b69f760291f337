//! Nothing that is read can panic, overflow the stack, or use unbounded time and memory.

use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::*;

/// Validates a stack (its head is added) in a thread with the stack of any other, in any build; returns the first
/// problem's message.
fn first_problem(text: String) -> String {
    let work = move || {
        let begin = Instant::now();
        let problems = match load_text(
            &format!("{HEAD}{text}"),
            &Inputs::default(),
            &[("self.txt", "${template(\"self.txt\", {})}")],
        ) {
            Ok(program) => program.validate(),
            Err(problems) => problems,
        };
        // Rendering is bounded too.
        let shown = snippet::problems(&problems, false);
        assert!(shown.len() < 200_000, "{} bytes are shown", shown.len());
        // Far above what it takes, far below what an unbounded computation would.
        assert!(begin.elapsed() < Duration::from_secs(60), "{:?}", begin.elapsed());
        problems.list.first().map_or_else(String::new, |problem| problem.message.clone())
    };
    std::thread::Builder::new().stack_size(2 << 20).spawn(work).unwrap().join().unwrap()
}

#[track_caller]
fn refused(text: impl Into<String>, expected: &str) {
    let found = first_problem(text.into());
    assert!(found.contains(expected), "{found}");
}

fn tag(expression: &str) -> String {
    format!("buckets: {{a: {{tags: {{x: '${{{}}}'}}}}}}\n", expression.replace('\'', "''"))
}

#[test]
fn yaml_bombs_are_refused() {
    refused(format!("x: {}", "[".repeat(10_000)), "nested deeper than 64 levels");
    let block: String = (0..3_000).map(|level| format!("{}a:\n", " ".repeat(level))).collect();
    refused(block, "nested deeper than 64 levels");
    let mut laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..10 {
        let before = format!("*a{}", level - 1);
        laughs.push_str(&format!("a{level}: &a{level} [{}]\n", [before.as_str(); 10].join(", ")));
    }
    refused(laughs, "more than 1000000 values once its aliases are expanded");
    let mut deep = "a0: &a0 [x]\n".to_owned();
    for level in 1..100 {
        deep.push_str(&format!("a{level}: &a{level} [[[*a{}]]]\n", level - 1));
    }
    refused(deep, "nested deeper than 64 levels once its aliases are expanded");
    refused("x: &a [*a]\n", "this alias contains itself");
    refused("x: *nope\n", "not valid YAML");
    refused("x: a\0b\n", "NUL");
    refused("---\na: b\n", "a second document begins here");
    refused("x: y\n...\nz: a\n", "a second document begins here");
    refused(format!("buckets:\n{}", "  a: {}\n".repeat(2_000)), "the key `a` is here twice");
}

#[test]
fn long_and_deep_expressions_are_refused() {
    for shape in ["a.", "1+", "a[0]", "f(", "(", "!", "-", "[", "{'a':", "true?1:", "a.f().", "x&&", "r'", "[1].map(x,"]
    {
        for count in [50, 200, 1_000, 20_000] {
            let text = tag(&shape.repeat(count));
            assert!(!first_problem(text).is_empty(), "{shape} {count}");
        }
    }
    refused(tag(&format!("{}1", "1+".repeat(1_500))), "too many parts");
    refused(tag(&format!("'{}'", "x".repeat(5_000))), "this expression has 5002 bytes");
}

#[test]
fn what_is_just_allowed_fits_the_stack() {
    // The deepest expression in the deepest document, through references that are as deep.
    let expression = format!("{}1{}", "[".repeat(40), "]".repeat(40));
    let value = format!("{}'${{{expression}}}'{}", "[".repeat(50), "]".repeat(50));
    let mut text = format!("locals:\n  a0: {value}\n");
    for index in 1..40 {
        let sum = format!("{}locals.a{}{}", "(".repeat(40), index - 1, ")".repeat(40));
        text.push_str(&format!("  a{index}: '${{[{sum}] + {}[0]}}'\n", "[1] + ".repeat(45)));
    }
    let found = first_problem(text);
    assert!(found.is_empty() || found.contains("too large"), "{found}");
}

#[test]
fn expressions_that_grow_without_bound_are_refused() {
    let nested = format!("{}1{}", "[1,2,3,4,5,6,7,8,9,10].map(x, ".repeat(12), ")".repeat(12));
    refused(tag(&nested), "too many steps");
    let doubled = format!("{}'0123456789'{}", "[".repeat(30), "].map(x, x + x)[0]".repeat(30));
    refused(tag(&doubled), "too many steps");
    let mut lists = "locals:\n  a0: [x, x, x, x]\n".to_owned();
    for index in 1..60 {
        lists.push_str(&format!(
            "  a{index}: ['${{locals.a{0}}}', '${{locals.a{0}}}', '${{locals.a{0}}}', '${{locals.a{0}}}']\n",
            index - 1
        ));
    }
    refused(lists, "this value is too large");
    refused(tag("template('self.txt', {})"), "");
    refused(tag("'a'.matches('(a{1000}){1000}')"), "no regular expression");
    refused(tag("range(100000000)"), "at most 10000 elements");
    refused(
        "buckets: {a: {manage: {for_each: '${range(10000).map(x, string(x))}'}}, b: {manage: {for_each: '${range(9999).map(x, string(x))}'}}}\n",
        "",
    );
}

#[test]
fn long_chains_of_references_are_followed() {
    let mut text = "locals:\n  a0: x\n".to_owned();
    for index in 1..3_000 {
        text.push_str(&format!("  a{index}: ${{locals.a{}}}\n", index - 1));
    }
    text.push_str("buckets:\n  b0: {tags: {x: y}}\n");
    for index in 1..1_000 {
        text.push_str(&format!("  b{index}: {{tags: {{x: '${{buckets.b{}.tags.x}}'}}}}\n", index - 1));
    }
    assert_eq!(first_problem(text), "");
    let mut ring = "locals:\n".to_owned();
    for index in 0..1_000 {
        ring.push_str(&format!("  a{index}: ${{locals.a{}}}\n", (index + 1) % 1_000));
    }
    refused(ring, "depends on itself");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]

    #[test]
    fn no_text_makes_it_panic(text in "\\PC{0,200}") {
        let _ = problems_of(&text, &Inputs::default());
    }

    #[test]
    fn no_mixture_of_yaml_makes_it_panic(parts in prop::collection::vec(prop::sample::select(YAML_PARTS), 0..60)) {
        let _ = problems_of(&format!("{HEAD}{}", parts.concat()), &Inputs::default());
    }

    #[test]
    fn no_mixture_of_tokens_makes_it_panic(parts in prop::collection::vec(prop::sample::select(TOKENS), 0..40)) {
        let text = format!("{HEAD}locals: {{x: 1}}\nbuckets: {{logs: {{}}, a: {{tags: {{x: '${{{}}}'}}}}}}\n", parts.concat().replace('\'', "''"));
        let _ = problems_of(&text, &Inputs::default());
    }
}

const YAML_PARTS: &[&str] = &[
    "\n",
    "\n  ",
    "\n    ",
    "buckets:",
    "a:",
    " {",
    "}",
    " [",
    "]",
    ",",
    ": ",
    "- ",
    "\"",
    "'",
    "|",
    ">",
    "&a ",
    "*a",
    "!t ",
    "# ",
    "${",
    "}",
    "$${",
    "manage:",
    "for_each:",
    "tags:",
    "null",
    "~",
    "\t",
    "é",
    "\u{1F600}",
    "?",
    "%",
    "---",
    "\\",
    "stack",
    "vars.x",
    "<<",
];

const TOKENS: &[&str] = &[
    "a",
    "locals",
    ".x",
    "buckets",
    ".logs",
    ".arn",
    "[",
    "]",
    "(",
    ")",
    "{",
    "}",
    ",",
    ":",
    "?",
    " + ",
    " - ",
    " && ",
    " || ",
    " == ",
    " < ",
    "!",
    "1",
    "2.5",
    "'s'",
    "\"t\"",
    " in ",
    ".map(x, x)",
    ".filter(y, true)",
    "has(",
    "size(",
    "format('%s', ",
    "null",
    "true",
    "r'\\'",
    "//",
    "é",
    "\u{1F600}",
    "\\",
    "$",
    "each.key",
    "self",
    "values(",
    "9223372036854775807",
    "0x",
    "1e9",
    "join(",
    "cidr_subnet(",
];
