//! `sandbox`: looks into the embedded target and tampers with it, as someone with kubectl or a console would.

use super::{Tools, output, wait_for};
use anyhow::{Context, bail};
use async_trait::async_trait;
use clap::Subcommand;
use std::{path::PathBuf, process::ExitCode};

/// What a hand in the sandbox can do; the composition root brings one.
#[async_trait]
pub trait Hand {
    /// All objects of the cluster, sorted by key.
    async fn list(&self) -> anyhow::Result<Vec<ListedObject>>;
    async fn show(&self, key: &str) -> anyhow::Result<Option<serde_json::Value>>;
    async fn edit(&self, edit: Edit) -> anyhow::Result<()>;
    async fn delete(&self, key: &str) -> anyhow::Result<()>;
    async fn add_fault(&self, fault: NewFault) -> anyhow::Result<i64>;
    async fn faults(&self) -> anyhow::Result<Vec<FaultLine>>;
    async fn clear_faults(&self) -> anyhow::Result<()>;
    async fn calls(&self) -> anyhow::Result<Vec<LoggedCall>>;
}

pub struct ListedObject {
    pub key: String,
    /// Whose mark it carries.
    pub owner: String,
    /// Its deletion has begun and waits.
    pub terminating: bool,
}

pub struct Edit {
    pub key: String,
    /// JSON pointer to new value; `None` removes the field.
    pub changes: Vec<(String, Option<serde_json::Value>)>,
    pub manager: String,
    /// By server-side apply, as a controller does that declares the fields; else by an update, as `kubectl edit` does.
    pub apply: bool,
}

pub struct NewFault {
    pub action: String,
    pub call: Option<u32>,
    pub verb: Option<String>,
    pub kind: Option<String>,
    pub key: Option<String>,
    pub skip: u32,
    pub times: Option<u32>,
}

pub struct FaultLine {
    pub id: i64,
    pub action: String,
    /// The conditions, as the flags that set them.
    pub when: String,
    pub matched: u32,
    pub fired: u32,
}

pub struct LoggedCall {
    pub number: u32,
    pub verb: String,
    pub key: String,
    pub outcome: String,
}

/// Look into the embedded sandbox, change it by hand, or make its calls fail on purpose
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// The sandbox's file
    #[arg(long, global = true, env = "GOLDENPATH_SANDBOX", default_value = crate::resources::provider_config::SANDBOX_PATH)]
    sandbox: PathBuf,
    /// The cluster to look at, by name or ARN [default: the only one, else demo]
    #[arg(long, global = true)]
    cluster: Option<String>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// List the objects: key, owner, and whether a deletion waits
    List {
        /// Only keys that begin so
        prefix: Option<String>,
    },
    /// Show one object as JSON
    Show {
        /// Its key, as in the attribute `objects`
        key: String,
    },
    /// Change fields of one object, as a foreign hand
    Edit {
        /// Its key, as in the attribute `objects`
        key: String,
        /// `<JSON pointer>=<JSON or text>` sets a field, `<JSON pointer>-` removes it
        #[arg(required = true)]
        changes: Vec<String>,
        /// The name of the hand
        #[arg(long, default_value = "kubectl-edit")]
        manager: String,
        /// Declare the fields by server-side apply, as a controller does, in place of editing them
        #[arg(long)]
        apply: bool,
    },
    /// Delete one object, as a foreign hand
    Delete {
        /// Its key, as in the attribute `objects`
        key: String,
    },
    /// Make calls fail on purpose, in every process that uses the file
    Fault {
        #[command(subcommand)]
        command: FaultCommand,
    },
    /// The log of calls: number, verb, key, outcome
    Calls,
}

#[derive(Subcommand)]
enum FaultCommand {
    /// Add a fault; every condition that is given must hold
    Add {
        /// deny, throttle, unavailable, lost, hide:<ms>, slow:<ms>, exit or exit-after
        action: String,
        /// Only the call with this number
        #[arg(long)]
        call: Option<u32>,
        /// observe, apply, delete, facts, policy or write
        #[arg(long)]
        verb: Option<String>,
        /// Role, Namespace, ...
        #[arg(long)]
        kind: Option<String>,
        /// A pattern over keys: `k8s/v1/*`
        #[arg(long)]
        key: Option<String>,
        /// So many matching calls pass first
        #[arg(long, default_value_t = 0)]
        skip: u32,
        /// So many calls fail [default: all]
        #[arg(long)]
        times: Option<u32>,
    },
    /// List the faults and how often they were met
    List,
    /// Remove all faults
    Clear,
}

