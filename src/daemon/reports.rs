//! What the daemon reports: of itself, of what is recorded on its clusters, and of its operations.

use crate::{
    asked,
    contract::api,
    error::{JournalError, in_one_line},
    events::Watching,
    forms::Document,
    gate::MakeSurvey,
    operations::Operations,
    reconcile::{Knowledge, adopt_comparisons},
    refusal,
    sight::Sight,
    store::{Kept, Pauses, Store, Which},
    trail::Trail,
};
use goldenpath_core::{
    domain::{ClusterRef, Id, Problem, Record, release},
    policy::Identity,
    provision::{
        Bounds, ClusterReport, DaemonStatus, Event, EventKind, InstanceReport, Instances, OperationReport,
        OperationState, Provisioner, Survey,
    },
};
use jiff::Timestamp;
use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

/// More than anybody reads at a terminal: of all that a caller sees, or of one instance.
const MOST_OPERATIONS: u32 = 1000;

pub struct Reports {
    pub store: Arc<dyn Store>,
    pub trail: Arc<Trail>,
    pub operations: Arc<Operations>,
    pub knowledge: Arc<Knowledge>,
    pub surveys: MakeSurvey,
    /// None: those that the target names.
    pub clusters: Vec<ClusterRef>,
    pub reconciles: bool,
    pub started_at: String,
}

// === impl Reports ===

impl Reports {
    pub async fn status(&self) -> DaemonStatus {
        adopt_comparisons(&*self.store, &self.knowledge, &self.clusters).await;
        DaemonStatus {
            release: release().to_owned(),
            api: api(),
            started_at: self.started_at.clone(),
            running_operations: self.operations.count(),
            ledger_entries: self.trail.ledger().entries(),
            reconciles: self.reconciles,
            clusters: self.knowledge.clusters(),
        }
    }

    /// What is recorded now, within these bounds, with what is known of each. A cluster that can't be read says so for itself.
    pub async fn instances(&self, bounds: Vec<Bounds>) -> Result<Instances, Problem> {
        let survey = (self.surveys)(bounds)?;
        adopt_comparisons(&*self.store, &self.knowledge, &self.clusters).await;
        let (mut recorded, mut clusters) = (vec![], vec![]);
        for cluster in &self.clusters_of(&*survey).await? {
            let (records, report) = self.of_cluster(&*survey, cluster).await;
            recorded.extend(records);
            clusters.push(report);
        }
        let pauses = self.store.pauses().await.map_err(|error| unread(&error))?;
        let abouts: Vec<String> = recorded.iter().map(|record| record.id.clone()).collect();
        let last = self.store.last(&abouts).await.map_err(|error| unread(&error))?;
        let mut last = last.into_iter().map(|kept| (kept.about.clone(), self.report(kept))).collect();
        let instances = recorded.into_iter().map(|record| self.instance(record, &pauses, &mut last)).collect();
        Ok(Instances { instances, clusters })
    }

    /// The daemon's own user sees everything, whatever its provider blocks narrow.
    pub async fn sight(&self, identity: &Identity, bounds: Vec<Bounds>) -> Result<Sight, Problem> {
        if *identity == Identity::Own || bounds.iter().all(|bounds| *bounds == Bounds::default()) {
            return Ok(Sight::All);
        }
        let survey = (self.surveys)(bounds)?;
        let mut recorded = HashSet::new();
        for cluster in &self.clusters_of(&*survey).await? {
            let (records, _) = self.of_cluster(&*survey, cluster).await;
            recorded.extend(records.into_iter().map(|record| record.id));
        }
        Ok(Sight::Within { caller: identity.to_string(), recorded: Arc::new(recorded) })
    }

    async fn clusters_of(&self, survey: &dyn Survey) -> Result<Vec<ClusterRef>, Problem> {
        if self.clusters.is_empty() { survey.clusters().await } else { Ok(self.clusters.clone()) }
    }

    async fn of_cluster(&self, survey: &dyn Survey, cluster: &ClusterRef) -> (Vec<Record>, ClusterReport) {
        let name = cluster.name();
        let known = self.knowledge.clusters().into_iter().find(|report| report.cluster == name);
        let compared_at = known.and_then(|report| report.compared_at);
        let (records, unreachable) = match survey.records(cluster).await {
            Ok(records) => (records, None),
            Err(problem) => (vec![], Some(problem.summary)),
        };
        (records, ClusterReport { cluster: name.to_owned(), compared_at, unreachable })
    }

