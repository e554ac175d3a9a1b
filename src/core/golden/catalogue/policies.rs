//! The policies of a path: which hold, how severely in each tier, with which params, and who is exempt.

use super::life::PathReference;
use crate::{
    domain::Version,
    policy::document::{Exemption, Policy, PolicyForm, Severities},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::sync::Arc;

/// One policy, by reference or written out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PathPolicy {
    /// `<name> <version>` of a document of kind Policy in the catalogue, or of a built-in policy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub policy: Option<PathReference>,
    /// The policy itself, written as such a document, instead of `policy`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inline: Option<PolicyForm>,
    /// Values that override the policy's defaults.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub params: Map<String, Value>,
    /// Replaces the policy's own. A class that is left out is `deny`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<Severities>,
    /// In addition to the policy's own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exemptions: Vec<Exemption>,
}

/// Those of a path, checked. Equal if the path's own text is.
#[derive(Clone, Debug, Default)]
pub struct PathPolicies(pub Vec<Arc<Policy>>);

// === impl PathPolicies ===

impl PartialEq for PathPolicies {
    fn eq(&self, other: &Self) -> bool {
        let forms = |policies: &Self| policies.0.iter().map(|policy| policy.form.clone()).collect::<Vec<_>>();
        forms(self) == forms(other)
    }
}

// === impl PathPolicy ===

impl PathPolicy {
    /// The policy that it comes to. The error says what is wrong, and at which of its fields.
    pub(super) fn resolve(&self, find: impl Fn(&str, Version) -> Option<Policy>) -> Result<Policy, (String, String)> {
        let wrong = |field: &str, reason: String| (field.to_owned(), reason);
        let policy = match (&self.policy, &self.inline) {
            (Some(PathReference { name: Some(name), version }), None) => find(name, *version).ok_or_else(|| {
                wrong("policy", format!("no policy {name} {version} is in the catalogue or built in"))
            })?,
            (Some(_), None) => return Err(wrong("policy", "it is <name> <version>".to_owned())),
            (None, Some(form)) => {
                Policy::from_form(form.clone()).map_err(|problem| wrong("inline", problem.to_string()))?
            }
            _ => return Err(wrong("policy", "name a `policy`, or write it under `inline`".to_owned())),
        };
        let policy = policy.with_severity(self.severity).with_exemptions(&self.exemptions);
        let policy = policy.map_err(|problem| wrong("exemptions", problem.to_string()))?;
        policy.with_params(&self.params).map_err(|reason| wrong("params", reason))
    }
}
