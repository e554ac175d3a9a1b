//! Words that a CLI drops, or that nobody knows: each is refused where it is written, or found by `lint`.

use super::configurations::environment;
use crate::workspace::{Run, Workspace, objects};
use acceptance_tests::tools::{Tool, command_line};
use anyhow::{Context as _, Result, ensure};
use serde_json::{Value as Json, json};
use std::process::Command;

const SLOT: &str = "goldenpath_eks_workload_slot.ledger";

fn slot(name: &str, identity: &str) -> String {
    format!(
        "resource \"goldenpath_eks_workload_slot\" \"{name}\" {{\n  name        = \"{name}\"\n  environment = \
         \"demo/payments\"\n  identity    = {identity}\n}}\n"
    )
}

fn statement(name: &str, word: &str) -> String {
    let right = "{ actions = [\"s3:GetObject\"], resources = [\"arn:aws:s3:::payments-led/*\"] }";
    let wrong = format!("{{ actions = [\"s3:GetObject\"], resources = [\"arn:aws:s3:::payments-led/*\"], {word} }}");
    slot(name, &format!("{{ statements = [{right}, {wrong}] }}"))
}

/// One file for each, so that an error can be held against its own.
pub(super) fn refused_at_their_attribute(tool: &Tool) -> Result<()> {
    let workspace = Workspace::new(tool, &environment(""))?;
    let environment = |name: &str, more: &str| {
        format!(
            "resource \"goldenpath_team_environment\" \"{name}\" {{\n  name = \"{name}\"\n  team = \"pay\"\n  tier = \
             \"dev\"\n  cluster = \"demo\"\n  {more}\n}}\n"
        )
    };
    let words = [
        ("condition", "condition = { StringEquals = { a = \"b\" } }", "write `conditions = {"),
        (
            "conditionobject",
            "condition = { test = \"Bool\", variable = \"a\", values = [\"b\"] }",
            "write `conditions = {",
        ),
        ("action", "action = [\"s3:PutObject\"]", "write `actions`"),
        ("resource", "resource = \"*\"", "write `resources`"),
        ("principal", "principal = { AWS = \"*\" }", "leave it out"),
        ("principals", "principals = {}", "leave it out"),
        ("notaction", "not_action = [\"s3:*\"]", "list what is allowed"),
        ("notactions", "not_actions = [\"s3:*\"]", "list what is allowed"),
        ("notresource", "not_resource = [\"*\"]", "list what is allowed"),
        ("notresources", "not_resources = [\"*\"]", "list what is allowed"),
        ("sid", "Sid = \"A\"", "write `sid`"),
        ("effect", "Effect = \"Deny\"", "write `effect`"),
        ("capitalaction", "Action = [\"s3:PutObject\"]", "write `actions`"),
        ("capitalresource", "Resource = \"*\"", "write `resources`"),
        ("capitalcondition", "Condition = {}", "write `conditions = {"),
        ("capitalprincipal", "Principal = { AWS = \"*\" }", "leave it out"),
        ("capitalnotaction", "NotAction = [\"*\"]", "list what is allowed"),
        ("unknown", "condition = terraform_data.later.output", ""),
    ];
    let objects = [
        ("access", "access = { developers = { oidc_groups = [\"a\"] } }", "viewer, developer, deployer, admin"),
        ("quota", "quota = { totl = { pods = \"4\" } }", "total, headroom_percent, slots_percent, by_priority"),
        ("security", "pod_security = { enfroce = \"restricted\" }", "enforce, version"),
        ("limits", "limits = { containers = {} }", "Known here: container"),
        ("container", "limits = { container = { memory = \"1Gi\" } }", "default_memory"),
        ("network", "network = { deny = \"both\" }", "default_deny"),
        ("inside", "namespaces = { default = {}, jobs = { limits = { x = 1 } } }", "Known here: container"),
    ];
    // Of another type than most: the CLI's own error names the word.
    let of_other_types = [
        ("otheraction", "action = \"s3:PutObject\"", "\"action\""),
        ("othercondition", "condition = [{ test = \"Bool\" }]", "\"condition\""),
    ];
    for (name, word, _) in words.into_iter().chain(of_other_types) {
        workspace.write(&format!("{name}.tf"), &statement(name, word))?;
    }
    for (name, more, _) in objects {
        workspace.write(&format!("{name}.tf"), &environment(name, more))?;
    }
    workspace.write("identity.tf", &slot("identity", "{ statement = [] }"))?;
    workspace.write("persona.tf", &environment("persona", "access = { developer = { oidc_group = [\"a\"] } }"))?;
    workspace.write("later.tf", "resource \"terraform_data\" \"later\" {}\n")?;

    let validated = workspace.run(&["validate", "-json"])?;
    let from = validated.raw.find('{').context("validate printed no JSON")?;
    let printed: Json = serde_json::from_str(validated.raw[from..].trim())?;
    let said = |name: &str| -> Vec<&Json> {
        let all = printed["diagnostics"].as_array().map(Vec::as_slice).unwrap_or_default();
        all.iter().filter(|one| one["range"]["filename"] == format!("{name}.tf")).collect()
    };
    for (name, says) in words.map(|(name, _, says)| (name, says)).into_iter().filter(|(_, says)| !says.is_empty()) {
        let said = said(name);
        let place = "identity.statements[1].";
        let is_refused =
            |one: &&Json| one["summary"].as_str().is_some_and(|text| text.contains(place) && text.contains(says));
        ensure!(said.iter().any(is_refused), "{name} is not refused with {says:?}: {said:#?}");
        ensure!(said.iter().all(|one| one["severity"] == "error"), "{name}: {said:#?}");
    }
    for (name, says) in objects.map(|(name, _, says)| (name, says)).into_iter().chain([("identity", "policy_json")]) {
        let said = said(name);
        let lists =
            |one: &&Json| one["severity"] == "error" && one["detail"].as_str().is_some_and(|text| text.contains(says));
        ensure!(said.iter().any(lists), "{name}: {says:?} is not listed: {said:#?}");
    }
    for (name, _, says) in of_other_types {
        let names = |one: &&Json| one["detail"].as_str().is_some_and(|text| text.contains(says));
        ensure!(said(name).iter().any(names), "{name}: {says} is not named: {:#?}", said(name));
    }
    ensure!(said("unknown").is_empty(), "what is not known may be null: {:#?}", said("unknown"));
    ensure!(said("persona").is_empty(), "a warning is left to the plan: {:#?}", said("persona"));
    Ok(())
}

