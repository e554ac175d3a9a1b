//! One GET over HTTPS, bounded in time and size: for an issuer's keys, a kilobyte every hour. No redirects: an issuer that moves is
//! another issuer.

use crate::tls::{self, TlsError};
use http_body_util::{BodyExt, Empty, Limited};
use hyper::{Request, StatusCode, Uri, body::Bytes, client::conn::http1, header};
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use std::{path::Path, sync::Arc, time::Duration};
use tokio::time::timeout;

const LONGEST: Duration = Duration::from_secs(10);
/// The largest sets of keys have some ten kilobytes.
const LARGEST: usize = 1 << 20;

pub struct Https(Arc<ClientConfig>);

// === impl Https ===

impl Https {
    pub fn new(ca: Option<&Path>) -> Result<Self, TlsError> {
        Ok(Self(tls::client(ca, None, b"http/1.1")?))
    }

    pub async fn get(&self, url: &str) -> Result<Bytes, String> {
        let got = timeout(LONGEST, self.exchange(url)).await;
        got.map_err(|_| "no response in time".to_owned()).flatten().map_err(|error| format!("{url}: {error}"))
    }

    async fn exchange(&self, url: &str) -> Result<Bytes, String> {
        let uri: Uri = url.parse().map_err(|error| format!("it is not a URL: {error}"))?;
        let (Some("https"), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return Err("it does not begin with https://".to_owned());
        };
        let stream = tls::connect(authority.host(), authority.port_u16().unwrap_or(443), self.0.clone()).await;
        let stream = stream.map_err(|error| error.to_string())?;
        let (mut sender, connection) =
            http1::handshake(TokioIo::new(stream)).await.map_err(|error| error.to_string())?;
        let request = Request::get(uri.path_and_query().map_or("/", |path| path.as_str()))
            .header(header::HOST, authority.as_str())
            .header(header::ACCEPT, "application/json")
            .body(Empty::<Bytes>::new())
            .map_err(|error| error.to_string())?;
        let exchange = async {
            let response = sender.send_request(request).await.map_err(|error| error.to_string())?;
            if response.status() != StatusCode::OK {
                return Err(format!("the response is {}", response.status()));
            }
            let body = Limited::new(response.into_body(), LARGEST).collect().await;
            Ok(body.map_err(|error| error.to_string())?.to_bytes())
        };
        // The connection has to be driven meanwhile, and ends with the response.
        tokio::select! {
            result = exchange => result,
            ended = connection => Err(ended.err().map_or_else(|| "the connection ended".to_owned(), |error| error.to_string())),
        }
    }
}
