//! Promises of Kubernetes: declared fields, other appliers, finalisers, no object without its namespace.

use super::{
    case::{Case, CaseResult},
    samples::Sample,
    steps::{document, doing, holds, of_kind, promise, refusal},
    target::{FieldRef, TestTarget},
};
use goldenpath_core::{
    domain::{Body, Class, Holder},
    ports::{Deleted, Expect},
};
use serde_json::{Value, json};

/// A manager that declares, as a GitOps engine does.
pub(super) const APPLIER: &str = "contract-gitops";
pub(super) const FINALIZER: &str = "example.com/contract";

pub(super) fn cases(target: &TestTarget) -> Vec<Case> {
    vec![
        Case::new(
            "ResourceQuota: a field that is no longer declared goes",
            of_kind(target, "ResourceQuota", "k0", |w, s| Box::pin(undeclared_field(w, s))),
        ),
        Case::new(
            "ResourceQuota: a field that another declares is a conflict, never taken",
            of_kind(target, "ResourceQuota", "k1", |w, s| Box::pin(declared_by_another(w, s))),
        ),
        Case::new(
            "ConfigMap: a finaliser holds it until it is released",
            of_kind(target, "ConfigMap", "k2", |w, s| Box::pin(finalizer(w, s))),
        ),
        Case::new(
            "ConfigMap: it is not made without its namespace",
            of_kind(target, "ConfigMap", "k3", |w, s| Box::pin(homeless(w, s))),
        ),
    ]
}

async fn undeclared_field(target: TestTarget, sample: Sample) -> CaseResult {
    let (target, sample) = (&target, &sample);
    target
        .with(sample, || async move {
            target.make(&sample.key, &sample.body).await?;
            let mut less = document(&sample.body);
            if let Some(hard) = less.pointer_mut("/spec/hard").and_then(Value::as_object_mut) {
                hard.remove("requests.cpu");
            }
            let less = Body::Kube(less);
            let after = doing("declaring less", target.apply(&sample.key, &less, Expect::Any, &[]).await)?;
            holds(&after, &less)?;
            let left = after.fields.get("/spec/hard/requests.cpu");
            promise(left.is_none(), || format!("a field that is no longer declared is still there: {left:?}"))
        })
        .await
}

async fn declared_by_another(target: TestTarget, sample: Sample) -> CaseResult {
    let (target, sample) = (&target, &sample);
    target
        .with(sample, || async move {
            let Sample { key, body, owned, .. } = sample;
            target.make(key, body).await?;
            let field = FieldRef { cluster: &target.cluster, key, pointer: owned, manager: APPLIER };
            doing("declaring our field", target.out_of_band.declare(field, json!("99")).await)?;
            let seen = target.must_see(key).await?;
            let holder = seen.fields.get(owned).map(|field| field.holder);
            promise(holder == Some(Holder::Applied(APPLIER)), || format!("{owned} is held by {holder:?}"))?;
            let error = refusal("an apply over it", Class::Conflict, target.apply(key, body, Expect::Any, &[]).await)?;
            let held = [((*owned).to_owned(), APPLIER.to_owned())];
            promise(error.held == held, || format!("the conflict names {:?}, not {held:?}", error.held))?;
            promise(error.message.contains(APPLIER), || format!("the words do not name the manager: {error}"))?;
            let after = target.must_see(key).await?;
            promise(sample.is_unchanged(&seen, &after), || format!("a conflict changed {seen:?} to {after:?}"))
        })
        .await
}

async fn finalizer(target: TestTarget, sample: Sample) -> CaseResult {
    let (target, sample) = (&target, &sample);
    target
        .with(sample, || async move {
            let Sample { key, body, .. } = sample;
            let cluster = &target.cluster;
            target.make(key, body).await?;
            doing("adding a finaliser", target.out_of_band.hold(cluster, key, FINALIZER).await)?;
            let deleted = doing("deleting", target.objects.delete(cluster, key, &Expect::Any).await)?;
            promise(deleted == Deleted::Terminating, || "a finaliser holds what is deleted".to_owned())?;
            let why = target.must_see(key).await?.deleting.unwrap_or_default();
            promise(why.contains(FINALIZER), || format!("{key} waits for {FINALIZER} and says {why:?}"))?;
            doing("removing the finaliser", target.out_of_band.release(cluster, key, FINALIZER).await)?;
            target.wait_until_gone(key).await
        })
        .await
}

async fn homeless(target: TestTarget, sample: Sample) -> CaseResult {
    let made = target.apply(&sample.key, &sample.body, Expect::Any, &[]).await;
    refusal("making something in no namespace", Class::NotFound, made)?;
    promise(target.look(&sample.key).await?.is_none(), || "it was made all the same".to_owned())
}
