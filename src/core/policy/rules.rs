//! The rules, as one list: each has an id, a reason, a remedy, and a severity for each class of tier.

use super::{
    Finding, Verdict,
    looks::{blocks, escalation, reaches_metadata},
    objects::Judged,
};
use crate::domain::{
    Desired, IdentityMode, Isolation, NetworkEngine, ObjectKey, Severity, Spec, StableFacts, TierClass,
};
use serde_json::Value;

pub struct Rule {
    /// Stable and searchable.
    pub id: &'static str,
    pub reason: &'static str,
    pub remedy: &'static str,
    /// In dev, staging and prod; a baseline is judged as prod.
    pub severity: [Severity; 3],
    check: fn(&Judged<'_>) -> Vec<Hit>,
}

/// One object, or the request as a whole, that a rule speaks of.
pub(super) struct Hit {
    pub object: Option<ObjectKey>,
    pub field: Vec<String>,
    pub verdict: Verdict,
    pub message: String,
}

const ALWAYS: [Severity; 3] = [Severity::Error; 3];
const PROD: [Severity; 3] = [Severity::Warning, Severity::Warning, Severity::Error];
const ADVICE: [Severity; 3] = [Severity::Warning; 3];

/// Asks every rule about the objects of one blueprint. `class` is `None` for a baseline.
pub fn judge(objects: &[Desired], spec: &Spec, facts: &StableFacts, class: Option<TierClass>) -> Vec<Finding> {
    let judged = Judged { objects, spec, facts };
    let at = match class {
        Some(TierClass::Dev) => 0,
        Some(TierClass::Staging) => 1,
        Some(TierClass::Prod) | None => 2,
    };
    let finding = |rule: &Rule, hit: Hit| Finding {
        rule: rule.id,
        verdict: hit.verdict,
        severity: rule.severity[at],
        object: hit.object,
        field: hit.field,
        message: hit.message,
        remedy: rule.remedy.to_owned(),
    };
    RULES.iter().flat_map(|rule| (rule.check)(&judged).into_iter().map(move |hit| finding(rule, hit))).collect()
}

pub static RULES: &[Rule] = &[
    Rule {
        id: "iam.wildcard_service",
        reason: "an action over many services is power that nobody has read",
        remedy: "Name the service, and of it the actions that the workload uses.",
        severity: ALWAYS,
        check: |judged| judged.statements("iam.wildcard_service", true),
    },
    Rule {
        id: "iam.power_over_identities",
        reason: "who may change identities or the cluster may become anybody",
        remedy: "No workload needs it; what the platform makes for a workload, it makes by a golden path.",
        severity: ALWAYS,
        check: |judged| judged.statements("iam.power_over_identities", false),
    },
    Rule {
        id: "iam.pass_role_anywhere",
        reason: "passing any role hands out the power of all of them",
        remedy: "Name the role that is passed.",
        severity: ALWAYS,
        check: |judged| judged.statements("iam.pass_role_anywhere", false),
    },
    Rule {
        id: "iam.assume_anything",
        reason: "assuming any role is the power of all of them",
        remedy: "Name the role, or set identity.target_role_arn.",
        severity: ALWAYS,
        check: |judged| judged.statements("iam.assume_anything", false),
    },
    Rule {
        id: "iam.negated",
        reason: "NotAction, NotResource and NotPrincipal grant what nobody listed",
        remedy: "List what is allowed.",
        severity: ALWAYS,
        check: |judged| {
            judged.documents(|_, statement| {
                let negated = ["NotAction", "NotResource", "NotPrincipal"]
                    .into_iter()
                    .find(|name| statement.get(*name).is_some());
                negated.map(|name| format!("a statement uses {name}"))
            })
        },
    },
    Rule {
        id: "iam.trusts_anybody",
        reason: "a role that anybody may assume belongs to anybody",
        remedy: "Name the principals in trusted_principal_arns.",
        severity: ALWAYS,
        check: |judged| {
            judged.documents(|name, statement| {
                let open = name == "trust"
                    && statement.get("Principal").is_some_and(|principal| principal.to_string().contains('*'));
                open.then(|| "the trust policy has a wildcard principal".to_owned())
            })
        },
    },
    Rule {
        id: "iam.boundary",
        reason: "without a permissions boundary a role's power ends only where its policies do",
        remedy: "Set grants.boundary of the golden path's tier to a managed policy.",
        severity: ALWAYS,
        check: |judged| {
            let account = format!("arn:{}:iam::{}:policy/", judged.facts.partition(), judged.facts.account());
            let managed = format!("arn:{}:iam::aws:policy/", judged.facts.partition());
            judged.roles(|role| {
                if !role.boundary.starts_with(&account) && !role.boundary.starts_with(&managed) {
                    Some("a role has no permissions boundary of its account")
                } else if !role.path.starts_with("/goldenpath/") {
                    Some("a role is outside of the path /goldenpath/, which our own rights end at")
                } else {
                    None
                }
            })
        },
    },
    Rule {
        id: "access.cluster_scope",
        reason: "an environment's power ends at its namespaces",
        remedy: "What a cluster needs once belongs to goldenpath_cluster_baseline.",
        severity: ALWAYS,
        check: |judged| {
            let beyond = |key: &ObjectKey| match key {
                ObjectKey::Kube { kind, namespace: None, .. } => kind != "Namespace",
                _ => false,
            };
            let keys = judged.objects.iter().map(|object| &object.key).filter(|_| !judged.is_baseline());
            keys.filter(|key| beyond(key))
                .map(|key| Hit::at(key, "an object is not in a namespace of the environment"))
                .collect()
        },
    },
    Rule {
        id: "access.foreign_role",
        reason: "the built-in roles may write what bounds a tenant, and charts aggregate into them",
        remedy: "Bind one of the four gp- ClusterRoles.",
        severity: ALWAYS,
        check: |judged| {
            let ours = ["gp-viewer", "gp-developer", "gp-deployer", "gp-admin"];
            judged.kube("RoleBinding", |doc| {
                let name = doc.pointer("/roleRef/name").and_then(Value::as_str).unwrap_or_default();
                (!ours.contains(&name)).then(|| format!("a RoleBinding gives {name:?}"))
            })
        },
    },
    Rule {
        id: "rbac.escalation",
        reason: "whoever writes its own bounds has none",
        remedy: "Leave network policies, quotas, limits, bindings, tokens and impersonation to the platform.",
        severity: ALWAYS,
        check: |judged| judged.kube("ClusterRole", escalation),
    },
    Rule {
        id: "network.default_deny",
        reason: "network rules only open: without a default deny everything is open already",
        remedy: "Set network.default_deny to the tier's directions.",
        severity: PROD,
        check: |judged| {
            judged.own_namespaces(|namespace| {
                let policy = judged.inside(namespace, "NetworkPolicy", "gp-default-deny");
                policy.is_none().then(|| "a namespace has no default deny".to_owned())
            })
        },
    },
    Rule {
        id: "network.lifelines",
        reason: "a closed egress without DNS and the Pod Identity agent breaks every workload on its first call",
        remedy: "Keep gp-allow-dns and gp-allow-pod-identity beside a default deny of egress.",
        severity: ALWAYS,
        check: |judged| {
            judged.own_namespaces(|namespace| {
                let deny = judged.inside(namespace, "NetworkPolicy", "gp-default-deny")?;
                let closed = deny.pointer("/spec/policyTypes")?.as_array()?.iter().any(|kind| kind == "Egress");
                let missing = ["gp-allow-dns", "gp-allow-pod-identity"]
                    .into_iter()
                    .find(|name| judged.inside(namespace, "NetworkPolicy", name).is_none());
                missing.filter(|_| closed).map(|name| format!("egress is closed and {name} is missing"))
            })
        },
    },
    Rule {
        id: "network.metadata_service",
        reason: "a pod that reaches the instance metadata service becomes its node",
        remedy: "Except 169.254.169.254/32 and fd00:ec2::254/128 from every range that holds them.",
        severity: ALWAYS,
        check: |judged| {
            let mut hits = judged.kube("NetworkPolicy", |doc| {
                let open = blocks(doc).into_iter().find(|block| reaches_metadata(block));
                open.map(|block| format!("{} reaches the instance metadata service", block["cidr"]))
            });
            hits.extend(judged.unknown("NetworkPolicy", "network", "a range of addresses is not known yet"));
            hits
        },
    },
    Rule {
        id: "network.not_enforced",
        reason: "a rule that nothing enforces is a comment",
        remedy: "Install what enforces NetworkPolicies, and name it in network.engine.",
        severity: PROD,
        check: |judged| match judged.spec {
            Spec::Environment(spec) if spec.network.as_ref().is_some_and(|n| n.engine == Some(NetworkEngine::None)) => {
                vec![Hit::field(&["network", "engine"], "nothing enforces the network rules of this environment")]
            }
            _ => vec![],
        },
    },
    Rule {
        id: "pod_security.level",
        reason: "a privileged pod is root on its node",
        remedy: "Raise pod_security.enforce to baseline, in production to restricted.",
        severity: ALWAYS,
        check: |judged| {
            judged.own_namespaces(|namespace| {
                let labels = judged.namespace(namespace)?.pointer("/metadata/labels")?;
                let level =
                    labels.get("pod-security.kubernetes.io/enforce").and_then(Value::as_str).unwrap_or("privileged");
                (level == "privileged").then(|| "a namespace admits privileged pods".to_owned())
            })
        },
    },
    Rule {
        id: "quota.missing",
        reason: "without a quota one environment takes the cluster",
        remedy: "Keep requests.cpu, requests.memory and pods in the tier's quota, and the LimitRange with defaults beside them.",
        severity: ALWAYS,
        check: |judged| {
            judged.own_namespaces(|namespace| {
                let hard =
                    judged.inside(namespace, "ResourceQuota", "gp-base").and_then(|quota| quota.pointer("/spec/hard"));
                let missing = ["requests.cpu", "requests.memory", "pods"]
                    .into_iter()
                    .find(|name| hard.is_none_or(|hard| hard.get(*name).is_none()));
                let limits =
                    judged.inside(namespace, "LimitRange", "gp-defaults").is_none().then_some("the LimitRange");
                missing.or(limits).map(|what| format!("a namespace has no bound by {what}"))
            })
        },
    },
    Rule {
        id: "quota.system_priority",
        reason: "a pod of a system priority evicts the cluster's own add-ons",
        remedy: "Keep the ResourceQuota gp-no-system-priority.",
        severity: ALWAYS,
        check: |judged| {
            judged.own_namespaces(|namespace| {
                let quota = judged.inside(namespace, "ResourceQuota", "gp-no-system-priority");
                quota.is_none().then(|| "pods of system priority are admitted".to_owned())
            })
        },
    },
    Rule {
        id: "slot.shared_identities",
        reason: "any pod of a namespace may name the sibling's ServiceAccount, so slots that share one share their roles",
        remedy: "Set isolation = \"namespace\".",
        severity: ADVICE,
        check: |judged| match judged.spec {
            Spec::Slot(spec) => {
                let alone = judged.own_namespaces(|_| Some(String::new())).len() == 1
                    || spec.isolation == Some(Isolation::Namespace);
                let role = spec.identity.as_ref().is_none_or(|identity| identity.mode != IdentityMode::None);
                let message = "a workload with an IAM role shares its namespace with others";
                if alone || !role { vec![] } else { vec![Hit::field(&["isolation"], message)] }
            }
            _ => vec![],
        },
    },
    Rule {
        id: "availability.zero_disruptions",
        reason: "a budget of nothing keeps every node from being drained",
        remedy: "Allow at least one replica to be unavailable.",
        severity: ALWAYS,
        check: |judged| {
            judged.kube("PodDisruptionBudget", |doc| {
                let allowed = doc.pointer("/spec/maxUnavailable")?;
                let zero =
                    allowed == 0 || allowed.as_str().is_some_and(|text| text.trim_end_matches('%').parse() == Ok(0));
                zero.then(|| "a PodDisruptionBudget allows no disruption".to_owned())
            })
        },
    },
    Rule {
        id: "availability.all_at_once",
        reason: "a budget of every replica is none",
        remedy: "Raise availability.min_replicas above max_unavailable.",
        severity: ADVICE,
        check: |judged| match judged.spec {
            Spec::Slot(spec) => {
                let availability = spec.availability.as_ref();
                let asked = availability.and_then(|a| a.min_replicas.zip(a.max_unavailable.as_ref()));
                let all = asked
                    .is_some_and(|(min, most)| most == "100%" || most.parse::<u32>().is_ok_and(|most| most >= min));
                let message = "one drain may take every replica";
                if all { vec![Hit::field(&["availability", "max_unavailable"], message)] } else { vec![] }
            }
            _ => vec![],
        },
    },
];
