use super::*;
use crate::model::address::Address;
use crate::model::delta::{Delta, FieldChange};
use crate::model::owner::{Mark, Owner};
use crate::model::schema::Attribute;
use crate::model::shape::{Effect, Field, Record, Shape};
use crate::model::value::Value;
use crate::world::{TagChange, Token};

/// Networks, machines in them, and globally named buckets.
fn schemas() -> Vec<Schema> {
    let version = Field::integer(1, i64::MAX).shape;
    let rule = Shape::Record(Record::of([("peer_id", Field::text().refers("networks", "id"))]));
    vec![
        Schema::new("networks", "network", Attribute::given("net-{hex17}"))
            .fields([
                ("cidr", Field::text().required().create_only()),
                ("dns", Field::bool().default(true)),
                ("rules", Field::set(rule)),
            ])
            .attributes([("version", Attribute::given("{random}").shape(version).moves())])
            .operations(&["ec2:DescribeNets"], &["ec2:CreateNet", "ec2:ModifyNet", "ec2:DeleteNet"]),
        Schema::new("machines", "machine", Attribute::given("m-{hex8}"))
            .fields([
                ("network_id", Field::text().required().refers("networks", "id")),
                ("image", Field::text()),
                ("secret", Field::text().write_only()),
                ("address", Field::text()),
            ])
            .claim("the address", &["network_id", "address"]),
        Schema::new("buckets", "bucket", Attribute::computed("{bucket}"))
            .fields([("bucket", Field::text_of(3, 20).left_alone().create_only())])
            .attributes([("arn", Attribute::computed("arn:{partition}:s3:::{id}"))])
            .named("bucket", 20)
            .claim("the name", &["bucket"]),
    ]
}

fn map(json: &str) -> Map {
    Value::from(serde_json::from_str::<serde_json::Value>(json).unwrap()).as_map().unwrap().clone()
}

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

fn owner() -> Owner {
    Owner { account: ACCOUNT.into(), stack: "s".into(), environment: None }
}

fn create(sandbox: &Sandbox, address: &str, fields: &str) -> Result<Born, Failure> {
    let address: Address = address.parse().unwrap();
    let fields = map(fields);
    let tags = Mark::new(&owner(), address.clone(), None).to_tags();
    let place = sandbox.place("us-east-1");
    let token = Token::new(&owner(), "us-east-1", &address, None, &fields, &tags);
    let new = New { address: &address, place: &place, fields: &fields, tags: &tags, token };
    run(sandbox.create(sandbox.schema(&address.kind).unwrap(), &new))
}

fn read(sandbox: &Sandbox, kind: &str, ask: &Ask) -> Vec<Live> {
    run(sandbox.discover(sandbox.schema(kind).unwrap(), "us-east-1", ask)).unwrap()
}

fn owned(sandbox: &Sandbox, kind: &str) -> Vec<Live> {
    read(sandbox, kind, &Ask::Owned(owner()))
}

fn update(sandbox: &Sandbox, live: &Live, fields: &str, touched: &str, tags: TagChange) -> Result<Map, Failure> {
    let schema = sandbox.schema(live.kind).unwrap();
    let fields = map(fields);
    let changes = touched.split_whitespace().map(|path| FieldChange {
        path: path.to_owned(),
        before: live.fields.get(path).cloned().unwrap_or_default(),
        after: fields.get(path).cloned().unwrap_or_default(),
        effect: Effect::InPlace,
        sensitive: false,
    });
    let delta = Delta { changes: changes.collect() };
    let place = sandbox.place("us-east-1");
    let token = Token::new(&owner(), "us-east-1", &"a.b".parse().unwrap(), None, &fields, &Map::new());
    run(sandbox.update(schema, &Revision { live, place: &place, fields: &fields, delta: &delta, tags, token }))
}

