//! What a tier opens that another one keeps shut, in words.

use super::catalogue::Tier;
use crate::domain::DefaultDeny;

/// So many of a list are named.
const MOST_NAMED: usize = 4;

/// The word of the document for one of its choices.
fn word(choice: &impl serde::Serialize) -> String {
    serde_json::to_value(choice).ok().and_then(|word| word.as_str().map(str::to_owned)).unwrap_or_default()
}

/// Empty: nothing opens.
pub fn opens(before: &Tier, after: &Tier) -> Vec<String> {
    let mut opens = vec![];
    if after.class < before.class {
        opens.push(format!("class {} becomes {}", word(&before.class), word(&after.class)));
    }
    if after.pod_security.enforce < before.pod_security.enforce {
        let (before, after) = (before.pod_security.enforce, after.pod_security.enforce);
        opens.push(format!("Pod Security enforces {} instead of {}", word(&after), word(&before)));
    }
    let (denied, denies) = (before.network.default_deny, after.network.default_deny);
    if denies != denied && denies != DefaultDeny::Both && denied != DefaultDeny::None {
        opens.push(format!("the network denies by default: {} instead of {}", word(&denies), word(&denied)));
    }
    for (persona, role) in &after.roles {
        if let Some(old) = before.roles.get(persona).filter(|old| role > old) {
            opens.push(format!("a {persona} has the permissions of a {role} instead of a {old}"));
        }
    }
    let (old, new) = (&before.grants, &after.grants);
    for (what, old, new) in [
        ("principals", &old.principals, &new.principals),
        ("access policies", &old.access_policies, &new.access_policies),
        ("IAM actions", &old.actions, &new.actions),
        ("IAM resources", &old.resources, &new.resources),
        ("managed policies", &old.policy_arns, &new.policy_arns),
        ("IAM actions on any resource", &old.any_resource_actions, &new.any_resource_actions),
        ("ingress from", &old.ingress_cidrs, &new.ingress_cidrs),
        ("egress to", &old.egress_cidrs, &new.egress_cidrs),
        ("egress to names", &old.egress_fqdns, &new.egress_fqdns),
    ] {
        let more: Vec<&str> = new.iter().filter(|one| !old.contains(one)).map(String::as_str).collect();
        if !more.is_empty() {
            let rest = more.len().saturating_sub(MOST_NAMED);
            let named = more.iter().take(MOST_NAMED).copied().collect::<Vec<_>>().join(", ");
            let rest = if rest == 0 { String::new() } else { format!(" and {rest} more") };
            opens.push(format!("{what}: {named}{rest}"));
        }
    }
    opens
}
