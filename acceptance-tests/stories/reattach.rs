//! One `serve --reattach` process under several CLIs at once: nothing of one client may reach another.

use super::configurations::environment;
use crate::{
    sandbox::FaultRow,
    server::Server,
    workspace::{SOURCE, Workspace},
};
use acceptance_tests::tools::{Tool, command_line};
use anyhow::{Result, ensure};
use serde_json::Value as Json;
use std::{process::Command, thread};

pub(super) fn two_clients(tool: &Tool) -> Result<()> {
    let mut server = Server::start()?;
    let workspace = |name: &str| -> Result<Workspace> {
        let hcl = environment("").replace("name    = \"payments\"", &format!("name    = \"{name}\""));
        let mut workspace = Workspace::new(tool, &hcl)?;
        workspace.set("TF_REATTACH_PROVIDERS", &server.reattach);
        Ok(workspace)
    };
    let (one, two) = (workspace("one")?, workspace("two")?);
    thread::scope(|scope| -> Result<()> {
        let other = scope.spawn(|| two.apply(&[]));
        one.apply(&[])?;
        other.join().map_err(|_| anyhow::anyhow!("a thread panicked"))??;
        Ok(())
    })?;
    for (workspace, own, foreign) in [(&one, "one", "two"), (&two, "two", "one")] {
        let there = workspace.sandbox().ours()?;
        ensure!(there.iter().any(|key| key == &format!("k8s/v1/Namespace/{own}")), "{own} is there: {there:?}");
        ensure!(
            !there.iter().any(|key| key == &format!("k8s/v1/Namespace/{foreign}")),
            "{foreign} is elsewhere: {there:?}"
        );
        workspace.plan_is_empty(&[])?;
        workspace.destroy(&[])?;
    }
    ensure!(server.is_alive()?, "clients come and go, the process stays");
    server.terminate()
}

/// What was printed once fits for ever: the process is killed, its socket stays behind, and another one takes its place.
pub(super) fn a_restart(tool: &Tool) -> Result<()> {
    let folder = tempfile::Builder::new().prefix("gp").tempdir()?;
    let socket = folder.path().join("gp.sock").display().to_string();
    // Under another user than root, process 1 is not ours to watch: this one outlives both servers.
    let pid = std::process::id().to_string();
    let arguments = ["--socket", &socket, "--pid", &pid];
    let first = Server::start_with(&arguments, &[])?;
    let mut workspace = Workspace::new(tool, &environment(""))?;
    let printed = first.reattach.clone();
    workspace.set("TF_REATTACH_PROVIDERS", &printed);
    workspace.apply(&[])?;

    let second = Server::start_with(&arguments, &[]).err().map(|error| format!("{error:#}"));
    ensure!(second.is_some(), "two processes serve one socket");
    drop(first);
    let second = Server::start_with(&arguments, &[])?;
    workspace.plan_is_empty(&[])?;
    // Longer than a client takes to notice that whom it watches is gone.
    workspace.sandbox().fault(&FaultRow::new("slow:2500").verb("observe").nth(1))?;
    workspace.plan_is_empty(&[])?;
    ensure!(second.reattach == printed, "it prints the same again: {}", second.reattach);

    workspace.write("provider.tf", "provider \"goldenpath\" {\n  sandbox = {}\n}\n")?;
    workspace.plan_fails(&[])?.says(".goldenpath/sandbox.db is relative: set an absolute path")?;
    second.terminate()
}

/// For tools that generate code from it, without a CLI.
pub(super) fn schema(tool: &Tool) -> Result<()> {
    let workspace = Workspace::new(tool, "")?;
    let printed = workspace.command(&["providers", "schema", "-json"]).output()?;
    let printed: Json = serde_json::from_slice(&printed.stdout)?;
    let own: Json = serde_json::from_slice(&Command::new(command_line()?).arg("schema").output()?.stdout)?;
    let (theirs, ours) = (&printed["provider_schemas"][SOURCE], &own["provider_schemas"][SOURCE]);
    for part in ["provider", "resource_schemas", "data_source_schemas"] {
        ensure!(
            ours[part].is_object() && theirs[part] == ours[part],
            "{part} differs: {} and {}",
            theirs[part],
            ours[part]
        );
    }
    ensure!(own["format_version"] == printed["format_version"], "the form is the same");
    Ok(())
}
