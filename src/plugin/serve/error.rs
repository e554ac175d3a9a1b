//! Why a client can't be served.

use super::{address::ListenError, tls::TlsError};
use std::io;

#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    #[error("can't listen for the client")]
    Listen(#[from] ListenError),
    #[error("can't set up TLS with the client")]
    Tls(#[from] TlsError),
    #[error("can't write the handshake line to standard output")]
    Handshake(#[source] io::Error),
    #[error("can't listen for signals")]
    Signals(#[source] io::Error),
    #[error("can't serve the client")]
    Transport(#[from] tonic::transport::Error),
}
