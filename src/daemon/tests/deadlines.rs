//! How long a call may take, for clients that are none of ours.

use super::harness::{DaemonFixture, ensure_of};
use crate::contract::API;
use goldenpath_core::{
    domain::Problem,
    provision::{EnsureRequest, Provisioner as _},
};
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use provisioner_proto::{HelloRequest, OperationRequest, WatchRequest, provisioner_client::ProvisionerClient};
use std::time::Duration;
use tokio::net::UnixStream;
use tonic::{Code, Request, body::Body, transport::Uri};
use tower::service_fn;

const SHORT: Duration = Duration::from_millis(20);

fn within<T>(limit: Duration, message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.set_timeout(limit);
    request
}

#[tokio::test]
async fn a_call_ends_with_its_time_and_its_operation_goes_on() {
    let fixture = DaemonFixture::new();
    let daemon = fixture.start().await;
    // Without tonic's channel, which ends a call by itself when its time is over: what ends here is ended by the daemon.
    let stream = TokioIo::new(UnixStream::connect(fixture.socket()).await.unwrap());
    let (sender, connection) = http2::handshake(TokioExecutor::new(), stream).await.unwrap();
    tokio::spawn(connection);
    let send = service_fn(move |request: http::Request<Body>| {
        let mut sender = sender.clone();
        async move { sender.send_request(request).await }
    });
    let mut api = ProvisionerClient::with_origin(send, Uri::from_static("http://daemon.invalid"));
    api.hello(HelloRequest { api: API, release: "9.9.9".into(), allow: "[]".into(), form: API }).await.unwrap();
    // On a busy machine a call may end before it was heard.
    let mut watching = loop {
        if let Ok(watching) = api.watch(within(SHORT, WatchRequest::default())).await {
            break watching.into_inner();
        }
    };

    let document = serde_json::to_vec(&ensure_of("demo")).unwrap();
    let ensure = || OperationRequest { operation: "one".into(), about: "demo".into(), document: document.clone() };
    let mut late = api.ensure(within(SHORT, ensure())).await.unwrap_err();
    while fixture.engine.ensures() == 0 {
        late = api.ensure(within(SHORT, ensure())).await.unwrap_err();
    }
    let problem: Problem = serde_json::from_slice(late.details()).unwrap();
    assert_eq!((late.code(), problem.code), (Code::DeadlineExceeded, "daemon.deadline"));
    assert!(late.message().contains("20ms that its client gives it"), "{late:?}");
    fixture.engine.release(1);
    let joined = api.ensure(ensure()).await.unwrap().into_inner();
    assert!(joined.operation == "one" && String::from_utf8_lossy(&joined.document).contains("fake.done"));
    assert_eq!(fixture.engine.ensures(), 1, "it was joined, and not begun again");

    let mut seen = vec![];
    while seen.last().is_none_or(|kind| kind != "ended") {
        seen.push(watching.message().await.unwrap().unwrap().kind);
    }
    assert_eq!(seen, ["accepted", "began", "ended"], "a stream stays open");
    daemon.end();
}

#[tokio::test]
async fn an_operation_that_outlives_its_client_is_not_lost() {
    let fixture = DaemonFixture::new();
    let daemon = fixture.start().await;
    let outcome = fixture.client().ensure(EnsureRequest { timeout: SHORT, ..ensure_of("demo") }).await;
    let problem = &outcome.problems[0];
    assert_eq!(problem.code, "daemon.deadline");
    assert!(problem.summary.contains("on demo did not end within 1.02s: watch it"), "nothing was lost: {problem}");
    assert_eq!(fixture.engine.ensures(), 1, "the daemon goes on with it");
    fixture.engine.release(1);
    daemon.end();
}
