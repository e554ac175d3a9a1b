mod owners;

use super::*;
use crate::{
    domain::TierClass,
    policy::document::{Case, Operation, Outcome},
};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::{collections::BTreeSet, time::Instant};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Example {
    policy: String,
    #[serde(default)]
    params: Map<String, Value>,
    accepted: Value,
    refused: Value,
    says: String,
}

fn case(object: &Value) -> Case<'_> {
    Case {
        api: object["apiVersion"].as_str().unwrap(),
        kind: object["kind"].as_str().unwrap(),
        namespace: Some("shop"),
        name: "x",
        operation: Operation::Create,
        object: Some(object),
        old: None,
        namespace_object: None,
        user: None,
        class: Some(TierClass::Prod),
    }
}

#[test]
fn each_policy_is_read_and_named_as_its_file() {
    for (name, text) in DOCUMENTS {
        let policy = Policy::read(text).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(policy.form.name, *name);
    }
    assert_eq!(pack().len(), DOCUMENTS.len(), "and each as the build read it");
}

#[test]
fn each_guard_is_read_and_named_as_it_is_switched() {
    for guard in Guard::ALL {
        let policy = Policy::built_in(guard_document(*guard)).unwrap_or_else(|| panic!("{guard:?} can't be read"));
        assert_eq!(policy.form.name, format!("guard-{}", guard.as_str().replace('_', "-")));
    }
    assert_eq!(guards().len(), Guard::ALL.len());
}

#[test]
fn each_policy_accepts_and_refuses_its_examples() {
    let examples: Vec<Example> = serde_saphyr::from_str(include_str!("examples.yaml")).unwrap();
    let today = jiff::civil::date(2026, 11, 28);
    for Example { policy: name, params, accepted, refused, says } in &examples {
        let policy = pack().iter().find(|known| known.form.name == *name).unwrap();
        let policy = policy.clone().with_params(params).unwrap();
        assert_eq!(policy.judge(&case(accepted), today), Outcome::Passed, "{name}: {accepted}");
        let Outcome::Found(found) = policy.judge(&case(refused), today) else { panic!("{name}: {refused}") };
        assert_eq!(&found[0].message, says, "{name}");
    }
    let tried: BTreeSet<&str> = examples.iter().map(|example| example.policy.as_str()).collect();
    assert_eq!(tried.len(), DOCUMENTS.len(), "every policy has an example");
}

/// A pod gets them by its subresource alone.
#[test]
fn who_looks_at_ephemeral_containers_sees_them_come() {
    for policy in pack() {
        let resources: Vec<&String> = policy.form.matches.iter().flat_map(|rule| &rule.resources).collect();
        let looks = policy.form.variables.iter().any(|variable| variable.expression.contains("ephemeralContainers"));
        let comes = resources.iter().any(|resource| *resource == "pods/ephemeralcontainers");
        assert_eq!(looks, comes, "{}: {resources:?}", policy.form.name);
    }
}

/// A finalizer is removed and a ReplicaSet is scaled down by an update: what a policy is too late for can end.
#[test]
fn what_was_there_before_its_policy_may_stay_and_end_but_not_change_to_it() {
    let examples: Vec<Example> = serde_saphyr::from_str(include_str!("examples.yaml")).unwrap();
    let today = jiff::civil::date(2026, 11, 28);
    for Example { policy: name, params, accepted, refused, .. } in &examples {
        let policy = pack().iter().find(|known| known.form.name == *name).unwrap();
        let policy = policy.clone().with_params(params).unwrap();
        let update = |old, new| {
            let case = Case { operation: Operation::Update, old: Some(old), ..case(new) };
            policy.judge(&case, today)
        };
        let mut ending = refused.clone();
        ending["metadata"]["finalizers"] = json!([]);
        if ending["spec"]["template"].is_object() {
            ending["spec"]["replicas"] = json!(0);
        }
        assert_eq!(update(refused, &ending), Outcome::NotMatched, "{name}: {ending}");
        if accepted["kind"] == refused["kind"] {
            let found = update(accepted, refused);
            assert!(matches!(found, Outcome::Found(_)), "{name}: {refused}: {found:?}");
        }
    }
}

