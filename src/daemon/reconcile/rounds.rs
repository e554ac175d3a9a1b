//! One loop for each cluster: one that is out of reach, or slow, holds up none of the others.

use super::{
    healing::Healing,
    knowledge::{Knowledge, News},
    rules::{Mode, Reconcile, Schedule},
};
use crate::{
    error::in_one_line,
    forms::Message,
    gate::{Gate, MakeSurvey},
    ledger::EntryKind,
    metrics::{InstanceCounts, Metrics},
    operations::Operations,
    store::{BEAT, Lead, Store},
    trail::{Subject, Trail},
};
use goldenpath_core::{
    domain::{ClusterRef, Problem, Record},
    policy::Identity,
    ports::Clock,
    provision::{DriftReport, EventKind, ReportedProblem, Surveyed, operation_id},
};
use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    convert::Infallible,
    future::pending,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::{task::JoinSet, time::sleep};

pub struct Reconciler {
    pub rules: Reconcile,
    /// Of several daemons on it one does this.
    pub store: Arc<dyn Store>,
    pub surveys: MakeSurvey,
    pub gate: Arc<Gate>,
    pub operations: Arc<Operations>,
    pub trail: Arc<Trail>,
    pub knowledge: Arc<Knowledge>,
    pub metrics: Arc<Metrics>,
    pub clock: Arc<dyn Clock>,
}

/// Until it is dropped.
pub async fn run(reconciler: Reconciler) -> Infallible {
    let Reconciler { rules, store, surveys, gate, operations, trail, knowledge, metrics, clock } = reconciler;
    let healing = Healing::new(operations, gate, trail.clone(), clock.clone());
    let (own_store, own_metrics) = (store.clone(), metrics.clone());
    let rounds =
        Arc::new(Rounds { rules, store: own_store, surveys, trail, knowledge, metrics: own_metrics, clock, healing });
    loop {
        // Another daemon has the lead, or the store is away: it may be ours later.
        let Ok(Some(lead)) = store.lead().await else {
            sleep(BEAT).await;
            continue;
        };
        // What it goes on from.
        adopt_comparisons(&*rounds.store, &rounds.knowledge, &rounds.rules.clusters).await;
        rounds.knowledge.lead(true);
        tokio::select! {
            never = rounds.clone().of_all() => match never {},
            () = wait_for_loss(&*lead) => tracing::warn!("Another daemon may compare clusters from now on"),
        }
        rounds.knowledge.lead(false);
        // It counts them from now on, and a sum over all daemons must not hold them twice.
        metrics.set_instances(&InstanceCounts::default());
    }
}

/// What the daemon that leads has found, unless it is this one. `clusters`: those that are configured, if any are.
pub async fn adopt_comparisons(store: &dyn Store, knowledge: &Knowledge, clusters: &[ClusterRef]) {
    if knowledge.leads() {
        return;
    }
    match store.comparisons().await {
        Ok(comparisons) => comparisons.iter().for_each(|found| knowledge.adopt(store.forms(), found, clusters)),
        Err(error) => tracing::warn!(error = in_one_line(&error), "What other daemons have found can't be read"),
    }
}

async fn wait_for_loss(lead: &dyn Lead) {
    while lead.is_held().await {
        sleep(BEAT).await;
    }
}

struct Rounds {
    rules: Reconcile,
    store: Arc<dyn Store>,
    surveys: MakeSurvey,
    trail: Arc<Trail>,
    knowledge: Arc<Knowledge>,
    metrics: Arc<Metrics>,
    clock: Arc<dyn Clock>,
    healing: Arc<Healing>,
}

// === impl Rounds ===

impl Rounds {
    async fn of_all(self: Arc<Self>) -> Infallible {
        // Dropped with this future, and what it has begun.
        let mut loops = JoinSet::new();
        for cluster in self.clusters().await {
            loops.spawn(self.clone().of_cluster(cluster));
        }
        while let Some(ended) = loops.join_next().await {
            match ended {
                Ok(never) => match never {},
                Err(error) => tracing::error!(%error, "A cluster is compared no longer, until the next start"),
            }
        }
        pending().await
    }

    /// Those that are configured, or those that the target names, once it can be asked.
    async fn clusters(&self) -> Vec<ClusterRef> {
        if !self.rules.clusters.is_empty() {
            return self.rules.clusters.clone();
        }
        loop {
            let named = match (self.surveys)(vec![]) {
                Ok(survey) => survey.clusters().await,
                Err(problem) => Err(problem),
            };
            match named {
                Ok(clusters) if !clusters.is_empty() => return clusters,
                Ok(_) => {
                    tracing::warn!("The target has no single cluster; name those to compare in reconcile.clusters")
                }
                Err(problem) => tracing::warn!(%problem, "The target's clusters can't be read"),
            }
            self.clock.sleep(self.rules.interval).await;
        }
    }

