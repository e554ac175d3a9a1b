//! Which operations are in the ledger, and which of them have not begun.

use crate::ledger::EntryKind;
use std::collections::HashSet;

/// That many operations are remembered, which is more than are ever asked for again at once.
const OPERATIONS: usize = 10_000;

/// Operations that are in the ledger.
#[derive(Default)]
pub struct Announced {
    pub all: HashSet<String>,
    /// Accepted here, and not begun yet, also if a kill came between.
    pub new: HashSet<String>,
}

// === impl Announced ===

impl Announced {
    /// An entry that the start finds in the ledger.
    pub fn recall(&mut self, kind: EntryKind, operation: &str) {
        match kind {
            EntryKind::Accepted => self.add(operation),
            EntryKind::Began | EntryKind::Resumed | EntryKind::Joined | EntryKind::Refused => {
                self.new.remove(operation);
            }
            _ => {}
        }
    }

    /// What another daemon on the same journal has begun stands in its ledger, so there may be many that seem to be new.
    pub fn add(&mut self, operation: &str) {
        if self.all.len() >= OPERATIONS {
            self.all.clear();
            self.new.clear();
        }
        self.all.insert(operation.to_owned());
        self.new.insert(operation.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_kill_came_before_is_still_to_begin() {
        use EntryKind::{Accepted, Began, Ended, Joined, Refused, Resumed};
        for (kinds, is_new, reason) in [
            (&[Accepted] as &[EntryKind], true, "the kill came before it began"),
            (&[Accepted, Began], false, "it has begun"),
            (&[Accepted, Began, Resumed, Ended], false, "it was resumed before"),
            (&[Accepted, Joined], false, "another one stands for it"),
            (&[Accepted, Refused], false, "it never begins"),
        ] {
            let mut announced = Announced::default();
            kinds.iter().for_each(|kind| announced.recall(*kind, "one"));
            assert!(announced.all.contains("one"), "{reason}: it is not announced again");
            assert_eq!(announced.new.contains("one"), is_new, "{reason}");
        }
    }

    #[test]
    fn what_began_elsewhere_is_forgotten_some_time() {
        for (is_recalled, reason) in [(true, "found at the start"), (false, "accepted since")] {
            let mut announced = Announced::default();
            for number in 0..2 * OPERATIONS + 1 {
                match is_recalled {
                    true => announced.recall(EntryKind::Accepted, &number.to_string()),
                    false => announced.add(&number.to_string()),
                }
            }
            assert_eq!((announced.all.len(), announced.new.len()), (1, 1), "{reason}: there is room again");
        }
    }
}
