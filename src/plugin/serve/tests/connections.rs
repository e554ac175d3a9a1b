//! One process, many clients: each has its own configuration, and leaves nothing behind.

use super::harness::{Clients, Server, configure, create, decode_note, soon};
use crate::Value;

#[tokio::test]
async fn two_connections_have_two_configurations() {
    let server = Server::plain(Clients::Many).await;
    let (mut first, mut second) = (server.client().await, server.client().await);
    configure(&mut first, "a-").await;
    configure(&mut second, "b-").await;
    let ids = [create(&mut first, "x").await, create(&mut second, "x").await]
        .map(|applied| decode_note(applied.new_state).child("id").clone());
    assert_eq!(ids, [Value::from("a-x"), Value::from("b-x")]);
}

#[tokio::test]
async fn configuring_again_wins() {
    let server = Server::plain(Clients::Many).await;
    let mut client = server.client().await;
    for prefix in ["a-", "b-"] {
        configure(&mut client, prefix).await;
        let applied = create(&mut client, "x").await;
        assert_eq!(decode_note(applied.new_state).child("id"), &Value::from(format!("{prefix}x")));
    }
}

#[tokio::test]
async fn a_closed_connection_frees_its_state() {
    let server = Server::plain(Clients::Many).await;
    let mut client = server.client().await;
    configure(&mut client, "a-").await;
    assert_eq!(server.sample.connections.receiver_count(), 1);
    drop(client);
    soon("freeing the connection", server.sample.connections.closed()).await;
}

#[tokio::test]
async fn a_client_that_dials_again_is_still_the_one_that_configured_its_child() {
    let server = Server::plain(Clients::One).await;
    configure(&mut server.client().await, "a-").await;
    let applied = create(&mut server.client().await, "x").await;
    assert_eq!(decode_note(applied.new_state).child("id"), &Value::from("a-x"));
}
