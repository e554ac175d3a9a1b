//! What the last rounds found, for whoever asks, and what of a round is news.

use crate::{
    forms::{Document, Forms, Message},
    metrics::{EnvironmentLabels, InstanceCounts},
};
use goldenpath_core::{
    domain::{ClusterRef, Record, ResourceKind},
    provision::{ClusterReport, DriftReport, ReportedProblem},
};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, MutexGuard, PoisonError},
};

#[derive(Default)]
pub struct Knowledge(Mutex<State>);

#[derive(Default)]
struct State {
    instances: BTreeMap<String, Known>,
    clusters: BTreeMap<String, ClusterReport>,
    /// This daemon compares clusters, and no other one on its store does.
    leads: bool,
    /// What the ledger says was found last, before this daemon's first round.
    before: BTreeMap<String, Vec<ReportedProblem>>,
}

#[derive(Clone, Serialize, Deserialize)]
struct Known {
    report: DriftReport,
    kind: ResourceKind,
    labels: EnvironmentLabels,
}

/// All of one cluster, as daemons on one database share it.
#[derive(Serialize, Deserialize)]
struct Comparison {
    cluster: ClusterReport,
    instances: BTreeMap<String, Known>,
}

/// Something that the round before did not find so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// Empty: what had drifted is as it should be.
    Drift(Vec<ReportedProblem>),
    Notice(ReportedProblem),
}

// === impl Knowledge ===

impl Knowledge {
    /// By the ledger, at the start.
    pub fn recall_drift(&self, id: &str, drift: Vec<ReportedProblem>) {
        self.state().before.insert(id.to_owned(), drift);
    }

    pub fn lead(&self, leads: bool) {
        self.state().leads = leads;
    }

    pub fn leads(&self) -> bool {
        self.state().leads
    }

    pub fn of(&self, id: &str) -> Option<DriftReport> {
        self.state().instances.get(id).map(|known| known.report.clone())
    }

    /// For the metrics.
    pub fn counts(&self) -> InstanceCounts {
        let mut counts = InstanceCounts::default();
        for Known { report, kind, labels } in self.state().instances.values() {
            if *kind == ResourceKind::ENVIRONMENT {
                *counts.environments.entry(labels.clone()).or_default() += 1;
            }
            *counts.drifted.entry(kind.to_string()).or_default() += i64::from(!report.drift.is_empty());
            for notice in &report.notices {
                *counts.notices.entry((kind.to_string(), notice.code.clone())).or_default() += 1;
            }
        }
        counts
    }

    pub fn clusters(&self) -> Vec<ClusterReport> {
        self.state().clusters.values().cloned().collect()
    }

    /// For other daemons. `None`: nothing is known of it.
    pub fn comparison(&self, cluster: &str) -> Option<Vec<u8>> {
        let state = self.state();
        let instances = state.instances.iter().filter(|(id, _)| is_of(cluster, id));
        let instances = instances.map(|(id, known)| (id.clone(), known.clone())).collect();
        serde_json::to_vec(&Comparison { cluster: state.clusters.get(cluster)?.clone(), instances }).ok()
    }

    /// What another daemon has found, in place of what is known of that cluster. What only a later release can say is not known here.
    /// `clusters`: those that are configured, if any are. Of one that was, the store still holds what was found last.
    pub fn adopt(&self, forms: Forms, Document { form, bytes }: &Document, clusters: &[ClusterRef]) {
        let Ok(Comparison { cluster, instances }) = forms.read(Message::Comparison, bytes, *form) else { return };
        if !clusters.is_empty() && clusters.iter().all(|own| own.name() != cluster.cluster) {
            return;
        }
        let mut state = self.state();
        state.instances.retain(|id, _| !is_of(&cluster.cluster, id));
        state.instances.extend(instances);
        state.clusters.insert(cluster.cluster.clone(), cluster);
    }

    /// What a round found of one instance.
    pub fn learn(&self, record: &Record, found: DriftReport) -> Vec<News> {
        let Record { id, kind, golden_path, golden_path_version, tier, .. } = record.clone();
        let mut state = self.state();
        let before = state.before.remove(&id);
        let labels = EnvironmentLabels { golden_path, version: golden_path_version, tier };
        let known = state.instances.insert(id, Known { report: found.clone(), kind, labels });
        let known = known.map(|known| known.report);
        let drift = known.as_ref().map(|known| &known.drift).or(before.as_ref());
        let mut news = vec![];
        if drift.map_or(!found.drift.is_empty(), |drift| *drift != found.drift) {
            news.push(News::Drift(found.drift));
        }
        let old = known.map(|known| known.notices).unwrap_or_default();
        news.extend(found.notices.into_iter().filter(|notice| !old.contains(notice)).map(News::Notice));
        news
    }

