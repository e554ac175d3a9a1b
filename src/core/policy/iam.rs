//! A lint of IAM statements that needs no AWS: power that no workload's role may have, whatever its boundary says.
//!
//! Asked of a request's statements at `validate`, and of every policy of every rendered role in the plan.

/// Services whose actions are power over identities, the cluster or the organisation.
const POWER: [&str; 4] = ["iam", "eks", "organizations", "account"];

/// One fault of one statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lint {
    pub rule: &'static str,
    /// `actions` or `resources`.
    pub field: &'static str,
    pub message: String,
    pub remedy: &'static str,
}

/// The faults of one Allow statement. Unknown elements are left out by the caller, who says "undecided" for them.
pub fn lint(actions: &[&str], resources: &[&str]) -> Vec<Lint> {
    actions.iter().filter_map(|action| lint_action(action, resources)).collect()
}

fn lint_action(action: &str, resources: &[&str]) -> Option<Lint> {
    let lower = action.to_ascii_lowercase();
    let (service, operation) = lower.split_once(':').unwrap_or((&lower, "*"));
    let everything = resources.iter().any(|resource| is_everything(resource));
    let fault = |rule, field, message: String, remedy| Some(Lint { rule, field, message, remedy });
    if service.contains(['*', '?']) {
        return fault(
            "iam.wildcard_service",
            "actions",
            format!("{action} allows actions of many services"),
            "Name the service, and of it the actions that the workload uses.",
        );
    }
    if service == "iam" && operation == "passrole" {
        return everything.then(|| Lint {
            rule: "iam.pass_role_anywhere",
            field: "resources",
            message: "iam:PassRole on every role hands out their power".to_owned(),
            remedy: "Name the role that is passed.",
        });
    }
    if POWER.contains(&service) && operation.contains(['*', '?']) {
        return fault(
            "iam.power_over_identities",
            "actions",
            format!("{action} is power over identities or clusters"),
            "No workload needs it; what the platform makes for a workload, it makes by a golden path.",
        );
    }
    let assumes = service == "sts" && begins(operation, "assumerole");
    if assumes && everything {
        return fault(
            "iam.assume_anything",
            "resources",
            format!("{action} on every role is the power of all of them"),
            "Name the role, or set identity.target_role_arn.",
        );
    }
    None
}

/// `*`, or an ARN in which nothing narrows: `arn:aws:iam::*:role/*`.
fn is_everything(resource: &str) -> bool {
    let last = resource.rsplit(':').next().unwrap_or(resource);
    last == "*" || last == "role/*"
}

/// Whether an operation's pattern, at most with a `*` at its end, matches a name.
fn begins(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        Some((start, _)) => name.starts_with(start),
        None => pattern == name,
    }
}
