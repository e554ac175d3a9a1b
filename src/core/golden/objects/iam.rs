//! IAM roles: of personas and of workloads. Every one has the tier's permissions boundary, a path of ours and our tags.

use crate::domain::{
    Body, ClusterArn, Desired, Identity, IdentityScope, ObjectKey, Persona, PersonaName, Role, STS_AUDIENCE, Statement,
    TrustedOidc,
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
    pub trusted_oidc: Vec<TrustedOidc>,
}

#[derive(Clone, Debug)]
pub struct WorkloadRole {
    pub name: String,
    pub arn: String,
    pub trust: Trust,
}

/// How the workload gets the role's credentials.
#[derive(Clone, Debug)]
pub enum Trust {
    PodIdentity(IdentityScope),
    /// The URL of the cluster's OIDC issuer.
    Irsa(String),
}

// === impl PersonaRole ===

impl PersonaRole {
    /// As the persona asks for it.
    pub fn of(persona: &Persona, name: String, terms: &RoleTerms) -> Self {
        let trusted = persona.trusted_principal_arns.all();
        Self {
            arn: terms.arn(&name),
            name,
            trusted: trusted.map(|trusted| trusted.into_iter().map(str::to_owned).collect()),
            trusted_oidc: persona.trusted_oidc.to_vec(),
        }
    }
}

// === impl RoleTerms ===

impl RoleTerms {
    pub fn arn(&self, name: &str) -> String {
        format!("arn:{}:iam::{}:role{}{name}", self.cluster.partition(), self.cluster.account(), self.path)
    }

    fn role(&self, name: &str, trust: Option<Value>, policies: Option<Policies>, description: String) -> Desired {
        let body = trust.zip(policies).map(|(trust, Policies { inline, attached })| {
            Body::Role(Role {
                path: self.path.clone(),
                trust,
                inline,
                attached,
                boundary: self.boundary.clone(),
                max_session_seconds: self.max_session_seconds,
                description,
                tags: self.tags.clone(),
            })
        });
        Desired::new(ObjectKey::role(name), body)
    }

    /// A role that named principals may assume to use the cluster.
    pub fn persona(&self, persona: PersonaName, role: &PersonaRole) -> Desired {
        let PersonaRole { name, arn: _, trusted, trusted_oidc } = role;
        let trust = trusted.as_ref().map(|trusted| {
            let people = (!trusted.is_empty()).then(|| {
                json!({"Effect": "Allow", "Principal": {"AWS": trusted},
                    "Action": ["sts:AssumeRole", "sts:SetSourceIdentity", "sts:TagSession"]})
            });
            let tokens = trusted_oidc.iter().map(|trusted| self.oidc(trusted));
            json!({"Version": VERSION, "Statement": people.into_iter().chain(tokens).collect::<Vec<Value>>()})
        });
        let describe = json!({"Version": VERSION, "Statement": [{
            "Effect": "Allow", "Action": ["eks:DescribeCluster"], "Resource": [self.cluster.as_str()]
        }]});
        let description = format!("{persona} of environment {}", self.environment);
        let policies = Policies { inline: [("gp-cluster".to_owned(), describe)].into(), attached: BTreeSet::new() };
        self.role(name, trust, Some(policies), description)
    }

    fn oidc(&self, trusted: &TrustedOidc) -> Value {
        let TrustedOidc { provider, audience: _, subjects } = trusted;
        let arn = format!("arn:{}:iam::{}:oidc-provider/{provider}", self.cluster.partition(), self.cluster.account());
        let (aud, sub) = (format!("{provider}:aud"), format!("{provider}:sub"));
        json!({"Effect": "Allow", "Principal": {"Federated": arn}, "Action": ["sts:AssumeRoleWithWebIdentity"],
            "Condition": {"StringEquals": { aud: trusted.audience() }, "StringLike": { sub: subjects }}})
    }

    pub fn workload(&self, role: &WorkloadRole, slot: &str, namespace: &str, identity: &Identity) -> Desired {
        let trust = match &role.trust {
            Trust::PodIdentity(scope) => pod_identity_trust(&self.cluster, *scope, namespace, slot),
            Trust::Irsa(issuer) => irsa_trust(&self.cluster, issuer, namespace, slot),
        };
        let description = format!("workload {slot} of environment {}", self.environment);
        self.role(&role.name, Some(trust), policies(identity), description)
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
    equals.insert(format!("{issuer}:aud"), Value::from(STS_AUDIENCE));
    equals.insert(format!("{issuer}:sub"), Value::from(format!("system:serviceaccount:{namespace}:{service_account}")));
    json!({"Version": VERSION, "Statement": [{
        "Effect": "Allow", "Principal": {"Federated": provider}, "Action": ["sts:AssumeRoleWithWebIdentity"],
        "Condition": {"StringEquals": equals}
    }]})
}

/// What a role may do.
struct Policies {
    inline: BTreeMap<String, Value>,
    /// ARNs of managed policies.
    attached: BTreeSet<String>,
}

/// `None` while a part of them waits for another resource of the run.
fn policies(identity: &Identity) -> Option<Policies> {
    let mut inline = BTreeMap::new();
    if identity.has_statements() {
        inline.insert("gp-workload".to_owned(), policy(identity)?);
    }
    if let Some(target) = &identity.target_role_arn {
        let chain = json!({"Version": VERSION, "Statement": [{
            "Effect": "Allow", "Action": ["sts:AssumeRole", "sts:TagSession"], "Resource": [target.now()?]
        }]});
        inline.insert("gp-target-role".to_owned(), chain);
    }
    let attached = identity.policy_arns.all()?.into_iter().map(str::to_owned).collect();
    Some(Policies { inline, attached })
}

/// All statements as one IAM policy document, first those that are written one by one; `None` while a part is unknown.
pub fn policy(identity: &Identity) -> Option<Value> {
    if !identity.has_all_statements() {
        return None;
    }
    let statements: Option<Vec<Value>> = identity.written_statements().map(|(_, one)| statement(one)).collect();
    Some(json!({"Version": VERSION, "Statement": statements?}))
}

fn statement(statement: &Statement) -> Option<Value> {
    let Statement { sid, effect, actions, resources, conditions } = statement;
    let mut document = json!({"Effect": **effect, "Action": actions.all()?, "Resource": resources.all()?});
    if let Some(sid) = sid {
        document["Sid"] = json!(sid);
    }
    if !conditions.is_empty() {
        document["Condition"] = json!(conditions);
    }
    Some(document)
}
