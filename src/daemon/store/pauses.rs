//! What is left alone between applies. Of an environment that is paused, all that is in it is paused, too, and of a cluster all that is on
//! it: in an outage of one nobody has to know its environments.

use std::collections::BTreeSet;

/// By id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pauses(BTreeSet<String>);

// === impl Pauses ===

impl Pauses {
    pub fn cover(&self, id: &str) -> bool {
        self.outermost(id).is_some()
    }

    /// By which it is paused: that of itself, or of the outermost that it is in.
    pub fn outermost(&self, id: &str) -> Option<&str> {
        let is_outer =
            |outer: &&String| id.strip_prefix(*outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        // A shorter one comes before what begins with it.
        self.0.iter().find(is_outer).map(String::as_str)
    }
}

impl FromIterator<String> for Pauses {
    fn from_iter<I: IntoIterator<Item = String>>(ids: I) -> Self {
        Self(ids.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_holds_for_what_is_inside() {
        let pauses = Pauses::from_iter(["demo/pay", "demo/pay/api", "eu", "eu/pay"].map(str::to_owned));
        for (id, expected, reason) in [
            ("demo/pay", Some("demo/pay"), "itself"),
            ("demo/pay/api", Some("demo/pay"), "a slot, whatever is said of itself"),
            ("demo/payments", None, "another one"),
            ("demo", None, "nothing that it is in"),
            ("eu", Some("eu"), "the baseline of a cluster"),
            ("eu/pay/api", Some("eu"), "everything on it"),
            ("eu-2/pay", None, "another cluster"),
        ] {
            assert_eq!((pauses.outermost(id), pauses.cover(id)), (expected, expected.is_some()), "{reason}");
        }
    }
}
