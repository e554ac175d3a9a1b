//! What client and daemon agree on besides the messages: versions, sizes, and where an operation's outcome goes.

use goldenpath_core::{
    domain::{self, EnvironmentId, Id, Problem, SlotId},
    provision::{Outcome, Removed},
};
use std::time::Duration;

/// Raised when the form of a document changes, with a row in `forms/table.rs`. Neighbours work together: whoever is newer knows both
/// forms.
pub const API: u32 = 1;

pub fn api() -> u32 {
    domain::api(API)
}

/// Both ways. A request is a few kilobytes, an environment with all its objects some hundred.
pub const LARGEST_MESSAGE: usize = 64 << 20;

/// The daemon may wait for a slow or throttling target; longer than that is a hang.
pub const READ_LIMIT: Duration = Duration::from_secs(600);

pub fn work_together(one: u32, other: u32) -> bool {
    one.abs_diff(other) <= 1
}

/// Of whatever kind, as people write it. `None`: nothing has that id.
pub fn instance_id(text: &str) -> Option<Id> {
    match text.split('/').count() {
        1 => text.parse().ok().map(|cluster| Id::baseline(&cluster)),
        2 => text.parse::<EnvironmentId>().ok().map(Id::from),
        _ => text.parse::<SlotId>().ok().map(Id::from),
    }
}

/// What an operation does. Both go on without their client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    Ensure,
    Remove,
}

impl Verb {
    pub const ALL: [Self; 2] = [Self::Ensure, Self::Remove];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ensure => "ensure",
            Self::Remove => "remove",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|verb| verb.as_str() == text)
    }

    /// The document of an operation that came to nothing.
    pub fn failure(self, problem: Problem) -> Vec<u8> {
        let problems = vec![problem];
        let document = match self {
            Self::Ensure => serde_json::to_vec(&Outcome { exists: None, problems }),
            Self::Remove => serde_json::to_vec(&Removed { gone: false, objects: None, problems }),
        };
        // Neither holds a map with keys that are not texts, which is all that could fail.
        document.unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_work_together() {
        for (one, other, expected, reason) in [
            (1, 1, true, "the same release"),
            (1, 2, true, "an older client, while the daemon is upgraded first"),
            (2, 1, true, "or last"),
            (1, 3, false, "two apart"),
            (1, 0, true, "as far as numbers go"),
        ] {
            assert_eq!(work_together(one, other), expected, "{reason}");
        }
    }
}
