//! Which permissions of our own policy the caller lacks, by IAM's policy simulator.
//!
//! Each statement of the policy that `permissions` prints becomes a request: its actions, on the resources that it allows them on,
//! where its conditions hold. The simulator knows the caller's own policies and permissions boundary and the organisation's; it
//! cannot know what a session policy takes away (IAM User Guide, "IAM policy testing with the IAM policy simulator").

use super::{
    account::Aws,
    call::list,
    calls::Call,
    permissions::{Part, PermissionScope, iam_policy},
};
use aws_sdk_iam::types::{ContextEntry, ContextKeyTypeEnum, EvaluationResult, PolicyEvaluationDecisionType};
use goldenpath_core::{domain::RolePatterns, ports::PortError};
use serde_json::Value;
use std::collections::BTreeSet;

/// Stands for whatever a wildcard admits.
const ANY: &str = "doctor";

#[derive(Debug, PartialEq, Eq)]
struct SimulationRequest {
    actions: Vec<String>,
    resource: String,
    context: Vec<ContextValue>,
}

/// A key of the request's context, with a value that satisfies the condition.
#[derive(Debug, PartialEq, Eq)]
struct ContextValue {
    key: String,
    value: String,
    is_list: bool,
}

impl Aws {
    /// The actions on this cluster, and on the roles of its environments, that `caller` needs and is not allowed.
    pub async fn lacking_permissions(&self, scope: &PermissionScope, caller: &str) -> Result<Vec<String>, PortError> {
        // The root user of the account has no policies to be judged by, and is allowed everything.
        if caller.ends_with(":root") {
            return Ok(vec![]);
        }
        let mut lacking = BTreeSet::new();
        for request in all_requests(scope) {
            lacking.extend(self.simulate(caller, request).await?);
        }
        Ok(lacking.into_iter().collect())
    }

    async fn simulate(&self, caller: &str, request: SimulationRequest) -> Result<Vec<String>, PortError> {
        let SimulationRequest { actions, resource, context } = request;
        let clients = self.clients().await?;
        let pages = clients
            .iam
            .simulate_principal_policy()
            .policy_source_arn(caller)
            .set_action_names(Some(actions))
            .resource_arns(resource)
            .set_context_entries(Some(context.into_iter().map(entry).collect()))
            .into_paginator()
            .send();
        let results = list(clients, Call::SimulatePrincipalPolicy, pages, |page| {
            (page.evaluation_results.unwrap_or_default(), page.marker)
        })
        .await?;
        let is_denied = |result: &EvaluationResult| result.eval_decision != PolicyEvaluationDecisionType::Allowed;
        Ok(results.into_iter().filter(is_denied).map(|result| result.eval_action_name).collect())
    }
}

fn entry(given: ContextValue) -> ContextEntry {
    let kind = match given.is_list {
        true => ContextKeyTypeEnum::StringList,
        false => ContextKeyTypeEnum::String,
    };
    ContextEntry::builder().context_key_name(given.key).context_key_values(given.value).context_key_type(kind).build()
}

// === Requests ===

/// A request holds one boundary, and a role may have any of them.
fn all_requests(scope: &PermissionScope) -> Vec<SimulationRequest> {
    let mut all = vec![];
    for boundary in &scope.roles.boundaries {
        let roles = RolePatterns { boundaries: vec![boundary.clone()], ..scope.roles.clone() };
        for request in requests(&iam_policy(Part::Environments, &PermissionScope { roles, ..scope.clone() })) {
            if !all.contains(&request) {
                all.push(request);
            }
        }
    }
    all
}

fn requests(policy: &Value) -> Vec<SimulationRequest> {
    let mut requests = vec![];
    for statement in policy["Statement"].as_array().into_iter().flatten() {
        for resource in texts(&statement["Resource"]) {
            requests.push(SimulationRequest {
                actions: texts(&statement["Action"]).map(str::to_owned).collect(),
                resource: match resource {
                    "*" => "*".to_owned(),
                    pattern => pattern.replace('*', ANY),
                },
                context: context(&statement["Condition"]),
            });
        }
    }
    requests
}

fn context(condition: &Value) -> Vec<ContextValue> {
    let mut context = vec![];
    for (operator, keys) in condition.as_object().into_iter().flatten() {
        // That a key is present needs no value: another operator of the same statement gives one.
        if operator == "Null" {
            continue;
        }
        for (key, allowed) in keys.as_object().into_iter().flatten() {
            let value = match (operator.contains("Not"), texts(allowed).next()) {
                (false, Some(pattern)) => pattern.replace('*', ANY),
                _ => ANY.to_owned(),
            };
            context.push(ContextValue { key: key.clone(), value, is_list: operator.starts_with("ForAllValues:") });
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

    fn with_action_and_boundaries(action: &str, boundaries: &[&str]) -> Vec<SimulationRequest> {
        let cluster = "arn:aws:eks:eu-west-1:111122223333:cluster/demo".parse().expect("an ARN");
        let boundaries = boundaries.iter().map(|name| format!("arn:aws:iam::111122223333:policy/{name}")).collect();
        let roles = RolePatterns { paths: vec!["/goldenpath/*".to_owned()], boundaries };
        let mut requests = all_requests(&PermissionScope::of(Some(&cluster), roles));
        requests.retain(|request| request.actions.iter().any(|one| one == action));
        requests
    }

    fn with_action(action: &str) -> Vec<SimulationRequest> {
        with_action_and_boundaries(action, &["goldenpath/boundary"])
    }

    #[test]
    fn each_boundary_is_asked_about() {
        for (action, asked, reason) in [
            ("iam:CreateRole", vec!["policy/goldenpath/boundary", "policy/own"], "in a condition"),
            ("iam:GetPolicy", vec!["policy/goldenpath/boundary", "policy/own"], "as a resource"),
            ("iam:TagRole", vec![""], "once where it does not matter"),
        ] {
            let requests = with_action_and_boundaries(action, &["goldenpath/boundary", "own"]);
            let found: Vec<&str> = requests
                .iter()
                .map(|SimulationRequest { resource, context, .. }| {
                    let mut values = context.iter().map(|one| &one.value).chain([resource]);
                    values.find_map(|value| value.find("policy/").map(|at| &value[at..])).unwrap_or_default()
                })
                .collect();
            assert_eq!(found, asked, "{action}: {reason}");
        }
    }

    #[test]
    fn a_request_meets_the_conditions_of_its_statement() {
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
                "Null adds no value of its own",
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
                "any namespace but those that are excluded",
            ),
            ("iam:ListRoles", "*", vec![], "what has no resource"),
        ] {
            let expected = SimulationRequest {
                actions: with_action(action).into_iter().flat_map(|request| request.actions).collect(),
                resource: resource.to_owned(),
                context: context
                    .into_iter()
                    .map(|(key, value, is_list)| ContextValue { key: key.to_owned(), value: value.to_owned(), is_list })
                    .collect(),
            };
            assert_eq!(with_action(action), [expected], "{reason}");
        }
    }

    #[test]
    fn each_resource_has_a_request() {
        let resources: Vec<String> =
            with_action("eks:TagResource").into_iter().map(|request| request.resource).collect();
        assert_eq!(
            resources,
            [
                "arn:aws:eks:eu-west-1:111122223333:access-entry/demo/doctor",
                "arn:aws:eks:eu-west-1:111122223333:podidentityassociation/demo/doctor"
            ]
        );
    }
}
