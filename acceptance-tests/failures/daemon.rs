//! A daemon that dies at every write, by turns before it and after it, and is started again: the apply that waits ends as if
//! nothing had happened, and nothing is made twice.

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
            let how = if step % 2 == 0 { How::DiesBefore } else { How::DiesAfter };
            let case = FailureFixture::new().await?.goes_on(&server, from.as_ref(), to.as_ref(), how, step).await;
            if !case.with_context(|| format!("{how:?} at write {step} of {reason}"))? {
                break;
            }
            steps = step;
        }
        ensure!(steps >= 3, "{reason} takes {steps} writes only: was the fault met?");
    }
    Ok(())
}

impl FailureFixture {
    /// False: there is no such step.
    async fn goes_on(
        &self,
        server: &Server,
        from: Option<&Json>,
        to: Option<&Json>,
        how: How,
        step: u32,
    ) -> Result<bool> {
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
        sandbox.fault(&FaultRow::new(how.action()).verb("write").nth(step))?;
        let said = {
            let apply = instance.apply(planned, None);
            pin!(apply);
            loop {
                select! {
                    said = &mut apply => break said?,
                    () = sleep(Duration::from_millis(20)) => {
                        if daemon.is_dead()? {
                            daemon.start_again()?;
                        }
                    }
                }
            }
        };
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
