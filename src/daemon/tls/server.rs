//! The daemon's side: its certificate, read again when it was renewed, and who a peer's certificate says that it is.

use super::{Pair, TlsError, authorities, provider, wrong};
use goldenpath_core::policy::Identity;
use rustls::{
    ServerConfig,
    pki_types::{CertificateRevocationListDer, pem::PemObject},
    server::WebPkiClientVerifier,
};
use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use tokio::{net::TcpStream, time::timeout};
use tokio_rustls::{TlsAcceptor, server::TlsStream};
use x509_parser::{extensions::GeneralName, parse_x509_certificate};

/// A client of ours needs milliseconds.
const HANDSHAKE: Duration = Duration::from_secs(10);

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    pub own: Pair,
    /// Whoever has a certificate of it may connect by that.
    pub client_ca: Option<PathBuf>,
    /// What that authority has revoked.
    pub client_crl: Option<PathBuf>,
}

pub struct ServerTls {
    files: TlsFiles,
    /// Without it a token is asked for.
    needs_certificate: bool,
    current: Mutex<(Stamp, TlsAcceptor)>,
}

/// What tells a renewed file from the one before.
type Stamp = Vec<Option<(SystemTime, u64)>>;

/// What a peer has proved by its certificate.
pub struct Proved {
    pub identity: Identity,
    pub until: SystemTime,
}

// === impl ServerTls ===

impl ServerTls {
    pub fn new(files: TlsFiles, needs_certificate: bool) -> Result<Self, TlsError> {
        let current = (files.stamp(), acceptor(&files, needs_certificate)?);
        Ok(Self { files, needs_certificate, current: Mutex::new(current) })
    }

    pub async fn accept(&self, stream: TcpStream) -> Result<TlsStream<TcpStream>, String> {
        stream.set_nodelay(true).map_err(|error| error.to_string())?;
        let handshake = timeout(HANDSHAKE, self.fresh_acceptor().accept(stream)).await;
        handshake.map_err(|_| "no handshake in time".to_owned())?.map_err(|error| error.to_string())
    }

    /// A pair that is half written, or wrong, is not used: the one before it still is.
    fn fresh_acceptor(&self) -> TlsAcceptor {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        let stamp = self.files.stamp();
        if stamp != current.0 {
            match acceptor(&self.files, self.needs_certificate) {
                Ok(acceptor) => {
                    tracing::info!(certificate = %self.files.own.certificate.display(), "The certificate was read again");
                    *current = (stamp, acceptor);
                }
                Err(error) => {
                    tracing::error!(%error, "The certificate can't be read again, so the one before is used on");
                    current.0 = stamp;
                }
            }
        }
        current.1.clone()
    }
}

// === impl TlsFiles ===

impl TlsFiles {
    fn stamp(&self) -> Stamp {
        let of_clients = [&self.client_ca, &self.client_crl].map(Option::as_deref);
        let files = [Some(self.own.certificate.as_path()), Some(&self.own.key)].into_iter().chain(of_clients);
        let of = |path: &Path| fs::metadata(path).ok().and_then(|found| Some((found.modified().ok()?, found.len())));
        files.flatten().map(of).collect()
    }
}

fn acceptor(files: &TlsFiles, needs_certificate: bool) -> Result<TlsAcceptor, TlsError> {
    let setup = |error: &dyn std::fmt::Display| TlsError::Setup(error.to_string());
    let builder = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(|error| setup(&error))?;
    let builder = match &files.client_ca {
        Some(path) => {
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(authorities(path)?), provider());
            let revoked = files.client_crl.as_deref().map(revocations).transpose()?.unwrap_or_default();
            let verifier = verifier.with_crls(revoked);
            let verifier = if needs_certificate { verifier } else { verifier.allow_unauthenticated() };
            builder.with_client_cert_verifier(verifier.build().map_err(|error| setup(&error))?)
        }
        None => builder.with_no_client_auth(),
    };
    let (chain, key) = files.own.read()?;
    let mut config = builder.with_single_cert(chain, key).map_err(|error| files.own.mismatch(error))?;
    // The second for browsers and proxies that speak nothing else.
    config.alpn_protocols = [b"h2".as_slice(), b"http/1.1"].map(<[u8]>::to_vec).into();
    Ok(TlsAcceptor::from(Arc::new(config)))
}

fn revocations(path: &Path) -> Result<Vec<CertificateRevocationListDer<'static>>, TlsError> {
    let read = CertificateRevocationListDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let found = read.map_err(|error| wrong(path, &error))?;
    // A file that was emptied by mistake revokes nothing.
    if found.is_empty() { Err(wrong(path, &"it holds no revocation list")) } else { Ok(found) }
}

/// `None`: it has sent none, since it means to send a token.
pub fn proof_of(stream: &TlsStream<TcpStream>) -> Result<Option<Proved>, String> {
    let (_, session) = stream.get_ref();
    let Some(der) = session.peer_certificates().and_then(<[_]>::first) else { return Ok(None) };
    identify(der).map(Some)
}

/// A certificate with several common names is nobody's.
fn identify(der: &[u8]) -> Result<Proved, String> {
    let (_, certificate) = parse_x509_certificate(der).map_err(|error| error.to_string())?;
    let names: Vec<&str> = certificate.subject().iter_common_name().filter_map(|name| name.as_str().ok()).collect();
    let common_name = match names.as_slice() {
        [] => String::new(),
        [name] => (*name).to_owned(),
        _ => return Err("it has several common names".to_owned()),
    };
    let alternative = certificate.subject_alternative_name().map_err(|error| error.to_string())?;
    let uris = alternative.iter().flat_map(|names| &names.value.general_names).filter_map(|name| match name {
        GeneralName::URI(uri) => Some((*uri).to_owned()),
        _ => None,
    });
    let until = u64::try_from(certificate.validity().not_after.timestamp()).unwrap_or_default();
    Ok(Proved {
        identity: Identity::Certificate { common_name, uris: uris.collect() },
        until: UNIX_EPOCH + Duration::from_secs(until),
    })
}
