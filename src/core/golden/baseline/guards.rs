//! Guards: what admission refuses to tenants. Each is a policy of the built-in pack, installed for every environment and not for a golden
//! path. Few and static: what differs between environments stands in annotations of their Namespaces, which no tenant writes.
//!
//! What is allowed costs no more than its own rule. Only what a rule would refuse asks the authorizer who it is.

use super::admission::objects;
use crate::{
    domain::{Desired, Guard, LABEL_PREFIX, SYSTEM_NAMESPACE},
    golden::catalogue::Reserved,
    policy::{
        document::{Action, Policy, PolicyBinding, installation},
        guards,
    },
};
use serde_json::{Map, Value, json};

/// Of the policy and of its binding.
pub fn name(guard: Guard) -> String {
    format!("gp-guard-{}", guard.as_str().replace('_', "-"))
}

/// Nothing only if a document of the pack can't be read, which a test rules out.
pub fn render(guard: Guard, reserved: &Reserved) -> Vec<Desired> {
    let policy = guards().get(&guard).and_then(|policy| with_params(policy, reserved));
    let exempt = exempt();
    let exempt = (guard != Guard::ClusterRoles).then_some(exempt.as_str());
    let binding = [PolicyBinding { name: None, namespaces: namespaces(guard), action: Action::Deny }];
    policy.map(|policy| objects(&installation(&policy, &name(guard), exempt, &binding))).unwrap_or_default()
}

/// Which names no environment takes is the golden paths', and nothing else.
fn with_params(policy: &Policy, reserved: &Reserved) -> Option<Policy> {
    let Reserved { prefixes, namespaces } = reserved;
    let reserved = [("prefixes", prefixes), ("namespaces", namespaces)];
    let of = |(name, list): (&str, &Vec<String>)| (name.to_owned(), json!(list));
    let params: Map<String, Value> =
        reserved.into_iter().filter(|(name, _)| policy.form.params.contains_key(*name)).map(of).collect();
    policy.clone().with_params(&params).ok()
}

/// No system namespace waits for a guard, but where a stranger could make itself one of ours.
fn namespaces(guard: Guard) -> Value {
    match guard {
        Guard::ClusterRoles | Guard::Namespaces => json!({}),
        _ => {
            json!({"matchExpressions": [{"key": format!("{LABEL_PREFIX}environment"), "operator": "Exists"}]})
        }
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
