//! `ensures <socket> <clients> <n>`: so many clients of a daemon, each with n ensures that change nothing; prints operations a
//! second. Used by scripts/bench.

use acceptance_tests::load::Load;
use anyhow::{Context as _, Result};
use std::{io::Write as _, path::Path, time::Instant};

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let (Some(socket), Some(clients), Some(times)) = (arguments.next(), arguments.next(), arguments.next()) else {
        anyhow::bail!("usage: ensures <socket> <clients> <n>");
    };
    let clients: usize = clients.parse().context("the number of clients is not a number")?;
    let times: usize = times.parse().context("n is not a number")?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let rate = runtime.block_on(async {
        let load = Load::prepare(Path::new(&socket), "load", clients).await?;
        let begun = Instant::now();
        load.run(times).await?;
        Ok::<_, anyhow::Error>((clients * times) as f64 / begun.elapsed().as_secs_f64())
    })?;
    Ok(writeln!(std::io::stdout(), "{rate:.1}")?)
}
