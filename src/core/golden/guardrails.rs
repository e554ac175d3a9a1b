//! Every rule of the policy on what the golden path renders: silent as rendered, and heard once its subject is broken. (Here
//! and not in `policy`, which knows nothing of golden paths.)

use super::fixtures::*;
use crate::{
    domain::{Body, Desired, EnvironmentSpec, ObjectKey, Role, Severity, Spec, StableFacts, TierClass},
    policy::{Finding, RULES, Verdict, judge},
};
use serde_json::{Value, json};
use std::collections::BTreeSet;

fn prod() -> (Spec, Vec<Desired>) {
    let spec = Spec::Environment(payments_prod());
    let objects = rendered(spec.clone(), &facts(), None).objects;
    (spec, objects)
}

fn ledger_slot() -> (Spec, Vec<Desired>) {
    let spec = Spec::Slot(slot(ledger()));
    let objects = rendered(spec.clone(), &facts(), Some(&parent(&payments_prod(), &facts()))).objects;
    (spec, objects)
}

fn baseline() -> (Spec, Vec<Desired>) {
    let spec = Spec::Baseline(crate::domain::BaselineSpec { cluster: "demo".parse().expect("a name") });
    let objects = rendered(spec.clone(), &facts(), None).objects;
    (spec, objects)
}

fn findings((spec, objects): &(Spec, Vec<Desired>)) -> Vec<Finding> {
    judge(objects, spec, &facts(), Some(TierClass::Prod))
}

#[test]
fn what_the_golden_path_renders_passes() {
    for (name, blueprint) in [("baseline", baseline()), ("environment", prod()), ("slot", ledger_slot())] {
        assert_eq!(findings(&blueprint), [], "{name}");
    }
}

#[test]
fn rules_are_complete() {
    let mut ids = BTreeSet::new();
    for rule in RULES {
        assert!(ids.insert(rule.id), "{} is there twice", rule.id);
        assert!(rule.id.contains('.') && !rule.reason.is_empty() && rule.remedy.ends_with('.'), "{}", rule.id);
        assert!(
            rule.severity[2] == Severity::Error || rule.severity == [Severity::Warning; 3],
            "{}: never laxer in production",
            rule.id
        );
    }
    let broken: BTreeSet<&str> = cases().into_iter().map(|(rule, ..)| rule).collect();
    assert_eq!(broken, ids, "each rule has a case that breaks it");
}

type Blueprint = (Spec, Vec<Desired>);
type Case = (&'static str, fn() -> Blueprint, fn(&mut Blueprint));

fn role(objects: &mut [Desired]) -> &mut Role {
    let roles = objects.iter_mut().find_map(|object| match &mut object.body {
        Some(Body::Role(role)) => Some(role),
        _ => None,
    });
    roles.expect("a role")
}

fn statement(blueprint: &mut Blueprint, actions: &str, resources: &str) {
    role(&mut blueprint.1).inline.insert(
        "gp-workload".into(),
        json!({"Statement": [{"Effect": "Allow", "Action": [actions], "Resource": [resources]}]}),
    );
}

fn doc<'a>(blueprint: &'a mut Blueprint, kind: &str, name: &str) -> &'a mut Value {
    let found = blueprint.1.iter_mut().find_map(|object| match (&object.key, &mut object.body) {
        (ObjectKey::Kube { kind: k, name: n, .. }, Some(Body::Kube(doc))) if k == kind && n == name => Some(doc),
        _ => None,
    });
    found.expect("an object")
}

fn without(blueprint: &mut Blueprint, name: &str) {
    blueprint.1.retain(|object| !object.key.to_string().ends_with(name));
}

