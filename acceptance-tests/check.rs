//! One test: its name, what it does, and how long it took.
//!
//! So many run at once as there are places ([`PLACES`]). A test takes one when it has what only one test may have at a time: whoever
//! waits for that keeps nobody else from running.

use acceptance_tests::chain;
use anyhow::{Result, bail};
use libtest_mimic::{Failed, Trial};
use std::{
    io::Write as _,
    pin::Pin,
    sync::{Arc, Condvar, Mutex, PoisonError},
    time::{Duration, Instant},
};

/// A CLI and its provider keep a core busy between them, and wait for each other and for servers: with three, two cores were busy for
/// some 60 % of the time.
pub const PLACES: usize = 6;

/// A name, and what is done on something that tests share.
pub type Check<T> = (&'static str, fn(Arc<T>) -> Pin<Box<dyn Future<Output = Result<()>>>>);

/// An async function of a shared thing as a [`Check`].
macro_rules! check {
    ($name:literal, $run:path) => {
        ($name, |on| Box::pin($run(on)))
    };
}
pub(crate) use check;

/// A test that lists everything that is wrong before it fails.
pub fn none(wrong: Vec<String>) -> Result<()> {
    if wrong.is_empty() { Ok(()) } else { bail!("{}", wrong.join("\n")) }
}

static TIMES: Mutex<Vec<(Duration, String)>> = Mutex::new(vec![]);

/// Of the places those that nobody has.
static FREE: (Mutex<usize>, Condvar) = (Mutex::new(PLACES), Condvar::new());

struct Place;

// === impl Place ===

impl Place {
    fn take() -> Self {
        let (free, released) = &FREE;
        let free = free.lock().unwrap_or_else(PoisonError::into_inner);
        *released.wait_while(free, |free| *free == 0).unwrap_or_else(PoisonError::into_inner) -= 1;
        Self
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let (free, released) = &FREE;
        *free.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        released.notify_one();
    }
}

pub fn trial(name: impl Into<String>, run: impl FnOnce() -> Result<()> + Send + 'static) -> Trial {
    trial_with(name, || (), move |()| run())
}

/// With what `wait` gives, which others may have for long.
pub fn trial_with<T>(
    name: impl Into<String>,
    wait: impl FnOnce() -> T + Send + 'static,
    run: impl FnOnce(T) -> Result<()> + Send + 'static,
) -> Trial {
    let name = name.into();
    Trial::test(name.clone(), move || {
        let had = wait();
        let _place = Place::take();
        let started = Instant::now();
        let result = run(had);
        TIMES.lock().unwrap_or_else(PoisonError::into_inner).push((started.elapsed(), name));
        result.map_err(|error| Failed::from(chain(&error)))
    })
}

/// For what can't run here: skipped, and in CI a failure.
pub fn absent(name: &str, reason: &'static str) -> Trial {
    let in_ci = std::env::var("CI").is_ok_and(|ci| ci == "true");
    Trial::test(name, move || Err(Failed::from(reason))).with_ignored_flag(!in_ci)
}

/// Of the slowest ten, a line each: `took 12.3 name`.
pub fn print_times() {
    let mut times = TIMES.lock().unwrap_or_else(PoisonError::into_inner);
    times.sort_unstable_by(|one, other| other.cmp(one));
    let mut out = std::io::stdout().lock();
    for (time, name) in times.iter().take(10) {
        // Whoever reads may have gone.
        writeln!(out, "took {:.1} {name}", time.as_secs_f64()).ok();
    }
}
