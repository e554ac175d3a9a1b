//! `doctor environment`: each promise of one environment, asked of its cluster. The rows are those of `golden::promises`.
//!
//! ```text
//! objects -> recorded (what is promised) -> caller (what we may ask) -> access, admission, objects, guards (reviews, then findings)
//! ```

mod access;
mod admission;
mod budgets;
mod caller;
mod guards;
mod objects;
mod recorded;
mod rows;

use super::{
    finding::Finding,
    inspection::{DoctorTarget, Inspector, Reach},
    reading::{all_in_time, in_time},
};
use admission::Tries;
use anyhow::Context as _;
use caller::Caller;
use clap::Args;
use goldenpath_core::{domain::EnvironmentId, golden::promises};
use recorded::Recorded;

/// Ask a cluster whether an environment is what it promises: who may do what, what is admitted, and which objects restrict it
///
/// Nothing is changed. Exits with 1 if a promise is not kept, with 2 if the cluster can't be read, and otherwise with 0.
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
    let connect = async { inspector.connect(&target).await.map_err(|error| format!("{error:#}")) };
    let (cluster, catalogue) = in_time(connect).await.map_err(anyhow::Error::msg)?;
    let objects = in_time(cluster.objects()).await.map_err(anyhow::Error::msg);
    let objects = objects.context("the objects of the cluster can't be read")?;
    let recorded = Recorded::of(&objects, &id, &catalogue)?;

    let asked = caller::reviews(&recorded);
    let own = all_in_time(asked.len(), cluster.reviews(asked)).await;
    let caller = Caller::of(&recorded, &own);
    let reviews = access::reviews(&recorded, &objects);
    let reviewed = match caller.may_review() {
        Ok(()) => {
            let asked = reviews.iter().map(access::AccessReview::review).collect();
            all_in_time(reviews.len(), cluster.reviews(asked)).await
        }
        Err(why) => reviews.iter().map(|_| Err(why.clone())).collect(),
    };
    let rows = promises::admission();
    let tries = Tries::of(&recorded, &rows, &caller);
    let documents = tries.documents();
    let results = all_in_time(documents.len(), cluster.dry_runs(documents, caller.as_who())).await;

    let mut findings = vec![recorded.finding()];
    findings.extend(access::judge(&recorded, &reviews, &reviewed));
    findings.extend(tries.judge(results));
    findings.extend(objects::judge(&recorded, &objects));
    findings.push(budgets::judge(&recorded, &objects));
    findings.extend(guards::judge(recorded.baseline.as_ref(), &objects));
    Ok(findings)
}
