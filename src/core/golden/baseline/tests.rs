use crate::{
    domain::{BaselineSpec, Body, Desired, Severity, StableFacts},
    golden::{Baseline, Catalogue, ResolveContext, Spec, fixtures::*},
};
use serde_json::{Value, json};

#[test]
fn a_guard_is_made_unless_it_is_off_or_can_not_be() {
    for (guards, version, made, said, reason) in [
        (Value::Null, "1.36", 22, &[][..], "all of them, each with its binding"),
        (json!({"pods": false, "services": true, "replicas": null}), "1.36", 20, &["guards.pods"], "one is off"),
        (Value::Null, "1.30", 22, &[], "the first version that serves them"),
        (Value::Null, "1.29", 0, &["guards"], "the last one that does not"),
    ] {
        let spec: BaselineSpec = serde_json::from_value(json!({"cluster": "demo", "guards": guards})).expect(reason);
        let spec = Spec::of::<Baseline>(spec);
        let facts = StableFacts { pod_security_version: version.to_owned(), ..facts() };
        let objects = rendered(spec.clone(), &facts, None).objects;
        let guards = objects.iter().filter(|object| object.key.to_string().contains("/gp-guard-"));
        assert_eq!(guards.count(), made, "{reason}");
        let problems = judged(&spec, &facts, None);
        let fields: Vec<String> = problems.iter().map(|problem| problem.field.join(".")).collect();
        assert_eq!(fields, said, "{reason}");
        for problem in &problems {
            assert_eq!(problem.severity, Severity::Warning, "{reason}");
            assert_well_written(problem, reason);
        }
    }
}

fn made(members: Value, version: &str, catalogue: &Catalogue) -> Vec<Desired> {
    let mut spec = json!({"cluster": "demo"});
    spec.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    let spec = Spec::of::<Baseline>(serde_json::from_value(spec).expect("a baseline"));
    let facts = StableFacts { pod_security_version: version.to_owned(), ..facts() };
    let given = ResolveContext { facts: &facts, parent: None, catalogue };
    spec.resolve(&given).expect("resolves").render().objects
}

fn body<'a>(objects: &'a [Desired], ending: &str) -> &'a Value {
    let object = objects.iter().find(|object| object.key.to_string().ends_with(ending)).expect(ending);
    let Some(Body::Kube(body)) = &object.body else { panic!("{ending} is a document") };
    body
}

/// What a guard would keep inside of an environment, nobody may write without it.
#[test]
fn what_a_guard_bounds_is_granted_with_the_guard_alone() {
    for (guards, version, bindings, policies, reason) in [
        (json!({}), "1.36", true, true, "both guards are made"),
        (json!({"role_bindings": false}), "1.36", false, true, "the one is off"),
        (json!({"network": false}), "1.36", true, false, "the other is"),
        (json!({"pods": false}), "1.36", true, true, "a guard of something else"),
        (json!({}), "1.29", false, false, "the cluster can't have any"),
    ] {
        let objects = made(json!({"guards": guards}), version, &Catalogue::built_in());
        let rules = body(&objects, "/gp-admin")["rules"].as_array().expect(reason);
        let is_written = |resource: &str| {
            let has = |rule: &Value, field: &str, text: &str| rule[field].as_array().unwrap().contains(&text.into());
            rules.iter().any(|rule| has(rule, "resources", resource) && has(rule, "verbs", "create"))
        };
        assert_eq!((is_written("rolebindings"), is_written("networkpolicies")), (bindings, policies), "{reason}");
    }
}

#[test]
fn a_guard_that_is_off_is_said_with_what_it_opens() {
    for (guard, words) in [
        ("token_secrets", "tokens of ServiceAccounts"),
        ("services", "externalIPs"),
        ("cluster_roles", "system namespace"),
        ("namespaces", "labels"),
        ("pods", "any node"),
        ("role_bindings", "RoleBindings"),
        ("network", "NetworkPolicies"),
        ("quotas", "deleting quotas"),
        ("ingress", "hosts of others"),
        ("classes", "any class"),
        ("replicas", "more replicas"),
    ] {
        let spec = json!({"cluster": "demo", "guards": {guard: false}});
        let spec = Spec::of::<Baseline>(serde_json::from_value(spec).expect("a baseline"));
        let [problem] = &judged(&spec, &facts(), None)[..] else { panic!("{guard}: one warning") };
        assert!(problem.detail.contains(words), "{guard}: {}", problem.detail);
    }
}

