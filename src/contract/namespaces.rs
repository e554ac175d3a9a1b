//! Promises about namespaces: how they begin and end, and what a listing shows of what others do in them.

use super::{
    case::{Case, CaseResult},
    kubernetes::{APPLIER, FINALIZER},
    samples::{Sample, environment},
    steps::{document, doing, holds, of_kind, promise, refusal, sample_of},
    target::TestTarget,
};
use goldenpath_core::{
    domain::{Body, Class, ObjectKey, Ownership, Record, SYSTEM_NAMESPACE},
    ports::{Deleted, Expect, Scope},
};
use serde_json::{Value, json};

pub(super) fn cases(target: &TestTarget) -> Vec<Case> {
    vec![
        Case::new(
            "Namespace: it terminates, refuses new content, and is gone",
            of_kind(target, "Namespace", "k4", |w, s| Box::pin(terminating(w, s))),
        ),
        Case::new(
            "Namespace: it is born with its default ServiceAccount",
            of_kind(target, "Namespace", "k5", |w, s| Box::pin(default_account(w, s))),
        ),
        Case::new(
            "Namespace: it shows grants that others made in it",
            of_kind(target, "Namespace", "k6", |w, s| Box::pin(foreign_grant(w, s))),
        ),
        Case::new(
            "Namespace: it shows grants in it that carry another environment's mark",
            of_kind(target, "Namespace", "j7", |w, s| Box::pin(marked_grant(w, s))),
        ),
        Case::new(
            "Namespace: it shows disruption budgets that others made in it",
            of_kind(target, "Namespace", "j6", |w, s| Box::pin(foreign_budget(w, s))),
        ),
        Case::new(
            "Namespace: it tells who may adopt it",
            of_kind(target, "Namespace", "k7", |w, s| Box::pin(adoptable(w, s))),
        ),
        Case::new(
            "Namespace: records are apart from their fields",
            of_kind(target, "Namespace", "k8", |w, s| Box::pin(record(w, s))),
        ),
    ]
}

async fn terminating(target: TestTarget, sample: Sample) -> CaseResult {
    let (target, sample) = (&target, &sample);
    target
        .with(sample, || async move {
            let content = sample_of(target, "ConfigMap", "k4")?;
            let cluster = &target.cluster;
            target.make(&sample.key, &sample.body).await?;
            target.make(&content.key, &content.body).await?;
            doing("holding its content", target.out_of_band.hold(cluster, &content.key, FINALIZER).await)?;
            let deleted = doing("deleting", target.objects.delete(cluster, &sample.key, &Expect::Any).await)?;
            promise(deleted == Deleted::Terminating, || "a namespace with content terminates".to_owned())?;
            // The controller needs a moment to find what holds the content.
            let mut why = String::new();
            for _ in 0..60 {
                why = target.must_see(&sample.key).await?.deleting.unwrap_or_default();
                if why.contains(FINALIZER) {
                    break;
                }
                target.clock.sleep(target.poll).await;
            }
            promise(why.contains(FINALIZER), || format!("it waits for {FINALIZER} and says {why:?}"))?;
            let mut another = document(&content.body);
            another["metadata"]["name"] = "gp-late".into();
            let key = ObjectKey::kube("v1", "ConfigMap", Some(&environment(target, "k4")), "gp-late");
            let late = target.apply(&key, &Body::Kube(another), Expect::Any, &[]).await;
            let error = refusal("new content", Class::Conflict, late)?;
            promise(error.message.contains("being terminated"), || format!("the refusal says {error}"))?;
            doing("releasing the content", target.out_of_band.release(cluster, &content.key, FINALIZER).await)?;
            target.wait_until_gone(&sample.key).await?;
            promise(target.look(&content.key).await?.is_none(), || "content outlives its namespace".to_owned())
        })
        .await
}

async fn default_account(target: TestTarget, sample: Sample) -> CaseResult {
    let (target, sample) = (&target, &sample);
    target
        .with(sample, || async move {
            target.make(&sample.key, &sample.body).await?;
            let namespace = environment(target, "k5");
            let key = ObjectKey::kube("v1", "ServiceAccount", Some(&namespace), "default");
            let mut born = None;
            for _ in 0..60 {
                born = target.look(&key).await?;
                if born.is_some() {
                    break;
                }
                target.clock.sleep(target.poll).await;
            }
            promise(born.is_some_and(|born| matches!(born.ownership, Ownership::Foreign { .. })), || {
                "the default ServiceAccount appears and is not ours".to_owned()
            })?;
            let body =
                Body::Kube(json!({"apiVersion": "v1", "kind": "ServiceAccount", "automountServiceAccountToken": false,
                "metadata": {"name": "default", "namespace": namespace}}));
            let hardened = doing("hardening it", target.apply(&key, &body, Expect::Any, &[]).await)?;
            holds(&hardened, &body)
        })
        .await
}

async fn foreign_grant(target: TestTarget, sample: Sample) -> CaseResult {
    let namespace = environment(&target, "k6");
    let binding = grant(&namespace, json!({}));
    is_shown(target, sample, &namespace, binding, "/subjects").await
}

async fn marked_grant(target: TestTarget, sample: Sample) -> CaseResult {
    let namespace = environment(&target, "j7");
    let mark = json!({"goldenpath.internal/managed": "true", "goldenpath.internal/environment": "another"});
    let binding = grant(&namespace, mark);
    is_shown(target, sample, &namespace, binding, "/subjects").await
}

fn grant(namespace: &str, labels: Value) -> Value {
    let api = "rbac.authorization.k8s.io";
    json!({"apiVersion": format!("{api}/v1"), "kind": "RoleBinding",
        "metadata": {"name": "backdoor", "namespace": namespace, "labels": labels},
        "roleRef": {"apiGroup": api, "kind": "ClusterRole", "name": "cluster-admin"},
        "subjects": [{"kind": "User", "apiGroup": api, "name": "mallory"}]})
}

