//! A failure at every step, without a CLI: for each call that a create makes, one run in which just that call is refused, or
//! the process dies before or after it. The next apply must finish, lose nothing that was made, and leave no orphan.

pub mod clock;
pub mod daemon;
pub mod kills;
pub mod neighbours;
pub mod old_journal;
pub mod real;
pub mod replicas;

use crate::{
    sandbox::{FaultRow, Sandbox},
    server::Server,
};
use acceptance_tests::{
    BASELINE, ENVIRONMENT, SLOT,
    client::{Action, Instance, as_text, errors, no_errors},
};
use anyhow::{Context as _, Result, ensure};
use serde_json::{Value as Json, json};
use std::path::PathBuf;

#[derive(Clone, Copy, Debug)]
pub enum How {
    /// 403.
    Refused,
    /// The process dies and the change was not made.
    DiesBefore,
    /// The process dies, and the change was made.
    DiesAfter,
    /// The change is made and its response lost.
    ResponseLost,
}

impl How {
    pub const ALL: [Self; 4] = [Self::Refused, Self::DiesBefore, Self::DiesAfter, Self::ResponseLost];

    fn action(self) -> &'static str {
        match self {
            Self::Refused => "deny",
            Self::DiesBefore => "exit",
            Self::DiesAfter => "exit-after",
            Self::ResponseLost => "lost",
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Refused => "a 403",
            Self::DiesBefore => "kill -9 before the change",
            Self::DiesAfter => "kill -9 after the change",
            Self::ResponseLost => "a lost response",
        }
    }
}

fn environment() -> Json {
    json!({
        "name": "payments", "team": "payments", "tier": "dev", "cluster": "demo",
        "access": {
            "admin": { "principal_arns": ["arn:aws:iam::111122223333:role/pay-admin"] },
            "deployer": { "create_role": true, "trusted_principal_arns": ["arn:aws:iam::111122223333:role/ci"] },
        },
    })
}

fn slot() -> Json {
    json!({
        "name": "ledger", "environment": "demo/payments",
        "identity": { "statements": [{ "actions": ["s3:GetObject"], "resources": ["arn:aws:s3:::payments-led/*"] }] },
    })
}

/// At each write of a create.
pub async fn create(how: How) -> Result<()> {
    for (resource, config, id) in
        [(ENVIRONMENT, environment(), "demo/payments"), (SLOT, slot(), "demo/payments/ledger")]
    {
        let mut steps = 0;
        for step in 1.. {
            let fixture = FailureFixture::new().await?;
            if resource == SLOT {
                fixture.make(ENVIRONMENT, &environment()).await?;
            }
            let case = fixture.create_fails(resource, &config, id, how, step).await;
            if !case.with_context(|| format!("{how:?} at write {step} of {resource}"))? {
                break;
            }
            steps = step;
        }
        ensure!(steps >= 4, "{resource} is made in {steps} writes only: was the fault met?");
    }
    Ok(())
}

/// At each write of an update and of a destroy.
pub async fn change_and_destroy(how: How) -> Result<()> {
    let mut wider = environment();
    wider["namespaces"] = json!({ "default": {}, "jobs": {} });
    wider["quota"] = json!({ "total": { "requests.cpu": "6" } });
    for (from, to, reason) in [
        (environment(), Some(wider.clone()), "a wider environment"),
        (wider, Some(environment()), "a narrower one, which deletes"),
        (environment(), None, "a destroy"),
    ] {
        let mut steps = 0;
        for step in 1.. {
            let fixture = FailureFixture::new().await?;
            let case = fixture.change_fails(&from, to.as_ref(), how, step).await;
            if !case.with_context(|| format!("{how:?} at write {step} of {reason}"))? {
                break;
            }
            steps = step;
        }
        ensure!(steps >= 3, "{reason} takes {steps} writes only: was the fault met?");
    }
    Ok(())
}

/// A sandbox with a baseline, and a new provider process for each life.
struct FailureFixture {
    folder: tempfile::TempDir,
}

impl FailureFixture {
    async fn new() -> Result<Self> {
        let fixture = Self { folder: tempfile::Builder::new().prefix("gp").tempdir()? };
        fixture.make(BASELINE, &json!({ "cluster": "demo" })).await?;
        Ok(fixture)
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("sandbox.db")
    }

    async fn make(&self, resource: &'static str, config: &Json) -> Result<Instance> {
        let server = Server::start()?;
        let mut instance = Instance::new(&server.client_of(&self.path()).await?, resource);
        no_errors(&instance.plan_and_apply(Some(config)).await?, "apply")?;
        Ok(instance)
    }

