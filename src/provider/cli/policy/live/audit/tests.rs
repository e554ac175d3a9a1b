use super::*;
use goldenpath_core::policy::pack;
use serde_json::json;

fn namespace(name: &str, version: &str) -> Value {
    let labels = json!({"goldenpath.internal/managed": "true", "goldenpath.internal/environment": "pay",
        "goldenpath.internal/path": "team-standard", "goldenpath.internal/path-version": version,
        "goldenpath.internal/tier": "prod"});
    json!({"metadata": {"name": name, "labels": labels}})
}

fn pod(name: &str, image: &str, owner: Option<&str>) -> Value {
    let owners: Vec<Value> = owner
        .iter()
        .map(|name| json!({"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": name, "controller": true}))
        .collect();
    json!({"metadata": {"name": name, "namespace": "pay", "ownerReferences": owners},
        "spec": {"containers": [{"name": "main", "image": image}]}})
}

fn binding(subject: Value, labels: Value) -> Value {
    json!({"metadata": {"name": "x", "namespace": "pay", "labels": labels},
        "roleRef": {"kind": "ClusterRole", "name": "view"}, "subjects": [subject]})
}

fn audit(catalogue: &Catalogue) -> Audit<'_> {
    let tags: Vec<&Policy> = pack().iter().filter(|policy| policy.form.name == "image-tags").collect();
    let mut audit = Audit::new("demo");
    audit.add(Home::of(namespace("pay", "1.0.0"), catalogue, Some(&tags)).expect("managed"));
    audit
}

/// Of the environment, with these objects.
fn records(inventory: &[&str]) -> Named {
    let arn = "arn:aws:eks:eu-west-1:111122223333:cluster/demo";
    let record = json!({"id": "demo/pay", "uid": "u", "kind": "environment", "team": "pay", "cluster_arn": arn,
        "golden_path": "team-standard", "golden_path_version": "1.0.0", "golden_path_digest": "", "spec": {},
        "phase": "ready", "tool_version": "0.1.0", "inventory": inventory,
        "facts": {"cluster_arn": arn, "auto_mode": false, "service_cidr": "10.100.0.0/16", "ip_family": "ipv4",
            "pod_security_version": "1.36"}});
    let mut named = Named::default();
    named.add(&json!({"metadata": {"name": "environment.pay"}, "data": {"record": record.to_string()}}));
    named
}

#[test]
fn what_a_controller_is_flagged_for_is_said_once() {
    let catalogue = Catalogue::built_in();
    let mut audit = audit(&catalogue);
    let today = jiff::civil::date(2026, 11, 29);
    let set = json!({"metadata": {"name": "api", "namespace": "pay"},
        "spec": {"template": {"spec": {"containers": [{"name": "main", "image": "a:latest"}]}}}});
    audit.judge("apps/v1", "ReplicaSet", &set, today);
    audit.judge("v1", "Pod", &pod("api-1", "a:latest", Some("api")), today);
    audit.judge("v1", "Pod", &pod("hidden", "a:latest", Some("other")), today);
    audit.judge("v1", "Pod", &pod("good", "a:1.0", None), today);
    let mut elsewhere = pod("bad", "a:latest", None);
    elsewhere["metadata"]["namespace"] = "kube-system".into();
    audit.judge("v1", "Pod", &elsewhere, today);
    audit.finish();
    let found: Vec<&str> = audit.findings.iter().map(|finding| finding.object.as_str()).collect();
    assert_eq!(found, ["Pod pay/hidden", "ReplicaSet pay/api"], "{}", audit.text());
    assert_eq!((audit.objects, audit.code()), (4, 1));
    assert_eq!(audit.kinds(&[("v1", "Pod"), ("v1", "Service")]), [("v1", "Pod")]);
}

