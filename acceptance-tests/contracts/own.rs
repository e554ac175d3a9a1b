//! What only a real API server shows.

pub mod identity;
mod locks;

use super::demo;
use crate::check::{Check, check};
use acceptance_tests::servers::{Cluster, Plan};
use anyhow::{Context as _, Result, ensure};
use goldenpath_adapters::kube::{Credentials, Endpoint, EndpointSource, Kube, Kubeconfig};
use goldenpath_core::{
    domain::{Body, Class, ClusterArn, Desired, ObjectKey, Observed},
    ports::{Apply, Expect, Objects, PortError, Scope, Selector},
};
use serde_json::{Value as Json, json};
use std::{path::Path, sync::Arc};

pub const OWN: [Check<Cluster>; 8] = [
    check!("of two creates at once one wins", two_creates),
    check!("nothing is made in place of what was read and is gone", gone_in_between),
    check!("taking a field takes no other", only_what_may_be_taken),
    check!("a 403 is never absence", denial_is_no_absence),
    check!("a kind that nobody serves is named", unserved_kind_is_named),
    check!("a kubeconfig must mean the cluster of EKS", another_server),
    check!("a namespace with an account of power is not adopted", powerful),
    check!("locks are held one after another", locks::are_held),
];

const CONFIG_MAP: &str = "ConfigMap";

fn key_of(namespace: &str, name: &str) -> ObjectKey {
    ObjectKey::kube("v1", CONFIG_MAP, Some(namespace), name)
}

fn config_map(namespace: &str, name: &str, data: Json) -> Body {
    Body::Kube(json!({"apiVersion": "v1", "kind": CONFIG_MAP, "data": data,
        "metadata": {"name": name, "namespace": namespace, "labels": {"goldenpath.internal/managed": "true"}}}))
}

async fn apply(
    kube: &dyn Objects,
    key: &ObjectKey,
    body: &Body,
    manager: &str,
    expect: Expect,
    take: &[&str],
) -> Result<Observed, PortError> {
    let cluster = demo().map_err(|error| PortError::new(Class::Invalid, "", error.to_string()))?;
    let take: Vec<String> = take.iter().map(|field| (*field).to_owned()).collect();
    let apply = Apply { cluster: &cluster, key, body, manager, expect, take: &take };
    kube.apply(apply).await
}

async fn two_creates(cluster: Arc<Cluster>) -> Result<()> {
    let kube = cluster.kube(cluster.admin());
    for at in 0..10 {
        let (key, body) =
            (key_of("default", &format!("race-{at}")), config_map("default", &format!("race-{at}"), json!({"a": "1"})));
        let one = || apply(&kube, &key, &body, Desired::MANAGER, Expect::Absent, &[]);
        let results = futures_util::future::join_all([one(), one(), one()]).await;
        let won = results.iter().filter(|result| result.is_ok()).count();
        ensure!(won == 1, "{won} of three creates won: {results:?}");
        let lost = results.into_iter().filter_map(Result::err).all(|error| error.class == Class::Conflict);
        ensure!(lost, "the others lost by a conflict");
        // A create holds its fields as an apply does, so that a later apply can release one.
        let less = config_map("default", &format!("race-{at}"), json!({}));
        let left = apply(&kube, &key, &less, Desired::MANAGER, Expect::Any, &[]).await?;
        ensure!(left.fields.get("/data/a").is_none(), "a field that is no longer declared stays: {left:?}");
        kube.delete(&demo()?, &key, &Expect::Version(left.version)).await?;
    }
    Ok(())
}

async fn gone_in_between(cluster: Arc<Cluster>) -> Result<()> {
    let kube = cluster.kube(cluster.admin());
    let (key, body) = (key_of("default", "gone"), config_map("default", "gone", json!({"a": "1"})));
    let made = apply(&kube, &key, &body, Desired::MANAGER, Expect::Absent, &[]).await?;
    kube.delete(&demo()?, &key, &Expect::Version(made.version.clone())).await?;
    let late = apply(&kube, &key, &body, Desired::MANAGER, Expect::Version(made.version.clone()), &[]).await;
    ensure!(late.as_ref().is_err_and(|error| error.class == Class::Conflict), "a change of what is gone: {late:?}");
    apply(&kube, &key, &body, Desired::MANAGER, Expect::Absent, &[]).await?;
    let late = apply(&kube, &key, &body, Desired::MANAGER, Expect::Version(made.version.clone()), &[]).await;
    ensure!(
        late.as_ref().is_err_and(|error| error.class == Class::Conflict),
        "a change of what took its place: {late:?}"
    );
    let stale = kube.delete(&demo()?, &key, &Expect::Version(made.version)).await;
    ensure!(
        stale.as_ref().is_err_and(|error| error.class == Class::Conflict),
        "a removal of what took its place: {stale:?}"
    );
    kube.delete(&demo()?, &key, &Expect::Any).await?;
    Ok(())
}

