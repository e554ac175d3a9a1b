//! The audit ledger at the start of a daemon, and what it remembers from the ledger.

use crate::{
    error::DaemonError,
    events::Events,
    ledger::{Entry, EntryKind, Ledger},
    reconcile::Knowledge,
    trail::{Announced, Subject, Trail},
};
use goldenpath_core::{domain::release, ports::Clock, provision::ReportedProblem};
use serde_json::json;
use std::{fs, path::Path, sync::Arc};

pub struct Opened {
    pub trail: Arc<Trail>,
    pub knowledge: Arc<Knowledge>,
}

/// Which of several daemons this is: in Kubernetes the pod's name. Empty: the system does not say it.
fn host() -> String {
    fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default().trim().to_owned()
}

/// Whatever was done without a ledger could not be shown: without one nothing starts.
pub async fn open_ledger(path: &Path, clock: &Arc<dyn Clock>) -> Result<Opened, DaemonError> {
    let (knowledge, mut announced) = (Arc::new(Knowledge::default()), Announced::default());
    let ledger = Ledger::open(path, clock.clone(), |entry, _| {
        let Entry { kind, operation, about, detail, .. } = entry;
        announced.recall(*kind, operation);
        if *kind == EntryKind::Drift {
            let findings: Vec<ReportedProblem> = serde_json::from_value(detail["findings"].clone()).unwrap_or_default();
            knowledge.recall_drift(about, findings);
        }
    })?;
    let trail = Trail::new(Arc::new(ledger), Arc::new(Events::default()), clock.clone(), announced);
    trail.write(&Subject::default(), EntryKind::Started, json!({ "release": release(), "host": host() })).await?;
    trail.sign().await;
    Ok(Opened { trail: Arc::new(trail), knowledge })
}
