//! Wrong requests as data: what is wrong, at which attribute, and what is said of it.

mod slots;

use super::{super::fixtures::*, *};
use serde_json::{Value, json};

fn problems(spec: &Spec) -> Vec<Problem> {
    let mut all = check_spec(spec);
    all.extend(check_with(spec, &Catalogue::embedded()));
    all
}

fn assert_faults(spec: &Spec, field: &str, words: &str, reason: &str) {
    let problems = problems(spec);
    let fault = problems.iter().find(|problem| problem.is_error() && problem.field.join(".") == field);
    let Some(fault) = fault else { panic!("{reason}: nothing at {field}: {problems:?}") };
    assert!(fault.summary.contains(words) || fault.detail.contains(words), "{reason}: {fault}");
    assert!(
        !fault.detail.is_empty() && !fault.summary.ends_with('.') && !fault.summary.contains('\n'),
        "{reason}: {fault}"
    );
}

#[test]
fn right_requests_pass() {
    for spec in [
        Spec::Environment(environment(json!({}))),
        Spec::Environment(payments_prod()),
        Spec::Slot(slot(json!({}))),
        Spec::Slot(slot(ledger())),
        Spec::Baseline(crate::domain::BaselineSpec { cluster: "demo".parse().expect("a name") }),
    ] {
        assert_eq!(problems(&spec), [], "{spec:?}");
    }
}

