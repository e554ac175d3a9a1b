//! What is resumed after a kill: under the rules of now, and as whoever asked for it. And what its client hears of it.

use super::{
    harness::{DaemonFixture, ensure_of, until},
    issuer::now,
    network::{Network, rules},
};
use crate::{Address, Client, ClientOptions, Listen, TokenSource};
use goldenpath_core::provision::Provisioner as _;
use serde_json::json;
use std::fs;

#[tokio::test(flavor = "multi_thread")]
async fn an_operation_is_resumed_under_the_rules_of_now() {
    let mut network = Network::start().await;
    let token = || Some(TokenSource::Text(network.issuer.token(json!({}))));
    let client = network.client(None, token());
    let waiting = tokio::spawn(async move { client.ensure(ensure_of("demo")).await });
    until(|| network.fixture.engine.ensures() == 1).await;
    network.daemon.take().unwrap().kill();
    waiting.abort();
    let mut fewer = rules();
    fewer.remove(0);
    network.daemon = Some(network.serve(fewer).await);
    network.daemon.take().unwrap().end();
    assert_eq!(network.fixture.engine.ensures(), 1, "whoever has no rule any more has nothing finished");
    network.daemon = Some(network.serve(rules()).await);
    network.daemon.take().unwrap().end();
    assert_eq!(network.fixture.engine.ensures(), 1, "and it has ended for good");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_is_resumed_as_whoever_asked_for_it() {
    let mut network = Network::start_on(DaemonFixture::with_sessions()).await;
    let in_session = network.fixture.in_session.clone().unwrap();
    let mut waiting = vec![];
    // Two runs of one pipeline, whose tokens have one subject.
    for (person, cluster) in [("jo@acme.example", "demo"), ("max@acme.example", "other")] {
        let token = network.issuer.token(json!({ "email": person }));
        let client = network.client(None, Some(TokenSource::Text(token)));
        waiting.push(tokio::spawn(async move { client.ensure(ensure_of(cluster)).await }));
    }
    until(|| in_session.ensures() == 2).await;
    network.daemon.take().unwrap().kill();
    waiting.iter().for_each(tokio::task::JoinHandle::abort);
    network.daemon = Some(network.serve(rules()).await);
    until(|| in_session.ensures() == 4).await;
    let sessions = network.fixture.scopes().into_iter().filter_map(|scope| scope.session);
    let mut people: Vec<_> = sessions.map(|session| (session.about.to_string(), session.person.unwrap())).collect();
    people.sort();
    let own = [("demo", "jo@acme.example"), ("other", "max@acme.example")];
    let twice: Vec<_> =
        own.iter().flat_map(|(about, person)| vec![((*about).to_owned(), (*person).to_owned()); 2]).collect();
    assert_eq!(people, twice, "as AWS sees it, before the kill and after it");
    in_session.release(9);
    network.daemon.take().unwrap().end();
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_comes_back_without_a_valid_token_hears_of_what_it_has_sent() {
    let mut network = Network::start().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    fs::write(&file, network.issuer.token(json!({}))).unwrap();
    // The next daemon is at the same address.
    let socket = network.fixture.socket();
    let options = ClientOptions {
        address: Address::Unix(socket.clone()),
        endpoint: "unix:///daemon.sock".into(),
        token: Some(TokenSource::File(file.clone())),
    };
    network.daemon.take().unwrap().end();
    network.daemon = Some(network.serve_on(vec![Listen::Unix(socket.clone())], rules()).await);
    let client = Client::new(options, &[]);
    let waiting = tokio::spawn(async move { client.ensure(ensure_of("demo")).await });
    until(|| network.fixture.engine.ensures() == 1).await;
    fs::write(&file, network.issuer.token(json!({ "exp": now() - 60 }))).unwrap();
    network.daemon.take().unwrap().kill();
    network.daemon = Some(network.serve_on(vec![Listen::Unix(socket)], rules()).await);
    let problem = waiting.await.unwrap().problems.remove(0);
    assert!(problem.code == "daemon.token" && problem.summary.contains("get a new one"), "{problem}");
    assert!(problem.detail.contains("on demo was sent before"), "its operation may go on: {problem}");
    network.fixture.engine.release(9);
    network.daemon.take().unwrap().end();
}