#[test]
fn a_kind_that_nobody_lists_is_no_pass() {
    let rule = |groups: &[&str], resources: &[&str]| {
        let rule = json!({"groups": groups, "versions": ["v1"], "resources": resources, "operations": ["CREATE"]});
        serde_json::from_value::<Match>(rule).unwrap()
    };
    let all = [("v1", "Pod"), ("apps/v1", "Deployment")];
    for (rule, expected, reason) in [
        (rule(&[""], &["pods"]), vec![], "listed"),
        (rule(&["acme.example"], &["widgets"]), vec!["acme.example/v1 widgets"], "of a CRD"),
        (rule(&["", "apps"], &["pods", "deployments"]), vec![], "each is of one group"),
        (rule(&[""], &["secrets"]), vec!["v1 secrets"], "never read"),
        (rule(&["*"], &["*"]), vec![], "a pattern names nothing"),
        (rule(&[""], &["pods/exec"]), vec![], "no object"),
    ] {
        assert_eq!(unknown_names(&rule, &all), expected, "{reason}");
    }
}

#[test]
fn a_grant_to_somebody_outside_is_listed() {
    let user = json!({"kind": "User", "name": "stranger"});
    let account = |namespace: &str| json!({"kind": "ServiceAccount", "name": "ci", "namespace": namespace});
    let mark = json!({"goldenpath.internal/managed": "true"});
    let ours = &["k8s/rbac.authorization.k8s.io/v1/RoleBinding/pay/x"][..];
    for (subject, labels, inventory, expected, reason) in [
        (user.clone(), json!({}), &[][..], 1, "a person"),
        (json!({"kind": "User", "name": "x\n::error::y"}), json!({}), &[], 1, "whose name stays on its line"),
        (user.clone(), mark.clone(), ours, 0, "ours"),
        (user, mark, &[], 1, "with our mark, and named by no record"),
        (account("pay"), json!({}), &[], 0, "its own ServiceAccount"),
        (account("shop"), json!({}), &[], 1, "another's"),
    ] {
        let catalogue = Catalogue::built_in();
        let mut audit = audit(&catalogue);
        audit.learn(records(inventory));
        let (api, kind) = ("rbac.authorization.k8s.io/v1", "RoleBinding");
        audit.judge(api, kind, &binding(subject, labels), jiff::civil::date(2026, 11, 29));
        assert_eq!(audit.foreign_grants.len(), expected, "{reason}");
        assert_eq!(audit.text().lines().count(), expected + 1, "{reason}: {}", audit.text());
    }
}

#[test]
fn guards_speak_of_what_tenants_made() {
    let catalogue = Catalogue::built_in();
    let mut audit = Audit::new("demo");
    audit.add(Home::of(namespace("pay", "1.0.0"), &catalogue, None).expect("managed"));
    audit.learn(records(&["k8s/v1/Service/pay/ours"]));
    let today = jiff::civil::date(2026, 11, 29);
    let service = |name: &str, labels: Value| json!({"metadata": {"name": name, "namespace": "pay", "labels": labels}, "spec": {"type": "NodePort"}});
    audit.judge("v1", "Service", &service("theirs", json!({})), today);
    let mark = json!({"goldenpath.internal/managed": "true"});
    audit.judge("v1", "Service", &service("ours", mark.clone()), today);
    audit.judge("v1", "Service", &service("marked", mark), today);
    let mut running = pod("api", "a:1.0", None);
    running["spec"]["nodeName"] = "node-1".into();
    audit.judge("v1", "Pod", &running, today);
    let found: Vec<_> =
        audit.findings.iter().map(|finding| (finding.object.as_str(), finding.policy.as_str())).collect();
    let expected = ["Service pay/theirs", "Service pay/marked"].map(|object| (object, "guard-services"));
    assert_eq!(found, expected, "{}", audit.text());
}

#[test]
fn a_path_that_nobody_has_is_no_pass() {
    let catalogue = Catalogue::built_in();
    assert!(Home::of(json!({"metadata": {"name": "kube-system"}}), &catalogue, None).is_none(), "not ours");
    let mut audit = Audit::new("demo");
    audit.add(Home::of(namespace("pay", "9.9.9"), &catalogue, None).expect("managed"));
    assert_eq!(audit.code(), 2);
    assert!(audit.problems[0].contains("--catalogue"), "{:?}", audit.problems);
}
