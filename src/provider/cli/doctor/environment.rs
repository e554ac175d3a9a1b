//! `doctor environment`: each promise of one environment, asked of its cluster. The rows are those of `golden::promises`.
//!
//! ```text
//! objects -> recorded (what is promised) -> caller (what we may ask) -> access, admission, bounds, guards (questions, then findings)
//! ```

mod access;
mod admission;
mod bounds;
mod budgets;
mod caller;
mod guards;
mod recorded;
mod rows;

use super::{
    finding::Finding,
    inspection::{DoctorTarget, Inspector, Reach},
};
use admission::Tries;
use caller::Caller;
use clap::Args;
use goldenpath_core::{domain::EnvironmentId, golden::promises};
use recorded::Recorded;

/// Ask a cluster whether an environment is what it promises: who may do what, what is admitted, and what bounds it
///
/// Nothing is changed. Exits with 1 if a promise is broken, with 2 if nothing can be asked, and otherwise with 0.
#[derive(Args)]
pub(super) struct Arguments {
    /// ID of the environment, `<cluster>/<environment>`
    pub id: EnvironmentId,
    #[command(flatten)]
    pub reach: Reach,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

pub async fn examine(id: EnvironmentId, reach: Reach, inspector: &dyn Inspector) -> anyhow::Result<Vec<Finding>> {
    anyhow::ensure!(reach.place.sandbox.is_none(), "a sandbox has no RBAC and no admission that could be asked");
    let target = DoctorTarget { cluster: id.cluster.clone(), reach };
    let (cluster, catalogue) = inspector.connect(&target).await?;
    let objects = cluster.objects().await.map_err(anyhow::Error::msg)?;
    let recorded = Recorded::of(&objects, &id, &catalogue)?;

    let own = cluster.reviews(caller::questions(&recorded)).await;
    let caller = Caller::of(&recorded, &own);
    let questions = access::questions(&recorded, &objects);
    let answers = match caller.may_review() {
        Ok(()) => cluster.reviews(questions.iter().map(access::Question::review).collect()).await,
        Err(why) => questions.iter().map(|_| Err(why.clone())).collect(),
    };
    let rows = promises::admission();
    let tries = Tries::of(&recorded, &rows, &caller);
    let results = cluster.dry_runs(tries.documents(), caller.as_who()).await;

    let mut findings = vec![recorded.finding()];
    findings.extend(access::judge(&recorded, &questions, &answers));
    findings.extend(tries.judge(results));
    findings.extend(bounds::judge(&recorded, &objects));
    findings.push(budgets::judge(&recorded, &objects));
    findings.extend(guards::judge(recorded.baseline.as_ref(), &objects));
    Ok(findings)
}
