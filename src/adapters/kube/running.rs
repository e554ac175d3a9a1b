//! What runs in a cluster that EKS does not know of: who enforces NetworkPolicies, and the agent of Pod Identity.
//!
//! Looked at only where EKS does not say it already, so that a cluster with the usual add-ons costs no request. What may not be read
//! stays unknown; it is no error.
//!
//! ```text
//! Auto Mode     ConfigMap kube-system/amazon-vpc-cni turns the controller on (EKS User Guide, "Use Network Policies with EKS Auto
//!               Mode": that is all; a NodeClass only chooses the default, and its two values both enforce). Other plugins are
//!               not supported there (same guide, "Alternate CNI plugins").
//! Cilium        DaemonSet kube-system/cilium, as its chart and its CLI name it. With `enable-policy: never` in ConfigMap
//!               cilium-config it enforces nothing (Cilium, "Policy Enforcement Modes").
//! Calico        DaemonSet calico-node, in calico-system by its operator or in kube-system by manifest.
//! ```
//!
//! A DaemonSet elsewhere under such a name proves nothing: a tenant may have made it. And the CRDs of an engine stay when it goes, so
//! they only say whether to look.

use super::{
    api_error::ApiError,
    call::{ApiRequest, Connection},
    client::Kube,
    kinds::{self, CONFIG_MAP, Resource},
};
use crate::errors::not_found_as_none;
use goldenpath_core::{
    domain::{Facts, NetworkEngine, POD_IDENTITY_AGENT},
    ports::PortError,
};
use serde_json::Value;

pub(super) const DAEMON_SETS: Resource = kinds::resource("apps/v1", "DaemonSet", "daemonsets", true);
const CILIUM: &str = "cilium";
const CALICO: &str = "calico-node";
/// Those that are looked at.
pub(super) const NAMES: [&str; 3] = [CALICO, CILIUM, POD_IDENTITY_AGENT];
const SYSTEM: &str = "kube-system";

impl Kube {
    /// The facts of EKS, with what only the cluster says.
    pub async fn complete(&self, facts: Facts) -> Result<Facts, PortError> {
        Ok(complete(&*self.connection(&facts.stable.cluster_arn).await?, facts).await)
    }
}

pub(super) async fn complete(connection: &Connection, mut facts: Facts) -> Facts {
    if facts.network_policy_enforced != Some(true) {
        let seen = match facts.stable.auto_mode {
            true => has_controller(connection).await.map(|has| has.then_some(NetworkEngine::EksAuto)),
            false => engine(connection, &facts.crds).await,
        };
        facts.network_policy_enforced = seen.map(|engine| engine.is_some());
        facts.network_policy_engine = seen.flatten();
    }
    if facts.has_pod_identity_agent().is_none() {
        facts.pod_identity_agent = is_running(connection, SYSTEM, POD_IDENTITY_AGENT).await;
    }
    facts
}

async fn has_controller(connection: &Connection) -> Option<bool> {
    let map = read(connection, &CONFIG_MAP, SYSTEM, "amazon-vpc-cni").await.ok()?;
    Some(map.is_some_and(|map| map["data"]["enable-network-policy-controller"] == "true"))
}

/// The first that enforces; `None` where one of them could not be looked at.
async fn engine(connection: &Connection, crds: &[String]) -> Option<Option<NetworkEngine>> {
    let serves = |group: &str| crds.iter().any(|crd| crd.ends_with(group));
    let mut is_known = true;
    if serves(".cilium.io") {
        let is_running = is_running(connection, SYSTEM, CILIUM).await;
        is_known &= is_running.is_some();
        if is_running == Some(true) && !is_idle(connection).await {
            return Some(Some(NetworkEngine::Cilium));
        }
    }
    if serves(".projectcalico.org") {
        for namespace in ["calico-system", SYSTEM] {
            let is_running = is_running(connection, namespace, CALICO).await;
            is_known &= is_running.is_some();
            if is_running == Some(true) {
                return Some(Some(NetworkEngine::Calico));
            }
        }
    }
    is_known.then_some(None)
}

async fn is_idle(connection: &Connection) -> bool {
    let map = read(connection, &CONFIG_MAP, SYSTEM, "cilium-config").await;
    matches!(map, Ok(Some(map)) if map["data"]["enable-policy"] == "never")
}

/// At least one pod of it is ready: on a node that has just come, none is yet.
async fn is_running(connection: &Connection, namespace: &str, name: &str) -> Option<bool> {
    let found = read(connection, &DAEMON_SETS, namespace, name).await.ok()?;
    Some(found.and_then(|found| found["status"]["numberReady"].as_u64()).is_some_and(|ready| ready > 0))
}

async fn read(
    connection: &Connection,
    kind: &Resource,
    namespace: &str,
    name: &str,
) -> Result<Option<Value>, ApiError> {
    let request = ApiRequest::get(format!("GET {}", kind.kind), kind.object(Some(namespace), name));
    let found = not_found_as_none(connection.document(&request).await);
    if let Err(ApiError { error, .. }) = &found {
        tracing::info!(%error, kind = %kind.kind, namespace, name, "a fact of the cluster is not known");
    }
    found
}

#[cfg(test)]
mod tests {
    use super::{super::tests::connection, *};
    use http::StatusCode;
    use serde_json::json;
    use std::{
        collections::BTreeMap,
        sync::{Arc, Mutex},
    };

    type Found = (Option<bool>, Option<NetworkEngine>, Option<bool>);

