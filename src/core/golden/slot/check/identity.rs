//! The identity of a workload: which parts go together, and a lint of its statements that needs no AWS.

use crate::{
    domain::{Identity, IdentityMode, IdentityScope, Problems, Statement},
    golden::{forms, objects::iam},
    policy,
};

/// IAM: inline policies of a role, together, without white space.
const LARGEST_INLINE: usize = 10_240;
/// EKS CreatePodIdentityAssociation and STS: a session policy, as text.
const LARGEST_SESSION: usize = 2_048;

pub fn check(identity: &Identity, problems: &mut Problems) {
    let Identity { mode, scope, statements, target_role_arn } = identity;
    if *mode == IdentityMode::None && !statements.is_empty() {
        problems.error(
            "identity.statements_without_role",
            &["identity", "statements"],
            "`identity.mode` `none` creates no role to hold statements",
            "Use `pod_identity`, or remove the statements.",
        );
    }
    if *mode != IdentityMode::PodIdentity {
        if target_role_arn.is_some() {
            problems.error(
                "identity.target_mode",
                &["identity", "target_role_arn"],
                "Only EKS Pod Identity supports a target role",
                "Set `identity.mode = \"pod_identity\"`.",
            );
        }
        if *scope != IdentityScope::Tags {
            problems.error(
                "identity.scope_mode",
                &["identity", "scope"],
                "Only EKS Pod Identity supports `identity.scope`",
                "Leave it out, or set `identity.mode = \"pod_identity\"`.",
            );
        }
    }
    if *scope == IdentityScope::SessionPolicy && statements.is_empty() {
        problems.error(
            "identity.session_policy_empty",
            &["identity", "scope"],
            "A session policy without statements allows nothing",
            "Add statements, or set `scope = \"tags\"`.",
        );
    }
    if let Some(target) = target_role_arn.as_ref().and_then(|target| target.now())
        && forms::iam_arn(target).is_none_or(|(_, resource)| !resource.starts_with("role/") || target.contains('*'))
    {
        problems.error(
            "identity.target_form",
            &["identity", "target_role_arn"],
            format!("{target:?} is not the ARN of an IAM role"),
            "Write arn:<partition>:iam::<account>:role/<path and name>.",
        );
    }
    for (index, statement) in statements.iter().enumerate() {
        check_statement(statement, index, problems);
    }
    if let Some(document) = iam::policy(statements) {
        let size = document.to_string().len();
        let (most, what) = if *scope == IdentityScope::SessionPolicy {
            (LARGEST_SESSION, "a session policy")
        } else {
            (LARGEST_INLINE, "the inline policies of a role")
        };
        if size > most {
            problems.error(
                "identity.policy_size",
                &["identity", "statements"],
                format!("The statements take {size} characters, and {what} may have {most}"),
                "Use wildcards, or split the workload.",
            );
        }
    }
}

fn check_statement(statement: &Statement, index: usize, problems: &mut Problems) {
    let index = index.to_string();
    let at = |field| ["identity", "statements", index.as_str(), field];
    for (field, list) in [("actions", &statement.actions), ("resources", &statement.resources)] {
        if list.is_empty_list() {
            problems.error(
                "identity.statement_empty",
                &at(field),
                format!("A statement needs {field}"),
                "Name the actions and the resources that every statement allows.",
            );
        }
    }
    for action in statement.actions.known() {
        // `*` and `*:*` are no service's; the lint reports it.
        let form = action.split_once(':').is_some_and(|(service, operation)| {
            let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_*?".contains(&b);
            !service.is_empty() && !operation.is_empty() && service.bytes().all(plain) && operation.bytes().all(plain)
        });
        if !form && action != "*" {
            problems.error(
                "identity.action_form",
                &at("actions"),
                format!("{action:?} is not an IAM action"),
                "Write <service>:<operation>, such as s3:GetObject.",
            );
        }
    }
    for resource in statement.resources.known() {
        if resource != "*" && !(resource.starts_with("arn:") && resource.splitn(6, ':').count() == 6) {
            problems.error(
                "identity.resource_form",
                &at("resources"),
                format!("{resource:?} is not an IAM resource"),
                "Write an ARN, or * where the action supports no resource.",
            );
        }
    }
    for (operator, keys) in &statement.conditions {
        let known = operator.trim_end_matches("IfExists").rsplit(':').next().unwrap_or_default();
        if OPERATORS.split_whitespace().all(|operator| operator != known) {
            problems.error(
                "identity.condition_operator",
                &at("conditions"),
                format!("{operator:?} is not an IAM condition operator"),
                "Use an operator such as StringEquals, ArnLike, Bool or IpAddress.",
            );
        }
        if keys.is_empty() || keys.values().any(Vec::is_empty) {
            problems.error(
                "identity.condition_empty",
                &at("conditions"),
                format!("{operator} has no key or no value"),
                "A condition without values never holds. Add a value, or remove the condition.",
            );
        }
    }
    let actions: Vec<&str> = statement.actions.known().collect();
    let resources: Vec<&str> = statement.resources.known().collect();
    for lint in policy::lint(&actions, &resources) {
        problems.error(lint.rule, &at(lint.field), lint.message, lint.remedy);
    }
}

/// IAM user guide, condition operators.
const OPERATORS: &str = "ArnEquals ArnLike ArnNotEquals ArnNotLike BinaryEquals Bool DateEquals DateGreaterThan DateGreaterThanEquals \
    DateLessThan DateLessThanEquals DateNotEquals IpAddress NotIpAddress Null NumericEquals NumericGreaterThan \
    NumericGreaterThanEquals NumericLessThan NumericLessThanEquals NumericNotEquals StringEquals \
    StringEqualsIgnoreCase StringLike StringNotEquals StringNotEqualsIgnoreCase StringNotLike";
