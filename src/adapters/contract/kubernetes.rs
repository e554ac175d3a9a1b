//! Promises of Kubernetes: declared fields, other appliers, finalisers, and the life of a namespace.

use super::{
    Broken, Case, Sample, Target, Verdict, World, samples,
    samples::environment,
    steps::{doing, holds, promise, refused},
};
use goldenpath_core::{
    domain::{Body, Class, Holder, ObjectKey, Ownership, projection::SYSTEM_NAMESPACE},
    ports::{Deleted, Expect, Scope},
};
use serde_json::{Value, json};

const APPLIER: &str = "contract-gitops";
const FINALIZER: &str = "example.com/contract";

pub(super) fn cases(world: &World) -> Vec<Case> {
    let of = |words: &str, case: &'static str, kind: &'static str, check: fn(World, Sample) -> Running| {
        let world = world.clone();
        Case::new(format!("{kind} {words}"), async move {
            let sample = samples(&world, case).into_iter().find(|sample| sample.kind() == kind);
            match sample {
                Some(sample) => check(world, sample).await,
                None => Err(Broken::Promise(format!("the table has no sample of {kind}"))),
            }
        })
    };
    vec![
        of(
            "a field that is no longer declared goes",
            "k0",
            "ResourceQuota",
            |w, s| Box::pin(undeclared(w, s)),
        ),
        of(
            "a field that another declares is a conflict, never taken",
            "k1",
            "ResourceQuota",
            |w, s| Box::pin(declared_by_another(w, s)),
        ),
        of(
            "a finaliser holds it until it is released",
            "k2",
            "ConfigMap",
            |w, s| Box::pin(finalizer(w, s)),
        ),
        of("nothing is made without its namespace", "k3", "ConfigMap", |w, s| {
            Box::pin(homeless(w, s))
        }),
        of(
            "terminates, refuses new content, and is gone",
            "k4",
            "Namespace",
            |w, s| Box::pin(terminating(w, s)),
        ),
        of("is born with its default ServiceAccount", "k5", "Namespace", |w, s| {
            Box::pin(default_account(w, s))
        }),
        of("shows grants that others made in it", "k6", "Namespace", |w, s| {
            Box::pin(foreign_grant(w, s))
        }),
        of("tells who may adopt it", "k7", "Namespace", |w, s| {
            Box::pin(adoptable(w, s))
        }),
        of(
            "holds the records apart from their fields",
            "k8",
            "Namespace",
            |w, s| Box::pin(record(w, s)),
        ),
    ]
}

type Running = std::pin::Pin<Box<dyn Future<Output = Verdict> + Send>>;

fn document(body: &Body) -> Value {
    match body {
        Body::Kube(document) => document.clone(),
        _ => Value::Null,
    }
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
            let after = doing(
                "declaring less",
                world.apply(&sample.key, &less, Expect::Any, &[]).await,
            )?;
            holds(&after, &less)?;
            let left = after.fields.get("/spec/hard/requests.cpu");
            promise(left.is_none(), || {
                format!("a field that is no longer declared is still there: {left:?}")
            })
        })
        .await
}

async fn declared_by_another(world: World, sample: Sample) -> Verdict {
    let (world, sample) = (&world, &sample);
    world
        .with(sample, || async move {
            let Sample { key, body, owned, .. } = sample;
            world.make(key, body).await?;
            let target = Target {
                cluster: &world.cluster,
                key,
                pointer: owned,
                manager: APPLIER,
            };
            doing("declaring our field", world.foreign.declare(target, json!("99")).await)?;
            let seen = world.must_see(key).await?;
            let holder = seen.fields.get(owned).map(|field| field.holder);
            promise(holder == Some(Holder::Applied(APPLIER)), || {
                format!("{owned} is held by {holder:?}")
            })?;
            let error = refused(
                "an apply over it",
                Class::Conflict,
                world.apply(key, body, Expect::Any, &[]).await,
            )?;
            let held = [((*owned).to_owned(), APPLIER.to_owned())];
            promise(error.held == held, || {
                format!("the conflict names {:?}, not {held:?}", error.held)
            })?;
            promise(error.message.contains(APPLIER), || {
                format!("the words do not name the manager: {error}")
            })?;
            let after = world.must_see(key).await?;
            promise(after == seen, || format!("a conflict changed {seen:?} to {after:?}"))
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
            promise(deleted == Deleted::Terminating, || {
                "a finaliser holds what is deleted".to_owned()
            })?;
            let why = world.must_see(key).await?.deleting.unwrap_or_default();
            promise(why.contains(FINALIZER), || {
                format!("{key} waits for {FINALIZER} and says {why:?}")
            })?;
            doing(
                "removing the finaliser",
                world.foreign.release(cluster, key, FINALIZER).await,
            )?;
            world.wait_until_gone(key).await
        })
        .await
}

