//! Guards: what admission refuses to tenants, as ValidatingAdmissionPolicies. Few and static: what differs between environments
//! stands in annotations of their Namespaces, which no tenant writes.
//!
//! What is allowed costs no more than its own rule. Only what a rule would refuse asks the authorizer who it is.

mod access;
mod ingress;
mod policy;
mod workloads;

use crate::{
    domain::{Body, Desired, Guard, ObjectKey, SYSTEM_NAMESPACE},
    golden::{
        catalogue::Reserved,
        objects::{document::document, mark::cluster_labels},
    },
    kinds::kubernetes::{validating_admission_policy, validating_admission_policy_binding},
    policy::document::everywhere,
};
use policy::{Place, Policy};
use serde_json::{Value, json};

/// Of the policy and of its binding.
pub fn name(guard: Guard) -> String {
    format!("gp-guard-{}", guard.as_str().replace('_', "-"))
}

pub fn render(guard: Guard, reserved: &Reserved) -> [Desired; 2] {
    let policy = policy_of(guard, reserved);
    let name = name(guard);
    let made = |kind: &crate::kinds::Kind, spec: Value| {
        let body = document(kind.api, kind.name, None, &name, cluster_labels(), json!({ "spec": spec }));
        Desired::new(ObjectKey::kube(kind.api, kind.name, None, &name), Some(Body::Kube(body)))
    };
    let binding = binding(&name, policy.place);
    let policy = made(&validating_admission_policy::KIND, spec(&policy));
    let binding = made(&validating_admission_policy_binding::KIND, binding);
    [policy, binding]
}

fn policy_of(guard: Guard, reserved: &Reserved) -> Policy {
    match guard {
        Guard::TokenSecrets => workloads::token_secrets(),
        Guard::Services => workloads::services(),
        Guard::Pods => workloads::pods(),
        Guard::Replicas => workloads::replicas(),
        Guard::Ingress => ingress::hosts(),
        Guard::Classes => ingress::classes(),
        Guard::ClusterRoles => access::cluster_roles(reserved),
        Guard::Namespaces => access::namespaces(),
        Guard::RoleBindings => access::role_bindings(),
        Guard::Network => access::network_policies(),
    }
}

/// Who may write the record of the baseline is the provider or an administrator. A controller that may do everything is neither:
/// Argo CD and Flux apply what tenants write.
pub fn exempt() -> String {
    format!(
        "authorizer.group('').resource('configmaps').namespace('{SYSTEM_NAMESPACE}').name('gp-baseline').check('patch').allowed() \
         && !('system:serviceaccounts' in request.userInfo.?groups.orValue([]) \
         && authorizer.group('goldenpath.internal').resource('guards').check('bypass').allowed())"
    )
}

fn spec(policy: &Policy) -> Value {
    let Policy { on, exempts, variables, rules, .. } = policy;
    let on: Vec<Value> = on
        .iter()
        .map(|(group, version, resources, operations)| {
            json!({"apiGroups": [group], "apiVersions": [version], "operations": operations, "resources": resources, "scope": "*"})
        })
        .collect();
    let exemption = exempts.then(|| ("exempt", exempt()));
    let variables: Vec<Value> = exemption
        .iter()
        .chain(variables)
        .map(|(name, expression)| json!({"name": name, "expression": expression}))
        .collect();
    let rules: Vec<Value> = rules
        .iter()
        .map(|(rule, message)| {
            let expression = if *exempts { format!("({rule}) || variables.exempt") } else { rule.clone() };
            json!({"expression": expression, "message": message, "reason": "Forbidden"})
        })
        .collect();
    let mut matched = everywhere();
    matched["resourceRules"] = json!(on);
    let mut spec = json!({"failurePolicy": "Fail", "matchConstraints": matched, "validations": rules});
    if !variables.is_empty() {
        spec["variables"] = json!(variables);
    }
    spec
}

fn binding(name: &str, place: Place) -> Value {
    let mut spec = json!({"policyName": name, "validationActions": ["Deny"]});
    if place == Place::Environments {
        // No system namespace waits for a guard.
        let is_ours = json!({"key": policy::ENVIRONMENT, "operator": "Exists"});
        let mut matched = everywhere();
        matched["namespaceSelector"] = json!({"matchExpressions": [is_ours]});
        spec["matchResources"] = matched;
    }
    spec
}
