//! A process that ends with the test that started it.

use acceptance_tests::signal;
use anyhow::{Result, ensure};
use std::{
    ops::{Deref, DerefMut},
    process::Child,
};

/// Ours by its handle, never by name.
pub struct OwnProcess(pub Child);

impl OwnProcess {
    pub fn is_alive(&mut self) -> Result<bool> {
        Ok(self.try_wait()?.is_none())
    }

    /// It must end on SIGTERM.
    pub fn terminate(&mut self) -> Result<()> {
        signal::send("TERM", &self.id().to_string())?;
        let status = self.wait()?;
        ensure!(status.success(), "it ended with {status} after SIGTERM");
        Ok(())
    }
}

impl Deref for OwnProcess {
    type Target = Child;

    fn deref(&self) -> &Child {
        &self.0
    }
}

impl DerefMut for OwnProcess {
    fn deref_mut(&mut self) -> &mut Child {
        &mut self.0
    }
}

impl Drop for OwnProcess {
    fn drop(&mut self) {
        // It may have ended already.
        self.kill().ok();
        self.wait().ok();
    }
}
