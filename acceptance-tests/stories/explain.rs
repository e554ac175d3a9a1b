//! `explain` on plans of real CLIs: what a reviewer sees, what a policy reads, and what a gate refuses.

use super::configurations::environment;
use crate::workspace::{Run, Workspace};
use acceptance_tests::tools::{Tool, command_line};
use anyhow::{Context as _, Result, ensure};
use serde_json::Value as Json;
use std::{
    io::Write as _,
    process::{Command, Stdio},
};

const BEFORE: &str = r#"namespaces = { default = {}, jobs = {} }
  quota = { total = { "requests.cpu" = "4" } }
  access = { viewer = { oidc_groups = ["payments-all"] } }"#;
const AFTER: &str = r#"quota = { total = { "requests.cpu" = "6" } }
  access = {
    viewer    = { oidc_groups = ["payments-all"] }
    deployer = { permission_sets = ["PaymentsDev"] }
  }"#;
const POLICY: &str = include_str!("../../examples/policy/deny.py");

/// A quota that is changed, a namespace that is dropped, a persona that is new.
pub(super) fn of_a_saved_plan(tool: &Tool) -> Result<()> {
    let workspace = Workspace::new(tool, &environment(BEFORE))?;
    workspace.apply(&[])?;
    workspace.write("main.tf", &environment(AFTER))?;
    let json = workspace.plan_json(&[])?;
    let explain = |arguments: &[&str]| -> Result<Run> {
        // As a person would: in the folder of the plan, with the settings of the CLI.
        let mut command = Command::new(command_line()?);
        let settings = workspace.command(&[]);
        command.current_dir(workspace.path("")).env("GOLDENPATH_CLI", &tool.program).arg("explain").args(arguments);
        command.envs(settings.get_envs().filter_map(|(name, value)| Some((name, value?))));
        Ok(Run::from(command.output()?))
    };

    let said = explain(&["saved.plan"])?;
    ensure!(said.code == Some(0), "{}", said.raw);
    for wanted in [
        "0 to create, 1 to update, 0 to replace, 0 to delete",
        "lost     Namespace payments-jobs and everything in it, of goldenpath_team_environment.payments (dropped)",
        "PaymentsDev (permission set) gains deployer in demo/payments",
        "access: PaymentsDev (permission set) gains deployer\n",
        "delete Namespace payments-jobs\n",
        "create RoleBinding payments/gp-deployer: roleRef=ClusterRole gp-deployer",
    ] {
        ensure!(said.raw.contains(wanted), "it does not say {wanted:?}:\n{}", said.raw);
    }
    let screen = said.raw.lines().take(24).collect::<Vec<_>>().join("\n");
    let quota = screen.lines().find(|line| line.starts_with("change   ResourceQuota payments/gp-base: "));
    ensure!(quota.is_some_and(|line| line.contains("requests.cpu 2 -> 6")), "{screen}");
    ensure!(!said.raw.contains("payments-all"), "who stays is not mentioned:\n{}", said.raw);
    ensure!(said.raw.matches("PaymentsDev (permission set)").count() == 2, "once in each part:\n{}", said.raw);

    workspace.write("plan.json", &json.to_string())?;
    ensure!(explain(&["plan.json"])?.raw == said.raw, "the JSON of a plan says the same");
    explain(&["--markdown", "plan.json"])?.says("**lost**: Namespace `payments-jobs` and everything in it")?;

    let review: Json = serde_json::from_str(&explain(&["--json", "plan.json"])?.raw)?;
    ensure!(review["format"] == 1 && review["lost"][0]["namespace"] == "payments-jobs", "{review:#}");
    for (deny, code, reason) in
        [("loss", 3, "the namespace"), ("access", 3, "the persona"), ("deletes,loss", 3, "both")]
    {
        let denied = explain(&["--deny", deny, "plan.json"])?;
        ensure!(denied.code == Some(code), "{reason}: {}", denied.raw);
        denied.says(&format!(
            "Denied: {} in goldenpath_team_environment.payments",
            deny.split(',').next().unwrap_or(deny)
        ))?;
    }
    let broken = explain(&["nothing.plan"])?;
    ensure!(broken.code == Some(2), "{}", broken.raw);
    broken.says("can't explain nothing.plan")?;
    is_refused_by_the_sample(&review)?;

    // A quota alone is nothing that is denied.
    workspace.apply(&[])?;
    workspace.write("main.tf", &environment(&AFTER.replace("\"6\"", "\"8\"")))?;
    workspace.plan_json(&[])?;
    let allowed = explain(&["--deny", "deletes,access,loss", "saved.plan"])?;
    ensure!(allowed.code == Some(0), "{}", allowed.raw);
    allowed.says("ResourceQuota payments/gp-base: requests.cpu 6 -> 8 in demo/payments")
}

fn is_refused_by_the_sample(review: &Json) -> Result<()> {
    let mut policy = Command::new("python3");
    let policy = policy.args(["-c", POLICY]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut policy = policy.spawn().context("the sample policy needs python3")?;
    policy.stdin.take().context("no input")?.write_all(review.to_string().as_bytes())?;
    let run = Run::from(policy.wait_with_output()?);
    ensure!(run.code == Some(1), "{}", run.raw);
    run.says("namespace payments-jobs is lost by update of goldenpath_team_environment.payments")?;
    run.says("PaymentsDev (permission set) gains deployer in demo/payments")
}
