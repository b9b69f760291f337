//! What is wrong with a stack as a whole: rings, claims, rules, variables, `manage`.

use super::*;

#[test]
fn rings_of_values() {
    check(
        r##"
locals:
  a: ${locals.b + "x"}
  b: ${locals.c}
  c: ${locals.a}
buckets:
  x: {tags: {a: "${buckets.y.tags.a}"}}
  y: {tags: {a: "${buckets.x.tags.a}"}}
"##,
        r##"
error: `locals.a` depends on itself
 --> stack.yaml:6:15
  |
6 |   c: ${locals.a}
  |               ^
  |
  = help: the ring is locals.a → locals.b → locals.c → locals.a

error: these resources need each other: `buckets.x` → `buckets.y` → `buckets.x`
 --> stack.yaml:8:20
  |
8 |   x: {tags: {a: "${buckets.y.tags.a}"}}
  |                    ^^^^^^^^^^^^^^^^
9 |   y: {tags: {a: "${buckets.x.tags.a}"}}
  |                    ---------------- `buckets.y` needs `buckets.x`
  |
  = help: take one of the references out, or put what they share in another resource

error: `buckets.x.tags` depends on itself
 --> stack.yaml:9:30
  |
9 |   y: {tags: {a: "${buckets.x.tags.a}"}}
  |                              ^^^^
  |
  = help: the ring is buckets.x.tags → buckets.y.tags → buckets.x.tags

error: 3 problems
"##,
    );
}

#[test]
fn rings_of_resources() {
    check(
        r##"
groups:
  a: {peers: ["${groups.b.id}"]}
  b: {peers: ["${groups.c.id}"]}
  c: {peers: ["${groups.a.id}"]}
  self: {peers: ["${groups.self.id}"]}
  fine: {ingress: [{protocol: tcp, source: "${groups.fine.id}"}]}
"##,
        r##"
error: these resources need each other: `groups.a` → `groups.b` → `groups.c` → `groups.a`
 --> stack.yaml:4:18
  |
4 |   a: {peers: ["${groups.b.id}"]}
  |                  ^^^^^^^^^^^
5 |   b: {peers: ["${groups.c.id}"]}
  |                  ----------- `groups.b` needs `groups.c`
6 |   c: {peers: ["${groups.a.id}"]}
  |                  ----------- `groups.c` needs `groups.a`
  |
  = help: take one of the references out, or put what they share in another resource

error: `groups.self` needs what it has only once it exists
 --> stack.yaml:7:21
  |
7 |   self: {peers: ["${groups.self.id}"]}
  |                     ^^^^^^^^^^^^^^
  |
  = help: take one of the references out, or put what they share in another resource

error: 2 problems
"##,
    );
}

#[test]
fn rules_and_claims() {
    check(
        r##"
vpcs:
  main: {cidr_block: 10.0.0.0/16}
subnets:
  a: {vpc_id: "${vpcs.main.id}", cidr_block: 10.1.0.0/24}
  b: {vpc_id: "${vpcs.main.id}", cidr_block: 10.0.1.0/24}
  c:
    vpc_id: ${vpcs.main.id}
    cidr_block: 10.0.1.0/24
pools:
  a: {min_size: 5, max_size: 2}
sites:
  a: {origin: x, aliases: [a.example.com, b.example.com]}
  b: {origin: x, aliases: [c.example.com, b.example.com]}
buckets:
  one: {bucket: films-shared}
  two: {bucket: films-shared}
  web_app: {}
  web-app: {}
"##,
        r##"
error: 10.1.0.0/24 lies outside 10.0.0.0/16, the range of its VPC
 --> stack.yaml:6:46
  |
6 |   a: {vpc_id: "${vpcs.main.id}", cidr_block: 10.1.0.0/24}
  |                                              ^^^^^^^^^^^

error: `subnets.c` and `subnets.b` cannot both have the CIDR block
  --> stack.yaml:10:17
   |
 7 |   b: {vpc_id: "${vpcs.main.id}", cidr_block: 10.0.1.0/24}
   |                                              ----------- claimed here
...
10 |     cidr_block: 10.0.1.0/24
   |                 ^^^^^^^^^^^

error: `min_size` is 5, which is over `max_size`, 2
  --> stack.yaml:12:17
   |
12 |   a: {min_size: 5, max_size: 2}
   |                 ^

error: `sites.b` and `sites.a` cannot both have the alias
  --> stack.yaml:15:43
   |
14 |   a: {origin: x, aliases: [a.example.com, b.example.com]}
   |                                           ------------- claimed here
15 |   b: {origin: x, aliases: [c.example.com, b.example.com]}
   |                                           ^^^^^^^^^^^^^

error: `buckets.two` and `buckets.one` cannot both have the name
  --> stack.yaml:18:17
   |
17 |   one: {bucket: films-shared}
   |                 ------------ claimed here
18 |   two: {bucket: films-shared}
   |                 ^^^^^^^^^^^^

error: `web-app` cannot be the name of a bucket
  --> stack.yaml:20:3
   |
20 |   web-app: {}
   |   ^^^^^^^
   |
   = help: a name is `[a-z][a-z0-9_]*`: small letters, digits and `_`

error: `buckets.web-app` and `buckets.web_app` have the same default name
  --> stack.yaml:20:3
   |
19 |   web_app: {}
   |   ------- the other
20 |   web-app: {}
   |   ^^^^^^^
   |
   = help: give one of them a `bucket`

error: 7 problems
"##,
    );
}

