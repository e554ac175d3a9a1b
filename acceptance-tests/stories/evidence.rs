//! What a daemon shows while it works, what it does between applies, and what its ledger proves afterwards.

use super::configurations::{QUOTA, environment};
use crate::{
    daemon::Daemon,
    process::OwnProcess,
    until::until,
    workspace::{Run, Workspace},
};
use acceptance_tests::tools::{Tool, command_line};
use anyhow::{Context as _, Result, ensure};
use serde_json::{Value as Json, json};
use std::{
    fs,
    io::{BufRead as _, BufReader},
    process::{Command, Stdio},
    thread,
    time::Duration,
};

const ID: &str = "demo/payments";

fn with_a_daemon(tool: &Tool, more: &str) -> Result<(Workspace, Daemon)> {
    let workspace = Workspace::new(tool, &environment(""))?;
    let daemon = Daemon::with_more(&workspace.sandbox_path(), more)?;
    workspace.write("provider.tf", &daemon.provider(""))?;
    Ok((workspace, daemon))
}

fn audit(daemon: &Daemon, arguments: &[&str]) -> Result<Run> {
    let mut command = Command::new(command_line()?);
    Ok(Run::from(command.arg("audit").args(arguments).arg("--config").arg(daemon.config()).output()?))
}

fn entries(daemon: &Daemon, more: &[&str]) -> Result<Vec<Json>> {
    let run = audit(daemon, &[&["export"], more].concat())?;
    ensure!(run.code == Some(0), "{}", run.raw);
    run.raw.lines().map(|line| Ok(serde_json::from_str(line)?)).collect()
}

pub(super) fn shown_and_proved(tool: &Tool) -> Result<()> {
    let (workspace, mut daemon) = with_a_daemon(tool, "")?;
    let mut watch = Command::new(command_line()?);
    watch.args(["watch", "--json", "--endpoint", &daemon.endpoint()]).stdout(Stdio::piped());
    let mut watch = OwnProcess(watch.spawn()?);
    let mut events = BufReader::new(watch.stdout.take().context("no output")?).lines();
    until("the watcher is connected", || Ok(entries(&daemon, &[])?.len() >= 3))?;
    workspace.apply(&[])?;
    let mut kinds = vec![];
    while !kinds.ends_with(&["ended".to_owned()]) || kinds.iter().filter(|kind| *kind == "ended").count() < 2 {
        let event: Json = serde_json::from_str(&events.next().context("the watch ended")??)?;
        ensure!(event["kind"] != "step" || event["done"].as_u64() <= event["of"].as_u64(), "{event}");
        kinds.push(event["kind"].as_str().unwrap_or_default().to_owned());
    }
    ensure!(kinds.starts_with(&["accepted".to_owned(), "began".to_owned(), "step".to_owned()]), "{kinds:?}");

    let operations = daemon.shown(&["operations"])?;
    let outcomes: Vec<&Json> = operations.as_array().into_iter().flatten().map(|row| &row["outcome"]).collect();
    ensure!(outcomes == ["done", "done"], "{operations:#}");
    let listed = daemon.shown(&["environments"])?;
    let instance = listed["instances"].as_array().and_then(|all| all.iter().find(|instance| instance["id"] == ID));
    ensure!(instance.is_some_and(|instance| instance["last_operation"]["verb"] == "ensure"), "{listed:#}");
    ensure!(daemon.shown(&["status"])?["running_operations"] == 0, "nothing runs");

    let of_environment = entries(&daemon, &["--environment", ID])?;
    let count = |kind: &str| of_environment.iter().filter(|entry| entry["kind"] == kind).count();
    ensure!(count("accepted") == 1 && count("ended") == 1, "{of_environment:?}");
    ensure!(count("change") > 5 && count("change") == count("changed"), "each change and what came of it");
    let proof = audit(&daemon, &["evidence", ID])?;
    let proof: Json = serde_json::from_str(&proof.raw).with_context(|| proof.raw.clone())?;
    ensure!(proof["exists"].as_object().is_some_and(|objects| objects.len() > 5), "{proof:#}");
    ensure!(proof["guards"]["policies"].as_array().is_some_and(|guards| !guards.is_empty()), "{proof:#}");

    // With its end cut off, although what is left is signed.
    daemon.terminate()?;
    audit(&daemon, &["rotate-key"])?.says("is signed with the key")?;
    audit(&daemon, &["verify"])?.says("2 keys")?;
    let ledger = daemon.config().with_file_name("audit.jsonl");
    let whole = fs::read_to_string(&ledger)?;
    let lines: Vec<&str> = whole.split_inclusive('\n').collect();
    let first_head = lines.iter().position(|line| line.contains("\"kind\":\"head\"")).context("no head")?;
    fs::write(&ledger, lines[..=first_head].concat())?;
    let cut = audit(&daemon, &["verify"])?;
    ensure!(cut.code == Some(1), "{}", cut.raw);
    cut.says("the end was cut off")?;
    fs::write(&ledger, whole.replacen("the daemon's own user", "nobody", 1))?;
    audit(&daemon, &["verify"])?.says("was changed")?;
    ensure!(daemon.start_again().is_err(), "no daemon goes on with it");
    fs::write(&ledger, whole)?;
    daemon.start_again()?;
    workspace.destroy(&[]).map(drop)
}