fn cases() -> Vec<Case> {
    vec![
        ("iam.wildcard_service", ledger_slot, |b| statement(b, "*:*", "arn:aws:s3:::x")),
        ("iam.wildcard_service", ledger_slot, |b| statement(b, "*", "arn:aws:s3:::x")),
        ("iam.power_over_identities", ledger_slot, |b| statement(b, "iam:*", "*")),
        ("iam.power_over_identities", ledger_slot, |b| statement(b, "EKS:*", "*")),
        ("iam.pass_role_anywhere", ledger_slot, |b| statement(b, "iam:PassRole", "*")),
        ("iam.assume_anything", ledger_slot, |b| statement(b, "sts:AssumeRole", "*")),
        ("iam.assume_anything", ledger_slot, |b| statement(b, "sts:*", "arn:aws:iam::*:role/*")),
        ("iam.negated", ledger_slot, |b| {
            role(&mut b.1)
                .inline
                .insert("x".into(), json!({"Statement": [{"Effect": "Allow", "NotAction": ["s3:*"]}]}));
        }),
        ("iam.trusts_anybody", ledger_slot, |b| {
            role(&mut b.1).trust["Statement"][0]["Principal"] = json!({"AWS": "*"})
        }),
        ("iam.boundary", ledger_slot, |b| role(&mut b.1).boundary = String::new()),
        ("iam.boundary", ledger_slot, |b| role(&mut b.1).boundary = "arn:aws:iam::999999999999:policy/x".into()),
        ("iam.boundary", ledger_slot, |b| role(&mut b.1).path = "/".into()),
        ("access.cluster_scope", prod, |b| {
            let key = ObjectKey::kube("rbac.authorization.k8s.io/v1", "ClusterRoleBinding", None, "x");
            b.1.push(Desired::new(key, Some(Body::Kube(json!({})))));
        }),
        ("access.foreign_role", prod, |b| {
            doc(b, "RoleBinding", "gp-admin")["roleRef"]["name"] = json!("cluster-admin")
        }),
        ("rbac.escalation", baseline, |b| {
            doc(b, "ClusterRole", "gp-viewer")["rules"][0]["verbs"] = json!(["impersonate"])
        }),
        ("rbac.escalation", baseline, |b| doc(b, "ClusterRole", "gp-viewer")["aggregationRule"] = json!({})),
        ("rbac.escalation", baseline, |b| {
            doc(b, "ClusterRole", "gp-admin")["rules"][0] =
                json!({"resources": ["networkpolicies"], "verbs": ["create"]});
        }),
        ("network.default_deny", prod, |b| without(b, "payments-prod-api/gp-default-deny")),
        ("network.lifelines", prod, |b| without(b, "payments-prod-api/gp-allow-dns")),
        ("network.lifelines", ledger_slot, |b| without(b, "gp-allow-pod-identity")),
        ("network.metadata_service", prod, |b| {
            doc(b, "NetworkPolicy", "gp-allow-egress")["spec"]["egress"][0]["to"] =
                json!([{"ipBlock": {"cidr": "0.0.0.0/0"}}]);
        }),
        ("network.not_enforced", prod, |b| {
            if let Spec::Environment(EnvironmentSpec { network: Some(network), .. }) = &mut b.0 {
                network.engine = Some(crate::domain::NetworkEngine::None);
            }
        }),
        ("pod_security.level", prod, |b| {
            doc(b, "Namespace", "payments-prod-api")["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] =
                json!("privileged");
        }),
        ("quota.missing", prod, |b| without(b, "payments-prod-api/gp-base")),
        ("quota.missing", prod, |b| without(b, "payments-prod-api/gp-defaults")),
        ("quota.missing", prod, |b| {
            doc(b, "ResourceQuota", "gp-base")["spec"]["hard"] = json!({"pods": "1"});
        }),
        ("quota.system_priority", prod, |b| without(b, "payments-prod-api/gp-no-system-priority")),
        ("slot.shared_identities", ledger_slot, |b| {
            let shared =
                rendered(Spec::Slot(slot(json!({}))), &facts(), Some(&parent(&environment(json!({})), &facts())));
            *b = (Spec::Slot(slot(json!({}))), shared.objects);
        }),
        ("availability.zero_disruptions", ledger_slot, |b| {
            doc(b, "PodDisruptionBudget", "ledger")["spec"]["maxUnavailable"] = json!(0)
        }),
        ("availability.zero_disruptions", ledger_slot, |b| {
            doc(b, "PodDisruptionBudget", "ledger")["spec"]["maxUnavailable"] = json!("0%")
        }),
        ("availability.all_at_once", ledger_slot, |b| {
            b.0 = Spec::Slot(slot(
                json!({"isolation": "namespace", "availability": {"min_replicas": 2, "max_unavailable": "2"}}),
            ));
        }),
    ]
}

#[test]
fn every_rule_is_heard_when_its_subject_is_broken() {
    for (rule, start, break_it) in cases() {
        let mut blueprint = start();
        break_it(&mut blueprint);
        let found = findings(&blueprint);
        let hit = found.iter().find(|finding| finding.rule == rule);
        assert!(hit.is_some_and(|finding| finding.verdict == Verdict::Violated), "{rule}: {found:?}");
    }
}

#[test]
fn what_is_not_known_is_undecided_and_never_passed() {
    let mut blueprint = ledger_slot();
    for object in blueprint.1.iter_mut().filter(|object| object.key.kind() == "Role") {
        object.body = None;
    }
    let found = findings(&blueprint);
    assert!(matches!(&found[..], [one] if one.verdict == Verdict::Undecided && one.field == ["identity"]), "{found:?}");
    let mut blueprint = prod();
    for object in
        blueprint.1.iter_mut().filter(|object| object.key.to_string().ends_with("payments-prod-api/gp-allow-egress"))
    {
        object.body = None;
    }
    assert!(matches!(&findings(&blueprint)[..], [one] if one.verdict == Verdict::Undecided));
}

#[test]
fn a_fault_of_a_statement_is_shown_where_it_was_written() {
    let written = json!({"identity": {"statements": [
        {"actions": ["s3:GetObject"], "resources": ["arn:aws:s3:::a"]}, {"actions": ["sts:AssumeRole"], "resources": ["*"]}
    ]}});
    let facts: StableFacts = facts();
    let spec = Spec::Slot(slot(written));
    let objects = rendered(spec.clone(), &facts, Some(&parent(&environment(json!({})), &facts))).objects;
    let found = judge(&objects, &spec, &facts, Some(TierClass::Dev));
    let checked = super::check_spec(&spec);
    let fault = found.iter().find(|finding| finding.rule == "iam.assume_anything").expect("found");
    assert_eq!(fault.field, ["identity", "statements", "1", "resources"]);
    assert!(
        checked.iter().any(|problem| problem.code == fault.rule
            && problem.field == fault.field
            && problem.summary == fault.message)
    );
}