/// Not among the examples: API servers before Kubernetes 1.35 drop such a volume.
#[test]
fn an_image_that_is_mounted_is_an_image_too() {
    let today = jiff::civil::date(2026, 11, 28);
    let registries = json!({"registries": ["registry.example.com"]});
    for (name, reference, passes, reason) in [
        ("image-registries", "registry.example.com/models:1", true, "of the registry"),
        ("image-registries", "registry.example.org/models:1", false, "of another"),
        ("image-tags", "registry.example.org/models:1", true, "a tag"),
        ("image-tags", "registry.example.org/models", false, "no tag"),
        ("image-tags", "registry.example.org/models:latest", false, "one that says nothing"),
    ] {
        let policy = pack().iter().find(|known| known.form.name == name).unwrap().clone();
        let params = registries.as_object().filter(|_| name == "image-registries").cloned().unwrap_or_default();
        let pod = json!({"apiVersion": "v1", "kind": "Pod", "spec": {
            "containers": [{"name": "main", "image": "registry.example.com/api:1"}],
            "volumes": [{"name": "cache", "emptyDir": {}}, {"name": "models", "image": {"reference": reference}}]}});
        let found = policy.with_params(&params).unwrap().judge(&case(&pod), today);
        assert_eq!(found == Outcome::Passed, passes, "{name}, {reference}: {reason}: {found:?}");
    }
}

#[test]
fn a_class_in_an_annotation_is_a_class_too() {
    let today = jiff::civil::date(2026, 11, 28);
    let lists =
        json!({"goldenpath.internal/ingress-classes": "internal", "goldenpath.internal/storage-classes": "gp3"});
    let home = json!({"metadata": {"annotations": lists}});
    let ingress = ("networking.k8s.io/v1", "Ingress", "kubernetes.io/ingress.class");
    let claim = ("v1", "PersistentVolumeClaim", "volume.beta.kubernetes.io/storage-class");
    for ((api, kind, annotation), before, class, passes, reason) in [
        (ingress, None, "public", false, "not in the list"),
        (ingress, None, "internal", true, "in the list"),
        (ingress, Some("public"), "public", true, "from before there was a list"),
        (ingress, Some("internal"), "public", false, "changed to it"),
        (claim, None, "io2", false, "not in the list"),
        (claim, None, "gp3", true, "in the list"),
    ] {
        let object = |class: &str| json!({"apiVersion": api, "kind": kind, "metadata": {"annotations": {annotation: class}}, "spec": {}});
        let (new, old) = (object(class), before.map(object));
        let operation = if old.is_some() { Operation::Update } else { Operation::Create };
        let case = Case { operation, old: old.as_ref(), namespace_object: Some(&home), ..case(&new) };
        assert_eq!(guards()[&Guard::Classes].judge(&case, today) == Outcome::Passed, passes, "{class}: {reason}");
    }
}

#[test]
fn an_annotation_adds_no_host() {
    const CONDITIONS: &str = "alb.ingress.kubernetes.io/conditions.api";
    const ALIAS: &str = "nginx.ingress.kubernetes.io/server-alias";
    const MATCHER: &str = "traefik.ingress.kubernetes.io/router.pathmatcher";
    let today = jiff::civil::date(2026, 11, 28);
    let restricted = json!({"metadata": {"annotations": {"goldenpath.internal/ingress-hosts": "shop.example.com"}}});
    let open = json!({"metadata": {}});
    let header = r#"[{"field": "host-header", "hostHeaderConfig": {"values": ["other.example.com"]}}]"#;
    let hidden = r#"[{"field": "host\u002dheader", "hostHeaderConfig": {"values": ["other.example.com"]}}]"#;
    let narrow = r#"[{"field": "source-ip", "sourceIpConfig": {"values": ["10.0.0.0/8"]}}]"#;
    for (home, before, annotation, value, passes, reason) in [
        (&restricted, None, ALIAS, "other.example.com", false, "another team's"),
        (&restricted, Some("other.example.com"), ALIAS, "other.example.com", true, "from before hosts were listed"),
        (&restricted, Some("shop.example.com"), ALIAS, "other.example.com", false, "changed to it"),
        (&open, None, ALIAS, "other.example.com", true, "any host is served"),
        (&restricted, None, "nginx.ingress.kubernetes.io/from-to-www-redirect", "true", false, "with or without www."),
        (&restricted, None, "nginx.ingress.kubernetes.io/server-snippet", "server_name _;", false, "nginx's own words"),
        (&restricted, None, "nginx.org/server-snippets", "server_name _;", false, "and of another controller"),
        (&restricted, None, "nginx.ingress.kubernetes.io/rewrite-target", "/", true, "nothing of hosts"),
        (&restricted, None, "konghq.com/host-aliases", "other.example.com", false, "of Kong"),
        (&restricted, None, "haproxy-ingress.github.io/server-alias-regex", ".*", false, "of HAProxy"),
        (&restricted, None, "ingress.kubernetes.io/redirect-from", "other.example.com", false, "by its older prefix"),
        (&restricted, None, MATCHER, "PathRegexp", true, "a matcher of paths"),
        (&restricted, None, MATCHER, "Host(`other.example.com`) || Path", false, "more than a matcher"),
        (&restricted, None, CONDITIONS, header, false, "one host or the other"),
        (&restricted, None, CONDITIONS, hidden, false, "the same to who reads JSON"),
        (&restricted, None, CONDITIONS, narrow, true, "it only narrows"),
    ] {
        let object = |value: &str| {
            json!({"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"annotations": {annotation: value}},
                "spec": {"rules": [{"host": "shop.example.com"}]}})
        };
        let (new, old) = (object(value), before.map(object));
        let operation = if old.is_some() { Operation::Update } else { Operation::Create };
        let case = Case { operation, old: old.as_ref(), namespace_object: Some(home), ..case(&new) };
        let found = guards()[&Guard::Ingress].judge(&case, today);
        assert_eq!(found == Outcome::Passed, passes, "{annotation}: {reason}: {found:?}");
    }
}

