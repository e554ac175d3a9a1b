//! What clients of one daemon share, counted by the sandbox.

use crate::{daemon::Daemon, workspace::Workspace};
use acceptance_tests::tools::Tool;
use anyhow::{Context as _, Result, ensure};

const ENVIRONMENTS: usize = 100;
const PLAN: [&str; 5] = ["plan", "-no-color", "-input=false", "-detailed-exitcode", "-lock=false"];

fn many() -> String {
    let environment = |number: usize| {
        format!(
            "resource \"goldenpath_team_environment\" \"e{number}\" {{\n  name = \"e{number}\"\n  team = \"pay\"\n  tier = \"dev\"\n  \
             cluster = goldenpath_cluster_baseline.demo.id\n}}\n"
        )
    };
    let baseline = "resource \"goldenpath_cluster_baseline\" \"demo\" {\n  cluster = \"demo\"\n}\n".to_owned();
    [baseline].into_iter().chain((0..ENVIRONMENTS).map(environment)).collect()
}

pub(super) fn three_at_once(tool: &Tool) -> Result<()> {
    let first = Workspace::new(tool, &many())?;
    let daemon = Daemon::start(&first.sandbox_path())?;
    first.write("provider.tf", &daemon.provider(""))?;
    first.apply(&[])?;
    let others = [Workspace::new(tool, &many())?, Workspace::new(tool, &many())?];
    for other in &others {
        other.write("provider.tf", &daemon.provider(""))?;
        std::fs::copy(first.path("terraform.tfstate"), other.path("terraform.tfstate"))?;
    }
    let all = [&first, &others[0], &others[1]];
    let reads = |clients: &[&Workspace]| -> Result<usize> {
        let before = first.sandbox().calls()?.len();
        let running: Vec<_> = clients.iter().map(|client| client.start(&PLAN)).collect::<Result<_>>()?;
        for plan in running {
            let ended = plan.wait_with_output()?;
            ensure!(ended.status.code() == Some(0), "an empty plan: {}", String::from_utf8_lossy(&ended.stdout));
        }
        first.sandbox().calls()?.len().checked_sub(before).context("the log was cut")
    };
    let (one, three) = (reads(&all[..1])?, reads(&all)?);
    ensure!(one > 0 && three * 2 <= one * 3, "three clients make {three} calls, one makes {one}");
    Ok(())
}
