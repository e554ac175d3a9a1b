//! An access entry that is made again, for the role that bears the name now, with all that hangs on it.
//!
//! DeleteAccessEntry drops the policies of every namespace, and only those of this change have steps of their own. Isolated slots and
//! other environments count on theirs, so they are read before and associated again, here and not in their next applies. What is
//! interrupted in between is missing there, and their next refresh says so.

use super::steps::Maker;
use crate::{
    domain::{Desired, Observed},
    ports::{Scope, Selector},
    provision::engine::{decide::entries, failure::Failure},
};

// === impl Maker ===

impl Maker<'_> {
    /// An access entry belongs to the role that bore the name when it was made, so a role made again needs a new one
    /// (terraform-aws-modules/terraform-aws-eks#3329). `all`: what this change wants.
    pub async fn recreate(&self, desired: &Desired, seen: &Observed, all: &[Desired]) -> Result<Observed, Failure> {
        let granted = Selector { scope: Scope::Granted, keys: vec![seen.key.clone()] };
        let granted = self.target.observe(&granted).await?;
        let of_others = entries::granted_to_others(all, &granted);
        self.delete(seen).await?;
        let made = self.make(desired, None).await?;
        self.make_policies(&of_others.iter().collect::<Vec<_>>()).await?;
        Ok(made)
    }
}
