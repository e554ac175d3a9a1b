//! Every rule of the policy on what the golden path renders: silent as rendered, and reported once its subject is wrong. (Here
//! and not in `policy`, which knows nothing of golden paths.)

use super::{Environment, Parent, Resolved, Slot, Spec, fixtures::*};
use crate::{
    domain::{Body, Desired, ObjectKey, Problem, Role, Severity},
    kinds::in_words,
    policy::{self, Finding, Verdict},
};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// A request, and objects of which a test takes something away.
struct Case {
    resolved: Resolved,
    objects: Vec<Desired>,
}

impl Case {
    fn of(spec: &Spec, parent: Option<&Parent>) -> Self {
        let resolved = resolved(spec, &facts(), parent).expect("resolves");
        Self { objects: resolved.render().objects, resolved }
    }

    fn findings(&self) -> Vec<Finding> {
        policy::judge(&self.resolved.subject(&self.objects))
    }
}

fn prod() -> Case {
    Case::of(&Spec::of::<Environment>(payments_prod()), None)
}

fn in_production(members: Value) -> Case {
    Case::of(&Spec::of::<Slot>(slot(members)), Some(&parent(&payments_prod(), &facts())))
}

fn ledger_slot() -> Case {
    in_production(ledger())
}

fn cluster() -> Case {
    Case::of(&baseline(), None)
}

#[test]
fn what_the_golden_path_renders_passes() {
    for (name, blueprint) in [("baseline", cluster()), ("environment", prod()), ("slot", ledger_slot())] {
        assert_eq!(blueprint.findings(), [], "{name}");
    }
}

#[test]
fn rules_are_complete() {
    let mut ids = BTreeSet::new();
    for rule in policy::rules() {
        assert!(ids.insert(rule.id), "{} is there twice", rule.id);
        assert!(rule.id.contains('.') && !rule.reason.is_empty() && rule.remedy.ends_with('.'), "{}", rule.id);
        assert!(
            rule.severity[2] == Severity::Error || rule.severity == [Severity::Warning; 3],
            "{}: never laxer in production",
            rule.id
        );
    }
    let covered: BTreeSet<&str> = cases().into_iter().map(|(rule, ..)| rule).collect();
    assert_eq!(covered, ids, "each rule has a case that violates it");
}

type Row = (&'static str, fn() -> Case, fn(&mut Case));

fn role(objects: &mut [Desired]) -> &mut Role {
    let roles = objects.iter_mut().find_map(|object| match &mut object.body {
        Some(Body::Role(role)) => Some(role),
        _ => None,
    });
    roles.expect("a role")
}

fn statement(case: &mut Case, actions: &str, resources: &str) {
    role(&mut case.objects).inline.insert(
        "gp-workload".into(),
        json!({"Statement": [{"Effect": "Allow", "Action": [actions], "Resource": [resources]}]}),
    );
}

fn doc<'a>(case: &'a mut Case, kind: &str, name: &str) -> &'a mut Value {
    let found = case.objects.iter_mut().find_map(|object| match (&object.key, &mut object.body) {
        (ObjectKey::Kube { kind: k, name: n, .. }, Some(Body::Kube(doc))) if k == kind && n == name => Some(doc),
        _ => None,
    });
    found.expect("an object")
}

fn without(case: &mut Case, name: &str) {
    case.objects.retain(|object| !object.key.to_string().ends_with(name));
}