#[test]
fn policies_are_those_of_the_paths_that_a_cluster_accepts() {
    let path = |name: &str| {
        format!(
            "apiVersion: goldenpath.internal/v1\nkind: GoldenPath\nextends: team-standard 1.0.0\nname: {name}\n\
             version: 1.0.0\npolicies: [{{ policy: image-tags 1.0.0 }}]\n"
        )
    };
    let (one, other) = (path("one"), path("other"));
    let catalogue = Catalogue::with_documents([("one", one.as_str()), ("other", other.as_str())]).expect("a catalogue");
    for (accepted, expected, reason) in [
        (Value::Null, &["one", "other"][..], "whatever the catalogue has"),
        (json!({"one": {}}), &["one"], "by its name"),
        (json!({"one": {"version": "~> 1.0"}, "other": {"version": "~> 2.0"}}), &["one"], "by its version"),
        (json!({"one": {"digests": ["x"]}, "other": {}}), &["other"], "by its document"),
        (json!({}), &[], "none"),
    ] {
        let objects = made(json!({ "golden_paths": accepted }), "1.36", &catalogue);
        let is_bound =
            |name: &&str| objects.iter().any(|object| object.key.to_string().ends_with(&format!("-{name}-1.0.0-dev")));
        let found: Vec<&str> = ["one", "other"].into_iter().filter(is_bound).collect();
        assert_eq!(found, expected, "{reason}");
    }
}

/// Environments of each of them are on the cluster, whichever is the default.
#[test]
fn names_and_operators_are_those_of_the_paths_that_a_cluster_accepts() {
    let path = |name: &str| {
        format!(
            "apiVersion: goldenpath.internal/v1\nkind: GoldenPath\nextends: team-standard 1.0.0\nname: {name}\nversion: 1.0.0\n\
             reserved: {{ prefixes: [kube-, amazon-, aws-, goldenpath-, {name}-] }}\n\
             roles: {{ viewer: {{ rules: [{{ groups: [{name}.example.com], resources: [things], verbs: [get] }}] }} }}\n"
        )
    };
    let (acme, zeta) = (path("acme"), path("zeta"));
    let documents = [("acme", acme.as_str()), ("zeta", zeta.as_str())];
    let catalogue = Catalogue::with_documents(documents).expect("a catalogue");
    let (both, one) = (&["acme", "zeta"][..], &["acme"][..]);
    for (accepted, reserved, operators, reason) in [
        (Value::Null, both, both, "whatever the catalogue has"),
        (json!({"acme": {}, "zeta": {}}), both, both, "two of them"),
        (json!({"acme": {}}), one, one, "by its name"),
        (json!({"acme": {"version": "~> 1.0"}, "zeta": {"version": "~> 2.0"}}), one, one, "by its version"),
        (json!({}), both, &[], "where none is accepted no name is free"),
    ] {
        let objects = made(json!({ "golden_paths": accepted }), "1.36", &catalogue);
        let guard = body(&objects, "/ValidatingAdmissionPolicy/gp-guard-cluster-roles").to_string();
        let viewer = body(&objects, "/ClusterRole/gp-viewer").to_string();
        let in_text = |text: &str, end: &str| -> Vec<&str> {
            ["acme", "zeta"].into_iter().filter(|name| text.contains(&format!("{name}{end}"))).collect()
        };
        assert_eq!(in_text(&guard, "-"), reserved, "{reason}");
        assert_eq!(in_text(&viewer, ".example.com"), operators, "{reason}");
    }
}

/// An administrator makes it before there is a baseline, which must find its own mark on it.
#[test]
fn the_namespace_of_the_records_can_be_made_before_the_baseline() {
    let (home, objects) = (super::home(), made(json!({}), "1.36", &Catalogue::built_in()));
    let namespace = body(&objects, &format!("Namespace/{}", crate::domain::SYSTEM_NAMESPACE));
    for field in ["apiVersion", "kind"] {
        assert_eq!(home[field], namespace[field]);
    }
    assert_eq!(home["metadata"]["name"], namespace["metadata"]["name"]);
    let labels = home["metadata"]["labels"].as_object().expect("its mark");
    assert!(!labels.is_empty());
    for (name, value) in labels {
        assert_eq!(&namespace["metadata"]["labels"][name], value, "{name}");
    }
}
