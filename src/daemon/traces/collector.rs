//! Where spans go: one POST for each batch, bounded in time and size. A collector that is away is said once, and once when it is back.

use crate::tls::{self, TlsError};
use async_trait::async_trait;
use http_body_util::{BodyExt, Full, Limited};
use hyper::{
    Request, Response,
    body::Bytes,
    client::conn::http1,
    header::{self, HeaderName, HeaderValue},
};
use hyper_util::rt::TokioIo;
use opentelemetry_http::{HttpClient, HttpError};
use rustls::ClientConfig;
use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    runtime::Handle,
    time::timeout,
};

const LONGEST: Duration = Duration::from_secs(5);
const LARGEST: usize = 1 << 20;

#[derive(Debug)]
pub struct Collector {
    endpoint: String,
    /// `None`: without TLS.
    tls: Option<Arc<ClientConfig>>,
    headers: Option<PathBuf>,
    runtime: Handle,
    is_away: AtomicBool,
}

/// A connection with or without TLS.
trait Wire: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Wire for T {}

// === impl Collector ===

impl Collector {
    pub fn new(endpoint: &str, ca: Option<&Path>, headers: Option<PathBuf>, runtime: Handle) -> Result<Self, TlsError> {
        let tls = endpoint.starts_with("https://").then(|| tls::client(ca, None, b"http/1.1")).transpose()?;
        Ok(Self { endpoint: endpoint.to_owned(), tls, headers, runtime, is_away: AtomicBool::new(false) })
    }

    fn note(&self, failed: Option<&str>) {
        let was_away = self.is_away.swap(failed.is_some(), Ordering::Relaxed);
        match failed {
            Some(why) if !was_away => {
                tracing::warn!(endpoint = self.endpoint, why, "Traces can't be sent: they are dropped until they can");
            }
            None if was_away => tracing::info!(endpoint = self.endpoint, "Traces are sent again"),
            _ => {}
        }
    }
}

#[async_trait]
impl HttpClient for Collector {
    /// Called on the exporter's own thread, which has no runtime.
    async fn send_bytes(&self, mut request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let sent = async {
            for (name, value) in self.headers.iter().map(|file| headers(file)).collect::<Result<Vec<_>, _>>()?.concat()
            {
                request.headers_mut().insert(name, value);
            }
            let exchange = exchange(request, self.tls.clone());
            let done = self.runtime.spawn(async move { timeout(LONGEST, exchange).await }).await;
            done.map_err(|_| "the runtime has ended".to_owned())?.map_err(|_| "no response in time".to_owned())?
        };
        let sent: Result<Response<Bytes>, String> = sent.await;
        match &sent {
            Ok(response) if response.status().is_success() => self.note(None),
            Ok(response) => self.note(Some(&format!("the response is {}", response.status()))),
            Err(why) => self.note(Some(why)),
        }
        Ok(sent?)
    }
}

async fn exchange(request: Request<Bytes>, tls: Option<Arc<ClientConfig>>) -> Result<Response<Bytes>, String> {
    let (mut parts, body) = request.into_parts();
    let uri = std::mem::take(&mut parts.uri);
    let authority = uri.authority().ok_or("the endpoint names no host")?.clone();
    let host = authority.host().trim_start_matches('[').trim_end_matches(']');
    let text = |error: io::Error| error.to_string();
    let stream: Box<dyn Wire> = match tls {
        Some(tls) => Box::new(tls::connect(host, authority.port_u16().unwrap_or(443), tls).await.map_err(text)?),
        None => Box::new(TcpStream::connect((host, authority.port_u16().unwrap_or(80))).await.map_err(text)?),
    };
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(|error| error.to_string())?;
    parts.uri =
        uri.path_and_query().map_or("/", |path| path.as_str()).parse().map_err(|_| "the endpoint has no path")?;
    let host = HeaderValue::from_str(authority.as_str()).map_err(|error| error.to_string())?;
    parts.headers.insert(header::HOST, host);
    let exchange = async {
        let sent = sender.send_request(Request::from_parts(parts, Full::new(body))).await;
        let (parts, body) = sent.map_err(|error| error.to_string())?.into_parts();
        let body = Limited::new(body, LARGEST).collect().await.map_err(|error| error.to_string())?;
        Ok(Response::from_parts(parts, body.to_bytes()))
    };
    // The connection has to be driven meanwhile, and ends with the response.
    tokio::select! {
        result = exchange => result,
        ended = connection => Err(ended.err().map_or_else(|| "the connection ended".to_owned(), |error| error.to_string())),
    }
}

/// Whoever renews a token writes it there.
fn headers(file: &Path) -> Result<Vec<(HeaderName, HeaderValue)>, String> {
    let wrong = |why: String| format!("{}: {why}", file.display());
    let text = fs::read_to_string(file).map_err(|error| wrong(error.to_string()))?;
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let header = |line: &str| {
        let (name, value) = line.split_once(':').ok_or_else(|| wrong("a line is no `name: value`".to_owned()))?;
        let name = name.trim().parse::<HeaderName>().map_err(|error| wrong(error.to_string()))?;
        let mut value = HeaderValue::from_str(value.trim()).map_err(|error| wrong(error.to_string()))?;
        value.set_sensitive(true);
        Ok((name, value))
    };
    lines.map(header).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    #[test]
    fn headers_are_lines_of_a_file() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(b"Authorization: Bearer a:b\n\nx-tenant:platform\n").unwrap();
        let found = headers(file.path()).unwrap();
        let found: Vec<_> = found.iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap())).collect();
        assert_eq!(found, [("authorization", "Bearer a:b"), ("x-tenant", "platform")]);
        for wrong in ["no header", "a b: c", "a: \u{1}"] {
            fs::write(file.path(), wrong).unwrap();
            let error = headers(file.path()).unwrap_err();
            assert!(error.contains(&file.path().display().to_string()), "{wrong}: {error}");
        }
    }
}