async fn homeless(world: World, sample: Sample) -> Verdict {
    let made = world.apply(&sample.key, &sample.body, Expect::Any, &[]).await;
    refused("making something in no namespace", Class::NotFound, made)?;
    promise(world.look(&sample.key).await?.is_none(), || {
        "it was made all the same".to_owned()
    })
}

fn inside(world: &World, case: &str) -> Result<Sample, Broken> {
    samples(world, case)
        .into_iter()
        .find(|sample| sample.kind() == "ConfigMap")
        .ok_or_else(|| Broken::Promise("the table has no sample of ConfigMap".to_owned()))
}

async fn terminating(world: World, sample: Sample) -> Verdict {
    let (world, sample) = (&world, &sample);
    world
        .with(sample, || async move {
            let content = inside(world, "k4")?;
            let cluster = &world.cluster;
            world.make(&sample.key, &sample.body).await?;
            world.make(&content.key, &content.body).await?;
            doing(
                "holding its content",
                world.foreign.hold(cluster, &content.key, FINALIZER).await,
            )?;
            let deleted = doing(
                "deleting",
                world.objects.delete(cluster, &sample.key, &Expect::Any).await,
            )?;
            promise(deleted == Deleted::Terminating, || {
                "a namespace with content terminates".to_owned()
            })?;
            // The controller needs a moment to find what holds the content.
            let mut why = String::new();
            for _ in 0..60 {
                why = world.must_see(&sample.key).await?.deleting.unwrap_or_default();
                if why.contains(FINALIZER) {
                    break;
                }
                world.clock.sleep(world.poll).await;
            }
            promise(why.contains(FINALIZER), || {
                format!("it waits for {FINALIZER} and says {why:?}")
            })?;
            let mut another = document(&content.body);
            another["metadata"]["name"] = "gp-late".into();
            let key = ObjectKey::kube("v1", "ConfigMap", Some(&environment(world, "k4")), "gp-late");
            let late = world.apply(&key, &Body::Kube(another), Expect::Any, &[]).await;
            let error = refused("new content", Class::Conflict, late)?;
            promise(error.message.contains("being terminated"), || {
                format!("the refusal says {error}")
            })?;
            doing(
                "releasing the content",
                world.foreign.release(cluster, &content.key, FINALIZER).await,
            )?;
            world.wait_until_gone(&sample.key).await?;
            promise(world.look(&content.key).await?.is_none(), || {
                "content outlives its namespace".to_owned()
            })
        })
        .await
}

async fn default_account(world: World, sample: Sample) -> Verdict {
    let (world, sample) = (&world, &sample);
    world
        .with(sample, || async move {
            world.make(&sample.key, &sample.body).await?;
            let namespace = environment(world, "k5");
            let key = ObjectKey::kube("v1", "ServiceAccount", Some(&namespace), "default");
            let mut born = None;
            for _ in 0..60 {
                born = world.look(&key).await?;
                if born.is_some() {
                    break;
                }
                world.clock.sleep(world.poll).await;
            }
            promise(
                born.is_some_and(|born| matches!(born.ownership, Ownership::Foreign { .. })),
                || "the default ServiceAccount appears and is not ours".to_owned(),
            )?;
            let body = Body::Kube(
                json!({"apiVersion": "v1", "kind": "ServiceAccount", "automountServiceAccountToken": false,
                "metadata": {"name": "default", "namespace": namespace}}),
            );
            let hardened = doing("hardening it", world.apply(&key, &body, Expect::Any, &[]).await)?;
            holds(&hardened, &body)
        })
        .await
}

