//! The life of the process: how a client starts it, finds it, trusts it and ends it. This is go-plugin's half of the
//! protocol; what goes over the connection is [`crate::server`].
//!
//! ```text
//! detect_launch()      the cookie: a client starts us, or a human does
//!   -> plugin(..)      certificate -> listen -> handshake line -> serve -> end
//!   -> reattach(..)    listen -> TF_REATTACH_PROVIDERS -> serve many clients -> end
//! ```
//!
//! Nothing is built before the handshake line that a call doesn't need at once: a CLI starts a provider several times in
//! one run and waits for that line each time.

mod address;
mod environment;
mod error;
mod handshake;
mod life;
mod listener;
mod tls;
#[cfg(unix)]
mod unix;
mod wire;

pub use crate::panic::install_panic_hook;
pub use address::{ListenAddress, ListenError, Network};
pub use environment::{Environment, Launch};
pub use error::ServeError;
pub use handshake::Attachment;
pub use tls::TlsError;

use crate::{
    provider::Provider,
    server::{ContextSource, Process},
};
use life::{Ending, Parent, Signals};
use listener::Listener;
use std::{
    io::{self, Write},
    sync::Arc,
};

/// Whether a client has started this process, and how it wants it. Without the cookie a human has: show them help.
pub fn detect_launch() -> Launch {
    Environment::from_vars(|name| std::env::var_os(name))
}

/// Serves the client that started this process until it says Shutdown, or SIGTERM. Its SIGINT is not ours: an interrupt
/// reaches the whole process group, and the client then says what it wants by StopProvider.
pub async fn plugin(provider: Arc<dyn Provider>, environment: Environment) -> Result<(), ServeError> {
    let begun = begin(&environment);
    if let Err(error) = &begun {
        // Standard error is only in the client's log; of this line it says that it is no handshake, and shows it.
        let _ = print(&handshake::refusal(error));
    }
    let Begun { parent, signals, tls, listener } = begun?;
    let certificate = tls.as_ref().map(tls::Identity::certificate);
    let line = handshake::line(&listener.endpoint(), certificate, environment.knows_multiplexing);
    print(&line).map_err(ServeError::Handshake)?;
    environment.warn_of_versions();

    let process = Process::new(provider);
    // One for the process: a client that loses its connection and dials again is still the one that configured us.
    let contexts = ContextSource::one(&process);
    life::serve(process, contexts, listener, tls.map(tls::Identity::into_acceptor), signals.end(), parent).await
}

/// What there is before a client knows of us.
struct Begun {
    parent: Option<Parent>,
    signals: Signals,
    tls: Option<tls::Identity>,
    listener: Listener,
}

fn begin(environment: &Environment) -> Result<Begun, ServeError> {
    Ok(Begun {
        parent: Parent::current(),
        signals: Signals::new(Ending::TerminateOnly).map_err(ServeError::Signals)?,
        tls: environment.client_certificate.as_deref().map(tls::Identity::for_client).transpose()?,
        listener: Listener::bind(&environment.address)?,
    })
}

/// Serves any number of clients, each with its own configuration, until SIGINT or SIGTERM. `announce` gets the place: the
/// [`Attachment`] prints as the line that a shell must run for the clients to find us.
///
/// Such clients send no cookie and no certificate, so this speaks plaintext: on a unix socket that only our own user can open.
/// They look once a second whether `watched` is alive, and give up their calls when it is not or when they may not signal it.
pub async fn reattach(
    provider: Arc<dyn Provider>,
    address: ListenAddress,
    watched: u32,
    announce: impl FnOnce(&Attachment),
) -> Result<(), ServeError> {
    let signals = Signals::new(Ending::InterruptToo).map_err(ServeError::Signals)?;
    let listener = Listener::bind(&address)?;
    announce(&Attachment::new(provider.address(), listener.endpoint(), watched));

    let process = Process::new(provider);
    let contexts = ContextSource::each(&process);
    life::serve(process, contexts, listener, None, signals.end(), None).await
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