#[test]
fn a_claim_gets_no_class_later_that_it_could_not_have_had() {
    let today = jiff::civil::date(2026, 11, 28);
    let home = json!({"metadata": {"annotations": {"goldenpath.internal/storage-classes": "gp3"}}});
    let claim =
        |spec: Value| json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {}, "spec": spec});
    for (before, after, passes, reason) in [
        (json!({}), json!({"storageClassName": "io2"}), false, "not in the list"),
        (json!({}), json!({"storageClassName": "gp3"}), true, "in the list"),
        (json!({}), json!({"volumeName": "x"}), true, "bound without a class"),
        (
            json!({"storageClassName": "io2"}),
            json!({"storageClassName": "io2", "volumeName": "x"}),
            true,
            "from before there was a list",
        ),
    ] {
        let [old, new] = [before, after].map(claim);
        let case = Case { operation: Operation::Update, old: Some(&old), namespace_object: Some(&home), ..case(&new) };
        let found = guards()[&Guard::Classes].judge(&case, today);
        assert_eq!(found == Outcome::Passed, passes, "{old} to {new}: {reason}: {found:?}");
    }
}

#[test]
fn no_policy_of_another_engine_is_a_tenants() {
    let today = jiff::civil::date(2026, 11, 28);
    let home = json!({"metadata": {"labels": {"goldenpath.internal/environment": "shop"}}});
    for (api, kind, is_guarded, reason) in [
        ("crd.projectcalico.org/v1", "NetworkPolicy", true, "Calico behind its own API server"),
        ("projectcalico.org/v3", "NetworkPolicy", true, "Calico without one"),
        ("projectcalico.org/v3", "NetworkSet", true, "addresses that pass for pods"),
        ("cilium.io/v2", "CiliumNetworkPolicy", true, "Cilium"),
        ("cilium.io/v2", "CiliumLocalRedirectPolicy", true, "takes what others send"),
        ("networking.k8s.aws/v1alpha1", "ApplicationNetworkPolicy", true, "EKS Auto Mode"),
        ("crd.antrea.io/v1beta1", "NetworkPolicy", true, "Antrea"),
        ("networking.k8s.aws/v1alpha1", "PolicyEndpoint", false, "the engine writes it"),
        ("cilium.io/v2", "CiliumEndpoint", false, "likewise"),
    ] {
        let object = json!({"apiVersion": api, "kind": kind, "metadata": {"name": "x"}, "spec": {}});
        let case = Case { namespace_object: Some(&home), ..case(&object) };
        match guards()[&Guard::Network].judge(&case, today) {
            Outcome::Found(_) => assert!(is_guarded, "{api} {kind}: {reason}"),
            other => assert!(!is_guarded && other == Outcome::NotMatched, "{api} {kind}: {reason}: {other:?}"),
        }
    }
}

