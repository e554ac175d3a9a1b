//! What AWS says of a workload's policy: a lint of its statements, and its size.

use crate::{
    domain::{
        Effect, Identity, IdentityScope, Problems, in_few_words,
        quotas::{self, policy_size},
    },
    golden::objects::iam,
    policy,
};

pub fn lint(identity: &Identity, problems: &mut Problems) {
    for (place, statement) in identity.written_statements().filter(|(_, statement)| *statement.effect == Effect::Allow)
    {
        let actions: Vec<&str> = statement.actions.known_items().collect();
        let resources: Vec<&str> = statement.resources.known_items().collect();
        for lint in policy::lint(&actions, &resources) {
            let step = in_few_words(lint.remedy);
            problems.error(lint.rule, &place.field(lint.field), format!("{}; {step}", lint.message), lint.remedy);
        }
    }
    if let Some(document) = iam::policy(identity) {
        let size = policy_size(&document);
        let (most, what) = if identity.scope == IdentityScope::SessionPolicy {
            (quotas::SESSION_POLICY.most, "a session policy")
        } else {
            (quotas::INLINE.most, "the inline policies of a role")
        };
        if size > most {
            problems.error(
                "identity.policy_size",
                &["identity", if identity.statements.is_empty() { "policy_json" } else { "statements" }],
                format!("The statements take {size} characters, and {what} may have {most}: use wildcards, or split the workload"),
                "Use wildcards, or split the workload.",
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::golden::{Slot, Spec, fixtures::*};
    use serde_json::json;

    #[test]
    fn an_identity_just_within_its_limits_is_accepted() {
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
