//! Requests and facts for tests, as a user and a cluster would give them.

use super::{Baseline, Blueprint, Catalogue, Parent, ResolveContext, Resolved, Spec, environment};
use crate::domain::{BaselineSpec, EnvironmentSpec, Problem, SlotSpec, StableFacts};
use serde_json::{Value, json};

pub(super) fn facts() -> StableFacts {
    facts_in("aws", "eu-west-1")
}

pub(super) fn facts_in(partition: &str, region: &str) -> StableFacts {
    let role = |name: &str| {
        format!(
            "arn:{partition}:iam::111122223333:role/aws-reserved/sso.amazonaws.com/{region}/AWSReservedSSO_{name}_0123456789abcdef"
        )
    };
    serde_json::from_value(json!({
        "cluster_arn": format!("arn:{partition}:eks:{region}:111122223333:cluster/demo"),
        "auto_mode": false,
        "service_cidr": "10.100.0.0/16",
        "ip_family": "ipv4",
        "pod_security_version": "1.36",
        "permission_sets": {"PaymentsDev": role("PaymentsDev"), "PaymentsView": role("PaymentsView")}
    }))
    .expect("facts")
}

/// The smallest request, with these members over it.
pub(super) fn environment(members: Value) -> EnvironmentSpec {
    let mut spec = json!({"name": "payments-dev", "team": "payments", "tier": "dev", "cluster": "demo"});
    merge(&mut spec, members);
    serde_json::from_value(spec).expect("an environment")
}

pub(super) fn slot(members: Value) -> SlotSpec {
    let mut spec = json!({"name": "ledger", "environment": "demo/payments-dev"});
    merge(&mut spec, members);
    serde_json::from_value(spec).expect("a slot")
}

fn merge(into: &mut Value, members: Value) {
    if let (Value::Object(into), Value::Object(members)) = (into, members) {
        into.extend(members);
    }
}

/// A production environment that uses most of what there is.
pub(super) fn payments_prod() -> EnvironmentSpec {
    environment(json!({
        "name": "payments-prod", "tier": "prod",
        "owner": {"contact": "payments@corp", "cost_center": "CC12", "slack": "#pay", "data_class": "confidential"},
        "namespaces": {"api": {"labels": {"zone": "a"}}, "jobs": {"quota": {"requests.cpu": "4"}}},
        "quota": {"total": {"requests.cpu": "32", "requests.memory": "64Gi"}, "by_priority": {"gp-critical": {"pods": "10"}}},
        "limits": {"container": {"default_request_cpu": "100m"}},
        "network": {
            "allow_from": ["env:edge-prod"], "ingress_cidrs": ["10.1.0.0/16"], "egress_cidrs": ["10.0.0.0/8"],
            "egress_presets": ["aws_services", "kubernetes_api"]
        },
        "access": {
            "viewer": {"oidc_groups": ["payments-all"]},
            "developer": {"permission_sets": ["PaymentsDev"], "access_policies": ["AmazonEKSViewPolicy"]},
            "deployer": {
                "create_role": true, "trusted_principal_arns": ["arn:aws:iam::111122223333:role/ci"],
                "service_accounts": ["argocd/argocd-application-controller"]
            },
            "admin": {"principal_arns": ["arn:aws:iam::111122223333:role/pay-admin"]}
        }
    }))
}

pub(super) fn ledger() -> Value {
    json!({
        "environment": "demo/payments-prod",
        "identity": {"statements": [{"actions": ["s3:GetObject"], "resources": ["arn:aws:s3:::payments-led/*"]}]},
        "share": {"cpu": "4", "memory": "8Gi", "max_replicas": 6},
        "availability": {"min_replicas": 3, "max_unavailable": "25%", "spread": "zone_required", "target_cpu_percent": 70},
        "ingress": {"from_slots": ["payments-prod/gateway"], "ports": [8080]},
        "egress": {"to_slots": ["payments-prod/store"]}
    })
}

pub(super) fn parent(spec: &EnvironmentSpec, facts: &StableFacts) -> Parent {
    environment::parent_of(spec, facts, &Catalogue::built_in()).expect("an environment")
}

pub(super) fn rendered(spec: Spec, facts: &StableFacts, parent: Option<&Parent>) -> Blueprint {
    resolved(&spec, facts, parent).expect("renders").render()
}

pub(super) fn resolved(spec: &Spec, facts: &StableFacts, parent: Option<&Parent>) -> Result<Resolved, Vec<Problem>> {
    spec.resolve(&ResolveContext { facts, parent, catalogue: &Catalogue::built_in() })
}

pub(super) fn judged(spec: &Spec, facts: &StableFacts, parent: Option<&Parent>) -> Vec<Problem> {
    resolved(spec, facts, parent).map_or_else(|errors| errors, |resolved| resolved.judge(&resolved.render()))
}

pub(super) fn baseline() -> Spec {
    Spec::of::<Baseline>(BaselineSpec::new("demo".parse().expect("a name")))
}

/// What `validate` reports.
pub(super) fn problems(spec: &Spec) -> Vec<Problem> {
    [spec.check(), spec.check_with(&Catalogue::built_in())].concat()
}

/// Rows of a table: members over the smallest request, and what is reported of them.
pub(super) fn assert_all_refused(table: &str, spec: impl Fn(Value) -> Spec) {
    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Row {
        at: String,
        says: String,
        reason: String,
        request: Value,
    }
    let rows: Vec<Row> = serde_saphyr::from_str(table).expect("a table");
    assert!(rows.len() >= 30, "the table is read");
    for Row { at, says, reason, request } in rows {
        assert_refused(&spec(request), &at, &says, &reason);
    }
}

pub(super) fn assert_refused(spec: &Spec, field: &str, words: &str, reason: &str) {
    let problems = problems(spec);
    let found = problems.iter().find(|problem| problem.is_error() && problem.field.join(".") == field);
    let Some(found) = found else { panic!("{reason}: nothing at {field}: {problems:?}") };
    assert!(found.summary.contains(words) || found.detail.contains(words), "{reason}: {found}");
    assert_well_written(found, reason);
}

/// A summary is a fragment, a detail is made of sentences.
pub(super) fn assert_well_written(problem: &Problem, reason: &str) {
    let Problem { summary, detail, .. } = problem;
    assert!(!summary.ends_with('.') && !summary.contains('\n'), "{reason}: {problem}");
    assert!(detail.ends_with('.') && !detail.starts_with(' '), "{reason}: {problem}");
}
