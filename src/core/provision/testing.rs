//! A small target in memory that keeps what it is told, for tests of the engine: field managers and conflicts, versions,
//! namespaces that take a while to go, principals that take a while to be seen, and faults by the number of the call.
//!
//! It is a stateful fake and no second sandbox: it knows desired bodies only as fields, by the projection that real targets
//! use too.

mod fixture;
mod objects;
mod probe;

pub(super) use fixture::*;

use crate::{
    domain::{Class, ClusterArn, ClusterRef, Facts, IdentityProvider, ObjectKey, Observed, Ownership, StableFacts},
    ports::{Clock, Clusters, PortError},
};
use async_trait::async_trait;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

pub(super) const ARN: &str = "arn:aws:eks:eu-west-1:111122223333:cluster/demo";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    Refuse(Class),
    /// The change is made and its answer is lost.
    LostAnswer,
    /// Never answers; the change is made first when `true`. For crashes: the caller is dropped meanwhile.
    Hang(bool),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Call {
    Observe,
    Apply(ObjectKey),
    Delete(ObjectKey),
}

#[derive(Clone, Debug, PartialEq)]
struct Stored {
    version: u64,
    /// Path -> text, manager, declared (or else edited).
    fields: BTreeMap<String, (String, String, bool)>,
    labels: BTreeMap<String, String>,
    record: Option<String>,
    id: Option<String>,
    external_id: Option<String>,
    adoptable_by: Option<String>,
    /// So many more looks and it is gone.
    going: Option<u32>,
    made_at: Instant,
}

#[derive(Default)]
struct State {
    stored: BTreeMap<ObjectKey, Stored>,
    versions: u64,
    calls: Vec<Call>,
    faults: BTreeMap<usize, Fault>,
    boundaries: BTreeSet<String>,
    identity_providers: Vec<IdentityProvider>,
    facts: BTreeMap<String, Facts>,
    target: String,
    /// Deletions that finished, by key: what a test must not find here was not lost.
    lost: Vec<ObjectKey>,
    probes: probe::Probes,
}

pub(super) struct Fake {
    state: Mutex<State>,
    begun: Instant,
    /// Until a new role is seen by EKS.
    pub(super) visible_after: Duration,
}

// === impl Fake ===

