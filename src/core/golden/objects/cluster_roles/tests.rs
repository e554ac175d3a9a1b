use super::*;
use crate::golden::Catalogue;

fn built_in(persona: PersonaName) -> Vec<Value> {
    let catalogue = Catalogue::built_in();
    rules(persona, |_| true, catalogue.role_rules(persona))
}

/// Kubernetes' own evaluation of RBAC rules, without names of resources and without wildcards, which our rules don't have.
fn may(persona: PersonaName, verb: &str, group: &str, resource: &str) -> bool {
    let has = |rule: &Value, name: &str, wanted: &str| {
        rule[name].as_array().is_some_and(|all| all.iter().any(|v| v == wanted))
    };
    built_in(persona)
        .iter()
        .any(|rule| has(rule, "verbs", verb) && has(rule, "apiGroups", group) && has(rule, "resources", resource))
}

/// Beside the rows of `promises`.
#[test]
fn who_may_do_what() {
    use PersonaName::{Admin, Deployer, Developer, Viewer};
    let all = [Viewer, Developer, Deployer, Admin];
    for (verb, group, resource, allowed, reason) in [
        ("get", "", "pods", &all[..], "everybody looks"),
        ("get", "", "pods/log", &all[..], "and reads logs"),
        ("list", "networking.k8s.io", "networkpolicies", &all[..], "rules are to be seen"),
        ("watch", "rbac.authorization.k8s.io", "rolebindings", &all[..], "and who may enter"),
        ("get", "", "secrets", &[Deployer, Admin][..], "Secrets for deployer and admin"),
        ("update", "", "secrets", &[Deployer, Admin][..], "and writes"),
        ("patch", "apps", "deployments/scale", &[Developer, Deployer, Admin][..], "scaling"),
        ("delete", "", "pods", &[Developer, Deployer, Admin][..], "restarting"),
        ("create", "policy", "poddisruptionbudgets", &[Developer, Deployer, Admin][..], "availability"),
        ("create", "", "pods/portforward", &[Developer, Admin][..], "the deployer is a machine"),
        ("patch", "", "pods/ephemeralcontainers", &[Developer, Admin][..], "debugging"),
        ("delete", "", "limitranges", &[][..], "bounds are the platform's"),
        ("create", "rbac.authorization.k8s.io", "roles", &[Deployer, Admin][..], "a chart's own"),
        ("create", "", "serviceaccounts", &[Deployer, Admin][..], "a chart's own"),
        ("get", "cert-manager.io", "certificates", &all[..], "what operators say of a request"),
        ("patch", "cert-manager.io", "certificates", &[Deployer, Admin][..], "an operator's kind is part of a stack"),
        ("create", "argoproj.io", "rollouts", &[Deployer, Admin][..], "a workload in other words"),
        ("get", "cert-manager.io", "clusterissuers", &[][..], "the platform's"),
        ("impersonate", "", "serviceaccounts", &[][..], "nobody is somebody else"),
        ("bind", "rbac.authorization.k8s.io", "clusterroles", &[][..], "no escalation"),
    ] {
        let able: Vec<PersonaName> = all.into_iter().filter(|persona| may(*persona, verb, group, resource)).collect();
        assert_eq!(able, allowed, "{verb} {group}/{resource}: {reason}");
    }
}

#[test]
fn no_rule_has_a_wildcard() {
    for persona in PersonaName::ALL {
        assert!(!Value::from(built_in(persona)).to_string().contains('*'), "{persona}");
    }
}

#[test]
fn what_a_guard_keeps_inside_needs_the_guard() {
    for (guard, group, resource) in [
        (Guard::Network, "networking.k8s.io", "networkpolicies"),
        (Guard::RoleBindings, "rbac.authorization.k8s.io", "rolebindings"),
    ] {
        let writes = |is_on: bool| {
            let rules = rules(PersonaName::Admin, |other| other != guard || is_on, []);
            rules.iter().any(|rule| rule["apiGroups"] == json!([group]) && rule["resources"] == json!([resource]))
        };
        assert!(writes(true) && !writes(false), "{resource}");
    }
}
