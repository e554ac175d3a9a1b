//! What clients of one daemon share, counted by the sandbox.

use crate::{daemon::Daemon, workspace::Workspace};
use acceptance_tests::tools::Tool;
use anyhow::{Result, ensure};
use std::time::Duration;

const ENVIRONMENTS: usize = 100;
/// As long as may be: three CLIs on a busy machine may need seconds to start.
const SHARED_FOR: Duration = Duration::from_secs(10);
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
    let lines = format!("journal: journal.db\nlimits: {{ reads_shared_for: {}s }}\n", SHARED_FOR.as_secs());
    let mut daemon = Daemon::with(&format!("sandbox: {{ path: {} }}", first.sandbox_path().display()), &lines, vec![])?;
    first.write("provider.tf", &daemon.provider(""))?;
    first.apply(&[])?;
    let others = [Workspace::new(tool, &many())?, Workspace::new(tool, &many())?];
    for other in &others {
        other.write("provider.tf", &daemon.provider(""))?;
        std::fs::copy(first.path("terraform.tfstate"), other.path("terraform.tfstate"))?;
    }
    let all = [&first, &others[0], &others[1]];
    let mut reads = |clients: &[&Workspace]| -> Result<Vec<String>> {
        // What was read before serves nobody here.
        daemon.terminate()?;
        daemon.start_again()?;
        let before = first.sandbox().calls()?.len();
        let running: Vec<_> = clients.iter().map(|client| client.start(&PLAN)).collect::<Result<_>>()?;
        for plan in running {
            let ended = plan.wait_with_output()?;
            ensure!(ended.status.code() == Some(0), "an empty plan: {}", String::from_utf8_lossy(&ended.stdout));
        }
        Ok(first
            .sandbox()
            .calls()?
            .into_iter()
            .skip(before)
            .map(|call| format!("{} {}", call.verb, call.key))
            .collect())
    };
    let one = reads(&all[..1])?;
    let three = reads(&all)?;
    // What grows with the cluster is read once; whoever comes second knows that many are asked for.
    let listings = |calls: &[String]| calls.iter().filter(|call| *call == "observe refresh").count();
    ensure!(listings(&one) == 1 && listings(&three) <= 1, "three clients make {three:?}, one makes {one:?}");
    ensure!(2 * three.len() <= 3 * one.len(), "three cost at most half more than one: {three:?}, {one:?}");
    Ok(())
}
