use super::*;
use crate::{
    domain::{AccessEntry, Field, SYSTEM_NAMESPACE},
    kinds::{canonical_policy, kubernetes::KINDS},
};
use serde_json::json;

fn document(kind: &str, spec: &Value) -> Value {
    let known = KINDS.iter().find(|known| known.name == kind).expect("a kind of the list");
    json!({"apiVersion": known.api, "kind": kind, "spec": spec})
}

#[test]
fn documents_that_mean_the_same_have_the_same_fields() {
    for (kind, ours, live, reason) in [
        (
            "ResourceQuota",
            json!({"hard": {"requests.cpu": "1000m"}}),
            json!({"hard": {"requests.cpu": "1"}}),
            "quantities",
        ),
        ("ResourceQuota", json!({"hard": {"pods": "40"}}), json!({"hard": {"pods": 40}}), "a quantity as a number"),
        (
            "LimitRange",
            json!({"limits": [{"type": "Container", "default": {"memory": "0.5Gi"}}]}),
            json!({"limits": [{"default": {"memory": "512Mi"}, "type": "Container"}]}),
            "quantities inside of an atomic list",
        ),
        (
            "NetworkPolicy",
            json!({"podSelector": {}, "policyTypes": ["Ingress", "Egress"], "ingress": []}),
            json!({"podSelector": {}, "policyTypes": ["Egress", "Ingress"]}),
            "a list is a set, and an empty one is not kept",
        ),
        (
            "NetworkPolicy",
            json!({"egress": [{"ports": [{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"}]}]}),
            json!({"egress": [{"ports": [{"protocol": "TCP", "port": 53}, {"protocol": "UDP", "port": 53}]}]}),
            "order of ports and of keys",
        ),
    ] {
        let fields = |spec: &Value| fields_of(&Body::Kube(document(kind, spec)));
        assert_eq!(fields(&ours), fields(&live), "{reason}");
    }
}

#[test]
fn what_a_kind_does_not_know_as_a_quantity_is_no_quantity() {
    for (kind, path, spec, expected, reason) in [
        ("ResourceQuota", "/spec/hard/pods", json!({"hard": {"pods": "many"}}), "many", "a live text that is none"),
        ("ResourceQuota", "/spec/hard/pods", json!({"hard": {"pods": "0.5k"}}), "500", "one that is"),
        ("ResourceQuota", "/spec/x", json!({"x": "0.5k"}), "0.5k", "another field of the kind"),
        ("NetworkPolicy", "/spec/hard/pods", json!({"hard": {"pods": "0.5k"}}), "0.5k", "another kind"),
        ("LimitRange", "/spec/limits", json!({"limits": [7]}), "[7]", "a list of what is no limit"),
        (
            "LimitRange",
            "/spec/x",
            json!({"x": [{"max": {"cpu": "0.5k"}}]}),
            r#"[{"max":{"cpu":"0.5k"}}]"#,
            "another list of the kind",
        ),
        (
            "LimitRange",
            "/spec/limits",
            json!({"limits": [{"type": "0.5k", "max": {"cpu": "0.5k", "x": null}}]}),
            r#"[{"max":{"cpu":"500"},"type":"0.5k"}]"#,
            "quantities and not their type",
        ),
    ] {
        let fields = fields_of(&Body::Kube(document(kind, &spec)));
        assert_eq!(fields.get(path).map(|field| field.text), Some(expected), "{reason}");
    }
}

/// Whoever adds a part of one, without a trace in ours, would change what it is about.
#[test]
fn what_the_api_holds_as_one_value_is_one_field() {
    for (kind, path, spec, reason) in [
        (
            "CiliumNetworkPolicy",
            "/spec/endpointSelector",
            json!({"endpointSelector": {"matchLabels": {"a": "b"}}}),
            "pods",
        ),
        ("NetworkPolicy", "/spec/podSelector", json!({"podSelector": {"matchLabels": {"a": "b"}}}), "pods"),
        (
            "ResourceQuota",
            "/spec/scopeSelector",
            json!({"scopeSelector": {"matchExpressions": []}}),
            "scopes of a quota",
        ),
        (
            "ValidatingAdmissionPolicy",
            "/spec/matchConstraints",
            json!({"matchConstraints": {"matchPolicy": "Equivalent"}}),
            "what a guard looks at",
        ),
        (
            "ValidatingAdmissionPolicyBinding",
            "/spec/matchResources",
            json!({"matchResources": {"namespaceSelector": {}}}),
            "where it acts",
        ),
    ] {
        let paths = managed_paths(&document(kind, &spec));
        assert_eq!(paths, [path], "{kind}: {reason}");
    }
}

#[test]
fn documents_that_differ_have_other_fields() {
    for (kind, ours, live, reason) in [
        (
            "NetworkPolicy",
            json!({"podSelector": {}}),
            json!({"podSelector": {"matchLabels": {"a": "b"}}}),
            "a narrower selector",
        ),
        (
            "PodDisruptionBudget",
            json!({"selector": {"matchLabels": {"a": "b"}}}),
            json!({"selector": {"matchLabels": {"a": "b", "c": "d"}}}),
            "one more label in a selector",
        ),
        ("PodDisruptionBudget", json!({"maxUnavailable": 1}), json!({"maxUnavailable": 2}), "a number"),
        ("ConfigMap", json!({"x": "1000m"}), json!({"x": "1"}), "only what is a quantity is compared as one"),
    ] {
        let fields = |spec: &Value| fields_of(&Body::Kube(document(kind, spec)));
        assert_ne!(fields(&ours), fields(&live), "{reason}");
    }
}

#[test]
fn a_live_document_is_projected_to_what_may_be_ours() {
    let live = json!({
        "apiVersion": "v1", "kind": "Namespace",
        "metadata": {
            "name": "pay", "uid": "1", "resourceVersion": "5",
            "labels": {
                "goldenpath.internal/team": "payments", "kubernetes.io/metadata.name": "pay", "cost": "7", "ours": "x",
                "pod-security.kubernetes.io/enforce": "baseline"
            },
            "annotations": {"goldenpath.internal/slot-a": "cpu=1", "other": "1"}
        },
        "spec": {"finalizers": ["kubernetes"]},
        "status": {"phase": "Active"}
    });
    let fields = fields_of_document(&live, &|path| match path {
        "/metadata/labels/goldenpath.internal~1team" | "/metadata/labels/ours" => Some(Holder::Us),
        "/metadata/labels/pod-security.kubernetes.io~1enforce" => Some(Holder::Edited("kubectl-label")),
        "/metadata/annotations/goldenpath.internal~1slot-a" => Some(Holder::Applied("goldenpath-a")),
        _ => None,
    });
    let seen: Vec<Field<'_>> = fields.iter().collect();
    let expect = |path, text, holder| Field { path, text, holder };
    assert_eq!(
        seen,
        [
            expect("/metadata/annotations/goldenpath.internal~1slot-a", "cpu=1", Holder::Applied("goldenpath-a")),
            expect("/metadata/labels/goldenpath.internal~1team", "payments", Holder::Us),
            expect("/metadata/labels/ours", "x", Holder::Us),
            expect("/metadata/labels/pod-security.kubernetes.io~1enforce", "baseline", Holder::Edited("kubectl-label")),
            expect("/spec/finalizers", "[\"kubernetes\"]", Holder::Edited("")),
        ]
    );
}

#[test]
fn an_opening_that_others_make_is_a_difference_and_one_to_take_away() {
    for (kind, path, theirs, reason) in [
        ("RoleBinding", "/subjects", json!([{"kind": "Group", "name": "everyone"}]), "a subject where there was none"),
        ("NetworkPolicy", "/spec/ingress", json!([{}]), "a default deny that denies nothing"),
        ("NetworkPolicy", "/spec/egress", json!([{}]), "the other direction"),
        ("ApplicationNetworkPolicy", "/spec/ingress", json!([{}]), "another engine's"),
        ("CiliumNetworkPolicy", "/spec/egress", json!([{"toEntities": ["all"]}]), "another engine's"),
    ] {
        let mut doc = document(kind, &json!({"podSelector": {}}));
        let desired = fields_of(&Body::Kube(doc.clone()));
        assert_eq!(desired.get(path).map(|field| field.text), Some("[]"), "{reason}");
        assert!(!managed_paths(&doc).contains(&path.to_owned()), "{reason}: not declared, not held");

        let (parent, name) = path.rsplit_once('/').unwrap();
        doc.pointer_mut(parent).unwrap()[name] = json!([]);
        assert_eq!(fields_of(&Body::Kube(doc.clone())), desired, "{reason}: declared or not, it is closed");
        assert!(managed_paths(&doc).contains(&path.to_owned()), "{reason}: declared, held");

        doc.pointer_mut(parent).unwrap()[name] = theirs;
        assert_ne!(fields_of(&Body::Kube(doc)), desired, "{reason}");
    }
}

#[test]
fn what_is_not_there_is_ours_where_anything_is() {
    let doc = document("RoleBinding", &json!({}));
    for (manager, reason) in [
        (Some(Holder::Us), "we applied the rest"),
        (Some(Holder::Applied("argocd")), "our labels do not make it ours"),
        (Some(Holder::Edited("kubectl-edit")), "nor does an edit"),
    ] {
        let fields = fields_of_document(&doc, &|_| manager);
        let is_ours = fields.iter().any(|field| field.holder == Holder::Us);
        assert_eq!(is_ours, manager == Some(Holder::Us), "{reason}");
        assert_eq!(fields.get("/subjects").map(|field| field.text), Some("[]"), "{reason}");
    }
}

#[test]
fn managed_paths_are_leaves() {
    let doc = json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {"name": "gp-baseline", "namespace": SYSTEM_NAMESPACE, "labels": {"a/b": "c"}},
        "data": {"record": "{}"},
        "spec": {"podSelector": {}, "selector": {"matchLabels": {"x": "y"}}, "limits": [1], "none": null, "empty": [], "deep": {"er": 1}}
    });
    let expect = [
        "/data/record",
        "/metadata/labels/a~1b",
        "/spec/deep/er",
        "/spec/limits",
        "/spec/podSelector",
        "/spec/selector",
    ];
    let mut paths = managed_paths(&doc);
    paths.sort();
    assert_eq!(paths, expect);
    assert!(fields_of(&Body::Kube(doc)).get("/data/record").is_none(), "a record's data changes with every edit");
}

#[test]
fn tags_of_others_are_theirs() {
    let entry = |extra: &[(&str, &str)]| {
        let tags =
            [("goldenpath:managed", "true")].iter().chain(extra).map(|(k, v)| ((*k).into(), (*v).into())).collect();
        fields_of(&Body::AccessEntry(AccessEntry::new("gp:p:0123456789abcdef", tags)))
    };
    assert_eq!(entry(&[]), entry(&[("CostCenter", "7")]));
    assert_ne!(entry(&[]), entry(&[("goldenpath:team", "a")]));
}

#[test]
fn policy_documents_are_compared_by_meaning() {
    let statement = |s: Value| json!({"Version": "2012-10-17", "Statement": s});
    for (a, b, equal, reason) in [
        (
            statement(json!([{"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": ["*"]}])),
            statement(json!({"Sid": "x", "Resource": "*", "Action": "s3:GetObject", "Effect": "Allow"})),
            true,
            "single values, a single statement, a Sid",
        ),
        (
            statement(
                json!([{"Effect": "Allow", "Action": "a:b", "Resource": "x"}, {"Effect": "Deny", "Action": "a:c", "Resource": "x"}]),
            ),
            statement(
                json!([{"Effect": "Deny", "Action": "a:c", "Resource": "x"}, {"Effect": "Allow", "Action": "a:b", "Resource": "x"}]),
            ),
            true,
            "order of statements",
        ),
        (
            statement(
                json!([{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:root"}, "Action": "sts:AssumeRole"}]),
            ),
            statement(json!([{"Effect": "Allow", "Principal": {"AWS": ["111122223333"]}, "Action": "sts:AssumeRole"}])),
            true,
            "an account and its root",
        ),
        (
            statement(json!([{"Effect": "Allow", "Principal": "*", "Action": "a:b"}])),
            statement(json!([{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "a:b"}])),
            true,
            "everybody in two notations",
        ),
        (
            statement(
                json!([{"Condition": {"Bool": {"aws:SecureTransport": true}, "StringEquals": {"aws:SourceAccount": "1"}}}]),
            ),
            statement(
                json!([{"Condition": {"StringEquals": {"aws:SourceAccount": ["1"]}, "Bool": {"aws:SecureTransport": "true"}}}]),
            ),
            true,
            "booleans as text, order of operators",
        ),
        (
            statement(json!([{"Action": "s3:GetObject", "Resource": "arn:aws:s3:::a"}])),
            statement(json!([{"Action": "s3:GetObject", "Resource": "arn:aws:s3:::A"}])),
            false,
            "resources have a case",
        ),
        (
            statement(json!([{"Action": "s3:*", "Effect": "Allow"}])),
            statement(json!([{"NotAction": "s3:*", "Effect": "Allow"}])),
            false,
            "Action and NotAction",
        ),
        (
            statement(json!([{"Condition": {"StringEquals": {"aws:SourceAccount": "a"}}}])),
            statement(json!([{"Condition": {"StringEquals": {"aws:SourceAccount": "A"}}}])),
            false,
            "values of conditions have a case",
        ),
        (
            json!({"Version": "2008-10-17"}),
            json!({"Version": "2012-10-17"}),
            false,
            "policy variables exist only in the newer",
        ),
    ] {
        assert_eq!(canonical_policy(&a) == canonical_policy(&b), equal, "{reason}: {a} {b}");
    }
}
