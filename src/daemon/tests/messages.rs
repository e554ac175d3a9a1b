//! What no client of ours sends.

use super::harness::{DaemonFixture, ensure_of};
use crate::contract::{API, LARGEST_MESSAGE};
use goldenpath_core::{domain::Problem, provision::Provisioner};
use hyper_util::rt::TokioIo;
use provisioner_proto::{
    HealthRequest, HelloRequest, OperationRequest, ReadRequest, provisioner_client::ProvisionerClient,
};
use tokio::{io::AsyncWriteExt, net::UnixStream};
use tonic::{
    Code, Status,
    transport::{Channel, Endpoint, Uri},
};
use tower::service_fn;

async fn raw(fixture: &DaemonFixture) -> ProvisionerClient<Channel> {
    let socket = fixture.socket();
    let connector = service_fn(move |_: Uri| {
        let socket = socket.clone();
        async move { UnixStream::connect(socket).await.map(TokioIo::new) }
    });
    let endpoint = Endpoint::from_static("http://daemon.invalid");
    ProvisionerClient::new(endpoint.connect_with_connector(connector).await.unwrap())
}

fn code_of(status: &Status) -> String {
    serde_json::from_slice::<Problem>(status.details()).map(|problem| problem.code.to_owned()).unwrap_or_default()
}

fn hello(api: u32, allow: &str) -> HelloRequest {
    // Of a newer client, as the release before says them.
    let form = if api > API { API } else { 0 };
    HelloRequest { api, release: "9.9.9".into(), allow: allow.into(), form }
}

#[tokio::test]
async fn messages_of_others_are_refused_and_harm_nobody() {
    let fixture = DaemonFixture::new();
    let daemon = fixture.start().await;
    let mut api = raw(&fixture).await;
    let early = api.only_cluster(ReadRequest::default()).await.unwrap_err();
    assert_eq!(early.code(), Code::Unauthenticated, "before a greeting");
    let far = api.hello(hello(API + 2, "[]")).await.unwrap_err();
    assert_eq!((far.code(), code_of(&far).as_str()), (Code::FailedPrecondition, "daemon.version"));
    let loose = api.hello(hello(API, r#"[{"team": ["pay"]}]"#)).await.unwrap_err();
    assert_eq!(code_of(&loose), "daemon.request", "a misspelt bound is not no bound");
    api.hello(hello(API + 1, "[]")).await.expect("a neighbour");

    let document = serde_json::to_vec(&ensure_of("demo")).unwrap();
    // What a client has no say in is no field of a request, at any depth.
    let forged = |place: &str, field: &str| {
        let mut request = serde_json::to_value(ensure_of("demo")).unwrap();
        request.pointer_mut(place).unwrap()[field] = serde_json::json!({ "teams": ["shop"] });
        serde_json::to_vec(&request).unwrap()
    };
    for (place, field) in [
        ("", "catalogue"),
        ("", "bounds"),
        ("", "allow"),
        ("", "target"),
        ("", "caller"),
        ("", "session"),
        ("/spec", "golden_paths"),
        ("/spec/request", "verifies"),
    ] {
        let message =
            OperationRequest { operation: "one".into(), about: "demo".into(), document: forged(place, field) };
        let refused = api.ensure(message).await.expect_err(field);
        assert_eq!(code_of(&refused), "daemon.request", "{place} {field}: {refused:?}");
    }
    for document in [&br#"{"id":"demo","catalogue":[]}"#[..], br#"["demo"]"#, b"\xff"] {
        let message = ReadRequest { about: "demo".into(), document: document.to_vec() };
        assert_eq!(code_of(&api.find(message).await.unwrap_err()), "daemon.request", "{document:?}");
    }
    for (operation, about, document, reason) in [
        ("one", "demo", b"{".to_vec(), "half a document"),
        ("one", "demo", b"{}".to_vec(), "an empty one"),
        ("one", "other", document.clone(), "about something else"),
        ("", "demo", document.clone(), "without an id"),
        ("../../x", "demo", document.clone(), "an id that is a path"),
        ("one", "demo", [b"[".repeat(100_000), b"]".repeat(100_000)].concat(), "a deep one"),
    ] {
        let message = OperationRequest { operation: operation.into(), about: about.into(), document };
        let refused = api.ensure(message).await.expect_err(reason);
        assert_eq!(code_of(&refused), "daemon.request", "{reason}: {refused:?}");
    }
    let long = "x".repeat(1 << 20);
    for (operation, about) in [(long.as_str(), "demo"), ("one", long.as_str())] {
        let message = OperationRequest { operation: operation.into(), about: about.into(), document: document.clone() };
        assert_eq!(code_of(&api.ensure(message).await.unwrap_err()), "daemon.request");
    }
    let kept = std::fs::metadata(fixture.audit()).unwrap().len();
    assert!(kept < 100_000, "nothing is ever taken out of a ledger, which holds {kept} bytes");
    assert_eq!(fixture.engine.ensures(), 0, "none of them began");

    let large = ReadRequest { about: String::new(), document: vec![b' '; LARGEST_MESSAGE + 1] };
    let refused = raw(&fixture).await.max_encoding_message_size(usize::MAX).find(large).await.unwrap_err();
    assert_eq!(refused.code(), Code::OutOfRange, "{refused:?}");
    let mut noise = UnixStream::connect(fixture.socket()).await.unwrap();
    noise.write_all(&[0xff; 100_000]).await.ok();

    let health = api.health(HealthRequest {}).await.unwrap().into_inner();
    assert_eq!(health.running_operations, 0);
    assert_eq!(fixture.client().only_cluster().await.unwrap(), None, "others are served as before");
    daemon.end();
}
