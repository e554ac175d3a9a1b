//! TLS on both sides: what the daemon serves with and asks of its peers, what a client trusts, and how anything here connects.
//!
//! One crypto provider is named each time, so that it does not matter what else the process has installed.

pub mod server;

use rustls::{
    ClientConfig, RootCertStore,
    crypto::{CryptoProvider, aws_lc_rs},
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject},
};
use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use tokio::{net::TcpStream, time::timeout};
use tokio_rustls::{TlsConnector, client::TlsStream};

/// The file's path and what is wrong with it.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    #[error("can't use {}: {reason}", path.display())]
    File { path: PathBuf, reason: String },
    #[error("{certificate} and {key} do not belong together: {source}", certificate = certificate.display(), key = key.display())]
    Pair { certificate: PathBuf, key: PathBuf, source: rustls::Error },
    #[error("the certificate authorities of this system can't be read: {0}")]
    System(String),
    #[error("TLS can't be set up: {0}")]
    Setup(String),
}

/// How long a connection may take to be made, handshake and all.
pub const CONNECT: Duration = Duration::from_secs(10);

/// A certificate's chain and its key, both PEM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    pub certificate: PathBuf,
    pub key: PathBuf,
}

// === impl Pair ===

impl Pair {
    fn read(&self) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), TlsError> {
        let key = PrivateKeyDer::from_pem_file(&self.key).map_err(|error| wrong(&self.key, &error))?;
        Ok((certificates(&self.certificate)?, key))
    }

    fn mismatch(&self, source: rustls::Error) -> TlsError {
        TlsError::Pair { certificate: self.certificate.clone(), key: self.key.clone(), source }
    }
}

/// Trusts this authority alone, or those of the system.
pub fn client(ca: Option<&Path>, own: Option<&Pair>, protocol: &[u8]) -> Result<Arc<ClientConfig>, TlsError> {
    let roots = match ca {
        Some(path) => authorities(path)?,
        None => system()?,
    };
    let builder = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(|error| TlsError::Setup(error.to_string()))?
        .with_root_certificates(roots);
    let mut config = match own {
        Some(pair) => {
            let (chain, key) = pair.read()?;
            builder.with_client_auth_cert(chain, key).map_err(|error| pair.mismatch(error))?
        }
        None => builder.with_no_client_auth(),
    };
    config.alpn_protocols = vec![protocol.to_vec()];
    Ok(Arc::new(config))
}

pub async fn connect(host: &str, port: u16, config: Arc<ClientConfig>) -> io::Result<TlsStream<TcpStream>> {
    // An address in a URL stands in brackets if it is one of IPv6.
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
    let connect = async {
        let stream = TcpStream::connect((host, port)).await?;
        stream.set_nodelay(true)?;
        TlsConnector::from(config).connect(name, stream).await
    };
    timeout(CONNECT, connect).await.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let found = read.map_err(|error| wrong(path, &error))?;
    if found.is_empty() { Err(wrong(path, &"it holds no certificate")) } else { Ok(found) }
}

fn authorities(path: &Path) -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(path)? {
        roots.add(certificate).map_err(|error| wrong(path, &error))?;
    }
    Ok(roots)
}

fn system() -> Result<RootCertStore, TlsError> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        let why = found.errors.first().map_or_else(|| "there are none".to_owned(), ToString::to_string);
        return Err(TlsError::System(why));
    }
    Ok(roots)
}

fn wrong(path: &Path, reason: &dyn std::fmt::Display) -> TlsError {
    TlsError::File { path: path.to_owned(), reason: reason.to_string() }
}
