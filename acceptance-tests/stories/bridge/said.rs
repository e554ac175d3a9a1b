//! What a Workspace says of itself, in the words of Crossplane's provider, and what its composite resource shows of that.

use super::composed::Composition;
use crate::workspace::Run;
use anyhow::{Result, ensure};
use serde_json::{Map, Value as Json, json};
use std::cell::RefCell;

/// The condition `Synced`: what came of the last change.
#[derive(Default)]
pub struct Said(RefCell<Json>);

// === impl Said ===

impl Said {
    pub fn after(&self, what: &str, run: &Run) {
        self.0.replace(match run.code {
            Some(0) => json!({"type": "Synced", "status": "True", "reason": "ReconcileSuccess"}),
            _ => {
                json!({"type": "Synced", "status": "False", "reason": "ReconcileError", "message": message(what, run)})
            }
        });
    }

    /// The status of the composite resource.
    pub fn status(&self, composition: &Composition, outputs: &Map<String, Json>, is_ready: bool) -> Result<Json> {
        let ready = match is_ready {
            true => json!({"type": "Ready", "status": "True", "reason": "Available"}),
            false => json!({"type": "Ready", "status": "False", "reason": "Creating"}),
        };
        let synced = self.0.borrow();
        let status = |conditions: [&Json; 2]| {
            let found = json!({"atProvider": {"outputs": outputs}, "conditions": conditions});
            composition.status(&json!({"status": found}))
        };
        let (status, turned) = (status([&ready, &*synced]), status([&*synced, &ready]));
        ensure!(status == turned, "nobody promises an order of conditions: {status} and {turned}");
        Ok(status)
    }
}

/// The first line of an error and, packed, the whole of it.
fn message(what: &str, run: &Run) -> String {
    let summary = first_line(run);
    format!(
        "{what} failed: Terraform encountered an error. Summary: {summary}. To see the full error run: echo \"H4sI\" | base64 -d | gunzip"
    )
}

/// All that Crossplane shows of an error.
pub fn first_line(run: &Run) -> &str {
    run.raw.lines().find_map(|line| line.split_once("Error: ")).map_or("", |(_, text)| text)
}