    fn facts(auto_mode: bool, enforced: Option<bool>, addons: &[&str], crds: &[&str]) -> Facts {
        let stable = json!({"cluster_arn": "arn:aws:eks:eu-west-1:111122223333:cluster/demo", "auto_mode": auto_mode,
            "service_cidr": "10.100.0.0/16", "ip_family": "ipv4", "pod_security_version": "1.36"});
        let facts = json!({"stable": stable, "version": "1.36", "authentication_mode": "API",
            "network_policy_enforced": enforced, "addons": addons, "crds": crds});
        serde_json::from_value(facts).expect("facts")
    }

    /// What is found, and by how many requests. An object that is null may not be read.
    async fn look(facts: Facts, objects: &[(&str, Value)]) -> (Found, usize) {
        let objects: BTreeMap<String, Value> =
            objects.iter().map(|(path, object)| ((*path).to_owned(), object.clone())).collect();
        let requests = Arc::new(Mutex::new(0));
        let counted = requests.clone();
        let connection = connection(None, move |request| {
            *counted.lock().expect("a count") += 1;
            let path = request.uri().path();
            let status =
                |reason: &str| json!({"kind": "Status", "message": reason, "details": {"name": "x"}}).to_string();
            match objects.iter().find(|(end, _)| path.ends_with(end.as_str())) {
                Some((_, Value::Null)) => (StatusCode::FORBIDDEN, status("forbidden")),
                Some((_, object)) => (StatusCode::OK, object.to_string()),
                None => (StatusCode::NOT_FOUND, status("not found")),
            }
        });
        let Facts { network_policy_enforced, network_policy_engine, pod_identity_agent, .. } =
            complete(&connection, facts).await;
        let count = *requests.lock().expect("a count");
        ((network_policy_enforced, network_policy_engine, pod_identity_agent), count)
    }

    const AGENT: [&str; 1] = [POD_IDENTITY_AGENT];
    const OF_CILIUM: [&str; 1] = ["ciliumnodes.cilium.io"];
    const OF_CALICO: [&str; 1] = ["ippools.crd.projectcalico.org"];
    const CILIUM_AT: &str = "/namespaces/kube-system/daemonsets/cilium";
    const CNI: &str = "/namespaces/kube-system/configmaps/amazon-vpc-cni";

    fn ready(pods: u32) -> Value {
        json!({"kind": "DaemonSet", "status": {"numberReady": pods}})
    }

    #[tokio::test]
    async fn an_engine_is_what_runs() {
        let controller = |text: &str| json!({"data": {"enable-network-policy-controller": text}});
        let (cilium, calico) = (Some(NetworkEngine::Cilium), Some(NetworkEngine::Calico));
        for (auto, enforced, crds, objects, expected, requests, reason) in [
            (false, Some(true), &OF_CILIUM[..], vec![], (Some(true), None), 0, "EKS says so: nothing is read"),
            (
                false,
                Some(false),
                &[],
                vec![(CILIUM_AT, ready(3))],
                (Some(false), None),
                0,
                "no CRDs, so nothing to look at",
            ),
            (false, Some(false), &OF_CILIUM, vec![(CILIUM_AT, ready(1))], (Some(true), cilium), 2, "one pod is ready"),
            (false, Some(false), &OF_CILIUM, vec![(CILIUM_AT, ready(0))], (Some(false), None), 1, "none is"),
            (false, Some(false), &OF_CILIUM, vec![], (Some(false), None), 1, "it went, and its CRDs stayed"),
            (false, Some(false), &OF_CILIUM, vec![(CILIUM_AT, Value::Null)], (None, None), 1, "it may not be read"),
            (
                false,
                Some(false),
                &OF_CILIUM,
                vec![(CILIUM_AT, ready(3)), ("/configmaps/cilium-config", json!({"data": {"enable-policy": "never"}}))],
                (Some(false), None),
                2,
                "it runs, and enforces nothing",
            ),
            (
                false,
                Some(false),
                &OF_CALICO,
                vec![("/namespaces/calico-system/daemonsets/calico-node", ready(2))],
                (Some(true), calico),
                1,
                "by its operator",
            ),
            (
                false,
                Some(false),
                &OF_CALICO,
                vec![("/namespaces/kube-system/daemonsets/calico-node", ready(2))],
                (Some(true), calico),
                2,
                "by manifest",
            ),
            (
                false,
                Some(false),
                &OF_CALICO,
                vec![("/namespaces/pay/daemonsets/calico-node", ready(2))],
                (Some(false), None),
                2,
                "a tenant's of that name",
            ),
            (
                true,
                None,
                &[],
                vec![(CNI, controller("true"))],
                (Some(true), Some(NetworkEngine::EksAuto)),
                1,
                "turned on",
            ),
            (true, None, &[], vec![(CNI, controller("false"))], (Some(false), None), 1, "turned off"),
            (true, None, &[], vec![], (Some(false), None), 1, "Auto Mode does not enforce by itself"),
            (true, None, &[], vec![(CNI, Value::Null)], (None, None), 1, "it may not be read"),
        ] {
            let ((is_enforced, engine, _), count) = look(facts(auto, enforced, &AGENT, crds), &objects).await;
            assert_eq!((is_enforced, engine), expected, "{reason}");
            assert_eq!(count, requests, "{reason}: requests");
        }
    }

    #[tokio::test]
    async fn the_agent_is_an_add_on_or_a_daemon_set() {
        let at = "/namespaces/kube-system/daemonsets/eks-pod-identity-agent";
        for (addons, objects, expected, requests, reason) in [
            (&AGENT[..], vec![], None, 0, "an add-on: nothing is read"),
            (&[], vec![(at, ready(2))], Some(true), 1, "by its chart"),
            (&[], vec![], Some(false), 1, "missing"),
            (&[], vec![(at, Value::Null)], None, 1, "it may not be read"),
        ] {
            let ((.., agent), count) = look(facts(false, Some(true), addons, &[]), &objects).await;
            assert_eq!((agent, count), (expected, requests), "{reason}");
        }
    }
}
