//! A lint of IAM statements that needs no AWS: power that no workload's role may have, whatever its boundary says.
//!
//! It reads a request's statements at `validate`, and every policy of every rendered role in the plan.

use crate::domain::covers;

/// Services whose actions are power over identities, clusters or the organisation. Groups and permission sets of IAM Identity Center
/// say who assumes which role, trust anchors of Roles Anywhere whose certificates do.
pub const POWER: [&str; 8] =
    ["account", "eks", "iam", "identitystore", "organizations", "rolesanywhere", "sso", "sso-directory"];

/// What is wrong with one statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lint {
    pub rule: &'static str,
    /// `actions` or `resources`.
    pub field: &'static str,
    pub message: String,
    pub remedy: &'static str,
}

/// What is wrong with one Allow statement. Unknown elements are left out by the caller, who reports them as undecided.
pub fn lint(actions: &[&str], resources: &[&str]) -> Vec<Lint> {
    actions.iter().filter_map(|action| lint_action(action, resources)).collect()
}

fn lint_action(action: &str, resources: &[&str]) -> Option<Lint> {
    let lower = action.to_ascii_lowercase();
    let (service, operation) = lower.split_once(':').unwrap_or((&lower, "*"));
    let everything = resources.iter().any(|resource| is_everything(resource));
    let found = |rule, field, message: String, remedy| Some(Lint { rule, field, message, remedy });
    if service.contains(['*', '?']) {
        return found(
            "iam.wildcard_service",
            "actions",
            format!("{action} allows actions of many services"),
            "Name the service, and the actions of it that the workload uses.",
        );
    }
    if service == "iam" && operation == "passrole" {
        return everything.then(|| Lint {
            rule: "iam.pass_role_anywhere",
            field: "resources",
            message: "iam:PassRole on every role grants the permissions of all of them".to_owned(),
            remedy: "Name the role that is passed.",
        });
    }
    if POWER.contains(&service) && operation.contains(['*', '?']) {
        return found(
            "iam.power_over_identities",
            "actions",
            format!("{action} grants power over identities or clusters"),
            "Remove the action: identities and clusters are managed by the golden path.",
        );
    }
    let assumes = service == "sts" && ["assumerole", "assumeroot"].iter().any(|name| begins(operation, name));
    if assumes && everything {
        return found(
            "iam.assume_anything",
            "resources",
            format!("{action} on every role grants the permissions of all of them"),
            "Name the role, or set `identity.target_role_arn`.",
        );
    }
    None
}

/// Whatever its form (`*`, `role/**`, `arn:aws:iam::*:r*`, `????`): it matches roles that have nothing in common.
fn is_everything(resource: &str) -> bool {
    let resource = resource.replace('?', "*");
    let last = resource.rsplit(':').next().unwrap_or(&resource);
    ["role/x", "role/very/long/path/Q9"]
        .into_iter()
        .all(|role| covers(&resource, &format!("arn:aws:iam::111122223333:{role}")) || covers(last, role))
}

/// Whether an operation's pattern may match a name, by what stands before its first wildcard.
fn begins(pattern: &str, name: &str) -> bool {
    match pattern.split_once(['*', '?']) {
        Some((start, _)) => name.starts_with(start),
        None => pattern == name,
    }
}
