//! A daemon's page in a real browser, through `page`. The pictures stay in the folder for outputs of tests, `page` in cargo's `tmp`.

use crate::{
    daemon::Daemon,
    process::OwnProcess,
    sandbox::{FaultRow, Sandbox},
    until::{find, until},
};
use acceptance_tests::{block_on, load::Load, tools::command_line};
use anyhow::{Context as _, Result, ensure};
use serde_json::{Value as Json, json};
use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
};

/// A field manager's name, which anybody who may edit the object can choose.
const MANAGER: &str = "<b id=evil>kubectl</b>";

/// Of a profile in which no page may run a script. (`--blink-settings=scriptEnabled=false` would stop the browser's own, which
/// writes the DOM.)
const NO_SCRIPTS: &str = r#"{"profile": {"default_content_setting_values": {"javascript": 2}}}"#;

/// Shows whether a script has run.
const SCRIPTED: &str =
    "<!doctype html><p id=\"still\"></p><script>document.getElementById('still').id = 'moved'</script>";

struct Browser<'a> {
    chromium: &'a Path,
    folder: tempfile::TempDir,
    has_scripts: bool,
    /// Without a path, and the key of the page.
    host: String,
    key: String,
    _page: OwnProcess,
}

impl<'a> Browser<'a> {
    fn open(chromium: &'a Path, daemon: &Daemon) -> Result<Self> {
        let mut command = Command::new(command_line()?);
        command.args(["page", "--endpoint", &daemon.endpoint()]).stdout(Stdio::piped());
        let mut page = OwnProcess(command.spawn()?);
        let printed = page.stdout.take().context("no output")?;
        let line = BufReader::new(printed).lines().next().context("the page is not served")??;
        let address = line.strip_prefix("Open ").with_context(|| format!("it says {line:?}"))?;
        let (host, key) = address.split_once("/?key=").context("no key in the address")?;
        let (host, key) = (host.to_owned(), key.to_owned());
        let folder = tempfile::Builder::new().prefix("gp").tempdir()?;
        Ok(Self { chromium, folder, has_scripts: true, host, key, _page: page })
    }

    fn without_scripts(self) -> Result<Self> {
        let (profile, scripted) = (self.folder.path().join("Default"), self.folder.path().join("scripted.html"));
        fs::create_dir(&profile)?;
        fs::write(profile.join("Preferences"), NO_SCRIPTS)?;
        fs::write(&scripted, SCRIPTED)?;
        let browser = Self { has_scripts: false, ..self };
        let dom = browser.dom_of(&format!("file://{}", scripted.display()), &[])?;
        ensure!(dom.contains("id=\"still\""), "a script has run:\n{dom}");
        Ok(browser)
    }

    fn start(&self, address: &str, more: &[&str]) -> Command {
        let mut command = Command::new(self.chromium);
        // Root has no sandbox for it, and a container no memory to share.
        command.args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars"]);
        command.args(["--no-first-run", "--enable-logging=stderr"]);
        command.arg(format!("--user-data-dir={}", self.folder.path().display())).args(more);
        command.arg(address);
        command
    }

    fn address(&self, path: &str) -> String {
        format!("{}{path}?key={}", self.host, self.key)
    }

    /// As the browser has it once it is loaded, if it had nothing to complain of.
    fn dom(&self, path: &str, more: &[&str]) -> Result<String> {
        self.dom_of(&self.address(path), more).with_context(|| path.to_owned())
    }

    fn dom_of(&self, address: &str, more: &[&str]) -> Result<String> {
        let output = self.start(address, &[&["--dump-dom"], more].concat()).output()?;
        let said = String::from_utf8_lossy(&output.stderr);
        let complaints: Vec<&str> = said.lines().filter(|line| line.contains("CONSOLE")).collect();
        ensure!(output.status.success() && complaints.is_empty(), "{complaints:?}\n{said}");
        Ok(String::from_utf8(output.stdout)?)
    }

    /// Its page has all of these.
    fn shows(&self, path: &str, parts: &[&str]) -> Result<String> {
        let dom = self.dom(path, &[])?;
        let how = if self.has_scripts { "" } else { ", without scripts," };
        for part in parts {
            ensure!(dom.contains(part), "{path}{how} has no {part}:\n{dom}");
        }
        Ok(dom)
    }

    fn picture(&self, path: &str, name: &str, size: &str, more: &[&str]) -> Result<()> {
        let file = pictures()?.join(format!("{name}.png"));
        let _ = fs::remove_file(&file);
        let (size, picture) = (format!("--window-size={size}"), format!("--screenshot={}", file.display()));
        let output = self.start(&self.address(path), &[&[size.as_str(), &picture], more].concat()).output()?;
        let bytes = fs::metadata(&file).map(|found| found.len()).unwrap_or_default();
        // One of nothing has a kilobyte or two.
        ensure!(output.status.success() && bytes > 10_000, "no picture {name}: {bytes} bytes");
        Ok(())
    }
}

