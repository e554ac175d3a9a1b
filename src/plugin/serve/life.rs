//! From listening to the end, and what ends it.
//!
//! The end is the same whoever wants it: nothing new begins, work in flight is cancelled and then awaited for a while,
//!  since a change that was sent to an API can't be taken back and its outcome must still be recorded.

use super::{
    error::ServeError,
    listener::Listener,
    wire::{self, Wire},
};
use crate::server::{self, ContextSource, Process};
use std::{convert::Infallible, io, sync::Arc, time::Duration};
use tokio::{
    sync::{mpsc, watch},
    time::{sleep, timeout},
};
use tokio_rustls::TlsAcceptor;
use tokio_stream::{StreamExt, wrappers::ReceiverStream};

/// A client kills us 2 s after its Shutdown. Its calls are over by then, unless a second interrupt has cut them off.
const GRACE_AFTER_SHUTDOWN: Duration = Duration::from_millis(1500);
/// Others who send SIGTERM wait about 10 s before they kill.
const GRACE_AFTER_SIGNAL: Duration = Duration::from_secs(8);
/// How long the reply to Shutdown, or to a call that has just ended, may take to reach a client that is still there.
const GRACE_FOR_REPLIES: Duration = Duration::from_millis(300);

/// Between looks at the parent, which are made only while nobody is connected.
const PARENT_CHECK: Duration = Duration::from_secs(1);

/// A state tree is a few kilobytes; a window of a mebibyte takes all but the rare giant in one piece, for each of the
/// ten calls that a client has in flight by default.
const STREAM_WINDOW: u32 = 1 << 20;
const CONNECTION_WINDOW: u32 = 8 << 20;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// A child of a client: the client's terminal is not ours.
    TerminateOnly,
    /// Started by hand.
    InterruptToo,
}

pub(super) async fn serve(
    process: Arc<Process>,
    contexts: ContextSource,
    listener: Listener,
    tls: Option<TlsAcceptor>,
    signal: impl Future<Output = ()>,
    parent: Option<Parent>,
) -> Result<(), ServeError> {
    let (wires, incoming) = mpsc::channel::<Wire>(1);
    let (open, _) = watch::channel(());
    let router = server::router(&process, STREAM_WINDOW, CONNECTION_WINDOW).await;

    // Only accepting ends with this block. Connections are tasks of their own and still get their responses.
    let (grace, is_asked_for) = tokio::select! {
        served = router.serve_with_incoming(ReceiverStream::new(incoming).map(Ok::<_, Infallible>)) => return Ok(served?),
        () = wire::accept(&listener, tls, &contexts, &open, wires) => (GRACE_AFTER_SHUTDOWN, true),
        () = process.wait_for_end() => (GRACE_AFTER_SHUTDOWN, true),
        () = signal => (GRACE_AFTER_SIGNAL, true),
        () = Parent::wait_until_lost(parent, &open) => (GRACE_AFTER_SIGNAL, false),
    };
    drop(listener);
    if is_asked_for {
        process.end();
    } else {
        process.abandon();
    }
    let _ = timeout(grace, process.wait_for_calls()).await;
    let _ = timeout(GRACE_FOR_REPLIES, open.closed()).await;
    Ok(())
}

/// The client whose child we are. One that is killed says no Shutdown, and Go plugins then stay behind for ever.
pub(super) struct Parent(u32);

impl Parent {
    pub(super) fn current() -> Option<Self> {
        #[cfg(unix)]
        return Some(Self(std::os::unix::process::parent_id()));
        #[cfg(not(unix))]
        return None;
    }

    /// Nobody is connected, and we have been given to another parent. Either alone may pass: a client may dial again, and
    /// may have started us through a shell that is gone.
    async fn wait_until_lost(this: Option<Self>, open: &watch::Sender<()>) {
        let Some(Self(parent)) = this else {
            return std::future::pending().await;
        };
        loop {
            open.closed().await;
            if Self::current().is_none_or(|Self(now)| now != parent) {
                tracing::info!("The client that started this provider is gone");
                return;
            }
            sleep(PARENT_CHECK).await;
        }
    }
}

/// Registered before the handshake line: from then on a client may interrupt the whole process group.
pub(super) struct Signals {
    ending: Ending,
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
}

impl Signals {
    #[cfg(unix)]
    pub(super) fn new(ending: Ending) -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { ending, interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    #[cfg(not(unix))]
    pub(super) fn new(ending: Ending) -> io::Result<Self> {
        Ok(Self { ending })
    }

    /// An interrupt that doesn't end us is swallowed, which is more than leaving it alone: unhandled, it would kill.
    pub(super) async fn end(mut self) {
        loop {
            if self.next_is_terminate().await || self.ending == Ending::InterruptToo {
                return;
            }
            tracing::debug!("An interrupt was left to the client, which also got it");
        }
    }

    #[cfg(unix)]
    async fn next_is_terminate(&mut self) -> bool {
        tokio::select! {
            _ = self.interrupt.recv() => false,
            _ = self.terminate.recv() => true,
        }
    }

    /// Windows has no SIGTERM, and Ctrl-C reaches every process of the console.
    #[cfg(not(unix))]
    async fn next_is_terminate(&mut self) -> bool {
        // Without a handler there is nothing to wait for: then only Shutdown ends us.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
        false
    }
}
