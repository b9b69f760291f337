//! What a stack means: variables, expressions, `for_each`, names, references.

use super::*;

/// Evaluates one expression in a small stack.
#[track_caller]
fn value(expression: &str, expected: &str) {
    let program = sound(
        "variables:\n  size: {type: integer, default: 4}\n  zones: {type: map, default: {b: 2, a: 1}}\n  secret: {default: hush, sensitive: true}\n\
         locals:\n  prefix: \"${stack + '-x'}\"\n  twice: ${vars.size * 2}\n\
         vpcs:\n  main: {cidr_block: 10.0.0.0/16}\n\
         subnets:\n  public:\n    manage: {for_each: {b: 2, a: 1}}\n    vpc_id: ${vpcs.main.id}\n    cidr_block: '${cidr_subnet(vpcs.main.cidr_block, 8, each.value)}'\n\
         buckets:\n  logs: {versioning: Enabled}\n  off: {manage: {when: false}}\n",
    );
    let found = match program.evaluate(expression, &account()) {
        Ok(value) => value.to_string(),
        Err(problems) => problems.list[0].message.clone(),
    };
    assert_eq!(found, expected, "{expression}");
}

#[test]
fn expressions() {
    for (expression, expected) in [
        ("1 + 2 * 3", "7"),
        ("(1 + 2) * 3 - -1", "10"),
        ("7 / 2", "3"),
        ("7 % 2", "1"),
        ("1.5 + 1", "2.5"),
        ("'a' + \"b\"", "\"ab\""),
        ("[1, 2] + [3]", "[1, 2, 3]"),
        ("vars.size > 3 ? 'big' : 'small'", "\"big\""),
        ("locals.prefix", "\"films-x\""),
        ("locals.twice", "8"),
        ("vars.zones.map(k, k)", "[\"a\", \"b\"]"),
        ("values(vars.zones)", "[1, 2]"),
        ("keys(subnets.public)", "[\"a\", \"b\"]"),
        ("subnets.public['a'].cidr_block", "\"10.0.1.0/24\""),
        ("values(subnets.public).map(s, s.cidr_block)", "[\"10.0.1.0/24\", \"10.0.2.0/24\"]"),
        ("subnets.public.map(k, subnets.public[k].cidr_block)", "[\"10.0.1.0/24\", \"10.0.2.0/24\"]"),
        ("ids(subnets.public)", "[(known after apply), (known after apply)]"),
        ("vpcs.main.id == 'x'", "(known after apply)"),
        ("false && vpcs.main.id == 'x'", "false"),
        ("vpcs.main.id == 'x' || true", "true"),
        ("buckets.logs.arn", "\"arn:aws:s3:::films-logs-123456789012-eu-west-1\""),
        ("buckets.off", "null"),
        ("buckets.off.arn", "null"),
        ("buckets.off == null", "true"),
        ("buckets.logs != null", "true"),
        ("coalesce(buckets.off, buckets.logs).versioning", "\"Enabled\""),
        ("buckets.logs.website", "null"),
        ("has(buckets.logs.website)", "false"),
        ("vpcs.main.enable_dns", "true"),
        ("vars.secret", "(sensitive)"),
        ("'x' + vars.secret", "(sensitive)"),
        ("vars.secret == 'hush'", "(sensitive)"),
        ("size(availability_zones())", "(known after apply)"),
        ("'a' in vars.zones && !('c' in vars.zones)", "true"),
        ("[1, 2, 3].filter(x, x > 1).map(x, x * 2)", "[4, 6]"),
        ("[1, 2].all(x, x > 0) && [1, 2].exists(x, x == 2) && [1, 2].exists_one(x, x == 2)", "true"),
        ("[[1], [2, [3]]].flatten()", "[1, 2, 3]"),
        ("environment == null", "true"),
        ("region + account_id + partition", "\"eu-west-1123456789012aws\""),
        ("{'a': 1, 'b': [2]}.b[0]", "2"),
        ("9223372036854775807 + 1", "the result is no 64-bit integer"),
        ("1 / 0", "this divides by zero"),
        ("'a' + 1", "`+` cannot add a string and an integer"),
        ("nope", "`nope` is not defined"),
        ("[1][3]", "the list has the elements 0 to 0"),
        ("buckets.logs.nope", "a bucket has no `nope`"),
        ("modules.x", "`modules` is reserved for a later version"),
        ("[s].map(s, s)", "`s` is not defined"),
    ] {
        value(expression, expected);
    }
}