#[test]
fn default_names_that_are_the_same() {
    check(
        r##"
groups:
  a:
    manage: {for_each: [x.y, x-y]}
"##,
        r##"
error: `groups.a/x-y` and `groups.a/x.y` have the same default name, `films-a-x-y`
 --> stack.yaml:4:3
  |
4 |   a:
  |   ^
  |
  = help: give one of them a `group_name`
"##,
    );
}

#[test]
fn for_each_and_manage() {
    check(
        r##"
buckets:
  a: {manage: {for_each: [a, a]}}
  b: {manage: {for_each: [1]}}
  c: {manage: {for_each: ["a b"]}}
  d: {manage: {for_each: text}}
  e: {manage: {for_each: "${[buckets.f.etag]}"}}
  f: {manage: {when: maybe}}
  g: {manage: {when: "${buckets.f.etag == 'x'}"}}
  h: {manage: {protect: true, retain: true, timeout: 5, depends_on: [buckets.zz, nope.x, x], ignore: [versionin, "tags[", "website.indx"], moved_from: pools.a, replace: create}}
  i: {manage: {moved_from: buckets.h, adopt: "${buckets.f.etag}"}}
"##,
        r##"
error: `a` is in `for_each` twice
 --> stack.yaml:4:26
  |
4 |   a: {manage: {for_each: [a, a]}}
  |                          ^^^^^^

error: an element of `for_each` is a string, not an integer
 --> stack.yaml:5:26
  |
5 |   b: {manage: {for_each: [1]}}
  |                          ^^^
  |
  = help: for numbers write `.map(x, string(x))`; for records use a map

error: `a b` cannot be a key of `for_each`
 --> stack.yaml:6:26
  |
6 |   c: {manage: {for_each: ["a b"]}}
  |                          ^^^^^^^
  |
  = help: a key is 1 to 64 of the characters `A-Z a-z 0-9 _ . : = + @ -`

error: `for_each` takes a map or a list of strings, not a string
 --> stack.yaml:7:26
  |
7 |   d: {manage: {for_each: text}}
  |                          ^^^^

error: `when` takes `true` or `false`, not `maybe`
 --> stack.yaml:9:22
  |
9 |   f: {manage: {when: maybe}}
  |                      ^^^^^

error: `protect` and `retain` exclude each other
  --> stack.yaml:11:7
   |
11 |   h: {manage: {protect: true, retain: true, timeout: 5, depends_on: [buckets.zz, nope.x, x], ignore: [versionin, "tags[", "website.i...
   |       ^^^^^^
   |
   = help: `protect` refuses the deletion, `retain` forgets instead

error: `5` is no timeout
  --> stack.yaml:11:54
   |
11 |   h: {manage: {protect: true, retain: true, timeout: 5, depends_on: [buckets.zz, nope.x, x], ignore: [versionin, "tags[", "website.i...
   |                                                      ^
   |
   = help: write it as `90s`, `15m` or `1h30m`, at most `24h`

error: there is no `zz` in `buckets`
  --> stack.yaml:11:70
   |
11 |   h: {manage: {protect: true, retain: true, timeout: 5, depends_on: [buckets.zz, nope.x, x], ignore: [versionin, "tags[", "website.i...
   |                                                                      ^^^^^^^^^^
   |
   = help: it has `a`, `b`, `c`, `d`, `e`, `f`, `g`, `h`, `i`

error: there is no kind `nope`
  --> stack.yaml:11:82
   |
11 |   h: {manage: {protect: true, retain: true, timeout: 5, depends_on: [buckets.zz, nope.x, x], ignore: [versionin, "tags[", "website.i...
   |                                                                                  ^^^^^^
   |
   = help: it has `vpcs`, `subnets`, `groups`, `buckets`, `pools`, `sites`

error: `x` is not an address: write `<kind>.<name>` or `<kind>.<name>/<key>`, as in `buckets.content`
  --> stack.yaml:11:90
   |
11 |   h: {manage: {protect: true, retain: true, timeout: 5, depends_on: [buckets.zz, nope.x, x], ignore: [versionin, "tags[", "website.i...
   |                                                                                          ^

error: there is no field `versionin`
  --> stack.yaml:11:103
   |
11 |   h: {manage: {protect: true, retain: true, timeout: 5, depends_on: [buckets.zz, nope.x, x], ignore: [versionin, "tags[", "website.i...
   |                                                                                                       ^^^^^^^^^
   |
   = help: did you mean `versioning`?

error: `tags[` is not a path: write a field as `tags.build`, or elements as `ingress[description=~'^kubernetes']`
  --> stack.yaml:11:114
   |
11 |   h: {manage: {protect: true, retain: true, timeout: 5, depends_on: [buckets.zz, nope.x, x], ignore: [versionin, "tags[", "website.i...
   |                                                                                                                  ^^^^^^^

error: there is no field `indx`
  --> stack.yaml:11:123
   |
11 | ...n: [buckets.zz, nope.x, x], ignore: [versionin, "tags[", "website.indx"], moved_from: pools.a, replace: create}}
   |                                                             ^^^^^^^^^^^^^^

error: `moved_from` names another kind: this is one of `buckets`
  --> stack.yaml:11:152
   |
11 | ...], ignore: [versionin, "tags[", "website.indx"], moved_from: pools.a, replace: create}}
   |                                                                 ^^^^^^^

error: `replace` cannot be `create`
  --> stack.yaml:11:170
   |
11 | ...nin, "tags[", "website.indx"], moved_from: pools.a, replace: create}}
   |                                                                 ^^^^^^
   |
   = help: it is one of `create_first`, `destroy_first`

error: `buckets.h` is still in the stack
  --> stack.yaml:12:28
   |
11 |   h: {manage: {protect: true, retain: true, timeout: 5, depends_on: [buckets.zz, nope.x, x], ignore: [versionin, "tags[", "website.i...
   |   - here
12 |   i: {manage: {moved_from: buckets.h, adopt: "${buckets.f.etag}"}}
   |                            ^^^^^^^^^

error: 16 problems
"##,
    );
}

#[test]
fn variables() {
    check(
        r##"
variables:
  a: {type: strin}
  b: {}
  c: {type: integer, default: x}
  d: {default: e, allowed: [f, g]}
  e: {default: e, pattern: "[0-9]+"}
  f: {typ: string, default: "${stack}"}
  if: {default: 1}
  g: {default: a, pattern: "("}
"##,
        r##"
error: the variable `a` has no value
 --> stack.yaml:4:3
  |
4 |   a: {type: strin}
  |   ^
  |
  = help: give one with `--var a=…`, or a `default`

error: `strin` is no type of a variable
 --> stack.yaml:4:13
  |
4 |   a: {type: strin}
  |             ^^^^^
  |
  = help: did you mean `string`?

error: the variable `b` has no value
 --> stack.yaml:5:3
  |
5 |   b: {}
  |   ^
  |
  = help: give one with `--var b=…`, or a `default`

error: `default` takes an integer, not `x`
 --> stack.yaml:6:31
  |
6 |   c: {type: integer, default: x}
  |                               ^

error: `d` cannot be "e"
 --> stack.yaml:7:16
  |
7 |   d: {default: e, allowed: [f, g]}
  |                ^
  |
  = help: it is one of "f", "g"

error: `e` cannot be "e"
 --> stack.yaml:8:16
  |
8 |   e: {default: e, pattern: "[0-9]+"}
  |                ^
  |
  = help: it matches `[0-9]+`

error: a variable has no `typ`
 --> stack.yaml:9:7
  |
9 |   f: {typ: string, default: "${stack}"}
  |       ^^^
  |
  = help: did you mean `type`?

error: `default` takes a plain value, not an expression
 --> stack.yaml:9:29
  |
9 |   f: {typ: string, default: "${stack}"}
  |                             ^^^^^^^^^^
  |
  = help: put expressions into `locals`

error: `if` is a reserved word of CEL and never a name
  --> stack.yaml:10:3
   |
10 |   if: {default: 1}
   |   ^^
   |
   = help: choose another name

error: this is no regular expression
  --> stack.yaml:11:28
   |
11 |   g: {default: a, pattern: "("}
   |                            ^^^

error: 10 problems
"##,
    );
}