fn delete(sandbox: &Sandbox, live: &Live, lose_data: bool) -> Result<(), Failure> {
    let place = sandbox.place("us-east-1");
    let schema = sandbox.schema(live.kind).unwrap();
    run(sandbox.delete(schema, &Old { live, place: &place, fields: None, lose_data }))
}

/// Returns a sandbox with a network and a machine in it.
fn peopled() -> (Sandbox, Live, Live) {
    let sandbox = Sandbox::in_memory(schemas());
    let network = create(&sandbox, "networks.main", r#"{"cidr": "10.0.0.0/16"}"#).unwrap();
    let fields =
        format!(r#"{{"network_id": "{}", "image": "ami-1", "secret": "x", "address": "10.0.0.1"}}"#, network.id);
    create(&sandbox, "machines.web", &fields).unwrap();
    let (network, machine) = (owned(&sandbox, "networks").remove(0), owned(&sandbox, "machines").remove(0));
    (sandbox, network, machine)
}

#[test]
fn what_is_created_is_read_back_with_defaults_and_attributes() {
    let (sandbox, network, machine) = peopled();
    assert_eq!(network.fields, map(r#"{"cidr": "10.0.0.0/16", "dns": true}"#));
    assert_eq!(network.attributes["version"], Value::Int(1));
    assert_eq!(network.mark().unwrap().address.to_string(), "networks.main");
    assert!(!machine.fields.contains_key("secret"), "what AWS never tells is not read back");
    create(&sandbox, "buckets.films", r#"{"bucket": "films"}"#).unwrap();
    let named = read(&sandbox, "buckets", &Ask::Named(vec!["films".into(), "other".into()]));
    assert_eq!(named[0].attributes["arn"], "arn:aws:s3:::films".into());
    assert_eq!(read(&sandbox, "networks", &Ask::Ids(vec![network.id.clone(), "net-none".into()])), [network]);
    assert!(read(&sandbox, "networks", &Ask::Owned(Owner { stack: "t".into(), ..owner() })).is_empty());
}

#[test]
fn a_repeated_create_makes_one_resource() {
    let sandbox = Sandbox::in_memory(schemas());
    let one = create(&sandbox, "networks.main", r#"{"cidr": "10.0.0.0/16"}"#).unwrap();
    assert_eq!(create(&sandbox, "networks.main", r#"{"cidr": "10.0.0.0/16"}"#).unwrap(), one);
    assert_ne!(create(&sandbox, "networks.main", r#"{"cidr": "10.1.0.0/16"}"#).unwrap().id, one.id);
    assert_eq!(owned(&sandbox, "networks").len(), 2);
}

#[test]
fn an_id_is_never_given_twice() {
    let (sandbox, network, machine) = peopled();
    delete(&sandbox, &machine, false).unwrap();
    delete(&sandbox, &network, false).unwrap();
    let again = create(&sandbox, "networks.main", r#"{"cidr": "10.0.0.0/16"}"#).unwrap();
    assert_ne!(again.id, network.id);
}

#[test]
fn requests_that_aws_refuses_are_refused() {
    let (sandbox, network, _) = peopled();
    create(&sandbox, "buckets.films", r#"{"bucket": "films"}"#).unwrap();
    let check = |address: &str, fields: &str, class: Class, code: &str| {
        let failure = create(&sandbox, address, fields).unwrap_err();
        assert_eq!((failure.class, failure.code.as_deref()), (class, Some(code)), "{failure}");
    };
    check("networks.b", r#"{}"#, Class::Invalid, "ValidationError");
    check("buckets.b", r#"{}"#, Class::Invalid, "ValidationError");
    check("buckets.b", r#"{"bucket": "films"}"#, Class::Exists, "BucketAlreadyExists");
    let other = create(&sandbox, "networks.other", r#"{"cidr": "10.9.0.0/16"}"#).unwrap();
    let live = read(&sandbox, "networks", &Ask::Ids(vec![other.id.clone()])).remove(0);
    delete(&sandbox, &live, false).unwrap();
    let dangling = format!(r#"{{"network_id": "{}"}}"#, other.id);
    check("machines.b", &dangling, Class::Invalid, "InvalidNetwork.NotFound");
    let taken = format!(r#"{{"network_id": "{}", "address": "10.0.0.1"}}"#, network.id);
    check("machines.b", &taken, Class::Exists, "MachineAlreadyExists");
    create(&sandbox, "machines.c", r#"{"network_id": "net-00123456789abcdef"}"#).unwrap();
}

#[test]
fn an_update_writes_what_the_delta_touches() {
    let (sandbox, network, machine) = peopled();
    let tags = TagChange { set: map(r#"{"team": "video"}"#), remove: vec!["trueup:v".into()] };
    let moved = update(&sandbox, &network, r#"{"cidr": "10.9.0.0/16", "dns": false}"#, "dns", tags).unwrap();
    assert_eq!(moved, map(r#"{"version": 2}"#));
    let after = owned(&sandbox, "networks").remove(0);
    assert_eq!(after.fields, map(r#"{"cidr": "10.0.0.0/16", "dns": false}"#));
    assert!(after.tags.contains_key("team") && !after.tags.contains_key("trueup:v"));
    update(&sandbox, &machine, &format!(r#"{{"network_id": "{}"}}"#, network.id), "image", TagChange::default())
        .unwrap();
    assert!(!owned(&sandbox, "machines")[0].fields.contains_key("image"), "absent and touched is unset");
    let refused = update(&sandbox, &network, r#"{"cidr": "10.9.0.0/16"}"#, "cidr", TagChange::default());
    assert_eq!(refused.unwrap_err().class, Class::Invalid);
}

#[test]
fn what_is_used_is_not_deleted() {
    let (sandbox, network, machine) = peopled();
    let failure = delete(&sandbox, &network, false).unwrap_err();
    assert_eq!((failure.class, failure.code.as_deref()), (Class::InUse, Some("DependencyViolation")));
    assert!(failure.message.contains(&*machine.id), "{failure}");
    delete(&sandbox, &machine, false).unwrap();
    delete(&sandbox, &network, false).unwrap();
    delete(&sandbox, &network, false).unwrap();
    let gone = update(&sandbox, &network, "{}", "dns", TagChange::default()).unwrap_err();
    assert_eq!((gone.class, gone.call.as_str()), (Class::NotFound, "ec2:ModifyNet"));
}

#[test]
fn data_is_lost_only_when_that_is_wanted() {
    let (sandbox, _, machine) = peopled();
    let key = sandbox.another_client().everything().unwrap()[0].key.clone();
    assert_eq!(&*key.kind, "machines");
    sandbox.another_client().fill(&key).unwrap();
    assert_eq!(delete(&sandbox, &machine, false).unwrap_err().class, Class::DataLoss);
    delete(&sandbox, &machine, true).unwrap();
}

#[test]
fn a_plan_cannot_write_and_calls_are_counted() {
    let sandbox = Sandbox::in_memory(schemas());
    sandbox.read_only(true);
    let refused = create(&sandbox, "networks.main", r#"{"cidr": "10.0.0.0/16"}"#).unwrap_err();
    assert_eq!(refused.class, Class::Refused);
    owned(&sandbox, "networks");
    read(&sandbox, "networks", &Ask::Ids(Vec::new()));
    assert_eq!(sandbox.calls(), BTreeMap::from([("ec2:DescribeNets".to_owned(), 1)]));
}

#[test]
fn a_death_leaves_what_was_written() {
    let folder = tempfile::tempdir().unwrap();
    let sandbox = Sandbox::in_folder(folder.path(), schemas()).dying_after(2);
    create(&sandbox, "networks.a", r#"{"cidr": "10.0.0.0/16"}"#).unwrap();
    let died = create(&sandbox, "networks.b", r#"{"cidr": "10.1.0.0/16"}"#).unwrap_err();
    assert!(died.is_code(DIED) && sandbox.is_dead());
    assert!(create(&sandbox, "networks.c", r#"{"cidr": "10.2.0.0/16"}"#).unwrap_err().is_code(DIED));
    let next = Sandbox::in_folder(folder.path(), schemas());
    assert_eq!(owned(&next, "networks").len(), 2);
    assert_eq!(owned(&sandbox.reopened(), "networks").len(), 2);
}

#[test]
fn a_hostile_account_lags_for_a_while() {
    let hostility = Hostility { index_lag_max: 2, stale_reads_max: 2, pending_reads_max: 2, ..Hostility::none() };
    let mut seen = [false; 4];
    for seed in 0..20 {
        let sandbox = Sandbox::in_memory(schemas()).hostile(Hostility { seed, ..hostility.clone() });
        create(&sandbox, "buckets.films", r#"{"bucket": "films"}"#).unwrap();
        seen[0] |= owned(&sandbox, "buckets").is_empty();
        let _ = (owned(&sandbox, "buckets"), owned(&sandbox, "buckets"));
        assert_eq!(read(&sandbox, "buckets", &Ask::Named(vec!["films".into()])).len(), 1);
        assert_eq!(owned(&sandbox, "buckets").len(), 1);
        create(&sandbox, "networks.a", r#"{"cidr": "10.0.0.0/16"}"#).unwrap();
        let live = owned(&sandbox, "networks").remove(0);
        seen[1] |= live.phase == crate::model::live::Phase::Pending;
        update(&sandbox, &live, r#"{"dns": false}"#, "dns", TagChange::default()).unwrap();
        seen[2] |= owned(&sandbox, "networks")[0].fields["dns"] == Value::Bool(true);
        let _ = (owned(&sandbox, "networks"), owned(&sandbox, "networks"));
        assert_eq!(owned(&sandbox, "networks")[0].fields["dns"], Value::Bool(false));
        delete(&sandbox, &live, false).unwrap();
        seen[3] |= owned(&sandbox, "networks").iter().any(|live| live.phase == crate::model::live::Phase::Deleting);
        let _ = (owned(&sandbox, "networks"), owned(&sandbox, "networks"));
        assert!(owned(&sandbox, "networks").is_empty());
    }
    assert_eq!(seen, [true; 4]);
}

#[test]
fn others_come_and_meddle_as_often_as_they_may() {
    let hostility = Hostility { seed: 3, foreign_writes: 2, foreign_resources: 2, ..Hostility::none() };
    let sandbox = Sandbox::in_memory(schemas()).hostile(hostility);
    create(&sandbox, "buckets.films", r#"{"bucket": "films"}"#).unwrap();
    create(&sandbox, "networks.a", r#"{"cidr": "10.0.0.0/16"}"#).unwrap();
    for _ in 0..200 {
        owned(&sandbox, "networks");
    }
    let everything = sandbox.another_client().everything().unwrap();
    assert_eq!(everything.iter().filter(|stored| stored.token.is_none()).count(), 2);
    let weather = sandbox.weather.borrow();
    assert_eq!((weather.hostility.foreign_writes, weather.hostility.foreign_resources), (0, 0));
}

#[test]
fn a_lost_answer_comes_after_the_work() {
    let hostility = Hostility { seed: 1, faults_after: 1, ..Hostility::none() };
    let sandbox = Sandbox::in_memory(schemas()).hostile(hostility);
    let lost = (0..50u8)
        .filter_map(|n| create(&sandbox, &format!("networks.n{n}"), &format!(r#"{{"cidr": "10.{n}.0.0/16"}}"#)).err())
        .collect::<Vec<_>>();
    assert_eq!(lost.iter().map(|failure| failure.class).collect::<Vec<_>>(), [Class::Ambiguous]);
    assert_eq!(owned(&sandbox, "networks").len(), 50);
}
