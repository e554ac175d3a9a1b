use super::*;

/// Kubernetes' own evaluation of RBAC rules, without names of resources and without wildcards, which our rules don't have.
fn may(persona: PersonaName, verb: &str, group: &str, resource: &str) -> bool {
    let has = |rule: &Value, name: &str, wanted: &str| {
        rule[name].as_array().is_some_and(|all| all.iter().any(|v| v == wanted))
    };
    rules(persona)
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
        ("create", "rbac.authorization.k8s.io", "roles", &[][..], "access is the platform's"),
        ("create", "", "serviceaccounts", &[][..], "identities are slots'"),
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
        assert!(!Value::from(rules(persona)).to_string().contains('*'), "{persona}");
    }
}
