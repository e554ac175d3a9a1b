//! What of our own policy the caller may not, by IAM's policy simulator.
//!
//! Each statement of the policy that `permissions` prints is a question: its actions, on what it allows them on, where its
//! conditions hold. The simulator knows the caller's own policies and permissions boundary and the organisation's; what a session's
//! policy takes away it can't know (IAM User Guide, "IAM policy testing with the IAM policy simulator").

use super::{
    Aws,
    call::call,
    calls::Call,
    permissions::{Part, Place, iam_policy},
};
use aws_sdk_iam::types::{ContextEntry, ContextKeyTypeEnum, EvaluationResult, PolicyEvaluationDecisionType};
use goldenpath_core::{domain::ClusterArn, ports::PortError};
use serde_json::Value;
use std::collections::BTreeSet;

/// Stands for whatever a wildcard admits.
const ANY: &str = "doctor";

#[derive(Debug, PartialEq, Eq)]
struct Question {
    actions: Vec<String>,
    resource: String,
    context: Vec<Given>,
}

/// A key of the request's context, with what satisfies the condition.
#[derive(Debug, PartialEq, Eq)]
struct Given {
    key: String,
    value: String,
    is_list: bool,
}

impl Aws {
    /// Actions on this cluster, and on the roles of its environments, that `caller` needs and may not.
    pub async fn refused(&self, cluster: &ClusterArn, caller: &str) -> Result<Vec<String>, PortError> {
        // Who owns the account has no policies to be judged by, and may all.
        if caller.ends_with(":root") {
            return Ok(vec![]);
        }
        let mut refused = BTreeSet::new();
        for question in questions(&iam_policy(Part::Environments, &Place::of(cluster))) {
            refused.extend(self.refused_of(caller, question).await?);
        }
        Ok(refused.into_iter().collect())
    }

    async fn refused_of(&self, caller: &str, question: Question) -> Result<Vec<String>, PortError> {
        let Question { actions, resource, context } = question;
        let session = self.session().await?;
        let context: Vec<ContextEntry> = context.into_iter().map(entry).collect();
        let (mut refused, mut marker) = (vec![], None);
        loop {
            let asked = session
                .iam
                .simulate_principal_policy()
                .policy_source_arn(caller)
                .set_action_names(Some(actions.clone()))
                .resource_arns(&resource)
                .set_context_entries(Some(context.clone()))
                .set_marker(marker)
                .send();
            let answer = call(session, Call::SimulatePrincipalPolicy, asked).await?;
            let judged = answer.evaluation_results.unwrap_or_default().into_iter();
            let is_refused = |result: &EvaluationResult| result.eval_decision != PolicyEvaluationDecisionType::Allowed;
            refused.extend(judged.filter(is_refused).map(|result| result.eval_action_name));
            marker = answer.marker.filter(|_| answer.is_truncated);
            if marker.is_none() {
                return Ok(refused);
            }
        }
    }
}

fn entry(given: Given) -> ContextEntry {
    let kind = match given.is_list {
        true => ContextKeyTypeEnum::StringList,
        false => ContextKeyTypeEnum::String,
    };
    ContextEntry::builder().context_key_name(given.key).context_key_values(given.value).context_key_type(kind).build()
}

// === questions ===

fn questions(policy: &Value) -> Vec<Question> {
    let mut questions = vec![];
    for statement in policy["Statement"].as_array().into_iter().flatten() {
        for resource in texts(&statement["Resource"]) {
            questions.push(Question {
                actions: texts(&statement["Action"]).map(str::to_owned).collect(),
                resource: match resource {
                    "*" => "*".to_owned(),
                    pattern => pattern.replace('*', ANY),
                },
                context: context(&statement["Condition"]),
            });
        }
    }
    questions
}

fn context(condition: &Value) -> Vec<Given> {
    let mut context = vec![];
    for (operator, keys) in condition.as_object().into_iter().flatten() {
        // That a key is there needs no word: another operator of the same statement says what it is.
        if operator == "Null" {
            continue;
        }
        for (key, allowed) in keys.as_object().into_iter().flatten() {
            let value = match (operator.contains("Not"), texts(allowed).next()) {
                (false, Some(pattern)) => pattern.replace('*', ANY),
                _ => ANY.to_owned(),
            };
            context.push(Given { key: key.clone(), value, is_list: operator.starts_with("ForAllValues:") });
        }
    }
    context
}

/// One text, or a list of them.
fn texts(value: &Value) -> impl Iterator<Item = &str> {
    let list = value.as_array().map(Vec::as_slice);
    list.unwrap_or(std::slice::from_ref(value)).iter().filter_map(Value::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(action: &str) -> Vec<Question> {
        let cluster = "arn:aws:eks:eu-west-1:111122223333:cluster/demo".parse().expect("an ARN");
        let mut questions = questions(&iam_policy(Part::Environments, &Place::of(&cluster)));
        questions.retain(|question| question.actions.iter().any(|one| one == action));
        questions
    }

    #[test]
    fn a_question_meets_the_conditions_of_its_statement() {
        for (action, resource, context, reason) in [
            (
                "iam:CreateRole",
                "arn:aws:iam::111122223333:role/goldenpath/doctor",
                vec![("iam:PermissionsBoundary", "arn:aws:iam::111122223333:policy/goldenpath/boundary", false)],
                "a role under the boundary",
            ),
            (
                "iam:PassRole",
                "arn:aws:iam::111122223333:role/goldenpath/doctor",
                vec![("iam:PassedToService", "pods.eks.amazonaws.com", false)],
                "to pods",
            ),
            (
                "eks:CreateAccessEntry",
                "arn:aws:eks:eu-west-1:111122223333:cluster/demo",
                vec![("eks:kubernetesGroups", "gp:doctor", true), ("eks:accessEntryType", "STANDARD", false)],
                "Null says nothing of its own",
            ),
            (
                "eks:AssociateAccessPolicy",
                "arn:aws:eks:eu-west-1:111122223333:access-entry/demo/doctor",
                vec![
                    ("eks:namespaces", "doctor", true),
                    ("aws:ResourceTag/goldenpath:managed", "true", false),
                    ("eks:accessScope", "namespace", false),
                    ("eks:policyArn", "arn:aws:eks::aws:cluster-access-policy/AmazonEKSAdminPolicy", false),
                ],
                "any namespace but those that are refused",
            ),
            ("iam:ListRoles", "*", vec![], "what has no resource"),
        ] {
            let expected = Question {
                actions: asked(action).into_iter().flat_map(|question| question.actions).collect(),
                resource: resource.to_owned(),
                context: context
                    .into_iter()
                    .map(|(key, value, is_list)| Given { key: key.to_owned(), value: value.to_owned(), is_list })
                    .collect(),
            };
            assert_eq!(asked(action), [expected], "{reason}");
        }
    }

    #[test]
    fn each_resource_is_asked_for() {
        let resources: Vec<String> = asked("eks:TagResource").into_iter().map(|question| question.resource).collect();
        assert_eq!(
            resources,
            [
                "arn:aws:eks:eu-west-1:111122223333:access-entry/demo/doctor",
                "arn:aws:eks:eu-west-1:111122223333:podidentityassociation/demo/doctor"
            ]
        );
    }
}
