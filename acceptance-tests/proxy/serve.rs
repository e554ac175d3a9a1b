//! Two listeners: plain HTTP for AWS, TLS for the API server; behind each connection one to the server.

use super::{
    intervention::{Intervention, Service, refusal},
    log::{LoggedRequest, State, lock},
};
use crate::servers::Real;
use anyhow::{Context as _, Result, bail};
use http_body_util::{BodyExt as _, Full, combinators::UnsyncBoxBody};
use hyper::{
    HeaderMap, Request, Response,
    body::{Bytes, Incoming},
    client::conn::http1::SendRequest,
    server::conn::http1 as server,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use std::{net::SocketAddr, sync::Arc, time::Instant};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::Mutex,
};
use tokio_rustls::{
    TlsAcceptor, TlsConnector,
    rustls::{
        ClientConfig, RootCertStore, ServerConfig, crypto,
        pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject},
    },
};

/// A server and how it is reached.
struct Upstream {
    service: Service,
    address: SocketAddr,
    tls: Option<TlsConnector>,
    /// What DescribeCluster's endpoint becomes: (the server's own, ours).
    rewrite: Option<(String, String)>,
    state: Arc<State>,
}

type Sender = SendRequest<Full<Bytes>>;
type Reply = Response<UnsyncBoxBody<Bytes, hyper::Error>>;

/// Returns where AWS is.
pub(super) async fn start(real: &Real, state: Arc<State>) -> Result<String> {
    let (aws, kubernetes) = (listener().await?, listener().await?);
    let endpoint = real.cluster.endpoint().url;
    let ours = format!("https://{}", kubernetes.local_addr()?);
    let url = format!("http://{}", aws.local_addr()?);
    let aws_half = Upstream {
        service: Service::Aws,
        address: SocketAddr::from(([127, 0, 0, 1], real.ministack.port)),
        tls: None,
        rewrite: Some((endpoint.clone(), ours)),
        state: state.clone(),
    };
    let address = endpoint.trim_start_matches("https://").parse()?;
    let (connector, acceptor) = tls(real)?;
    let kubernetes_half =
        Upstream { service: Service::Kubernetes, address, tls: Some(connector), rewrite: None, state };
    tokio::spawn(accept(aws, None, Arc::new(aws_half)));
    tokio::spawn(accept(kubernetes, Some(acceptor), Arc::new(kubernetes_half)));
    Ok(url)
}

async fn listener() -> Result<TcpListener> {
    TcpListener::bind(("127.0.0.1", 0)).await.context("no free port")
}

fn tls(real: &Real) -> Result<(TlsConnector, TlsAcceptor)> {
    let (authority, certificate, key) = real.cluster.serving()?;
    let provider = Arc::new(crypto::aws_lc_rs::default_provider());
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(authority.as_bytes())?)?;
    let client = ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let server = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(
            vec![CertificateDer::from_pem_slice(certificate.as_bytes())?],
            PrivateKeyDer::from_pem_slice(key.as_bytes())?,
        )?;
    Ok((TlsConnector::from(Arc::new(client)), TlsAcceptor::from(Arc::new(server))))
}

async fn accept(listener: TcpListener, tls: Option<TlsAcceptor>, upstream: Arc<Upstream>) {
    while let Ok((stream, _)) = listener.accept().await {
        let _ = stream.set_nodelay(true);
        let (tls, upstream) = (tls.clone(), upstream.clone());
        tokio::spawn(async move {
            match tls {
                None => connection(stream, upstream).await,
                Some(tls) => {
                    if let Ok(stream) = tls.accept(stream).await {
                        connection(stream, upstream).await;
                    }
                }
            }
        });
    }
}

