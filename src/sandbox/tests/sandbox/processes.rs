//! Several handles on one file, each with a connection and a thread of its own, as several processes have.

use super::{DEMO, TestSandbox, target, test_sandbox};
use goldenpath_contract::OutOfBand;
use goldenpath_core::{
    domain::{Body, Class, ClusterArn, Desired, ObjectKey},
    ports::{Apply, Clusters, Expect, Objects, PortError, Scope, Selector},
};
use goldenpath_sandbox::{Action, ClusterOptions, Fault, Sandbox, SandboxError, SandboxOptions, Verb};
use serde_json::json;
use std::{sync::Arc, time::Instant};

fn again(test: &TestSandbox) -> Sandbox {
    Sandbox::open(test.sandbox.path(), SandboxOptions::default())
}

fn config_map(name: &str, value: &str) -> (ObjectKey, Body) {
    let document = json!({"apiVersion": "v1", "kind": "ConfigMap", "data": {"v": value},
        "metadata": {"name": name, "namespace": "default", "labels": {"goldenpath.internal/environment": "many"}}});
    (ObjectKey::kube("v1", "ConfigMap", Some("default"), name), Body::Kube(document))
}

async fn put(sandbox: &Sandbox, name: &str, value: &str, expect: Expect) -> Result<String, PortError> {
    let cluster: ClusterArn = DEMO.parse().unwrap_or_else(|error| panic!("an ARN: {error}"));
    let (key, body) = config_map(name, value);
    let apply = Apply { cluster: &cluster, key: &key, body: &body, manager: Desired::MANAGER, expect, take: &[] };
    sandbox.apply(apply).await.map(|observed| observed.version)
}

#[tokio::test]
async fn a_new_file_is_one_target_for_all_who_open_it_at_once() {
    let test = test_sandbox(SandboxOptions::default());
    let cluster = DEMO.parse().expect("a cluster");
    let handles: Vec<Sandbox> = (0..8).map(|_| again(&test)).collect();
    let mut tasks = vec![];
    for handle in handles {
        let cluster = std::clone::Clone::clone(&cluster);
        tasks.push(tokio::spawn(async move { handle.target(&cluster).await }));
    }
    let mut targets = vec![];
    for task in tasks {
        targets.push(task.await.expect("a task").expect("a target"));
    }
    targets.dedup();
    assert_eq!(targets.len(), 1, "{targets:?}");
    assert_eq!(targets[0].len(), 36, "a UUID: {targets:?}");
}

#[tokio::test]
async fn of_two_who_change_one_version_one_wins() {
    let test = test_sandbox(SandboxOptions::default());
    let other = again(&test);
    for round in 0..20 {
        let version =
            Expect::Version(put(&test.sandbox, "record", &format!("{round}"), Expect::Any).await.expect("made"));
        let (first, second) = tokio::join!(
            put(&test.sandbox, "record", "first", version.clone()),
            put(&other, "record", "second", version),
        );
        let classes = [first.map_err(|e| e.class), second.map_err(|e| e.class)];
        assert_eq!(classes.iter().filter(|c| c.is_ok()).count(), 1, "{classes:?}");
        assert!(classes.contains(&Err(Class::Conflict)), "{classes:?}");
    }
}

#[tokio::test]
async fn no_write_and_no_call_is_lost_among_handles() {
    let test = test_sandbox(SandboxOptions::default());
    let mut tasks = vec![];
    for writer in 0..4 {
        let handle = again(&test);
        tasks.push(tokio::spawn(async move {
            for n in 0..25 {
                put(&handle, &format!("m-{writer}-{n}"), "x", Expect::Absent).await.expect("made");
            }
        }));
    }
    for task in tasks {
        task.await.expect("a writer");
    }
    let selector = Selector { scope: Scope::Environment("many".to_owned()), keys: vec![] };
    assert_eq!(test.sandbox.observe(&test.cluster, &selector).await.expect("seen").len(), 100);
    let numbers: Vec<u32> = test.sandbox.calls().await.expect("the log").iter().map(|call| call.number).collect();
    assert_eq!(numbers, (1..=101).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_fault_of_one_handle_meets_the_calls_of_another() {
    let test = test_sandbox(SandboxOptions::default());
    test.sandbox.add_fault(Fault::new(Action::Deny).verb(Verb::Apply).nth(2)).await.expect("a fault");
    let other = again(&test);
    put(&test.sandbox, "a", "x", Expect::Any).await.expect("the first passes");
    assert_eq!(put(&other, "b", "x", Expect::Any).await.expect_err("the second").class, Class::Denied);
}

#[tokio::test]
async fn what_cannot_be_opened_says_why_and_can_be_opened_later() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("sandbox.db");
    std::fs::create_dir(&path).expect("a folder in the way");
    let sandbox = Sandbox::open(&path, SandboxOptions::default());
    let error = sandbox.only().await.expect_err("a folder is no file");
    assert!(error.message.contains("sandbox.db"), "{error}");
    std::fs::remove_dir(&path).expect("removed");
    sandbox.only().await.expect("the next use tries again");
}

#[tokio::test]
async fn a_file_of_a_newer_release_is_refused() {
    let test = test_sandbox(SandboxOptions::default());
    test.sandbox.only().await.expect("made");
    let connection = rusqlite::Connection::open(test.sandbox.path()).expect("the file");
    connection.execute("UPDATE schema SET version = 99", []).expect("a newer schema");
    let error = again(&test).list().await.expect_err("newer");
    assert!(matches!(error, SandboxError::Newer { found: 99, .. }), "{error}");
}

#[tokio::test]
async fn opening_does_nothing_before_the_first_use() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a/b/sandbox.db");
    let sandbox = Sandbox::open(&path, SandboxOptions::default());
    assert!(!folder.path().join("a").exists());
    sandbox.only().await.expect("used");
    assert!(path.exists());
}

