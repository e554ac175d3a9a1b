//! One accepted connection: bytes, and the context that every call on it finds in its request.
//!
//! A context hangs on its stream, so it is dropped when the stream closes and needs no table that could leak.

use super::listener::{Io, Listener};
use crate::server::{ConnectionContext, ContextSource};
use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    sync::{mpsc, watch},
    time::{sleep, timeout},
};
use tokio_rustls::TlsAcceptor;
use tonic::transport::server::Connected;

/// A local peer needs milliseconds; one that says nothing must not be kept.
const TLS_DEADLINE: Duration = Duration::from_secs(10);
/// After a refused `accept`, most likely for want of file descriptors: others must close some first.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

pub(super) struct Wire {
    io: Box<dyn Io>,
    context: ConnectionContext,
    /// Counts this connection as open.
    _open: watch::Receiver<()>,
}

impl Connected for Wire {
    type ConnectInfo = ConnectionContext;

    fn connect_info(&self) -> ConnectionContext {
        self.context.clone()
    }
}

/// Accepts until the receiver is gone. TLS handshakes run beside each other, so one slow peer delays nobody.
pub(super) async fn accept(
    listener: &Listener,
    tls: Option<TlsAcceptor>,
    contexts: &ContextSource,
    open: &watch::Sender<()>,
    wires: mpsc::Sender<Wire>,
) {
    while !wires.is_closed() {
        let io = match listener.accept().await {
            Ok(io) => io,
            Err(error) => {
                tracing::warn!(%error, "A connection could not be accepted");
                sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let context = contexts.connect();
        let open = open.subscribe();
        let wires = wires.clone();
        match tls.clone() {
            None => _ = wires.send(Wire { io, context, _open: open }).await,
            Some(tls) => {
                _ = tokio::spawn(async move {
                    match handshake(&tls, io).await {
                        Ok(io) => _ = wires.send(Wire { io, context, _open: open }).await,
                        Err(error) => tracing::debug!(%error, "A connection was refused"),
                    }
                })
            }
        }
    }
}

async fn handshake(tls: &TlsAcceptor, io: Box<dyn Io>) -> io::Result<Box<dyn Io>> {
    let stream = timeout(TLS_DEADLINE, tls.accept(io)).await.map_err(|_| io::ErrorKind::TimedOut)??;
    Ok(Box::new(stream))
}

// === impl AsyncRead, AsyncWrite for Wire ===

impl AsyncRead for Wire {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(cx, buf)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }
}