async fn only_what_may_be_taken(cluster: Arc<Cluster>) -> Result<()> {
    let kube = cluster.kube(cluster.admin());
    let key = key_of("default", "taken");
    let theirs = config_map("default", "taken", json!({"a": "1", "b": "1"}));
    apply(&kube, &key, &theirs, "somebody", Expect::Absent, &[]).await?;
    let ours = config_map("default", "taken", json!({"a": "2", "b": "2"}));
    let one = apply(&kube, &key, &ours, Desired::MANAGER, Expect::Any, &["/data/a"]).await;
    let held = one.err().context("taking one of two conflicting fields succeeded")?.held;
    let both = ["/data/a", "/data/b"].map(|field| (field.to_owned(), "somebody".to_owned()));
    ensure!(held == both, "the conflict names {held:?}");
    let taken = apply(&kube, &key, &ours, Desired::MANAGER, Expect::Any, &["/data/a", "/data/b"]).await?;
    ensure!(taken.fields.get("/data/b").is_some_and(|field| field.text == "2"), "{taken:?}");
    kube.delete(&demo()?, &key, &Expect::Any).await?;
    Ok(())
}

async fn denial_is_no_absence(cluster: Arc<Cluster>) -> Result<()> {
    let nobody = cluster.kube(&cluster.kubeconfig("nobody", "no-group")?);
    for scope in [Scope::Everything, Scope::Records, Scope::Keys] {
        let selector = Selector { scope: scope.clone(), keys: vec![key_of("default", "kube-root-ca.crt")] };
        let seen = nobody.observe(&demo()?, &selector).await;
        let error = seen.err().with_context(|| format!("{scope:?} by somebody without permissions succeeded"))?;
        ensure!(error.class == Class::Denied && error.request_id.is_some(), "{scope:?}: {error:?}");
        ensure!(error.message.contains("nobody"), "the server's message: {error}");
    }
    let body = config_map("default", "forbidden", json!({}));
    for expect in [Expect::Any, Expect::Absent] {
        let made = apply(&nobody, &key_of("default", "forbidden"), &body, Desired::MANAGER, expect, &[]).await;
        ensure!(made.as_ref().is_err_and(|error| error.class == Class::Denied), "{made:?}");
    }
    let deleted = nobody.delete(&demo()?, &key_of("default", "forbidden"), &Expect::Any).await;
    ensure!(deleted.as_ref().is_err_and(|error| error.class == Class::Denied), "{deleted:?}");
    Ok(())
}

