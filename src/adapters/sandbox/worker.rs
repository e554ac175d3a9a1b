//! The one thread that owns the connection. Callers send closures and await their results; nothing is opened, and no
//! thread started, before the first of them.

use super::{
    call::{self, Answer, Ask},
    error::SandboxError,
    options::SandboxOptions,
    store::Store,
};
use goldenpath_core::ports::PortError;
use std::{
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError, mpsc},
};
use tokio::sync::oneshot;

type Job = Box<dyn FnOnce(Result<&mut Store, SandboxError>) + Send>;

pub(super) struct Worker {
    path: PathBuf,
    options: SandboxOptions,
    queue: Mutex<Option<mpsc::Sender<Job>>>,
}

impl Worker {
    pub fn new(path: PathBuf, options: SandboxOptions) -> Self {
        Self { path, options, queue: Mutex::new(None) }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A call as the target meets it: numbered, logged, met by faults.
    pub async fn call<T: Send + 'static>(
        &self,
        ask: Ask,
        work: impl FnOnce(&mut Store) -> Result<T, SandboxError> + Send + 'static,
    ) -> Result<T, PortError> {
        let Answer { result, late } = self.run(move |store| call::run(store, ask, work)).await?;
        if let Some(late) = late {
            tokio::time::sleep(late).await;
        }
        Ok(result?)
    }

    /// A change that is made by hand: no fault meets it, no log names it.
    pub async fn by_hand<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Store) -> Result<T, SandboxError> + Send + 'static,
    ) -> Result<T, SandboxError> {
        self.run(move |store| store.transaction(work)).await
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Store) -> Result<T, SandboxError> + Send + 'static,
    ) -> Result<T, SandboxError> {
        let (answer, answered) = oneshot::channel();
        self.send(Box::new(move |store| {
            // Nobody waits any more: the work is done all the same, as a call in flight would be.
            let _ = answer.send(store.and_then(work));
        }))?;
        answered.await.map_err(|_| SandboxError::Ended)?
    }

    fn send(&self, job: Job) -> Result<(), SandboxError> {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        let job = match queue.as_ref() {
            None => job,
            Some(sender) => match sender.send(job) {
                Ok(()) => return Ok(()),
                // A panic ended the thread: the file is as its last transaction left it, and a new thread goes on.
                Err(mpsc::SendError(job)) => job,
            },
        };
        let sender = start(self.path.clone(), self.options.clone())?;
        let sent = sender.send(job).map_err(|_| SandboxError::Ended);
        *queue = Some(sender);
        sent
    }
}

/// The thread ends when the last handle drops its sender.
fn start(path: PathBuf, options: SandboxOptions) -> Result<mpsc::Sender<Job>, SandboxError> {
    let (sender, jobs) = mpsc::channel::<Job>();
    std::thread::Builder::new().name("sandbox".to_owned()).spawn(move || {
        let mut opened: Option<Store> = None;
        for job in jobs {
            match opened.as_mut() {
                Some(store) => job(Ok(store)),
                None => match Store::open(&path, &options) {
                    Ok(store) => job(Ok(opened.insert(store))),
                    Err(error) => job(Err(error)),
                },
            }
        }
    })?;
    Ok(sender)
}
