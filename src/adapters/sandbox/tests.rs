//! The sandbox against the contract, and what is its own: faults, visibility, several handles on one file.

use super::*;
use crate::{clock::SystemClock, contract};
use std::time::Duration;

mod faults;
mod processes;
mod targets;

pub(super) const DEMO: &str = "arn:aws:eks:eu-west-1:111122223333:cluster/demo";

pub(super) struct Place {
    pub sandbox: Sandbox,
    pub cluster: ClusterArn,
    /// Removed with the place.
    _folder: tempfile::TempDir,
}

pub(super) fn place(options: SandboxOptions) -> Place {
    let folder = tempfile::tempdir().expect("a folder");
    let sandbox = Sandbox::open(folder.path().join("inner/sandbox.db"), options);
    Place { sandbox, cluster: DEMO.parse().expect("an ARN"), _folder: folder }
}

pub(super) fn target(place: &Place) -> contract::TestTarget {
    contract::TestTarget {
        objects: Arc::new(place.sandbox.clone()),
        clusters: Arc::new(place.sandbox.clone()),
        probe: Arc::new(place.sandbox.clone()),
        foreign: Arc::new(place.sandbox.clone()),
        clock: Arc::new(SystemClock::default()),
        cluster: place.cluster.clone(),
        boundary: "arn:aws:iam::111122223333:policy/goldenpath/boundary".to_owned(),
        poll: Duration::from_millis(1),
        unique: "contract".to_owned(),
    }
}

/// With IAM's delay, too: whoever waits as the contract does notices nothing.
#[tokio::test]
async fn it_keeps_the_contract_also_while_roles_are_slow_to_be_seen() {
    for visibility_delay_ms in [0, 20] {
        let place = place(SandboxOptions { visibility_delay_ms, ..SandboxOptions::default() });
        let (mut kept, mut broken) = (0, vec![]);
        for case in contract::cases(&target(&place)) {
            match case.run.await {
                Ok(()) => kept += 1,
                Err(error) => broken.push(format!("{}: {error:?}", case.name)),
            }
        }
        assert!(broken.is_empty(), "delay {visibility_delay_ms}: {} broken:\n{}", broken.len(), broken.join("\n"));
        assert!(kept > 100, "only {kept} cases ran");
        let left = place.sandbox.list().await.expect("listed");
        let left: Vec<_> = left.iter().map(|l| l.key.to_string()).filter(|key| key.contains("contract")).collect();
        assert!(left.is_empty(), "the suite removes what it makes: {left:?}");
    }
}
