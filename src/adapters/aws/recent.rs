//! What this process knows because it did it, or saw it, a moment ago.
//!
//! IAM is eventually consistent, so that a GetRole of a role that was just made may say for some seconds that there is none: whoever
//! waits for it knows better. And what one operation has just seen is not asked for again by each of its steps.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

pub(super) struct Recent<V> {
    lasts: Duration,
    known: Mutex<HashMap<String, (Instant, V)>>,
}

// === impl Recent ===

impl<V: Clone> Recent<V> {
    pub fn lasting(lasts: Duration) -> Self {
        Self { lasts, known: Mutex::default() }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, (Instant, V)>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn add(&self, name: &str, value: V) {
        let mut known = self.lock();
        known.retain(|_, (at, _)| at.elapsed() < self.lasts);
        known.insert(name.to_owned(), (Instant::now(), value));
    }

    pub fn forget(&self, is_gone: impl Fn(&str) -> bool) {
        self.lock().retain(|name, _| !is_gone(name));
    }

    pub fn get(&self, name: &str) -> Option<V> {
        self.lock().get(name).filter(|(at, _)| at.elapsed() < self.lasts).map(|(_, value)| value.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_made_is_known_until_it_is_deleted_and_not_for_long() {
        let (made, arn) =
            (Recent::lasting(Duration::from_secs(60)), "arn:aws:iam::111122223333:role/goldenpath/gp-pay");
        assert_eq!(made.get(arn), None, "of another process");
        made.add(arn, 1);
        assert_eq!(made.get(arn), Some(1));
        made.forget(|name| name.ends_with("/gp-pay"));
        assert_eq!(made.get(arn), None, "deleted");
        let brief = Recent::lasting(Duration::ZERO);
        brief.add(arn, 1);
        assert_eq!(brief.get(arn), None, "of some time ago");
    }
}