    /// What is no longer recorded on a cluster.
    pub fn forget_others(&self, cluster: &str, recorded: &BTreeSet<String>) {
        self.state().instances.retain(|id, _| !is_of(cluster, id) || recorded.contains(id));
    }

    /// Whether it was out of reach before.
    pub fn mark_reachable(&self, cluster: &str, at: String) -> bool {
        let now = ClusterReport { cluster: cluster.to_owned(), compared_at: Some(at), unreachable: None };
        let before = self.state().clusters.insert(cluster.to_owned(), now);
        before.is_some_and(|before| before.unreachable.is_some())
    }

    /// Whether that is news.
    pub fn mark_unreachable(&self, cluster: &str, why: &str) -> bool {
        let mut state = self.state();
        let known = state.clusters.entry(cluster.to_owned()).or_insert_with(|| ClusterReport {
            cluster: cluster.to_owned(),
            compared_at: None,
            unreachable: None,
        });
        known.unreachable.replace(why.to_owned()).is_none()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_of(cluster: &str, id: &str) -> bool {
    id.strip_prefix(cluster).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reconcile::tests::record;
    use goldenpath_core::domain::Problem;

    fn report(drift: &[&'static str]) -> DriftReport {
        let drift = drift.iter().map(|summary| ReportedProblem::from(&Problem::warning("drift.changed", *summary, "")));
        DriftReport { compared_at: String::new(), drift: drift.collect(), notices: vec![], newest: None }
    }

    #[test]
    fn only_what_changed_is_news() {
        let knowledge = Knowledge::default();
        knowledge.recall_drift("demo/old", report(&["a"]).drift);
        for (id, now, expected, reason) in [
            ("demo/pay", report(&[]), None, "nothing to be said"),
            ("demo/pay", report(&["a"]), Some(1), "it drifted"),
            ("demo/pay", report(&["a"]), None, "known"),
            ("demo/pay", report(&["a", "b"]), Some(2), "more of it"),
            ("demo/pay", report(&[]), Some(0), "it is over"),
            ("demo/old", report(&["a"]), None, "the ledger knew"),
        ] {
            let news = knowledge.learn(&record(id, "dev"), now);
            let count = news.first().map(|news| match news {
                News::Drift(drift) => drift.len(),
                News::Notice(_) => 99,
            });
            assert_eq!(count, expected, "{reason}");
        }
    }

    #[test]
    fn what_one_daemon_has_found_another_one_knows() {
        let (one, two) = (Knowledge::default(), Knowledge::default());
        assert_eq!(one.comparison("demo"), None, "nothing yet");
        one.learn(&record("demo/pay", "dev"), report(&["a"]));
        one.learn(&record("demo-2/pay", "dev"), report(&["b"]));
        one.mark_reachable("demo", "now".to_owned());
        two.learn(&record("demo/gone", "dev"), report(&[]));
        let forms = Forms::own();
        let shared = forms.document(Message::Comparison, one.comparison("demo").unwrap());
        two.adopt(forms, &shared, &["demo-2".parse().unwrap()]);
        assert!(two.of("demo/pay").is_none() && two.clusters().is_empty(), "a cluster that is compared no longer");
        two.adopt(forms, &shared, &[]);
        assert_eq!((two.of("demo/pay"), two.of("demo/gone")), (Some(report(&["a"])), None), "all of this cluster");
        assert_eq!((two.of("demo-2/pay"), two.clusters()), (None, one.clusters()), "and of no other");
        assert!(two.learn(&record("demo/pay", "dev"), report(&["a"])).is_empty(), "nor is it news to it");
        two.adopt(forms, &Document::new(forms.api() + 1, *b"of a later release"), &[]);
        assert!(two.of("demo/pay").is_some(), "which says nothing to it");
    }

    #[test]
    fn metrics_count_what_the_last_rounds_found() {
        let knowledge = Knowledge::default();
        for (id, tier, drift) in [("demo/pay", "dev", &["a"][..]), ("demo/shop", "dev", &[]), ("demo/web", "prod", &[])]
        {
            knowledge.learn(&record(id, tier), report(drift));
        }
        let counts = knowledge.counts();
        let by_tier: Vec<_> = counts.environments.iter().map(|(of, count)| (of.tier.as_str(), *count)).collect();
        assert_eq!(by_tier, [("dev", 2), ("prod", 1)]);
        assert_eq!(counts.drifted.get("environment"), Some(&1));
        knowledge.learn(&record("demo/pay", "dev"), report(&[]));
        knowledge.forget_others("demo", &["demo/pay".to_owned(), "demo/web".to_owned()].into());
        assert_eq!(knowledge.counts().drifted.get("environment"), Some(&0), "healed is shown as none");
        assert_eq!(knowledge.counts().environments.values().sum::<i64>(), 2, "what is gone is counted no more");
    }
}
