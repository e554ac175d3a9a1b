//! Roles that this process has made a moment ago. IAM is eventually consistent, so that a GetRole of one may say for some seconds that it
//! does not exist; whoever waits for it knows better.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// As long as anybody waits for AWS to know what a call refers to.
const NEW_FOR: Duration = Duration::from_secs(120);

/// By ARN.
#[derive(Default)]
pub(super) struct MadeRoles(Mutex<HashMap<String, Instant>>);

// === impl MadeRoles ===

impl MadeRoles {
    pub fn add(&self, arn: &str) {
        let mut made = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        made.retain(|_, at| at.elapsed() < NEW_FOR);
        made.insert(arn.to_owned(), Instant::now());
    }

    pub fn remove(&self, name: &str) {
        let mut made = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        made.retain(|arn, _| arn.rsplit('/').next() != Some(name));
    }

    pub fn has(&self, arn: &str) -> bool {
        let made = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        made.get(arn).is_some_and(|at| at.elapsed() < NEW_FOR)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_made_is_known_until_it_is_deleted() {
        let (made, arn) = (MadeRoles::default(), "arn:aws:iam::111122223333:role/goldenpath/pay/gp-pay");
        assert!(!made.has(arn), "of another process");
        made.add(arn);
        assert!(made.has(arn));
        made.remove("gp-pay");
        assert!(!made.has(arn), "deleted");
    }
}
