//! A Provisioner with a memory: it answers as it is told and keeps what it was asked.

use async_trait::async_trait;
use goldenpath_core::{
    domain::{
        ClusterRef, EnvironmentOutputs, Facts, Id, Kind, Late, Outputs, Phase, Problem, Provisioning, Record, Spec,
        StableFacts,
    },
    provision::{
        Decided, EnsureRequest, Exists, Observation, ObserveRequest, Outcome, Preview, PreviewRequest, Provisioner,
        RemoveRequest, Removed, Seen,
    },
};
use std::{
    collections::BTreeMap,
    sync::{Mutex, atomic::AtomicBool, atomic::Ordering},
};

#[derive(Default)]
pub struct Fake {
    previews: Mutex<Vec<PreviewRequest>>,
    ensures: Mutex<Vec<EnsureRequest>>,
    removes: Mutex<Vec<RemoveRequest>>,
    observation: Mutex<Option<Result<Seen, Problem>>>,
    record: Mutex<Option<Record>>,
    /// Deletion protection of all that it makes.
    protects: bool,
    /// Every ensure makes something and then fails.
    fails: AtomicBool,
}

impl Fake {
    pub fn protecting() -> Self {
        Self { protects: true, ..Self::default() }
    }

    pub fn failing() -> Self {
        Self { fails: true.into(), ..Self::default() }
    }

    pub fn previewed(&self) -> Vec<PreviewRequest> {
        self.previews.lock().unwrap().drain(..).collect()
    }

    pub fn ensured(&self) -> Vec<EnsureRequest> {
        let mut all = self.ensures.lock().unwrap();
        let again = all.iter().map(copy).collect();
        std::mem::replace(&mut *all, again)
    }

    pub fn removed(&self) -> Vec<RemoveRequest> {
        self.removes.lock().unwrap().drain(..).collect()
    }

    pub fn observes(&self, answer: Result<Seen, Problem>) {
        *self.observation.lock().unwrap() = Some(answer);
    }

    pub fn records(&self, spec: &Spec) {
        let Spec::Environment(inner) = spec else { panic!("an environment") };
        *self.record.lock().unwrap() = Some(Record {
            id: spec.id().to_string(),
            uid: "uid-9".into(),
            kind: Kind::Environment,
            cluster_arn: facts("demo").cluster_arn.to_string(),
            team: "pay".into(),
            golden_path: "team-standard".into(),
            golden_path_version: "1.0.0".into(),
            golden_path_digest: String::new(),
            spec: serde_json::to_value(inner).unwrap(),
            facts: facts("demo"),
            inventory: vec![],
            phase: Phase::Ready,
            operation: None,
            timings: vec![],
            tool_version: "0".into(),
        });
    }

    fn protection(&self, spec: &Spec) -> bool {
        match spec {
            Spec::Environment(spec) => spec.deletion_protection.unwrap_or(self.protects),
            _ => self.protects,
        }
    }
}

fn copy(request: &EnsureRequest) -> EnsureRequest {
    let EnsureRequest { spec, facts, parent, prior, replacing, planned, planned_target, timeout, cancel } = request;
    EnsureRequest {
        spec: spec.clone(),
        facts: facts.clone(),
        parent: parent.clone(),
        prior: prior.clone(),
        replacing: replacing.clone(),
        planned: planned.clone(),
        planned_target: planned_target.clone(),
        timeout: *timeout,
        cancel: cancel.clone(),
    }
}

pub fn facts(cluster: &str) -> StableFacts {
    all_facts(cluster).stable
}

pub fn all_facts(cluster: &str) -> Facts {
    Facts {
        stable: StableFacts {
            cluster_arn: format!("arn:aws:eks:eu-west-1:111122223333:cluster/{cluster}").parse().unwrap(),
            auto_mode: false,
            service_cidr: "10.100.0.0/16".into(),
            ip_family: "ipv4".into(),
            oidc_issuer: None,
            pod_security_version: "1.36".into(),
            permission_sets: BTreeMap::new(),
        },
        version: "1.36".into(),
        authentication_mode: "API".into(),
        network_policy_enforced: true,
        addons: vec![],
        crds: vec![],
        caller: String::new(),
    }
}

