//! Which release this is: written into records, named in each request to a target, and exchanged by a daemon and its clients.
//!
//! Stated here and nowhere else, so that a test can have two releases at work side by side. Both are then the same program but for
//! what they say of themselves: what a real later release changes must hold against the same tests.

use std::sync::OnceLock;

/// Of this build.
const BUILT: &str = env!("CARGO_PKG_VERSION");

static PRETENDED: OnceLock<Pretended> = OnceLock::new();

#[derive(Debug, PartialEq, Eq)]
struct Pretended {
    release: String,
    api: Option<u32>,
}

pub fn release() -> &'static str {
    PRETENDED.get().map_or(BUILT, |pretended| &pretended.release)
}

/// The number of the daemon's API, where `own` is that of this build.
pub fn api(own: u32) -> u32 {
    PRETENDED.get().and_then(|pretended| pretended.api).unwrap_or(own)
}

/// From now on this process is another release: `0.2.0`, or `0.2.0/3` with the number of its API. Of a build for tests alone.
#[cfg(debug_assertions)]
pub fn pretend(text: &str) {
    let _ = PRETENDED.set(Pretended::read(text));
}

// === impl Pretended ===

#[cfg(debug_assertions)]
impl Pretended {
    fn read(text: &str) -> Self {
        let (release, api) = text.split_once('/').unwrap_or((text, ""));
        Self { release: release.to_owned(), api: api.parse().ok() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_release_is_read() {
        for (text, release, api) in [("0.2.0", "0.2.0", None), ("0.3.0/3", "0.3.0", Some(3))] {
            assert_eq!(Pretended::read(text), Pretended { release: release.to_owned(), api });
        }
        assert_eq!((release(), api(7)), (BUILT, 7), "unless somebody says otherwise");
    }
}