pub(super) fn between_applies(tool: &Tool) -> Result<()> {
    let rules = |mode: &str| format!("reconcile: {{ interval: 1s, tiers: {{ dev: {{ mode: {mode} }} }} }}\n");
    let (workspace, mut daemon) = with_a_daemon(tool, &rules("observe"))?;
    workspace.apply(&[])?;
    let sandbox = workspace.sandbox();
    let change = json!({ "spec": { "hard": { "requests.cpu": "99" } } });
    sandbox.edit(QUOTA, &change)?;
    until("the drift is shown", || {
        let found = daemon.shown(&["drift", ID])?;
        Ok(found[0]["drift"]["drift"][0]["detail"].as_str().is_some_and(|detail| detail.contains("kubectl-edit")))
    })?;
    let is_changed = || Ok::<_, anyhow::Error>(sandbox.document(QUOTA)?["spec"]["hard"]["requests.cpu"] == "99");
    ensure!(is_changed()?, "what is observed is left alone");
    daemon.terminate()?;
    daemon.configure(&rules("heal"))?;
    daemon.start_again()?;
    until("the drift is healed", || Ok(!is_changed()?))?;
    until("and written", || {
        Ok(entries(&daemon, &["--environment", ID])?.iter().any(|entry| entry["kind"] == "healed"))
    })?;
    workspace.plan_is_empty(&[])?;
    let operations = daemon.shown(&["operations"])?;
    ensure!(operations[0]["caller"] == "reconcile" && operations[0]["outcome"] == "done", "{operations:#}");
    let mut pause = Command::new(command_line()?);
    let paused = pause.args(["pause", ID, "--endpoint", &daemon.endpoint()]).output()?;
    Run::from(paused).says("is left alone between applies")?;
    sandbox.edit(QUOTA, &change)?;
    until("the drift of what is paused is shown", || {
        Ok(daemon.shown(&["drift", ID])?[0]["drift"]["drift"].as_array().is_some_and(|drift| !drift.is_empty()))
    })?;
    thread::sleep(Duration::from_secs(2));
    ensure!(is_changed()?, "what is paused is left alone");
    let is_paused = || -> Result<Json> {
        let listed = daemon.shown(&["environments"])?;
        let instance = listed["instances"].as_array().and_then(|all| all.iter().find(|instance| instance["id"] == ID));
        Ok(instance.map(|instance| instance["is_paused"].clone()).unwrap_or_default())
    };
    ensure!(is_paused()? == true, "it is shown as paused");
    audit(&daemon, &["verify"])?.says("is as it was written")?;
    workspace.destroy(&[])?;
    // Under the old name.
    workspace.apply(&[])?;
    ensure!(is_paused()? == false, "a pause ends with what is paused");
    workspace.destroy(&[]).map(drop)
}
