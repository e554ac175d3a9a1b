//! Rounds over fake clusters, with a clock that a test moves.

use super::*;
use crate::{
    forms::Forms,
    gate::{MakeEngine, MakeSurvey},
    metrics::{Form, Metrics, Standing},
    operations::Operations,
    reads::Reads,
    sight::Sight,
    store::{JournalPlace, open},
    tests::harness::{FakeClock, FakeEngine, gate, trail, until},
    trail::Trail,
};
use async_trait::async_trait;
use futures_util::StreamExt as _;
use goldenpath_core::{
    domain::{ClusterRef, EnvironmentId, Id, Problem, Record, from_document},
    provision::{EventKind, Prior, Provisioner, Restorable, Spec, Survey, Surveyed, Wanted},
};
use serde_json::json;
use std::{
    collections::BTreeMap,
    future::pending,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

const HOUR: Duration = Duration::from_secs(3600);

pub fn record(id: &str, tier: &str) -> Record {
    from_document(&json!({
        "id": id, "uid": "u", "kind": "environment", "cluster_arn": "arn:aws:eks:eu-west-1:111122223333:cluster/good",
        "team": "pay", "tier": tier, "golden_path": "team-standard", "golden_path_version": "1.0.0", "golden_path_digest": "",
        "spec": {}, "inventory": [], "phase": "ready", "tool_version": "test",
        "facts": {
            "cluster_arn": "arn:aws:eks:eu-west-1:111122223333:cluster/good", "auto_mode": false, "service_cidr": "10.100.0.0/16",
            "ip_family": "ipv4", "oidc_issuer": null, "pod_security_version": "1.36", "permission_sets": {}
        },
    }))
    .unwrap()
}

fn drifting_instance(id: &str, tier: &str) -> Surveyed {
    let name = id.rsplit('/').next();
    let request = json!({ "name": name, "team": "pay", "tier": tier, "cluster": "good" });
    let spec: Spec = from_document(&json!({ "kind": "environment", "request": request })).unwrap();
    let prior = Prior {
        spec: spec.clone(),
        uid: "u".into(),
        target: None,
        objects: BTreeMap::new(),
        incomplete: false,
        identity_ready: None,
    };
    Surveyed {
        id: Id::from(id.parse::<EnvironmentId>().unwrap()),
        record: record(id, tier),
        drift: vec![Problem::warning("drift.changed", "Quota was changed", "It is 9 (by kubectl-edit).")],
        notices: vec![],
        newest: None,
        restorable: Some(Restorable { spec, prior }),
    }
}

/// `slow` never responds, `lost` is out of reach until a test says otherwise, and `good` has drift.
#[derive(Default)]
struct FakeTarget {
    looks: AtomicUsize,
    tries: AtomicUsize,
    is_found: AtomicBool,
    /// `good/prod` was removed.
    is_removed: AtomicBool,
}

#[async_trait]
impl Survey for FakeTarget {
    async fn clusters(&self) -> Result<Vec<ClusterRef>, Problem> {
        Ok(vec![])
    }

    async fn records(&self, _: &ClusterRef) -> Result<Vec<Record>, Problem> {
        Ok(vec![])
    }

    async fn survey(&self, cluster: &ClusterRef, wanted: &Wanted<'_>) -> Result<Vec<Surveyed>, Problem> {
        match cluster.name() {
            "slow" => pending().await,
            "lost" => {
                self.tries.fetch_add(1, Ordering::SeqCst);
                let is_found = self.is_found.load(Ordering::SeqCst);
                if is_found { Ok(vec![]) } else { Err(Problem::error("target.unavailable", "No connection", "Wait.")) }
            }
            _ => {
                self.looks.fetch_add(1, Ordering::SeqCst);
                let all = [("good/dev", "dev"), ("good/paused", "dev"), ("good/prod", "prod")];
                let is_removed = self.is_removed.load(Ordering::SeqCst);
                let there = all.into_iter().filter(|(id, _)| !is_removed || *id != "good/prod");
                Ok(there.map(|(id, tier)| drifting_instance(id, tier)).filter(|found| wanted(&found.record)).collect())
            }
        }
    }
}

struct Fixture {
    _folder: tempfile::TempDir,
    target: Arc<FakeTarget>,
    clock: Arc<FakeClock>,
    engine: Arc<FakeEngine>,
    trail: Arc<Trail>,
    knowledge: Arc<Knowledge>,
    metrics: Arc<Metrics>,
    operations: Arc<Operations>,
}

impl Fixture {
    /// `jitter`: in percent.
    async fn start(jitter: u32) -> (Self, tokio::task::JoinHandle<std::convert::Infallible>) {
        let folder = tempfile::tempdir().unwrap();
        let (target, clock, engine) =
            (Arc::new(FakeTarget::default()), Arc::new(FakeClock::default()), Arc::new(FakeEngine::default()));
        let (trail, knowledge) = (trail(), Arc::new(Knowledge::default()));
        let (own_target, own_engine) = (target.clone(), engine.clone());
        let surveys: MakeSurvey = Arc::new(move |_| -> Result<Arc<dyn Survey>, Problem> { Ok(own_target.clone()) });
        let engines: MakeEngine =
            Arc::new(move |_| -> Result<Arc<dyn Provisioner>, Problem> { Ok(own_engine.clone()) });
        let gate = gate(engines, &trail);
        let store = open(&JournalPlace::File(folder.path().join("journal.db")), HOUR, Forms::own()).await.unwrap();
        store.pause("good/paused", true).await.unwrap();
        let metrics = Metrics::new();
        let reads = Reads::new(Duration::ZERO, metrics.clone());
        let operations = Operations::new(store.clone(), gate.clone(), trail.clone(), reads, metrics.clone());
        let minute = Duration::from_secs(60);
        let rules = Reconcile {
            interval: 10 * minute,
            jitter,
            clusters: ["slow", "lost", "good"].map(|name| name.parse().unwrap()).to_vec(),
            tiers: [("dev".to_owned(), TierRule { mode: Mode::Heal, interval: minute })].into(),
        };
        let reconciler = Reconciler {
            rules,
            store,
            surveys,
            gate,
            operations: operations.clone(),
            trail: trail.clone(),
            knowledge: knowledge.clone(),
            metrics: metrics.clone(),
            clock: clock.clone(),
        };
        let rounds = tokio::spawn(run(reconciler));
        (Self { _folder: folder, target, clock, engine, trail, knowledge, metrics, operations }, rounds)
    }

    /// All but the one that never responds wait for their next round.
    async fn is_calm(&self, looks: usize, tries: usize) {
        until(|| (self.looks(), self.tries(), self.clock.sleepers()) == (looks, tries, 2)).await;
    }

    fn looks(&self) -> usize {
        self.target.looks.load(Ordering::SeqCst)
    }

    fn tries(&self) -> usize {
        self.target.tries.load(Ordering::SeqCst)
    }
}

#[tokio::test]
async fn drift_is_shown_once_and_healed_by_the_rules_of_its_tier() {
    let (fixture, rounds) = Fixture::start(0).await;
    let mut events = fixture.trail.events.watch(None, Sight::All);
    fixture.engine.is_recorded(record("good/dev", "dev"));
    until(|| fixture.engine.ensures() == 1).await;
    let mut shown = vec![];
    while shown.iter().filter(|(kind, _)| kind == "drift").count() < 3 {
        let event = events.next().await.unwrap().unwrap();
        shown.push((event.kind, event.about));
    }
    assert!(fixture.operations.is_busy_with("good/dev"), "an operation like any other");
    fixture.is_calm(1, 1).await;
    fixture.clock.pass(60);
    fixture.is_calm(2, 2).await;
    // Years that pass at once make one round.
    fixture.clock.pass(100_000_000);
    fixture.is_calm(3, 3).await;
    assert_eq!(
        fixture.engine.ensures(),
        1,
        "while it is healed it is not healed again, and prod and what is paused never"
    );
    let known = fixture.knowledge.of("good/prod").unwrap();
    assert_eq!(known.drift[0].detail, "It is 9 (by kubectl-edit).", "what is only observed is shown");
    rounds.abort();
}

#[tokio::test]
async fn a_cluster_out_of_reach_backs_off_alone_and_says_so_once() {
    let (fixture, rounds) = Fixture::start(0).await;
    let mut events = fixture.trail.events.watch(None, Sight::All);
    fixture.is_calm(1, 1).await;
    // After a minute, and then after two; the other one is looked at every minute.
    for (tries, looks) in [(2, 2), (2, 3), (3, 4)] {
        fixture.clock.pass(60);
        fixture.is_calm(looks, tries).await;
    }
    fixture.target.is_found.store(true, Ordering::SeqCst);
    fixture.clock.pass(240);
    until(|| {
        fixture.knowledge.clusters().iter().any(|cluster| cluster.compared_at.is_some() && cluster.cluster == "lost")
    })
    .await;
    let mut shown = vec![];
    while shown.last() != Some(&EventKind::Reachable.as_str().to_owned()) {
        let event = events.next().await.unwrap().unwrap();
        if event.about == "lost" {
            shown.push(event.kind);
        }
    }
    assert_eq!(shown, ["unreachable", "reachable"]);
    rounds.abort();
}

#[tokio::test]
async fn what_was_removed_is_forgotten_in_the_next_round_of_any_tier() {
    let (fixture, rounds) = Fixture::start(10).await;
    let counted = || {
        let written = fixture.metrics.write(Form::Text, Standing { running: 0, waiting: None }, true);
        let of = |name: &str| written.lines().find_map(|line| line.strip_prefix(name)).map(str::to_owned);
        let prod = of("goldenpath_environments{golden_path=\"team-standard\",version=\"1.0.0\",tier=\"prod\"} ");
        (prod, of("goldenpath_drifted_instances{kind=\"environment\"} "))
    };
    let shares = |id: &str| String::from_utf8(fixture.knowledge.comparison("good").unwrap()).unwrap().contains(id);
    let count = |number: &str| Some(number.to_owned());
    fixture.is_calm(1, 1).await;
    assert_eq!(
        (counted(), shares("good/prod")),
        ((count("1"), count("3")), true),
        "the first round is one of all tiers"
    );
    fixture.target.is_removed.store(true, Ordering::SeqCst);
    // The next round of dev comes within 66 seconds, and that of prod not before nine minutes.
    fixture.clock.pass(66);
    fixture.is_calm(2, 2).await;
    assert_eq!(counted(), (None, count("2")), "it is counted no more, nor is its drift");
    assert!(fixture.knowledge.of("good/prod").is_none() && !shares("good/prod"), "other daemons hear of it no more");
    assert!(shares("good/dev") && shares("good/paused"), "what is there stays");
    rounds.abort();
}