/// A Deny, a document and a managed policy reach the role; a document of the same meaning changes nothing.
pub(super) fn policies_reach_the_role(tool: &Tool) -> Result<()> {
    let configuration = |identity: &str| {
        format!("{}{}", environment("golden_path = \"own\""), slot("ledger", identity))
            .replace("\"demo/payments\"", "goldenpath_team_environment.payments.id")
    };
    let document = json!({"Version": "2012-10-17", "Statement": [
        {"Sid": "", "Effect": "Allow", "Action": "s3:GetObject", "Resource": ["arn:aws:s3:::payments-doc/*"]}]});
    let managed = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess";
    let identity = |document: &Json, policies: &str| {
        format!(
            "{{\n    statements  = [{{ sid = \"Keep\", effect = \"Deny\", actions = [\"s3:DeleteObject\"], resources = \
             [\"arn:aws:s3:::payments-led/*\"] }}]\n    policy_json = {:?}\n    policy_arns = [{policies}]\n  }}",
            document.to_string()
        )
    };
    let workspace = Workspace::new(tool, &configuration(&identity(&document, &format!("{managed:?}"))))?;
    let own = Run::from(Command::new(command_line()?).args(["catalogue", "show", "team-standard", "--json"]).output()?);
    let mut own: Json = serde_json::from_str(&own.raw)?;
    (own["name"], own["default"]) = ("own".into(), false.into());
    own["tiers"]["dev"]["grants"]["policy_arns"] = json!(["arn:{partition}:iam::aws:policy/AmazonS3*"]);
    std::fs::create_dir(workspace.path("golden-paths"))?;
    workspace.write("golden-paths/own.yaml", &own.to_string())?;
    let block = workspace.sandbox_provider();
    workspace.write("provider.tf", &block.replacen("{\n", "{\n  catalogue = [\"./golden-paths\"]\n", 1))?;

    workspace.apply(&[])?;
    let plan = workspace.plan_is_empty(&[])?;
    plan.says_not("condition")?;
    let role = || -> Result<Json> {
        let lines = objects(&workspace.attributes(SLOT)?);
        let (key, line) = lines.iter().find(|(key, _)| key.starts_with("IAM Role ")).context("no role")?;
        ensure!(
            line.contains("Deny s3:DeleteObject on arn:aws:s3:::payments-led/*"),
            "the plan shows the Deny: {line}"
        );
        workspace.sandbox().document(&key.replace("IAM Role ", "aws/iam/Role/"))
    };
    let made = role()?;
    ensure!(made["attached"] == json!([managed]), "{made}");
    let statements = &made["inline"]["gp-workload"]["Statement"];
    ensure!(statements[0]["Effect"] == "Deny" && statements[0]["Sid"] == "Keep", "{statements}");
    ensure!(statements[1]["Resource"] == json!(["arn:aws:s3:::payments-doc/*"]), "{statements}");

    let same = json!({"Version": "2012-10-17", "Id": "x", "Statement":
        {"Sid": "S", "Effect": "Allow", "Action": ["s3:GetObject"], "Resource": "arn:aws:s3:::payments-doc/*"}});
    workspace.write("main.tf", &configuration(&identity(&same, &format!("{managed:?}"))))?;
    workspace.plan_is_empty(&[])?;
    workspace.write("main.tf", &configuration(&identity(&same, "")))?;
    workspace.apply(&[])?;
    ensure!(role()?["attached"] == json!([]), "a policy that is no longer wanted is detached");
    workspace.write("main.tf", &configuration(&identity(&same, "\"arn:aws:iam::aws:policy/AmazonEC2FullAccess\"")))?;
    workspace.plan_fails(&[])?.says("arn:aws:iam::aws:policy/AmazonS3*")?;
    let not_action =
        json!({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "NotAction": "s3:*", "Resource": "*"}});
    workspace.write("main.tf", &configuration(&identity(&not_action, "")))?;
    workspace.fails(&["validate", "-no-color"])?.says("statement 1 of the policy has NotAction")?;
    Ok(())
}

