//! YAML and the syntax of expressions.

use super::*;

#[test]
fn duplicate_keys() {
    check(
        r##"
buckets:
  a: {}
  b: {}
  a: {versioning: Enabled, versioning: Suspended}
"##,
        r##"
error: the key `a` is here twice
 --> stack.yaml:6:3
  |
4 |   a: {}
  |   - first here
5 |   b: {}
6 |   a: {versioning: Enabled, versioning: Suspended}
  |   ^

error: the key `versioning` is here twice
 --> stack.yaml:6:28
  |
6 |   a: {versioning: Enabled, versioning: Suspended}
  |       ----------           ^^^^^^^^^^
  |       |
  |       first here

error: 2 problems
"##,
    );
}

#[test]
fn yaml_that_means_something_else() {
    check(
        r##"
buckets:
  a:
    tags:
      x: ${stack == "a" ? "b" : "c"}
"##,
        r##"
error: this is not valid YAML: mapping values are not allowed in this context
 --> stack.yaml:6:31
  |
6 |       x: ${stack == "a" ? "b" : "c"}
  |                               ^
  |
  = help: quote the expression: `: `, ` #`, `{`, `[` and `,` mean something to YAML outside quotes
          x: '${stack == "a" ? "b" : "c"}'
"##,
    );
}

#[test]
fn yaml_in_flow() {
    check(
        r##"
buckets: {a: {tags: {x: ${stack}}}}
"##,
        r##"
error: this is not valid YAML: while parsing a flow mapping, did not find expected ',' or '}'
 --> stack.yaml:3:26
  |
3 | buckets: {a: {tags: {x: ${stack}}}}
  |                          ^
  |
  = help: quote the expression: `: `, ` #`, `{`, `[` and `,` mean something to YAML outside quotes
          buckets: {a: {tags: {x: '${stack}'}}}
"##,
    );
}

#[test]
fn yaml_features() {
    check(
        r##"
buckets:
  a: &a {tags: {x: y}}
  b:
    <<: *a
  c: !tag {}
  d: !!str x
  [x]: y
"##,
        r##"
error: merge keys are not supported
 --> stack.yaml:6:5
  |
6 |     <<: *a
  |     ^^
  |
  = help: repeat the fields, or put an anchor on a whole value

error: YAML tags are not supported
 --> stack.yaml:7:11
  |
7 |   c: !tag {}
  |           ^

error: YAML tags are not supported
 --> stack.yaml:8:12
  |
8 |   d: !!str x
  |            ^
  |
  = help: values are typed by the field they stand in

error: a key is plain text, not a collection
 --> stack.yaml:9:3
  |
9 |   [x]: y
  |   ^^^
  |
  = help: if this is an expression, quote it

error: 4 problems
"##,
    );
}

#[test]
fn tabs() {
    check(
        r##"
buckets:
	a: {}
"##,
        r##"
error: this is not valid YAML: tabs disallowed within this context (block indentation)
 --> stack.yaml:4:2
  |
4 |     a: {}
  |     ^
  |
  = help: indent with spaces
"##,
    );
}

#[test]
fn expressions_that_do_not_parse() {
    check(
        r##"
buckets:
  a:
    tags:
      a: ${
      b: ${vpcs.main.
      c: ${1 +}
      d: ${(1 + 2}
      e: ${a = b}
      f: ${"open}
      g: "\u00e9\n${stack + 1 2}"
      h: '${''x'' + stack)}'
      i: ${var.x}
      j: |
        first line
        ${stack + )}
      k: ${}
      l: arn:aws:s3:::x/${aws:username}/*
      m: ${a ? b}
      n: ${stack #comment}
"##,
        r##"
error: the expression ends too early
 --> stack.yaml:6:12
  |
6 |       a: ${
  |            ^

error: a name is expected after `.`, not the end
 --> stack.yaml:7:22
  |
7 |       b: ${vpcs.main.
  |                      ^

error: the expression ends too early
 --> stack.yaml:8:15
  |
8 |       c: ${1 +}
  |               ^

error: this is not closed with `)`
 --> stack.yaml:9:12
  |
9 |       d: ${(1 + 2}
  |            ^

error: `=` has no meaning in an expression
  --> stack.yaml:10:14
   |
10 |       e: ${a = b}
   |              ^
   |
   = help: compare with `==`

error: this string is not closed
  --> stack.yaml:11:12
   |
11 |       f: ${"open}
   |            ^

error: `2` is not expected here
  --> stack.yaml:12:31
   |
12 |       g: "\u00e9\n${stack + 1 2}"
   |                               ^

error: `)` is not expected here
  --> stack.yaml:13:26
   |
13 |       h: '${''x'' + stack)}'
   |                          ^

error: `var` is a reserved word of CEL and never a name
  --> stack.yaml:14:12
   |
14 |       i: ${var.x}
   |            ^^^
   |
   = help: did you mean `vars`?

error: `)` is not expected here
  --> stack.yaml:17:19
   |
17 |         ${stack + )}
   |                   ^

error: the expression is empty
  --> stack.yaml:18:12
   |
18 |       k: ${}
   |            ^

error: `:` is not expected here
  --> stack.yaml:19:30
   |
19 |       l: arn:aws:s3:::x/${aws:username}/*
   |                              ^
   |
   = help: an IAM policy variable is written `$${aws:username}`

error: this `?` has no `:`
  --> stack.yaml:20:14
   |
20 |       m: ${a ? b}
   |              ^

error: this `${` has no closing `}`
  --> stack.yaml:21:10
   |
21 |       n: ${stack #comment}
   |          ^^
   |
   = help: YAML ends an unquoted text at ` #`: quote the expression

error: 14 problems
"##,
    );
}
