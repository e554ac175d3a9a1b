//! A handle on one file. Callers send work to a thread that may wait for the file; no more than one piece of work is with it
//! at a time, in the order in which they came.

use crate::{
    error::SandboxError,
    options::SandboxOptions,
    seed,
    store::{self, CallOutcome, PendingCall, Store, TimeSource, Verb},
};
use goldenpath_core::{
    domain::ClusterRef,
    ports::{PortError, calls},
};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};
use tokio::sync::Mutex;

/// Cheap to clone; the file is made at the first use.
#[derive(Clone)]
pub struct Sandbox {
    path: Arc<Path>,
    options: Arc<SandboxOptions>,
    time: TimeSource,
    store: Arc<Mutex<Option<Store>>>,
    /// The cluster that out-of-band changes mean; `None`: the only one, else `demo`.
    pub(crate) cluster: Option<ClusterRef>,
}

impl Sandbox {
    pub fn open(path: impl Into<PathBuf>, options: SandboxOptions) -> Self {
        Self::open_at(path, options, Arc::new(jiff::Timestamp::now))
    }

    /// With a time of its own.
    pub fn open_at(path: impl Into<PathBuf>, options: SandboxOptions, time: TimeSource) -> Self {
        Self {
            path: path.into().into(),
            options: Arc::new(options),
            time,
            store: Arc::new(Mutex::new(None)),
            cluster: None,
        }
    }

    /// The same file, with another cluster for out-of-band changes.
    #[must_use]
    pub fn at(&self, cluster: ClusterRef) -> Self {
        Self { cluster: Some(cluster), ..self.clone() }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A call as the target meets it: numbered, logged, met by faults.
    pub(crate) async fn call<T: Send + 'static>(
        &self,
        call: PendingCall,
        work: impl FnOnce(&mut Store) -> Result<T, SandboxError> + Send + 'static,
    ) -> Result<T, PortError> {
        if !matches!(call.verb, Verb::Apply | Verb::Delete) {
            return self.exchange(call, work).await;
        }
        let code = |result: &Result<T, PortError>| {
            result.as_ref().map_or_else(|error| error.class.as_str(), |_| "ok").to_owned()
        };
        calls::change(&format!("sandbox:{} {}", call.verb, call.kind), self.exchange(call, work), code).await
    }

    async fn exchange<T: Send + 'static>(
        &self,
        call: PendingCall,
        work: impl FnOnce(&mut Store) -> Result<T, SandboxError> + Send + 'static,
    ) -> Result<T, PortError> {
        let CallOutcome { number, result, late } = self.run(move |store| store::run(store, call, work)).await?;
        if let Some(late) = late {
            tokio::time::sleep(late).await;
        }
        calls::is_named(&number.to_string());
        Ok(result?)
    }

    /// Behind everybody's back: no fault meets it, no log names it.
    pub(crate) async fn out_of_band<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Store) -> Result<T, SandboxError> + Send + 'static,
    ) -> Result<T, SandboxError> {
        self.run(move |store| store.transaction(work)).await
    }

    /// When nobody waits any more, the work is done all the same, as a request on its way would be.
    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Store) -> Result<T, SandboxError> + Send + 'static,
    ) -> Result<T, SandboxError> {
        let mut opened = self.store.clone().lock_owned().await;
        let (path, options, time) = (self.path.clone(), self.options.clone(), self.time.clone());
        let done = tokio::task::spawn_blocking(move || {
            // A panic drops the store: the file is as its last transaction left it, and the next call opens it again.
            let mut store = match opened.take() {
                Some(store) => store,
                None => seed::open(&path, &options, time)?,
            };
            let result = work(&mut store);
            *opened = Some(store);
            Ok::<_, SandboxError>((opened, result))
        });
        // Given to the next caller only here, so that the order of calls does not hang on which thread is quicker.
        let (_opened, result) = done.await.map_err(|_| SandboxError::Ended)??;
        result
    }
}
