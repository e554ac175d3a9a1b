//! Between applies: what is recorded on each cluster is compared with what is there, by the rules of its tier; what drifted is shown, and
//! healed where the rules say so.
//!
//! ```text
//! rules      pure: what is configured, and when which tier is due
//! knowledge  what the last rounds found, and what is news
//! healing    the recorded request applied again, as an operation like any other
//! rounds     one loop for each cluster, so that one out of reach holds up none of the others
//! ```

mod healing;
mod knowledge;
mod rounds;
mod rules;

pub use knowledge::Knowledge;
pub use rounds::{Reconciler, adopt_comparisons, run};
pub use rules::{Mode, Reconcile, TierRule};

#[cfg(test)]
pub use tests::record as record_of_a_test;

#[cfg(test)]
mod tests;
