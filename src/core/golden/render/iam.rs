//! IAM roles: of personas and of workloads. Every one has the tier's permissions boundary, a path of ours and our tags.

use super::ownership::Mark;
use crate::{
    domain::{
        Body, ClusterArn, Desired, Identity, IdentityMode, IdentityScope, ObjectKey, PersonaName, Role, StableFacts,
        Statement, short_hash,
    },
    golden::{Tier, catalogue::filled},
};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

const VERSION: &str = "2012-10-17";

pub(super) struct RoleRequest<'a> {
    pub facts: &'a StableFacts,
    pub tier: &'a Tier,
    pub mark: Mark<'a>,
    pub owner: &'a BTreeMap<String, String>,
}

/// `gp-<environment>-<persona or slot>-<10 hex>`, at most 64. Names are unique per account whatever the path and without
/// regard to case, so the hash is over the cluster's ARN too.
pub(super) fn role_name(
    cluster: &ClusterArn,
    environment: &str,
    slot: Option<&str>,
    persona: Option<PersonaName>,
) -> String {
    let persona = persona.map_or("", PersonaName::as_str);
    let hash = short_hash([cluster.as_str(), environment, slot.unwrap_or(""), persona], 10);
    let mut text = format!("{environment}-{}", slot.unwrap_or(persona));
    text.truncate(50);
    format!("gp-{}-{hash}", text.trim_end_matches('-'))
}

// === impl RoleRequest ===

impl RoleRequest<'_> {
    fn path(&self) -> String {
        format!("{}{}/", self.tier.grants.iam_path, self.mark.environment)
    }

    pub(super) fn boundary(&self) -> String {
        filled(&self.tier.grants.boundary, self.facts)
    }

    pub(super) fn arn(&self, name: &str) -> String {
        format!("arn:{}:iam::{}:role{}{name}", self.facts.partition(), self.facts.account(), self.path())
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
                path: self.path(),
                trust,
                inline,
                attached: BTreeSet::new(),
                boundary: self.boundary(),
                max_session_seconds: self.tier.grants.max_session_seconds,
                description,
                tags: self.mark.tags(&self.facts.cluster_arn, self.owner),
            })
        });
        Desired::new(ObjectKey::role(name), body)
    }

    /// A role that named principals may assume to use the cluster.
    pub(super) fn persona(&self, persona: PersonaName, trusted: Option<Vec<&str>>) -> Desired {
        let name = role_name(&self.facts.cluster_arn, self.mark.environment, None, Some(persona));
        let trust = trusted.map(|trusted| {
            json!({"Version": VERSION, "Statement": [{
                "Effect": "Allow", "Principal": {"AWS": trusted},
                "Action": ["sts:AssumeRole", "sts:SetSourceIdentity", "sts:TagSession"]
            }]})
        });
        let describe = json!({"Version": VERSION, "Statement": [{
            "Effect": "Allow", "Action": ["eks:DescribeCluster"], "Resource": [self.facts.cluster_arn.as_str()]
        }]});
        let description = format!("{persona} of environment {}", self.mark.environment);
        self.role(&name, trust, Some([("gp-cluster".to_owned(), describe)].into()), description)
    }

    /// A workload's role; `None` where the identity is `none`.
    pub(super) fn workload(&self, slot: &str, namespace: &str, identity: &Identity) -> Option<Desired> {
        let name = role_name(&self.facts.cluster_arn, self.mark.environment, Some(slot), None);
        let trust = match identity.mode {
            IdentityMode::None => return None,
            IdentityMode::PodIdentity => pod_identity_trust(self.facts, identity.scope, namespace, slot),
            IdentityMode::Irsa => irsa_trust(self.facts, namespace, slot)?,
        };
        let description = format!("workload {slot} of environment {}", self.mark.environment);
        Some(self.role(&name, Some(trust), inline_policies(identity), description))
    }
}

/// Who may become the role: the Pod Identity service for this account, and by scope for this cluster, namespace and service
/// account alone.
fn pod_identity_trust(facts: &StableFacts, scope: IdentityScope, namespace: &str, service_account: &str) -> Value {
    let mut equals = Map::new();
    equals.insert("aws:SourceAccount".to_owned(), Value::from(facts.account()));
    let mut condition = Map::new();
    match scope {
        IdentityScope::Tags => {
            for (tag, value) in [
                ("eks-cluster-arn", facts.cluster_arn.as_str()),
                ("kubernetes-namespace", namespace),
                ("kubernetes-service-account", service_account),
            ] {
                equals.insert(format!("aws:RequestTag/{tag}"), Value::from(value));
            }
        }
        // Without session tags there is no request tag; the cluster is still told by the source.
        IdentityScope::SessionPolicy | IdentityScope::RoleOnly => {
            condition.insert("ArnEquals".to_owned(), json!({"aws:SourceArn": facts.cluster_arn.as_str()}));
        }
    }
    condition.insert("StringEquals".to_owned(), Value::Object(equals));
    json!({"Version": VERSION, "Statement": [{
        "Effect": "Allow", "Principal": {"Service": "pods.eks.amazonaws.com"},
        "Action": ["sts:AssumeRole", "sts:TagSession"], "Condition": condition
    }]})
}

/// `None` on a cluster without an OIDC issuer; rendering says so before.
fn irsa_trust(facts: &StableFacts, namespace: &str, service_account: &str) -> Option<Value> {
    let issuer = facts.oidc_issuer.as_deref()?.trim_start_matches("https://");
    let provider = format!("arn:{}:iam::{}:oidc-provider/{issuer}", facts.partition(), facts.account());
    let mut equals = Map::new();
    equals.insert(format!("{issuer}:aud"), Value::from("sts.amazonaws.com"));
    equals.insert(format!("{issuer}:sub"), Value::from(format!("system:serviceaccount:{namespace}:{service_account}")));
    Some(json!({"Version": VERSION, "Statement": [{
        "Effect": "Allow", "Principal": {"Federated": provider}, "Action": ["sts:AssumeRoleWithWebIdentity"],
        "Condition": {"StringEquals": equals}
    }]}))
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
pub(in crate::golden) fn policy(statements: &[Statement]) -> Option<Value> {
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
