//! Why a client can't be served.

use super::{address::ListenError, tls::TlsError};
use std::io;

#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    #[error("cannot listen for the client")]
    Listen(#[from] ListenError),
    #[error("cannot set up TLS with the client")]
    Tls(#[from] TlsError),
    #[error("cannot write the handshake line to standard output")]
    Handshake(#[source] io::Error),
    #[error("cannot listen for signals")]
    Signals(#[source] io::Error),
    #[error("cannot serve the client")]
    Transport(#[from] tonic::transport::Error),
}