/// An error of the service ends the connection: that is how one is cut.
async fn connection(stream: impl AsyncRead + AsyncWrite + Unpin, upstream: Arc<Upstream>) {
    let sender: Arc<Mutex<Option<Sender>>> = Arc::default();
    let service = service_fn(|request| {
        let (upstream, sender) = (upstream.clone(), sender.clone());
        async move { upstream.forward(request, &sender).await.map_err(std::io::Error::other) }
    });
    let _ = server::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

// === impl Upstream ===

impl Upstream {
    async fn forward(&self, request: Request<Incoming>, sender: &Mutex<Option<Sender>>) -> Result<Reply> {
        let (parts, body) = request.into_parts();
        let body = whole(body).await?;
        let path = parts.uri.path_and_query().map(ToString::to_string).unwrap_or_default();
        let logged = LoggedRequest {
            service: self.service,
            action: match self.service {
                Service::Aws => action(&body, &path),
                Service::Kubernetes => String::new(),
            },
            form: match self.service {
                Service::Aws => String::from_utf8_lossy(&body).into_owned(),
                Service::Kubernetes => String::new(),
            },
            method: parts.method.clone(),
            agent: header(&parts.headers, "user-agent"),
            path,
            began: Instant::now(),
            ended: None,
            status: None,
        };
        let ordered = lock(&self.state.rule).as_mut().map_or(Intervention::Pass, |rule| rule(&logged));
        let index = {
            let mut requests = lock(&self.state.requests);
            requests.push(logged.clone());
            requests.len() - 1
        };
        match ordered {
            Intervention::Cut => bail!("cut"),
            Intervention::Refuse(status) => return Ok(at_once(refusal(self.service, &logged.action, status))),
            Intervention::Wait(time) => tokio::time::sleep(time).await,
            Intervention::Pass | Intervention::Lose => {}
        }
        let (parts, body) = self.send(Request::from_parts(parts, Full::new(body)), sender).await?.into_parts();
        let goes_on = self.service == Service::Kubernetes && logged.path.contains("watch=true");
        let whole = match goes_on {
            true => Err(body.boxed_unsync()),
            false => Ok(whole(body).await?),
        };
        if let Some(logged) = lock(&self.state.requests).get_mut(index) {
            logged.ended = Some(Instant::now());
            logged.status = Some(parts.status.as_u16());
        }
        if ordered == Intervention::Lose {
            bail!("the response is lost");
        }
        Ok(match whole {
            Ok(body) => at_once(self.rewritten(Response::from_parts(parts, body))),
            Err(body) => Response::from_parts(parts, body),
        })
    }

    async fn send(&self, request: Request<Full<Bytes>>, sender: &Mutex<Option<Sender>>) -> Result<Response<Incoming>> {
        let mut sender = sender.lock().await;
        if sender.as_ref().is_none_or(Sender::is_closed) {
            *sender = Some(self.connect().await?);
        }
        let open = sender.as_mut().context("no connection")?;
        open.ready().await?;
        Ok(open.send_request(request).await?)
    }

    async fn connect(&self) -> Result<Sender> {
        let stream = TcpStream::connect(self.address).await?;
        stream.set_nodelay(true)?;
        match &self.tls {
            None => handshake(stream).await,
            Some(tls) => handshake(tls.connect(ServerName::try_from("127.0.0.1")?, stream).await?).await,
        }
    }

    fn rewritten(&self, response: Response<Bytes>) -> Response<Full<Bytes>> {
        let (mut parts, body) = response.into_parts();
        let rewritten = self.rewrite.as_ref().and_then(|(theirs, ours)| {
            let mut document: Value = serde_json::from_slice(&body).ok()?;
            let endpoint = document.pointer_mut("/cluster/endpoint")?;
            if endpoint.as_str() != Some(theirs) {
                return None;
            }
            *endpoint = ours.as_str().into();
            Some(Bytes::from(document.to_string()))
        });
        let body = rewritten.unwrap_or(body);
        // The length is the new body's; hyper knows it.
        parts.headers.remove("content-length");
        parts.headers.remove("transfer-encoding");
        Response::from_parts(parts, Full::new(body))
    }
}

fn at_once(response: Response<Full<Bytes>>) -> Reply {
    response.map(|body| body.map_err(|never| match never {}).boxed_unsync())
}

fn header(headers: &HeaderMap, name: &str) -> String {
    let text = headers.get(name).and_then(|value| value.to_str().ok());
    text.unwrap_or_default().to_owned()
}

async fn handshake(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) -> Result<Sender> {
    let (sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    Ok(sender)
}

/// A query's or form's `Action`.
fn action(body: &[u8], path: &str) -> String {
    let query = path.split_once('?').map_or("", |(_, query)| query);
    let body = std::str::from_utf8(body).unwrap_or_default();
    let pairs = body.split('&').chain(query.split('&'));
    pairs.filter_map(|pair| pair.strip_prefix("Action=")).next().unwrap_or_default().to_owned()
}

async fn whole(body: hyper::body::Incoming) -> Result<Bytes> {
    Ok(body.collect().await?.to_bytes())
}