#[test]
fn functions() {
    for (expression, expected) in [
        ("base64('hi')", "\"aGk=\""),
        ("base64_decode('aGk=')", "\"hi\""),
        ("json({'a': [1, 2.5, null, true]})", "\"{\\\"a\\\":[1,2.5,null,true]}\""),
        ("json_decode('{\"a\": [1]}').a[0]", "1"),
        ("yaml_decode('a: 012').a", "\"012\""),
        ("sha256('')", "\"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\""),
        ("cidr_subnet('10.0.0.0/16', 8, 255)", "\"10.0.255.0/24\""),
        ("cidr_subnet('fd00::/48', 16, 1)", "\"fd00:0:0:1::/64\""),
        ("cidr_subnet('10.0.0.0/16', 8, 300)", "8 more bits number the subnets 0 to 255"),
        ("cidr_subnet('10.0.0.0/16', 20, 0)", "a /16 has room for 0 to 16 more bits"),
        ("cidr_subnet('10.0.1.0/16', 8, 0)", "\"10.0.1.0/16\" has bits behind its prefix"),
        ("cidr_host('10.0.0.0/24', 5)", "\"10.0.0.5\""),
        ("cidr_host('10.0.0.0/24', -1)", "\"10.0.0.255\""),
        ("cidr_contains('10.0.0.0/8', '10.1.0.0/16')", "true"),
        ("format('%s-%03d %.1f%%', 'a', 7, 2.25)", "\"a-007 2.2%\""),
        ("format('%s')", "the pattern asks for more than the 0 values given"),
        ("'a,b'.split(',').join('-')", "\"a-b\""),
        ("join([1, 'x', true], '')", "\"1xtrue\""),
        ("lookup({'a': 1}, 'b', 2)", "2"),
        ("merge({'a': 1}, {'a': 2, 'b': 3})", "{a: 2, b: 3}"),
        ("range(3) + range(5, 6)", "[0, 1, 2, 5]"),
        ("distinct([1, 1, 2])", "[1, 2]"),
        ("sort(['b', 'a'])", "[\"a\", \"b\"]"),
        ("min(3, 1, 2) + max([4, 5])", "6"),
        ("concat([1], [], [2])", "[1, 2]"),
        ("coalesce(null, 1)", "1"),
        ("'Abc'.lower() + 'Abc'.upper() + ' x '.trim()", "\"abcABCx\""),
        ("'abc'.startsWith('a') && 'abc'.endsWith('c') && 'abc'.contains('b')", "true"),
        ("'abc'.matches('^a.c$')", "true"),
        ("'a'.matches('(')", "this is no regular expression: unclosed group"),
        ("'a-b'.replace('-', '_')", "\"a_b\""),
        ("int('4') + int(2.9)", "6"),
        ("string(1) + string(true)", "\"1true\""),
        ("double('1.5')", "1.5"),
        ("bool('true')", "true"),
        ("indent('a\\nb', 2)", "\"a\\n  b\""),
        ("zipmap(['a'], [1]).a", "1"),
        ("substring('abc', 1)", "\"bc\""),
        ("cidr_subnett('x', 1, 2)", "there is no function `cidr_subnett`"),
        ("join(['a'])", "`join` takes 2 arguments, not 1"),
    ] {
        value(expression, expected);
    }
}

