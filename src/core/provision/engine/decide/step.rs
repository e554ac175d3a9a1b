//! What one object needs, as it was last seen. Asked in the decision, and again before each try of a write.

use super::{
    claim::{Claim, Claimant, claim},
    drift,
};
use crate::{
    domain::{Desired, Observed},
    golden,
    provision::engine::failure::Failure,
};

#[derive(Debug, PartialEq)]
pub enum Step {
    Create,
    Update {
        version: String,
        /// Fields that it takes from those who edited them.
        take: Vec<String>,
    },
    /// It is as it should be, or not ours to change.
    Keep(Box<Observed>),
    /// An earlier deletion is still in progress.
    AwaitDeletion,
}

/// The error arm: what speaks against doing it at all.
pub fn next(desired: &Desired, seen: Option<Observed>, claimant: &Claimant<'_>) -> Result<Step, Failure> {
    let Some(seen) = seen else { return Ok(Step::Create) };
    if seen.deleting.is_some() {
        return Ok(Step::AwaitDeletion);
    }
    let adopt = match claim(desired, &seen, claimant) {
        Claim::Taken { by } => return Err(Failure::Foreign { key: desired.key.clone(), by }),
        Claim::Borrowed => return Ok(Step::Keep(Box::new(seen))),
        Claim::Mine | Claim::Adopted => claimant.adopt,
    };
    let changes = golden::diff(desired, &seen);
    if changes.is_empty() {
        return Ok(Step::Keep(Box::new(seen)));
    }
    match drift::takes(&changes, &desired.manager, adopt) {
        Ok(take) => Ok(Step::Update { version: seen.version, take }),
        Err(held) => Err(Failure::Held { key: desired.key.clone(), held }),
    }
}