impl Fake {
    pub(super) fn new() -> Self {
        let state = State {
            boundaries: ["arn:aws:iam::111122223333:policy/goldenpath/boundary".to_owned()].into(),
            facts: [("demo".to_owned(), facts())].into(),
            target: ARN.to_owned(),
            ..State::default()
        };
        Self { state: Mutex::new(state), begun: Instant::now(), visible_after: Duration::ZERO }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Call number `at`, counted from now on, goes wrong.
    pub(super) fn fail(&self, at: usize, fault: Fault) {
        let mut state = self.lock();
        let at = state.calls.len() + at;
        state.faults.insert(at, fault);
    }

    pub(super) fn heal(&self) {
        self.lock().faults.clear();
    }

    pub(super) fn calls(&self) -> Vec<Call> {
        self.lock().calls.clone()
    }

    pub(super) fn keys(&self) -> BTreeSet<String> {
        self.lock().stored.keys().map(ToString::to_string).collect()
    }

    pub(super) fn lost(&self) -> Vec<ObjectKey> {
        self.lock().lost.clone()
    }

    pub(super) fn move_to(&self, target: &str) {
        self.lock().target = target.to_owned();
    }

    pub(super) fn drop_boundary(&self) {
        self.lock().boundaries.clear();
    }

    pub(super) fn drop_cluster(&self) {
        let mut state = self.lock();
        state.facts.clear();
        state.stored.retain(|key, _| matches!(key, ObjectKey::Role { .. }));
    }

    pub(super) fn authenticates(&self, mode: &str, providers: &[(&str, Option<&str>)]) {
        let provider = |(name, prefix): &(&str, Option<&str>)| IdentityProvider {
            name: (*name).to_owned(),
            groups_prefix: prefix.map(str::to_owned),
        };
        let mut state = self.lock();
        state.identity_providers = providers.iter().map(provider).collect();
        if let Some(facts) = state.facts.get_mut("demo") {
            facts.authentication_mode = mode.to_owned();
        }
    }

    pub(super) fn caller(&self, arn: &str) {
        if let Some(facts) = self.lock().facts.get_mut("demo") {
            facts.caller = arn.to_owned();
        }
    }

    /// Somebody changes one field by hand (`declared`: by server-side apply).
    pub(super) fn edit(&self, key: &str, path: &str, text: Option<&str>, manager: &str, declared: bool) {
        let mut state = self.lock();
        state.versions += 1;
        let version = state.versions;
        let key: ObjectKey = key.parse().unwrap_or_else(|e| panic!("{e}"));
        let stored = state.stored.get_mut(&key).unwrap_or_else(|| panic!("{key} is not there"));
        stored.version = version;
        match text {
            Some(text) => {
                stored.fields.insert(path.to_owned(), (text.to_owned(), manager.to_owned(), declared));
            }
            None => {
                stored.fields.remove(path);
            }
        }
        if let Some(label) = path.strip_prefix("/metadata/labels/") {
            let label = label.replace("~1", "/");
            match text {
                Some(text) => stored.labels.insert(label, text.to_owned()),
                None => stored.labels.remove(&label),
            };
        }
    }

    /// Somebody deletes it by hand, at once.
    pub(super) fn vanish(&self, key: &str) {
        let key: ObjectKey = key.parse().unwrap_or_else(|e| panic!("{e}"));
        assert!(self.lock().stored.remove(&key).is_some(), "{key} is not there");
    }

    /// Somebody else's object.
    pub(super) fn plant(&self, key: &str, by: &str, adoptable_by: Option<&str>) {
        let mut state = self.lock();
        state.versions += 1;
        let stored = Stored {
            version: state.versions,
            fields: [("/metadata/annotations/by".to_owned(), ("x".to_owned(), by.to_owned(), true))].into(),
            labels: BTreeMap::new(),
            record: None,
            id: None,
            external_id: None,
            adoptable_by: adoptable_by.map(str::to_owned),
            going: None,
            made_at: Instant::now(),
        };
        state.stored.insert(key.parse().unwrap_or_else(|e| panic!("{e}")), stored);
    }

    pub(super) fn record(&self, name: &str) -> Option<crate::domain::Record> {
        let key = ObjectKey::kube("v1", "ConfigMap", Some("goldenpath-system"), name);
        let state = self.lock();
        serde_json::from_str(state.stored.get(&key)?.record.as_deref()?).ok()
    }

    pub(super) fn text(&self, key: &str, path: &str) -> Option<String> {
        let key: ObjectKey = key.parse().ok()?;
        self.lock().stored.get(&key)?.fields.get(path).map(|(text, ..)| text.clone())
    }
}

pub(super) fn facts() -> Facts {
    Facts {
        stable: StableFacts {
            cluster_arn: ARN.parse().unwrap_or_else(|e| panic!("{e}")),
            auto_mode: false,
            service_cidr: "10.100.0.0/16".into(),
            ip_family: "ipv4".into(),
            oidc_issuer: None,
            pod_security_version: "1.36".into(),
            permission_sets: [(
                "PaymentsDev".to_owned(),
                "arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_PaymentsDev_0123456789abcdef"
                    .to_owned(),
            )]
            .into(),
        },
        version: "1.36".into(),
        authentication_mode: "API".into(),
        network_policy_enforced: true,
        addons: vec!["eks-pod-identity-agent".into()],
        crds: vec![],
        caller: "arn:aws:iam::111122223333:user/ci".into(),
    }
}

#[async_trait]
impl Clusters for Fake {
    async fn target(&self, cluster: &ClusterRef) -> Result<String, PortError> {
        self.facts(cluster).await?;
        Ok(self.lock().target.clone())
    }

    async fn facts(&self, cluster: &ClusterRef) -> Result<Facts, PortError> {
        self.lock()
            .facts
            .get(cluster.name())
            .cloned()
            .ok_or_else(|| PortError::new(Class::NotFound, "eks:DescribeCluster", format!("no cluster {cluster}")))
    }

    async fn only(&self) -> Result<Option<ClusterRef>, PortError> {
        Ok("demo".parse().ok())
    }

    async fn policy_exists(&self, _: &ClusterArn, arn: &str) -> Result<bool, PortError> {
        Ok(self.lock().boundaries.contains(arn))
    }

    async fn identity_providers(&self, _: &ClusterRef) -> Result<Vec<IdentityProvider>, PortError> {
        Ok(self.lock().identity_providers.clone())
    }
}

#[async_trait]
impl Clock for Fake {
    fn now(&self) -> String {
        let seconds = i64::try_from(self.elapsed().as_secs()).unwrap_or_default();
        jiff::Timestamp::from_second(1_790_000_000 + seconds).map(|t| t.to_string()).unwrap_or_default()
    }

    fn elapsed(&self) -> Duration {
        self.begun.elapsed()
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}

fn observed(key: &ObjectKey, stored: &Stored, fields: crate::domain::Fields, ownership: Ownership) -> Observed {
    Observed {
        deleting: stored.going.map(|looks| format!("NamespaceContentRemaining: {looks} more")),
        id: stored.id.clone(),
        external_id: stored.external_id.clone(),
        record: stored.record.clone(),
        adoptable_by: stored.adoptable_by.clone(),
        ..Observed::new(key.clone(), stored.version.to_string(), ownership, fields)
    }
}
