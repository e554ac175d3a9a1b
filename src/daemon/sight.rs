//! How much of what the daemon does a caller gets to see: all of it, or what it asked for itself and what lies in its bounds.

use std::{collections::HashSet, sync::Arc};

#[derive(Clone)]
pub enum Sight {
    All,
    /// What the bounds hold is what was recorded within them when the caller asked.
    Within {
        caller: String,
        recorded: Arc<HashSet<String>>,
    },
}

// === impl Sight ===

impl Sight {
    /// `caller`: who asked for it, by its text.
    pub fn shows(&self, caller: &str, about: &str) -> bool {
        match self {
            Self::All => true,
            Self::Within { caller: own, recorded } => own == caller || recorded.contains(about),
        }
    }

    /// The same as values, for a store that finds what is shown by itself: who asks, and what is recorded within its bounds. `None`:
    /// nothing is out of sight.
    pub fn limits(&self) -> Option<(&str, &HashSet<String>)> {
        match self {
            Self::All => None,
            Self::Within { caller, recorded } => Some((caller, recorded)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_team_sees_its_own() {
        let recorded = Arc::new(HashSet::from(["demo/pay".to_owned()]));
        let team = Sight::Within { caller: "ci".to_owned(), recorded };
        for (sight, caller, about, expected, reason) in [
            (&Sight::All, "other", "demo/shop", true, "the daemon's own user"),
            (&team, "other", "demo/pay", true, "in its bounds"),
            (&team, "ci", "demo/new", true, "what it asked for, before it is recorded"),
            (&team, "other", "demo/shop", false, "of another team"),
            (&team, "reconcile", "demo", false, "a cluster"),
        ] {
            assert_eq!(sight.shows(caller, about), expected, "{reason}");
        }
    }
}
