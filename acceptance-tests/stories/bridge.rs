//! Crossplane's provider for Terraform, played call by call: its arguments, its environment, its order, and the states that it keeps in
//! Secrets of a real API server. What it runs is what our own Compositions compose.

mod composed;
pub mod definitions;
mod said;

use crate::{
    outside::Outside,
    sandbox::Sandbox,
    server::Server,
    workspace::{Run, SOURCE, mirror},
};
use acceptance_tests::{
    servers::{Real, api::ApiCall, seed::put},
    tools::{Tool, command_line},
};
use anyhow::{Context as _, Result, ensure};
use composed::{Composed, Composition, documents};
use hyper::Method;
use said::{Said, first_line};
use serde_json::{Map, Value as Json, json};
use std::{cell::RefCell, fs, path::PathBuf, process::Command, sync::Arc};

const EXAMPLES: &str = include_str!("../../examples/crossplane/payments.yaml");
/// Of providers, for all Workspaces.
const CACHE: &str = "plugin-cache";
const PROVIDER_CONFIG: &str = include_str!("../../examples/crossplane/provider-config.yaml");

/// The controller: where its Workspaces are, and what it gives to all of them.
struct Bridge {
    root: tempfile::TempDir,
    compositions: Vec<Composition>,
    configuration: String,
    /// Files of credentials, by name.
    credentials: Vec<(&'static str, String)>,
    /// Its own environment, and `env` of the Workspaces.
    environment: Vec<(&'static str, String)>,
}

/// One Workspace, and the composite resource that it is of.
struct Managed<'a> {
    bridge: &'a Bridge,
    folder: PathBuf,
    resource: Json,
    /// What it was initialised with: `init` is left out for as long as the files are the same.
    checksum: RefCell<String>,
    said: Said,
}

/// What an observation finds.
struct Seen {
    exists: bool,
    up_to_date: bool,
    status: Json,
}

// === impl Bridge ===

impl Bridge {
    /// With states in `namespace`.
    fn new(tool: &Tool, real: &Real, namespace: &str, provider: &str) -> Result<Self> {
        let root = tempfile::Builder::new().prefix("gp-xp").tempdir()?;
        // It runs whatever `terraform` is on its path.
        fs::create_dir(root.path().join("bin"))?;
        std::os::unix::fs::symlink(&tool.program, root.path().join("bin/terraform"))?;
        let space = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}});
        acceptance_tests::block_on(put(&real.cluster, space))?;
        let example = &documents(PROVIDER_CONFIG)?[0]["spec"]["configuration"];
        let example = example.as_str().context("no configuration")?;
        let (backend, _) = example.split_once("provider \"goldenpath\"").context("no provider")?;
        let backend = backend.replace("crossplane-system", namespace).replace("in_cluster_config = true", "");
        // It uses a cache unless a ProviderConfig says otherwise, and a CLI wants it to be there.
        let cache = root.path().join(CACHE);
        fs::create_dir(&cache)?;
        Ok(Self {
            compositions: Composition::all()?,
            configuration: format!("{backend}{provider}"),
            credentials: vec![],
            environment: vec![
                ("KUBE_CONFIG_PATH", real.cluster.admin().display().to_string()),
                ("TF_PLUGIN_CACHE_DIR", cache.display().to_string()),
            ],
            root,
        })
    }

    fn has_cached(&self) -> bool {
        self.root.path().join(CACHE).join(SOURCE).join(env!("CARGO_PKG_VERSION")).exists()
    }

    fn with_mirror(mut self, tool: &Tool) -> Result<Self> {
        let place = self.root.path().join("mirror");
        mirror(tool, &place)?;
        let settings = format!(
            "provider_installation {{\n  filesystem_mirror {{ path = {:?} }}\n}}\n",
            place.display().to_string()
        );
        self.credentials.push((".terraformrc", settings));
        Ok(self)
    }

    fn with_server(mut self, server: &Server) -> Self {
        self.environment.push(("TF_REATTACH_PROVIDERS", server.reattach.clone()));
        self
    }

    fn sandbox_path(&self) -> PathBuf {
        self.root.path().join("sandbox.db")
    }

    fn manage(&self, kind: &str) -> Result<Managed<'_>> {
        let all = documents(EXAMPLES)?;
        let mut resource = all.into_iter().find(|resource| resource["kind"] == kind).context("no such example")?;
        resource["metadata"]["uid"] = "11111111-2222-3333-4444-555555555555".into();
        let folder = self.root.path().join(format!("uid-of-{kind}"));
        fs::create_dir(&folder)?;
        Ok(Managed { bridge: self, folder, resource, checksum: RefCell::default(), said: Said::default() })
    }
}