#[test]
fn fields_are_typed_by_the_schema_and_not_by_yaml() {
    let program = sound(
        "buckets:\n  content:\n    versioning: Enabled\n    tags: {answer: no, account: 012345678901, count: 4, empty: ''}\n    website: ~\n\
         pools:\n  web: {min_size: 2, max_size: 10, ratio: 1, weights: {a: 1}}\n",
    );
    assert_eq!(
        fields(&program, "buckets.content", &account()),
        r#"{bucket: "films-content-123456789012-eu-west-1", versioning: "Enabled", tags: {answer: "no", account: "012345678901", count: "4", empty: ""}}"#
    );
    assert_eq!(
        fields(&program, "pools.web", &account()),
        r#"{name: "films-web", min_size: 2, max_size: 10, ratio: 1.0, weights: {a: 1}}"#
    );
    assert_eq!(
        fields(&program, "buckets.content", &Facts::default()).split(',').next(),
        Some("{bucket: (known after apply)")
    );
}

#[test]
fn variables_come_from_the_strongest_source() {
    let text = "variables:\n  a: {default: d}\n  b: {default: d}\n  c: {default: d}\n  e: {default: d}\n  f: {type: list, default: []}\n\
                environments:\n  prod: {variables: {a: env, b: env, c: env, e: env}, region: us-east-1}\n\
                outputs:\n  all: [\"${vars.a}\", \"${vars.b}\", \"${vars.c}\", \"${vars.e}\", \"${vars.f}\", \"${region}\"]\n";
    let inputs = Inputs {
        vars: vec![("a".into(), "var".into()), ("f".into(), "[1, x]".into())],
        var_files: vec!["prod.yaml".into()],
        environment: Some("prod".into()),
        variables_from_env: vec![
            ("c".into(), "TRUEUP".into()),
            ("b".into(), "TRUEUP".into()),
            ("zzz".into(), "1".into()),
        ],
    };
    let program = sound_with(text, &inputs, &[("prod.yaml", "a: file\nb: file\n")]);
    let outputs = program.outputs(&account()).unwrap();
    assert_eq!(outputs["all"].to_string(), r#"["var", "file", "TRUEUP", "env", [1, "x"], "us-east-1"]"#);
    assert_eq!(program.environment().map(|name| &**name), Some("prod"));
}

#[test]
fn the_stacks_tags_lie_under_those_of_a_resource() {
    let program = sound("tags: {team: video, stage: '${stack}'}\nbuckets:\n  a: {tags: {team: audio}}\n  b: {}\n");
    assert!(fields(&program, "buckets.a", &account()).ends_with(r#"tags: {team: "audio", stage: "films"}}"#));
    assert!(fields(&program, "buckets.b", &account()).ends_with(r#"tags: {team: "video", stage: "films"}}"#));
}

#[test]
fn a_layout_has_every_instance_and_its_references() {
    let program = sound(
        "vpcs:\n  main: {cidr_block: 10.0.0.0/16}\n\
         subnets:\n  public:\n    manage: {for_each: [a, b]}\n    vpc_id: ${vpcs.main.id}\n    cidr_block: '${\"10.0.\" + (each.key == \"a\" ? \"1\" : \"2\") + \".0/24\"}'\n\
         groups:\n  one: {vpc_id: '${vpcs.main.id}', manage: {for_each: '${subnets.public}'}, ingress: [{protocol: tcp, source: '${groups.one[\"a\"].id}'}]}\n\
         pools:\n  web: {min_size: 1, max_size: 1, subnet_ids: '${values(subnets.public).map(s, s.id)}', manage: {depends_on: [groups.one], timeout: 1h30m, protect: true, ignore: [tags.build]}}\n  \
         one: {min_size: 1, max_size: 1, subnet_ids: ['${subnets.public[locals.key].id}'], manage: {when: '${locals.key == \"b\"}', moved_from: pools.old}}\n\
         locals: {key: b}\n",
    );
    let layout = program.layout(&account()).unwrap();
    let found: Vec<String> = layout
        .resources
        .values()
        .map(|resource| {
            let references: Vec<String> =
                resource.references.iter().map(|to| format!("{}: {}.{}", to.field, to.to, to.attribute)).collect();
            format!("{} [{}]", resource.address, references.join(", "))
        })
        .collect();
    assert_eq!(
        found,
        [
            "vpcs.main []",
            "subnets.public/a [vpc_id: vpcs.main.id]",
            "subnets.public/b [vpc_id: vpcs.main.id]",
            "groups.one/a [vpc_id: vpcs.main.id, ingress: groups.one/a.id]",
            "groups.one/b [vpc_id: vpcs.main.id, ingress: groups.one/a.id]",
            "pools.web [subnet_ids: subnets.public/a.id, subnet_ids: subnets.public/b.id]",
            "pools.one [subnet_ids: subnets.public/b.id]",
        ]
    );
    let manage = &layout.resources[&"pools.web".parse::<Address>().unwrap()].manage;
    assert_eq!(manage.depends_on.len(), 2);
    assert_eq!(manage.timeout.map(|timeout| timeout.as_secs()), Some(5400));
    assert!(manage.protect && manage.ignore == [key_of("tags.build")]);
}

#[test]
fn facts_win_over_what_the_stack_says() {
    let program =
        sound("buckets:\n  a: {}\n  b: {log_bucket: '${buckets.a.bucket}', tags: {etag: '${buckets.a.etag}'}}\n");
    let mut facts = account();
    assert!(fields(&program, "buckets.b", &facts).contains("etag: (known after apply)"));
    facts.attributes.insert(
        "buckets.a".parse().unwrap(),
        [("etag".into(), "e1".into()), ("bucket".into(), "settled".into())].into_iter().collect(),
    );
    let found = fields(&program, "buckets.b", &facts);
    assert!(found.contains(r#"etag: "e1""#) && found.contains(r#"log_bucket: "settled""#), "{found}");
    assert!(fields(&program, "buckets.a", &facts).contains(r#"bucket: "settled""#));
    assert!(program.is_default_name(&"buckets.a".parse().unwrap()));
}

#[test]
fn files_and_templates() {
    let text = "outputs: {u: '${template(\"u.txt\", {\"name\": 1})}'}\nbuckets:\n  a: {policy: '${file(\"policy.json\")}', tags: {greeting: '${template(\"t.txt\", {\"name\": \"you\"})}'}}\n";
    let files =
        [("policy.json", r#"{"Statement": []}"#), ("t.txt", "hello ${name.upper()}"), ("u.txt", "a ${name} $${x} $5")];
    let program = sound_with(text, &Inputs::default(), &files);
    let found = fields(&program, "buckets.a", &account());
    assert!(found.contains("policy: {Statement: []}") && found.contains("hello YOU"), "{found}");
    assert_eq!(program.outputs(&account()).unwrap()["u"], "a 1 ${x} $5".into());
    assert_eq!(program.sources().len(), 4);
}

#[test]
fn outputs_keep_their_secrets() {
    let program = sound(
        "variables: {key: {default: hush, sensitive: true}}\nbuckets: {a: {secret: '${vars.key}'}}\n\
         outputs:\n  plain: '${vars.key}'\n  long: {value: x, description: 'An x.', sensitive: true}\n  field: '${buckets.a.secret}'\n",
    );
    let outputs = program.outputs(&account()).unwrap();
    assert!(outputs.values().all(Value::is_sensitive), "{outputs:?}");
    assert_eq!(program.output_description("long").map(|text| &**text), Some("An x."));
}

#[test]
fn zones_may_decide_what_there_is_and_wait_for_the_account() {
    let program = sound(
        "vpcs:\n  main: {cidr_block: 10.0.0.0/16}\n\
         subnets:\n  public:\n    manage: {for_each: '${availability_zones()}'}\n    vpc_id: ${vpcs.main.id}\n    cidr_block: '${cidr_subnet(vpcs.main.cidr_block, 8, size(each.key))}'\n\
         pools:\n  web: {min_size: 1, max_size: 1, subnet_ids: '${ids(subnets.public)}'}\n",
    );
    assert!(program.uses_zones());
    assert!(program.layout(&account()).is_err());
    let mut facts = account();
    facts.zones.insert("eu-west-1".into(), vec!["eu-west-1a".into()]);
    let layout = program.layout(&facts).unwrap();
    assert_eq!(
        layout.resources.keys().map(ToString::to_string).collect::<Vec<_>>(),
        ["vpcs.main", "subnets.public/eu-west-1a", "pools.web"]
    );
}
