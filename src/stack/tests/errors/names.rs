//! References, functions and what expressions do with them.

use super::*;

#[test]
fn references() {
    check(
        r##"
vpcs:
  main: {cidr_block: 10.0.0.0/16}
subnets:
  public:
    manage: {for_each: [a, b]}
    vpc_id: ${vpc.main.id}
    cidr_block: "${each.ky}"
  private:
    vpc_id: ${vpcs.mian.id}
    cidr_block: "${each.key}"
buckets:
  a:
    log_bucket: ${buckets.b.arnn}
    tags:
      one: ${subnets.public.id}
      two: ${subnets.public["a"].idd}
      three: ${values(subnets.public).map(s, s.cidr_blok).join(",")}
      four: ${buckets.b.hosts.name}
      five: "$${vars.size} ${vars.size} and ${locals.x}"
      six: ${stack.name}
      seven: '${environment == "x" ? buckets.b.arm : joyn(["a"], "b")}'
  b: {}
outputs:
  a: ${regions["x"].buckets.a.id}
  b: ${size()}
  c: ${buckets.b}
  d: ${subnets.public}
"##,
        r##"
error: `vpc` is not defined
 --> stack.yaml:8:15
  |
8 |     vpc_id: ${vpc.main.id}
  |               ^^^
  |
  = help: did you mean `vpcs`?

error: `each` has no `ky`
 --> stack.yaml:9:25
  |
9 |     cidr_block: "${each.ky}"
  |                         ^^
  |
  = help: did you mean `key`?

error: there is no `mian` in `vpcs`
  --> stack.yaml:11:20
   |
11 |     vpc_id: ${vpcs.mian.id}
   |                    ^^^^
   |
   = help: did you mean `main`?

error: `each` is known only in a block with `for_each`
  --> stack.yaml:12:20
   |
12 |     cidr_block: "${each.key}"
   |                    ^^^^
   |
   = help: add `manage: {for_each: …}` to the block

error: a bucket has no `arnn`
  --> stack.yaml:15:29
   |
15 |     log_bucket: ${buckets.b.arnn}
   |                             ^^^^
   |
   = help: did you mean `arn`?

error: `subnets.public` is made with `for_each`
  --> stack.yaml:17:29
   |
17 |       one: ${subnets.public.id}
   |                             ^^
   |
   = help: write `subnets.public["…"].id`, or `values(subnets.public).map(x, x.id)`

error: a subnet has no `idd`
  --> stack.yaml:18:34
   |
18 |       two: ${subnets.public["a"].idd}
   |                                  ^^^
   |
   = help: did you mean `id`?

error: a subnet has no `cidr_blok`
  --> stack.yaml:19:48
   |
19 |       three: ${values(subnets.public).map(s, s.cidr_blok).join(",")}
   |                                                ^^^^^^^^^
   |
   = help: did you mean `cidr_block`?

error: `hosts` is a list, and `name` is on each of its elements
  --> stack.yaml:20:31
   |
20 |       four: ${buckets.b.hosts.name}
   |                               ^^^^
   |
   = help: write `[0].name`, or `.map(x, x.name)`

error: `vars` has no `size`
  --> stack.yaml:21:35
   |
21 |       five: "$${vars.size} ${vars.size} and ${locals.x}"
   |                                   ^^^^

error: `locals` has no `x`
  --> stack.yaml:21:54
   |
21 |       five: "$${vars.size} ${vars.size} and ${locals.x}"
   |                                                      ^

error: `stack` is text and has no members
  --> stack.yaml:22:20
   |
22 |       six: ${stack.name}
   |                    ^^^^

error: a bucket has no `arm`
  --> stack.yaml:23:48
   |
23 |       seven: '${environment == "x" ? buckets.b.arm : joyn(["a"], "b")}'
   |                                                ^^^
   |
   = help: did you mean `arn`?

error: there is no function `joyn`
  --> stack.yaml:23:54
   |
23 |       seven: '${environment == "x" ? buckets.b.arm : joyn(["a"], "b")}'
   |                                                      ^^^^
   |
   = help: did you mean `join`?

error: `regions` is reserved for a later version
  --> stack.yaml:26:8
   |
26 |   a: ${regions["x"].buckets.a.id}
   |        ^^^^^^^

error: `size` takes 1 argument, not 0
  --> stack.yaml:27:8
   |
27 |   b: ${size()}
   |        ^^^^
   |
   = help: size(value) -> integer

error: `buckets.b` is no value
  --> stack.yaml:28:8
   |
28 |   c: ${buckets.b}
   |        ^^^^^^^^^
   |
   = help: name one of its attributes, as in `.id`

error: `subnets.public` is no value
  --> stack.yaml:29:8
   |
29 |   d: ${subnets.public}
   |        ^^^^^^^^^^^^^^
   |
   = help: it is made with `for_each`: write `["…"]` or `values(…)`

error: 18 problems
"##,
    );
}

