//! Those who prove who they are and whom nothing lets in. The ledger gets the first refusal of each in a minute, and at the end of
//! the minute how many more there were: an issuer such as GitHub's gives anybody a token, and would let anybody fill the disk.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

pub const MINUTE: Duration = Duration::from_secs(60);
/// So many of them have entries of their own. A CI system that was forgotten in the rules has fewer.
const MOST: usize = 100;
/// All others, as the ledger names them.
const OTHERS: &str = "other callers without a rule";

#[derive(Default)]
pub struct Strangers(Mutex<BTreeMap<String, Refusals>>);

/// Of one of them, in a minute.
#[derive(Debug, PartialEq, Eq)]
pub struct Refusals {
    pub reason: String,
    /// Those that the ledger does not hold.
    pub more: u64,
}

#[derive(Debug, PartialEq, Eq)]
pub struct Met {
    /// It is to be written now.
    pub is_first: bool,
    /// Nobody waits for the end of the minute yet.
    pub begins_minute: bool,
}

// === impl Strangers ===

impl Strangers {
    pub fn meet(&self, caller: &str, reason: &str) -> Met {
        let mut met = self.state();
        let begins_minute = met.is_empty();
        let is_one_too_many = met.len() >= MOST && !met.contains_key(caller);
        let caller = if is_one_too_many { OTHERS } else { caller };
        match met.entry(caller.to_owned()) {
            Entry::Occupied(mut known) => {
                known.get_mut().more += 1;
                Met { is_first: false, begins_minute }
            }
            Entry::Vacant(new) => {
                new.insert(Refusals { reason: reason.to_owned(), more: u64::from(is_one_too_many) });
                Met { is_first: !is_one_too_many, begins_minute }
            }
        }
    }

    /// The minute is over. What was not written, by caller.
    pub fn end_minute(&self) -> Vec<(String, Refusals)> {
        std::mem::take(&mut *self.state()).into_iter().filter(|(_, refusals)| refusals.more > 0).collect()
    }

    fn state(&self) -> MutexGuard<'_, BTreeMap<String, Refusals>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_each_the_first_is_written_and_the_rest_is_counted() {
        let strangers = Strangers::default();
        for (caller, is_first, begins_minute, reason) in [
            ("one", true, true, "the first of all"),
            ("two", true, false, "the first of its own"),
            ("one", false, false, "again"),
            ("one", false, false, "and again"),
        ] {
            assert_eq!(strangers.meet(caller, "no rule"), Met { is_first, begins_minute }, "{reason}");
        }
        let refusals = Refusals { reason: "no rule".to_owned(), more: 2 };
        assert_eq!(strangers.end_minute(), [("one".to_owned(), refusals)], "nothing more of the other");
        assert!(strangers.meet("one", "no rule").is_first, "in the next minute it is written again");
    }

    #[test]
    fn many_of_them_do_not_fill_the_ledger_either() {
        let strangers = Strangers::default();
        let written = (0..1000).filter(|number| strangers.meet(&format!("repo-{number}"), "no rule").is_first).count();
        assert_eq!(written, MOST);
        let counted: Vec<_> = strangers.end_minute().into_iter().map(|(caller, of)| (caller, of.more)).collect();
        assert_eq!(counted, [(OTHERS.to_owned(), 900)]);
    }
}