async fn foreign_grant(world: World, sample: Sample) -> Verdict {
    let (world, sample) = (&world, &sample);
    world
        .with(sample, || async move {
            world.make(&sample.key, &sample.body).await?;
            let (namespace, api) = (environment(world, "k6"), "rbac.authorization.k8s.io");
            let key = ObjectKey::kube(&format!("{api}/v1"), "RoleBinding", Some(&namespace), "backdoor");
            let body = Body::Kube(json!({"apiVersion": format!("{api}/v1"), "kind": "RoleBinding",
                "metadata": {"name": "backdoor", "namespace": namespace},
                "roleRef": {"apiGroup": api, "kind": "ClusterRole", "name": "cluster-admin"},
                "subjects": [{"kind": "User", "apiGroup": api, "name": "mallory"}]}));
            doing(
                "granting",
                world.foreign.make(&world.cluster, &key, &body, APPLIER).await,
            )?;
            for scope in [Scope::Environment(namespace.clone()), Scope::Everything] {
                let listed = world.list(scope.clone(), &[]).await?;
                let found = listed.into_iter().find(|object| object.key == key);
                let is_foreign = found.is_some_and(|found| matches!(found.ownership, Ownership::Foreign { .. }));
                promise(is_foreign, || {
                    format!("{scope:?} does not show the grant of another hand")
                })?;
            }
            Ok(())
        })
        .await
}

async fn adoptable(world: World, sample: Sample) -> Verdict {
    let (world, sample) = (&world, &sample);
    world
        .with(sample, || async move {
            let name = environment(world, "k7");
            let body = Body::Kube(
                json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name,
                "annotations": {"goldenpath.internal/adoptable-by": "demo/payments"}}}),
            );
            doing(
                "making a namespace",
                world.foreign.make(&world.cluster, &sample.key, &body, APPLIER).await,
            )?;
            let seen = world.must_see(&sample.key).await?;
            promise(matches!(seen.ownership, Ownership::Foreign { .. }), || {
                format!("it is {:?}", seen.ownership)
            })?;
            promise(seen.adoptable_by.as_deref() == Some("demo/payments"), || {
                format!("it may be adopted by {:?}", seen.adoptable_by)
            })
        })
        .await
}

/// The system namespace is shared by all who use the cluster, so it is made if it is missing and left.
async fn record(world: World, sample: Sample) -> Verdict {
    let system = ObjectKey::namespace_object(SYSTEM_NAMESPACE);
    if world.look(&system).await?.is_none() {
        let mut document = document(&sample.body);
        document["metadata"]["name"] = SYSTEM_NAMESPACE.into();
        if let Some(labels) = document.pointer_mut("/metadata/labels").and_then(Value::as_object_mut) {
            labels.remove("goldenpath.internal/environment");
        }
        world.make(&system, &Body::Kube(document)).await?;
    }
    let environment = environment(&world, "k8");
    let name = format!("environment.{environment}");
    let key = ObjectKey::kube("v1", "ConfigMap", Some(SYSTEM_NAMESPACE), &name);
    let with = |text: &str| {
        Body::Kube(
            json!({"apiVersion": "v1", "kind": "ConfigMap", "data": {"record": text},
            "metadata": {"name": name, "namespace": SYSTEM_NAMESPACE, "labels": {
                "goldenpath.internal/managed": "true", "goldenpath.internal/environment": environment}}}),
        )
    };
    let first = world.make(&key, &with("{\"n\":1}")).await?;
    let verdict = async {
        let version = Expect::Version(first.version.clone());
        let second = doing("writing", world.apply(&key, &with("{\"n\":2}"), version, &[]).await)?;
        promise(second.record.as_deref() == Some("{\"n\":2}"), || {
            format!("the record reads {:?}", second.record)
        })?;
        promise(first.fields == second.fields, || {
            "a record's data is among its fields".to_owned()
        })?;
        promise(first.version != second.version, || {
            "a record changed and kept its version".to_owned()
        })?;
        let records = world.list(Scope::Records, &[]).await?;
        promise(records.iter().any(|object| object.key == key), || {
            "the record is not among the records".to_owned()
        })?;
        promise(records.iter().all(|object| object.key.kind() == "ConfigMap"), || {
            "records are ConfigMaps".to_owned()
        })
    }
    .await;
    verdict.and(world.erase(&key).await)
}
