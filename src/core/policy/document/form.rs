//! The document's own form. Unknown fields are errors: a misspelt condition must not be no condition.

use crate::domain::{TierClass, Version};
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::{collections::BTreeMap, fmt};

pub const API_VERSION: &str = "goldenpath.internal/v1";

/// What is put before a document's own variables where it is installed.
const INSTALLED: [&str; 2] = ["exempt", "params"];

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct PolicyForm {
    pub api_version: String,
    pub kind: String,
    /// 1 to 40 of a-z, 0-9 and '-'. Admission policies on the cluster are named after it.
    pub name: String,
    pub version: Version,
    pub description: String,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub params: BTreeMap<String, Param>,
    #[serde(rename = "match")]
    pub matches: Vec<Match>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub variables: Vec<Named>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub match_conditions: Vec<Named>,
    pub validations: Vec<Validation>,
    #[serde(default)]
    pub severity: Severities,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exemptions: Vec<Exemption>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Param {
    #[serde(rename = "type")]
    pub kind: ParamType,
    pub default: Value,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ParamType {
    String,
    Integer,
    Number,
    Boolean,
    /// Of strings.
    List,
    /// Of strings to strings.
    Map,
}

/// As a rule of a ValidatingAdmissionPolicy: `*` stands for all.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Match {
    /// API groups. An empty string is the core group.
    pub groups: Vec<String>,
    pub versions: Vec<String>,
    /// Plural and lowercase: `deployments`.
    pub resources: Vec<String>,
    #[serde(default = "default_operations")]
    pub operations: Vec<Operation>,
}

fn default_operations() -> Vec<Operation> {
    vec![Operation::Create, Operation::Update]
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum Operation {
    Create,
    Update,
    Delete,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Named {
    pub name: String,
    pub expression: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Validation {
    /// What must be true.
    pub expression: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// A CEL expression for the message. If it fails, `message` is used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_expression: Option<String>,
    /// What to do about it, in a sentence.
    pub remedy: String,
    /// The HCL attribute that sets the field, if there is one: `share.max_replicas`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
}

/// How severe a violation is, by class of tier. The objects of a baseline are judged as prod.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Severities {
    pub dev: Action,
    pub staging: Action,
    pub prod: Action,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    #[default]
    Deny,
    Warn,
    Audit,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Exemption {
    pub reason: String,
    /// The last day. Plans follow it; admission does not know dates, and follows when the document changes.
    #[schemars(with = "String")]
    pub until: Date,
    pub exempt: Exempt,
}

/// What is exempt. If both are listed, both must match.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Exempt {
    pub namespaces: Vec<String>,
    pub names: Vec<String>,
}

// === impl Severities ===

impl Severities {
    pub fn of(self, class: Option<TierClass>) -> Action {
        match class {
            Some(TierClass::Dev) => self.dev,
            Some(TierClass::Staging) => self.staging,
            Some(TierClass::Prod) | None => self.prod,
        }
    }
}

// === impl Operation ===

impl Operation {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Create => "CREATE",
            Self::Update => "UPDATE",
            Self::Delete => "DELETE",
        }
    }
}

// === impl ParamType ===

impl ParamType {
    pub fn admits(self, value: &Value) -> bool {
        match self {
            Self::String => value.is_string(),
            Self::Integer => value.is_i64(),
            Self::Number => value.is_number(),
            Self::Boolean => value.is_boolean(),
            Self::List => value.as_array().is_some_and(|items| items.iter().all(Value::is_string)),
            Self::Map => value.as_object().is_some_and(|fields| fields.values().all(Value::is_string)),
        }
    }
}

impl fmt::Display for ParamType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::String => "string",
            Self::Integer => "integer",
            Self::Number => "number",
            Self::Boolean => "boolean",
            Self::List => "list of strings",
            Self::Map => "map of strings",
        })
    }
}

// === impl PolicyForm ===

impl PolicyForm {
    /// What is wrong that types can't say, each as a field and a reason.
    pub(super) fn check(&self) -> Vec<(String, String)> {
        let mut found = vec![];
        let mut add = |field: &str, reason: String| found.push((field.to_owned(), reason));
        if self.api_version != API_VERSION {
            add("apiVersion", format!("must be {API_VERSION}"));
        }
        if self.kind != "Policy" {
            add("kind", "must be Policy".to_owned());
        }
        let is_plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        let ends = |name: &str| name.starts_with('-') || name.ends_with('-');
        if !(1..=40).contains(&self.name.len()) || !self.name.bytes().all(is_plain) || ends(&self.name) {
            add("name", "use 1 to 40 of a-z, 0-9 and '-'".to_owned());
        }
        if self.matches.is_empty() {
            add("match", "name at least one resource".to_owned());
        }
        let is_empty = |Match { groups, versions, resources, operations }: &Match| {
            groups.is_empty() || versions.is_empty() || resources.is_empty() || operations.is_empty()
        };
        // It would match nothing here, and the API server takes no such rule.
        if self.matches.iter().any(is_empty) {
            add("match", "name groups, versions, resources and operations of each rule".to_owned());
        }
        if self.validations.is_empty() {
            add("validations", "write at least one".to_owned());
        }
        for taken in self.variables.iter().filter(|variable| INSTALLED.contains(&variable.name.as_str())) {
            add("variables", format!("{} is a variable of every installed policy: use another name", taken.name));
        }
        for (name, param) in &self.params {
            if !param.kind.admits(&param.default) {
                add(&format!("params.{name}"), format!("the default must be a {}", param.kind));
            }
        }
        for exemption in &self.exemptions {
            if exemption.exempt == Exempt::default() {
                add("exemptions", "name the namespaces or objects: one that exempts all leaves no policy".to_owned());
            }
        }
        found
    }
}
