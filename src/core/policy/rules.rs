//! The rules, as one list: each has an id, a reason, a remedy, and a severity for each class of tier. What CEL can say of one object
//! is a document of the pack (`documents`). In Rust is what looks at several objects or misses one, at what of a request no object
//! shows, at what is not known yet, or holds patterns of IAM against patterns, and says why in a line.

mod documents;

use super::{
    document::{Action, Policy},
    finding::Finding,
    subject::{Hit, Subject},
};
use crate::domain::{BASE_QUOTA, ObjectKey, Severity, TierClass};
pub use documents::policies as rule_policies;
use std::sync::LazyLock;

pub struct Rule {
    /// Stable and searchable.
    pub id: &'static str,
    pub reason: &'static str,
    /// All of them, where it has several.
    pub remedy: String,
    /// In dev, staging and prod; a baseline is subject as prod.
    pub severity: [Severity; 3],
    check: Check,
}

enum Check {
    Document(&'static Policy),
    Code(fn(&Subject<'_>) -> Vec<Hit>),
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
        remedy: hit.remedy.unwrap_or_else(|| rule.remedy.clone()),
    };
    let found = |rule: &'static Rule| match &rule.check {
        Check::Document(policy) => documents::check(rule.id, policy, subject),
        Check::Code(check) => check(subject),
    };
    rules().iter().flat_map(|rule| found(rule).into_iter().map(move |hit| finding(rule, hit))).collect()
}

/// By their ids.
pub fn rules() -> &'static [Rule] {
    static RULES: LazyLock<Vec<Rule>> = LazyLock::new(|| {
        let documents = rule_policies().iter().map(|(id, policy)| Rule::of(id, policy));
        let in_code = IN_CODE.iter().map(|InCode { id, reason, remedy, severity, check }| Rule {
            id,
            reason,
            remedy: (*remedy).to_owned(),
            severity: *severity,
            check: Check::Code(*check),
        });
        let mut rules: Vec<Rule> = documents.chain(in_code).collect();
        rules.sort_by_key(|rule| rule.id);
        rules
    });
    &RULES
}

// === impl Rule ===

impl Rule {
    fn of(id: &'static str, policy: &'static Policy) -> Self {
        let severity = [TierClass::Dev, TierClass::Staging, TierClass::Prod].map(|class| {
            match policy.form.severity.of(Some(class)) {
                Action::Deny => Severity::Error,
                Action::Warn | Action::Audit => Severity::Warning,
            }
        });
        let mut remedies: Vec<&str> = policy.form.validations.iter().map(|one| one.remedy.as_str()).collect();
        remedies.dedup();
        let (reason, remedy) = (policy.form.description.as_str(), remedies.join(" "));
        Self { id, reason, remedy, severity, check: Check::Document(policy) }
    }
}

struct InCode {
    id: &'static str,
    reason: &'static str,
    remedy: &'static str,
    severity: [Severity; 3],
    check: fn(&Subject<'_>) -> Vec<Hit>,
}

static IN_CODE: &[InCode] = &[
    InCode {
        id: "iam.wildcard_service",
        reason: "A wildcard over services grants power that nobody has reviewed",
        remedy: "Name the service, and the actions of it that the workload uses.",
        severity: ALWAYS,
        check: |subject| subject.statements("iam.wildcard_service", true),
    },
    InCode {
        id: "iam.power_over_identities",
        reason: "Whoever may change identities or the cluster may become anybody",
        remedy: "Remove the action: identities and clusters are managed by the golden path.",
        severity: ALWAYS,
        check: |subject| subject.statements("iam.power_over_identities", false),
    },
    InCode {
        id: "iam.pass_role_anywhere",
        reason: "Passing any role grants the permissions of all of them",
        remedy: "Name the role that is passed.",
        severity: ALWAYS,
        check: |subject| subject.statements("iam.pass_role_anywhere", false),
    },
    InCode {
        id: "iam.assume_anything",
        reason: "Assuming any role grants the permissions of all of them",
        remedy: "Name the role, or set `identity.target_role_arn`.",
        severity: ALWAYS,
        check: |subject| subject.statements("iam.assume_anything", false),
    },
    InCode {
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
    InCode {
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
    InCode {
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
    InCode {
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
    InCode {
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
    InCode {
        id: "slot.shared_identities",
        reason: "Any pod of a namespace may use any ServiceAccount in it, so slots that share a namespace share their roles",
        remedy: "Set `isolation = \"namespace\"`.",
        severity: ADVICE,
        check: |subject| {
            let message = "A workload with an IAM role shares its namespace with other workloads";
            subject.shares_identity.then(|| Hit::field(&["isolation"], message)).into_iter().collect()
        },
    },
    InCode {
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
