//! Cancellations, of what runs here and of what does not. Whoever may cancel an operation has asked for it.

use super::Operations;
use crate::{error::in_one_line, trail::Subject};
use goldenpath_core::policy::Identity;

impl Operations {
    /// One that waits in the journal ends as soon as it begins. Of one of another caller there is nothing to cancel.
    pub async fn cancel(&self, caller: &Identity, id: &str) {
        let runs_here = self.known.cancel_by(caller, id);
        if let Some(of) = &runs_here {
            self.trail.cancel(of).await;
        }
        let (operation, about) = match self.store.cancel(id, caller).await {
            Ok(Some(cancelled)) => cancelled,
            Ok(None) => return,
            Err(error) => {
                tracing::error!(operation = id, error = in_one_line(&error), "The cancellation can't be written");
                return;
            }
        };
        if runs_here.is_some() {
            return;
        }
        // It may have begun here in between.
        if let Some(of) = self.known.cancel(&operation) {
            self.trail.cancel(&of).await;
            return;
        }
        let of = Subject { operation, caller: caller.to_string(), verb: String::new(), about };
        self.trail.note_cancellation(&of).await;
    }
}
