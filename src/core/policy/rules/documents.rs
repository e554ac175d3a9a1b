//! Rules that CEL can say: documents of the built-in pack, which hold for every path in every plan.

use super::super::{
    aws::Judged,
    document::{Case, Judgement, Outcome, Policy},
    pack,
    subject::{Hit, Subject},
};
use crate::domain::Desired;
use jiff::civil::Date;
use std::sync::LazyLock;

/// By the rule's id.
const DOCUMENTS: &[(&str, &str)] = &[
    ("iam.negated", pack::document!("rules/iam-negated")),
    ("iam.trusts_anybody", pack::document!("rules/iam-trusts-anybody")),
    ("iam.boundary", pack::document!("rules/iam-boundary")),
    ("access.foreign_role", pack::document!("rules/access-foreign-role")),
    ("rbac.escalation", pack::document!("rules/rbac-escalation")),
    ("network.metadata_service", pack::document!("rules/network-metadata-service")),
    ("pod_security.level", pack::document!("rules/pod-security-level")),
    ("availability.zero_disruptions", pack::document!("rules/availability-zero-disruptions")),
];

// One that can't be read would be missing; a test counts them.
static POLICIES: LazyLock<Vec<(&str, Policy)>> =
    LazyLock::new(|| DOCUMENTS.iter().filter_map(|(id, text)| Some((*id, Policy::built_in(text)?))).collect());

pub fn policies() -> &'static [(&'static str, Policy)] {
    &POLICIES
}

/// Kinds whose content may wait for another resource: of several rules over one object one says so, at a field.
const UNKNOWN: &[(&str, &str, &str, &str)] =
    &[("network.metadata_service", "NetworkPolicy", "network", "a range of addresses is not known yet")];

/// A slot's own fields of an environment's Namespace are no namespace.
pub(super) fn check(id: &str, policy: &Policy, subject: &Subject<'_>) -> Vec<Hit> {
    let own = subject.objects.iter().filter(|object| object.manager == Desired::MANAGER && object.body.is_some());
    let is_about = |object: &&Desired| {
        let Judged { api, kind, .. } = Judged::of_key(&object.key);
        policy.is_about(api, kind)
    };
    let concerned = own.filter(is_about);
    let hits = concerned.flat_map(|object| {
        judge(policy, object, subject).into_iter().map(|Judgement { message, remedy, field, .. }| Hit {
            field: field.iter().flat_map(|field| field.split('.')).map(str::to_owned).collect(),
            remedy: Some(remedy),
            ..Hit::at(&object.key, message)
        })
    });
    let unknown = UNKNOWN.iter().filter(|(rule, ..)| *rule == id);
    hits.chain(unknown.flat_map(|(_, kind, field, message)| subject.undecided_hits(kind, field, message))).collect()
}

