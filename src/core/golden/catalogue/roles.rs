//! What a golden path lets personas do with kinds of operators. Kubernetes' own kinds are in the ClusterRoles already, with what
//! guards keep inside.

use crate::domain::PersonaName;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a path adds for each persona.
pub type PathRoles = BTreeMap<PersonaName, PathRole>;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PathRole {
    pub rules: Vec<RoleRule>,
}

/// As in a Role.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RoleRule {
    pub groups: Vec<String>,
    pub resources: Vec<String>,
    pub verbs: Vec<String>,
}

const VERBS: [&str; 8] = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];

/// Groups whose objects decide what the cluster, its network or its nodes do, with all groups below them: no tenant writes or reads them
/// by a path. AdminNetworkPolicy and the like are under `k8s.io`.
const NEVER: [&str; 10] = [
    "goldenpath.internal",
    "antrea.io",
    "cilium.io",
    "crd.k8s.amazonaws.com",
    "networking.k8s.aws",
    "vpcresources.k8s.aws",
    "projectcalico.org",
    "tigera.io",
    "karpenter.k8s.aws",
    "karpenter.sh",
];

/// Under this domain Kubernetes has its own groups; these are projects' of its SIGs.
const OF_PROJECTS: [&str; 3] = ["autoscaling.k8s.io", "gateway.networking.k8s.io", "snapshot.storage.k8s.io"];

pub(super) fn are_sound(roles: &PathRoles) -> Result<(), String> {
    for (persona, PathRole { rules }) in roles {
        for rule in rules {
            is_sound(rule).map_err(|reason| format!("roles.{persona}.rules: {reason}"))?;
        }
    }
    Ok(())
}

fn is_sound(RoleRule { groups, resources, verbs }: &RoleRule) -> Result<(), String> {
    if groups.is_empty() || resources.is_empty() || verbs.is_empty() {
        return Err("a rule has groups, resources and verbs".to_owned());
    }
    for group in groups {
        let is_of_kubernetes =
            !group.contains('.') || group.ends_with(".k8s.io") && !OF_PROJECTS.contains(&group.as_str());
        if group.contains('*') || is_of_kubernetes {
            return Err(format!(
                "the group {group:?} is Kubernetes' own, whose kinds personas have already; name the groups of operators"
            ));
        }
        if NEVER.iter().any(|never| group == never || group.ends_with(&format!(".{never}"))) {
            return Err(format!("the group {group:?} decides about the cluster, its network or its nodes"));
        }
    }
    for resource in resources {
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'/' | b'-');
        if resource.is_empty() || !resource.bytes().all(plain) {
            return Err(format!("the resource {resource:?} is not the plural of a kind in lower case"));
        }
    }
    match verbs.iter().find(|verb| !VERBS.contains(&verb.as_str())) {
        Some(verb) => Err(format!("the verb {verb:?} is not one of {}", VERBS.join(", "))),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_is_about_kinds_of_operators() {
        for (group, resource, verb, is_right, reason) in [
            ("cert-manager.io", "certificates", "create", true, "an operator's kind"),
            ("gateway.networking.k8s.io", "httproutes", "list", true, "a project of a SIG"),
            ("argoproj.io", "rollouts/scale", "patch", true, "a subresource"),
            ("*", "certificates", "get", false, "every group, Kubernetes' own too"),
            ("", "secrets", "get", false, "a viewer would read Secrets"),
            ("apps", "deployments", "create", false, "personas have it, or must not"),
            ("rbac.authorization.k8s.io", "clusterroles", "bind", false, "escalation"),
            ("admissionregistration.k8s.io", "validatingadmissionpolicies", "delete", false, "the guards"),
            ("cilium.io", "ciliumnetworkpolicies", "create", false, "around the default deny"),
            ("policy.networking.k8s.aws", "clusternetworkpolicies", "create", false, "the network of all"),
            ("policy.networking.k8s.io", "adminnetworkpolicies", "create", false, "the same of a SIG"),
            ("projectcalico.org", "networkpolicies", "create", false, "around the default deny"),
            ("crd.projectcalico.org", "networksets", "create", false, "the same behind Calico's own API server"),
            ("operator.tigera.io", "installations", "patch", false, "Calico as a whole"),
            ("crd.antrea.io", "networkpolicies", "create", false, "another engine's"),
            ("vpcresources.k8s.aws", "securitygrouppolicies", "create", false, "security groups of others"),
            ("crd.k8s.amazonaws.com", "eniconfigs", "create", false, "subnets of pods"),
            ("karpenter.k8s.aws", "ec2nodeclasses", "create", false, "what nodes are"),
            ("elbv2.k8s.aws", "targetgroupbindings", "get", true, "another project of AWS"),
            ("cert-manager.io", "*", "get", false, "kinds that do not exist yet"),
            ("cert-manager.io", "Certificates", "get", false, "RBAC knows plurals in lower case"),
            ("cert-manager.io", "signers", "approve", false, "a verb with a meaning of its own"),
            ("cert-manager.io", "certificates", "*", false, "escalate and bind among them"),
        ] {
            let rule =
                RoleRule { groups: vec![group.into()], resources: vec![resource.into()], verbs: vec![verb.into()] };
            assert_eq!(is_sound(&rule).is_ok(), is_right, "{reason}: {:?}", is_sound(&rule));
        }
        let list = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        for (groups, resources, verbs, reason) in [
            (&[][..], &[][..], &[][..], "nothing at all"),
            (&[], &["certificates"], &["get"], "of no group"),
            (&["cert-manager.io"], &[], &["get"], "no kinds"),
            (&["cert-manager.io"], &["certificates"], &[], "nothing to do with them"),
        ] {
            let rule = RoleRule { groups: list(groups), resources: list(resources), verbs: list(verbs) };
            assert!(is_sound(&rule).is_err(), "{reason}");
        }
    }
}