    /// False: there is no such step, the create went through.
    async fn create_fails(&self, resource: &'static str, config: &Json, id: &str, how: How, step: u32) -> Result<bool> {
        let sandbox = Sandbox::at(&self.path());
        let before = sandbox.ours()?;
        let server = Server::start()?;
        let mut instance = Instance::new(&server.client_of(&self.path()).await?, resource);
        let planned = instance.plan(Some(config)).await?;
        no_errors(&planned.said, "plan")?;
        sandbox.fault(&FaultRow::new(how.action()).verb("write").nth(step))?;
        let result = instance.apply(planned, None).await;
        if !sandbox.a_fault_was_met()? {
            no_errors(&result?, "an apply that no fault met")?;
            return Ok(false);
        }
        match &result {
            // A lost response may be recovered from: the engine observes again.
            Ok(said) if errors(said).is_empty() => {
                ensure!(matches!(how, How::ResponseLost), "the fault was met and nothing is said")
            }
            Ok(said) => ensure!(as_text(said).len() > 40, "an error must help: {}", as_text(said)),
            Err(_) => ensure!(matches!(how, How::DiesBefore | How::DiesAfter), "{:?}", result.err()),
        }
        self.finishes(instance, config, id).await?;
        let there = sandbox.ours()?;
        ensure!(resource == SLOT || there == before, "after a destroy there is {there:?}");
        Ok(true)
    }

    async fn change_fails(&self, from: &Json, to: Option<&Json>, how: How, step: u32) -> Result<bool> {
        let sandbox = Sandbox::at(&self.path());
        let baseline = sandbox.ours()?;
        let mut instance = self.make(ENVIRONMENT, from).await?;
        let server = Server::start()?;
        instance.client = server.client_of(&self.path()).await?;
        let planned = instance.plan(to).await?;
        no_errors(&planned.said, "plan")?;
        sandbox.fault(&FaultRow::new(how.action()).verb("write").nth(step))?;
        let result = instance.apply(planned, None).await;
        if !sandbox.a_fault_was_met()? {
            no_errors(&result?, "an apply that no fault met")?;
            return Ok(false);
        }
        if to.is_some() {
            ensure!(instance.state.is_some(), "an update that fails keeps the state");
            self.finishes(instance, to.unwrap_or(from), "demo/payments").await?;
        } else {
            sandbox.clear_faults()?;
            let server = Server::start()?;
            if instance.state.is_some() {
                instance.client = server.client_of(&self.path()).await?;
                no_errors(&instance.refresh().await?, "refresh")?;
                // Gone already when it died after the last write: then core plans nothing.
                if instance.state.is_some() {
                    no_errors(&instance.plan_and_apply(None).await?, "the next destroy")?;
                }
            }
        }
        let there = sandbox.ours()?;
        ensure!(there == baseline, "after a destroy there is {there:?}");
        Ok(true)
    }

    /// A new process without the fault: the apply finishes, deletes nothing that it need not, and all of it can be destroyed.
    async fn finishes(&self, mut instance: Instance, config: &Json, id: &str) -> Result<()> {
        let sandbox = Sandbox::at(&self.path());
        sandbox.clear_faults()?;
        let mut there = vec![];
        for key in sandbox.ours()? {
            there.push((sandbox.generated_id(&key)?, key));
        }
        let calls = sandbox.calls()?.len();
        let server = Server::start()?;
        instance.client = server.client_of(&self.path()).await?;
        no_errors(&instance.refresh().await?, "refresh")?;
        let planned = instance.plan(Some(config)).await?;
        no_errors(&planned.said, "the next plan")?;
        let wanted = planned.keys();
        instance.client = server.client_of(&self.path()).await?;
        no_errors(&instance.apply(planned, None).await?, "the next apply")?;
        let deleted = sandbox.calls()?.split_off(calls).into_iter().filter(|call| call.verb == "delete");
        let needless: Vec<_> = deleted.filter(|call| wanted.contains(&call.key)).collect();
        ensure!(needless.is_empty(), "it deletes what it then makes again: {needless:?}");
        for (generated, key) in there {
            if wanted.contains(&key) {
                ensure!(sandbox.generated_id(&key)? == generated, "{key} is not the object that it was");
            }
        }
        instance.client = server.client_of(&self.path()).await?;
        no_errors(&instance.refresh().await?, "refresh")?;
        let next = instance.plan(Some(config)).await?;
        no_errors(&next.said, "the plan after it")?;
        ensure!(next.action == Action::Nothing && !instance.tainted, "the next plan is {:?}", next.action);
        let held = instance.state.as_ref().context("it is in the state")?;
        ensure!(held.value.child("id").as_str() == Some(id), "{id} is {:?}", held.value.child("id"));
        no_errors(&instance.plan_and_apply(None).await?, "destroy")?;
        if instance.resource == SLOT {
            let client = server.client_of(&self.path()).await?;
            let mut parent = Instance::new(&client, ENVIRONMENT);
            parent.import("demo/payments").await?;
            no_errors(&parent.plan_and_apply(None).await?, "destroy of the environment")?;
        }
        Ok(())
    }
}
