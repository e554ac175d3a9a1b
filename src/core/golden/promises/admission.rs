//! What the API server admits in an environment, each tried by one dry run. A pod differs from one that is admitted everywhere by one
//! thing alone, so that a refusal can only be about that.

use crate::domain::PodSecurityLevel::{self, Baseline, Restricted};
use serde_json::{Value, json};

pub struct AdmissionPromise {
    pub name: &'static str,
    pub reason: &'static str,
    /// Without a namespace.
    pub object: Value,
    pub refused: Refused,
    pub benchmark: &'static [&'static str],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    Never,
    /// By Pod Security, from this level on.
    From(PodSecurityLevel),
    /// By something of which the refusal names one.
    By(&'static [&'static str]),
}

/// In each refusal by it.
pub const POD_SECURITY: &str = "violates PodSecurity";

pub fn admission() -> Vec<AdmissionPromise> {
    let row = |name, reason, object, refused, benchmark| AdmissionPromise { name, reason, object, refused, benchmark };
    let in_container = |members: Value| pod(json!({}), with(container(), members));
    let in_context = |members: Value| in_container(json!({"securityContext": with(restricted_context(), members)}));
    let in_pod = |members: Value| pod(members, container());
    let node_port = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"generateName": "gp-probe-"},
        "spec": {"type": "NodePort", "ports": [{"port": 80}]}});
    vec![
        row("a hardened pod", "what every workload can be", in_pod(json!({})), Refused::Never, &[]),
        row(
            "a pod whose image is not always pulled",
            "an image that a node has needs no credentials; no tier asks for `imagePullPolicy: Always`",
            in_container(json!({"imagePullPolicy": "IfNotPresent"})),
            Refused::Never,
            &["MTB-PL1-CC-DI-1"],
        ),
        row(
            "a privileged container",
            "it is its node",
            in_context(json!({"privileged": true, "allowPrivilegeEscalation": true})),
            Refused::From(Baseline),
            &["MTB-PL1-BC-CPI-5"],
        ),
        row(
            "an added capability",
            "`SYS_ADMIN` is most of root",
            in_context(json!({"capabilities": {"drop": ["ALL"], "add": ["SYS_ADMIN"]}})),
            Refused::From(Baseline),
            &["MTB-PL1-BC-CPI-3"],
        ),
        row(
            "privilege escalation",
            "a process may gain what its parent has not",
            in_context(json!({"allowPrivilegeEscalation": true})),
            Refused::From(Restricted),
            &["MTB-PL1-BC-CPI-6"],
        ),
        row(
            "a container that runs as root",
            "root in the container is root where it gets out",
            in_context(json!({"runAsNonRoot": false, "runAsUser": 0})),
            Refused::From(Restricted),
            &["MTB-PL1-BC-CPI-4"],
        ),
        row(
            "a path of the host",
            "files of the node, and of everybody on it",
            in_pod(json!({"volumes": [{"name": "host", "hostPath": {"path": "/"}}]})),
            Refused::From(Baseline),
            &["MTB-PL1-BC-HI-1"],
        ),
        row(
            "the network of the host",
            "no network policy is about it",
            in_pod(json!({"hostNetwork": true})),
            Refused::From(Baseline),
            &["MTB-PL1-BC-HI-3"],
        ),
        row(
            "a port of the host",
            "the node would listen",
            in_container(json!({"ports": [{"containerPort": 80, "hostPort": 80}]})),
            Refused::From(Baseline),
            &["MTB-PL1-BC-HI-3"],
        ),
        row(
            "the processes of the host",
            "they could be seen and ended",
            in_pod(json!({"hostPID": true})),
            Refused::From(Baseline),
            &["MTB-PL1-BC-HI-4"],
        ),
        row(
            "the IPC of the host",
            "memory of other processes",
            in_pod(json!({"hostIPC": true})),
            Refused::From(Baseline),
            &["MTB-PL1-BC-HI-5"],
        ),
        row(
            "a pod of a system priority",
            "it would evict everybody else",
            in_pod(json!({"priorityClassName": "system-node-critical"})),
            Refused::By(&["gp-no-system-priority"]),
            &[],
        ),
        row(
            "a Service of type NodePort",
            "every node would listen",
            node_port,
            Refused::By(&["gp-guard-services", "services.nodeports"]),
            &["MTB-PL1-BC-HI-1"],
        ),
    ]
}

// === impl AdmissionPromise ===

impl AdmissionPromise {
    /// In a namespace that enforces this level: what a refusal names, if it is promised.
    pub fn refusal(&self, level: PodSecurityLevel) -> Option<&'static [&'static str]> {
        match self.refused {
            Refused::Never => None,
            Refused::From(lowest) => (level >= lowest).then_some(&[POD_SECURITY]),
            Refused::By(words) => Some(words),
        }
    }

    pub fn is_pod(&self) -> bool {
        self.object["kind"] == "Pod"
    }

    pub fn object_in(&self, namespace: &str) -> Value {
        let mut object = self.object.clone();
        object["metadata"]["namespace"] = namespace.into();
        object
    }
}

/// What the level `restricted` requires of a container.
fn restricted_context() -> Value {
    json!({"allowPrivilegeEscalation": false, "runAsNonRoot": true, "capabilities": {"drop": ["ALL"]},
        "seccompProfile": {"type": "RuntimeDefault"}})
}

fn container() -> Value {
    json!({"name": "main", "image": "registry.example/app:1", "imagePullPolicy": "Always", "securityContext": restricted_context()})
}

fn pod(spec: Value, container: Value) -> Value {
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"generateName": "gp-probe-"},
        "spec": with(json!({"containers": [container]}), spec)})
}

fn with(mut object: Value, members: Value) -> Value {
    if let (Some(object), Value::Object(members)) = (object.as_object_mut(), members) {
        object.extend(members);
    }
    object
}
