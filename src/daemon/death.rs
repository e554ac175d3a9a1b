//! A kill at an exact place, which no signal from outside meets: a build for tests can die right after the n-th entry of its
//! journal and its ledger. In any other build nothing of it is left.

#[cfg(debug_assertions)]
use std::sync::atomic::{AtomicU64, Ordering};

/// So many more are written; 0: it lives on.
#[cfg(debug_assertions)]
static LEFT: AtomicU64 = AtomicU64::new(0);

/// From now on: right after the n-th.
#[cfg(debug_assertions)]
pub fn die_after(n: u64) {
    LEFT.store(n, Ordering::SeqCst);
}

/// Where something is written, and nothing that comes after it is done yet.
pub fn maybe_die() {
    #[cfg(debug_assertions)]
    if LEFT.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)) == Ok(1) {
        // As by a kill: nothing is flushed, and no destructor runs.
        std::process::abort();
    }
}
