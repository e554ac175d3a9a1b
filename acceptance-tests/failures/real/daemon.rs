//! A daemon on the real servers that is killed in the middle of an operation and started again: whoever waits for it gets what was
//! asked for. The sandbox's walk meets each write; here it is a sample of a create and of a destroy.

use super::fixture::{RealFailureFixture, server};
use crate::daemon::{Daemon, UNSHARED};
use acceptance_tests::{
    ENVIRONMENT,
    client::{Instance, Planned, no_errors},
    proxy::Intervention,
    servers::Real,
};
use anyhow::{Context as _, Result, ensure};
use serde_json::json;
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::{pin, select, time::sleep};

pub(super) async fn is_killed(real: Arc<Real>) -> Result<()> {
    let server = server(&real).await?;
    let fixture = RealFailureFixture::new(&real, &server, "fkilled".to_owned()).await?;
    let environment = real.environment(&fixture.proxy.url);
    let mut daemon = Daemon::with("aws: { region: eu-west-1 }", UNSHARED, environment)?;
    let endpoint = json!({ "daemon": { "endpoint": daemon.endpoint() } });
    for (step, reason) in [(2, "as it begins"), (9, "in the middle")] {
        let mut instance = Instance::new(&server.client(&endpoint).await?, ENVIRONMENT);
        let planned = instance.plan(Some(&fixture.config(ENVIRONMENT))).await?;
        no_errors(&planned.said, "plan")?;
        fixture
            .applies(&mut daemon, &mut instance, planned, step)
            .await
            .with_context(|| format!("a create, {reason}"))?;
        fixture.is_quiet(&mut instance).await?;
        instance.client = server.client(&endpoint).await?;
        let planned = instance.plan(None).await?;
        no_errors(&planned.said, "plan of a destroy")?;
        fixture
            .applies(&mut daemon, &mut instance, planned, step)
            .await
            .with_context(|| format!("a destroy, {reason}"))?;
        ensure!(instance.state.is_none(), "it is gone from the state");
        fixture.is_gone().await?;
    }
    daemon.verify_ledger()
}

impl RealFailureFixture {
    /// With the daemon killed at this write, and started again.
    async fn applies(&self, daemon: &mut Daemon, instance: &mut Instance, planned: Planned, step: usize) -> Result<()> {
        let writes = Arc::new(AtomicUsize::new(0));
        let counted = writes.clone();
        self.proxy.rule(move |request| {
            if request.is_write() {
                counted.fetch_add(1, Ordering::SeqCst);
            }
            Intervention::Wait(Duration::from_millis(20))
        });
        let mut was_killed = false;
        let said = {
            let apply = instance.apply(planned, None);
            pin!(apply);
            loop {
                select! {
                    said = &mut apply => break said?,
                    () = sleep(Duration::from_millis(5)) => {
                        if !was_killed && writes.load(Ordering::SeqCst) >= step {
                            daemon.kill()?;
                            was_killed = true;
                            daemon.start_again()?;
                        }
                    }
                }
            }
        };
        self.proxy.pass_all();
        ensure!(was_killed, "it took less than {step} writes");
        no_errors(&said, "the apply that waited")
    }
}