// === impl Managed ===

impl Managed<'_> {
    fn composition(&self) -> Result<&Composition> {
        let kind = self.resource["kind"].as_str().unwrap_or_default();
        self.bridge.compositions.iter().find(|of| of.is_of(kind)).context("no such Composition")
    }

    /// Of the state.
    fn name(&self) -> Result<String> {
        Ok(self.composition()?.compose(&self.resource)?.name)
    }

    fn command(&self, arguments: &[&str], more: &[(&str, &str)]) -> Command {
        let mut command = Command::new(self.bridge.root.path().join("bin/terraform"));
        command.args(arguments).current_dir(&self.folder).env_clear();
        for name in ["PATH", "HOME"] {
            command.env(name, std::env::var_os(name).unwrap_or_default());
        }
        command.envs(self.bridge.environment.iter().map(|(name, value)| (name, value))).envs(more.iter().copied());
        command
    }

    fn run(&self, arguments: &[&str], more: &[(&str, &str)]) -> Result<Run> {
        Ok(Run::from(self.command(arguments, more).output()?))
    }

    fn ok(&self, arguments: &[&str], more: &[(&str, &str)]) -> Result<Run> {
        let run = self.run(arguments, more)?;
        ensure!(run.code == Some(0), "{arguments:?} ended with {:?}:\n{}", run.code, run.raw);
        Ok(run)
    }

    /// What comes before every call of a reconcile: files, `init`, and the state by its name.
    fn connect(&self) -> Result<Composed> {
        let composed = self.composition()?.compose(&self.resource)?;
        let write = |name: &str, text: &str| fs::write(self.folder.join(name), text);
        write("main.tf", &composed.module)?;
        write("crossplane-provider-config.tf", &self.bridge.configuration)?;
        write("0.tfvars.json", &composed.varmap.to_string())?;
        for (name, text) in &self.bridge.credentials {
            write(name, text)?;
        }
        let arguments: Vec<&str> = ["init", "-input=false", "-no-color"]
            .into_iter()
            .chain(composed.init_args.iter().map(String::as_str))
            .collect();
        // For this one alone.
        let settings: &[(&str, &str)] =
            if self.bridge.credentials.is_empty() { &[] } else { &[("TF_CLI_CONFIG_FILE", "./.terraformrc")] };
        let files = format!("{} {} {:?}", composed.module, composed.varmap, self.bridge.credentials);
        if *self.checksum.borrow() != files {
            self.ok(&arguments, settings)?;
            self.checksum.replace(files);
        }
        if self.run(&["workspace", "select", "-no-color", &composed.name], &[])?.code != Some(0) {
            self.ok(&["workspace", "new", "-no-color", &composed.name], &[])?;
        }
        Ok(composed)
    }

    fn observe(&self) -> Result<Seen> {
        self.connect()?;
        let plan = self.run(
            &["plan", "-no-color", "-input=false", "-detailed-exitcode", "-lock=false", "-var-file=0.tfvars.json"],
            &[],
        )?;
        ensure!(matches!(plan.code, Some(0 | 2)), "the plan ended with {:?}:\n{}", plan.code, plan.raw);
        let listed = self.ok(&["state", "list"], &[])?;
        let outputs = self.outputs()?;
        let is_empty = listed.raw.trim().is_empty() && outputs.is_empty();
        let up_to_date = plan.code == Some(0);
        let status = self.said.status(self.composition()?, &outputs, up_to_date)?;
        Ok(Seen { exists: !is_empty, up_to_date, status })
    }

    fn outputs(&self) -> Result<Map<String, Json>> {
        let outputs: Map<String, Json> =
            serde_json::from_slice(&self.command(&["output", "-json"], &[]).output()?.stdout)?;
        Ok(outputs.into_iter().map(|(name, mut output)| (name, output["value"].take())).collect())
    }

    /// Since a change has failed.
    fn message(&self) -> Result<String> {
        let status = self.said.status(self.composition()?, &self.outputs()?, false)?;
        Ok(status["message"].as_str().with_context(|| format!("no message: {status}"))?.to_owned())
    }

    /// Create and update are the same to it.
    fn apply(&self) -> Result<Run> {
        self.connect()?;
        let run = self.run(&["apply", "-no-color", "-auto-approve", "-input=false", "-var-file=0.tfvars.json"], &[])?;
        self.said.after("apply", &run);
        Ok(run)
    }

    fn destroy(&self) -> Result<Run> {
        self.connect()?;
        let run =
            self.run(&["destroy", "-no-color", "-auto-approve", "-input=false", "-var-file=0.tfvars.json"], &[])?;
        self.said.after("destroy", &run);
        Ok(run)
    }

    /// Until nothing is to be done: the status then.
    fn is_made(&self) -> Result<Json> {
        let applied = self.apply()?;
        ensure!(applied.code == Some(0), "{}", applied.raw);
        let seen = self.observe()?;
        ensure!(seen.exists && seen.up_to_date, "it is not Ready: {}", seen.status);
        ensure!(seen.status["message"].is_null(), "nothing has failed: {}", seen.status);
        Ok(seen.status)
    }

    fn is_gone(&self) -> Result<()> {
        let destroyed = self.destroy()?;
        ensure!(destroyed.code == Some(0), "{}", destroyed.raw);
        ensure!(!self.observe()?.exists, "its state is not empty");
        self.ok(&["workspace", "select", "-no-color", "default"], &[])?;
        self.ok(&["workspace", "delete", "-no-color", &self.name()?], &[]).map(drop)
    }
}

