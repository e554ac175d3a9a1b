//! One sample of every kind: a body, another value for one owned field, and a field that somebody else adds.

use super::TestTarget;
use goldenpath_core::domain::{AccessEntry, AccessPolicy, Body, ObjectKey, Observed, PodIdentityAssociation, Role};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

pub struct Sample {
    pub key: ObjectKey,
    pub body: Body,
    /// The same object with another value of one owned field; `None`: nothing of it can change.
    pub changed: Option<Body>,
    /// The owned field that differs, as it is called in [`goldenpath_core::domain::Fields`].
    pub owned: &'static str,
    /// Another value for the owned field, as somebody else would set it: pointer and value.
    pub edited: Option<(&'static str, Value)>,
    /// A field that somebody else adds and that is no concern of ours.
    pub foreign: Option<(&'static str, Value)>,
    /// Made before, removed after.
    pub needs: Vec<(ObjectKey, Body)>,
}

impl Sample {
    pub fn kind(&self) -> &str {
        self.key.kind()
    }

    /// A controller writes its status, which moves the version at any time.
    pub(super) fn has_status(&self) -> bool {
        let kinds = ["ResourceQuota", "PodDisruptionBudget", "HorizontalPodAutoscaler"];
        kinds.contains(&self.kind())
    }

    /// Nothing that we or anyone else declares has changed between two looks.
    pub(super) fn is_unchanged(&self, before: &Observed, after: &Observed) -> bool {
        let version = if self.has_status() { before } else { after }.version.clone();
        let after = Observed { version, ..after.clone() };
        *before == after
    }
}

/// Names of one case: `unique` keeps targets that are shared apart, `case` the cases of one run.
struct Names<'a> {
    target: &'a TestTarget,
    case: &'a str,
}

pub(super) fn environment(target: &TestTarget, case: &str) -> String {
    format!("{}{case}", target.unique)
}

/// Every kind once, all under names of this case.
pub fn samples(target: &TestTarget, case: &str) -> Vec<Sample> {
    let names = Names { target, case };
    vec![
        names.role(),
        names.access_entry(),
        names.access_policy(),
        names.association(),
        names.namespace(),
        names.cluster_role(),
        names.inside(
            "v1",
            "ResourceQuota",
            json!({"spec": {"hard": {"pods": "10", "requests.cpu": "2"}}}),
            ("/spec/hard/pods", json!("11")),
        ),
        names.inside(
            "v1",
            "LimitRange",
            json!({"spec": {"limits": [{"type": "Container", "defaultRequest": {"cpu": "100m"}}]}}),
            ("/spec/limits", json!([{"type": "Container", "defaultRequest": {"cpu": "200m"}}])),
        ),
        names.inside(
            "networking.k8s.io/v1",
            "NetworkPolicy",
            json!({"spec": {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}}),
            ("/spec/policyTypes", json!(["Ingress"])),
        ),
        names.inside(
            "rbac.authorization.k8s.io/v1",
            "RoleBinding",
            json!({"roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"},
                   "subjects": [{"kind": "Group", "apiGroup": "rbac.authorization.k8s.io", "name": "gp:p:0123456789abcdef"}]}),
            ("/subjects", json!([{"kind": "Group", "apiGroup": "rbac.authorization.k8s.io", "name": "gp:p:fedcba9876543210"}])),
        ),
        names.inside(
            "v1",
            "ServiceAccount",
            json!({"automountServiceAccountToken": false}),
            ("/automountServiceAccountToken", json!(true)),
        ),
        names.inside("v1", "ConfigMap", json!({"data": {"record": "{}"}}), ("/data/record", json!("{\"a\":1}"))),
        names.inside(
            "policy/v1",
            "PodDisruptionBudget",
            json!({"spec": {"maxUnavailable": 1, "selector": {"matchLabels": {"app.kubernetes.io/name": "a"}}}}),
            ("/spec/maxUnavailable", json!(2)),
        ),
        names.inside(
            "autoscaling/v2",
            "HorizontalPodAutoscaler",
            json!({"spec": {"minReplicas": 2, "maxReplicas": 4,
                            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "a"},
                            "metrics": [{"type": "Resource", "resource": {"name": "cpu",
                                         "target": {"type": "Utilization", "averageUtilization": 70}}}]}}),
            ("/spec/maxReplicas", json!(6)),
        ),
    ]
}

