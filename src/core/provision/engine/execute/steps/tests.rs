//! What a step does when the target moves under it, over a port that keeps objects and a few instructions.
//!
//! It is not the sandbox, which depends on this crate and has no faults for these moments: so many conflicts in a row, a deletion that
//! a third look still sees, a record that is taken over between two calls of one step. Of the contract it keeps what a step relies on,
//! versions and what an apply expects. That the engine works over ports that keep all of it is tested in the sandbox's `tests/engine`.

use super::*;
use crate::{
    domain::{ClusterArn, EnvironmentId, Observed, Ownership, Phase, Role},
    kinds::fields_of,
    ports::{Clock, Deleted, Objects, PortError, Scope, Selector},
    provision::engine::{
        fixtures::{ARN, environment, record},
        record as document,
    },
};
use async_trait::async_trait;
use serde_json::json;
use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

#[derive(Default)]
struct State {
    objects: BTreeMap<ObjectKey, Observed>,
    versions: u64,
    /// So many applies meet a conflict.
    conflicts: usize,
    /// Applies that it refuses, and how.
    refusals: (usize, Option<Class>),
    /// So many looks still see the deletion in progress.
    terminating: usize,
    applied: Vec<ObjectKey>,
    deleted: Vec<ObjectKey>,
}

#[derive(Default)]
struct Port(Mutex<State>);

impl Port {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(&self, key: &ObjectKey, body: &Body) -> Observed {
        let mut state = self.lock();
        state.versions += 1;
        let owner = id().owner().map_or(Ownership::Cluster, Ownership::Ours);
        let mut object = Observed::new(key.clone(), state.versions.to_string(), owner, fields_of(body));
        if let Body::Kube(document) = body {
            object.record = document.pointer("/data/record").and_then(|text| text.as_str()).map(Into::into);
        }
        state.objects.insert(key.clone(), object.clone());
        object
    }
}

#[async_trait]
impl Objects for Port {
    async fn observe(&self, _: &ClusterArn, selector: &Selector) -> Result<Vec<Observed>, PortError> {
        assert_eq!(selector.scope, Scope::Keys);
        let mut state = self.lock();
        let terminating: Vec<ObjectKey> = state
            .objects
            .values()
            .filter(|object| object.deleting.is_some())
            .map(|object| object.key.clone())
            .collect();
        if !terminating.is_empty() && terminating.iter().any(|key| selector.keys.contains(key)) {
            match state.terminating.checked_sub(1) {
                Some(left) => state.terminating = left,
                None => state.objects.retain(|key, _| !terminating.contains(key)),
            }
        }
        Ok(selector.keys.iter().filter_map(|key| state.objects.get(key).cloned()).collect())
    }

    async fn apply(&self, apply: Apply<'_>) -> Result<Observed, PortError> {
        let conflict = |why: &str| Err(PortError::new(Class::Conflict, "Apply", why));
        {
            let mut state = self.lock();
            state.applied.push(apply.key.clone());
            if let Some(left) = state.conflicts.checked_sub(1) {
                state.conflicts = left;
                return conflict("the object has been modified");
            }
            if let (Some(left), Some(class)) = (state.refusals.0.checked_sub(1), state.refusals.1) {
                state.refusals.0 = left;
                return Err(PortError::new(class, "Apply", "refused"));
            }
            let live = state.objects.get(apply.key);
            let is_met = match &apply.expect {
                Expect::Any => true,
                Expect::Absent => live.is_none(),
                Expect::Version(version) => live.is_some_and(|live| live.version == *version),
                Expect::Owned(owner) => live.is_some_and(|live| live.ownership == *owner),
            };
            if !is_met {
                return conflict("it is not as expected");
            }
        }
        Ok(self.put(apply.key, apply.body))
    }

    async fn delete(&self, _: &ClusterArn, key: &ObjectKey, _: &Expect) -> Result<Deleted, PortError> {
        let mut state = self.lock();
        state.deleted.push(key.clone());
        state.objects.remove(key);
        Ok(Deleted::Gone)
    }
}

#[async_trait]
impl Clock for Port {
    fn now(&self) -> String {
        String::new()
    }
    fn elapsed(&self) -> Duration {
        Duration::ZERO
    }
    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}

fn id() -> Id {
    Id::from("demo/pay".parse::<EnvironmentId>().unwrap_or_else(|e| panic!("{e}")))
}

fn role() -> Desired {
    let role = Role {
        path: "/goldenpath/".into(),
        trust: json!({}),
        inline: BTreeMap::new(),
        attached: BTreeSet::new(),
        boundary: "arn:aws:iam::111122223333:policy/b".into(),
        max_session_seconds: 3600,
        description: String::new(),
        tags: BTreeMap::new(),
    };
    Desired::new(ObjectKey::role("gp-pay"), Some(Body::Role(role)))
}

fn quota() -> Desired {
    let document = json!({ "kind": "ResourceQuota", "metadata": {}, "spec": { "hard": { "pods": "4" } } });
    Desired::new(ObjectKey::kube("v1", "ResourceQuota", Some("pay"), "gp-base"), Some(Body::Kube(document)))
}