fn judge(policy: &Policy, object: &Desired, subject: &Subject<'_>) -> Vec<Judgement> {
    let judged = Judged::of(object, subject.cluster);
    // None of them has an exemption, which a date would end.
    match policy.judge(&Case::of_create(&judged, subject.class), Date::MAX) {
        Outcome::Found(found) => found,
        Outcome::NotMatched | Outcome::Passed | Outcome::Exempt { .. } => vec![],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Body, ObjectKey};
    use serde_json::json;

    #[test]
    fn each_document_is_read_and_named_as_its_rule() {
        for (id, text) in DOCUMENTS {
            let policy = Policy::built_in(text).unwrap_or_else(|| panic!("{id} can't be read"));
            assert_eq!(policy.form.name, id.replace(['.', '_'], "-"));
            assert!(policy.form.exemptions.is_empty(), "{id}");
        }
    }

    #[test]
    fn only_a_range_that_is_known_to_be_harmless_is() {
        let cluster = "arn:aws:eks:eu-west-1:111122223333:cluster/demo".parse().unwrap();
        let (_, policy) = policies().iter().find(|(id, _)| *id == "network.metadata_service").unwrap();
        for (block, reaches, reason) in [
            (json!({"cidr": "10.0.0.0/8"}), false, "a range beside the service"),
            (json!({"cidr": "0.0.0.0/0"}), true, "everything"),
            (json!({"cidr": "0.0.0.0/0", "except": ["169.254.169.254/32"]}), false, "excepted"),
            (json!({"cidr": "0.0.0.0/0", "except": ["10.0.0.0/8"]}), true, "something else is excepted"),
            (json!({"cidr": "0.0.0.0/0", "except": ["169.254.0.0/16"]}), false, "with all link-local addresses"),
            (json!({"cidr": "0.0.0.0/0", "except": ["169.254.169.0/33"]}), true, "what is no range excepts nothing"),
            (json!({"cidr": "::/0", "except": ["fc00::/7"]}), false, "with all private addresses"),
            (json!({"cidr": "::/0", "except": ["169.254.169.254/32"]}), true, "the address of the other family"),
            (json!({"cidr": "::/0", "except": ["fd00:ec2::254/128"]}), false, "its own"),
            (json!({"cidr": "169.254.169.254/32"}), true, "nothing else"),
            (json!({"cidr": "10.0.0.0/33"}), true, "what is no range could be anything"),
            (json!({"cidr": 10}), true, "and what is no text"),
            (json!({}), true, "and what is not there"),
        ] {
            for (rules, peers) in [("ingress", "from"), ("egress", "to")] {
                let spec = json!({ rules: [{ peers: [{ "podSelector": {} }, { "ipBlock": block }] }] });
                let key = ObjectKey::kube("networking.k8s.io/v1", "NetworkPolicy", Some("shop"), "x");
                let objects = [Desired::new(key, Some(Body::Kube(json!({ "spec": spec }))))];
                let found = check("network.metadata_service", policy, &Subject::of(&objects, &cluster, None));
                assert_eq!(!found.is_empty(), reaches, "{rules} {block}: {reason}");
            }
        }
    }

    #[test]
    fn egress_to_nobody_is_egress_to_all() {
        let cluster = "arn:aws:eks:eu-west-1:111122223333:cluster/demo".parse().unwrap();
        let (_, policy) = policies().iter().find(|(id, _)| *id == "network.metadata_service").unwrap();
        for (spec, reaches, reason) in [
            (json!({"egress": [{}]}), true, "to everybody"),
            (json!({"egress": [{"ports": [{"port": 80}], "to": []}]}), true, "at its port"),
            (json!({"egress": [{"ports": [{"protocol": "TCP"}]}]}), true, "at all ports of TCP"),
            (json!({"egress": [{"ports": [{"port": 53}, {"port": 80}]}]}), true, "at its port and another"),
            (json!({"egress": [{"ports": [{"port": 1, "endPort": 1024}]}]}), true, "at ports among which is its own"),
            (json!({"egress": [{"ports": [{"port": "http"}]}]}), true, "at a port that may be its own"),
            (
                json!({"egress": [{"ports": [{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"}]}]}),
                false,
                "names of hosts, wherever they are asked for",
            ),
            (json!({"egress": [{"ports": [{"protocol": "UDP"}]}]}), false, "it speaks TCP"),
            (json!({"egress": [{"ports": [{"port": 1, "endPort": 79}]}]}), false, "at ports below"),
            (json!({"egress": [{"ports": [{"port": 81, "endPort": 65535}]}]}), false, "at ports above"),
            (json!({"egress": [{"ports": [{"port": 443}]}, {}]}), true, "the other rule opens it"),
            (json!({"egress": [{"to": [{"namespaceSelector": {}}]}]}), false, "to pods, which the service is not"),
            (json!({"egress": [], "policyTypes": ["Egress"]}), false, "closed"),
            (json!({"ingress": [{}]}), false, "from everybody: the service asks nobody"),
        ] {
            let key = ObjectKey::kube("networking.k8s.io/v1", "NetworkPolicy", Some("shop"), "x");
            let objects = [Desired::new(key, Some(Body::Kube(json!({ "spec": spec }))))];
            let found = check("network.metadata_service", policy, &Subject::of(&objects, &cluster, None));
            assert_eq!(!found.is_empty(), reaches, "{reason}");
        }
    }

    #[test]
    fn a_hit_has_the_field_and_the_remedy_of_its_validation() {
        let policy = Policy::read(
            r#"
apiVersion: goldenpath.internal/v1
kind: Policy
name: pods
version: 1.0.0
description: "-"
match: [{ groups: [""], versions: [v1], resources: [resourcequotas] }]
validations:
  - { expression: has(object.spec.hard), message: Nothing is limited, remedy: Limit something. }
  - { expression: object.spec.hard.pods != '0', message: No pods, remedy: Admit a pod., field: share.pods }
"#,
        );
        let key = ObjectKey::kube("v1", "ResourceQuota", Some("shop"), "x");
        let objects = [Desired::new(key.clone(), Some(Body::Kube(json!({"spec": {"hard": {"pods": "0"}}}))))];
        let cluster = "arn:aws:eks:eu-west-1:111122223333:cluster/demo".parse().unwrap();
        let found = check("x", &policy.unwrap(), &Subject::of(&objects, &cluster, None));
        let [hit] = found.as_slice() else { panic!("{} hits", found.len()) };
        assert_eq!((hit.object.as_ref(), hit.message.as_str()), (Some(&key), "No pods"));
        assert_eq!(hit.field, ["share", "pods"], "where it was written");
        assert_eq!(hit.remedy.as_deref(), Some("Admit a pod."), "and not those of its other validations");
    }
}
