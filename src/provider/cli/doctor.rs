//! `doctor`: what would keep golden paths from working on a cluster, and what to do about it.
//!
//! Judging is pure; reading is lent by the composition root.

mod inspection;
mod judge;

pub use inspection::{CallerPermissions, DoctorTarget, Inspection, Inspector, OwnObject, Reading};

use super::output;
use clap::Args;
use judge::{CheckStatus, Finding};
use std::{fmt::Write, process::ExitCode, time::Duration};

/// Check a cluster and its account for what would keep golden paths from working
#[derive(Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    target: DoctorTarget,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(arguments: Arguments, inspector: &dyn Inspector) -> anyhow::Result<ExitCode> {
    let Arguments { target, json } = arguments;
    let inspection = tokio::time::timeout(Duration::from_secs(120), inspector.inspect(&target)).await??;
    let findings = judge::judge(&inspection);
    output::data(&if json { format!("{}\n", serde_json::to_string_pretty(&findings)?) } else { text(&findings) })?;
    let is_error = |finding: &Finding| finding.status == CheckStatus::Error;
    Ok(if findings.iter().any(is_error) { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn text(findings: &[Finding]) -> String {
    findings.iter().fold(String::new(), |mut text, Finding { check, status, found, remedy }| {
        let status = match status {
            CheckStatus::Ok => "ok",
            CheckStatus::Warning => "warning",
            CheckStatus::Error => "error",
        };
        let _ = writeln!(text, "{status:<8} {check}: {found}");
        if !remedy.is_empty() {
            let _ = writeln!(text, "         {remedy}");
        }
        text
    })
}
