//! The daemon's metrics, as Prometheus and its own checker take them.

use crate::{daemon::Daemon, process::OwnProcess, sandbox::Sandbox};
use acceptance_tests::{block_on, load::Load, servers::free_port};
use anyhow::{Context as _, Result, ensure};
use serde_json::{Value as Json, json};
use std::{
    fs,
    io::{Read as _, Write as _},
    net::TcpStream,
    path::Path,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

const LONG: Duration = Duration::from_secs(60);

/// The body of a response that is no error.
fn get(port: u16, path: &str) -> Result<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(LONG))?;
    stream.write_all(format!("GET {path} HTTP/1.0\r\nhost: 127.0.0.1\r\n\r\n").as_bytes())?;
    let mut response = String::new();
    stream.read_to_string(&mut response)?;
    let (head, body) = response.split_once("\r\n\r\n").context("no response")?;
    ensure!(head.split(' ').nth(1) == Some("200"), "{path}: {head}");
    Ok(body.to_owned())
}

/// What is recorded is counted after a round, and what drifted.
pub fn are_of_the_last_round() -> Result<()> {
    let folder = tempfile::Builder::new().prefix("gp").tempdir()?;
    let (path, port) = (folder.path().join("sandbox.db"), free_port()?);
    let daemon = Daemon::with_more(&path, &format!("http: 127.0.0.1:{port}\nreconcile: {{ interval: 1s }}\n"))?;
    block_on(Load::prepare(&daemon.socket(), "pay", 2))?;
    let environments = "goldenpath_environments{golden_path=\"team-standard\",version=\"1.0.0\",tier=\"dev\"} 2";
    shows(port, &[environments, "goldenpath_drifted_instances{kind=\"environment\"} 0"])?;
    let sandbox = Sandbox::at(&path);
    let quota = sandbox.ours()?.into_iter().find(|key| key.contains("/ResourceQuota/")).context("no quota")?;
    sandbox.edit(&quota, &json!({ "spec": { "hard": { "requests.cpu": "99" } } }))?;
    shows(port, &["goldenpath_drifted_instances{kind=\"environment\"} 1"])
}

fn shows(port: u16, lines: &[&str]) -> Result<()> {
    let begun = Instant::now();
    loop {
        let shown = get(port, "/metrics")?;
        if lines.iter().all(|line| shown.lines().any(|found| found == *line)) {
            return Ok(());
        }
        ensure!(begun.elapsed() < LONG, "no {lines:?} in\n{shown}");
        thread::sleep(Duration::from_millis(100));
    }
}

pub fn are_scraped(prometheus: &Path) -> Result<()> {
    let folder = tempfile::Builder::new().prefix("gp").tempdir()?;
    let sandbox = format!("sandbox: {{ path: {} }}", folder.path().join("sandbox.db").display());
    let (port, own_port) = (free_port()?, free_port()?);
    let daemon = Daemon::with(&sandbox, &format!("journal: journal.db\nhttp: 127.0.0.1:{port}\n"), vec![])?;
    block_on(async { Load::prepare(&daemon.socket(), "pay", 2).await?.run(3).await })?;
    ensure!(get(port, "/readyz")? == "ready\n", "it is ready");

    let mut checker = Command::new(prometheus.with_file_name("promtool"))
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let shown = get(port, "/metrics")?;
    checker.stdin.take().context("no input")?.write_all(shown.as_bytes())?;
    let checked = checker.wait_with_output()?;
    let said = format!("{}{}", String::from_utf8_lossy(&checked.stdout), String::from_utf8_lossy(&checked.stderr));
    ensure!(checked.status.success() && said.is_empty(), "promtool says: {said}\n{shown}");
    ensure!(!shown.contains("pay-0") && !shown.contains("demo"), "names are shown:\n{shown}");

    let config = format!(
        "global: {{ scrape_interval: 200ms, scrape_timeout: 200ms }}\nscrape_configs:\n  - job_name: goldenpath\n    static_configs: [{{ targets: [\"127.0.0.1:{port}\"] }}]\n"
    );
    fs::write(folder.path().join("prometheus.yml"), config)?;
    let mut command = Command::new(prometheus);
    command.arg(format!("--config.file={}", folder.path().join("prometheus.yml").display()));
    command.arg(format!("--storage.tsdb.path={}", folder.path().join("data").display()));
    command.arg(format!("--web.listen-address=127.0.0.1:{own_port}"));
    let _prometheus = OwnProcess(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?);
    // Three ensures by each of two clients, and before them the baseline and two creates.
    let query = "sum(goldenpath_operation_phase_seconds_count%7Bphase%3D%22run%22%2Coutcome%3D%22done%22%7D)";
    let begun = Instant::now();
    loop {
        let found = get(own_port, &format!("/api/v1/query?query={query}"));
        let found: Json = found.ok().and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
        if found["data"]["result"][0]["value"][1] == "9" {
            return Ok(());
        }
        ensure!(begun.elapsed() < LONG, "Prometheus has {found}");
        thread::sleep(Duration::from_millis(100));
    }
}
