//! What a test waits for that nobody announces: asked again and again, and never for ever.

use anyhow::{Result, ensure};
use std::{
    thread,
    time::{Duration, Instant},
};

const LONG: Duration = Duration::from_secs(60);
const BETWEEN: Duration = Duration::from_millis(50);

pub fn until(what: &str, mut holds: impl FnMut() -> Result<bool>) -> Result<()> {
    find(what, || Ok(holds()?.then_some(())))
}

/// Where something else on this thread has to go on meanwhile.
pub async fn until_beside(what: &str, mut holds: impl FnMut() -> Result<bool>) -> Result<()> {
    let begun = Instant::now();
    while !holds()? {
        ensure!(begun.elapsed() < LONG, "it never came so far: {what}");
        tokio::time::sleep(BETWEEN).await;
    }
    Ok(())
}

pub fn find<T>(what: &str, mut look: impl FnMut() -> Result<Option<T>>) -> Result<T> {
    let begun = Instant::now();
    loop {
        if let Some(found) = look()? {
            return Ok(found);
        }
        ensure!(begun.elapsed() < LONG, "it never came so far: {what}");
        thread::sleep(BETWEEN);
    }
}
