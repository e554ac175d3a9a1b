//! Out-of-band changes in the sandbox, for the command line.

use crate::cli::{Edit, NewFault, OutOfBandEditor, Row};
use async_trait::async_trait;
use goldenpath_core::{
    domain::{Class, ObjectKey, Owner, Ownership},
    kinds,
};
use goldenpath_sandbox::{Fault, Sandbox, SandboxError, SandboxOptions};
use std::path::PathBuf;

pub(super) fn open(path: PathBuf, cluster: Option<&str>) -> anyhow::Result<Box<dyn OutOfBandEditor>> {
    let sandbox = Sandbox::open(path, SandboxOptions::default());
    Ok(Box::new(match cluster {
        Some(cluster) => sandbox.at(cluster.parse()?),
        None => sandbox,
    }))
}

#[async_trait]
impl OutOfBandEditor for Sandbox {
    async fn list(&self) -> anyhow::Result<Vec<Row>> {
        let objects = Sandbox::list(self).await?.into_iter();
        let state = |deleting| if deleting { "terminating" } else { "" }.to_owned();
        Ok(objects.map(|o| vec![o.key.to_string(), owner(o.ownership), state(o.deleting)]).collect())
    }

    async fn show(&self, key: &str) -> anyhow::Result<Option<serde_json::Value>> {
        match Sandbox::show(self, &key_of(self, key).await?).await {
            Ok(document) => Ok(Some(document)),
            Err(SandboxError::Refused(refusal)) if refusal.class == Class::NotFound => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    async fn edit(&self, edit: Edit) -> anyhow::Result<()> {
        let Edit { key, changes, manager, apply } = edit;
        let key = key_of(self, &key).await?;
        for (pointer, value) in changes {
            Sandbox::edit(self, &key, &pointer, value, &manager, apply).await?;
        }
        Ok(())
    }

    async fn delete(&self, key: &str) -> anyhow::Result<()> {
        self.remove(&key_of(self, key).await?).await?;
        Ok(())
    }

    async fn add_fault(&self, fault: NewFault) -> anyhow::Result<i64> {
        let NewFault { action, call, verb, kind, key, skip, times } = fault;
        let verb = verb.map(|verb| verb.parse()).transpose()?;
        let fault = Fault { action: action.parse()?, call, verb, kind, key, skip, times };
        Ok(Sandbox::add_fault(self, fault).await?)
    }

    async fn faults(&self) -> anyhow::Result<Vec<Row>> {
        let rows = Sandbox::faults(self).await?.into_iter().map(|row| {
            let counts = format!("matched {}, failed {}", row.matched, row.fired);
            vec![row.id.to_string(), row.fault.action.to_string(), counts, conditions(&row.fault)]
        });
        Ok(rows.collect())
    }

    async fn clear_faults(&self) -> anyhow::Result<()> {
        Ok(Sandbox::clear_faults(self).await?)
    }

    async fn calls(&self) -> anyhow::Result<Vec<Row>> {
        let calls = Sandbox::calls(self).await?.into_iter();
        Ok(calls.map(|call| vec![call.number.to_string(), call.verb.to_string(), call.key, call.outcome]).collect())
    }
}

/// Whole, or as `objects` shows it.
async fn key_of(sandbox: &Sandbox, text: &str) -> anyhow::Result<ObjectKey> {
    let shown = Sandbox::list(sandbox).await?.into_iter().find(|object| kinds::short(&object.key.to_string()) == text);
    Ok(shown.map_or_else(|| text.parse(), |object| Ok(object.key))?)
}

fn owner(ownership: Ownership) -> String {
    match ownership {
        Ownership::Ours(Owner { environment, slot: Some(slot) }) => format!("slot {environment}/{slot}"),
        Ownership::Ours(Owner { environment, slot: None }) => format!("environment {environment}"),
        Ownership::Cluster => "cluster".to_owned(),
        Ownership::Foreign { by } => format!("foreign: {by}"),
    }
}

/// As the flags that set them.
fn conditions(fault: &Fault) -> String {
    let Fault { action: _, call, verb, kind, key, skip, times } = fault;
    let flags = [
        call.map(|call| format!("--call {call}")),
        verb.map(|verb| format!("--verb {verb}")),
        kind.as_ref().map(|kind| format!("--kind {kind}")),
        key.as_ref().map(|key| format!("--key {key}")),
        (*skip > 0).then(|| format!("--skip {skip}")),
        times.map(|times| format!("--times {times}")),
    ];
    flags.into_iter().flatten().collect::<Vec<_>>().join(" ")
}
