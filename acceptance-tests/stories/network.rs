//! A product team's pipeline holds a token or a certificate and nothing else: the same plans, and a refusal of everything outside of
//! its rule.

use super::daemon::same_plans;
use crate::{
    daemon::Daemon,
    issuer::{Authority, TestIssuer},
    workspace::{Run, Workspace},
};
use acceptance_tests::tools::{Tool, command_line};
use anyhow::{Result, ensure};
use serde_json::{Value as Json, json};
use std::{fs, path::PathBuf, process::Command};

const BASELINE: &str = "resource \"goldenpath_cluster_baseline\" \"demo\" {\n  cluster = \"demo\"\n}\n";

const TEAM: &str = r#"
resource "goldenpath_team_environment" "payments" {
  name    = "payments"
  team    = "payments"
  tier    = "dev"
  cluster = "demo"
}
"#;

const SHOP: &str = r#"
resource "goldenpath_team_environment" "shop" {
  name       = "shop"
  team       = "shop"
  tier       = "dev"
  cluster    = "demo"
  depends_on = [goldenpath_cluster_baseline.demo]
}
"#;

/// As the ledger and the record name the team's pipeline.
const CALLER: &str = "github \"repo:acme/payments:ref:refs/heads/main\"";

struct TeamFixture {
    workspace: Workspace,
    daemon: Daemon,
    issuer: TestIssuer,
    ca: PathBuf,
    token: PathBuf,
    own: [PathBuf; 2],
}

pub(super) fn a_team(tool: &Tool) -> Result<()> {
    // The issuer responds while the CLI runs.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let fixture = runtime.block_on(TeamFixture::start(tool))?;
    fixture.platform_has(tool, BASELINE)?;
    fixture.holds_a_token()?;
    fixture.holds_a_certificate()
}

/// Through the daemon, since the team reaches nothing else: by whom is in the record and in the ledger.
pub(super) fn protection_is_lifted(tool: &Tool) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let fixture = runtime.block_on(TeamFixture::start(tool))?;
    fixture.platform_has(tool, &format!("{BASELINE}{SHOP}"))?;
    let workspace = &fixture.workspace;
    workspace.write("provider.tf", &fixture.provider(&format!("token_file = {:?}", fixture.token))?)?;
    workspace
        .write("main.tf", &TEAM.replace("cluster = \"demo\"", "cluster = \"demo\"\n  deletion_protection = true"))?;
    workspace.apply(&[])?;
    workspace.destroy_fails(&[])?.says("run `unprotect demo/payments`")?;

    let refused = fixture.unprotect("demo/shop")?;
    ensure!(refused.code == Some(1), "another team's: {}", refused.raw);
    let done = fixture.unprotect("demo/payments")?;
    ensure!(done.code == Some(0), "{}", done.raw);
    done.says(&format!("Deletion protection of demo/payments is lifted until its next apply, by {CALLER} at"))?;
    let lifted = |environment: &str| -> Result<Json> {
        let record =
            workspace.sandbox().document(&format!("k8s/v1/ConfigMap/goldenpath-system/environment.{environment}"))?;
        let text = record["data"]["record"].as_str().unwrap_or_default();
        Ok(serde_json::from_str::<Json>(text)?["unprotected"].clone())
    };
    ensure!(lifted("payments")?["by"] == CALLER, "{:#}", lifted("payments")?);
    ensure!(lifted("shop")?.is_null(), "what is refused is as it was: {:#}", lifted("shop")?);

    let of = |about: &str| -> Result<Vec<(String, Json)>> {
        let entries = fixture.daemon.ledger()?.lines().map(serde_json::from_str).collect::<Result<Vec<Json>, _>>()?;
        let announced = entries.iter().find(|entry| entry["kind"] == "unprotected" && entry["about"] == about);
        let operation = announced.map(|entry| entry["operation"].clone()).unwrap_or_default();
        ensure!(operation.is_string(), "the ledger does not know of {about}");
        let of_it = entries.into_iter().filter(|entry| entry["operation"] == operation);
        let kind = |entry: Json| (entry["kind"].as_str().unwrap_or_default().to_owned(), entry);
        let of_it: Vec<(String, Json)> = of_it.map(kind).collect();
        ensure!(of_it.iter().all(|(_, entry)| entry["caller"] == CALLER), "{of_it:#?}");
        Ok(of_it)
    };
    for (about, kinds, outcome, reason) in [
        ("demo/payments", &["unprotected", "change", "changed", "ended"][..], "done", "one write of the record"),
        ("demo/shop", &["unprotected", "refused", "ended"][..], "failed", "nothing was written"),
    ] {
        let entries = of(about)?;
        let found: Vec<&str> = entries.iter().map(|(kind, _)| kind.as_str()).collect();
        ensure!(found == kinds, "{reason}: {found:?}");
        let ended = entries.last().map(|(_, entry)| entry["detail"]["outcome"].clone());
        ensure!(ended == Some(json!(outcome)), "{reason}: {ended:?}");
    }
    fixture.daemon.verify_ledger()?;

    workspace.plan(&[])?.says("off, lifted by github")?;
    workspace.destroy(&[])?;
    let left = workspace.sandbox().ours()?;
    ensure!(!left.iter().any(|key| key.contains("payments")), "destroy leaves {left:?}");
    fixture.unprotect("demo/payments")?.says("No record of demo/payments in this target")
}