/// The words that a CLI is silent about, among others that it knows.
pub(super) fn lint_finds_them(tool: &Tool) -> Result<()> {
    let workspace =
        Workspace::new(tool, &environment("pod_security = {\n    enforce = \"baseline\"\n    enfroce = \"x\"\n  }"))?;
    workspace.ok(&["validate", "-no-color"])?;
    let lint = |more: &[&str]| -> Result<Run> {
        Ok(Run::from(Command::new(command_line()?).arg("lint").arg(workspace.path("")).args(more).output()?))
    };
    let found = lint(&[])?;
    let line = std::fs::read_to_string(workspace.path("main.tf"))?.lines().position(|line| line.contains("enfroce"));
    let line = line.context("the word is in the file")? + 1;
    ensure!(found.code == Some(1), "{}", found.raw);
    found.says(&format!(
        "main.tf:{line}: goldenpath_team_environment.payments has no `pod_security.enfroce`; did you mean `enforce`?"
    ))?;
    let report: Json = serde_json::from_str(&lint(&["--json"])?.raw)?;
    ensure!(report["findings"][0]["line"] == line && report["findings"][0]["nearest"] == "enforce", "{report:#}");

    workspace.write("main.tf", &environment(""))?;
    std::fs::create_dir(workspace.path("module"))?;
    workspace.write("module/main.tf.json", r#"{"provider": {"goldenpath": {"sandbox": {"pth": "x"}}}}"#)?;
    ensure!(lint(&[])?.code == Some(0), "a folder below is another configuration");
    let below = lint(&["--recursive"])?;
    ensure!(below.code == Some(1), "{}", below.raw);
    below.says("main.tf.json:1: provider.goldenpath has no `sandbox.pth`; did you mean `path`?")?;
    workspace.write("invalid.tf", "resource \"x\" {\n  a = [\n")?;
    let invalid = lint(&[])?;
    ensure!(invalid.code == Some(2), "{}", invalid.raw);
    invalid.says("invalid.tf:2: syntax error")
}
