//! An engine that does what a test says.

use async_trait::async_trait;
use goldenpath_core::{
    domain::{ClusterRef, Facts, Id, Problem, Record, Unprotected},
    provision::{
        Description, EnsureRequest, Observation, ObserveRequest, Outcome, PathReport, Preview, PreviewRequest,
        Provisioner, RemoveRequest, Removed, Survey, Surveyed, Wanted, WantedPath,
    },
};
use std::{
    collections::BTreeMap,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};
use tokio::sync::Semaphore;

/// An ensure ends when the test releases it, or when it is cancelled.
pub struct FakeEngine {
    ensures: AtomicUsize,
    unprotected: Mutex<Vec<String>>,
    recorded: Mutex<Option<Record>>,
    gate: Semaphore,
}

impl Default for FakeEngine {
    fn default() -> Self {
        Self {
            ensures: AtomicUsize::new(0),
            unprotected: Mutex::default(),
            recorded: Mutex::default(),
            gate: Semaphore::new(0),
        }
    }
}

impl FakeEngine {
    pub fn ensures(&self) -> usize {
        self.ensures.load(Ordering::SeqCst)
    }

    /// What was unprotected, by its id.
    pub fn unprotected_ids(&self) -> Vec<String> {
        self.unprotected.lock().unwrap().clone()
    }

    pub fn is_recorded(&self, record: Record) {
        *self.recorded.lock().unwrap() = Some(record);
    }

    pub fn release(&self, count: usize) {
        self.gate.add_permits(count);
    }
}

#[async_trait]
impl Provisioner for FakeEngine {
    async fn facts(&self, _: &ClusterRef) -> Result<Facts, Problem> {
        Err(Problem::error("fake.facts", "No facts", "There are none."))
    }

    async fn only_cluster(&self) -> Result<Option<ClusterRef>, Problem> {
        Ok(None)
    }

    async fn find(&self, _: &Id) -> Result<Option<Record>, Problem> {
        Ok(self.recorded.lock().unwrap().clone())
    }

    async fn files(&self, _: &Id) -> Result<Option<BTreeMap<String, String>>, Problem> {
        Ok(None)
    }

    async fn golden_path(&self, _: &WantedPath) -> Result<PathReport, Problem> {
        Err(Problem::error("test.none", "No golden path is here", "No test asks for one."))
    }

    async fn describe(&self, _: &Id) -> Result<Option<Description>, Problem> {
        Ok(None)
    }

    async fn unprotect(&self, id: &Id) -> Result<Unprotected, Problem> {
        self.unprotected.lock().unwrap().push(id.to_string());
        Ok(Unprotected { by: "me".to_owned(), at: "now".to_owned() })
    }

    async fn observe(&self, _: ObserveRequest) -> Result<Observation, Problem> {
        Ok(Observation::Gone(vec![]))
    }

    async fn preview(&self, _: PreviewRequest) -> Preview {
        Preview { decided: None, problems: vec![] }
    }

    async fn ensure(&self, request: EnsureRequest) -> Outcome {
        self.ensures.fetch_add(1, Ordering::SeqCst);
        let code = tokio::select! {
            permit = self.gate.acquire() => {
                permit.unwrap().forget();
                "fake.done"
            }
            () = request.cancel.cancelled() => "fake.cancelled",
        };
        Outcome { exists: None, problems: vec![Problem::warning(code, "It ended", "Nothing is to be done.")] }
    }

    async fn preview_remove(&self, _: &RemoveRequest) -> Vec<Problem> {
        vec![]
    }

    async fn remove(&self, _: RemoveRequest) -> Removed {
        Removed { gone: true, objects: None, problems: vec![] }
    }
}

#[async_trait]
impl Survey for FakeEngine {
    /// That of what is recorded.
    async fn clusters(&self) -> Result<Vec<ClusterRef>, Problem> {
        let recorded = self.recorded.lock().unwrap();
        Ok(recorded.iter().map(|record| record.id.split('/').next().unwrap().parse().unwrap()).collect())
    }

    async fn records(&self, _: &ClusterRef) -> Result<Vec<Record>, Problem> {
        Ok(self.recorded.lock().unwrap().iter().cloned().collect())
    }

    async fn survey(&self, _: &ClusterRef, _: &Wanted<'_>) -> Result<Vec<Surveyed>, Problem> {
        Ok(vec![])
    }
}
