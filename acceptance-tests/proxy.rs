//! Between the provider and both servers: logs each request, and intervenes where a test wants it.
//!
//! Each proxy is one test's own: to a provider that reaches AWS through it, DescribeCluster gives the proxy's own address for the
//! cluster too, under a certificate of the same authority. Signatures survive, because the Host header goes through as it came.

mod intervention;
mod log;
mod serve;

pub use intervention::{Intervention, Service};
pub use log::{LoggedRequest, busy};

use crate::servers::Real;
use anyhow::{Context as _, Result};
use log::{State, lock};
use std::sync::Arc;
use tokio::sync::oneshot;

/// Listening, until dropped.
pub struct Proxy {
    state: Arc<State>,
    /// Where AWS is, for the provider.
    pub url: String,
    /// Its thread ends when this is dropped.
    _running: oneshot::Sender<()>,
}

// === impl Proxy ===

impl Proxy {
    pub fn start(real: &Arc<Real>) -> Result<Self> {
        let state = Arc::<State>::default();
        let (running, ended) = oneshot::channel::<()>();
        let (sender, started) = std::sync::mpsc::channel();
        let (real, its) = (real.clone(), state.clone());
        // A thread of its own: a test that waits must not stop what it waits for.
        std::thread::spawn(move || {
            crate::block_on(async {
                let _ = sender.send(serve::start(&real, its).await);
                let _ = ended.await;
                Ok(())
            })
        });
        Ok(Self { state, url: started.recv().context("the proxy did not start")??, _running: running })
    }

    /// What becomes of each request from now on.
    pub fn rule(&self, rule: impl FnMut(&LoggedRequest) -> Intervention + Send + 'static) {
        *lock(&self.state.rule) = Some(Box::new(rule));
    }

    pub fn pass_all(&self) {
        *lock(&self.state.rule) = None;
    }

    pub fn clear(&self) {
        lock(&self.state.requests).clear();
    }

    pub fn requests(&self) -> Vec<LoggedRequest> {
        lock(&self.state.requests).clone()
    }
}