#[tokio::test]
async fn the_file_remembers_what_was_declared_and_a_second_account_has_its_own_roles() {
    let test = test_sandbox(SandboxOptions::default());
    let arn = "arn:aws-cn:eks:cn-north-1:999900001111:cluster/second";
    let options = SandboxOptions {
        clusters: vec![ClusterOptions { auto_mode: true, ..ClusterOptions::new(arn.parse().expect("an ARN")) }],
        permission_sets: ["Auditor".to_owned()].into(),
        ..SandboxOptions::default()
    };
    let declaring = Sandbox::open(test.sandbox.path(), options);
    let facts = declaring.facts(&"second".parse().expect("a name")).await.expect("facts");
    assert!(facts.stable.auto_mode);
    let roles: Vec<_> = facts.stable.permission_sets.iter().collect();
    assert_eq!(roles.len(), 5, "the usual four and one more: {roles:?}");
    assert!(
        roles.iter().all(|(_, arn)| arn.starts_with("arn:aws-cn:iam::999900001111:role/aws-reserved/")),
        "{roles:?}"
    );
    let boundary = "arn:aws-cn:iam::999900001111:policy/goldenpath/boundary";
    let cluster: ClusterArn = arn.parse().expect("an ARN");
    assert_eq!(test.sandbox.policy_exists(&cluster, boundary).await, Ok(true), "other handles know it too");
    assert_eq!(test.sandbox.only().await, Ok(None), "two clusters: none is the only one");
    let demo = test.sandbox.facts(&"demo".parse().expect("a name")).await.expect("facts");
    assert!(
        demo.stable.permission_sets["Auditor"]
            .contains(":role/aws-reserved/sso.amazonaws.com/eu-west-1/AWSReservedSSO_Auditor_")
    );
}

/// Names the file to a child of the next test; without it the child has nothing to do.
const CHILD: &str = "GOLDENPATH_SANDBOX_TEST_CHILD";

#[tokio::test]
async fn child() {
    if let Some(path) = std::env::var_os(CHILD) {
        let sandbox = Sandbox::open(path, SandboxOptions::default());
        put(&sandbox, "a", "x", Expect::Any).await.expect("the first call passes");
        let second = put(&sandbox, "b", "x", Expect::Any).await;
        panic!("the process outlived its end: {second:?}");
    }
}

#[tokio::test]
async fn a_process_ends_at_the_very_call_before_or_after_its_change() {
    for (action, made, reason) in [(Action::Exit, false, "before the change"), (Action::ExitAfter, true, "after it")] {
        let test = test_sandbox(SandboxOptions::default());
        let second = Fault::new(action).verb(Verb::Write).nth(2);
        test.sandbox.add_fault(second).await.expect("a fault");
        let status = std::process::Command::new(std::env::current_exe().expect("this test"))
            .args(["--exact", "processes::child", "--quiet"])
            .env(CHILD, test.sandbox.path())
            .stdout(std::process::Stdio::null())
            .status()
            .expect("a child");
        assert_eq!(status.code(), Some(137), "{reason}");
        let listed = test.sandbox.list().await.expect("listed");
        let has = |name: &str| listed.iter().any(|listed| listed.key == config_map(name, "x").0);
        assert!(has("a"), "what was confirmed is kept");
        assert_eq!(has("b"), made, "{reason}");
        assert_eq!(test.sandbox.calls().await.expect("the log").len(), 2, "{reason}: the call is in the log");
    }
}

/// The figure that a refresh of 500 environments and slots rests on; loose here, since tests are not optimised.
#[tokio::test]
async fn ten_thousand_objects_are_listed_in_one_call() {
    let test = test_sandbox(SandboxOptions::default());
    let target = Arc::new(target(&test));
    put(&test.sandbox, "first", "x", Expect::Any).await.expect("made");
    let connection = rusqlite::Connection::open(test.sandbox.path()).expect("the file");
    let columns = "home, kind, namespace, marked, environment, slot, version, uid, external_id, created_at, visible_at, \
                   deleted_at, body, managers";
    connection
        .execute(
            &format!(
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 9999)
                 INSERT INTO object (fold, key, {columns})
                 SELECT fold || '-' || i, key || '-' || i, {columns} FROM object, n WHERE environment = 'many'"
            ),
            [],
        )
        .expect("copies");
    let selector = Selector { scope: Scope::Everything, keys: vec![] };
    let started = Instant::now();
    let found = target.objects.observe(&test.cluster, &selector).await.expect("seen");
    let took = started.elapsed();
    assert_eq!(found.len(), 10_000);
    assert!(took.as_secs() < 5, "{took:?}");
    let _: &dyn OutOfBand = &test.sandbox;
}