#[test]
fn references_of_another_kind() {
    check(
        r##"
vpcs:
  main: {cidr_block: 10.0.0.0/16}
buckets:
  a: {}
subnets:
  a: {vpc_id: "${buckets.a.id}", cidr_block: 10.0.0.0/24}
pools:
  a: {min_size: 1, max_size: 1, subnet_ids: ["${vpcs.main.id}"]}
"##,
        r##"
error: `vpc_id` takes the `id` of a vpc, and this is a bucket
 --> stack.yaml:8:18
  |
8 |   a: {vpc_id: "${buckets.a.id}", cidr_block: 10.0.0.0/24}
  |                  ^^^^^^^^^^^^

error: `subnet_ids` takes the `id` of a subnet, and this is a vpc
  --> stack.yaml:10:49
   |
10 |   a: {min_size: 1, max_size: 1, subnet_ids: ["${vpcs.main.id}"]}
   |                                                 ^^^^^^^^^^^^

error: 2 problems
"##,
    );
}

#[test]
fn expressions_that_fail() {
    check(
        r##"
variables:
  size: {type: integer, default: 4}
buckets:
  a:
    tags:
      a: ${stack + vars.size}
      b: ${vars.size}
      c: "x${[1]}y"
      d: ${cidr_subnet("10.0.0.0/16", 8, 300)}
      e: >
        folded
        ${stack + environment} text
      f: ${[1, 2][5]}
      g: ${int("x")}
      h: ${file("none.txt")}
    website: '${{"index": "a", "eror": "b"}}'
pools:
  a:
    min_size: ${"2"}
    max_size: ${[1]}
    subnet_ids: ${[1]}
"##,
        r##"
error: `+` cannot add a string and an integer
 --> stack.yaml:8:18
  |
8 |       a: ${stack + vars.size}
  |                  ^
  |
  = help: write `string(x)`, or put it in a text: `"…${x}…"`

error: `b` takes a string, and this is an integer
 --> stack.yaml:9:10
  |
9 |       b: ${vars.size}
  |          ^^^^^^^^^^^^
  |
  = help: write `string(…)`

error: a text cannot hold a list
  --> stack.yaml:10:14
   |
10 |       c: "x${[1]}y"
   |              ^^^
   |
   = help: write `join(x, ",")` or `json(x)`

error: 8 more bits number the subnets 0 to 255
  --> stack.yaml:11:42
   |
11 |       d: ${cidr_subnet("10.0.0.0/16", 8, 300)}
   |                                          ^^^

error: `+` cannot add a string and null
  --> stack.yaml:14:17
   |
14 |         ${stack + environment} text
   |                 ^
   |
   = help: say what to take instead of null: `coalesce(x, "…")`

error: the list has the elements 0 to 1
  --> stack.yaml:15:19
   |
15 |       f: ${[1, 2][5]}
   |                   ^

error: "x" is no integer
  --> stack.yaml:16:16
   |
16 |       g: ${int("x")}
   |                ^^^

error: `none.txt` is not among the files that were saved
  --> stack.yaml:17:17
   |
17 |       h: ${file("none.txt")}
   |                 ^^^^^^^^^^

error: `website` has no field `eror`
  --> stack.yaml:18:14
   |
18 |     website: '${{"index": "a", "eror": "b"}}'
   |              ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
   |
   = help: did you mean `error`?

error: `min_size` takes an integer, and this is a string
  --> stack.yaml:21:15
   |
21 |     min_size: ${"2"}
   |               ^^^^^^
   |
   = help: write `int(…)`

error: `max_size` takes an integer, and this is a list
  --> stack.yaml:22:15
   |
22 |     max_size: ${[1]}
   |               ^^^^^^

error: `subnet_ids` takes a string, and this is an integer
  --> stack.yaml:23:17
   |
23 |     subnet_ids: ${[1]}
   |                 ^^^^^^
   |
   = help: write `string(…)`

error: 12 problems
"##,
    );
}
