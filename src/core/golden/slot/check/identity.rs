//! The identity of a workload: which parts go together, and a lint of its statements that needs no AWS.

use crate::{
    domain::{
        Effect, Identity, IdentityMode, IdentityScope, Problems, Statement, StatementPlace,
        quotas::{self, policy_size},
    },
    golden::{forms, objects::iam},
    policy,
};
use std::collections::BTreeSet;

pub fn check(identity: &Identity, problems: &mut Problems) {
    let Identity { mode, scope, statements, policy_json: _, policy_arns, target_role_arn } = identity;
    if *mode == IdentityMode::None && identity.needs_role() {
        let field = if statements.is_empty() { "mode" } else { "statements" };
        problems.error(
            "identity.statements_without_role",
            &["identity", field],
            "`identity.mode` `none` creates no role to hold statements or policies",
            "Use `pod_identity`, or remove the statements and policies.",
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
    if *scope == IdentityScope::SessionPolicy {
        let allows = identity.written_statements().any(|(_, statement)| *statement.effect == Effect::Allow);
        if !allows && identity.has_all_statements() {
            problems.error(
                "identity.session_policy_empty",
                &["identity", "scope"],
                "A session policy without a statement that allows something allows nothing",
                "Add statements, or set `scope = \"tags\"`.",
            );
        }
        if !policy_arns.is_empty_list() {
            problems.error(
                "identity.session_policy_cuts",
                &["identity", "policy_arns"],
                "A session policy cuts attached policies down to its own statements",
                "Set `scope = \"tags\"`, or write what the workload needs in `statements`.",
            );
        }
    }
    check_policies(identity, problems);
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
    let mut sids = BTreeSet::new();
    for (place, statement) in identity.written_statements() {
        check_statement(statement, place, problems);
        if let Some(sid) = &statement.sid {
            check_sid(sid, !sids.insert(sid), place, problems);
        }
    }
    if let Some(document) = iam::policy(identity) {
        let size = policy_size(&document);
        let (most, what) = if *scope == IdentityScope::SessionPolicy {
            (quotas::SESSION_POLICY.most, "a session policy")
        } else {
            (quotas::INLINE.most, "the inline policies of a role")
        };
        if size > most {
            problems.error(
                "identity.policy_size",
                &["identity", if statements.is_empty() { "policy_json" } else { "statements" }],
                format!("The statements take {size} characters, and {what} may have {most}"),
                "Use wildcards, or split the workload.",
            );
        }
    }
}

fn check_policies(identity: &Identity, problems: &mut Problems) {
    let at = ["identity", "policy_arns"];
    for arn in identity.policy_arns.known_items() {
        if !forms::is_policy_arn(arn) {
            problems.error(
                "identity.policy_form",
                &at,
                format!("{arn:?} is not the ARN of a managed policy"),
                "Write arn:<partition>:iam::<account or aws>:policy/<path and name>.",
            );
        }
    }
    let asked = identity.policy_arns.now().map_or(0, Vec::len);
    // What the account has of it is known where the role is made.
    let most = quotas::ATTACHED.raised;
    if asked > most {
        problems.error(
            "identity.policies_too_many",
            &at,
            format!("{asked} managed policies are more than the {most} that a role may have"),
            "Join some of them, or write them as statements.",
        );
    }
}

/// IAM: letters and digits, and no two alike in one policy.
fn check_sid(sid: &str, is_taken: bool, place: StatementPlace, problems: &mut Problems) {
    let at = place.field("sid");
    if sid.is_empty() || !sid.bytes().all(|b| b.is_ascii_alphanumeric()) {
        problems.error(
            "identity.sid_form",
            &at,
            format!("{sid:?} is not a statement ID"),
            "Use letters and digits only.",
        );
    } else if is_taken {
        problems.error(
            "identity.sid_twice",
            &at,
            format!("Two statements have the ID {sid:?}"),
            "IDs are unique in a policy, and `statements` and `policy_json` become one. Rename one, or leave it out.",
        );
    }
}

fn check_statement(statement: &Statement, place: StatementPlace, problems: &mut Problems) {
    let at = |field| place.field(field);
    for (field, list) in [("actions", &statement.actions), ("resources", &statement.resources)] {
        if list.is_empty_list() {
            problems.error(
                "identity.statement_empty",
                &at(field),
                format!("A statement needs {field}"),
                "Name the actions and the resources of every statement.",
            );
        }
    }
    for action in statement.actions.known_items() {
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
    for resource in statement.resources.known_items() {
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
    if *statement.effect == Effect::Deny {
        return;
    }
    let actions: Vec<&str> = statement.actions.known_items().collect();
    let resources: Vec<&str> = statement.resources.known_items().collect();
    for lint in policy::lint(&actions, &resources) {
        problems.error(lint.rule, &at(lint.field), lint.message, lint.remedy);
    }
}

/// IAM user guide, condition operators.
const OPERATORS: &str = "ArnEquals ArnLike ArnNotEquals ArnNotLike BinaryEquals Bool DateEquals DateGreaterThan DateGreaterThanEquals \
    DateLessThan DateLessThanEquals DateNotEquals IpAddress NotIpAddress Null NumericEquals NumericGreaterThan \
    NumericGreaterThanEquals NumericLessThan NumericLessThanEquals NumericNotEquals StringEquals \
    StringEqualsIgnoreCase StringLike StringNotEquals StringNotEqualsIgnoreCase StringNotLike";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::golden::{Slot, Spec, fixtures::*};
    use serde_json::json;

    #[test]
    fn an_identity_just_within_its_bounds_is_accepted() {
        let policies: Vec<String> = (0..25).map(|n| format!("arn:aws:iam::aws:policy/P{n}")).collect();
        let statement = json!({"actions": ["s3:GetObject"], "resources": ["arn:aws:s3:::payments-led/*"]});
        for (identity, reason) in [
            (json!({ "policy_arns": policies }), "as many policies as IAM attaches in any account"),
            (json!({"scope": "session_policy", "statements": [statement]}), "a session policy that allows something"),
            (json!({"target_role_arn": "arn:aws:iam::444455556666:role/data/reader"}), "a role as a target"),
        ] {
            assert_eq!(problems(&Spec::of::<Slot>(slot(json!({ "identity": identity })))), [], "{reason}");
        }
    }

    #[test]
    fn a_policy_may_be_as_large_as_aws_takes_it() {
        for (scope, most, reason) in [
            ("tags", quotas::INLINE.most, "the inline policies of a role"),
            ("session_policy", quotas::SESSION_POLICY.most, "a session policy"),
        ] {
            let spec = |more: usize| {
                let resource = format!("arn:aws:s3:::payments-{}", "a".repeat(more));
                let statement = json!({"actions": ["s3:GetObject"], "resources": [resource]});
                slot(json!({"identity": {"scope": scope, "statements": [statement]}}))
            };
            let size =
                iam::policy(spec(0).identity.as_ref().expect("an identity")).map(|policy| quotas::policy_size(&policy));
            let more = most - size.expect("all of it is known");
            for (more, expected) in [(more, None), (more + 1, Some("identity.policy_size"))] {
                let found = problems(&Spec::of::<Slot>(spec(more)));
                assert_eq!(found.first().map(|problem| problem.code), expected, "{reason} of {most}: {found:?}");
            }
        }
    }
}