fn pictures() -> Result<PathBuf> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("page");
    fs::create_dir_all(&folder)?;
    Ok(folder)
}

pub fn is_seen_in_a_browser(chromium: &Path) -> Result<()> {
    let folder = tempfile::Builder::new().prefix("gp").tempdir()?;
    let path = folder.path().join("sandbox.db");
    let daemon = Daemon::with_more(&path, "reconcile: { interval: 1s }\n")?;
    block_on(Load::prepare(&daemon.socket(), "pay", 2))?;
    let sandbox = Sandbox::at(&path);
    let quota = sandbox.ours()?.into_iter().find(|key| key.contains("/ResourceQuota/")).context("no quota")?;
    sandbox.edit_as(&quota, &json!({ "spec": { "hard": { "requests.cpu": "99" } } }), MANAGER)?;
    let browser = Browser::open(chromium, &daemon)?;
    let plain = Browser::open(chromium, &daemon)?.without_scripts()?;

    until("the drift is found", || Ok(browser.dom("/", &[])?.contains("1 finding")))?;
    for browser in [&browser, &plain] {
        browser.shows(
            "/",
            &[
                "1 finding",
                "pay-0",
                "pay-1",
                "team-standard 1.0.0",
                ">dev<",
                ">ready<",
                ">none<",
                "lang=\"en\"",
                "<th scope=\"col\">",
            ],
        )?;
        let of_it =
            ["is 99, not", "&lt;b id=evil&gt;kubectl", "requests.cpu", "NetworkPolicy pay-0/", "<h2 id=\"history\">"];
        let dom = browser.shows("/instances/demo/pay-0", &of_it)?;
        ensure!(!dom.contains("<b id"), "a name became an element:\n{dom}");
    }
    let dark = ["--blink-settings=preferredColorScheme=0"];
    browser.picture("/", "environments", "1280,800", &[])?;
    browser.picture("/", "environments-narrow", "400,900", &[])?;
    browser.picture("/instances/demo/pay-0", "environment", "1280,1600", &[])?;
    browser.picture("/instances/demo/pay-0", "environment-narrow", "400,2400", &[])?;
    browser.picture("/instances/demo/pay-0", "environment-dark", "1280,1600", &dark)?;
    an_operation_as_it_runs(&browser, &plain, &daemon, &sandbox)
}

fn an_operation_as_it_runs(
    browser: &Browser<'_>,
    plain: &Browser<'_>,
    daemon: &Daemon,
    sandbox: &Sandbox,
) -> Result<()> {
    sandbox.fault(&FaultRow::new("slow:3000").verb("apply"))?;
    let socket = daemon.socket();
    let working = thread::spawn(move || block_on(Load::prepare(&socket, "web", 1)).map(drop));
    let id = find("an operation runs", || {
        let mut command = Command::new(command_line()?);
        let listed = command.args(["operations", "--json", "--endpoint", &daemon.endpoint()]).output()?;
        let listed: Json = serde_json::from_slice(&listed.stdout)?;
        // It says how far it has come.
        let is_under_way = |one: &Json| one["outcome"].as_str().is_some_and(|outcome| outcome.contains(" of "));
        let runs = |one: &&Json| one["state"] == "running" && one["about"] == "demo/web-0" && is_under_way(one);
        Ok(listed.as_array().into_iter().flatten().find(runs).and_then(|one| Some(one["id"].as_str()?.to_owned())))
    })?;
    let path = format!("/operations/{id}");
    for browser in [browser, plain] {
        browser.shows("/operations", &["demo/web-0", ">running<"])?;
        // With the last one a page without scripts does not stand still.
        let under_way = ["<progress", "max=\"", ">running<", "demo/web-0", "<noscript><meta http-equiv=\"refresh\""];
        browser.shows(&path, &under_way)?;
    }
    browser.picture(&path, "operation", "1280,800", &[])?;
    // It waits for what is still being loaded: the events, whose last one has the script load the page again.
    let dom = browser.dom(&path, &["--virtual-time-budget=1000"])?;
    ensure!(dom.contains(">done<") && !dom.contains("<progress"), "its end was not seen:\n{dom}");
    let dom = plain.shows(&path, &[">done<", "demo/web-0"])?;
    ensure!(!dom.contains("<progress") && !dom.contains("http-equiv=\"refresh\""), "it goes on loading:\n{dom}");
    working.join().map_err(|_| anyhow::anyhow!("the client panicked"))?
}
