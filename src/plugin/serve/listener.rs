//! Where the client dials: a unix socket in a folder of our own, or a TCP port on the loopback interface.

use super::address::{Endpoint, ListenAddress, ListenError, Network};
#[cfg(unix)]
use super::unix;
use std::{io, ops::RangeInclusive};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpListener,
};

/// The bytes of one connection, whatever they come by.
pub(super) trait Io: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Io for T {}

pub(super) enum Listener {
    #[cfg(unix)]
    Unix(tokio::net::UnixListener, unix::SocketFile),
    Tcp(TcpListener, String),
}

impl Listener {
    /// Bound when this returns: a client may dial as soon as it has read the line.
    pub(super) fn bind(address: &ListenAddress) -> Result<Self, ListenError> {
        match address.network {
            #[cfg(unix)]
            Network::Unix => unix::bind(address).map(|(listener, place)| Self::Unix(listener, place)),
            Network::Tcp => bind_tcp(&address.ports),
        }
    }

    pub(super) fn endpoint(&self) -> Endpoint {
        match self {
            #[cfg(unix)]
            Self::Unix(_, place) => Endpoint { network: Network::Unix, address: place.socket().display().to_string() },
            Self::Tcp(_, address) => Endpoint { network: Network::Tcp, address: address.clone() },
        }
    }

    pub(super) async fn accept(&self) -> io::Result<Box<dyn Io>> {
        match self {
            #[cfg(unix)]
            Self::Unix(listener, _) => Ok(Box::new(listener.accept().await?.0)),
            Self::Tcp(listener, _) => {
                let (stream, _) = listener.accept().await?;
                // Messages are small and the peer waits for each: Nagle's delay would be most of a call's time.
                stream.set_nodelay(true)?;
                Ok(Box::new(stream))
            }
        }
    }
}

fn bind_tcp(ports: &RangeInclusive<u16>) -> Result<Listener, ListenError> {
    for port in ports.clone() {
        let bound = std::net::TcpListener::bind(("127.0.0.1", port)).and_then(|listener| {
            listener.set_nonblocking(true)?;
            let address = listener.local_addr()?.to_string();
            Ok(Listener::Tcp(TcpListener::from_std(listener)?, address))
        });
        if let Ok(listener) = bound {
            return Ok(listener);
        }
    }
    Err(ListenError::NoFreePort(ports.clone()))
}
