//! What a workload may do in AWS, and how its pods get the credentials for it.

use super::{Effect, PolicyJson, Statement};
use crate::domain::{Given, Late, LateList, Problems, choices::choices, forms, quotas};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

choices! {
    #[derive(Default)]
    pub enum IdentityMode {
        #[default]
        PodIdentity = "pod_identity",
        Irsa = "irsa",
        None = "none",
    }
}

choices! {
    #[derive(Default)]
    pub enum IdentityScope {
        /// The role's trust is scoped by the session tags of cluster, namespace and service account.
        #[default]
        Tags = "tags",
        /// The statements are an inline session policy of the association; session tags are off.
        SessionPolicy = "session_policy",
        /// The trust names the Pod Identity service and the account only.
        RoleOnly = "role_only",
    }
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Identity {
    pub mode: IdentityMode,
    pub scope: IdentityScope,
    pub statements: Given<Vec<Statement>>,
    pub policy_json: Option<Late<PolicyJson>>,
    /// Managed policies that are attached to the role.
    pub policy_arns: Given<LateList>,
    pub target_role_arn: Option<Late<String>>,
}

// === impl Identity ===

impl Identity {
    /// Every statement that is known, with the place where it is written.
    pub fn written_statements(&self) -> impl Iterator<Item = (StatementPlace, &Statement)> {
        let own = self.statements.iter().enumerate();
        let own = own.map(|(index, statement)| (StatementPlace::Own(index), statement));
        let document = self.policy_json.iter().filter_map(Late::now).flat_map(PolicyJson::statements);
        own.chain(document.map(|statement| (StatementPlace::Document, statement)))
    }

    pub fn has_statements(&self) -> bool {
        !self.statements.is_empty() || self.policy_json.is_some()
    }

    /// Whether anything is written that only a role can hold.
    pub fn needs_role(&self) -> bool {
        self.has_statements() || !self.policy_arns.is_empty_list()
    }

    /// No document waits for another resource of the run.
    pub fn has_all_statements(&self) -> bool {
        self.policy_json.as_ref().is_none_or(|document| document.now().is_some())
    }

    /// What can be wrong with it by itself.
    pub fn check(&self, problems: &mut Problems) {
        let Self { mode, scope, statements, policy_json: _, policy_arns, target_role_arn } = self;
        if *mode == IdentityMode::None && self.needs_role() {
            let field = if statements.is_empty() { "mode" } else { "statements" };
            problems.error(
                "identity.statements_without_role",
                &["identity", field],
                "`identity.mode` `none` creates no role to hold statements or policies: use `pod_identity`",
                "Use `pod_identity`, or remove the statements and policies.",
            );
        }
        if *mode != IdentityMode::PodIdentity {
            if target_role_arn.is_some() {
                problems.error(
                    "identity.target_mode",
                    &["identity", "target_role_arn"],
                    "Only EKS Pod Identity supports a target role: set `identity.mode = \"pod_identity\"`",
                    "Set `identity.mode = \"pod_identity\"`.",
                );
            }
            if *scope != IdentityScope::Tags {
                problems.error(
                    "identity.scope_mode",
                    &["identity", "scope"],
                    "Only EKS Pod Identity supports `identity.scope`: leave it out",
                    "Leave it out, or set `identity.mode = \"pod_identity\"`.",
                );
            }
        }
        if *scope == IdentityScope::SessionPolicy {
            let allows = self.written_statements().any(|(_, statement)| *statement.effect == Effect::Allow);
            if !allows && self.has_all_statements() {
                problems.error(
                    "identity.session_policy_empty",
                    &["identity", "scope"],
                    "A session policy without a statement that allows something allows nothing: add statements",
                    "Add statements, or set `scope = \"tags\"`.",
                );
            }
            if !policy_arns.is_empty_list() {
                problems.error(
                    "identity.session_policy_cuts",
                    &["identity", "policy_arns"],
                    "A session policy cuts attached policies down to its own statements: set `scope = \"tags\"`",
                    "Set `scope = \"tags\"`, or write what the workload needs in `statements`.",
                );
            }
        }
        self.check_policies(problems);
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
        for (place, statement) in self.written_statements() {
            check_statement(statement, place, problems);
            if let Some(sid) = &statement.sid {
                check_sid(sid, !sids.insert(sid), place, problems);
            }
        }
    }

    fn check_policies(&self, problems: &mut Problems) {
        let at = ["identity", "policy_arns"];
        for arn in self.policy_arns.known_items() {
            if !forms::is_policy_arn(arn) {
                problems.error(
                    "identity.policy_form",
                    &at,
                    format!("{arn:?} is not the ARN of a managed policy"),
                    "Write arn:<partition>:iam::<account or aws>:policy/<path and name>.",
                );
            }
        }
        let asked = self.policy_arns.now().map_or(0, Vec::len);
        // What the account has of it is known where the role is made.
        let most = quotas::ATTACHED.raised;
        if asked > most {
            problems.error(
                "identity.policies_too_many",
                &at,
                format!("{asked} managed policies are more than the {most} that a role may have: join some of them"),
                "Join some of them, or write them as statements.",
            );
        }
    }
}

/// Where a statement is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatementPlace {
    /// By its index in `statements`.
    Own(usize),
    /// In `policy_json`, which has no places inside of it.
    Document,
}

impl StatementPlace {
    /// The field of the spec to blame for a member of the statement.
    pub fn field(self, member: &str) -> Vec<String> {
        match self {
            Self::Own(index) => ["identity", "statements", &index.to_string(), member].map(str::to_owned).into(),
            Self::Document => ["identity", "policy_json"].map(str::to_owned).into(),
        }
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
            format!("Two statements have the ID {sid:?}: rename one"),
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
                format!("{operator} has no key or no value: add one, or remove the condition"),
                "A condition without values never holds. Add a value, or remove the condition.",
            );
        }
    }
}

/// IAM user guide, condition operators.
const OPERATORS: &str = "ArnEquals ArnLike ArnNotEquals ArnNotLike BinaryEquals Bool DateEquals DateGreaterThan DateGreaterThanEquals \
    DateLessThan DateLessThanEquals DateNotEquals IpAddress NotIpAddress Null NumericEquals NumericGreaterThan \
    NumericGreaterThanEquals NumericLessThan NumericLessThanEquals NumericNotEquals StringEquals \
    StringEqualsIgnoreCase StringLike StringNotEquals StringNotEqualsIgnoreCase StringNotLike";