/// The first line says what to do, and that is done; the resource itself stays as it is.
fn is_gone_once_unprotected(environment: &Managed<'_>, place: &[&str], variables: &[(String, String)]) -> Result<()> {
    let refused = environment.destroy()?;
    let line = first_line(&refused);
    ensure!(line.contains("run `unprotect demo/payments-dev`"), "no next step: {line}");
    let message = environment.message()?;
    ensure!(message.contains(line), "the resource does not say so itself: {message}");
    let mut unprotect = Command::new(command_line()?);
    unprotect.args(["unprotect", "demo/payments-dev"]).args(place);
    let done = unprotect.envs(variables.iter().map(|(name, value)| (name, value))).status()?;
    ensure!(done.success(), "`unprotect` failed");
    environment.is_gone()
}

// === stories ===

pub fn a_life(tool: &Tool, real: &Arc<Real>) -> Result<()> {
    let namespace = format!("xp-{}", tool.name.replace('.', "-"));
    let bridge = Bridge::new(tool, real, &namespace, "")?.with_mirror(tool)?;
    let target = format!("provider \"goldenpath\" {{\n  sandbox = {{ path = {:?} }}\n}}\n", bridge.sandbox_path());
    let bridge = Bridge { configuration: format!("{}{target}", bridge.configuration), ..bridge };
    let (baseline, mut environment, slot) =
        (bridge.manage("ClusterBaseline")?, bridge.manage("TeamEnvironment")?, bridge.manage("EksWorkloadSlot")?);
    ensure!(!baseline.observe()?.exists, "nothing is there before anything was made");
    baseline.is_made()?;
    let made = environment.is_made()?;
    ensure!(made["id"] == "demo/payments-dev" && made["uid"].is_string(), "{made}");
    ensure!(made["namespaceNames"] == json!({"default": "payments-dev"}) && made["drifted"].is_null(), "{made}");
    ensure!(environment.folder.join(".terraform.lock.hcl").exists(), "a mirror leaves a lock file");
    slot.is_made()?;
    ensure!(bridge.has_cached(), "all three Workspaces have the provider from one cache");

    // As after a controller that was killed in mid-create, and lost the state: the claim says whose it is.
    let lost = format!("/api/v1/namespaces/{namespace}/secrets/tfstate-{}-goldenpath", environment.name()?);
    acceptance_tests::block_on(async {
        let delete = ApiCall { method: Method::DELETE, ..ApiCall::get(&lost) };
        Outside::of(real).await?.call(delete).await
    })?;
    ensure!(!environment.observe()?.exists, "its state is lost");
    let before = environment.is_made()?["uid"].clone();
    ensure!(before != made["uid"], "what exists goes on under a new uid: {before}");

    environment.resource["spec"]["quota"]["total"]["requests.cpu"] = "8".into();
    environment.resource["spec"]["deletionProtection"] = true.into();
    ensure!(!environment.observe()?.up_to_date, "another quota is a change");
    let changed = environment.is_made()?;
    ensure!(changed["uid"] == before, "an update keeps the instance");

    // Only reported, so no warning of any plan would reach anybody.
    let sandbox = Sandbox::at(&bridge.sandbox_path());
    sandbox.edit("k8s/v1/ResourceQuota/payments-dev/gp-base", &json!({"spec": {"hard": {"pods": "7"}}}))?;
    let drifted = environment.is_made()?;
    ensure!(drifted["drifted"] == json!(["ResourceQuota payments-dev/gp-base"]), "{drifted}");

    slot.is_gone()?;
    let sandbox_path = bridge.sandbox_path().display().to_string();
    is_gone_once_unprotected(&environment, &["--sandbox", &sandbox_path], &[])?;
    baseline.is_gone()?;
    ensure!(sandbox.ours()?.is_empty(), "something is left: {:?}", sandbox.ours()?);
    acceptance_tests::block_on(async {
        let states = format!("/api/v1/namespaces/{namespace}/secrets?labelSelector=tfstate=true");
        let left = Outside::of(real).await?.get(&states).await?;
        let names: Vec<&str> =
            left["items"].as_array().into_iter().flatten().filter_map(|one| one["metadata"]["name"].as_str()).collect();
        ensure!(names.iter().all(|name| name.contains("default")), "states are left: {names:?}");
        Ok(())
    })
}

