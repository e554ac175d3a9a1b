//! A daemon that dies right after every change that it makes in the target, and is started again: the apply that waits ends as if
//! nothing had happened, and nothing is made twice. Deaths before a change are those after its entry in the ledger (`kills`).

use super::{FailureFixture, How, environment};
use crate::{
    daemon::Daemon,
    sandbox::{FaultRow, Sandbox},
    server::Server,
};
use acceptance_tests::{
    ENVIRONMENT,
    client::{Action, Instance, no_errors},
};
use anyhow::{Context as _, Result, ensure};
use goldenpath_daemon::LedgerEntry;
use serde_json::{Value as Json, json};
use std::{collections::BTreeSet, time::Duration};
use tokio::{pin, select, time::sleep};

pub async fn dies_at_each_write() -> Result<()> {
    let mut wider = environment();
    wider["namespaces"] = json!({ "default": {}, "jobs": {} });
    wider["quota"] = json!({ "total": { "requests.cpu": "6" } });
    let server = Server::start()?;
    for (from, to, reason) in [
        (None, Some(environment()), "a create"),
        (Some(environment()), Some(wider.clone()), "a wider environment"),
        (Some(wider), None, "a destroy"),
    ] {
        let mut steps = 0;
        for step in 1.. {
            let case = FailureFixture::new().await?.goes_on(&server, from.as_ref(), to.as_ref(), step).await;
            if !case.with_context(|| format!("death after write {step} of {reason}"))? {
                break;
            }
            steps = step;
        }
        ensure!(steps >= 3, "{reason} takes {steps} writes only: was the fault met?");
    }
    Ok(())
}

/// Waits for what a daemon does, which is started again when it dies. `at_death` gets the entries of its ledger.
pub async fn outlive<T>(
    daemon: &mut Daemon,
    work: impl Future<Output = Result<T>>,
    mut at_death: impl FnMut(Vec<LedgerEntry>) -> Result<()>,
) -> Result<T> {
    pin!(work);
    loop {
        select! {
            done = &mut work => return done,
            () = sleep(Duration::from_millis(20)) => {
                if daemon.is_dead()? {
                    at_death(daemon.entries()?)?;
                    daemon.start_again()?;
                }
            }
        }
    }
}

impl FailureFixture {
    /// False: there is no such step.
    async fn goes_on(&self, server: &Server, from: Option<&Json>, to: Option<&Json>, step: u32) -> Result<bool> {
        let sandbox = Sandbox::at(&self.path());
        let baseline: BTreeSet<String> = sandbox.ours()?.into_iter().collect();
        let mut daemon = Daemon::start(&self.path())?;
        let client = server.client(&json!({ "daemon": { "endpoint": daemon.endpoint() } })).await?;
        let mut instance = match from {
            Some(from) => self.make(ENVIRONMENT, from).await?,
            None => Instance::new(&client, ENVIRONMENT),
        };
        instance.client = client;
        let planned = instance.plan(to).await?;
        no_errors(&planned.said, "plan")?;
        let mut wanted = planned.keys();
        sandbox.fault(&FaultRow::new(How::DiesAfter.action()).verb("write").nth(step))?;
        let said = outlive(&mut daemon, instance.apply(planned, None), |_| Ok(())).await?;
        no_errors(&said, "the apply that waited")?;
        daemon.verify_ledger()?;
        if to.is_none() {
            ensure!(instance.state.is_none(), "it is gone from the state");
            wanted.clear();
        } else {
            no_errors(&instance.refresh().await?, "refresh")?;
            let next = instance.plan(to).await?;
            no_errors(&next.said, "the plan after it")?;
            ensure!(next.action == Action::Nothing, "the next plan is {:?}", next.action);
        }
        let there: BTreeSet<String> = sandbox.ours()?.into_iter().collect();
        wanted.extend(baseline);
        ensure!(there.iter().all(|key| wanted.contains(key)) && there.len() == wanted.len(), "there is {there:?}");
        sandbox.a_fault_was_met()
    }
}
