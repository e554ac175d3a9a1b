//! A product team's pipeline holds a token or a certificate and nothing else: the same plans, and a refusal of everything outside of
//! its rule.

use super::daemon::same_plans;
use crate::{
    daemon::Daemon,
    issuer::{Authority, TestIssuer},
    workspace::Workspace,
};
use acceptance_tests::tools::Tool;
use anyhow::{Result, ensure};
use serde_json::json;
use std::{fs, path::PathBuf};

const BASELINE: &str = "resource \"goldenpath_cluster_baseline\" \"demo\" {\n  cluster = \"demo\"\n}\n";

const TEAM: &str = r#"
resource "goldenpath_team_environment" "payments" {
  name    = "payments"
  team    = "payments"
  tier    = "dev"
  cluster = "demo"
}
"#;

struct TeamFixture {
    workspace: Workspace,
    daemon: Daemon,
    issuer: TestIssuer,
    ca: PathBuf,
    token: PathBuf,
    own: [PathBuf; 2],
}

pub(super) fn a_team(tool: &Tool) -> Result<()> {
    // The issuer answers while the CLI runs.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let fixture = runtime.block_on(TeamFixture::start(tool))?;
    fixture.has_its_baseline(tool)?;
    fixture.holds_a_token()?;
    fixture.holds_a_certificate()
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

    /// The platform team makes it, on the daemon's socket.
    fn has_its_baseline(&self, tool: &Tool) -> Result<()> {
        let platform = Workspace::new(tool, BASELINE)?;
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
