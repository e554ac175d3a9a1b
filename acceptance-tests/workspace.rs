//! A folder with a configuration, its own CLI settings and its own sandbox; a story writes, runs and looks.

use crate::sandbox::Sandbox;
use acceptance_tests::tools::{Tool, provider};
use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value as Json;
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

pub const SOURCE: &str = "goldenpath.internal/platform/goldenpath";

pub struct Workspace {
    folder: tempfile::TempDir,
    pub tool: Tool,
    variables: BTreeMap<String, String>,
}

/// What a command printed, and how it ended.
pub struct Run {
    pub code: Option<i32>,
    /// Both streams, each line break and box mark a single space: the CLI wraps text where it likes.
    pub text: String,
    pub raw: String,
}

impl Run {
    pub fn says(&self, wanted: &str) -> Result<()> {
        ensure!(self.text.contains(&squash(wanted)), "it does not say {wanted:?}:\n{}", self.raw);
        Ok(())
    }

    pub fn says_not(&self, unwanted: &str) -> Result<()> {
        ensure!(!self.text.contains(&squash(unwanted)), "it says {unwanted:?}:\n{}", self.raw);
        Ok(())
    }
}

impl Workspace {
    /// With the provider named, the sandbox configured, and a configuration to go with them.
    pub fn new(tool: &Tool, hcl: &str) -> Result<Self> {
        let workspace = Self::bare(tool)?;
        workspace.write("provider.tf", &workspace.sandbox_provider())?;
        workspace.write("main.tf", hcl)?;
        Ok(workspace)
    }

