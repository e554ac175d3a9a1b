//! What has happened, and found no room in the ledger: how an operation ended, above all. It is written once there is room, before anything
//! else, and says when it happened.

use super::subject::Subject;
use crate::ledger::EntryKind;
use serde_json::Value;
use std::collections::VecDeque;

/// Without room nothing begins, so that there are hardly ever more than operations that run.
const MOST: usize = 1_000;

#[derive(Default)]
pub struct Owed(VecDeque<(Subject, EntryKind, Value)>);

// === impl Owed ===

impl Owed {
    /// What was refused, and what every round finds again, may come without end, and is not kept.
    pub fn add(&mut self, of: &Subject, kind: EntryKind, mut detail: Value, at: String) {
        use EntryKind::{Cancelled, Ended, Healed, Joined};
        if matches!(kind, Cancelled | Ended | Healed | Joined) && self.0.len() < MOST {
            detail["happened_at"] = at.into();
            self.0.push_back((of.clone(), kind, detail));
        }
    }

    pub fn first(&self) -> Option<&(Subject, EntryKind, Value)> {
        self.0.front()
    }

    pub fn forget_first(&mut self) {
        self.0.pop_front();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        events::Events,
        ledger::Ledger,
        outcome::Ending,
        tests::harness::FakeClock,
        trail::{Announced, Trail},
        verify_file,
    };
    use std::{fs, sync::Arc};

    #[tokio::test]
    async fn how_an_operation_ended_is_written_once_there_is_room() {
        let folder = tempfile::tempdir().unwrap();
        let (path, away) = (folder.path().join("audit.jsonl"), folder.path().join("away"));
        let clock = Arc::new(FakeClock::default());
        let ledger = Arc::new(Ledger::open(&path, clock.clone(), |_, _| {}).unwrap());
        let trail = Trail::new(ledger, Arc::new(Events::default()), clock, Announced::default());
        let of = |operation: &str| Subject { operation: operation.to_owned(), ..Subject::default() };
        let ending = Ending::read(br#"{"exists":{"complete":true},"problems":[]}"#);
        // As with a full disk nothing can be written.
        fs::rename(&path, &away).unwrap();
        trail.end(&of("one"), &ending).await;
        trail.cancel(&of("two")).await;
        trail.refuse(&of("three"), "no").await;
        fs::rename(&away, &path).unwrap();
        trail.end(&of("four"), &ending).await;
        trail.settle().await;
        let mut found = vec![];
        verify_file(&path, vec![], |entry, _| {
            let is_late = entry.detail["happened_at"].is_string();
            found.push((entry.kind, entry.operation.clone(), is_late));
        })
        .unwrap();
        found.retain(|(kind, ..)| !matches!(kind, EntryKind::Key | EntryKind::Head));
        let expected = [
            (EntryKind::Ended, "one".to_owned(), true),
            (EntryKind::Cancelled, "two".to_owned(), true),
            (EntryKind::Ended, "four".to_owned(), false),
        ];
        assert_eq!(found, expected, "in their order, and each once");
    }
}
