//! The JSON of `terraform show -json PLAN`: as much of it as a review needs, and values that must not be shown.

use goldenpath_core::kinds::legible;
use serde::Deserialize;
use serde_json::Value;

const OURS: &str = "goldenpath_";

/// What a CLI does with a resource that is managed, as far as this program knows it.
const ACTIONS: [&str; 6] = ["no-op", "create", "read", "update", "delete", "forget"];

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
    #[error("the action {action} on {address} is not known; use a newer version of this program")]
    Action { action: String, address: String },
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
        let mut plan: Self = serde_json::from_slice(without_mark(json)).map_err(PlanError::Json)?;
        if plan.format_version.split('.').next() != Some("1") {
            return Err(PlanError::Format(legible(&plan.format_version)));
        }
        if plan.resource_changes.is_none() && plan.planned_values.is_none() {
            return Err(PlanError::State);
        }
        // Taken for nothing, it would pass every gate.
        let unknown = plan.ours().find_map(|resource| Some((resource, resource.change.unknown_action()?)));
        if let Some((resource, action)) = unknown {
            return Err(PlanError::Action { action: legible(action), address: legible(&resource.address) });
        }
        plan.resource_changes.iter_mut().flatten().for_each(|resource| resource.change.drop_predecessor());
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
    fn unknown_action(&self) -> Option<&str> {
        self.actions.iter().map(String::as_str).find(|action| !ACTIONS.contains(action))
    }

    /// With `destroy = false`, a replacement makes another one and leaves the old one as it is: what is made was nothing before.
    fn drop_predecessor(&mut self) {
        let has = |wanted: &str| self.actions.iter().any(|action| action == wanted);
        if has("forget") && has("create") {
            self.actions.retain(|action| action != "forget");
            (self.before, self.before_sensitive) = (Value::Null, Value::Null);
        }
    }

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

/// A byte order mark, which PowerShell and some editors write, is no JSON.
pub fn without_mark(json: &[u8]) -> &[u8] {
    json.strip_prefix("\u{feff}".as_bytes()).unwrap_or(json)
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