#[test]
fn wrong_environments_are_refused_at_their_attribute() {
    let persona = |name: &str, members: Value| json!({"access": {name: members}});
    let network = |members: Value| json!({ "network": members });
    let total = |members: Value| json!({"quota": {"total": members}});
    let many: serde_json::Map<String, Value> = (0..21).map(|n| (format!("n{n}"), json!({}))).collect();
    let long = "a".repeat(40);
    let too_long = format!("namespaces.{long}");
    let owner = json!({"contact": "a@b", "cost_center": "CC"});
    let prod = |members: Value| {
        let mut all = json!({"tier": "prod", "owner": owner});
        if let (Value::Object(all), Value::Object(members)) = (&mut all, members) {
            all.extend(members);
        }
        all
    };
    let cases: Vec<(Value, &str, &str, &str)> = vec![
        (json!({"tier": "qa"}), "tier", "has no tier qa", "unknown tier"),
        (json!({"golden_path": "nope"}), "golden_path", "no golden path", "unknown path"),
        (json!({"name": "kube-payments"}), "name", "reserved", "a prefix of Kubernetes"),
        (json!({"name": "argocd"}), "name", "reserved", "an add-on's namespace"),
        (json!({"name": "argo", "namespaces": {"cd": {}}}), "name", "argo-cd is reserved", "the final name is judged"),
        (json!({"tier": "prod"}), "owner", "needs an owner", "nobody to call in production"),
        (json!({"owner": {"contact": "", "cost_center": "C"}}), "owner.contact", "tag", "empty contact"),
        (json!({"owner": {"contact": "a", "cost_center": "C#1"}}), "owner.cost_center", "tag", "IAM refuses #"),
        (json!({"owner": {"contact": "a", "cost_center": "C", "docs": ""}}), "owner.docs", "empty", "empty docs"),
        (json!({"namespaces": {}}), "namespaces", "1 to 20", "no namespace"),
        (json!({ "namespaces": many }), "namespaces", "this one 21", "too many namespaces"),
        (json!({"name": long, "namespaces": {long.clone(): {}}}), too_long.as_str(), "63", "final name too long"),
        (
            json!({"namespaces": {"a": {"labels": {"goldenpath.internal/team": "x"}}}}),
            "namespaces.a.labels.goldenpath.internal/team",
            "set by the golden path",
            "our label",
        ),
        (
            json!({"namespaces": {"a": {"labels": {"pod-security.kubernetes.io/enforce": "privileged"}}}}),
            "namespaces.a.labels.pod-security.kubernetes.io/enforce",
            "pod_security",
            "round Pod Security",
        ),
        (
            json!({"namespaces": {"a": {"annotations": {"goldenpath.internal/slot-x": "cpu=9"}}}}),
            "namespaces.a.annotations.goldenpath.internal/slot-x",
            "set by the golden path",
            "a forged slot",
        ),
        (
            json!({"namespaces": {"a": {"labels": {"kubernetes.io/metadata.name": "x"}}}}),
            "namespaces.a.labels.kubernetes.io/metadata.name",
            "Kubernetes",
            "a label of Kubernetes",
        ),
        (
            json!({"namespaces": {"a": {"labels": {"a/b/c": "x"}}}}),
            "namespaces.a.labels.a/b/c",
            "no key",
            "no key of a label",
        ),
        (
            json!({"namespaces": {"a": {"labels": {"x": "a b"}}}}),
            "namespaces.a.labels.x",
            "no value",
            "no value of a label",
        ),
        (total(json!({"cpu": "4"})), "quota.total.cpu", "requests.cpu", "ambiguous"),
        (total(json!({"limits.cpu": "4"})), "quota.total.limits.cpu", "no default", "no default for CPU limits"),
        (total(json!({"request.cpu": "4"})), "quota.total.request.cpu", "not a resource", "misspelt"),
        (total(json!({"pods": "-1"})), "quota.total.pods", "negative", "negative"),
        (total(json!({"pods": "1500m"})), "quota.total.pods", "whole number", "half a pod"),
        (
            total(json!({"requests.cpu": "17"})),
            "quota.total.requests.cpu",
            "bound is 16",
            "above four times the default",
        ),
        (
            total(json!({"services.loadbalancers": "1"})),
            "quota.total.services.loadbalancers",
            "bound is 0",
            "none in dev",
        ),
        (
            total(json!({"requests.memory": "8Gi", "limits.memory": "4Gi"})),
            "quota.total.limits.memory",
            "less than requests.memory",
            "limit below request",
        ),
        (
            total(json!({"limits.memory": "4Gi"})),
            "quota.total.limits.memory",
            "less than",
            "limit below the tier's request",
        ),
        (json!({"quota": {"headroom_percent": 100}}), "quota.headroom_percent", "below 100", "nothing left"),
        (
            json!({"namespaces": {"a": {"quota": {"requests.cpu": "3"}}, "b": {"quota": {"requests.cpu": "2"}}}}),
            "namespaces",
            "more than the total of 4",
            "shares above the total",
        ),
        (
            json!({"namespaces": {"a": {"quota": {"requests.cpu": "4"}}, "b": {}}}),
            "namespaces.b.quota",
            "nothing of requests.cpu is left",
            "nothing left",
        ),
        (
            json!({"namespaces": {"a": {"quota": {"request.cpu": "4"}}}}),
            "namespaces.a.quota.request.cpu",
            "not a resource",
            "misspelt in a namespace",
        ),
        (
            json!({"namespaces": {"a": {"quota": {"limits.memory": "128Mi"}}}}),
            "namespaces.a.quota.limits.memory",
            "256Mi",
            "no container would fit",
        ),
        (
            json!({"quota": {"by_priority": {"system-node-critical": {"pods": "1"}}}}),
            "quota.by_priority.system-node-critical",
            "PriorityClass",
            "a class of the system",
        ),
        (
            json!({"quota": {"by_priority": {"base": {"pods": "1"}}}}),
            "quota.by_priority.base",
            "gp-base",
            "a name that is taken",
        ),
        (
            json!({"quota": {"by_priority": {"x": {"services": "1"}}}}),
            "quota.by_priority.x.services",
            "no resource of pods",
            "not of pods",
        ),
        (
            json!({"quota": {"by_priority": {"x": {"pods": "41"}}}}),
            "quota.by_priority.x.pods",
            "tier's total",
            "above the total",
        ),
        (
            json!({"limits": {"container": {"default_memory": "0"}}}),
            "limits.container.default_memory",
            "more than 0",
            "nothing",
        ),
        (
            json!({"limits": {"container": {"default_memory": "1Gi", "max_memory": "512Mi"}}}),
            "limits.container.default_memory",
            "max_memory",
            "default above the maximum",
        ),
        (
            json!({"namespaces": {"a": {"limits": {"container": {"default_request_memory": "1Gi", "default_memory": "512Mi"}}}}}),
            "namespaces.a.limits.container.default_request_memory",
            "default_memory",
            "request above the limit",
        ),
        (
            json!({"pod_security": {"enforce": "privileged"}}),
            "pod_security.enforce",
            "stricter than the tier",
            "weaker than the tier",
        ),
        (
            prod(json!({"pod_security": {"enforce": "baseline"}})),
            "pod_security.enforce",
            "stricter",
            "weaker than production",
        ),
        (json!({"pod_security": {"version": "latest"}}), "pod_security.version", "1.36", "a moving version"),
        (
            json!({"pod_security": {"enforce": "restricted"}, "namespaces": {"a": {"pod_security": {"enforce": "baseline"}}}}),
            "namespaces.a.pod_security.enforce",
            "environment's",
            "weaker than the environment",
        ),
        (network(json!({"allow_from": ["edge-prod"]})), "network.allow_from", "env:", "no form"),
        (network(json!({"allow_from": ["env:payments-dev"]})), "network.allow_from", "itself", "from itself"),
        (network(json!({"ingress_cidrs": ["10.0.0.0"]})), "network.ingress_cidrs", "address range", "no prefix"),
        (network(json!({"egress_cidrs": ["10.0.0.1/8"]})), "network.egress_cidrs", "10.0.0.0/8", "host bits"),
        (
            network(json!({"egress_cidrs": ["169.254.169.254/32"]})),
            "network.egress_cidrs",
            "metadata",
            "the metadata service",
        ),
        (
            network(json!({"ingress_cidrs": ["0.0.0.0/0"]})),
            "network.ingress_cidrs",
            "does not grant",
            "the whole target in",
        ),
        (
            prod(network(json!({"egress_cidrs": ["0.0.0.0/0"]}))),
            "network.egress_cidrs",
            "does not grant",
            "the whole target out",
        ),
        (
            network(json!({"egress_presets": ["internet"]})),
            "network.egress_presets",
            "kubernetes_api",
            "unknown preset",
        ),
        (
            network(json!({"egress_fqdns": ["https://a.b"], "engine": "cilium"})),
            "network.egress_fqdns",
            "no domain name",
            "a URL",
        ),
        (
            network(json!({"egress_fqdns": ["a.example.com"], "engine": "calico"})),
            "network.egress_fqdns",
            "cilium",
            "an engine without names",
        ),
        (network(json!({"default_deny": "none"})), "network.default_deny", "close more", "open in dev"),
        (
            prod(network(json!({"default_deny": "ingress"}))),
            "network.default_deny",
            "close more",
            "egress open in production",
        ),
        (prod(network(json!({"engine": "none"}))), "network.engine", "must enforce", "nothing enforces in production"),
        (
            persona("viewer", json!({"principal_arns": ["arn:aws:sts::111122223333:assumed-role/x/y"]})),
            "access.viewer.principal_arns",
            "session",
            "a session",
        ),
        (
            persona("viewer", json!({"principal_arns": ["arn:aws:iam::111122223333:role/aws-service-role/x/y"]})),
            "access.viewer.principal_arns",
            "service-linked",
            "a service-linked role",
        ),
        (
            persona("viewer", json!({"principal_arns": ["arn:aws:iam::111122223333:root"]})),
            "access.viewer.principal_arns",
            "whole account",
            "an account",
        ),
        (
            persona("viewer", json!({"principal_arns": ["arn:aws:iam::111122223333:role/*"]})),
            "access.viewer.principal_arns",
            "wildcard",
            "a wildcard",
        ),
        (
            persona("viewer", json!({"principal_arns": ["PaymentsDev"]})),
            "access.viewer.principal_arns",
            "is not the ARN",
            "a name",
        ),
        (
            persona("viewer", json!({"principal_arns": ["arn:aws:iam::111122223333:group/x"]})),
            "access.viewer.principal_arns",
            "neither a role nor a user",
            "a group",
        ),
        (
            persona("viewer", json!({"permission_sets": ["a b"]})),
            "access.viewer.permission_sets",
            "permission set",
            "a space",
        ),
        (
            persona("viewer", json!({"oidc_groups": ["system:masters"]})),
            "access.viewer.oidc_groups",
            "outsiders",
            "masters",
        ),
        (
            persona("viewer", json!({"oidc_groups": ["gp:p:0123456789abcdef"]})),
            "access.viewer.oidc_groups",
            "outsiders",
            "a group of ours",
        ),
        (persona("viewer", json!({"oidc_groups": ["*"]})), "access.viewer.oidc_groups", "wildcards", "everybody"),
        (
            persona("deployer", json!({"service_accounts": ["ci"]})),
            "access.deployer.service_accounts",
            "<namespace>/<name>",
            "no namespace",
        ),
        (
            persona("deployer", json!({"create_role": true})),
            "access.deployer.trusted_principal_arns",
            "nobody could assume",
            "a role for nobody",
        ),
        (
            persona(
                "deployer",
                json!({"trusted_principal_arns": ["arn:aws:iam::111122223333:role/ci"], "oidc_groups": ["x"]}),
            ),
            "access.deployer.trusted_principal_arns",
            "not made",
            "trust without a role",
        ),
        (
            persona(
                "viewer",
                json!({"principal_arns": ["arn:aws:iam::111122223333:role/x"], "access_policies": ["AmazonEKSClusterAdminPolicy"]}),
            ),
            "access.viewer.access_policies",
            "more than an environment",
            "cluster admin",
        ),
        (
            persona(
                "viewer",
                json!({"principal_arns": ["arn:aws:iam::111122223333:role/x"], "access_policies": ["AmazonEKSEditPolicy"]}),
            ),
            "access.viewer.access_policies",
            "does not grant",
            "not granted",
        ),
        (
            persona("viewer", json!({"oidc_groups": ["x"], "access_policies": ["AmazonEKSViewPolicy"]})),
            "access.viewer.access_policies",
            "no access entry",
            "nobody to give it to",
        ),
        (
            persona("viewer", json!({"oidc_groups": ["x"], "access_policies": ["view"]})),
            "access.viewer.access_policies",
            "AmazonEKSViewPolicy",
            "no policy",
        ),
        (
            json!({"drift": {"ignore": ["ResourceQuota/*"]}}),
            "drift.ignore",
            "matches no object",
            "a pattern that matches nothing",
        ),
        (json!({"adopt": {"take_fields": ["/spec/x"]}}), "adopt.take_fields", "if_marked", "fields without adoption"),
        (
            json!({"adopt": {"mode": "if_marked", "take_fields": ["spec.x"]}}),
            "adopt.take_fields",
            "JSON pointer",
            "no pointer",
        ),
        (
            json!({"cluster": "other", "facts": {"stable": facts(), "version": "1.36", "authentication_mode": "API", "network_policy_enforced": true}}),
            "facts",
            "the facts of",
            "another cluster's facts",
        ),
    ];
    assert!(cases.len() >= 40);
    for (members, field, words, reason) in cases {
        assert_faults(&Spec::Environment(environment(members)), field, words, reason);
    }
}

#[test]
fn all_faults_are_collected() {
    let spec = Spec::Environment(environment(json!({
        "tier": "prod", "pod_security": {"enforce": "baseline", "version": "x"}, "network": {"allow_from": ["x"], "engine": "none"}
    })));
    let fields: Vec<String> = problems(&spec).iter().map(|problem| problem.field.join(".")).collect();
    for field in ["pod_security.version", "network.allow_from", "owner", "pod_security.enforce", "network.engine"] {
        assert!(fields.contains(&field.to_owned()), "{field} is missing in {fields:?}");
    }
}

#[test]
fn what_is_not_known_is_not_wrong() {
    let mut spec = environment(json!({"access": {"deployer": {"create_role": true}}, "network": {"egress_cidrs": []}}));
    spec.access.as_mut().and_then(|a| a.deployer.as_mut()).expect("deployer").trusted_principal_arns =
        crate::domain::Late::Later;
    spec.network.as_mut().expect("network").egress_cidrs = crate::domain::Late::Now(vec![crate::domain::Late::Later]);
    assert_eq!(problems(&Spec::Environment(spec)), []);
}