    fn instance(&self, record: Record, pauses: &Pauses, last: &mut HashMap<String, OperationReport>) -> InstanceReport {
        let Record { id, kind, team, tier, golden_path, golden_path_version, phase, .. } = record;
        InstanceReport {
            is_paused: pauses.cover(&id),
            drift: self.knowledge.of(&id),
            last_operation: last.remove(&id),
            id,
            kind,
            team,
            tier,
            golden_path,
            golden_path_version,
            phase,
        }
    }

    /// The latest first.
    pub async fn operations(&self, which: Which<'_>, sight: &Sight) -> Result<Vec<OperationReport>, Problem> {
        let kept = self.store.recent(which, sight, MOST_OPERATIONS).await.map_err(|error| unread(&error))?;
        Ok(kept.into_iter().map(|kept| self.report(kept)).collect())
    }

    /// One out of sight is not known.
    pub async fn operation(&self, id: &str, sight: &Sight) -> Result<OperationReport, Problem> {
        let found = self.operations(Which::One(id), sight).await?;
        found.into_iter().next().ok_or_else(|| refusal::no_operation(id))
    }

    /// What was asked for by one that is in sight, for people.
    pub async fn request(&self, id: &str) -> Result<String, Problem> {
        let request = self.store.request(id).await.map_err(|error| unread(&error))?;
        let (verb, Document { form, bytes }) = request.ok_or_else(|| refusal::no_operation(id))?;
        Ok(asked::text(&asked::as_read(verb, &bytes, form)))
    }

    fn report(&self, kept: Kept) -> OperationReport {
        let last = self.trail.events.last(&kept.id);
        report(kept, last)
    }

    /// The events of an operation that runs, here or at another daemon, or the last one of one that has ended.
    pub async fn watch(&self, id: &str, sight: Sight) -> Result<Watching, Problem> {
        // Whoever has joined an operation knows it by an id of its own.
        let operation = self.store.operation_of(id).await.map_err(|error| unread(&error))?;
        // Before it is looked up: it may end in between.
        let watching = self.trail.events.watch(Some(operation.clone()), sight.clone());
        let event = last_event(self.operation(&operation, &sight).await?);
        if event.kind == EventKind::Ended {
            return Ok(Watching::only(event));
        }
        self.trail.events.introduce(event);
        Ok(watching)
    }

    /// Between applies it is left alone, or no longer. Kept in the ledger.
    pub async fn pause(
        &self,
        caller: &Identity,
        id: &Id,
        is_paused: bool,
        engine: &dyn Provisioner,
    ) -> Result<(), Problem> {
        // One that is not there, or out of bounds, can't be paused.
        let record = engine.find(id).await?;
        record.ok_or_else(|| refusal::no_record(&id.to_string()))?;
        let about = id.to_string();
        let set = async { self.store.pause(&about, is_paused).await.map_err(|error| refusal::pause(&error)) };
        self.trail.pause(is_paused, caller, &about, set).await?;
        if is_paused {
            return Ok(());
        }
        let pauses = self.store.pauses().await.map_err(|error| unread(&error))?;
        pauses.outermost(&about).map_or(Ok(()), |outer| Err(refusal::outer_pause(&about, outer)))
    }
}

/// As the journal has it: that it has ended, or has begun.
fn last_event(report: OperationReport) -> Event {
    let OperationReport { id: operation, verb, about, caller, accepted_at, ended_at, state: _, outcome } = report;
    let (at, kind, text) = match ended_at {
        Some(ended_at) => (ended_at, EventKind::Ended, outcome),
        None => (accepted_at, EventKind::Accepted, String::new()),
    };
    Event { at, kind, operation, caller, verb, about, done: 0, of: 0, text }
}

fn report(kept: Kept, last: Option<Event>) -> OperationReport {
    let Kept { id, caller, verb, about, accepted_at, ended_at, ending } = kept;
    let outcome = match (&ending, last) {
        (Some(ending), _) => ending.in_words(),
        (None, Some(Event { kind: EventKind::Step, done, of, text, .. })) => format!("{done} of {of}: {text}"),
        (None, _) => "running".to_owned(),
    };
    OperationReport {
        id,
        verb,
        about,
        caller,
        accepted_at: at(accepted_at),
        ended_at: ended_at.map(at),
        state: ending.map_or(OperationState::Running, |ending| ending.state()),
        outcome,
    }
}

fn at(milliseconds: i64) -> String {
    // In seconds, as everywhere.
    Timestamp::from_second(milliseconds / 1000).unwrap_or_default().to_string()
}

fn unread(error: &JournalError) -> Problem {
    Problem::error(
        "daemon.journal",
        format!("The daemon can't read its journal: {}; look into its log", in_one_line(error)),
        "Look into the daemon's log, and start it again if the file is gone.",
    )
}
