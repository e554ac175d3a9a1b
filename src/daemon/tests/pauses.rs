//! What a daemon is told to leave alone.

use super::harness::DaemonFixture;
use crate::reconcile::record_of_a_test as record;
use goldenpath_core::provision::DaemonReports as _;

#[tokio::test]
async fn a_pause_of_a_cluster_holds_for_everything_on_it() {
    let fixture = DaemonFixture::new();
    fixture.engine.is_recorded(record("demo/pay", "dev"));
    let daemon = fixture.start().await;
    let client = fixture.client();
    let is_paused = async || client.instances().await.unwrap().instances[0].is_paused;
    client.pause("demo", true).await.unwrap();
    assert!(is_paused().await);
    let still = client.pause("demo/pay", false).await.unwrap_err();
    assert!(still.code == "daemon.paused" && still.summary.ends_with("resume demo"), "{still}");
    assert!(is_paused().await, "as it says");
    client.pause("demo", false).await.unwrap();
    assert!(!is_paused().await);
    daemon.end();
}