async fn unserved_kind_is_named(cluster: Arc<Cluster>) -> Result<()> {
    let kube = cluster.kube(cluster.admin());
    for (api_version, kind, reason) in [
        ("cilium.io/v2", "CiliumNetworkPolicy", "a kind that we know, without its CRD"),
        ("widgets.example.com/v1", "Widget", "a group that does not exist"),
        ("apps/v1", "Widget", "a group that does"),
    ] {
        let key = ObjectKey::kube(api_version, kind, Some("default"), "a");
        let body = Body::Kube(
            json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": "a", "namespace": "default"}}),
        );
        let made = apply(&kube, &key, &body, Desired::MANAGER, Expect::Any, &[]).await;
        let error = made.err().with_context(|| format!("{reason}: it was made"))?;
        let named =
            error.class == Class::NotFound && error.message.contains(kind) && error.message.contains(api_version);
        ensure!(named, "{reason}: {error:?}");
        let selector = Selector { scope: Scope::Keys, keys: vec![key.clone()] };
        ensure!(kube.observe(&demo()?, &selector).await?.is_empty(), "{reason}: there is none");
        kube.delete(&demo()?, &key, &Expect::Any).await.with_context(|| reason.to_owned())?;
    }
    // A kind that no table of ours holds.
    let (api_version, kind) = ("scheduling.k8s.io/v1", "PriorityClass");
    let key = ObjectKey::kube(api_version, kind, None, "gp-found");
    let body =
        Body::Kube(json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": "gp-found"}, "value": 5}));
    apply(&kube, &key, &body, Desired::MANAGER, Expect::Absent, &[]).await?;
    kube.delete(&demo()?, &key, &Expect::Any).await?;
    let wrong = json!({"apiVersion": "v1", "kind": CONFIG_MAP, "dta": {}, "metadata": {"name": "strict", "namespace": "default"}});
    let strict =
        apply(&kube, &key_of("default", "strict"), &Body::Kube(wrong), Desired::MANAGER, Expect::Any, &[]).await;
    let error = strict.err().context("an unknown field was taken")?;
    ensure!(error.message.contains("dta"), "the unknown field is named: {error}");
    Ok(())
}

/// EKS knows of another place.
struct Elsewhere(Endpoint);

#[async_trait::async_trait]
impl EndpointSource for Elsewhere {
    async fn endpoint(&self, _cluster: &ClusterArn) -> Result<Endpoint, PortError> {
        Ok(self.0.clone())
    }
}

async fn another_server(cluster: Arc<Cluster>) -> Result<()> {
    let own = cluster.endpoint();
    let foreign_ca = Plan::new()?.endpoint().ca_data;
    let elsewhere = "https://0123456789ABCDEF.gr7.eu-west-1.eks.amazonaws.com";
    let default = ObjectKey::namespace_object("default");
    for (endpoint, is_proxied, refusal, reason) in [
        (own.clone(), false, None, "the same place"),
        (
            Endpoint { url: format!("{}/", own.url.to_uppercase()), ..own.clone() },
            false,
            None,
            "the same place, written otherwise",
        ),
        (Endpoint { url: elsewhere.to_owned(), ..own.clone() }, false, Some(elsewhere), "another server"),
        (
            Endpoint { ca_data: foreign_ca.clone(), ..own.clone() },
            false,
            Some("certificate authority"),
            "another authority",
        ),
        (Endpoint { url: elsewhere.to_owned(), ca_data: foreign_ca }, true, None, "a proxy that was declared"),
    ] {
        let seen = at(endpoint, cluster.admin(), is_proxied)
            .observe(&demo()?, &Selector { scope: Scope::Keys, keys: vec![default.clone()] })
            .await;
        match refusal {
            None => ensure!(seen.as_ref().is_ok_and(|seen| seen.len() == 1), "{reason}: {seen:?}"),
            Some(words) => {
                let error = seen.err().with_context(|| format!("{reason}: it was taken"))?;
                ensure!(error.class == Class::Invalid && error.message.contains(words), "{reason}: {error}");
            }
        }
    }
    Ok(())
}

fn at(endpoint: Endpoint, kubeconfig: &Path, is_proxied: bool) -> Kube {
    let kubeconfig = Kubeconfig { path: Some(kubeconfig.to_owned()), context: None, is_proxied };
    Kube::new(Arc::new(Elsewhere(endpoint)), Credentials::Kubeconfig(kubeconfig))
}

async fn powerful(cluster: Arc<Cluster>) -> Result<()> {
    let kube = cluster.kube(cluster.admin());
    let api = "rbac.authorization.k8s.io";
    for (subject, expected, reason) in [
        (json!({"kind": "User", "apiGroup": api, "name": "ada"}), Some("demo/payments"), "a person elsewhere"),
        (json!({"kind": "ServiceAccount", "namespace": "own-powerful", "name": "ci"}), None, "an account of its own"),
        (
            json!({"kind": "Group", "apiGroup": api, "name": "system:serviceaccounts:own-powerful"}),
            None,
            "all of its accounts",
        ),
    ] {
        let place = ObjectKey::namespace_object("own-powerful");
        let body = Body::Kube(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "own-powerful",
            "annotations": {"goldenpath.internal/adoptable-by": "demo/payments"}}}));
        apply(&kube, &place, &body, "administrator", Expect::Any, &[]).await?;
        let binding = ObjectKey::kube(&format!("{api}/v1"), "ClusterRoleBinding", None, "own-powerful");
        let body = Body::Kube(json!({"apiVersion": format!("{api}/v1"), "kind": "ClusterRoleBinding",
            "metadata": {"name": "own-powerful"}, "subjects": [subject],
            "roleRef": {"apiGroup": api, "kind": "ClusterRole", "name": "view"}}));
        apply(&kube, &binding, &body, "administrator", Expect::Any, &[]).await?;
        let selector = Selector { scope: Scope::Keys, keys: vec![place] };
        let seen = kube.observe(&demo()?, &selector).await?;
        let adoptable = seen.first().context("the namespace is not there")?.adoptable_by.as_deref();
        ensure!(adoptable == expected, "{reason}: it may be adopted by {adoptable:?}");
    }
    Ok(())
}