pub(super) fn run(arguments: Arguments, tools: &Tools) -> anyhow::Result<ExitCode> {
    let Arguments { sandbox, cluster, command } = arguments;
    // A hand that looks must not make a sandbox where there is none: a mistyped path would show an empty target.
    if !sandbox.exists() && !matches!(command, Command::Fault { command: FaultCommand::Add { .. } }) {
        bail!("there is no sandbox at {}: the first plan or apply that uses it makes it", sandbox.display());
    }
    let hand = (tools.sandbox)(sandbox, cluster.as_deref())?;
    let text = wait_for(answer(&*hand, command))??;
    output::data(&text)?;
    Ok(ExitCode::SUCCESS)
}

async fn answer(hand: &dyn Hand, command: Command) -> anyhow::Result<String> {
    Ok(match command {
        Command::List { prefix } => {
            let wanted = prefix.unwrap_or_default();
            let objects = hand.list().await?;
            let rows = objects.into_iter().filter(|object| object.key.starts_with(&wanted)).map(|object| {
                let waits = if object.terminating { "terminating" } else { "" };
                vec![object.key, object.owner, waits.to_owned()]
            });
            trimmed(&output::table(&rows.collect::<Vec<_>>()))
        }
        Command::Show { key } => {
            let document = hand.show(&key).await?.with_context(|| format!("there is no object {key}"))?;
            format!("{}\n", serde_json::to_string_pretty(&document)?)
        }
        Command::Edit { key, changes, manager, apply } => {
            let changes = changes.iter().map(|text| change(text)).collect::<anyhow::Result<Vec<_>>>()?;
            let told = format!("{manager} changed {} field(s) of {key}\n", changes.len());
            hand.edit(Edit { key, changes, manager, apply }).await?;
            told
        }
        Command::Delete { key } => {
            hand.delete(&key).await?;
            format!("deleted {key}\n")
        }
        Command::Fault { command: FaultCommand::Add { action, call, verb, kind, key, skip, times } } => {
            let id = hand.add_fault(NewFault { action, call, verb, kind, key, skip, times }).await?;
            format!("fault {id}\n")
        }
        Command::Fault { command: FaultCommand::List } => {
            let rows = hand.faults().await?.into_iter().map(|fault| {
                let met = format!("met {}, failed {}", fault.matched, fault.fired);
                vec![fault.id.to_string(), fault.action, met, fault.when]
            });
            trimmed(&output::table(&rows.collect::<Vec<_>>()))
        }
        Command::Fault { command: FaultCommand::Clear } => {
            hand.clear_faults().await?;
            "no faults\n".to_owned()
        }
        Command::Calls => {
            let rows = hand.calls().await?.into_iter();
            let rows = rows.map(|call| vec![call.number.to_string(), call.verb, call.key, call.outcome]);
            trimmed(&output::table(&rows.collect::<Vec<_>>()))
        }
    })
}

/// Without the blanks that an empty last column leaves behind.
fn trimmed(table: &str) -> String {
    table.lines().flat_map(|line| [line.trim_end(), "\n"]).collect()
}

/// A pointer never ends in `-` (that is the place after the last element, which can't be removed) and holds no `=`.
fn change(text: &str) -> anyhow::Result<(String, Option<serde_json::Value>)> {
    let (pointer, value) = match (text.split_once('='), text.strip_suffix('-')) {
        (Some((pointer, value)), _) => {
            // Text needs no quotes of its own.
            let value = serde_json::from_str(value).unwrap_or_else(|_| value.into());
            (pointer, Some(value))
        }
        (None, Some(pointer)) => (pointer, None),
        (None, None) => bail!("{text:?} is not a change: write <JSON pointer>=<value> or <JSON pointer>-"),
    };
    if !pointer.starts_with('/') {
        bail!("{pointer:?} is not a JSON pointer: it begins with '/', as in /spec/hard/pods");
    }
    Ok((pointer.to_owned(), value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_read_as_a_person_writes_them() {
        for (text, expected, reason) in [
            ("/spec/hard/pods=\"9\"", Some(("/spec/hard/pods", Some("9".into()))), "JSON is JSON"),
            ("/spec/hard/pods=9x", Some(("/spec/hard/pods", Some("9x".into()))), "anything else is text"),
            ("/spec/replicas=3", Some(("/spec/replicas", Some(3.into()))), "a number"),
            ("/data/a=b=c", Some(("/data/a", Some("b=c".into()))), "a value may hold ="),
            ("/metadata/labels/x-", Some(("/metadata/labels/x", None)), "removed"),
            ("/spec", None, "neither set nor removed"),
            ("spec=1", None, "not a pointer"),
        ] {
            let found = change(text).ok();
            let expected =
                expected.map(|(pointer, value): (&str, Option<serde_json::Value>)| (pointer.to_owned(), value));
            assert_eq!(found, expected, "{text}: {reason}");
        }
    }
}