async fn foreign_budget(target: TestTarget, sample: Sample) -> CaseResult {
    let namespace = environment(&target, "j6");
    let budget = json!({"apiVersion": "policy/v1", "kind": "PodDisruptionBudget",
        "metadata": {"name": "of-a-chart", "namespace": namespace},
        "spec": {"maxUnavailable": 1, "selector": {"matchLabels": {"app.kubernetes.io/name": "redis"}}}});
    is_shown(target, sample, &namespace, budget, "/spec/selector").await
}

/// Without a field of ours, with this one, in both listings.
async fn is_shown(target: TestTarget, sample: Sample, namespace: &str, document: Value, field: &str) -> CaseResult {
    let (target, sample) = (&target, &sample);
    target
        .with(sample, || async move {
            target.make(&sample.key, &sample.body).await?;
            let text = |pointer: &str| document.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
            let key = ObjectKey::kube(text("/apiVersion"), text("/kind"), Some(namespace), text("/metadata/name"));
            let made = target.out_of_band.make(&target.cluster, &key, &Body::Kube(document.clone()), APPLIER).await;
            doing("making it out of band", made)?;
            for scope in [Scope::Environment(namespace.to_owned()), Scope::Everything] {
                let listed = target.list(scope.clone(), &[]).await?;
                let found = listed.into_iter().find(|object| object.key == key);
                let is_theirs =
                    found.is_some_and(|found| !found.has_field_of_ours() && found.fields.get(field).is_some());
                promise(is_theirs, || format!("{scope:?} does not show {key}, which others made, with its {field}"))?;
            }
            Ok(())
        })
        .await
}

async fn adoptable(target: TestTarget, sample: Sample) -> CaseResult {
    let (target, sample) = (&target, &sample);
    target
        .with(sample, || async move {
            let name = environment(target, "k7");
            let body = Body::Kube(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name,
                "annotations": {"goldenpath.internal/adoptable-by": "demo/payments"}}}));
            doing("making a namespace", target.out_of_band.make(&target.cluster, &sample.key, &body, APPLIER).await)?;
            let seen = target.must_see(&sample.key).await?;
            promise(matches!(seen.ownership, Ownership::Foreign { .. }), || format!("it is {:?}", seen.ownership))?;
            promise(seen.adoptable_by.as_deref() == Some("demo/payments"), || {
                format!("it may be adopted by {:?}", seen.adoptable_by)
            })
        })
        .await
}

fn record_text(target: &TestTarget, environment: &str, uid: &str) -> String {
    let cluster = &target.cluster;
    json!({
        "id": format!("{}/{environment}", cluster.name()), "uid": uid, "kind": "environment", "cluster_arn": cluster, "team": "contract",
        "tier": "dev", "golden_path": "team-standard", "golden_path_version": "1.0.0", "golden_path_digest": "", "spec": {}, "inventory": [],
        "phase": "ready", "tool_version": "contract",
        "facts": {
            "cluster_arn": cluster, "auto_mode": false, "service_cidr": "10.100.0.0/16", "ip_family": "ipv4",
            "pod_security_version": "1.36"
        },
    })
    .to_string()
}

/// The system namespace is shared by all who use the cluster, so it is made if it is missing and left.
async fn record(target: TestTarget, sample: Sample) -> CaseResult {
    let system = ObjectKey::namespace_object(SYSTEM_NAMESPACE);
    if target.look(&system).await?.is_none() {
        let mut document = document(&sample.body);
        document["metadata"]["name"] = SYSTEM_NAMESPACE.into();
        if let Some(labels) = document.pointer_mut("/metadata/labels").and_then(Value::as_object_mut) {
            labels.remove("goldenpath.internal/environment");
        }
        target.make(&system, &Body::Kube(document)).await?;
    }
    let environment = environment(&target, "k8");
    let name = format!("environment.{environment}");
    let key = ObjectKey::kube("v1", "ConfigMap", Some(SYSTEM_NAMESPACE), &name);
    let with = |text: &str| {
        Body::Kube(json!({"apiVersion": "v1", "kind": "ConfigMap", "data": {"record": text},
            "metadata": {"name": name, "namespace": SYSTEM_NAMESPACE, "labels": {
                "goldenpath.internal/managed": "true", "goldenpath.internal/environment": environment}}}))
    };
    // Whoever else uses this target meanwhile reads all records, and stops at one that can't be read.
    let [text, other] = ["one", "two"].map(|uid| record_text(&target, &environment, uid));
    let first = target.make(&key, &with(&text)).await?;
    let verdict = async {
        let version = Expect::Version(first.version.clone());
        let second = doing("writing", target.apply(&key, &with(&other), version, &[]).await)?;
        promise(serde_json::from_str::<Record>(&text).is_ok(), || "the suite's record can't be read".to_owned())?;
        promise(second.record.as_deref() == Some(other.as_str()), || format!("the record reads {:?}", second.record))?;
        promise(first.fields == second.fields, || "a record's data is among its fields".to_owned())?;
        promise(first.version != second.version, || "a record changed and kept its version".to_owned())?;
        let records = target.list(Scope::Records, &[]).await?;
        promise(records.iter().any(|object| object.key == key), || "the record is not among the records".to_owned())?;
        let of_others = target.list(Scope::RecordsOf("nobody".to_owned()), &[]).await?;
        promise(of_others.is_empty(), || "records of an environment that has none".to_owned())?;
        promise(records.iter().all(|object| object.key.kind() == "ConfigMap"), || "records are ConfigMaps".to_owned())
    }
    .await;
    verdict.and(target.erase(&key).await)
}
