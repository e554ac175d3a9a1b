//! `sandbox`: inspects the embedded target and changes it out of band, as someone with kubectl or a console would.

use super::output;
use anyhow::{Context, bail, ensure};
use async_trait::async_trait;
use clap::Subcommand;
use serde_json::Value as Json;
use std::path::{Path, PathBuf};

/// Out-of-band changes in one sandbox; the composition root brings the sandbox.
#[async_trait]
pub trait OutOfBandEditor {
    /// All objects of the cluster, sorted by key: key, owner, and whether a deletion waits.
    async fn list(&self) -> anyhow::Result<Vec<Row>>;
    async fn show(&self, key: &str) -> anyhow::Result<Option<Json>>;
    async fn edit(&self, edit: Edit) -> anyhow::Result<()>;
    async fn delete(&self, key: &str) -> anyhow::Result<()>;
    async fn add_fault(&self, fault: NewFault) -> anyhow::Result<i64>;
    /// Id, action, how often it was met, and its conditions as the flags that set them.
    async fn faults(&self) -> anyhow::Result<Vec<Row>>;
    async fn clear_faults(&self) -> anyhow::Result<()>;
    /// Number, verb, key, outcome.
    async fn calls(&self) -> anyhow::Result<Vec<Row>>;
}

/// Cells of a table.
pub type Row = Vec<String>;

#[derive(clap::Args)]
pub struct Edit {
    /// Key of the object, as in the attribute `objects`
    pub key: String,
    /// `<JSON pointer>=<JSON or text>` sets a field, `<JSON pointer>-` removes it
    #[arg(required = true, value_name = "CHANGE", value_parser = change)]
    pub changes: Vec<Change>,
    /// Name of the field manager
    #[arg(long, default_value = "kubectl-edit")]
    pub manager: String,
    /// Declare the fields by server-side apply, as a controller does, instead of updating the object, as `kubectl edit` does
    #[arg(long)]
    pub apply: bool,
}

/// JSON pointer to new value; `None` removes the field.
pub type Change = (String, Option<Json>);

#[derive(clap::Args)]
pub struct NewFault {
    /// What becomes of the call: deny, throttle, unavailable, lost, hide:<ms>, slow:<ms>, exit or exit-after
    pub action: String,
    /// Only the call with this number
    #[arg(long)]
    pub call: Option<u32>,
    /// Only calls with this verb: observe, apply, delete, facts, policy or write
    #[arg(long)]
    pub verb: Option<String>,
    /// Only objects of this kind, such as Role or Namespace
    #[arg(long)]
    pub kind: Option<String>,
    /// Only keys that match this pattern, such as `k8s/v1/*`
    #[arg(long)]
    pub key: Option<String>,
    /// Number of matching calls that succeed first
    #[arg(long, default_value_t = 0)]
    pub skip: u32,
    /// Number of calls that fail [default: all]
    #[arg(long)]
    pub times: Option<u32>,
}

/// Inspect the embedded sandbox, change its objects, or make its calls fail
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// File of the sandbox
    #[arg(long, global = true, env = "GOLDENPATH_SANDBOX", default_value = crate::resources::provider_config::SANDBOX_PATH)]
    sandbox: PathBuf,
    /// Name or ARN of the cluster [default: the only one, or demo]
    #[arg(long, global = true)]
    cluster: Option<String>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// List the objects: key, owner, and whether they are terminating
    List {
        /// Only keys with this prefix
        prefix: Option<String>,
    },
    /// Show one object as JSON
    Show {
        /// Key of the object, as in the attribute `objects`
        key: String,
    },
    /// Change fields of one object, as another field manager
    Edit(Edit),
    /// Delete one object, as someone else
    Delete {
        /// Key of the object, as in the attribute `objects`
        key: String,
    },
    /// Make calls fail, in every process that uses the sandbox
    Fault {
        #[command(subcommand)]
        command: FaultCommand,
    },
    /// Print the log of calls: number, verb, key, outcome
    Calls,
}

#[derive(Subcommand)]
enum FaultCommand {
    /// Add a fault for calls that meet all conditions
    Add(NewFault),
    /// List the faults, and how many calls each matched and failed
    List,
    /// Remove all faults
    Clear,
}

pub type OpenSandbox = fn(path: PathBuf, cluster: Option<&str>) -> anyhow::Result<Box<dyn OutOfBandEditor>>;

pub(super) async fn run(arguments: Arguments, open: OpenSandbox) -> anyhow::Result<()> {
    let Arguments { sandbox, cluster, command } = arguments;
    if !matches!(command, Command::Fault { command: FaultCommand::Add(_) }) {
        ensure_there(&sandbox)?;
    }
    let editor = open(sandbox, cluster.as_deref())?;
    Ok(output::data(&execute(&*editor, command).await?)?)
}

/// Looking must not make a sandbox where there is none: a mistyped path would show an empty target.
pub(super) fn ensure_there(sandbox: &Path) -> anyhow::Result<()> {
    ensure!(sandbox.exists(), "no sandbox at {}: the first plan or apply that uses it creates it", sandbox.display());
    Ok(())
}

async fn execute(editor: &dyn OutOfBandEditor, command: Command) -> anyhow::Result<String> {
    Ok(match command {
        Command::List { prefix } => {
            let prefix = prefix.unwrap_or_default();
            let mut rows = editor.list().await?;
            rows.retain(|row| row.first().is_some_and(|key| key.starts_with(&prefix)));
            table(&rows)
        }
        Command::Show { key } => {
            let document = editor.show(&key).await?.with_context(|| format!("no object has the key {key}"))?;
            format!("{}\n", serde_json::to_string_pretty(&document)?)
        }
        Command::Edit(edit) => {
            let done = format!("{} changed {} field(s) of {}\n", edit.manager, edit.changes.len(), edit.key);
            editor.edit(edit).await?;
            done
        }
        Command::Delete { key } => {
            editor.delete(&key).await?;
            format!("deleted {key}\n")
        }
        Command::Fault { command: FaultCommand::Add(fault) } => format!("fault {}\n", editor.add_fault(fault).await?),
        Command::Fault { command: FaultCommand::List } => table(&editor.faults().await?),
        Command::Fault { command: FaultCommand::Clear } => {
            editor.clear_faults().await?;
            "no faults\n".to_owned()
        }
        Command::Calls => table(&editor.calls().await?),
    })
}

/// Without the blanks that an empty last column leaves behind.
fn table(rows: &[Row]) -> String {
    output::table(rows).lines().flat_map(|line| [line.trim_end(), "\n"]).collect()
}

/// A pointer never ends in `-` (that is the place after the last element, which can't be removed) and holds no `=`.
fn change(text: &str) -> anyhow::Result<Change> {
    let (pointer, value) = match (text.split_once('='), text.strip_suffix('-')) {
        (Some((pointer, value)), _) => {
            // Text needs no quotes of its own.
            let value = serde_json::from_str(value).unwrap_or_else(|_| value.into());
            (pointer, Some(value))
        }
        (None, Some(pointer)) => (pointer, None),
        (None, None) => bail!("{text:?} is neither <JSON pointer>=<value> nor <JSON pointer>-"),
    };
    if !pointer.starts_with('/') {
        bail!("{pointer:?} is not a JSON pointer, such as /spec/hard/pods");
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
            let expected = expected.map(|(pointer, value): (&str, Option<Json>)| (pointer.to_owned(), value));
            assert_eq!(found, expected, "{text}: {reason}");
        }
    }
}
