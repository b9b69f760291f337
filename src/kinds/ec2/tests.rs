//! EC2 on the wire, where no emulator does it: lost answers, used-up tokens.

use super::once::{create_within, walk_tokens};
use super::*;
use crate::aws::stub::{Reply, Stub};
use crate::kinds::internet_gateways::InternetGateways;
use crate::model::address::Address;
use crate::model::owner::{Mark, Owner};
use crate::model::schema::Place;
use crate::model::value::Map;
use crate::world::{New, Token};

const READS: &[&str] = &["ec2:DescribeInternetGateways"];
const MADE: Reply = Reply::Answer(
    200,
    "<CreateInternetGatewayResponse><internetGateway><internetGatewayId>igw-new</internetGatewayId>\
     </internetGateway></CreateInternetGatewayResponse>",
);
const NONE: Reply =
    Reply::Answer(200, "<DescribeInternetGatewaysResponse><internetGatewaySet/></DescribeInternetGatewaysResponse>");

/// What DescribeInternetGateways says of one gateway of `internet_gateways.way`, with a further tag.
const OURS: Reply = Reply::Answer(
    200,
    "<DescribeInternetGatewaysResponse><internetGatewaySet><item><internetGatewayId>igw-ours</internetGatewayId>\
     <tagSet><item><key>trueup:stack</key><value>s</value></item><item><key>trueup:v</key><value>1</value></item>\
     <item><key>trueup:address</key><value>internet_gateways.way</value></item>\
     <item><key>team</key><value>video</value></item></tagSet></item></internetGatewaySet>\
     </DescribeInternetGatewaysResponse>",
);
const REPLACED: Reply = Reply::Answer(
    200,
    "<DescribeInternetGatewaysResponse><internetGatewaySet><item><internetGatewayId>igw-old</internetGatewayId>\
     <tagSet><item><key>trueup:stack</key><value>s</value></item><item><key>trueup:v</key><value>1</value></item>\
     <item><key>trueup:address</key><value>internet_gateways.way</value></item>\
     <item><key>trueup:replaced-by</key><value>next</value></item></tagSet></item></internetGatewaySet>\
     </DescribeInternetGatewaysResponse>",
);

fn owner() -> Owner {
    Owner { account: "123456789012".into(), stack: "s".into(), environment: None }
}

fn wanted() -> Map {
    Mark::new(&owner(), Address::new("internet_gateways", "way"), None).to_tags()
}

/// Creates a gateway against these replies; returns its id and how many requests of each kind were sent.
async fn create(replies: &[Reply]) -> (Result<String, Failure>, usize) {
    let stub = Stub::start(replies);
    let aws = stub.clients(READS);
    let tags = wanted();
    let made = create_within(Duration::ZERO, &InternetGateways, &aws, &tags, async || {
        let made = aws.ec2.create_internet_gateway().send().await?;
        id_of(made.internet_gateway.and_then(|gateway| gateway.internet_gateway_id))
    });
    let made = made.await;
    (made, stub.requests().iter().filter(|request| request.contains("CreateInternetGateway")).count())
}

#[tokio::test]
async fn what_was_made_although_no_answer_came_is_found() {
    let (made, creates) = create(&[Reply::Drop, OURS]).await;
    assert_eq!((made.unwrap().as_str(), creates), ("igw-ours", 1));
}

#[tokio::test]
async fn what_is_nowhere_to_be_found_is_created_again() {
    let (made, creates) = create(&[Reply::Drop, NONE, MADE]).await;
    assert_eq!((made.unwrap().as_str(), creates), ("igw-new", 2));
}

#[tokio::test]
async fn what_is_being_replaced_is_not_its_successor() {
    let (made, creates) = create(&[Reply::Drop, REPLACED, MADE]).await;
    assert_eq!((made.unwrap().as_str(), creates), ("igw-new", 2));
}

#[tokio::test]
async fn the_tries_end() {
    let (made, creates) = create(&[Reply::Drop, NONE, Reply::Drop, NONE, Reply::Drop, NONE]).await;
    assert_eq!((made.unwrap_err().class, creates), (Class::Ambiguous, 3));
}

/// Walks the tokens: each answers as told, and Describe with these replies. Returns the id and the tokens used.
async fn walk(answers: &[Result<&str, &str>], describes: &[Reply]) -> (String, usize) {
    let (address, tags, fields) = (Address::new("internet_gateways", "way"), wanted(), Map::new());
    let place = Place { account: "123456789012".into(), region: "us-east-1".into(), partition: "aws".into() };
    let token = Token::new(&owner(), "us-east-1", &address, None, &fields, &tags);
    let tokens: Vec<String> = (0..9).map(|n| token.nth(n)).collect();
    let new = New { address: &address, place: &place, fields: &fields, tags: &tags, token };
    let stub = Stub::start(describes);
    let used = std::cell::Cell::new(0);
    let aws = stub.clients(READS);
    let id = walk_tokens(Duration::ZERO, &InternetGateways, &aws, &new, async |token| {
        let n = used.replace(used.get() + 1);
        assert_eq!(token, tokens[n]);
        answers[n].map(str::to_owned).map_err(|code| {
            let mut failure = Failure::new(Class::Invalid, "refused");
            failure.code = Some(code.to_owned());
            failure
        })
    });
    (id.await.unwrap(), used.get())
}

#[tokio::test]
async fn a_used_up_token_gives_way_to_the_next() {
    let mismatch = Err("IdempotentParameterMismatch");
    assert_eq!(walk(&[Ok("igw-ours")], &[OURS]).await, ("igw-ours".to_owned(), 1));
    assert_eq!(walk(&[mismatch, Ok("igw-ours")], &[NONE, OURS]).await, ("igw-ours".to_owned(), 2));
    // The reply names something that is deleted, and nothing else is ours.
    assert_eq!(walk(&[Ok("igw-gone"), Ok("igw-ours")], &[NONE, NONE, OURS]).await, ("igw-ours".to_owned(), 2));
    // Somebody used the token for what is ours already.
    assert_eq!(walk(&[mismatch], &[OURS]).await, ("igw-ours".to_owned(), 1));
}

#[test]
fn ids_go_into_filters_of_bounded_size() {
    let ids: Vec<_> = (0..450).map(|n| format!("vpc-{n}").into()).collect();
    let calls = filters(&Ask::Ids(ids), "vpc-id", None);
    let sizes: Vec<_> = calls.iter().map(|call| call[0].values().len()).collect();
    assert_eq!(sizes, [200, 200, 50]);
}

#[test]
fn an_owner_is_found_by_its_tags() {
    let owner = Owner { environment: Some("prod".into()), ..owner() };
    let calls = filters(&Ask::Owned(owner), "vpc-id", None);
    let names: Vec<_> = calls[0].iter().filter_map(Filter::name).collect();
    assert_eq!(names, ["tag:trueup:stack", "tag:trueup:env"]);
    assert!(filters(&Ask::Named(vec!["x".into()]), "vpc-id", None).is_empty());
}
