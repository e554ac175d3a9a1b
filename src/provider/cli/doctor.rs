//! `doctor`: what of the surroundings would keep golden paths from working, and what to do about each.
//!
//! What was seen is judged purely; seeing is lent by the composition root.

mod judge;

use super::{Tools, output, wait_for};
use async_trait::async_trait;
use clap::Args;
use goldenpath_core::domain::{Facts, IdentityProvider, ObjectKey};
use judge::{Finding, Verdict};
use std::{path::PathBuf, process::ExitCode, time::Duration};

/// Which cluster is looked at, and how it is reached; the environment says the rest as for the provider.
#[derive(Clone, Debug, Default)]
pub struct Patient {
    pub cluster: String,
    pub region: Option<String>,
    pub profile: Option<String>,
    pub kubeconfig: Option<PathBuf>,
    pub context: Option<String>,
    pub sandbox: Option<PathBuf>,
}

/// An answer, or why there is none.
pub type Told<T> = Result<T, String>;

/// What one look gives. `None`: it has no meaning in this target.
#[derive(Debug)]
pub struct Seen {
    pub facts: Told<Facts>,
    pub boundary: Told<bool>,
    pub audit_logging: Option<Told<bool>>,
    pub identity_providers: Told<Vec<IdentityProvider>>,
    /// Actions that the caller needs on AWS and may not.
    pub refused_by_aws: Option<Told<Rights>>,
    /// `verb resource` that we need on Kubernetes and may not.
    pub refused: Option<Told<Vec<String>>>,
    /// How far the API server's clock is ahead of ours; in seconds.
    pub clock: Option<Told<i64>>,
    pub objects: Told<Vec<OwnObject>>,
}

#[derive(Clone, Debug)]
pub enum Rights {
    Lacking(Vec<String>),
    /// The caller may not ask what it may.
    Unknown(String),
}

#[derive(Clone, Debug)]
pub struct OwnObject {
    pub key: ObjectKey,
    /// `environment[/slot]`; `None` for what the cluster shares.
    pub owner: Option<String>,
    /// The inventory, if it is a record.
    pub inventory: Option<Vec<String>>,
}

/// Lent by the composition root.
#[async_trait]
pub trait Doctor: Send + Sync {
    async fn look(&self, patient: &Patient) -> anyhow::Result<Seen>;
}

/// Look for what would keep golden paths from working on a cluster
#[derive(Args)]
pub(super) struct Arguments {
    /// Name or ARN of the cluster
    cluster: String,
    /// Its region; else AWS's own chain
    #[arg(long)]
    region: Option<String>,
    /// Profile of AWS's shared configuration
    #[arg(long)]
    profile: Option<String>,
    /// A kubeconfig in place of what EKS tells
    #[arg(long)]
    kubeconfig: Option<PathBuf>,
    /// Its context
    #[arg(long)]
    context: Option<String>,
    /// A sandbox in place of the real targets
    #[arg(long, conflicts_with_all = ["region", "profile", "kubeconfig", "context"])]
    sandbox: Option<PathBuf>,
    /// As JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: Arguments, tools: &Tools) -> anyhow::Result<ExitCode> {
    let Arguments { cluster, region, profile, kubeconfig, context, sandbox, json } = arguments;
    let patient = Patient { cluster, region, profile, kubeconfig, context, sandbox };
    let seen = wait_for(async { tokio::time::timeout(Duration::from_secs(120), tools.doctor.look(&patient)).await })???;
    let findings = judge::judge(&seen);
    if json {
        output::data(&format!("{}\n", serde_json::to_string_pretty(&findings)?))?;
    } else {
        output::data(&text(&findings))?;
    }
    let is_well = findings.iter().all(|finding| finding.verdict != Verdict::Error);
    Ok(if is_well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn text(findings: &[Finding]) -> String {
    let mut text = String::new();
    for finding in findings {
        let verdict = match finding.verdict {
            Verdict::Ok => "ok",
            Verdict::Warning => "warning",
            Verdict::Error => "error",
        };
        text.push_str(&format!("{verdict:<8} {}: {}\n", finding.check, finding.found));
        if !finding.remedy.is_empty() {
            text.push_str(&format!("         {}\n", finding.remedy));
        }
    }
    text
}
