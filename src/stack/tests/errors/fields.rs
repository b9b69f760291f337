//! Fields, types, limits and tags.

use super::*;

#[test]
fn unknown_keys_and_fields() {
    check(
        r##"
bucket:
  a: {}
lock: s3://x
modules: {}
buckets:
  a:
    versionin: Enabled
    arn: x
    protect: true
    website: {indx: a, index: b}
    manage: {protct: true, region: us-east-1}
"##,
        r##"
error: `bucket` is neither a kind nor a key of a stack
 --> stack.yaml:3:1
  |
3 | bucket:
  | ^^^^^^
  |
  = help: did you mean `buckets`?

error: `lock` is reserved for a later version
 --> stack.yaml:5:1
  |
5 | lock: s3://x
  | ^^^^

error: `modules` is reserved for a later version
 --> stack.yaml:6:1
  |
6 | modules: {}
  | ^^^^^^^

error: `buckets.a` has no field `versionin`
 --> stack.yaml:9:5
  |
9 |     versionin: Enabled
  |     ^^^^^^^^^
  |
  = help: did you mean `versioning`?

error: `buckets.a` has no field `arn`
  --> stack.yaml:10:5
   |
10 |     arn: x
   |     ^^^
   |
   = help: AWS sets it: it can be read in expressions, not written

error: `buckets.a` has no field `protect`
  --> stack.yaml:11:5
   |
11 |     protect: true
   |     ^^^^^^^
   |
   = help: it stands under `manage`: `manage: {protect: …}`

error: `website` has no field `indx`
  --> stack.yaml:12:15
   |
12 |     website: {indx: a, index: b}
   |               ^^^^
   |
   = help: did you mean `index`?

error: `manage` has no field `protct`
  --> stack.yaml:13:14
   |
13 |     manage: {protct: true, region: us-east-1}
   |              ^^^^^^
   |
   = help: did you mean `protect`?

error: `manage.region` is reserved for a later version
  --> stack.yaml:13:28
   |
13 |     manage: {protct: true, region: us-east-1}
   |                            ^^^^^^

error: 9 problems
"##,
    );
}

#[test]
fn types() {
    check(
        r##"
buckets:
  a: {versioning: true, website: [a], tags: [x], policy: text}
pools:
  a: {min_size: two, max_size: "4", ratio: 1.5, weights: {a: x}, subnet_ids: []}
  b: {min_size: 101, max_size: -1, subnet_ids: one}
vpcs:
  a: {cidr_block: 10.0.0.0, enable_dns: yes}
  b: {cidr_block: {a: 1}, enable_dns: "true"}
"##,
        r##"
error: `versioning` cannot be `true`
 --> stack.yaml:4:19
  |
4 |   a: {versioning: true, website: [a], tags: [x], policy: text}
  |                   ^^^^
  |
  = help: it is one of `Enabled`, `Suspended`

error: `website` takes a map, not a list
 --> stack.yaml:4:34
  |
4 |   a: {versioning: true, website: [a], tags: [x], policy: text}
  |                                  ^^^

error: `tags` takes a map, not a list
 --> stack.yaml:4:45
  |
4 |   a: {versioning: true, website: [a], tags: [x], policy: text}
  |                                             ^^^

error: `policy` takes a document, not text
 --> stack.yaml:4:58
  |
4 |   a: {versioning: true, website: [a], tags: [x], policy: text}
  |                                                          ^^^^
  |
  = help: write it as YAML, or as JSON

error: `min_size` takes an integer, not `two`
 --> stack.yaml:6:17
  |
6 |   a: {min_size: two, max_size: "4", ratio: 1.5, weights: {a: x}, subnet_ids: []}
  |                 ^^^

error: `max_size` takes an integer, not `4`
 --> stack.yaml:6:32
  |
6 |   a: {min_size: two, max_size: "4", ratio: 1.5, weights: {a: x}, subnet_ids: []}
  |                                ^^^
  |
  = help: remove the quotes: 4

error: `ratio` is 0 to 1, not 1.5
 --> stack.yaml:6:44
  |
6 |   a: {min_size: two, max_size: "4", ratio: 1.5, weights: {a: x}, subnet_ids: []}
  |                                            ^^^

error: `a` takes an integer, not `x`
 --> stack.yaml:6:62
  |
6 |   a: {min_size: two, max_size: "4", ratio: 1.5, weights: {a: x}, subnet_ids: []}
  |                                                              ^

error: `subnet_ids` needs at least 1 element, and has 0
 --> stack.yaml:6:78
  |
6 |   a: {min_size: two, max_size: "4", ratio: 1.5, weights: {a: x}, subnet_ids: []}
  |                                                                              ^^

error: `min_size` is 0 to 100, not 101
 --> stack.yaml:7:17
  |
7 |   b: {min_size: 101, max_size: -1, subnet_ids: one}
  |                 ^^^

error: `max_size` is 0 to 100, not -1
 --> stack.yaml:7:32
  |
7 |   b: {min_size: 101, max_size: -1, subnet_ids: one}
  |                                ^^

error: `subnet_ids` takes a list, not `one`
 --> stack.yaml:7:48
  |
7 |   b: {min_size: 101, max_size: -1, subnet_ids: one}
  |                                                ^^^
  |
  = help: write a list: [one]

error: `cidr_block` cannot be `10.0.0.0`
 --> stack.yaml:9:19
  |
9 |   a: {cidr_block: 10.0.0.0, enable_dns: yes}
  |                   ^^^^^^^^
  |
  = help: it matches `[0-9.]+/[0-9]+`

error: `enable_dns` takes `true` or `false`, not `yes`
 --> stack.yaml:9:41
  |
9 |   a: {cidr_block: 10.0.0.0, enable_dns: yes}
  |                                         ^^^
  |
  = help: write `true`

error: `cidr_block` takes a string, not a map
  --> stack.yaml:10:19
   |
10 |   b: {cidr_block: {a: 1}, enable_dns: "true"}
   |                   ^^^^^^

error: `enable_dns` takes `true` or `false`, not `true`
  --> stack.yaml:10:39
   |
10 |   b: {cidr_block: {a: 1}, enable_dns: "true"}
   |                                       ^^^^^^
   |
   = help: remove the quotes: true

error: 16 problems
"##,
    );
}

