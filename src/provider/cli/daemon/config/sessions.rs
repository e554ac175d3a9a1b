//! `sessions`: the role that each operation has a session of.

use super::parts::read;
use crate::resources::provider_config::is_role;
use anyhow::{anyhow, ensure};
use plugin::schema::duration;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value as Json;
use std::time::Duration;

/// STS grants no shorter session, and a chained one no longer than an hour.
const BETWEEN: [Duration; 2] = [Duration::from_secs(900), Duration::from_secs(3600)];

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionsOf {
    pub role_arn: String,
    pub duration: Option<Duration>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Written {
    /// ARN of the role.
    role_arn: String,
    /// Of a session, between `15m` and `1h`.
    duration: Option<String>,
}

pub fn sessions(written: Option<&Json>, is_real: bool) -> anyhow::Result<Option<SessionsOf>> {
    let Some(written) = written else { return Ok(None) };
    let Written { role_arn, duration: text } = read("sessions", written)?;
    ensure!(is_real, "sessions: the sandbox has no roles; set `aws` as the target, or remove `sessions`");
    is_role(&role_arn).map_err(|error| anyhow!("sessions.role_arn: {error}"))?;
    let duration = text.as_deref().map(duration).transpose().map_err(|error| anyhow!("sessions.duration: {error}"))?;
    let [least, most] = BETWEEN;
    ensure!(
        duration.is_none_or(|duration| (least..=most).contains(&duration)),
        "sessions.duration: write something between 15m and 1h, which is all that a session of a session may have"
    );
    Ok(Some(SessionsOf { role_arn, duration }))
}
