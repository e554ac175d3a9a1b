//! The rules, as one list: each has an id, a reason, a remedy, and a severity for each class of tier.

use super::{
    finding::Finding,
    looks::{blocks, escalation, reaches_metadata},
    subject::{Hit, Subject},
};
use crate::domain::{BASE_QUOTA, ObjectKey, Severity, TierClass};
use serde_json::Value;

pub struct Rule {
    /// Stable and searchable.
    pub id: &'static str,
    pub reason: &'static str,
    pub remedy: &'static str,
    /// In dev, staging and prod; a baseline is subject as prod.
    pub severity: [Severity; 3],
    check: fn(&Subject<'_>) -> Vec<Hit>,
}

const ALWAYS: [Severity; 3] = [Severity::Error; 3];
const PROD: [Severity; 3] = [Severity::Warning, Severity::Warning, Severity::Error];
const ADVICE: [Severity; 3] = [Severity::Warning; 3];

/// What every rule finds.
pub fn judge(subject: &Subject<'_>) -> Vec<Finding> {
    let at = match subject.class {
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
    RULES.iter().flat_map(|rule| (rule.check)(subject).into_iter().map(move |hit| finding(rule, hit))).collect()
}

pub static RULES: &[Rule] = &[
    Rule {
        id: "iam.wildcard_service",
        reason: "A wildcard over services grants power that nobody has reviewed",
        remedy: "Name the service, and the actions of it that the workload uses.",
        severity: ALWAYS,
        check: |subject| subject.statements("iam.wildcard_service", true),
    },
    Rule {
        id: "iam.power_over_identities",
        reason: "Whoever may change identities or the cluster may become anybody",
        remedy: "Remove the action: identities and clusters are managed by the golden path.",
        severity: ALWAYS,
        check: |subject| subject.statements("iam.power_over_identities", false),
    },
    Rule {
        id: "iam.pass_role_anywhere",
        reason: "Passing any role grants the permissions of all of them",
        remedy: "Name the role that is passed.",
        severity: ALWAYS,
        check: |subject| subject.statements("iam.pass_role_anywhere", false),
    },
    Rule {
        id: "iam.assume_anything",
        reason: "Assuming any role grants the permissions of all of them",
        remedy: "Name the role, or set `identity.target_role_arn`.",
        severity: ALWAYS,
        check: |subject| subject.statements("iam.assume_anything", false),
    },
    Rule {
        id: "iam.negated",
        reason: "NotAction, NotResource and NotPrincipal grant what nobody listed",
        remedy: "List what is allowed.",
        severity: ALWAYS,
        check: |subject| {
            subject.documents(|_, statement| {
                let negated = ["NotAction", "NotResource", "NotPrincipal"]
                    .into_iter()
                    .find(|name| statement.get(*name).is_some());
                negated.map(|name| format!("A statement uses {name}"))
            })
        },
    },
    Rule {
        id: "iam.trusts_anybody",
        reason: "A role that anybody may assume belongs to anybody",
        remedy: "Name the principals in `trusted_principal_arns`.",
        severity: ALWAYS,
        check: |subject| {
            subject.documents(|name, statement| {
                let open = name == "trust"
                    && statement.get("Principal").is_some_and(|principal| principal.to_string().contains('*'));
                open.then(|| "The trust policy has a wildcard principal".to_owned())
            })
        },
    },
    Rule {
        id: "iam.boundary",
        reason: "Without a permissions boundary only its own policies limit a role",
        remedy: "Set `grants.boundary` of the golden path's tier to a managed policy.",
        severity: ALWAYS,
        check: |subject| {
            let account = format!("arn:{}:iam::{}:policy/", subject.cluster.partition(), subject.cluster.account());
            let managed = format!("arn:{}:iam::aws:policy/", subject.cluster.partition());
            subject.roles(|role| {
                if !role.boundary.starts_with(&account) && !role.boundary.starts_with(&managed) {
                    Some("An IAM role has no permissions boundary of its account")
                } else if !role.path.starts_with("/goldenpath/") {
                    Some("An IAM role is outside of the path /goldenpath/, where the provider's own permissions end")
                } else {
                    None
                }
            })
        },
    },
    Rule {
        id: "access.cluster_scope",
        reason: "An environment ends at its namespaces",
        remedy: "Leave what a cluster needs once to goldenpath_cluster_baseline.",
        severity: ALWAYS,
        check: |subject| {
            let is_listed =
                |api: &str, kind: &str| subject.cluster_kinds.iter().any(|it| *it == format!("{api} {kind}"));
            let beyond = |key: &ObjectKey| match key {
                ObjectKey::Kube { api_version, kind, namespace: None, .. } => {
                    kind != "Namespace" && !is_listed(api_version, kind)
                }
                _ => false,
            };
            let keys = subject.objects.iter().map(|object| &object.key).filter(|_| !subject.is_cluster_wide());
            keys.filter(|key| beyond(key))
                .map(|key| Hit::at(key, "An object is outside of the environment's namespaces"))
                .collect()
        },
    },
    Rule {
        id: "access.foreign_role",
        reason: "The built-in roles may write what bounds a tenant, and charts aggregate into them",
        remedy: "Bind one of the four gp- ClusterRoles.",
        severity: ALWAYS,
        check: |subject| {
            let ours = ["gp-viewer", "gp-developer", "gp-deployer", "gp-admin"];
            subject.kube("RoleBinding", |doc| {
                let name = doc.pointer("/roleRef/name").and_then(Value::as_str).unwrap_or_default();
                (!ours.contains(&name)).then(|| format!("A RoleBinding grants the role {name:?}"))
            })
        },
    },
    Rule {
        id: "rbac.escalation",
        reason: "Whoever can write its own bounds has none",
        remedy: "Leave quotas, limits, bindings in the whole cluster, tokens and impersonation to the platform.",
        severity: ALWAYS,
        check: |subject| subject.kube("ClusterRole", escalation),
    },
    Rule {
        id: "network.default_deny",
        reason: "Network policies only open: without a default deny everything is open already",
        remedy: "Set `network.default_deny` to the tier's directions.",
        severity: PROD,
        check: |subject| {
            subject.own_namespaces(|namespace| {
                let policy = subject.inside(namespace, "NetworkPolicy", "gp-default-deny");
                policy.is_none().then(|| "A namespace has no default deny".to_owned())
            })
        },
    },
    Rule {
        id: "network.lifelines",
        reason: "Closed egress without DNS and the Pod Identity agent breaks every workload on its first call",
        remedy: "Keep gp-allow-dns and gp-allow-pod-identity beside a default deny of egress.",
        severity: ALWAYS,
        check: |subject| {
            subject.own_namespaces(|namespace| {
                let deny = subject.inside(namespace, "NetworkPolicy", "gp-default-deny")?;
                let closed = deny.pointer("/spec/policyTypes")?.as_array()?.iter().any(|kind| kind == "Egress");
                let missing = ["gp-allow-dns", "gp-allow-pod-identity"]
                    .into_iter()
                    .find(|name| subject.inside(namespace, "NetworkPolicy", name).is_none());
                missing.filter(|_| closed).map(|name| format!("Egress is closed and {name} is missing"))
            })
        },
    },
    Rule {
        id: "network.metadata_service",
        reason: "A pod that reaches the instance metadata service becomes its node",
        remedy: "Exclude 169.254.169.254/32 and fd00:ec2::254/128 from every range that contains them.",
        severity: ALWAYS,
        check: |subject| {
            let mut hits = subject.kube("NetworkPolicy", |doc| {
                let open = blocks(doc).into_iter().find(|block| reaches_metadata(block));
                open.map(|block| format!("Address range {} reaches the instance metadata service", block["cidr"]))
            });
            hits.extend(subject.unknown("NetworkPolicy", "network", "a range of addresses is not known yet"));
            hits
        },
    },
    Rule {
        id: "network.not_enforced",
        reason: "A rule that nothing enforces protects nothing",
        remedy: "Install a network policy engine, and name it in `network.engine`.",
        severity: PROD,
        check: |subject| {
            let message = "Nothing enforces the network rules of this environment";
            subject.has_no_engine.then(|| Hit::field(&["network", "engine"], message)).into_iter().collect()
        },
    },
    Rule {
        id: "pod_security.level",
        reason: "A privileged pod is root on its node",
        remedy: "Raise `pod_security.enforce` to `baseline`, in production to `restricted`.",
        severity: ALWAYS,
        check: |subject| {
            subject.own_namespaces(|namespace| {
                let labels = subject.namespace(namespace)?.pointer("/metadata/labels")?;
                let level =
                    labels.get("pod-security.kubernetes.io/enforce").and_then(Value::as_str).unwrap_or("privileged");
                (level == "privileged").then(|| "A namespace admits privileged pods".to_owned())
            })
        },
    },
    Rule {
        id: "quota.missing",
        reason: "Without a quota one environment can use up the cluster",
        remedy: "Keep requests.cpu, requests.memory and pods in the tier's quota, and a LimitRange with defaults beside them.",
        severity: ALWAYS,
        check: |subject| {
            subject.own_namespaces(|namespace| {
                let hard = subject
                    .inside(namespace, "ResourceQuota", BASE_QUOTA)
                    .and_then(|quota| quota.pointer("/spec/hard"));
                let missing = ["requests.cpu", "requests.memory", "pods"]
                    .into_iter()
                    .find(|name| hard.is_none_or(|hard| hard.get(*name).is_none()));
                let limits =
                    subject.inside(namespace, "LimitRange", "gp-defaults").is_none().then_some("the LimitRange");
                missing.or(limits).map(|what| format!("A namespace is not limited by {what}"))
            })
        },
    },
    Rule {
        id: "quota.system_priority",
        reason: "A pod of a system priority evicts the cluster's own add-ons",
        remedy: "Keep the ResourceQuota gp-no-system-priority.",
        severity: ALWAYS,
        check: |subject| {
            subject.own_namespaces(|namespace| {
                let quota = subject.inside(namespace, "ResourceQuota", "gp-no-system-priority");
                quota.is_none().then(|| "A namespace admits pods of a system priority".to_owned())
            })
        },
    },
    Rule {
        id: "slot.shared_identities",
        reason: "Any pod of a namespace may use any ServiceAccount in it, so slots that share a namespace share their roles",
        remedy: "Set `isolation = \"namespace\"`.",
        severity: ADVICE,
        check: |subject| {
            let message = "A workload with an IAM role shares its namespace with other workloads";
            subject.shares_identity.then(|| Hit::field(&["isolation"], message)).into_iter().collect()
        },
    },
    Rule {
        id: "availability.zero_disruptions",
        reason: "A budget of zero keeps every node from being drained",
        remedy: "Allow at least one replica to be unavailable.",
        severity: ALWAYS,
        check: |subject| {
            subject.kube("PodDisruptionBudget", |doc| {
                let allowed = doc.pointer("/spec/maxUnavailable")?;
                let zero =
                    allowed == 0 || allowed.as_str().is_some_and(|text| text.trim_end_matches('%').parse() == Ok(0));
                zero.then(|| "A PodDisruptionBudget allows no disruption".to_owned())
            })
        },
    },
    Rule {
        id: "availability.all_at_once",
        reason: "A budget that covers every replica protects none",
        remedy: "Raise `availability.min_replicas` above `max_unavailable`.",
        severity: ADVICE,
        check: |subject| {
            let all = |(min, most): (u32, &str)| most == "100%" || most.parse::<u32>().is_ok_and(|most| most >= min);
            let hit = subject
                .budget
                .is_some_and(all)
                .then(|| Hit::field(&["availability", "max_unavailable"], "One node drain may evict every replica"));
            hit.into_iter().collect()
        },
    },
];