#[test]
fn enum_values() {
    check(
        r##"
buckets:
  a: {versioning: enabled}
  b: {versioning: Enabeld}
  c: {versioning: x}
"##,
        r##"
error: `versioning` cannot be `enabled`
 --> stack.yaml:4:19
  |
4 |   a: {versioning: enabled}
  |                   ^^^^^^^
  |
  = help: did you mean `Enabled`?

error: `versioning` cannot be `Enabeld`
 --> stack.yaml:5:19
  |
5 |   b: {versioning: Enabeld}
  |                   ^^^^^^^
  |
  = help: did you mean `Enabled`?

error: `versioning` cannot be `x`
 --> stack.yaml:6:19
  |
6 |   c: {versioning: x}
  |                   ^
  |
  = help: it is one of `Enabled`, `Suspended`

error: 3 problems
"##,
    );
}

#[test]
fn required_fields() {
    check(
        r##"
pools:
  a: {}
  b: {min_size: 1, max_size: null}
buckets:
  a: {website: {}}
groups:
  a: {ingress: [{port: 1}, {protocol: tcp}, {protocol: tcp}, {protocol: udp}]}
"##,
        r##"
error: `pools.a` needs `min_size`, `max_size`
 --> stack.yaml:4:3
  |
4 |   a: {}
  |   ^

error: `pools.b` needs `max_size`
 --> stack.yaml:5:3
  |
5 |   b: {min_size: 1, max_size: null}
  |   ^

error: `website` needs `index`
 --> stack.yaml:7:16
  |
7 |   a: {website: {}}
  |                ^^

error: `ingress` takes at most 3 elements, and has 4
 --> stack.yaml:9:16
  |
9 |   a: {ingress: [{port: 1}, {protocol: tcp}, {protocol: tcp}, {protocol: udp}]}
  |                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^

error: `ingress` needs `protocol`
 --> stack.yaml:9:17
  |
9 |   a: {ingress: [{port: 1}, {protocol: tcp}, {protocol: tcp}, {protocol: udp}]}
  |                 ^^^^^^^^^

error: 5 problems
"##,
    );
}

#[test]
fn names_too_long() {
    check(
        r##"
buckets:
  a: {bucket: a-very-long-bucket-name-that-goes-on-and-on-and-on-beyond-sixty-three}
  b: {bucket: ab}
  Camel: {}
  for: {}
"##,
        r##"
error: `bucket` has at most 63 characters, and this has 69
 --> stack.yaml:4:15
  |
4 |   a: {bucket: a-very-long-bucket-name-that-goes-on-and-on-and-on-beyond-sixty-three}
  |               ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^

error: `bucket` has at least 3 characters, and this has 2
 --> stack.yaml:5:15
  |
5 |   b: {bucket: ab}
  |               ^^

error: `Camel` cannot be the name of a bucket
 --> stack.yaml:6:3
  |
6 |   Camel: {}
  |   ^^^^^
  |
  = help: a name is `[a-z][a-z0-9_]*`: small letters, digits and `_`

error: `for` is a reserved word of CEL and never a name
 --> stack.yaml:7:3
  |
7 |   for: {}
  |   ^^^
  |
  = help: choose another name

error: 4 problems
"##,
    );
}

#[test]
fn tags_beyond_limits() {
    check(
        r##"
tags: {"aws:x": a, "trueup:stack": b}
buckets:
  a: {tags: {"": a, "semi;colon": b, value: "a;b"}}
"##,
        r##"
error: the tag `aws:x` begins with `aws:`, which is reserved
 --> stack.yaml:3:8
  |
3 | tags: {"aws:x": a, "trueup:stack": b}
  |        ^^^^^^^

error: the tag `trueup:stack` begins with `trueup:`, which is reserved
 --> stack.yaml:3:20
  |
3 | tags: {"aws:x": a, "trueup:stack": b}
  |                    ^^^^^^^^^^^^^^

error: a tag's key has 1 to 128 characters, and this has 0
 --> stack.yaml:5:14
  |
5 |   a: {tags: {"": a, "semi;colon": b, value: "a;b"}}
  |              ^^

error: the tag key `semi;colon` has a character that AWS does not take
 --> stack.yaml:5:21
  |
5 |   a: {tags: {"": a, "semi;colon": b, value: "a;b"}}
  |                     ^^^^^^^^^^^^
  |
  = help: a tag holds letters, digits, blanks and `_ . : / = + - @`

error: the value of the tag `value` has a character that AWS does not take
 --> stack.yaml:5:38
  |
5 |   a: {tags: {"": a, "semi;colon": b, value: "a;b"}}
  |                                      ^^^^^
  |
  = help: a tag holds letters, digits, blanks and `_ . : / = + - @`

error: 5 problems
"##,
    );
}
