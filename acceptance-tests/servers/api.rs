//! The API server as anybody with a token meets it: one request, its status and its document.

use super::cluster::Cluster;
use anyhow::{Context as _, Result};
use http_body_util::{BodyExt as _, Full};
use hyper::{Method, Request, body::Bytes, client::conn::http1, header};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio_rustls::{
    TlsConnector,
    rustls::{
        ClientConfig, RootCertStore, crypto,
        pki_types::{CertificateDer, ServerName, pem::PemObject},
    },
};

pub struct Api {
    host: String,
    tls: TlsConnector,
}

pub struct ApiCall<'a> {
    pub method: Method,
    pub path: &'a str,
    /// (content type, body)
    pub content: Option<(&'a str, Value)>,
    pub headers: &'a [(&'a str, &'a str)],
}

impl<'a> ApiCall<'a> {
    pub fn get(path: &'a str) -> Self {
        Self { method: Method::GET, path, content: None, headers: &[] }
    }
}

#[derive(Debug)]
pub struct ApiReply {
    pub status: u16,
    /// Null where it is none.
    pub document: Value,
}

impl Api {
    pub fn of(cluster: &Cluster) -> Result<Self> {
        let (authority, _, _) = cluster.serving()?;
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(authority.as_bytes())?)?;
        let config = ClientConfig::builder_with_provider(Arc::new(crypto::aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self {
            host: cluster.endpoint().url.trim_start_matches("https://").to_owned(),
            tls: TlsConnector::from(Arc::new(config)),
        })
    }

    pub async fn call(&self, token: &str, call: ApiCall<'_>) -> Result<ApiReply> {
        let stream = TcpStream::connect(&self.host).await?;
        let stream = self.tls.connect(ServerName::try_from("127.0.0.1")?, stream).await?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        let running = tokio::spawn(connection);
        let mut request = Request::builder()
            .method(call.method)
            .uri(call.path)
            .header(header::HOST, &self.host)
            .header(header::AUTHORIZATION, format!("Bearer {token}"));
        for (name, value) in call.headers {
            request = request.header(*name, *value);
        }
        let body = match call.content {
            Some((kind, body)) => {
                request = request.header(header::CONTENT_TYPE, kind);
                body.to_string()
            }
            None => String::new(),
        };
        let response = sender.send_request(request.body(Full::new(Bytes::from(body)))?).await?;
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.context("the response broke off")?.to_bytes();
        running.abort();
        Ok(ApiReply { status, document: serde_json::from_slice(&body).unwrap_or_default() })
    }
}
