//! What a daemon keeps of a cluster is what a listing of it shows, as soon as the API server has reported it; without the permission to
//! watch each plan lists.

use acceptance_tests::servers::{
    Real,
    api::{Api, ApiCall},
    permissions, seed,
};
use anyhow::{Result, ensure};
use goldenpath_adapters::kube::Kube;
use goldenpath_core::{
    domain::Observed,
    ports::{Objects as _, Scope, Selector},
};
use hyper::Method;
use serde_json::{Value, json};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

const PLACE: &str = "kept";
const RBAC: &str = "rbac.authorization.k8s.io/v1";
/// Others change the rest of this cluster meanwhile.
const SCOPES: [fn() -> Scope; 4] = [
    || Scope::Everything,
    || Scope::Refresh,
    || Scope::Environment(PLACE.to_owned()),
    || Scope::RecordsOf(PLACE.to_owned()),
];
const LONG: Duration = Duration::from_secs(30);

fn object(api: &str, kind: &str, namespace: Option<&str>, name: &str, is_ours: bool) -> Value {
    let mut metadata = json!({"name": name});
    if let Some(namespace) = namespace {
        metadata["namespace"] = namespace.into();
    }
    if is_ours {
        metadata["labels"] = json!({"goldenpath.internal/managed": "true", "goldenpath.internal/environment": PLACE});
    }
    json!({"apiVersion": api, "kind": kind, "metadata": metadata})
}

fn binding(name: &str, user: &str) -> Value {
    let mut binding = object(RBAC, "RoleBinding", Some(PLACE), name, false);
    binding["roleRef"] = json!({"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"});
    binding["subjects"] = json!([{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": user}]);
    binding
}

fn quota(pods: &str) -> Value {
    let mut quota = object("v1", "ResourceQuota", Some(PLACE), "gp-quota", true);
    quota["spec"] = json!({"hard": {"pods": pods}});
    quota
}

/// One that can be read: whoever looks at the whole of this cluster meanwhile says of another that it can't be.
fn record() -> Value {
    let cluster = acceptance_tests::servers::ministack::cluster_arn();
    let facts = json!({"cluster_arn": cluster, "auto_mode": false, "service_cidr": "10.100.0.0/16", "ip_family": "ipv4",
        "pod_security_version": "1.36"});
    let text = json!({"id": "demo/kept/app", "uid": "kept", "kind": "slot", "cluster_arn": cluster, "team": "kept",
        "golden_path": "team-standard", "golden_path_version": "1.0.0", "golden_path_digest": "", "spec": {}, "facts": facts,
        "inventory": [], "phase": "ready", "tool_version": "0.1.0"});
    let mut record = object("v1", "ConfigMap", Some("goldenpath-system"), "slot.kept.app", true);
    record["data"] = json!({"record": text.to_string()});
    record
}

pub async fn are_what_a_listing_shows(real: Arc<Real>) -> Result<()> {
    for (group, part) in [("watchers", Some("environments")), ("listers", Some("baseline"))] {
        permissions::grant(&real.cluster, group, part).await?;
    }
    let kube = |group: &str| Ok::<_, anyhow::Error>(real.cluster.kube(&real.cluster.kubeconfig(group, group)?));
    let (watcher, lister) = (kube("watchers")?, kube("listers")?);
    let (api, token) = (Api::of(&real.cluster)?, real.token().await?);
    for made in [
        object("v1", "Namespace", None, PLACE, true),
        object("v1", "ServiceAccount", Some(PLACE), "default", false),
        record(),
        quota("10"),
        binding("of-somebody", "eve"),
    ] {
        seed::put(&real.cluster, made).await?;
    }
    let cluster = acceptance_tests::servers::ministack::cluster_arn().parse()?;
    for scope in SCOPES {
        // The first lists, the second begins to watch, and the third is served by that.
        for _ in 0..3 {
            same(&watcher, scope(), "before any change").await?;
            same(&lister, scope(), "before any change, without watches").await?;
        }
    }
    let before = (watcher.revision(&cluster), lister.revision(&cluster));
    let bindings = format!("/apis/{RBAC}/namespaces/{PLACE}/rolebindings/of-somebody");
    // (what somebody else does, reason)
    let changes = [
        (Change::Put(quota("20")), "a field is changed"),
        (Change::Put(binding("of-another", "mallory")), "what is not ours is made in our namespace"),
        (Change::Delete(&bindings), "what is not ours is deleted"),
        (Change::Delete("/api/v1/namespaces/kept/resourcequotas/gp-quota"), "what is ours is deleted"),
        (Change::Delete("/api/v1/namespaces/goldenpath-system/configmaps/slot.kept.app"), "a record is deleted"),
    ];
    for (change, reason) in changes {
        match change {
            Change::Put(object) => seed::put(&real.cluster, object).await?,
            Change::Delete(path) => {
                let call = ApiCall { method: Method::DELETE, path, content: None, headers: &[] };
                let deleted = api.call(&token, call).await?;
                ensure!(deleted.status == 200, "{reason}: {deleted:?}");
            }
        }
        for scope in SCOPES {
            same(&watcher, scope(), reason).await?;
            same(&lister, scope(), reason).await?;
        }
    }
    ensure!(watcher.revision(&cluster) != before.0, "the API server has reported nothing");
    ensure!(lister.revision(&cluster) == before.1, "whoever may not watch heard of a change");
    let place = "/api/v1/namespaces/kept";
    api.call(&token, ApiCall { method: Method::DELETE, path: place, content: None, headers: &[] }).await?;
    Ok(())
}

enum Change<'a> {
    Put(Value),
    Delete(&'a str),
}

/// Of what is here, at once or a moment later.
async fn same(kube: &Kube, scope: Scope, reason: &str) -> Result<()> {
    let cluster = acceptance_tests::servers::ministack::cluster_arn().parse()?;
    let selector = Selector { scope, keys: vec![] };
    let begun = Instant::now();
    loop {
        let kept = here(kube.observe_recent(&cluster, &selector).await?);
        let listed = here(kube.observe(&cluster, &selector).await?);
        if kept == listed {
            return Ok(());
        }
        ensure!(begun.elapsed() < LONG, "{reason}, {:?}: kept is {kept:?}, listed is {listed:?}", selector.scope);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn here(mut observed: Vec<Observed>) -> Vec<Observed> {
    observed.retain(|observed| {
        let key = observed.key.to_string();
        key.contains(&format!("/{PLACE}")) || key.contains(&format!(".{PLACE}."))
    });
    observed
}