pub fn objects() -> BTreeMap<String, String> {
    BTreeMap::from([("k8s/v1/Namespace/pay".to_owned(), "labels=a #1:0123456789".to_owned())])
}

pub fn environment_outputs(id: &str, uid: &str) -> Outputs {
    Outputs::Environment(EnvironmentOutputs {
        id: Some(Late::Now(id.to_owned())),
        uid: Some(Late::Now(uid.to_owned())),
        target: Some(Late::Now("sandbox:1".to_owned())),
        objects: Some(Late::Now(objects().into_iter().map(|(key, line)| (key, Late::Now(line))).collect())),
        resolved_version: Some(Late::Now("1.0.0".to_owned())),
        namespace_names: Some(Late::Now(BTreeMap::new())),
        rbac_groups: Some(Late::Now(BTreeMap::new())),
        role_arns: Some(Late::Now(BTreeMap::new())),
        access_entry_arns: Some(Late::Now(BTreeMap::new())),
        provisioning: Some(Late::Now(Provisioning::of("2026-01-01T00:00:00Z", "2026-01-01T00:00:01Z", &[]))),
    })
}

pub fn seen(uid: &str) -> Seen {
    Seen {
        uid: uid.to_owned(),
        target: "sandbox:1".to_owned(),
        objects: objects(),
        facts: facts("demo"),
        parent: None,
        record: None,
        outputs: None,
        problems: vec![],
    }
}

/// What a plan can tell: all but what only the target knows.
fn desired(id: &str) -> Outputs {
    let Outputs::Environment(known) = environment_outputs(id, "") else { panic!("an environment") };
    Outputs::Environment(EnvironmentOutputs { uid: None, target: None, provisioning: None, ..known })
}

#[async_trait]
impl Provisioner for Fake {
    async fn facts(&self, cluster: &ClusterRef) -> Result<Facts, Problem> {
        Ok(all_facts(cluster.name()))
    }

    async fn only_cluster(&self) -> Result<Option<ClusterRef>, Problem> {
        Ok("demo".parse().ok())
    }

    async fn find(&self, id: &Id) -> Result<Option<Record>, Problem> {
        Ok(self.record.lock().unwrap().clone().filter(|record| record.id == id.to_string()))
    }

    async fn observe(&self, _request: ObserveRequest) -> Result<Observation, Problem> {
        let answer = self.observation.lock().unwrap().take().unwrap_or_else(|| Ok(seen("uid-1")));
        answer.map(|seen| Observation::Here(Box::new(seen)))
    }

    async fn preview(&self, request: PreviewRequest) -> Preview {
        let decided = Decided {
            outputs: desired(&request.spec.id().to_string()),
            facts: request.facts.clone().unwrap_or_else(|| facts(request.spec.id().cluster())),
            parent: request.parent.clone(),
            protected: self.protection(&request.spec),
        };
        self.previews.lock().unwrap().push(request);
        Preview { decided: Some(decided), problems: vec![] }
    }

    async fn ensure(&self, request: EnsureRequest) -> Outcome {
        let id = request.spec.id();
        let fails = self.fails.load(Ordering::Relaxed);
        let exists = Exists {
            outputs: environment_outputs(&id.to_string(), "uid-1"),
            uid: "uid-1".to_owned(),
            facts: facts(id.cluster()),
            parent: None,
            protected: self.protection(&request.spec),
            complete: !fails,
        };
        self.ensures.lock().unwrap().push(request);
        let problems = if fails { vec![Problem::error("target.denied", "a step failed", "allow it")] } else { vec![] };
        Outcome { exists: Some(exists), problems }
    }

    async fn preview_remove(&self, request: &RemoveRequest) -> Vec<Problem> {
        if request.protected { vec![Problem::error("deletion.protected", "protected", "turn it off")] } else { vec![] }
    }

    async fn remove(&self, request: RemoveRequest) -> Removed {
        self.removes.lock().unwrap().push(request);
        Removed { gone: true, objects: None, problems: vec![] }
    }
}
