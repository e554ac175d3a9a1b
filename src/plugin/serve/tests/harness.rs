//! A running server, and clients of it.

use super::sample::Sample;
use crate::{
    Provider, Type, Value,
    serve::{ListenAddress, ServeError, address::Endpoint, life, listener::Listener, tls::Identity},
    server::{ContextSource, Process},
    value::{codec::conform, msgpack},
};
use hyper_util::rt::TokioIo;
use rustls::pki_types::CertificateDer;
use serde_json::{Value as Json, json};
use std::{io, sync::Arc, time::Duration};
use tfplugin_proto::{
    goplugin::{Empty, grpc_controller_client::GrpcControllerClient},
    tfplugin6::{self as proto, provider_client::ProviderClient},
};
use tokio::{net::UnixStream, sync::oneshot, task::JoinHandle};
use tonic::transport::{Channel, Endpoint as Dial};
use tower::service_fn;

pub(super) type Client = ProviderClient<Channel>;
pub(super) type Planned = proto::plan_resource_change::Response;
pub(super) type Applied = proto::apply_resource_change::Response;

/// Far more than anything here takes: a test that hangs must end.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);

pub(super) async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future).await.unwrap_or_else(|_| panic!("{what} takes for ever"))
}

pub(super) struct Server {
    pub(super) sample: Arc<Sample>,
    pub(super) endpoint: Endpoint,
    /// Ours, when the server speaks TLS.
    pub(super) certificate: Option<CertificateDer<'static>>,
    signal: oneshot::Sender<()>,
    served: JoinHandle<Result<(), ServeError>>,
}

#[derive(Clone, Copy)]
pub(super) enum Clients {
    One,
    Many,
}

impl Server {
    pub(super) async fn start(clients: Clients, client_pem: Option<&str>) -> Self {
        let sample = Arc::new(Sample::default());
        let process = Process::new(Arc::clone(&sample) as Arc<dyn Provider>);
        let contexts = match clients {
            Clients::One => ContextSource::one(&process),
            Clients::Many => ContextSource::each(&process),
        };
        let identity = client_pem.map(|pem| Identity::for_client(pem).expect("a certificate"));
        let certificate = identity.as_ref().map(|identity| identity.certificate().to_vec().into());
        let listener = Listener::bind(&ListenAddress::default()).expect("a socket");
        let endpoint = listener.endpoint();
        let (signal, ended) = oneshot::channel();
        // A handle that is dropped sends nothing: the server then runs as long as its test.
        let end = async move {
            if ended.await.is_err() {
                std::future::pending().await
            }
        };
        let tls = identity.map(Identity::into_acceptor);
        let served = tokio::spawn(life::serve(process, contexts, listener, tls, end, None));
        Self { sample, endpoint, certificate, signal, served }
    }

    pub(super) async fn plain(clients: Clients) -> Self {
        Self::start(clients, None).await
    }

    pub(super) async fn stream(&self) -> io::Result<UnixStream> {
        UnixStream::connect(&self.endpoint.address).await
    }

    pub(super) async fn channel(&self) -> Channel {
        let stream = self.stream().await.expect("the server listens");
        channel(stream).await.expect("it speaks HTTP/2")
    }

    pub(super) async fn client(&self) -> Client {
        ProviderClient::new(self.channel().await)
    }

    /// As SIGTERM does.
    pub(super) async fn terminate(self) {
        self.signal.send(()).expect("the server runs");
        soon("the end after a signal", self.served).await.expect("no panic").expect("no error");
    }

    /// As a client does at the end of a phase.
    pub(super) async fn shutdown(self) {
        let channel = self.channel().await;
        GrpcControllerClient::new(channel).shutdown(Empty {}).await.expect("the reply comes first");
        soon("the end after Shutdown", self.served).await.expect("no panic").expect("no error");
    }

    pub(super) fn runs(&self) -> bool {
        !self.served.is_finished()
    }
}

/// HTTP/2 over any one stream.
pub(super) async fn channel<S>(stream: S) -> Result<Channel, tonic::transport::Error>
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
{
    let mut stream = Some(TokioIo::new(stream));
    let dial = service_fn(move |_| {
        let stream = stream.take().ok_or_else(|| io::Error::other("a closed connection is not dialled again"));
        async move { stream }
    });
    Dial::from_static("http://localhost").connect_with_connector(dial).await
}

// === what calls are made of ===

fn note_type() -> Type {
    let texts = ["name", "text", "secret", "id"].map(|name| (name, Type::String));
    Type::object(texts.into_iter().chain([("tags", Type::map(Type::String)), ("length", Type::Number)]))
}

/// A whole `sample_note`; what isn't named is null.
pub(super) fn note(attributes: Json) -> Value {
    conform(attributes.into(), &note_type()).expect("a note")
}

pub(super) fn encode(value: &Value, ty: &Type) -> Option<proto::DynamicValue> {
    Some(proto::DynamicValue { msgpack: msgpack::encode(value, ty).expect("a value"), json: vec![] })
}

pub(super) fn encode_note(value: &Value) -> Option<proto::DynamicValue> {
    encode(value, &note_type())
}

pub(super) fn decode_note(value: Option<proto::DynamicValue>) -> Value {
    msgpack::decode(&value.unwrap_or_default().msgpack, &note_type()).expect("a note")
}

pub(super) fn summaries(diagnostics: &[proto::Diagnostic]) -> Vec<&str> {
    diagnostics.iter().map(|diagnostic| diagnostic.summary.as_str()).collect()
}

pub(super) async fn configure(client: &mut Client, prefix: &str) {
    let config = Value::from(json!({"prefix": prefix}));
    let request = proto::configure_provider::Request {
        config: encode(&config, &Type::object([("prefix", Type::String)])),
        ..Default::default()
    };
    let response = client.configure_provider(request).await.expect("configures").into_inner();
    assert!(response.diagnostics.is_empty(), "{:?}", response.diagnostics);
}

pub(super) async fn plan(client: &mut Client, prior: &Value, config: &Value, private: &[u8]) -> Planned {
    let request = proto::plan_resource_change::Request {
        type_name: "sample_note".into(),
        prior_state: encode_note(prior),
        config: encode_note(config),
        prior_private: private.into(),
        ..Default::default()
    };
    client.plan_resource_change(request).await.expect("plans").into_inner()
}

pub(super) async fn apply(client: &mut Client, prior: &Value, planned: Planned, config: &Value) -> Applied {
    let request = proto::apply_resource_change::Request {
        type_name: "sample_note".into(),
        prior_state: encode_note(prior),
        planned_state: planned.planned_state,
        config: encode_note(config),
        planned_private: planned.planned_private,
        ..Default::default()
    };
    client.apply_resource_change(request).await.expect("applies").into_inner()
}

/// Plan and apply of a new note.
pub(super) async fn create(client: &mut Client, name: &str) -> Applied {
    let config = note(json!({"name": name}));
    let planned = plan(client, &Value::Null, &config, b"").await;
    assert!(planned.diagnostics.is_empty(), "{:?}", planned.diagnostics);
    apply(client, &Value::Null, planned, &config).await
}
