//! One `serve --reattach` process under several CLIs at once: nothing of one client may reach another.

use super::configurations::environment;
use crate::{server::Server, workspace::Workspace};
use acceptance_tests::tools::Tool;
use anyhow::{Result, ensure};
use std::thread;

pub(super) fn two_clients(tool: &Tool) -> Result<()> {
    let mut server = Server::start()?;
    let workspace = |name: &str| -> Result<Workspace> {
        let hcl = environment("").replace("name    = \"payments\"", &format!("name    = \"{name}\""));
        let mut workspace = Workspace::new(tool, &hcl)?;
        workspace.set("TF_REATTACH_PROVIDERS", &server.reattach);
        Ok(workspace)
    };
    let (one, two) = (workspace("one")?, workspace("two")?);
    thread::scope(|scope| -> Result<()> {
        let other = scope.spawn(|| two.apply(&[]));
        one.apply(&[])?;
        other.join().map_err(|_| anyhow::anyhow!("a thread panicked"))??;
        Ok(())
    })?;
    for (workspace, own, foreign) in [(&one, "one", "two"), (&two, "two", "one")] {
        let there = workspace.sandbox().ours()?;
        ensure!(there.iter().any(|key| key == &format!("k8s/v1/Namespace/{own}")), "{own} is there: {there:?}");
        ensure!(
            !there.iter().any(|key| key == &format!("k8s/v1/Namespace/{foreign}")),
            "{foreign} is elsewhere: {there:?}"
        );
        workspace.plan_is_empty(&[])?;
        workspace.destroy(&[])?;
    }
    ensure!(server.is_alive()?, "clients come and go, the process stays");
    server.terminate()
}