    /// Without a provider block.
    pub fn bare(tool: &Tool) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("gp").tempdir()?;
        let workspace = Self { folder, tool: tool.clone(), variables: BTreeMap::new() };
        workspace.write(
            "versions.tf",
            &format!("terraform {{\n  required_providers {{\n    goldenpath = {{ source = \"{SOURCE}\" }}\n  }}\n}}\n"),
        )?;
        let binary = provider()?;
        let binary = binary.parent().context("the provider is in no folder")?.display().to_string();
        // Development overrides need no `init`, which halves the time of a story.
        workspace.write(
            "cli.tfrc",
            &format!("provider_installation {{\n  dev_overrides {{ \"{SOURCE}\" = {binary:?} }}\n  direct {{}}\n}}\n"),
        )?;
        Ok(workspace)
    }

    pub fn sandbox_provider(&self) -> String {
        format!(
            "provider \"goldenpath\" {{\n  sandbox = {{ path = {:?} }}\n}}\n",
            self.sandbox_path().display().to_string()
        )
    }

    /// Installs the provider as users do: a mirror in a folder, and `init`.
    pub fn install_from_a_mirror(&self) -> Result<()> {
        mirror(&self.tool, &self.path("mirror"))?;
        self.write(
            "cli.tfrc",
            &format!(
                "provider_installation {{\n  filesystem_mirror {{ path = {:?} }}\n}}\n",
                self.path("mirror").display().to_string()
            ),
        )?;
        self.ok(&["init", "-no-color", "-input=false"]).map(drop)
    }

    pub fn path(&self, inside: &str) -> PathBuf {
        self.folder.path().join(inside)
    }

    pub fn write(&self, file: &str, text: &str) -> Result<()> {
        Ok(fs::write(self.path(file), text)?)
    }

    pub fn remove(&self, file: &str) -> Result<()> {
        Ok(fs::remove_file(self.path(file))?)
    }

    pub fn set(&mut self, variable: &str, value: &str) {
        self.variables.insert(variable.into(), value.into());
    }

    pub fn sandbox_path(&self) -> PathBuf {
        self.path("sandbox.db")
    }

    pub fn sandbox(&self) -> Sandbox {
        Sandbox::at(&self.sandbox_path())
    }

    // === running the CLI ===

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.tool.program);
        command.args(arguments).current_dir(self.folder.path()).stdin(Stdio::null());
        // Nobody's own settings leak in.
        for (name, _) in std::env::vars_os() {
            let name = name.to_string_lossy();
            if name.starts_with("TF_") || name.starts_with("GOLDENPATH_") {
                command.env_remove(&*name);
            }
        }
        // It lives for seconds: collecting its garbage takes more than it gives.
        command.env("TF_CLI_CONFIG_FILE", self.path("cli.tfrc")).env("CHECKPOINT_DISABLE", "1");
        command.env("GOGC", "off").env("GOMEMLIMIT", "1GiB");
        command.envs(&self.variables);
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Result<Run> {
        let output = self.command(arguments).output().with_context(|| format!("run {}", self.tool.name))?;
        Ok(Run::from(output))
    }

    pub fn start(&self, arguments: &[&str]) -> Result<Child> {
        Ok(self.command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?)
    }

    pub fn ok(&self, arguments: &[&str]) -> Result<Run> {
        let run = self.run(arguments)?;
        ensure!(run.code == Some(0), "{} {arguments:?} ended with {:?}:\n{}", self.tool.name, run.code, run.raw);
        Ok(run)
    }

    pub fn fails(&self, arguments: &[&str]) -> Result<Run> {
        let run = self.run(arguments)?;
        ensure!(run.code == Some(1), "{} {arguments:?} ended with {:?}, not 1:\n{}", self.tool.name, run.code, run.raw);
        Ok(run)
    }

    fn with<'a>(first: &[&'a str], more: &[&'a str]) -> Vec<&'a str> {
        [first, more].concat()
    }

    /// A plan that has something to do.
    pub fn plan(&self, more: &[&str]) -> Result<Run> {
        let run = self.run(&Self::with(&["plan", "-no-color", "-input=false", "-detailed-exitcode"], more))?;
        ensure!(run.code == Some(2), "the plan {more:?} should have something to do ({:?}):\n{}", run.code, run.raw);
        Ok(run)
    }

    pub fn plan_is_empty(&self, more: &[&str]) -> Result<Run> {
        let run = self.run(&Self::with(&["plan", "-no-color", "-input=false", "-detailed-exitcode"], more))?;
        ensure!(run.code == Some(0), "the plan {more:?} should be empty ({:?}):\n{}", run.code, run.raw);
        Ok(run)
    }

    pub fn plan_fails(&self, more: &[&str]) -> Result<Run> {
        self.fails(&Self::with(&["plan", "-no-color", "-input=false"], more))
    }

    pub fn apply(&self, more: &[&str]) -> Result<Run> {
        self.ok(&Self::with(&["apply", "-no-color", "-input=false", "-auto-approve"], more))
    }

    pub fn apply_fails(&self, more: &[&str]) -> Result<Run> {
        self.fails(&Self::with(&["apply", "-no-color", "-input=false", "-auto-approve"], more))
    }

    pub fn destroy(&self, more: &[&str]) -> Result<Run> {
        self.ok(&Self::with(&["destroy", "-no-color", "-input=false", "-auto-approve"], more))
    }

    pub fn destroy_fails(&self, more: &[&str]) -> Result<Run> {
        self.fails(&Self::with(&["destroy", "-no-color", "-input=false", "-auto-approve"], more))
    }

    /// The plan as data.
    pub fn plan_json(&self, more: &[&str]) -> Result<Json> {
        self.plan(&Self::with(&["-out=saved.plan"], more))?;
        Ok(serde_json::from_str(&self.ok(&["show", "-json", "saved.plan"])?.raw)?)
    }

    // === state ===

    pub fn state(&self) -> Result<Json> {
        match fs::read_to_string(self.path("terraform.tfstate")) {
            Ok(text) => Ok(serde_json::from_str(&text)?),
            Err(_) => Ok(Json::Null),
        }
    }

    /// Attributes of an instance by its address, `goldenpath_team_environment.payments` or with `["key"]` behind it.
    pub fn attributes(&self, address: &str) -> Result<Json> {
        match self.instance(address)? {
            Some(instance) => Ok(instance["attributes"].clone()),
            None => bail!("{address} is not in the state"),
        }
    }

    pub fn instance(&self, address: &str) -> Result<Option<Json>> {
        let (whole, key) = match address.split_once('[') {
            Some((whole, key)) => (whole, Some(key.trim_end_matches(']').trim_matches('"'))),
            None => (address, None),
        };
        let (kind, name) = whole.split_once('.').context("an address is <type>.<name>")?;
        let state = self.state()?;
        let resources = state["resources"].as_array().cloned().unwrap_or_default();
        let found = resources.into_iter().find(|one| one["type"] == kind && one["name"] == name);
        let instances = found.and_then(|one| one["instances"].as_array().cloned()).unwrap_or_default();
        Ok(instances.into_iter().find(|one| one["index_key"].as_str() == key && one.get("deposed").is_none()))
    }
}

/// The provider as an unpacked mirror in a folder.
pub fn mirror(tool: &Tool, folder: &Path) -> Result<()> {
    let version = env!("CARGO_PKG_VERSION");
    // Settings that are not there are a warning on standard output, of OpenTofu.
    let said = Command::new(&tool.program).args(["version", "-json"]).env_remove("TF_CLI_CONFIG_FILE").output()?;
    let platform: Json = serde_json::from_slice(&said.stdout)?;
    let platform = platform["platform"].as_str().context("no platform")?;
    let place = folder.join(SOURCE).join(version).join(platform);
    fs::create_dir_all(&place)?;
    fs::copy(provider()?, place.join(format!("terraform-provider-goldenpath_v{version}")))?;
    Ok(())
}

impl From<std::process::Output> for Run {
    fn from(output: std::process::Output) -> Self {
        let raw = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        Self { code: output.status.code(), text: squash(&raw), raw }
    }
}

pub fn squash(text: &str) -> String {
    let plain = text.replace(['│', '╷', '╵'], " ");
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// `objects` of a state's or a plan's attributes.
pub fn objects(attributes: &Json) -> BTreeMap<String, String> {
    let entries = attributes["objects"].as_object().cloned().unwrap_or_default();
    entries.into_iter().map(|(key, text)| (key, text.as_str().unwrap_or_default().to_owned())).collect()
}