impl TeamFixture {
    async fn start(tool: &Tool) -> Result<Self> {
        let workspace = Workspace::new(tool, TEAM)?;
        let (folder, authority) = (tempfile::Builder::new().prefix("gp").tempdir()?, Authority::new());
        let ca = authority.write(&folder.path().join("ca.pem"));
        authority.server(folder.path(), "daemon");
        let issuer = TestIssuer::start(&authority.server(folder.path(), "issuer")).await;
        let own = authority.client(folder.path(), "payments-ci", None);
        let config = format!(
            "listen:
  - unix://{folder}/daemon.sock
  - tcp: 127.0.0.1:0
    tls: {{ certificate: daemon.crt, key: daemon.key, client_ca: ca.pem }}
journal: journal.db
target:
  sandbox: {{ path: {sandbox} }}
tokens:
  oidc: [{{ name: github, issuer: {url:?}, audiences: [goldenpath], ca: ca.pem }}]
callers:
  - {{ name: own, when: {{ user: self }}, allow: {{}} }}
  - {{ name: token, when: {{ oidc: {{ issuer: github, claims: {{ repository: acme/payments }} }} }}, allow: {{ teams: [payments] }} }}
  - {{ name: certificate, when: {{ certificate: {{ common_name: payments-ci }} }}, allow: {{ teams: [payments] }} }}
",
            folder = folder.path().display(),
            sandbox = workspace.sandbox_path().display(),
            url = issuer.url,
        );
        let token = folder.path().join("token");
        fs::write(&token, issuer.token(json!({})))?;
        let daemon = Daemon::in_folder(folder, &config, vec![])?;
        Ok(Self { workspace, daemon, issuer, ca, token, own: [own.certificate, own.key] })
    }

    fn provider(&self, proof: &str) -> Result<String> {
        let endpoint = self.daemon.https()?;
        Ok(format!(
            "provider \"goldenpath\" {{\n  daemon = {{\n    endpoint = {endpoint:?}\n    ca_certificate = {ca:?}\n    {proof}\n  }}\n}}\n",
            ca = self.ca
        ))
    }

    /// With the team's token. The daemon is the environment's, as for a provider without a block.
    fn unprotect(&self, id: &str) -> Result<Run> {
        let mut command = Command::new(command_line()?);
        command.args(["unprotect", id, "--token-file"]).arg(&self.token).arg("--ca-certificate").arg(&self.ca);
        Ok(Run::from(command.env("GOLDENPATH_DAEMON", self.daemon.https()?).output()?))
    }

    /// The platform team makes it, on the daemon's socket.
    fn platform_has(&self, tool: &Tool, hcl: &str) -> Result<()> {
        let platform = Workspace::new(tool, hcl)?;
        platform.write("provider.tf", &self.daemon.provider(""))?;
        platform.apply(&[])?;
        Ok(())
    }

    fn holds_a_token(&self) -> Result<()> {
        let provider = self.provider(&format!("token_file = {:?}", self.token))?;
        same_plans(&self.workspace, &provider, &[])?;
        self.workspace.write("provider.tf", &provider)?;
        self.workspace.apply(&[])?;
        self.workspace.plan_is_empty(&[])?;
        same_plans(&self.workspace, &provider, &["-destroy"])?;
        self.workspace.write("provider.tf", &provider)?;
        self.workspace.write("main.tf", &TEAM.replace("team    = \"payments\"", "team    = \"shop\""))?;
        self.workspace.plan_fails(&[])?.says("(bounds.outside)")?;
        self.workspace.write("main.tf", &format!("{TEAM}{BASELINE}"))?;
        self.workspace.plan_fails(&[])?.says("(bounds.baseline)")?;
        self.workspace.write("main.tf", TEAM)?;
        fs::write(&self.token, self.issuer.token(json!({ "repository": "acme/shop" })))?;
        self.workspace.plan_fails(&[])?.says("has no rule for github")?;
        fs::write(&self.token, self.issuer.token(json!({ "exp": 1_000_000_000 })))?;
        self.workspace.plan_fails(&[])?.says("it has expired")?;
        Ok(())
    }

    fn holds_a_certificate(&self) -> Result<()> {
        let [certificate, key] = &self.own;
        let provider = self.provider(&format!("client_certificate = {certificate:?}\n    client_key = {key:?}"))?;
        self.workspace.write("provider.tf", &provider)?;
        self.workspace.plan_is_empty(&[])?;
        self.workspace.destroy(&[])?;
        let left = self.workspace.sandbox().ours()?;
        ensure!(!left.iter().any(|key| key.contains("payments")), "destroy leaves {left:?}");
        Ok(())
    }
}