    async fn of_cluster(self: Arc<Self>, cluster: ClusterRef) -> Infallible {
        let seed = format!("{}{}", operation_id().unwrap_or_default(), cluster.name());
        let mut schedule = Schedule::new(&self.rules, self.clock.elapsed(), seed);
        loop {
            let pause = schedule.next().saturating_sub(self.clock.elapsed());
            self.clock.sleep(pause).await;
            let now = self.clock.elapsed();
            let due = schedule.due(now);
            if due.is_empty() {
                continue;
            }
            let compared = self.round(&cluster, &due).await;
            match compared {
                Ok(()) => {
                    self.metrics.measure_comparison(self.clock.elapsed().saturating_sub(now));
                    schedule.note_success(&self.rules, &due, self.clock.elapsed());
                }
                Err(problem) => {
                    schedule.note_failure(&self.rules, self.clock.elapsed());
                    if self.knowledge.mark_unreachable(cluster.name(), &problem.summary) {
                        tracing::warn!(cluster = cluster.name(), %problem, "A cluster is out of reach");
                        self.trail.show(&of(cluster.name()), EventKind::Unreachable, problem.summary);
                    }
                }
            }
            self.share(cluster.name()).await;
        }
    }

    /// Daemons that don't compare clusters show what this one has found.
    async fn share(&self, cluster: &str) {
        let comparison = self.knowledge.comparison(cluster).filter(|_| self.store.is_shared());
        let Some(comparison) = comparison else { return };
        let forms = self.store.forms();
        let comparison = forms.document(Message::Comparison, comparison);
        let comparison = forms.share(Message::Comparison, &comparison);
        if let Err(error) = self.store.share(cluster, &comparison).await {
            tracing::warn!(cluster, error = in_one_line(&error), "What was found can't be shared with other daemons");
        }
    }

    /// With an engine of its own, whose one listing goes with the round.
    async fn round(&self, cluster: &ClusterRef, due: &BTreeSet<Option<String>>) -> Result<(), Problem> {
        let survey = (self.surveys)(vec![])?;
        let recorded = Mutex::new(BTreeSet::new());
        let is_due = |record: &Record| {
            recorded.lock().unwrap_or_else(PoisonError::into_inner).insert(record.id.clone());
            due.contains(&self.rules.schedule_key(&record.tier))
        };
        let found = survey.survey(cluster, &is_due).await?;
        let now = self.clock.now();
        if self.knowledge.mark_reachable(cluster.name(), now.clone()) {
            self.trail.show(&of(cluster.name()), EventKind::Reachable, String::new());
        }
        // Of every tier, due or not: the tiers are hardly ever due together.
        let recorded = recorded.into_inner().unwrap_or_else(PoisonError::into_inner);
        self.knowledge.forget_others(cluster.name(), &recorded);
        let pauses = self.store.pauses().await;
        if let Err(error) = &pauses {
            tracing::warn!(error = in_one_line(error), "Nothing is healed: what is paused can't be read");
        }
        let mut is_news = false;
        for found in &found {
            is_news |= self.report(found, &now).await;
            let is_paused = pauses.as_ref().map_or(true, |pauses| pauses.cover(&found.record.id));
            if self.rules.mode(&found.record.tier) == Mode::Heal && !is_paused {
                self.healing.begin(found).await;
            }
        }
        self.metrics.set_instances(&self.knowledge.counts());
        if is_news {
            self.trail.sign().await;
        }
        Ok(())
    }

    /// Whether there was anything to be said.
    async fn report(&self, found: &Surveyed, now: &str) -> bool {
        let Surveyed { record, drift, notices, newest, .. } = found;
        let of_all = |problems: &[Problem]| problems.iter().map(ReportedProblem::from).collect::<Vec<_>>();
        let (drift, notices) = (of_all(drift), of_all(notices));
        let report = DriftReport { compared_at: now.to_owned(), drift, notices, newest: newest.clone() };
        let news = self.knowledge.learn(record, report);
        for news in &news {
            let (event, text, detail) = match news {
                News::Drift(drift) => (EventKind::Drift, in_words(drift), json!({ "findings": drift })),
                News::Notice(notice) => (EventKind::Notice, notice.summary.clone(), Value::Null),
            };
            match event {
                EventKind::Drift => self.trail.report(&of(&record.id), EntryKind::Drift, event, detail, text).await,
                event => self.trail.show(&of(&record.id), event, text),
            }
        }
        !news.is_empty()
    }
}

/// Nobody asked for it.
fn of(about: &str) -> Subject {
    let [operation, verb] = Default::default();
    Subject { operation, caller: Identity::Reconcile.to_string(), verb, about: about.to_owned() }
}

fn in_words(drift: &[ReportedProblem]) -> String {
    match drift {
        [] => "no drift any more".to_owned(),
        [one] => format!("{}: {}", one.summary, one.detail),
        [first, rest @ ..] => format!("{}: {} And {} more.", first.summary, first.detail, rest.len()),
    }
}
