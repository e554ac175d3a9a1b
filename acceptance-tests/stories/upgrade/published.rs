//! What a platform team publishes: the documents of the versions, the commands for them, and the request that asks for one.

use crate::{
    stories::configurations::ENVIRONMENT,
    workspace::{Run, Workspace},
};
use acceptance_tests::tools::command_line;
use anyhow::{Result, ensure};
use std::process::Command;

pub(super) const NEXT: &str = r#"
apiVersion: goldenpath.internal/v1
kind: GoldenPath
name: acme
version: 1.1.0
extends: 1.0.0
default: true
changelog: [Sixty pods in dev.]
parameters:
  log_days: { type: number, min: 1, max: 90, default: 14 }
tiers:
  dev: { quota: { total: { pods: "60" } } }
manifests:
  - name: logging
    manifest:
      apiVersion: v1
      kind: ConfigMap
      metadata: { name: logging }
      data: { team: "{{ environment.team }}", days: "{{ string(parameters.log_days) }}" }
policies:
  - inline:
      apiVersion: goldenpath.internal/v1
      kind: Policy
      name: short-logs
      version: 1.0.0
      description: Logs that are kept for long are expensive.
      match: [{ groups: [""], versions: [v1], resources: [configmaps], operations: [CREATE, UPDATE] }]
      validations:
        - expression: "object.metadata.name != 'logging' || int(object.data.days) <= 60"
          message: Logs are kept for more than 60 days.
          remedy: Lower `parameters.log_days`.
          field: parameters.log_days
  - inline:
      apiVersion: goldenpath.internal/v1
      kind: Policy
      name: few-pods
      version: 1.0.0
      description: Pods have to fit on the nodes.
      match: [{ groups: [""], versions: [v1], resources: [resourcequotas], operations: [CREATE, UPDATE] }]
      validations:
        - expression: "object.metadata.name != 'gp-base' || int(object.spec.hard.pods) <= 50"
          message: More than 50 pods.
          remedy: Order nodes first.
      severity: { dev: warn }
"#;

pub(super) const LAST: &str = r#"
apiVersion: goldenpath.internal/v1
kind: GoldenPath
name: acme
version: 2.0.0
extends: 1.0.0
default: true
changelog: [Nobody scrapes dev.]
objects:
  - { kind: NetworkPolicy, name: gp-allow-monitoring, tiers: [dev], enabled: false }
"#;

pub(super) fn publish(workspace: &Workspace, file: &str, text: &str) -> Result<()> {
    workspace.write(&format!("paths/{file}"), text)?;
    catalogue(workspace, &["validate", "paths"]).map(drop)
}

pub(super) fn at(workspace: &Workspace, version: &str, more: &str) -> Result<()> {
    let main = format!(
        "resource \"goldenpath_cluster_baseline\" \"demo\" {{\n  cluster = \"demo\"\n}}\n\nresource \"goldenpath_team_environment\" \
         \"payments\" {{\n  name = \"payments-dev\"\n  team = \"payments\"\n  tier = \"dev\"\n  cluster = \
         goldenpath_cluster_baseline.demo.id\n  golden_path = \"acme\"\n  golden_path_version = {version:?}\n  access = {{ deployer = \
         {{ oidc_groups = [\"payments-ci\"] }} }}\n  {more}\n}}\n"
    );
    ensure!(main.contains(&ENVIRONMENT.replace('.', "\" \"")), "the address of the configuration");
    workspace.write("main.tf", &main)
}

/// The provider's own binary, in the workspace's folder.
pub(super) fn catalogue(workspace: &Workspace, arguments: &[&str]) -> Result<Run> {
    let mut command = Command::new(command_line()?);
    command.arg("catalogue").args(arguments).current_dir(workspace.path(""));
    let run = Run::from(command.output()?);
    ensure!(run.code == Some(0), "catalogue {arguments:?}: {}", run.raw);
    Ok(run)
}
