//! Whether someone is still at work on a record, as far as the watcher's own clock can tell: its lease is over when its
//! renewals have stood still for its time, so clocks of different machines are never compared.

use crate::domain::{Lease, Operation};
use std::time::Duration;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    Free,
    Held,
}

/// How long one holder's renewals have stood still, as seen by one waiter.
#[derive(Debug, Default)]
pub struct Watch {
    /// Operation and renewals at the last look, and when they were first seen so.
    still: Option<(String, u64, Duration)>,
}

// === impl Watch ===

impl Watch {
    pub fn look(&mut self, operation: Option<&Operation>, now: Duration) -> Hold {
        let Some(Operation { id, lease: Some(Lease { renewals, seconds }) }) = operation else {
            return Hold::Free;
        };
        match &self.still {
            Some((seen, count, since)) if seen == id && count == renewals => {
                if now.saturating_sub(*since) >= Duration::from_secs(*seconds) { Hold::Free } else { Hold::Held }
            }
            _ => {
                self.still = Some((id.clone(), *renewals, now));
                Hold::Held
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lease_is_over_when_its_renewals_stand_still() {
        let held = |id: &str, renewals| Some(Operation { id: id.into(), lease: Some(Lease { renewals, seconds: 15 }) });
        let released = Some(Operation { id: "a".into(), lease: None });
        // (seconds by the waiter's clock, what the record says, expected, reason)
        let looks = [
            (0, held("a", 1), Hold::Held, "the first look can't tell"),
            (14, held("a", 1), Hold::Held, "not yet"),
            (14, held("a", 2), Hold::Held, "it was renewed"),
            (28, held("a", 2), Hold::Held, "counted from the renewal"),
            (29, held("a", 2), Hold::Free, "fifteen seconds without renewal"),
            (30, held("b", 2), Hold::Held, "another one took it: counted from the start"),
            (31, released, Hold::Free, "released"),
            (32, None, Hold::Free, "nobody is at work"),
        ];
        let mut watch = Watch::default();
        for (seconds, operation, expected, reason) in looks {
            assert_eq!(watch.look(operation.as_ref(), Duration::from_secs(seconds)), expected, "{reason}");
        }
    }
}
