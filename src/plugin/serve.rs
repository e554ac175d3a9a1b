//! The life of the process: how a client starts it, finds it, trusts it and ends it. This is go-plugin's half of the
//! protocol; what is said over the connection is [`crate::server`].
//!
//! ```text
//! started()            the cookie: a client starts us, or a human does
//!   -> plugin(..)      certificate -> listen -> handshake line -> serve -> end
//!   -> reattach(..)    listen -> TF_REATTACH_PROVIDERS -> serve many clients -> end
//! ```
//!
//! Nothing is built before the handshake line that a call doesn't need at once: a CLI starts a provider several times in
//! one run and waits for that line each time.

mod environment;
mod handshake;
mod life;
mod listener;
mod panic;
mod tls;
mod wire;

pub use environment::{Environment, Started};
pub use handshake::Attachment;
pub use listener::{ListenError, Network, Place};
pub use panic::install_panic_hook;
pub use tls::TlsError;

pub(crate) use panic::last_panic;

use crate::{
    provider::Provider,
    server::{Process, Sessions},
};
use life::{Ending, Parent, Signals};
use listener::Listener;
use std::{
    io::{self, Write},
    sync::Arc,
};

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

/// Whether a client has started this process, and with what wishes. Without the cookie a human has: show them help.
pub fn started() -> Started {
    Environment::from_vars(|name| std::env::var_os(name))
}

/// Serves the client that started this process until it says Shutdown, or SIGTERM. Its SIGINT is not ours: an interrupt
/// reaches the whole process group, and the client then tells us what it wants by StopProvider.
pub async fn plugin(provider: Arc<dyn Provider>, environment: Environment) -> Result<(), ServeError> {
    let parent = Parent::current();
    let signals = Signals::new(Ending::TerminateOnly).map_err(ServeError::Signals)?;
    let tls = environment.client_certificate.as_deref().map(tls::Identity::for_client).transpose()?;
    let listener = Listener::bind(&environment.place)?;

    let certificate = tls.as_ref().map(tls::Identity::certificate);
    let line = handshake::line(&listener.endpoint(), certificate, environment.multiplexing_asked);
    print(&line).map_err(ServeError::Handshake)?;
    environment.warn_of_versions();

    let process = Process::new(provider);
    // One for the process: a client that loses its connection and dials again is still the one that configured us.
    let sessions = Sessions::one(&process);
    life::serve(process, sessions, listener, tls.map(tls::Identity::into_acceptor), signals.end(), parent).await
}

/// Serves any number of clients, each with its own configuration, until SIGINT or SIGTERM. `announce` is told where: its
/// [`Attachment`] prints as the line that a shell must run for the clients to find us.
///
/// Such clients send no cookie and no certificate, so this speaks plaintext: on a unix socket in a folder of our own user.
pub async fn reattach(
    provider: Arc<dyn Provider>,
    place: Place,
    announce: impl FnOnce(&Attachment),
) -> Result<(), ServeError> {
    let signals = Signals::new(Ending::InterruptToo).map_err(ServeError::Signals)?;
    let listener = Listener::bind(&place)?;
    announce(&Attachment::new(provider.address(), listener.endpoint()));

    let process = Process::new(provider);
    let sessions = Sessions::each(&process);
    life::serve(process, sessions, listener, None, signals.end(), None).await
}

/// The only thing ever written to standard output, in one piece: the client reads lines and stops at one it can't parse.
fn print(line: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(line.as_bytes())?;
    out.flush()
}

/// On unix sockets, with signals: the rest is the same everywhere.
#[cfg(all(test, unix))]
mod tests;