/// As the example configures it, with keys from a file, by way of one process for all Workspaces.
pub fn with_reattach(tool: &Tool, real: &Arc<Real>) -> Result<()> {
    let namespace = format!("xp-re-{}", tool.name.replace('.', "-"));
    let example = &documents(PROVIDER_CONFIG)?[0]["spec"]["configuration"];
    let example = example.as_str().context("no configuration")?;
    let (_, provider) = example.split_once("provider \"goldenpath\"").context("no provider")?;
    let configured = real.provider_config(&real.ministack.url());
    let aws = &configured["aws"];
    let endpoints = &aws["endpoints"];
    let provider = format!("provider \"goldenpath\"{provider}").replacen(
        "region     = \"eu-west-1\"",
        &format!(
            "region = {}\n endpoints = {{ iam = {}, eks = {}, sts = {} }}",
            aws["region"], endpoints["iam"], endpoints["eks"], endpoints["sts"]
        ),
        1,
    );
    let folder = tempfile::Builder::new().prefix("gp").tempdir()?;
    let (socket, pid) = (folder.path().join("gp.sock").display().to_string(), std::process::id().to_string());
    let arguments = ["--socket", &socket, "--pid", &pid];
    let server = Server::start_with(&arguments, &[])?;
    let mut bridge = Bridge::new(tool, real, &namespace, &provider)?.with_server(&server);
    let baseline = bridge.manage("ClusterBaseline")?;
    let nobody = baseline.apply()?;
    ensure!(nobody.code == Some(1) && nobody.raw.contains("aws.json"), "no keys, no access: {}", nobody.raw);
    ensure!(baseline.message()?.contains(first_line(&nobody)), "the resource does not say so itself");
    drop(baseline);
    fs::remove_dir_all(bridge.root.path().join("uid-of-ClusterBaseline"))?;
    bridge
        .credentials
        .push(("aws.json", json!({"access_key": aws["access_key"], "secret_key": aws["secret_key"]}).to_string()));

    let (baseline, mut environment, slot) =
        (bridge.manage("ClusterBaseline")?, bridge.manage("TeamEnvironment")?, bridge.manage("EksWorkloadSlot")?);
    environment.resource["spec"]["deletionProtection"] = true.into();
    baseline.is_made()?;
    environment.is_made()?;
    ensure!(!environment.folder.join(".terraform.lock.hcl").exists(), "what is attached is in no lock file");
    ensure!(!bridge.has_cached(), "nor in the cache");
    // A new process at the old place: nothing that was printed before is wrong now.
    drop(server);
    let _server = Server::start_with(&arguments, &[])?;
    ensure!(environment.observe()?.up_to_date, "nothing has changed");
    let made = slot.is_made()?;
    ensure!(made["roleArn"].as_str().is_some_and(|arn| arn.starts_with("arn:aws:iam::")), "{made}");
    slot.is_gone()?;
    is_gone_once_unprotected(&environment, &[], &real.environment(&real.ministack.url()))?;
    baseline.is_gone()
}
