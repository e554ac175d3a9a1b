//! IAM roles: of personas and of workloads. Every one has the tier's permissions boundary, a path of ours and our tags.

use crate::domain::{
    Body, ClusterArn, Desired, Identity, IdentityScope, ObjectKey, PersonaName, Role, Statement, short_hash,
};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

const VERSION: &str = "2012-10-17";

/// What all roles of one environment or slot have alike.
#[derive(Clone, Debug)]
pub struct RoleTerms {
    pub cluster: ClusterArn,
    pub environment: String,
    /// Ends with `/`.
    pub path: String,
    pub boundary: String,
    pub max_session_seconds: u32,
    pub tags: BTreeMap<String, String>,
}

#[derive(Clone, Debug)]
pub struct PersonaRole {
    pub name: String,
    pub arn: String,
    /// `None` waits for another resource of the run.
    pub trusted: Option<Vec<String>>,
}

#[derive(Clone, Debug)]
pub struct WorkloadRole {
    pub name: String,
    pub arn: String,
    pub trust: Trust,
}

/// What hands the role's credentials to the workload.
#[derive(Clone, Debug)]
pub enum Trust {
    PodIdentity(IdentityScope),
    /// The URL of the cluster's OIDC issuer.
    Irsa(String),
}

/// `gp-<environment>-<persona or slot>-<10 hex>`, at most 64. Names are unique per account whatever the path and without
/// regard to case, so the hash is over the cluster's ARN too.
pub fn role_name(cluster: &ClusterArn, environment: &str, slot: Option<&str>, persona: Option<PersonaName>) -> String {
    let persona = persona.map_or("", PersonaName::as_str);
    let hash = short_hash([cluster.as_str(), environment, slot.unwrap_or(""), persona], 10);
    let mut text = format!("{environment}-{}", slot.unwrap_or(persona));
    text.truncate(50);
    format!("gp-{}-{hash}", text.trim_end_matches('-'))
}

// === impl RoleTerms ===

impl RoleTerms {
    pub fn arn(&self, name: &str) -> String {
        format!("arn:{}:iam::{}:role{}{name}", self.cluster.partition(), self.cluster.account(), self.path)
    }

    fn role(
        &self,
        name: &str,
        trust: Option<Value>,
        inline: Option<BTreeMap<String, Value>>,
        description: String,
    ) -> Desired {
        let body = trust.zip(inline).map(|(trust, inline)| {
            Body::Role(Role {
                path: self.path.clone(),
                trust,
                inline,
                attached: BTreeSet::new(),
                boundary: self.boundary.clone(),
                max_session_seconds: self.max_session_seconds,
                description,
                tags: self.tags.clone(),
            })
        });
        Desired::new(ObjectKey::role(name), body)
    }

    /// A role that named principals may assume to use the cluster.
    pub fn persona(&self, persona: PersonaName, PersonaRole { name, arn: _, trusted }: &PersonaRole) -> Desired {
        let trust = trusted.as_ref().map(|trusted| {
            json!({"Version": VERSION, "Statement": [{
                "Effect": "Allow", "Principal": {"AWS": trusted},
                "Action": ["sts:AssumeRole", "sts:SetSourceIdentity", "sts:TagSession"]
            }]})
        });
        let describe = json!({"Version": VERSION, "Statement": [{
            "Effect": "Allow", "Action": ["eks:DescribeCluster"], "Resource": [self.cluster.as_str()]
        }]});
        let description = format!("{persona} of environment {}", self.environment);
        self.role(name, trust, Some([("gp-cluster".to_owned(), describe)].into()), description)
    }

    pub fn workload(&self, role: &WorkloadRole, slot: &str, namespace: &str, identity: &Identity) -> Desired {
        let trust = match &role.trust {
            Trust::PodIdentity(scope) => pod_identity_trust(&self.cluster, *scope, namespace, slot),
            Trust::Irsa(issuer) => irsa_trust(&self.cluster, issuer, namespace, slot),
        };
        let description = format!("workload {slot} of environment {}", self.environment);
        self.role(&role.name, Some(trust), inline_policies(identity), description)
    }
}

/// Who may become the role: the Pod Identity service for this account, and by scope for this cluster, namespace and service
/// account alone.
fn pod_identity_trust(cluster: &ClusterArn, scope: IdentityScope, namespace: &str, service_account: &str) -> Value {
    let mut equals = Map::new();
    equals.insert("aws:SourceAccount".to_owned(), Value::from(cluster.account()));
    let mut condition = Map::new();
    match scope {
        IdentityScope::Tags => {
            for (tag, value) in [
                ("eks-cluster-arn", cluster.as_str()),
                ("kubernetes-namespace", namespace),
                ("kubernetes-service-account", service_account),
            ] {
                equals.insert(format!("aws:RequestTag/{tag}"), Value::from(value));
            }
        }
        // Without session tags there is no request tag; the source still names the cluster.
        IdentityScope::SessionPolicy | IdentityScope::RoleOnly => {
            condition.insert("ArnEquals".to_owned(), json!({"aws:SourceArn": cluster.as_str()}));
        }
    }
    condition.insert("StringEquals".to_owned(), Value::Object(equals));
    json!({"Version": VERSION, "Statement": [{
        "Effect": "Allow", "Principal": {"Service": "pods.eks.amazonaws.com"},
        "Action": ["sts:AssumeRole", "sts:TagSession"], "Condition": condition
    }]})
}

fn irsa_trust(cluster: &ClusterArn, issuer: &str, namespace: &str, service_account: &str) -> Value {
    let issuer = issuer.trim_start_matches("https://");
    let provider = format!("arn:{}:iam::{}:oidc-provider/{issuer}", cluster.partition(), cluster.account());
    let mut equals = Map::new();
    equals.insert(format!("{issuer}:aud"), Value::from("sts.amazonaws.com"));
    equals.insert(format!("{issuer}:sub"), Value::from(format!("system:serviceaccount:{namespace}:{service_account}")));
    json!({"Version": VERSION, "Statement": [{
        "Effect": "Allow", "Principal": {"Federated": provider}, "Action": ["sts:AssumeRoleWithWebIdentity"],
        "Condition": {"StringEquals": equals}
    }]})
}

/// `None` while a statement waits for another resource of the run.
fn inline_policies(identity: &Identity) -> Option<BTreeMap<String, Value>> {
    let mut inline = BTreeMap::new();
    if !identity.statements.is_empty() {
        inline.insert("gp-workload".to_owned(), policy(&identity.statements)?);
    }
    if let Some(target) = &identity.target_role_arn {
        let chain = json!({"Version": VERSION, "Statement": [{
            "Effect": "Allow", "Action": ["sts:AssumeRole", "sts:TagSession"], "Resource": [target.now()?]
        }]});
        inline.insert("gp-target-role".to_owned(), chain);
    }
    Some(inline)
}

/// The statements as an IAM policy document; `None` while a part of it is unknown.
pub fn policy(statements: &[Statement]) -> Option<Value> {
    let statements: Option<Vec<Value>> = statements
        .iter()
        .map(|Statement { actions, resources, conditions }| {
            let mut statement = json!({"Effect": "Allow", "Action": actions.all()?, "Resource": resources.all()?});
            if !conditions.is_empty() {
                statement["Condition"] = json!(conditions);
            }
            Some(statement)
        })
        .collect();
    Some(json!({"Version": VERSION, "Statement": statements?}))
}
