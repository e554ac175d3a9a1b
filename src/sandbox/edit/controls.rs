//! What only a sandbox has: faults, and the log of calls.

use crate::{
    Sandbox, SandboxError,
    store::{self, CallLogEntry, Fault, FaultRow},
};

impl Sandbox {
    pub async fn add_fault(&self, fault: Fault) -> Result<i64, SandboxError> {
        self.out_of_band(move |store| store::add_fault(store, &fault)).await
    }

    pub async fn faults(&self) -> Result<Vec<FaultRow>, SandboxError> {
        self.out_of_band(|store| store::faults(store)).await
    }

    pub async fn clear_faults(&self) -> Result<(), SandboxError> {
        self.out_of_band(store::clear_faults).await
    }

    /// The log of calls, oldest first; the last 65,536 are kept.
    pub async fn calls(&self) -> Result<Vec<CallLogEntry>, SandboxError> {
        self.out_of_band(|store| store::calls(store)).await
    }
}
