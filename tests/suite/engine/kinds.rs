//! Invented kinds, with every relation between resources that the engine knows of.

use std::sync::LazyLock;

use trueup::model::address::Address;
use trueup::model::schema::{Attribute, Neighbours, Schema};
use trueup::model::shape::{Equal, Field, Record, Shape};

/// Nets are referred to by most, gates can be had once a net, groups stand in rings, hosts change their groups,
/// mounts need a gate without naming it, roles and profiles are global and have names.
pub fn schemas() -> &'static [Schema] {
    static SCHEMAS: LazyLock<Vec<Schema>> = LazyLock::new(|| {
        let all = [nets(), gates(), groups(), hosts(), mounts(), roles(), profiles()];
        all.map(|schema| {
            let tags = Field::text_map();
            schema.fields([("tags", tags)])
        })
        .into()
    });
    &SCHEMAS
}

fn nets() -> Schema {
    let version = Field::integer(1, i64::MAX).shape;
    Schema::new("nets", "net", Attribute::given("net-{hex17}"))
        .fields([
            ("range", Field::text().required().create_only()),
            ("dns", Field::bool().default(true)),
            ("size", Field::integer(1, 9).left_alone()),
            ("note", Field::text()),
        ])
        .attributes([
            ("arn", Attribute::computed("arn:{partition}:x:{region}:{account}:net/{id}")),
            ("version", Attribute::given("{random}").shape(version).moves()),
        ])
}

fn gates() -> Schema {
    Schema::new("gates", "gate", Attribute::given("gate-{hex17}"))
        .fields([
            ("net_id", Field::text().required().create_only().refers("nets", "id")),
            ("model", Field::one_of(&["old", "new"]).default("old").create_only()),
            ("speed", Field::integer(1, 9).default(1)),
        ])
        .claim("the net", &["net_id"])
}

fn groups() -> Schema {
    let peer = Shape::Record(Record::of([
        ("group_id", Field::text().required().refers("groups", "id")),
        ("port", Field::integer(1, 9).default(1)),
    ]));
    Schema::new("groups", "group", Attribute::given("grp-{hex17}"))
        .fields([
            ("name", Field::text_of(1, 60).left_alone().create_only()),
            ("net_id", Field::text().required().create_only().refers("nets", "id")),
            ("peers", Field::set(peer).deferrable()),
        ])
        .named("name", 60)
        .claim("the name", &["net_id", "name"])
}

fn hosts() -> Schema {
    Schema::new("hosts", "host", Attribute::given("host-{hex8}"))
        .fields([
            ("net_id", Field::text().required().create_only().refers("nets", "id")),
            ("group_ids", Field::set(Field::text().shape).refers("groups", "id")),
            ("profile", Field::text().refers("profiles", "arn").compared(Equal::SameThing)),
            ("image", Field::text().required().create_only()),
            ("steps", Field::list(Field::text().shape)),
        ])
        .attributes([("dns_name", Attribute::given("ip-{random}.{region}.internal"))])
}

fn mounts() -> Schema {
    Schema::new("mounts", "mount", Attribute::given("mnt-{hex12}"))
        .fields([
            ("net_id", Field::text().required().create_only().refers("nets", "id")),
            ("host_id", Field::text().create_only().refers("hosts", "id")),
            ("mode", Field::one_of(&["ro", "rw"]).default("ro")),
        ])
        .needs(gates_of_its_net)
}

/// A mount needs the gates of the net it is in.
fn gates_of_its_net(all: &dyn Neighbours, of: &Address) -> Vec<Address> {
    let net = all.target(of, "net_id");
    all.of_kind("gates").into_iter().filter(|gate| net.is_some() && all.target(gate, "net_id") == net).collect()
}

fn roles() -> Schema {
    Schema::new("roles", "role", Attribute::computed("{name}"))
        .global()
        .fields([
            ("name", Field::text_of(1, 60).left_alone().create_only()),
            ("path", Field::text().default("/").create_only()),
            ("policy", Field::document().compared(Equal::Policy)),
        ])
        .attributes([("arn", Attribute::computed("arn:{partition}:iam::{account}:role/{name}"))])
        .named("name", 60)
        .claim("the name", &["name"])
}

fn profiles() -> Schema {
    Schema::new("profiles", "profile", Attribute::computed("{name}"))
        .global()
        .fields([
            ("name", Field::text_of(1, 60).left_alone().create_only()),
            ("role", Field::text().refers("roles", "name").deferrable()),
        ])
        .attributes([("arn", Attribute::computed("arn:{partition}:iam::{account}:profile/{name}"))])
        .named("name", 60)
        .claim("the name", &["name"])
}