#[test]
fn quotas_and_limits_of_the_provider_are_its_own() {
    let today = jiff::civil::date(2026, 11, 28);
    let mark = json!({"goldenpath.internal/managed": "true"});
    let controller = |name: &str| format!("system:serviceaccount:kube-system:{name}");
    let [counts, empties] = ["resourcequota-controller", "namespace-controller"].map(controller);
    let tenant = "system:serviceaccount:argocd:argocd-application-controller";
    for kind in ["ResourceQuota", "LimitRange"] {
        let object = |name: &str, labels: &Value, spec: u32, status: u32| {
            let metadata = json!({"name": name, "labels": labels});
            json!({"apiVersion": "v1", "kind": kind, "metadata": metadata, "spec": {"x": spec}, "status": {"x": status}})
        };
        let [base, raised, counted] =
            [(5, 5), (9, 5), (5, 9)].map(|(spec, status)| object("gp-base", &mark, spec, status));
        let [plain, higher] = [5, 9].map(|spec| object("gp-base", &json!({}), spec, 5));
        let [own, changed] = [5, 9].map(|spec| object("own", &json!({}), spec, 5));
        let marked = object("own", &mark, 5, 5);
        let mut noted = base.clone();
        noted["metadata"]["annotations"] = json!({"example.com/note": "x"});
        for (before, after, user, passes, reason) in [
            (None, Some(&own), tenant, true, "a tenant's"),
            (Some(&own), Some(&changed), tenant, true, "which it changes"),
            (Some(&own), None, tenant, true, "and deletes"),
            (Some(&own), Some(&marked), tenant, false, "it would pass for the provider's"),
            (None, Some(&marked), tenant, false, "likewise from the start"),
            (None, Some(&plain), tenant, false, "a name of the provider's"),
            (Some(&plain), Some(&higher), tenant, true, "from before there was a guard"),
            (Some(&base), Some(&raised), tenant, false, "raised"),
            (Some(&base), Some(&counted), tenant, false, "raised where admission counts"),
            (Some(&base), Some(&counted), "system:apiserver", true, "admission counts"),
            (Some(&base), Some(&counted), counts.as_str(), true, "so does its controller"),
            (Some(&base), Some(&plain), tenant, false, "it would be theirs"),
            (Some(&base), Some(&noted), tenant, true, "it stays as it is"),
            (Some(&base), None, tenant, false, "deleted"),
            (Some(&base), None, empties.as_str(), true, "with its namespace"),
        ] {
            let operation = match (before, after) {
                (None, _) => Operation::Create,
                (_, Some(_)) => Operation::Update,
                (_, None) => Operation::Delete,
            };
            let user = json!({"username": user});
            let case = Case { operation, object: after, old: before, user: Some(&user), ..case(&base) };
            let found = guards()[&Guard::Quotas].judge(&case, today);
            assert_eq!(found == Outcome::Passed, passes, "{kind}: {reason}: {found:?}");
        }
    }
}

#[test]
fn an_autoscaler_whose_target_becomes_a_slot_is_held_to_its_share() {
    let today = jiff::civil::date(2026, 11, 28);
    let home = json!({"metadata": {"annotations": {"goldenpath.internal/slot-ledger": "cpu=1 max-replicas=3"}}});
    let scaler = |target: &str, most: u32| {
        json!({"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": {"name": "x"},
            "spec": {"maxReplicas": most, "scaleTargetRef": {"kind": "Deployment", "name": target}}})
    };
    for (before, after, passes, reason) in [
        (("helper", 9), ("ledger", 9), false, "as many as before, but of something else"),
        (("helper", 9), ("ledger", 3), true, "no more than the share"),
        (("helper", 3), ("helper", 9), true, "no slot"),
        (("ledger", 9), ("ledger", 5), true, "fewer than before there was a share"),
        (("ledger", 3), ("ledger", 4), false, "more than the share"),
    ] {
        let [old, new] = [before, after].map(|(target, most)| scaler(target, most));
        let case = Case { operation: Operation::Update, old: Some(&old), namespace_object: Some(&home), ..case(&new) };
        let found = guards()[&Guard::Replicas].judge(&case, today);
        assert_eq!(found == Outcome::Passed, passes, "{before:?} to {after:?}: {reason}: {found:?}");
    }
}

/// Not the figure itself, which is of a release; but a policy that is parsed at each object is seen here.
#[test]
fn the_pack_judges_many_objects_in_no_time() {
    let examples: Vec<Example> = serde_saphyr::from_str(include_str!("examples.yaml")).unwrap();
    let today = jiff::civil::date(2026, 11, 28);
    assert_eq!(pack().len(), DOCUMENTS.len());
    let started = Instant::now();
    for _ in 0..10 {
        for example in &examples {
            for policy in pack() {
                policy.judge(&case(&example.accepted), today);
            }
        }
    }
    let each = started.elapsed() / (10 * examples.len() as u32);
    assert!(each.as_millis() < 20, "{each:?} for one object and the whole pack");
}
