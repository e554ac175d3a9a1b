//! Who holds what: the process, a connection's context, and one call's work.
//!
//! ```text
//! Process    provider, schemas (built once), the end of everything
//!   ConnectionContext  one client's configuration; the token that StopProvider cancels
//!     Work   one call: its own token, and its being counted until it is done
//! ```
//! Cancelling goes downwards only.

use super::schemas::Schemas;
use crate::{
    Cancel,
    provider::{Connection, Provider},
    resource::CallContext,
};
use std::sync::{Arc, Mutex, PoisonError};
use tfplugin_proto::tfplugin6 as proto;
use tokio::sync::watch;
use tonic::{Request, Status};

pub(crate) struct Process {
    pub(super) provider: Arc<dyn Provider>,
    pub(super) schemas: Schemas,
    end: Cancel,
    stop: Cancel,
    /// Has a receiver for each call in flight.
    calls: watch::Sender<()>,
}

impl Process {
    pub(crate) fn new(provider: Arc<dyn Provider>) -> Arc<Self> {
        let (end, stop) = (Cancel::new(), Cancel::new());
        Arc::new(Self { provider, schemas: Schemas::default(), end, stop, calls: watch::channel(()).0 })
    }

    /// Cancels all work. Calls in flight still get their response.
    pub(crate) fn end(&self) {
        self.stop.cancel();
        self.end.cancel();
    }

    /// The same when nobody has asked for it: the client is gone.
    pub(crate) fn abandon(&self) {
        self.end.cancel();
    }

    pub(crate) fn wait_for_end(&self) -> impl Future<Output = ()> + Send + use<> {
        self.end.clone().cancelled_owned()
    }

    /// Until every call has its response.
    pub(crate) async fn wait_for_calls(&self) {
        self.calls.closed().await;
    }
}

/// Where connections get their context.
pub(crate) enum ContextSource {
    One(ConnectionContext),
    Each(Arc<Process>),
}

impl ContextSource {
    /// All connections are one client's, whose child this process is.
    pub(crate) fn one(process: &Arc<Process>) -> Self {
        Self::One(ConnectionContext::new(process, true))
    }

    /// Each connection is another client.
    pub(crate) fn each(process: &Arc<Process>) -> Self {
        Self::Each(Arc::clone(process))
    }

    pub(crate) fn connect(&self) -> ConnectionContext {
        match self {
            Self::One(context) => context.clone(),
            Self::Each(process) => ConnectionContext::new(process, false),
        }
    }
}

#[derive(Clone)]
pub(crate) struct ConnectionContext(Arc<Inner>);

struct Inner {
    process: Arc<Process>,
    connection: Arc<dyn Connection>,
    /// Replaced when cancelled: StopProvider stops what runs, not what comes.
    tokens: Mutex<Tokens>,
    /// Its client may end the process.
    owns_process: bool,
}

struct Tokens {
    cancel: Cancel,
    stop: Cancel,
}

impl Tokens {
    fn of(process: &Process) -> Self {
        Self { cancel: process.end.child_token(), stop: process.stop.child_token() }
    }
}

impl ConnectionContext {
    fn new(process: &Arc<Process>, owns_process: bool) -> Self {
        Self(Arc::new(Inner {
            process: Arc::clone(process),
            connection: process.provider.connect(),
            tokens: Mutex::new(Tokens::of(process)),
            owns_process,
        }))
    }

    /// Put there by the transport for every request of the connection.
    pub(super) fn of<T>(request: &Request<T>) -> Result<Self, Status> {
        request.extensions().get::<Self>().cloned().ok_or_else(|| Status::internal("the connection has no context"))
    }

    pub(super) fn process(&self) -> &Process {
        &self.0.process
    }

    pub(super) fn connection(&self) -> &dyn Connection {
        &*self.0.connection
    }

    pub(super) fn stop(&self) {
        let fresh = Tokens::of(&self.0.process);
        let running = std::mem::replace(&mut *self.0.tokens.lock().unwrap_or_else(PoisonError::into_inner), fresh);
        running.stop.cancel();
        running.cancel.cancel();
    }

    /// The client is done with us. One that shares us with others is not the one to end us.
    pub(super) fn shutdown(&self) {
        if self.0.owns_process {
            self.0.process.end();
        }
    }

    pub(super) fn begin(self) -> Work {
        let tokens = self.0.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        let (cancel, stop) = (tokens.cancel.child_token(), tokens.stop.child_token());
        drop(tokens);
        Work { cancel, stop, _running: self.0.process.calls.subscribe(), context: self }
    }
}

pub(super) struct Work {
    pub(super) context: ConnectionContext,
    pub(super) cancel: Cancel,
    stop: Cancel,
    _running: watch::Receiver<()>,
}

impl Work {
    pub(super) fn connection(&self) -> &dyn Connection {
        self.context.connection()
    }

    /// What a resource learns about the call. Clients older than the capabilities send none.
    pub(super) fn call(&self, capabilities: Option<&proto::ClientCapabilities>) -> CallContext {
        let write_only_allowed = capabilities.is_some_and(|can| can.write_only_attributes_allowed);
        CallContext { cancel: self.cancel.clone(), stop: self.stop.clone(), write_only_allowed }
    }

    /// Apply carries no capabilities. A write-only value that gets so far has passed validation, which looks at them.
    pub(super) fn apply_call(&self) -> CallContext {
        CallContext { cancel: self.cancel.clone(), stop: self.stop.clone(), write_only_allowed: true }
    }
}
