//! The JSON of `terraform show -json PLAN`: as much of it as a review needs, and values that must not be shown.

use goldenpath_core::kinds::legible;
use serde::Deserialize;
use serde_json::Value;

const OURS: &str = "goldenpath_";

#[derive(Deserialize)]
pub struct Plan {
    format_version: String,
    #[serde(default)]
    pub errored: bool,
    /// Left out by the CLIs if there is nothing to do; a plan has at least the other.
    resource_changes: Option<Vec<Resource>>,
    planned_values: Option<Value>,
    #[serde(default)]
    pub checks: Vec<Check>,
}

#[derive(Deserialize)]
pub struct Resource {
    pub address: String,
    pub previous_address: Option<String>,
    mode: String,
    #[serde(rename = "type")]
    pub resource_type: String,
    pub deposed: Option<String>,
    pub action_reason: Option<String>,
    pub change: Values,
}

#[derive(Deserialize)]
pub struct Values {
    pub actions: Vec<String>,
    #[serde(default)]
    before: Value,
    #[serde(default)]
    after: Value,
    #[serde(default)]
    after_unknown: Value,
    #[serde(default)]
    before_sensitive: Value,
    #[serde(default)]
    after_sensitive: Value,
    pub importing: Option<Value>,
}

#[derive(Deserialize)]
pub struct Check {
    pub address: CheckAddress,
    pub status: String,
    #[serde(default)]
    pub instances: Vec<CheckInstance>,
}

#[derive(Deserialize)]
pub struct CheckAddress {
    pub to_display: String,
}

#[derive(Deserialize)]
pub struct CheckInstance {
    #[serde(default)]
    pub problems: Vec<CheckProblem>,
}

#[derive(Deserialize)]
pub struct CheckProblem {
    pub message: String,
}

#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    #[error("this is not the JSON that `terraform show -json PLAN` prints")]
    Json(#[source] serde_json::Error),
    #[error("this is the JSON of a state, not of a plan; save one with `terraform plan -out=FILE`")]
    State,
    #[error("the format {0} of this plan is not known; use a newer version of this program")]
    Format(String),
}

/// A value of an attribute, before or after.
#[derive(Debug, Clone, PartialEq)]
pub enum Known<'a> {
    Absent,
    Sensitive,
    Unknown,
    Value(&'a Value),
}

#[derive(Clone, Copy)]
pub enum Side {
    Before,
    After,
}

// === impl Plan ===

impl Plan {
    pub fn parse(json: &[u8]) -> Result<Self, PlanError> {
        let plan: Self = serde_json::from_slice(json).map_err(PlanError::Json)?;
        if plan.format_version.split('.').next() != Some("1") {
            return Err(PlanError::Format(legible(&plan.format_version)));
        }
        if plan.resource_changes.is_none() && plan.planned_values.is_none() {
            return Err(PlanError::State);
        }
        Ok(plan)
    }

    /// Resources of this provider.
    pub fn ours(&self) -> impl Iterator<Item = &Resource> {
        self.managed_resources().filter(|resource| resource.resource_type.starts_with(OURS))
    }

    /// How many of other providers change.
    pub fn others(&self) -> usize {
        let others = self.managed_resources().filter(|resource| !resource.resource_type.starts_with(OURS));
        others.filter(|resource| resource.change.actions != ["no-op"]).count()
    }

    fn managed_resources(&self) -> impl Iterator<Item = &Resource> {
        self.resource_changes.iter().flatten().filter(|resource| resource.mode == "managed")
    }
}

// === impl Values ===

impl Values {
    /// As it is afterwards, and what of it is not known yet.
    pub fn after(&self) -> (&Value, &Value) {
        (&self.after, &self.after_unknown)
    }

    /// Secrecy of a part or of the whole hides it.
    pub fn get(&self, side: Side, path: &[&str]) -> Known<'_> {
        let (mut value, mut secret, mut unknown) = match side {
            Side::Before => (&self.before, &self.before_sensitive, &Value::Null),
            Side::After => (&self.after, &self.after_sensitive, &self.after_unknown),
        };
        for step in path {
            value = &value[*step];
            (secret, unknown) = (under(secret, step), under(unknown, step));
        }
        match () {
            () if has_mark(secret) => Known::Sensitive,
            () if has_mark(unknown) => Known::Unknown,
            () if value.is_null() => Known::Absent,
            () => Known::Value(value),
        }
    }

    /// The keys of a map, known or not; `None`: the map as a whole is not known or secret.
    pub fn keys(&self, side: Side, attribute: &str) -> Option<Vec<&str>> {
        let (value, secret, unknown) = match side {
            Side::Before => (&self.before, &self.before_sensitive, &Value::Null),
            Side::After => (&self.after, &self.after_sensitive, &self.after_unknown),
        };
        let marked = [&secret[attribute], &unknown[attribute], secret, unknown];
        if marked.contains(&&Value::Bool(true)) {
            return None;
        }
        let maps = [&value[attribute], &unknown[attribute]];
        let mut keys: Vec<&str> =
            maps.iter().filter_map(|map| map.as_object()).flatten().map(|(key, _)| &**key).collect();
        keys.sort_unstable();
        keys.dedup();
        Some(keys)
    }
}

/// Marks are as deep as they have to be: `true` holds for all below.
fn under<'a>(marks: &'a Value, step: &str) -> &'a Value {
    if *marks == Value::Bool(true) { marks } else { &marks[step] }
}

fn has_mark(marks: &Value) -> bool {
    match marks {
        Value::Bool(is_marked) => *is_marked,
        Value::Object(members) => members.values().any(has_mark),
        Value::Array(items) => items.iter().any(has_mark),
        _ => false,
    }
}
