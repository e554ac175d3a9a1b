//! The sandbox against the contract, and what is its own: faults, visibility, several handles on one file.

use async_trait::async_trait;
use goldenpath_contract as contract;
use goldenpath_core::{domain::ClusterArn, kinds, ports::Clock};
use goldenpath_sandbox::{ClusterOptions, Sandbox, SandboxOptions};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

#[path = "sandbox/faults.rs"]
mod faults;
#[path = "sandbox/processes.rs"]
mod processes;
#[path = "sandbox/targets.rs"]
mod targets;

const DEMO: &str = "arn:aws:eks:eu-west-1:111122223333:cluster/demo";

/// The contract reads the time that passed, and waits.
struct TestClock(Instant);

#[async_trait]
impl Clock for TestClock {
    fn now(&self) -> String {
        jiff::Timestamp::now().to_string()
    }
    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}

struct TestSandbox {
    pub sandbox: Sandbox,
    pub cluster: ClusterArn,
    /// Removed with it.
    _folder: tempfile::TempDir,
}

fn test_sandbox(options: SandboxOptions) -> TestSandbox {
    let folder = tempfile::tempdir().unwrap_or_else(|error| panic!("a folder: {error}"));
    let sandbox = Sandbox::open(folder.path().join("inner/sandbox.db"), options);
    TestSandbox { sandbox, cluster: DEMO.parse().unwrap_or_else(|error| panic!("an ARN: {error}")), _folder: folder }
}

fn target(test: &TestSandbox) -> contract::TestTarget {
    contract::TestTarget {
        objects: Arc::new(test.sandbox.clone()),
        clusters: Arc::new(test.sandbox.clone()),
        probe: Arc::new(test.sandbox.clone()),
        out_of_band: Arc::new(test.sandbox.clone()),
        clock: Arc::new(TestClock(Instant::now())),
        cluster: test.cluster.clone(),
        boundary: "arn:aws:iam::111122223333:policy/goldenpath/boundary".to_owned(),
        poll: Duration::from_millis(1),
        unique: "contract".to_owned(),
    }
}

/// Records name people and what they may do.
#[tokio::test]
async fn nobody_else_reads_the_file() {
    use std::os::unix::fs::PermissionsExt;
    let test = test_sandbox(SandboxOptions::default());
    test.sandbox.list().await.expect("it is made");
    let mode =
        |path: &str| test._folder.path().join(path).metadata().map(|metadata| metadata.permissions().mode() & 0o777);
    assert_eq!(mode("inner").expect("a folder"), 0o700);
    assert_eq!(mode("inner/sandbox.db").expect("a file"), 0o600);
    for beside in ["inner/sandbox.db-wal", "inner/sandbox.db-shm"] {
        assert!(mode(beside).is_ok_and(|mode| mode == 0o600) || mode(beside).is_err(), "{beside}");
    }
}

/// With IAM's delay, too: whoever waits as the contract does notices nothing.
#[tokio::test]
async fn it_keeps_the_contract_also_while_roles_are_slow_to_be_seen() {
    for visibility_delay_ms in [0, 20] {
        // Of a kind without its definition nothing can be kept.
        let crds = kinds::all().filter_map(contract::crd).collect();
        let demo = ClusterOptions { crds, ..ClusterOptions::new(DEMO.parse().expect("an ARN")) };
        let test =
            test_sandbox(SandboxOptions { visibility_delay_ms, clusters: vec![demo], ..SandboxOptions::default() });
        let (mut kept, mut failed) = (0, vec![]);
        for case in contract::cases(&target(&test)) {
            match case.run.await {
                Ok(()) => kept += 1,
                Err(error) => failed.push(format!("{}: {error:?}", case.name)),
            }
        }
        assert!(failed.is_empty(), "delay {visibility_delay_ms}: {} failed:\n{}", failed.len(), failed.join("\n"));
        assert!(kept > 100, "only {kept} cases ran");
        let left = test.sandbox.list().await.expect("listed");
        let left: Vec<_> = left.iter().map(|l| l.key.to_string()).filter(|key| key.contains("contract")).collect();
        assert!(left.is_empty(), "the suite removes what it makes: {left:?}");
    }
}

/// What was not seen to hold must not pass.
#[tokio::test]
async fn a_kind_that_is_not_served_keeps_no_contract() {
    let test = test_sandbox(SandboxOptions::default());
    for (kind, is_kept, reason) in [
        ("NetworkPolicy", true, "every cluster has it"),
        ("CiliumNetworkPolicy", false, "without its definition"),
        ("ApplicationNetworkPolicy", false, "likewise"),
    ] {
        let name = format!("{kind} is made once and seen as made");
        let case = contract::cases(&target(&test)).into_iter().find(|case| case.name == name).expect("a case");
        let result = case.run.await;
        assert_eq!(result.is_ok(), is_kept, "{kind}: {reason}: {result:?}");
    }
}
