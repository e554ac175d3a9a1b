//! What a daemon shows while it works, what it does between applies, and what its ledger proves afterwards.

use super::configurations::{QUICK, QUOTA, environment};
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

fn with_a_daemon(tool: &Tool, hcl: &str, more: &str) -> Result<(Workspace, Daemon)> {
    let workspace = Workspace::new(tool, hcl)?;
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

pub(super) fn is_shown_and_proved(tool: &Tool) -> Result<()> {
    let (workspace, mut daemon) = with_a_daemon(tool, &environment(""), "")?;
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

    let operations = daemon.query(&["operations"])?;
    let outcomes: Vec<&Json> = operations.as_array().into_iter().flatten().map(|row| &row["outcome"]).collect();
    ensure!(outcomes == ["done", "done"], "{operations:#}");
    let listed = daemon.query(&["environments"])?;
    let instance = listed["instances"].as_array().and_then(|all| all.iter().find(|instance| instance["id"] == ID));
    ensure!(instance.is_some_and(|instance| instance["last_operation"]["verb"] == "ensure"), "{listed:#}");
    ensure!(daemon.query(&["status"])?["running_operations"] == 0, "nothing runs");

    let of_environment = entries(&daemon, &["--environment", ID])?;
    let count = |kind: &str| of_environment.iter().filter(|entry| entry["kind"] == kind).count();
    ensure!(count("accepted") == 1 && count("ended") == 1, "{of_environment:?}");
    ensure!(count("change") > 5 && count("change") == count("changed"), "each change and what came of it");
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

fn evidence(daemon: &Daemon, id: &str, more: &[&str]) -> Result<Json> {
    let proof = audit(daemon, &[&["evidence", id], more].concat())?;
    serde_json::from_str(&proof.raw).with_context(|| proof.raw.clone())
}

fn keys(instance: &Json) -> Vec<String> {
    instance["exists"].as_object().into_iter().flatten().map(|(key, _)| key.clone()).collect()
}

/// What exists is said by records and target, and what was done by the ledger. The daemon's bounds keep no guard out of it.
pub(super) fn is_bundled(tool: &Tool) -> Result<()> {
    let id = "demo/payments-dev";
    let (workspace, mut daemon) = with_a_daemon(tool, QUICK, "")?;
    workspace.apply(&[])?;
    let first = evidence(&daemon, id, &[])?;
    ensure!(keys(&first).len() > 5 && first["gone_since"].is_null(), "{first:#}");
    let slot = &first["inside"][0];
    ensure!(slot["record"]["id"] == "demo/payments-dev/ledger", "{first:#}");
    let role = keys(slot).into_iter().find(|key| key.starts_with("aws/iam/Role/")).context("the slot has a role")?;
    let guards = first["guards"]["policies"].as_object().context("no guards")?;
    ensure!(guards.values().all(|guard| guard["known_by"] == "ledger"), "the daemon made them: {guards:?}");
    ensure!(first["guards"]["since"].is_string() && first["guards"]["missing"] == json!([]), "{first:#}");
    ensure!(first["promises"]["not_asked"].is_string(), "{first:#}");

    daemon.terminate()?;
    daemon.configure("allow: { tiers: [dev] }\n")?;
    daemon.start_again()?;
    // Golden paths that a baseline accepts are no guards of it.
    let accepts = "golden_paths = { team-standard = { version = \"~> 1.0\" } }";
    let accepting = QUICK.replacen("cluster = \"demo\"", &format!("cluster = \"demo\"\n  {accepts}"), 1);
    let sandbox = workspace.sandbox_provider();
    workspace.write("provider.tf", &sandbox)?;
    workspace.write("main.tf", &accepting)?;
    workspace.apply(&[])?;
    workspace.sandbox().delete(&role)?;
    let later = evidence(&daemon, id, &[])?;
    ensure!(later["guards"] == first["guards"], "{later:#}");
    let drift = later["inside"][0]["drift"].as_array().context("no drift")?;
    ensure!(drift.iter().any(|found| found["code"] == "drift.missing"), "{later:#}");
    ensure!(!keys(&later["inside"][0]).contains(&role), "{later:#}");

    let ledger = daemon.config().with_file_name("audit.jsonl").display().to_string();
    let both = evidence(&daemon, id, &["--ledger", &ledger])?;
    ensure!(both["entries"] == later["entries"], "the ledger of the configuration, by its name: {both:#}");

    // Without the daemon, which hears nothing of it.
    let slot = QUICK.find("resource \"goldenpath_eks_workload_slot\"").context("no slot")?;
    workspace.write("main.tf", &QUICK[..slot])?;
    workspace.apply(&[])?;
    let without = evidence(&daemon, id, &[])?;
    ensure!(without["inside"] == json!([]) && without["entries"] == later["entries"], "{without:#}");

    daemon.terminate()?;
    daemon.configure("")?;
    daemon.start_again()?;
    workspace.write("provider.tf", &daemon.provider(""))?;
    workspace.destroy(&[])?;
    let gone = evidence(&daemon, id, &[])?;
    ensure!(gone["record"].is_null() && keys(&gone).is_empty() && gone["gone_since"].is_string(), "{gone:#}");
    ensure!(gone["guards"].is_null() && gone["promises"]["not_asked"].is_string(), "{gone:#}");
    let entries = gone["entries"].as_array().context("no entries")?;
    ensure!(entries.iter().any(|entry| entry["verb"] == "remove"), "its history ends with it: {gone:#}");
    let unknown = audit(&daemon, &["evidence", "demo/nowhere"])?;
    ensure!(unknown.code != Some(0), "{}", unknown.raw);
    unknown.says("no record of demo/nowhere")
}

pub(super) fn between_applies(tool: &Tool) -> Result<()> {
    let rules = |mode: &str| format!("reconcile: {{ interval: 1s, tiers: {{ dev: {{ mode: {mode} }} }} }}\n");
    let (workspace, mut daemon) = with_a_daemon(tool, &environment(""), &rules("observe"))?;
    workspace.apply(&[])?;
    let sandbox = workspace.sandbox();
    let change = json!({ "spec": { "hard": { "requests.cpu": "99" } } });
    sandbox.edit(QUOTA, &change)?;
    until("the drift is shown", || {
        let found = daemon.query(&["drift", ID])?;
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
    let operations = daemon.query(&["operations"])?;
    ensure!(operations[0]["caller"] == "reconcile" && operations[0]["outcome"] == "done", "{operations:#}");
    let mut pause = Command::new(command_line()?);
    let paused = pause.args(["pause", ID, "--endpoint", &daemon.endpoint()]).output()?;
    Run::from(paused).says("is left alone between applies")?;
    sandbox.edit(QUOTA, &change)?;
    until("the drift of what is paused is shown", || {
        Ok(daemon.query(&["drift", ID])?[0]["drift"]["drift"].as_array().is_some_and(|drift| !drift.is_empty()))
    })?;
    thread::sleep(Duration::from_secs(2));
    ensure!(is_changed()?, "what is paused is left alone");
    let is_paused = || -> Result<Json> {
        let listed = daemon.query(&["environments"])?;
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
