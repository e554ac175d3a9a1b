//! What a pipeline's configuration may touch, tried from both sides; and what is looser than before.

use super::configurations::{ENVIRONMENT, environment};
use crate::workspace::Workspace;
use acceptance_tests::tools::Tool;
use anyhow::{Result, ensure};

const OF_SHOP: &str = r#"{"allow": {"teams": ["shop"], "environments": ["shop-*", "payments"], "tiers": ["dev"]}}"#;

/// An environment alone, on a cluster whose baseline is another configuration's.
fn alone(name: &str, team: &str, tier: &str) -> String {
    format!(
        "resource \"goldenpath_team_environment\" \"payments\" {{\n  name = {name:?}\n  team = {team:?}\n  tier = {tier:?}\n  \
         cluster = \"demo\"\n  deletion_protection = false\n}}\n"
    )
}

pub(super) fn hold(tool: &Tool) -> Result<()> {
    let refused = "lies outside of what this process may touch";
    let mut owner = Workspace::new(tool, &environment("deletion_protection = false"))?;
    owner.apply(&[])?;
    let there = owner.sandbox().ours()?;
    owner.set("GOLDENPATH_BOUNDS", OF_SHOP);
    owner.plan_is_empty(&[])?;

    // Each way to touch it: a change, its team as it was and as it would be, and its end.
    owner.write("main.tf", &environment("deletion_protection = true"))?;
    owner.plan_fails(&[])?.says("\"payments\" is not among its teams")?;
    owner.write("main.tf", &environment("").replace("team    = \"payments\"", "team    = \"shop\""))?;
    owner.plan_fails(&[])?.says("\"payments\" is not among its teams")?;
    owner.plan_fails(&["-destroy"])?.says(refused)?;
    owner.destroy_fails(&["-refresh=false"])?.says(refused)?;
    // A configuration that allows itself more is still bound.
    let more = "  allow = { teams = [\"payments\"] }\n}\n";
    owner.write("provider.tf", &owner.sandbox_provider().replace("\n}\n", &format!("\n{more}")))?;
    owner.write("main.tf", &environment("deletion_protection = true"))?;
    owner.plan_fails(&[])?.says(refused)?;
    owner.write("provider.tf", &owner.sandbox_provider())?;
    // Another configuration, by import and by an equal request.
    let mut stranger = Workspace::new(tool, &alone("payments", "payments", "dev"))?;
    stranger.write("provider.tf", &owner.sandbox_provider())?;
    stranger.set("GOLDENPATH_BOUNDS", OF_SHOP);
    stranger.fails(&["import", "-no-color", "-input=false", ENVIRONMENT, "demo/payments"])?.says(refused)?;
    stranger.apply_fails(&[])?.says(refused)?;
    ensure!(owner.sandbox().ours()? == there, "nothing was changed");

    // Inside of them all goes its way.
    stranger.write("main.tf", &alone("shop-a", "shop", "dev"))?;
    stranger.apply(&[])?;
    stranger.write("main.tf", &alone("shop-a", "shop", "staging"))?;
    stranger.plan_fails(&[])?.says("\"staging\" is not among its tiers")?;
    stranger.write("main.tf", &alone("shop-a", "shop", "dev"))?;
    stranger.set("GOLDENPATH_BOUNDS", "/nowhere/bounds.yaml");
    stranger.plan_fails(&[])?.says("GOLDENPATH_BOUNDS can't be read")?;
    stranger.set("GOLDENPATH_BOUNDS", OF_SHOP);
    stranger.destroy(&[])?;
    Ok(())
}

pub(super) fn tier_is_loosened(tool: &Tool) -> Result<()> {
    let owner = "owner = { contact = \"pay@example.com\", cost_center = \"CC1\" }";
    let prod = |more: &str| environment(&format!("{owner}\n  {more}")).replace("\"dev\"", "\"prod\"");
    let workspace = Workspace::new(tool, &prod(""))?;
    workspace.apply(&[])?;
    workspace.write("main.tf", &environment(owner))?;
    let plan = workspace.plan_fails(&[])?;
    plan.says("is loosened: from tier prod of team-standard to tier dev of team-standard")?;
    plan.says("class prod becomes dev")?;
    plan.says("Apply `deletion_protection = false` by itself first")?;
    workspace.write("main.tf", &prod("deletion_protection = false"))?;
    workspace.apply(&[])?;
    workspace.write("main.tf", &environment(owner))?;
    workspace.plan(&[])?.says("is loosened")?;
    workspace.apply(&[])?;
    workspace.plan_is_empty(&[])?;
    Ok(())
}

/// Two configurations with one request: the second is no lost answer of the first.
pub(super) fn claims(tool: &Tool) -> Result<()> {
    let with = |claim: &str| environment(&format!("claim = {claim:?}\n  deletion_protection = false"));
    let first = Workspace::new(tool, &with("xr/a"))?;
    first.apply(&[])?;
    let second = Workspace::new(tool, &with("xr/b"))?;
    second.write("provider.tf", &first.sandbox_provider())?;
    second.plan_fails(&[])?.says("demo/payments already exists: import it")?;
    // The same one, whose state was lost.
    second.write("main.tf", &with("xr/a"))?;
    second.apply(&[])?.says("taken over under a new uid")?;
    first.destroy(&[])?.says("is now another instance than the one in this state")?;
    ensure!(!first.sandbox().ours()?.is_empty(), "whoever was superseded deletes nothing");
    Ok(())
}

pub(super) fn accepted_paths(tool: &Tool) -> Result<()> {
    let baseline = |accepted: &str| {
        environment("")
            .replace("cluster = \"demo\"\n}", &format!("cluster = \"demo\"\n  golden_paths = {accepted}\n}}"))
    };
    let workspace = Workspace::new(tool, &baseline("{ own = {} }"))?;
    workspace.plan_fails(&[])?.says("The cluster does not accept golden path team-standard 1.0.0")?;
    workspace.write("main.tf", &baseline("{ team-standard = { version = \"~> 1.0\" } }"))?;
    workspace.apply(&[])?;
    workspace.plan_is_empty(&[])?;
    Ok(())
}
