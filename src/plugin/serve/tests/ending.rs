//! Stop, Shutdown, hanging up, signals: what ends a call, and what ends the server.

use super::harness::{Applied, Client, Clients, Server, create, decode_note, soon, summaries};
use crate::Value;
use std::path::Path;
use tfplugin_proto::{
    goplugin::{
        ConnInfo, Empty, grpc_broker_client::GrpcBrokerClient, grpc_controller_client::GrpcControllerClient,
        grpc_stdio_client::GrpcStdioClient,
    },
    tfplugin6::{self as proto, stop_provider},
};
use tokio::{sync::mpsc, task::JoinHandle};
use tokio_stream::wrappers::ReceiverStream;
use tonic_health::pb::{HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient};

/// An apply that waits to be stopped, once it has certainly begun.
async fn begun(server: &Server, mut client: Client) -> JoinHandle<Applied> {
    let mut begun = server.sample.waiting.subscribe();
    let waiting = tokio::spawn(async move { create(&mut client, "wait").await });
    soon("the apply", begun.changed()).await.expect("the sample lives");
    waiting
}

async fn stop(client: &mut Client) {
    client.stop_provider(stop_provider::Request {}).await.expect("stops");
}

fn assert_partial(response: Applied) {
    assert_eq!(summaries(&response.diagnostics), ["Stopped"]);
    assert_eq!(decode_note(response.new_state).child("id"), &Value::from("wait"), "what exists is in the response");
}

#[tokio::test]
async fn stop_cancels_what_runs_and_nothing_that_comes() {
    let server = Server::plain(Clients::One).await;
    let mut client = server.client().await;
    for round in ["first", "second"] {
        let waiting = begun(&server, client.clone()).await;
        stop(&mut client).await;
        assert_partial(soon(round, waiting).await.expect("no panic"));
        assert!(create(&mut client, "x").await.diagnostics.is_empty(), "it serves on after the {round} stop");
    }
}

#[tokio::test]
async fn stop_concerns_its_own_connection() {
    let server = Server::plain(Clients::Many).await;
    let mut bystander = server.client().await;
    let client = server.client().await;
    let waiting = begun(&server, client.clone()).await;
    stop(&mut bystander).await;
    assert!(create(&mut bystander, "x").await.diagnostics.is_empty());
    assert!(!waiting.is_finished(), "another client's stop is not ours");
    stop(&mut client.clone()).await;
    assert_partial(soon("its own stop", waiting).await.expect("no panic"));
}

#[tokio::test]
async fn hanging_up_cancels_the_work_and_lets_it_finish() {
    let server = Server::plain(Clients::Many).await;
    let waiting = begun(&server, server.client().await).await;
    waiting.abort();
    let _ = waiting.await;
    // The work holds the context until it has ended in its own way.
    soon("the abandoned work", server.sample.connections.closed()).await;
    assert_eq!(*server.sample.finished.borrow(), 1, "it was not dropped half done");
}

#[tokio::test]
async fn shutdown_replies_and_ends_and_removes_the_socket() {
    let server = Server::plain(Clients::One).await;
    let socket = server.endpoint.address.clone();
    // As every go-plugin client does: streams that stay open must not delay the end.
    let (_speak, said) = mpsc::channel::<ConnInfo>(1);
    let channel = server.channel().await;
    let broker = GrpcBrokerClient::new(channel.clone()).start_stream(ReceiverStream::new(said)).await;
    let stdio = GrpcStdioClient::new(channel.clone()).stream_stdio(()).await;
    assert!(broker.is_ok() && stdio.is_ok());
    server.shutdown().await;
    assert!(!Path::new(&socket).exists());
    assert!(!Path::new(&socket).parent().expect("a folder").exists(), "nor the folder");
}

#[tokio::test]
async fn shutdown_of_one_client_is_not_the_end_for_the_others() {
    let server = Server::plain(Clients::Many).await;
    let channel = server.channel().await;
    GrpcControllerClient::new(channel).shutdown(Empty {}).await.expect("a reply");
    assert!(create(&mut server.client().await, "x").await.diagnostics.is_empty());
    assert!(server.runs());
    server.terminate().await;
}

#[tokio::test]
async fn a_signal_lets_work_in_flight_finish() {
    let server = Server::plain(Clients::One).await;
    let waiting = begun(&server, server.client().await).await;
    server.terminate().await;
    assert_partial(soon("the response", waiting).await.expect("no panic"));
}

#[tokio::test]
async fn the_services_of_go_plugin_are_there() {
    let server = Server::plain(Clients::One).await;
    for (reason, service) in [("go-plugin's name", "plugin"), ("the whole server", "")] {
        let request = HealthCheckRequest { service: service.into() };
        let health = HealthClient::new(server.channel().await).check(request).await.expect(reason).into_inner();
        assert_eq!(health.status(), ServingStatus::Serving, "{reason}");
    }
    let stdio = GrpcStdioClient::new(server.channel().await).stream_stdio(()).await.expect("opens");
    let mut stdio = stdio.into_inner();
    let _ = create(&mut server.client().await, "x").await;
    let silent = futures_util::FutureExt::now_or_never(stdio.message()).is_none();
    assert!(silent, "anything on stdio would be logged by core as unexpected");
}

#[tokio::test]
async fn what_is_not_offered_is_unimplemented() {
    let mut client = Server::plain(Clients::One).await.client().await;
    let response = client.get_resource_identity_schemas(proto::get_resource_identity_schemas::Request {}).await;
    let code = response.expect_err("absent").code();
    assert_eq!(code, tonic::Code::Unimplemented, "the one code that clients forgive here");
}