struct Fixture {
    port: Port,
    cluster: ClusterArn,
    id: Id,
    none: BTreeSet<ObjectKey>,
}

impl Fixture {
    fn new() -> Self {
        let cluster = ARN.parse().unwrap_or_else(|e| panic!("{e}"));
        Self { port: Port::default(), cluster, id: id(), none: BTreeSet::new() }
    }

    fn target(&self) -> TargetCalls<'_> {
        let port = &self.port;
        TargetCalls {
            objects: port,
            clock: port,
            cluster: &self.cluster,
            tries: 4,
            until: Some(Duration::MAX),
            cancel: None,
        }
    }

    fn maker<'a>(&'a self, keeper: Option<&'a Keeper<'a>>) -> Maker<'a> {
        Maker { target: self.target(), keeper, id: &self.id, team: "payments", adopt: None, was_ours: &self.none }
    }

    async fn keeper(&self) -> Keeper<'_> {
        let record = record("payments", Phase::Creating, &environment("pay", json!({})));
        let shell = json!({ "kind": "ConfigMap", "metadata": {} });
        let taken = Keeper::take(self.target(), document::key_of(&self.id), shell, record, Expect::Absent).await;
        taken.unwrap_or_else(|e| panic!("{e}"))
    }
}

#[tokio::test(start_paused = true)]
async fn a_change_in_aws_is_made_only_while_the_record_is_ours() {
    for (desired, is_guarded, reason) in
        [(role(), true, "AWS knows no versions"), (quota(), false, "a version guards it")]
    {
        let fixture = Fixture::new();
        let keeper = fixture.keeper().await;
        let maker = fixture.maker(Some(&keeper));
        let made = maker.make(&desired, None).await.unwrap_or_else(|e| panic!("{reason}: {e}"));

        // Somebody takes the record over.
        let own = document::key_of(&fixture.id);
        fixture.port.lock().objects.entry(own).and_modify(|record| record.version = "taken over".into());
        fixture.port.lock().applied.clear();
        fixture.port.lock().objects.remove(&desired.key);
        let again = maker.make(&desired, None).await;
        assert_eq!(matches!(again, Err(Failure::Superseded { .. })), is_guarded, "{reason}: {again:?}");
        assert_eq!(fixture.port.lock().applied.is_empty(), is_guarded, "{reason}");
        let deleted = maker.delete(&made).await;
        assert_eq!(matches!(deleted, Err(Failure::Superseded { .. })), is_guarded, "{reason}: {deleted:?}");
        assert_eq!(fixture.port.lock().deleted.is_empty(), is_guarded, "{reason}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_object_in_deletion_is_waited_for_and_made_once() {
    let fixture = Fixture::new();
    let desired = quota();
    let live = fixture.port.put(&desired.key, &Body::Kube(json!({ "kind": "ResourceQuota", "metadata": {} })));
    let deleting = Observed { deleting: Some("finalizers".into()), ..live };
    fixture.port.lock().objects.insert(desired.key.clone(), deleting.clone());
    fixture.port.lock().terminating = 3;
    let made = fixture.maker(None).make(&desired, Some(deleting)).await.unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(made.deleting, None);
    let state = fixture.port.lock();
    assert_eq!((state.applied.len(), state.terminating), (1, 0), "not before it was gone");
}

#[tokio::test(start_paused = true)]
async fn what_a_new_role_explains_is_waited_for_and_a_quota_is_not() {
    for (class, needs_role, tries, is_made, reason) in [
        (Class::NotFound, true, 4, true, "EKS does not see the role yet"),
        (Class::NotFound, false, 1, false, "there is no role that would explain it"),
        (Class::Invalid, true, 1, false, "a full quota: another call would not empty it"),
        (Class::Denied, true, 1, false, "a permission does not come by waiting"),
    ] {
        let fixture = Fixture::new();
        fixture.port.lock().refusals = (3, Some(class));
        let needs = if needs_role { vec![role().key] } else { vec![] };
        let made = fixture.maker(None).make(&Desired { needs, ..quota() }, None).await;
        assert_eq!(made.is_ok(), is_made, "{reason}: {made:?}");
        assert_eq!(fixture.port.lock().applied.len(), tries, "{reason}");
    }
}

#[tokio::test(start_paused = true)]
async fn races_are_run_again_and_not_for_ever() {
    for (conflicts, tries, is_made, reason) in [
        (1, 2, true, "one other writer"),
        (5, 6, true, "slots of one namespace, all at once"),
        (RACES, RACES + 1, true, "the last try"),
        (usize::MAX, RACES + 1, false, "it never ends"),
    ] {
        let fixture = Fixture::new();
        fixture.port.lock().conflicts = conflicts;
        let made = fixture.maker(None).make(&quota(), None).await;
        assert_eq!(made.is_ok(), is_made, "{reason}: {made:?}");
        assert_eq!(fixture.port.lock().applied.len(), tries, "{reason}");
    }
    let most = std::hint::black_box(RACES);
    assert!((10..=50).contains(&most), "as many as slots that share a namespace");
}
