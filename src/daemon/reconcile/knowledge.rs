//! What the last rounds found, for whoever asks, and what of a round is news.

use goldenpath_core::provision::{ClusterReport, DriftReport, ReportedProblem};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, MutexGuard, PoisonError},
};

#[derive(Default)]
pub struct Knowledge(Mutex<State>);

#[derive(Default)]
struct State {
    instances: BTreeMap<String, DriftReport>,
    clusters: BTreeMap<String, ClusterReport>,
    paused: BTreeSet<String>,
    /// What the ledger says was found last, before this daemon's first round.
    before: BTreeMap<String, Vec<ReportedProblem>>,
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

    pub fn pause(&self, id: &str, is_paused: bool) {
        let mut state = self.state();
        if is_paused {
            state.paused.insert(id.to_owned());
        } else {
            state.paused.remove(id);
        }
    }

    /// With its environment what is in it is paused, too.
    pub fn is_paused(&self, id: &str) -> bool {
        let state = self.state();
        state
            .paused
            .iter()
            .any(|paused| id == paused || id.strip_prefix(paused).is_some_and(|rest| rest.starts_with('/')))
    }

    pub fn of(&self, id: &str) -> Option<DriftReport> {
        self.state().instances.get(id).cloned()
    }

    pub fn clusters(&self) -> Vec<ClusterReport> {
        self.state().clusters.values().cloned().collect()
    }

    /// What a round found of one instance.
    pub fn learn(&self, id: &str, found: DriftReport) -> Vec<News> {
        let mut state = self.state();
        let before = state.before.remove(id);
        let known = state.instances.insert(id.to_owned(), found.clone());
        let drift = known.as_ref().map(|known| &known.drift).or(before.as_ref());
        let mut news = vec![];
        if drift.map_or(!found.drift.is_empty(), |drift| *drift != found.drift) {
            news.push(News::Drift(found.drift));
        }
        let old = known.map(|known| known.notices).unwrap_or_default();
        news.extend(found.notices.into_iter().filter(|notice| !old.contains(notice)).map(News::Notice));
        news
    }

    /// What is no longer recorded on a cluster, after a round over all of it.
    pub fn forget_others(&self, cluster: &str, there: &BTreeSet<String>) {
        let inside = format!("{cluster}/");
        let is_gone = |id: &str| (id == cluster || id.starts_with(&inside)) && !there.contains(id);
        self.state().instances.retain(|id, _| !is_gone(id));
    }

    /// Whether it was out of reach before.
    pub fn reached(&self, cluster: &str, at: String) -> bool {
        let now = ClusterReport { cluster: cluster.to_owned(), compared_at: Some(at), unreachable: None };
        let before = self.state().clusters.insert(cluster.to_owned(), now);
        before.is_some_and(|before| before.unreachable.is_some())
    }

    /// Whether that is news.
    pub fn missed(&self, cluster: &str, why: &str) -> bool {
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

#[cfg(test)]
mod tests {
    use super::*;
    use goldenpath_core::domain::Problem;

    fn found(drift: &[&'static str]) -> DriftReport {
        let drift = drift.iter().map(|summary| ReportedProblem::from(&Problem::warning("drift.changed", *summary, "")));
        DriftReport { compared_at: String::new(), drift: drift.collect(), notices: vec![], newest: None }
    }

    #[test]
    fn only_what_changed_is_news() {
        let knowledge = Knowledge::default();
        knowledge.recall_drift("demo/old", found(&["a"]).drift);
        for (id, now, expected, reason) in [
            ("demo/pay", found(&[]), None, "nothing to be said"),
            ("demo/pay", found(&["a"]), Some(1), "it drifted"),
            ("demo/pay", found(&["a"]), None, "known"),
            ("demo/pay", found(&["a", "b"]), Some(2), "more of it"),
            ("demo/pay", found(&[]), Some(0), "it is over"),
            ("demo/old", found(&["a"]), None, "the ledger knew"),
        ] {
            let news = knowledge.learn(id, now);
            let count = news.first().map(|news| match news {
                News::Drift(drift) => drift.len(),
                News::Notice(_) => 99,
            });
            assert_eq!(count, expected, "{reason}");
        }
    }

    #[test]
    fn a_pause_holds_for_what_is_inside() {
        let knowledge = Knowledge::default();
        knowledge.pause("demo/pay", true);
        for (id, expected, reason) in
            [("demo/pay", true, "itself"), ("demo/pay/api", true, "a slot"), ("demo/payments", false, "another one")]
        {
            assert_eq!(knowledge.is_paused(id), expected, "{reason}");
        }
        knowledge.pause("demo/pay", false);
        assert!(!knowledge.is_paused("demo/pay"));
    }
}