// === impl Names ===

impl Names<'_> {
    fn environment(&self) -> String {
        environment(self.target, self.case)
    }

    fn tags(&self) -> BTreeMap<String, String> {
        [
            ("goldenpath:managed", "true".to_owned()),
            ("goldenpath:environment", self.environment()),
            ("goldenpath:cluster-arn", self.target.cluster.to_string()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into()
    }

    fn labels(&self) -> Value {
        json!({"app.kubernetes.io/managed-by": "goldenpath", "goldenpath.internal/managed": "true",
               "goldenpath.internal/environment": self.environment()})
    }

    fn role_body(&self) -> Role {
        let account = format!("arn:{}:iam::{}:root", self.target.cluster.partition(), self.target.cluster.account());
        let statement = json!([{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": account}}]);
        let inline = json!({"Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Action": ["eks:DescribeCluster"], "Resource": [self.target.cluster.as_str()]}]});
        Role {
            path: format!("/goldenpath/{}/", self.environment()),
            trust: json!({"Version": "2012-10-17", "Statement": statement}),
            inline: BTreeMap::from([("cluster".to_owned(), inline)]),
            attached: BTreeSet::new(),
            boundary: self.target.boundary.clone(),
            max_session_seconds: 3600,
            description: "of the contract suite".to_owned(),
            tags: self.tags(),
        }
    }

    fn role_name(&self) -> String {
        format!("gp-{}", self.environment())
    }

    fn role_arn(&self) -> String {
        let (cluster, environment) = (&self.target.cluster, self.environment());
        let (partition, account) = (cluster.partition(), cluster.account());
        format!("arn:{partition}:iam::{account}:role/goldenpath/{environment}/{}", self.role_name())
    }

    fn role_need(&self) -> (ObjectKey, Body) {
        (ObjectKey::role(self.role_name()), Body::Role(self.role_body()))
    }

    fn role(&self) -> Sample {
        let body = self.role_body();
        Sample {
            key: ObjectKey::role(self.role_name()),
            changed: Some(Body::Role(Role { max_session_seconds: 7200, ..body.clone() })),
            body: Body::Role(body),
            owned: "/maxSessionDuration",
            edited: Some(("/max_session_seconds", json!(5400))),
            foreign: Some(("/tags/cost-allocation", json!("shared"))),
            needs: vec![],
        }
    }

    fn entry_need(&self) -> (ObjectKey, Body) {
        let entry = AccessEntry { group: "gp:p:0123456789abcdef".to_owned(), tags: self.tags() };
        (ObjectKey::AccessEntry { principal: self.role_arn() }, Body::AccessEntry(entry))
    }

    fn access_entry(&self) -> Sample {
        let (key, body) = self.entry_need();
        let changed = AccessEntry { group: "gp:p:fedcba9876543210".to_owned(), tags: self.tags() };
        Sample {
            key,
            body,
            changed: Some(Body::AccessEntry(changed)),
            owned: "/kubernetesGroups",
            edited: Some(("/group", json!("somebody"))),
            foreign: Some(("/tags/cost-allocation", json!("shared"))),
            needs: vec![self.role_need()],
        }
    }

    fn access_policy(&self) -> Sample {
        let principal = self.role_arn();
        let policy = "AmazonEKSViewPolicy".to_owned();
        Sample {
            key: ObjectKey::AccessPolicy { policy, namespace: self.environment(), principal },
            body: Body::AccessPolicy(AccessPolicy {}),
            changed: None,
            owned: "/accessScope/type",
            edited: None,
            foreign: None,
            needs: vec![self.role_need(), self.entry_need()],
        }
    }

    fn association(&self) -> Sample {
        let body = PodIdentityAssociation {
            role_arn: self.role_arn(),
            target_role_arn: None,
            disable_session_tags: false,
            policy: None,
            tags: self.tags(),
        };
        Sample {
            key: ObjectKey::PodIdentityAssociation { namespace: self.environment(), service_account: "app".to_owned() },
            changed: Some(Body::PodIdentityAssociation(PodIdentityAssociation {
                disable_session_tags: true,
                ..body.clone()
            })),
            body: Body::PodIdentityAssociation(body),
            owned: "/disableSessionTags",
            edited: Some(("/disable_session_tags", json!(true))),
            foreign: Some(("/tags/cost-allocation", json!("shared"))),
            needs: vec![self.role_need()],
        }
    }

    fn document(&self, api_version: &str, kind: &str, namespace: Option<&str>, name: &str) -> Value {
        let mut metadata = json!({"name": name, "labels": self.labels()});
        if let Some(namespace) = namespace {
            metadata["namespace"] = namespace.into();
        }
        json!({"apiVersion": api_version, "kind": kind, "metadata": metadata})
    }

    fn namespace_need(&self) -> (ObjectKey, Body) {
        let name = self.environment();
        (ObjectKey::namespace_object(&name), Body::Kube(self.document("v1", "Namespace", None, &name)))
    }

    fn namespace(&self) -> Sample {
        let name = self.environment();
        let with = |level: &str| {
            let mut document = self.document("v1", "Namespace", None, &name);
            document["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] = level.into();
            Body::Kube(document)
        };
        Sample {
            key: ObjectKey::namespace_object(&name),
            body: with("restricted"),
            changed: Some(with("baseline")),
            owned: "/metadata/labels/pod-security.kubernetes.io~1enforce",
            edited: Some(("/metadata/labels/pod-security.kubernetes.io~1enforce", json!("privileged"))),
            foreign: Some(("/metadata/labels/example.com~1cost", json!("shared"))),
            needs: vec![],
        }
    }

    fn cluster_role(&self) -> Sample {
        let (api_version, kind, name) =
            ("rbac.authorization.k8s.io/v1", "ClusterRole", format!("gp-{}", self.environment()));
        let with = |verbs: Value| {
            let mut document = self.document(api_version, kind, None, &name);
            document["rules"] = json!([{"apiGroups": [""], "resources": ["pods"], "verbs": verbs}]);
            Body::Kube(document)
        };
        Sample {
            key: ObjectKey::kube(api_version, kind, None, &name),
            body: with(json!(["get"])),
            changed: Some(with(json!(["get", "list"]))),
            owned: "/rules",
            edited: Some(("/rules", json!([{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}]))),
            foreign: Some(("/metadata/annotations/example.com~1note", json!("seen"))),
            needs: vec![],
        }
    }

    /// Something that lives in a namespace; `other` is the owned field with another value.
    fn inside(&self, api_version: &str, kind: &str, rest: Value, other: (&'static str, Value)) -> Sample {
        let namespace = self.environment();
        let mut document = self.document(api_version, kind, Some(&namespace), "gp-sample");
        if let (Some(document), Value::Object(rest)) = (document.as_object_mut(), rest) {
            document.extend(rest);
        }
        let mut changed = document.clone();
        if let Some(field) = changed.pointer_mut(other.0) {
            *field = other.1.clone();
        }
        Sample {
            key: ObjectKey::kube(api_version, kind, Some(&namespace), "gp-sample"),
            body: Body::Kube(document),
            changed: Some(Body::Kube(changed)),
            owned: other.0,
            edited: Some(other),
            foreign: Some(("/metadata/annotations/example.com~1note", json!("seen"))),
            needs: vec![self.namespace_need()],
        }
    }
}
