//! What a new sandbox holds, and out-of-band changes.

use super::{DEMO, test_sandbox};
use goldenpath_core::{
    domain::{Body, Class, ObjectKey, Ownership},
    ports::{Clusters, Deleted},
};
use goldenpath_sandbox::{ListedObject, SandboxOptions};
use serde_json::json;

#[tokio::test]
async fn a_new_sandbox_holds_one_cluster_and_what_comes_with_it() {
    let test = test_sandbox(SandboxOptions::default());
    assert_eq!(test.sandbox.only().await, Ok(Some(DEMO.parse().expect("a cluster"))));
    let facts = test.sandbox.facts(&"demo".parse().expect("a name")).await.expect("facts");
    assert_eq!(facts.version, "1.36");
    assert_eq!(facts.stable.pod_security_version, "1.36");
    assert!(facts.network_policy_enforced == Some(true) && !facts.stable.auto_mode);
    assert_eq!(facts.stable.service_cidr, "10.100.0.0/16");
    let sets: Vec<&str> = facts.stable.permission_sets.keys().map(String::as_str).collect();
    assert_eq!(sets, ["AdministratorAccess", "PaymentsDev", "PaymentsView", "PlatformEngineer"]);
    let listed = test.sandbox.list().await.expect("listed");
    for key in [
        "aws/iam/Role/pay-admin",
        "aws/iam/Role/ci",
        "k8s/v1/Namespace/kube-system",
        "k8s/v1/ServiceAccount/default/default",
    ] {
        let found = listed.iter().find(|listed| listed.key.to_string() == key);
        assert!(
            matches!(found, Some(ListedObject { ownership: Ownership::Foreign { .. }, deleting: false, .. })),
            "{key}: {found:?}"
        );
    }
    assert!(listed.is_sorted_by(|a, b| a.key < b.key));
}

#[tokio::test]
async fn a_cluster_that_is_not_there_names_those_that_are() {
    let test = test_sandbox(SandboxOptions::default());
    for (cluster, reason) in [("main", "a name"), ("arn:aws:eks:eu-west-1:111122223333:cluster/main", "an ARN")] {
        let refused = test.sandbox.facts(&cluster.parse().expect(reason)).await.expect_err(reason);
        assert_eq!(refused.class, Class::NotFound, "{reason}");
        assert!(refused.message.contains(&format!("This sandbox has {DEMO}, ")), "{reason}: {}", refused.message);
    }
}

#[tokio::test]
async fn a_document_is_shown_with_its_managers() {
    let test = test_sandbox(SandboxOptions::default());
    let key = ObjectKey::kube("v1", "ConfigMap", Some("default"), "settings");
    let body = Body::Kube(json!({"apiVersion": "v1", "kind": "ConfigMap", "data": {"a": "1"},
        "metadata": {"name": "settings", "namespace": "default"}}));
    let sandbox = &test.sandbox;
    sandbox.create(&key, &body, "helm").await.expect("made");
    sandbox.edit(&key, "/data/b", Some(json!("2")), "kubectl-edit", false).await.expect("edited");
    sandbox.edit(&key, "/data/a", Some(json!("3")), "argocd", true).await.expect("declared");
    sandbox.edit(&key, "/data/c", Some(json!("4")), "argocd", true).await.expect("declared");
    let shown = sandbox.show(&key).await.expect("shown");
    assert_eq!(shown["data"], json!({"a": "3", "b": "2", "c": "4"}));
    assert_eq!(
        shown["metadata"]["managedFields"],
        json!([
            {"manager": "kubectl-edit", "operation": "Update", "fields": ["/data/b"]},
            {"manager": "argocd", "operation": "Apply", "fields": ["/data/a", "/data/c"]},
        ])
    );
    sandbox.edit(&key, "/data/b", None, "kubectl-edit", false).await.expect("taken away");
    assert_eq!(sandbox.show(&key).await.expect("shown")["data"], json!({"a": "3", "c": "4"}));
    assert!(sandbox.edit(&key, "/data/b", None, "kubectl-edit", false).await.is_err(), "there is none");
    assert!(
        sandbox.edit(&key, "/metadata/labels", Some(json!({"a b": "c"})), "x", false).await.is_err(),
        "a wrong label"
    );
    assert_eq!(sandbox.remove(&key).await.expect("removed"), Deleted::Gone);
    assert!(sandbox.show(&key).await.is_err());
}

#[tokio::test]
async fn a_role_is_shown_with_its_arn_and_keeps_its_shape() {
    let test = test_sandbox(SandboxOptions::default());
    let key = ObjectKey::role("ci");
    let shown = test.sandbox.show(&key).await.expect("shown");
    assert_eq!(shown["arn"], "arn:aws:iam::111122223333:role/ci");
    assert!(shown["role_id"].as_str().is_some_and(|id| id.starts_with("AROA") && id.len() == 21), "{shown}");
    let wrong = test.sandbox.edit(&key, "/attached", Some(json!("no list")), "console", false).await;
    assert!(wrong.is_err(), "a role with another shape is none");
    let attach = json!(["arn:aws:iam::aws:policy/AdministratorAccess"]);
    test.sandbox.edit(&key, "/attached", Some(attach), "console", false).await.expect("edited");
}

#[tokio::test]
async fn what_belongs_to_the_cluster_itself_stays() {
    let test = test_sandbox(SandboxOptions::default());
    let system = test.sandbox.remove(&ObjectKey::namespace_object("kube-system")).await;
    assert!(system.expect_err("forbidden").to_string().contains("may not be deleted"));
    let facts = test.sandbox.facts(&"demo".parse().expect("a name")).await.expect("facts");
    let name = facts.stable.permission_sets["PaymentsDev"].rsplit('/').next().expect("a name").to_owned();
    assert!(test.sandbox.remove(&ObjectKey::role(name)).await.is_err(), "Identity Center's role");
    let account = ObjectKey::kube("v1", "ServiceAccount", Some("default"), "default");
    let before = test.sandbox.show(&account).await.expect("shown")["metadata"]["uid"].clone();
    test.sandbox.remove(&account).await.expect("removed");
    let after = test.sandbox.show(&account).await.expect("it comes back")["metadata"]["uid"].clone();
    assert_ne!(before, after, "as another one");
}
