//! What is left alone between applies. Of an environment that is paused, all that is in it is paused, too.

use std::collections::BTreeSet;

/// By id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pauses(BTreeSet<String>);

// === impl Pauses ===

impl Pauses {
    pub fn cover(&self, id: &str) -> bool {
        let is_outer =
            |outer: &String| id.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        self.0.iter().any(is_outer)
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
        let pauses = Pauses::from_iter(["demo/pay".to_owned()]);
        for (id, expected, reason) in
            [("demo/pay", true, "itself"), ("demo/pay/api", true, "a slot"), ("demo/payments", false, "another one")]
        {
            assert_eq!(pauses.cover(id), expected, "{reason}");
        }
    }
}