fn cases() -> Vec<Row> {
    vec![
        ("iam.wildcard_service", ledger_slot, |b| statement(b, "*:*", "arn:aws:s3:::x")),
        ("iam.wildcard_service", ledger_slot, |b| statement(b, "*", "arn:aws:s3:::x")),
        ("iam.power_over_identities", ledger_slot, |b| statement(b, "iam:*", "*")),
        ("iam.power_over_identities", ledger_slot, |b| statement(b, "EKS:*", "*")),
        ("iam.pass_role_anywhere", ledger_slot, |b| statement(b, "iam:PassRole", "*")),
        ("iam.assume_anything", ledger_slot, |b| statement(b, "sts:AssumeRole", "*")),
        ("iam.assume_anything", ledger_slot, |b| statement(b, "sts:*", "arn:aws:iam::*:role/*")),
        ("iam.negated", ledger_slot, |b| {
            role(&mut b.objects)
                .inline
                .insert("x".into(), json!({"Statement": [{"Effect": "Allow", "NotAction": ["s3:*"]}]}));
        }),
        ("iam.trusts_anybody", ledger_slot, |b| {
            role(&mut b.objects).trust["Statement"][0]["Principal"] = json!({"AWS": "*"})
        }),
        ("iam.boundary", ledger_slot, |b| role(&mut b.objects).boundary = String::new()),
        ("iam.boundary", ledger_slot, |b| role(&mut b.objects).boundary = "arn:aws:iam::999999999999:policy/x".into()),
        ("iam.boundary", ledger_slot, |b| role(&mut b.objects).path = "/".into()),
        ("access.cluster_scope", prod, |b| {
            let key = ObjectKey::kube("rbac.authorization.k8s.io/v1", "ClusterRoleBinding", None, "x");
            b.objects.push(Desired::new(key, Some(Body::Kube(json!({})))));
        }),
        ("access.foreign_role", prod, |b| {
            doc(b, "RoleBinding", "gp-admin")["roleRef"]["name"] = json!("cluster-admin")
        }),
        ("rbac.escalation", cluster, |b| {
            doc(b, "ClusterRole", "gp-viewer")["rules"][0]["verbs"] = json!(["impersonate"])
        }),
        ("rbac.escalation", cluster, |b| doc(b, "ClusterRole", "gp-viewer")["aggregationRule"] = json!({})),
        ("rbac.escalation", cluster, |b| {
            doc(b, "ClusterRole", "gp-admin")["rules"][0] =
                json!({"resources": ["resourcequotas"], "verbs": ["create"]});
        }),
        ("network.default_deny", prod, |b| without(b, "payments-prod-api/gp-default-deny")),
        ("network.lifelines", prod, |b| without(b, "payments-prod-api/gp-allow-dns")),
        ("network.lifelines", ledger_slot, |b| without(b, "gp-allow-pod-identity")),
        ("network.metadata_service", prod, |b| {
            doc(b, "NetworkPolicy", "gp-allow-egress")["spec"]["egress"][0]["to"] =
                json!([{"ipBlock": {"cidr": "0.0.0.0/0"}}]);
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
            let parent = parent(&environment(json!({})), &facts());
            *b = Case::of(&Spec::of::<Slot>(slot(json!({}))), Some(&parent));
        }),
        ("availability.zero_disruptions", ledger_slot, |b| {
            doc(b, "PodDisruptionBudget", "ledger")["spec"]["maxUnavailable"] = json!(0)
        }),
        ("availability.zero_disruptions", ledger_slot, |b| {
            doc(b, "PodDisruptionBudget", "ledger")["spec"]["maxUnavailable"] = json!("0%")
        }),
        ("availability.all_at_once", ledger_slot, |b| {
            let mut all = ledger();
            all["availability"] = json!({"min_replicas": 2, "max_unavailable": "2"});
            *b = in_production(all);
        }),
        ("availability.all_at_once", ledger_slot, |b| {
            let mut all = ledger();
            all["availability"] = json!({"min_replicas": 2, "max_unavailable": "100%"});
            *b = in_production(all);
        }),
    ]
}

#[test]
fn every_rule_finds_its_subject_when_it_is_wrong() {
    for (rule, start, break_it) in cases() {
        let mut case = start();
        break_it(&mut case);
        let found = case.findings();
        let hit = found.iter().find(|finding| finding.rule == rule);
        assert!(hit.is_some_and(|finding| finding.verdict == Verdict::Violated), "{rule}: {found:?}");
        for finding in found {
            assert_well_written(&finding.into_problem(|key| in_words(key)), rule);
        }
    }
}

#[test]
fn what_is_not_known_is_undecided_and_never_passed() {
    for (start, object, field) in [
        (ledger_slot as fn() -> Case, "Role/gp-payments-prod-ledger", "identity"),
        (prod, "Role/gp-payments-prod-deployer", "access"),
        (prod, "payments-prod-api/gp-allow-egress", "network"),
    ] {
        let mut case = start();
        for found in case.objects.iter_mut().filter(|found| found.key.to_string().contains(object)) {
            found.body = None;
        }
        let found = case.findings();
        assert!(matches!(&found[..], [one] if one.verdict == Verdict::Undecided && one.field == [field]), "{found:?}");
    }
}

#[test]
fn a_fault_of_a_statement_is_shown_where_it_was_written() {
    let spec = Spec::of::<Slot>(slot(json!({"identity": {"statements": [
        {"actions": ["s3:GetObject"], "resources": ["arn:aws:s3:::a"]}, {"actions": ["sts:AssumeRole"], "resources": ["*"]}
    ]}})));
    let found = Case::of(&spec, Some(&parent(&environment(json!({})), &facts()))).findings();
    let fault = found.iter().find(|finding| finding.rule == "iam.assume_anything").expect("found");
    assert_eq!(fault.field, ["identity", "statements", "1", "resources"]);
    let is_same = |problem: &Problem| (problem.code, &problem.field) == (fault.rule, &fault.field);
    assert!(spec.check().iter().any(|problem| is_same(problem) && problem.summary.starts_with(&fault.message)));
}
