//! `cycles <socket> <n>`: n times connect, configure, plan and close, against a running `serve --reattach`; its memory
//! must not grow. Used by scripts/bench.

use acceptance_tests::client::{Client, Instance, no_errors};
use anyhow::{Context as _, Result};
use serde_json::json;
use std::path::Path;

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let (Some(socket), Some(times)) = (arguments.next(), arguments.next()) else {
        anyhow::bail!("usage: cycles <socket> <n>");
    };
    let times: u32 = times.parse().context("n is not a number")?;
    let sandbox = std::env::current_dir()?.join("cycles.db");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        for _ in 0..times {
            cycle(Path::new(&socket), &sandbox).await?;
        }
        Ok(())
    })
}

async fn cycle(socket: &Path, sandbox: &Path) -> Result<()> {
    let mut client = Client::connect(socket).await?;
    no_errors(&client.configure(&json!({ "sandbox": { "path": sandbox } })).await?, "configure")?;
    let environment = json!({ "name": "payments", "team": "payments", "tier": "dev", "cluster": "demo" });
    let planned = Instance::new(&client, "goldenpath_team_environment").plan(Some(&environment)).await?;
    no_errors(&planned.said, "plan")
}
