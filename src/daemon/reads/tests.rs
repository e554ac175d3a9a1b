use super::*;
use goldenpath_core::{
    domain::{Body, Class},
    ports::Scope,
};
use serde_json::json;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

const SECOND: Duration = Duration::from_secs(1);

/// Counts what it is asked for, and holds nothing.
#[derive(Default)]
struct Counted {
    reads: AtomicU32,
    /// Of them those that need not be fresh.
    recent: AtomicU32,
    reported: AtomicU64,
}

#[async_trait]
impl Objects for Counted {
    async fn observe(&self, _: &ClusterArn, _: &Selector) -> Result<Vec<Observed>, PortError> {
        self.reads.fetch_add(1, Ordering::SeqCst);
        Ok(vec![])
    }

    async fn observe_recent(&self, cluster: &ClusterArn, selector: &Selector) -> Result<Vec<Observed>, PortError> {
        self.recent.fetch_add(1, Ordering::SeqCst);
        self.observe(cluster, selector).await
    }

    fn revision(&self, _: &ClusterArn) -> u64 {
        self.reported.load(Ordering::SeqCst)
    }

    async fn apply(&self, _: Apply<'_>) -> Result<Observed, PortError> {
        Err(PortError::new(Class::Unavailable, "apply", "the response was lost"))
    }

    async fn delete(&self, _: &ClusterArn, _: &ObjectKey, _: &Expect) -> Result<Deleted, PortError> {
        Ok(Deleted::Gone)
    }
}

fn cluster(name: &str) -> ClusterArn {
    format!("arn:aws:eks:eu-west-1:111122223333:cluster/{name}").parse().unwrap()
}

#[tokio::test(start_paused = true)]
async fn plans_share_what_they_read_until_somebody_writes_and_operations_read_for_themselves() {
    let counted = Arc::new(Counted::default());
    let reads = Reads::new(SECOND, Metrics::new());
    let (one, two) = (reads.over_objects(counted.clone()), reads.over_objects(counted.clone()));
    let (here, there) = (cluster("demo"), cluster("other"));
    let everything = Selector { scope: Scope::Everything, keys: vec![] };
    let records = Selector { scope: Scope::Records, keys: vec![] };
    let count = || counted.reads.load(Ordering::SeqCst);
    let (first, second, third) =
        tokio::join!(one.observe(&here, &everything), two.observe(&here, &everything), one.observe(&here, &records));
    assert!(first.is_ok() && second.is_ok() && third.is_ok());
    assert_eq!(count(), 2, "equal reads at once are one, whoever asks");
    operation::within("op-1", one.observe(&here, &everything)).await.unwrap();
    assert_eq!(count(), 3, "an operation's own");
    one.observe(&there, &everything).await.unwrap();
    assert_eq!(count(), 4);

    let key = ObjectKey::kube("v1", "ConfigMap", Some("a"), "b");
    let body = Body::Kube(json!({}));
    let apply = Apply { cluster: &here, key: &key, body: &body, manager: "m", expect: Expect::Any, take: &[] };
    assert!(two.apply(apply).await.is_err());
    one.observe(&here, &everything).await.unwrap();
    assert_eq!(count(), 5, "a write ends it, also one whose response was lost");
    one.observe(&there, &everything).await.unwrap();
    assert_eq!(count(), 5, "that of another cluster is what it was");
    two.delete(&here, &ObjectKey::role("r"), &Expect::Any).await.unwrap();
    one.observe(&there, &everything).await.unwrap();
    assert_eq!(count(), 6, "a role is of the account and so of every cluster");
    reads.outdate();
    one.observe(&here, &everything).await.unwrap();
    assert_eq!(count(), 7, "another daemon may have written anywhere");
}

#[tokio::test(start_paused = true)]
async fn nothing_is_shared_where_that_is_switched_off() {
    let counted = Arc::new(Counted::default());
    let objects = Reads::new(Duration::ZERO, Metrics::new()).over_objects(counted.clone());
    let everything = Selector { scope: Scope::Everything, keys: vec![] };
    let here = cluster("demo");
    let both = tokio::join!(objects.observe(&here, &everything), objects.observe(&here, &everything));
    assert!(both.0.is_ok() && both.1.is_ok());
    assert_eq!(counted.reads.load(Ordering::SeqCst), 2);
}

#[tokio::test(start_paused = true)]
async fn what_the_target_reports_serves_plans_but_not_just_after_a_write() {
    let counted = Arc::new(Counted::default());
    let reads = Reads::new(SECOND, Metrics::new());
    let objects = reads.over_objects(counted.clone());
    let (here, there) = (cluster("demo"), cluster("other"));
    let everything = Selector { scope: Scope::Everything, keys: vec![] };
    let counts = || (counted.reads.load(Ordering::SeqCst), counted.recent.load(Ordering::SeqCst));
    objects.observe(&here, &everything).await.unwrap();
    objects.observe(&here, &everything).await.unwrap();
    assert_eq!(counts(), (1, 1), "shared, and nothing was written");
    counted.reported.store(7, Ordering::SeqCst);
    objects.observe(&here, &everything).await.unwrap();
    assert_eq!(counts(), (2, 2), "somebody has changed something");
    let key = ObjectKey::kube("v1", "ConfigMap", Some("a"), "b");
    objects.delete(&here, &key, &Expect::Any).await.unwrap();
    objects.observe(&here, &everything).await.unwrap();
    objects.observe(&there, &everything).await.unwrap();
    assert_eq!(counts(), (4, 3), "its report may not have come yet; nothing was written there");
    tokio::time::sleep(REPORTED_WITHIN + SECOND).await;
    objects.observe(&here, &everything).await.unwrap();
    assert_eq!(counts(), (5, 4), "now it has");
    operation::within("op-1", objects.observe(&here, &everything)).await.unwrap();
    assert_eq!(counts(), (6, 4), "an operation reads for itself");
    reads.end_window();
    objects.observe(&here, &everything).await.unwrap();
    assert_eq!(
        counts(),
        (7, 5),
        "another daemon may have written: what was read before serves no more, and reports do"
    );
    reads.outdate();
    objects.observe(&here, &everything).await.unwrap();
    assert_eq!(counts(), (8, 5), "it has");
}
