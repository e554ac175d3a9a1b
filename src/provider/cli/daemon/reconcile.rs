//! What the daemon does between applies, as it is configured.

use anyhow::{anyhow, ensure};
use goldenpath_core::domain::{ClusterRef, TierName};
use plugin::schema::duration;
use schemars::JsonSchema;
use serde::Deserialize;
use std::{collections::BTreeMap, time::Duration};

const INTERVAL: &str = "10m";
const JITTER: &str = "10%";

pub struct ReconcileSettings {
    pub interval: Duration,
    /// In percent.
    pub jitter: u32,
    pub clusters: Vec<ClusterRef>,
    pub tiers: BTreeMap<String, TierSettings>,
}

pub struct TierSettings {
    pub heals: bool,
    pub interval: Duration,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WrittenReconcile {
    /// How often clusters are compared with what is recorded, `10m` by default.
    interval: Option<String>,
    /// By how much a round may be earlier or later, up to `50%`; `10%` by default.
    jitter: Option<String>,
    /// Names or ARNs. By default the target's only one.
    clusters: Option<Vec<String>>,
    /// By the name of the tier.
    tiers: Option<BTreeMap<String, WrittenTier>>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct WrittenTier {
    /// What is done about drift, `observe` by default.
    mode: Option<WrittenMode>,
    /// That of this tier.
    interval: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum WrittenMode {
    /// It is shown.
    Observe,
    /// The recorded request is applied again.
    Heal,
}

// === impl WrittenReconcile ===

impl WrittenReconcile {
    pub fn read(self) -> anyhow::Result<ReconcileSettings> {
        let Self { interval, jitter, clusters, tiers } = self;
        let read = |field: String, text: &str| duration(text).map_err(|error| anyhow!("{field}: {error}"));
        let interval = read("reconcile.interval".to_owned(), interval.as_deref().unwrap_or(INTERVAL))?;
        let written = jitter.as_deref().unwrap_or(JITTER);
        let jitter =
            written.strip_suffix('%').and_then(|percent| percent.parse().ok()).filter(|percent| *percent <= 50);
        let jitter =
            jitter.ok_or_else(|| anyhow!("reconcile.jitter: {written:?} is not a percentage from 0% to 50%"))?;
        let clusters = clusters.unwrap_or_default();
        let clusters =
            clusters.iter().map(|cluster| cluster.parse().map_err(|error| anyhow!("reconcile.clusters: {error}")));
        let tiers = tiers.unwrap_or_default().into_iter().map(|(tier, WrittenTier { mode, interval: own })| {
            ensure!(tier.parse::<TierName>().is_ok(), "reconcile.tiers: {tier:?} is not the name of a tier");
            let interval = match own {
                Some(own) => read(format!("reconcile.tiers.{tier}.interval"), &own)?,
                None => interval,
            };
            Ok((tier, TierSettings { heals: mode == Some(WrittenMode::Heal), interval }))
        });
        Ok(ReconcileSettings {
            interval,
            jitter,
            clusters: clusters.collect::<anyhow::Result<_>>()?,
            tiers: tiers.collect::<anyhow::Result<_>>()?,
        })
    }
}
