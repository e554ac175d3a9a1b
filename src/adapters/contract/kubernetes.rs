//! Promises of Kubernetes: declared fields, other appliers, finalisers, no object without its namespace.

use super::{
    Case, Sample, Target, Verdict, World,
    steps::{document, doing, holds, of_kind, promise, refused},
};
use goldenpath_core::{
    domain::{Body, Class, Holder},
    ports::{Deleted, Expect},
};
use serde_json::{Value, json};

/// A manager that declares, as a GitOps engine does.
pub(super) const APPLIER: &str = "contract-gitops";
pub(super) const FINALIZER: &str = "example.com/contract";

pub(super) fn cases(world: &World) -> Vec<Case> {
    vec![
        Case::new(
            "ResourceQuota: a field that is no longer declared goes",
            of_kind(world, "ResourceQuota", "k0", |w, s| Box::pin(undeclared(w, s))),
        ),
        Case::new(
            "ResourceQuota: a field that another declares is a conflict, never taken",
            of_kind(world, "ResourceQuota", "k1", |w, s| Box::pin(declared_by_another(w, s))),
        ),
        Case::new(
            "ConfigMap: a finaliser holds it until it is released",
            of_kind(world, "ConfigMap", "k2", |w, s| Box::pin(finalizer(w, s))),
        ),
        Case::new(
            "ConfigMap: it is not made without its namespace",
            of_kind(world, "ConfigMap", "k3", |w, s| Box::pin(homeless(w, s))),
        ),
    ]
}

async fn undeclared(world: World, sample: Sample) -> Verdict {
    let (world, sample) = (&world, &sample);
    world
        .with(sample, || async move {
            world.make(&sample.key, &sample.body).await?;
            let mut less = document(&sample.body);
            if let Some(hard) = less.pointer_mut("/spec/hard").and_then(Value::as_object_mut) {
                hard.remove("requests.cpu");
            }
            let less = Body::Kube(less);
            let after = doing("declaring less", world.apply(&sample.key, &less, Expect::Any, &[]).await)?;
            holds(&after, &less)?;
            let left = after.fields.get("/spec/hard/requests.cpu");
            promise(left.is_none(), || format!("a field that is no longer declared is still there: {left:?}"))
        })
        .await
}

async fn declared_by_another(world: World, sample: Sample) -> Verdict {
    let (world, sample) = (&world, &sample);
    world
        .with(sample, || async move {
            let Sample { key, body, owned, .. } = sample;
            world.make(key, body).await?;
            let target = Target { cluster: &world.cluster, key, pointer: owned, manager: APPLIER };
            doing("declaring our field", world.foreign.declare(target, json!("99")).await)?;
            let seen = world.must_see(key).await?;
            let holder = seen.fields.get(owned).map(|field| field.holder);
            promise(holder == Some(Holder::Applied(APPLIER)), || format!("{owned} is held by {holder:?}"))?;
            let error = refused("an apply over it", Class::Conflict, world.apply(key, body, Expect::Any, &[]).await)?;
            let held = [((*owned).to_owned(), APPLIER.to_owned())];
            promise(error.held == held, || format!("the conflict names {:?}, not {held:?}", error.held))?;
            promise(error.message.contains(APPLIER), || format!("the words do not name the manager: {error}"))?;
            let after = world.must_see(key).await?;
            promise(sample.is_unchanged(&seen, &after), || format!("a conflict changed {seen:?} to {after:?}"))
        })
        .await
}

async fn finalizer(world: World, sample: Sample) -> Verdict {
    let (world, sample) = (&world, &sample);
    world
        .with(sample, || async move {
            let Sample { key, body, .. } = sample;
            let cluster = &world.cluster;
            world.make(key, body).await?;
            doing("adding a finaliser", world.foreign.hold(cluster, key, FINALIZER).await)?;
            let deleted = doing("deleting", world.objects.delete(cluster, key, &Expect::Any).await)?;
            promise(deleted == Deleted::Terminating, || "a finaliser holds what is deleted".to_owned())?;
            let why = world.must_see(key).await?.deleting.unwrap_or_default();
            promise(why.contains(FINALIZER), || format!("{key} waits for {FINALIZER} and says {why:?}"))?;
            doing("removing the finaliser", world.foreign.release(cluster, key, FINALIZER).await)?;
            world.wait_until_gone(key).await
        })
        .await
}

async fn homeless(world: World, sample: Sample) -> Verdict {
    let made = world.apply(&sample.key, &sample.body, Expect::Any, &[]).await;
    refused("making something in no namespace", Class::NotFound, made)?;
    promise(world.look(&sample.key).await?.is_none(), || "it was made all the same".to_owned())
}
