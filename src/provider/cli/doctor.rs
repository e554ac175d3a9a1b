//! `doctor`: what would keep golden paths from working on a cluster, or an environment from being what it promises, and what to do
//! about it.
//!
//! Judging is pure; reading is lent by the composition root.

mod environment;
mod finding;
mod inspection;
mod judge;
mod own;
mod reading;

pub use environment::examine;
pub use finding::Finding;
pub use inspection::{CallerPermissions, DoctorTarget, Inspection, Inspector, LiveCluster, Reach, TargetOptions};
pub use own::{OwnObject, OwnRecord};
pub use reading::{Reading, in_time};

use super::output;
use anyhow::Context as _;
use clap::{Args, Subcommand};
use finding::CheckStatus;
use std::{
    io::{self, Write as _},
    process::ExitCode,
};

/// Check a cluster and its account for anything that would keep golden paths from working
///
/// A check without a response within two minutes is an error; the others are reported all the same.
#[derive(Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(super) struct Arguments {
    #[command(subcommand)]
    part: Option<Part>,
    /// Name or ARN of the cluster
    #[arg(required = true)]
    cluster: Option<String>,
    #[command(flatten)]
    reach: Reach,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Subcommand)]
enum Part {
    Environment(environment::Arguments),
}

pub(super) async fn run(arguments: Arguments, inspector: &dyn Inspector) -> anyhow::Result<ExitCode> {
    let Arguments { part, cluster, reach, json } = arguments;
    if let Some(Part::Environment(arguments)) = part {
        let environment::Arguments { id, reach, json } = arguments;
        return match examine(id, reach, inspector).await {
            Ok(findings) => print(&findings, json),
            Err(error) => {
                writeln!(io::stderr(), "Error: {error:#}")?;
                Ok(ExitCode::from(2))
            }
        };
    }
    reach.place.check()?;
    let target = DoctorTarget { cluster: cluster.context("no cluster is named")?, reach };
    print(&judge::judge(&inspector.inspect(&target).await?), json)
}

fn print(findings: &[Finding], json: bool) -> anyhow::Result<ExitCode> {
    let printed = if json { format!("{}\n", serde_json::to_string_pretty(findings)?) } else { finding::text(findings) };
    output::data(&printed)?;
    let is_error = |finding: &Finding| finding.status == CheckStatus::Error;
    Ok(if findings.iter().any(is_error) { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::testing::{Line, Unreachable};
    use clap::Parser as _;

    /// It would be made, and all would be well with it.
    #[tokio::test]
    async fn a_sandbox_that_is_not_there_is_not_examined() {
        let line = Line::try_parse_from(["doctor", "demo", "--sandbox", "nowhere.db"]).unwrap();
        let error = run(line.arguments, &Unreachable).await.unwrap_err().to_string();
        assert!(error.starts_with("no sandbox at nowhere.db"), "{error}");
    }

    #[test]
    fn a_context_may_go_through_a_bastion() {
        for (line, expected, reason) in [
            (&["doctor", "demo"][..], None, "by EKS's endpoint"),
            (&["doctor", "demo", "--context", "a"], None, "directly"),
            (&["doctor", "--proxied", "--context", "a", "demo"], Some(true), "by its own server and CA"),
        ] {
            let line = Line::<Arguments>::try_parse_from(line).expect(reason);
            assert_eq!(line.arguments.reach.place.proxied, expected, "{reason}");
        }
        assert!(
            Line::<Arguments>::try_parse_from(["doctor", "demo", "--proxied", "--sandbox", "a.db"]).is_err(),
            "no cluster"
        );
    }
}
