//! The hand that the command line lends to people: the sandbox's own, in the command's words.

use crate::cli::{Edit, FaultLine, Hand, ListedObject, LoggedCall, NewFault};
use async_trait::async_trait;
use goldenpath_adapters::sandbox::{Fault, Sandbox, SandboxError, SandboxOptions};
use goldenpath_core::domain::{Class, ObjectKey, Owner, Ownership};
use std::path::PathBuf;

pub(super) fn open(path: PathBuf, cluster: Option<&str>) -> anyhow::Result<Box<dyn Hand>> {
    let sandbox = Sandbox::open(path, SandboxOptions::default());
    Ok(Box::new(match cluster {
        Some(cluster) => sandbox.at(cluster.parse()?),
        None => sandbox,
    }))
}

#[async_trait]
impl Hand for Sandbox {
    async fn list(&self) -> anyhow::Result<Vec<ListedObject>> {
        let objects = Sandbox::list(self).await?.into_iter();
        Ok(objects
            .map(|object| ListedObject {
                key: object.key.to_string(),
                owner: owner(object.ownership),
                terminating: object.deleting,
            })
            .collect())
    }

    async fn show(&self, key: &str) -> anyhow::Result<Option<serde_json::Value>> {
        match Sandbox::show(self, &parse(key)?).await {
            Ok(document) => Ok(Some(document)),
            Err(SandboxError::Refused(refusal)) if refusal.class == Class::NotFound => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    async fn edit(&self, edit: Edit) -> anyhow::Result<()> {
        let Edit { key, changes, manager, apply } = edit;
        let key = parse(&key)?;
        for (pointer, value) in changes {
            Sandbox::edit(self, &key, &pointer, value, &manager, apply).await?;
        }
        Ok(())
    }

    async fn delete(&self, key: &str) -> anyhow::Result<()> {
        self.remove(&parse(key)?).await?;
        Ok(())
    }

    async fn add_fault(&self, fault: NewFault) -> anyhow::Result<i64> {
        let NewFault { action, call, verb, kind, key, skip, times } = fault;
        let verb = verb.map(|verb| verb.parse()).transpose()?;
        let fault = Fault { action: action.parse()?, call, verb, kind, key, skip, times };
        Ok(Sandbox::add_fault(self, fault).await?)
    }

    async fn faults(&self) -> anyhow::Result<Vec<FaultLine>> {
        let rows = Sandbox::faults(self).await?.into_iter();
        Ok(rows
            .map(|row| FaultLine {
                id: row.id,
                action: row.fault.action.to_string(),
                when: conditions(&row.fault),
                matched: row.matched,
                fired: row.fired,
            })
            .collect())
    }

    async fn clear_faults(&self) -> anyhow::Result<()> {
        Ok(Sandbox::clear_faults(self).await?)
    }

    async fn calls(&self) -> anyhow::Result<Vec<LoggedCall>> {
        let calls = Sandbox::calls(self).await?.into_iter();
        Ok(calls
            .map(|call| LoggedCall {
                number: call.number,
                verb: call.verb.to_string(),
                key: call.key,
                outcome: call.outcome,
            })
            .collect())
    }
}

fn parse(key: &str) -> anyhow::Result<ObjectKey> {
    Ok(key.parse()?)
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
