//! A daemon's page at a loopback port, for the browser of whoever runs the command: each request goes on to the daemon with the
//! caller's own token or certificate, which no browser could show on a unix socket, and few can over TLS.
//!
//! Other users of the machine reach the port as well, and so does any page that a browser has open. So the first address holds a key that
//! only the command prints; the browser keeps it in a cookie that no script reads and no other site's page sends; and a request
//! that names another host is refused, since a name that somebody else resolves to the loopback address is of somebody else's page.

use super::{
    ClientOptions,
    connection::{Address, authorization, own_socket},
};
use crate::{error::DaemonError, tls};
use aws_lc_rs::{constant_time::verify_slices_are_equal, rand};
use http_body_util::{BodyExt, Empty, Full, combinators::BoxBody};
use hyper::{
    Method, Request, Response, StatusCode, Uri,
    body::{Bytes, Incoming},
    client, header,
    header::{HeaderMap, HeaderValue},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::{convert::Infallible, error::Error, fmt::Write as _, net::Ipv4Addr, sync::Arc, time::Duration};
use tokio::{
    net::{TcpListener, TcpStream},
    time::sleep,
};

const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// The name that has to stand in a request over a unix socket; it is never looked up.
const NO_HOST: &str = "page.invalid";

type Body = BoxBody<Bytes, hyper::Error>;

struct Proxy {
    options: ClientOptions,
    port: u16,
    key: String,
}

/// Until it is dropped. `port`: 0 for any; `listening` is called with the address for the browser.
pub async fn serve_page(
    options: ClientOptions,
    port: u16,
    listening: impl FnOnce(&str),
) -> Result<Infallible, DaemonError> {
    let address = (Ipv4Addr::LOCALHOST, port).into();
    let failed = |source| DaemonError::Address { address, source };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let port = listener.local_addr().map_err(failed)?.port();
    let proxy = Arc::new(Proxy { options, port, key: key().map_err(failed)? });
    listening(&format!("http://127.0.0.1:{port}/?key={}", proxy.key));
    loop {
        match listener.accept().await {
            Ok((stream, _)) => drop(tokio::spawn(proxy.clone().connection(stream))),
            Err(_) => sleep(ACCEPT_PAUSE).await,
        }
    }
}

/// Nobody guesses it.
fn key() -> std::io::Result<String> {
    let mut bytes = [0; 16];
    rand::fill(&mut bytes).map_err(|_| std::io::Error::other("no random numbers"))?;
    Ok(bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    }))
}

// === impl Proxy ===

impl Proxy {
    async fn connection(self: Arc<Self>, stream: TcpStream) {
        let respond = service_fn(move |request: Request<Incoming>| {
            let this = self.clone();
            async move { Ok::<_, Infallible>(this.respond(&request).await) }
        });
        let mut builder = http1::Builder::new();
        builder.timer(TokioTimer::new());
        if let Err(error) = builder.serve_connection(TokioIo::new(stream), respond).await {
            tracing::debug!(%error, "A connection of a browser ended with an error");
        }
    }

    async fn respond(&self, request: &Request<Incoming>) -> Response<Body> {
        let (uri, headers) = (request.uri(), request.headers());
        let hosts = [format!("127.0.0.1:{}", self.port), format!("localhost:{}", self.port)];
        if !hosts.iter().any(|host| text(headers, header::HOST) == *host) {
            return say(StatusCode::FORBIDDEN, "This address belongs to no page.\n");
        }
        if self.is_key(uri.query().unwrap_or_default().strip_prefix("key=").unwrap_or_default()) {
            return self.admit(uri);
        }
        let cookies = text(headers, header::COOKIE);
        let own = format!("{}=", self.cookie());
        if !cookies.split(';').filter_map(|cookie| cookie.trim().strip_prefix(&own)).any(|key| self.is_key(key)) {
            return say(StatusCode::FORBIDDEN, "Open the address that the command has printed.\n");
        }
        match self.forward(request.method(), uri).await {
            Ok(response) => response.map(BodyExt::boxed),
            Err(error) => say(StatusCode::BAD_GATEWAY, &format!("No response of the daemon: {error}\n")),
        }
    }

    fn is_key(&self, key: &str) -> bool {
        verify_slices_are_equal(key.as_bytes(), self.key.as_bytes()).is_ok()
    }

    /// Browsers send a cookie of one port to all.
    fn cookie(&self) -> String {
        format!("goldenpath-{}", self.port)
    }

    /// The key leaves the address, and so the history.
    fn admit(&self, uri: &Uri) -> Response<Body> {
        let mut response = say(StatusCode::SEE_OTHER, "");
        let cookie = format!("{}={}; HttpOnly; SameSite=Strict; Path=/", self.cookie(), self.key);
        // Both are of plain characters.
        for (name, value) in [(header::LOCATION, uri.path().to_owned()), (header::SET_COOKIE, cookie)] {
            if let Ok(value) = HeaderValue::from_str(&value) {
                response.headers_mut().insert(name, value);
            }
        }
        response
    }

    async fn forward(&self, method: &Method, uri: &Uri) -> Result<Response<Incoming>, Box<dyn Error + Send + Sync>> {
        let ClientOptions { address, token, .. } = &self.options;
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        let mut request = Request::builder().method(method).uri(path).body(Empty::<Bytes>::new())?;
        if let Some(token) = token {
            let value = authorization(token).map_err(|failed| failed.to_string())?;
            let mut value = HeaderValue::from_bytes(value.as_encoded_bytes())?;
            value.set_sensitive(true);
            request.headers_mut().insert(header::AUTHORIZATION, value);
        }
        match address {
            Address::Unix(socket) => {
                request.headers_mut().insert(header::HOST, HeaderValue::from_static(NO_HOST));
                exchange(own_socket(socket.clone()).await?, request).await
            }
            Address::Https { host, port, ca, own } => {
                request.headers_mut().insert(header::HOST, HeaderValue::from_str(&format!("{host}:{port}"))?);
                let config = tls::client(ca.as_deref(), own.as_ref(), b"http/1.1")?;
                exchange(TokioIo::new(tls::connect(host, *port, config).await?), request).await
            }
        }
    }
}

/// Over a connection of its own, which ends with the response.
async fn exchange<S>(
    stream: S,
    request: Request<Empty<Bytes>>,
) -> Result<Response<Incoming>, Box<dyn Error + Send + Sync>>
where
    S: hyper::rt::Read + hyper::rt::Write + Unpin + Send + 'static,
{
    let (mut sender, connection) = client::conn::http1::handshake(stream).await?;
    tokio::spawn(connection);
    Ok(sender.send_request(request).await?)
}

fn text(headers: &HeaderMap, name: header::HeaderName) -> &str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

fn say(status: StatusCode, words: &str) -> Response<Body> {
    let body = Full::new(Bytes::from(words.to_owned())).map_err(|never| match never {}).boxed();
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response
}
