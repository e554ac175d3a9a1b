//! The whole way, without a CLI: the provider as a client sees it, the engine, the sandbox.

use super::*;
use crate::testing::{Core, State, tree};
use goldenpath_sandbox::{Sandbox, SandboxOptions};
use plugin::{Cancel, diagnostic::any_error, schema};
use serde_json::{Value as Json, json};
use std::path::Path;

const QUOTA: &str = "ResourceQuota pay/gp-base";

async fn connect(sandbox: &Path) -> Arc<dyn Connection> {
    let connection = Goldenpath::new(FromEnvironment::default()).connect();
    let is_new = !sandbox.exists();
    let found = configure(&*connection, json!({ "sandbox": { "path": sandbox.to_str().unwrap() } })).await;
    assert!(!any_error(&found), "{found:?}");
    let says = found.iter().any(|found| found.summary.contains("sandbox"));
    assert_eq!(says, is_new, "it says once that it is one: {found:?}");
    connection
}

async fn configure(connection: &dyn Connection, config: Json) -> Vec<Diagnostic> {
    let declared = provider_config::schema();
    let config = plugin::value::codec::conform(tree(config), &declared.ty()).unwrap();
    let config = schema::with_defaults(&declared, &config);
    let found = connection.validate(&config);
    if any_error(&found) {
        return found;
    }
    let terraform_version = "1.11.4".to_owned();
    connection.configure(Configure { terraform_version, config, cancel: Cancel::new() }).await
}

fn resource<'a>(connection: &'a dyn Connection, name: &str) -> &'a dyn Resource {
    &**connection.resources().iter().find(|resource| resource.name() == name).unwrap()
}

async fn create(core: &Core<'_>, config: Json) -> State {
    let plan = core.plan(None, &core.config(config)).await.sound();
    let (state, found) = core.apply(&plan).await;
    assert!(!any_error(&found), "{found:#?}");
    state.expect("it exists")
}

fn environment(cpu: &str) -> Json {
    json!({
        "name": "pay", "team": "pay", "tier": "dev", "cluster": "demo",
        "quota": { "total": { "requests.cpu": cpu } },
        "access": { "developer": { "permission_sets": ["PaymentsDev"] } },
    })
}

fn line<'a>(state: &'a Value, key: &str) -> &'a str {
    state.child("objects").child(key).as_str().unwrap_or_default()
}

#[tokio::test]
async fn a_life_from_create_to_destroy() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sandbox.db");
    let connection = connect(&path).await;
    let baseline = Core::new(resource(&*connection, "goldenpath_cluster_baseline"));
    let environments = Core::new(resource(&*connection, "goldenpath_team_environment"));
    let slots = Core::new(resource(&*connection, "goldenpath_eks_workload_slot"));

    // One plan of all three, as core makes it: each knows of what was planned a moment ago.
    let base = create(&baseline, json!({ "cluster": "demo" })).await;
    let config = environments.config(environment("4"));
    let plan = environments.plan(None, &config).await.sound();
    assert_eq!(plan.planned.child("id").as_str(), Some("demo/pay"));
    let slot_config = slots.config(json!({ "name": "app", "environment": "demo/pay" }));
    let slot_plan = slots.plan(None, &slot_config).await.sound();
    assert_eq!(slot_plan.planned.child("namespace_name").as_str(), Some("pay"));

    let (state, found) = environments.apply(&plan).await;
    assert!(!any_error(&found), "{found:#?}");
    let state = state.unwrap();
    let (slot, found) = slots.apply(&slot_plan).await;
    assert!(!any_error(&found), "{found:#?}");
    let slot = slot.unwrap();

    // Another process, as every phase is.
    let connection = connect(&path).await;
    let environments = Core::new(resource(&*connection, "goldenpath_team_environment"));
    let slots = Core::new(resource(&*connection, "goldenpath_eks_workload_slot"));
    let (state, found) = environments.read(&state).await;
    assert_eq!(found, vec![]);
    let state = state.unwrap();
    assert!(environments.plan(Some(&state), &config).await.sound().is_empty(), "a create is followed by an empty plan");
    let (slot, _) = slots.read(&slot).await;
    let slot = slot.unwrap();
    assert!(slots.plan(Some(&slot), &slot_config).await.sound().is_empty(), "and so is that of a slot");

    // An update changes the line of one object, and the record behind it.
    let config = environments.config(environment("6"));
    let plan = environments.plan(Some(&state), &config).await.sound();
    assert!(line(&plan.planned, QUOTA).contains("requests.cpu            6"), "{}", line(&plan.planned, QUOTA));
    let (state, found) = environments.apply(&plan).await;
    assert!(!any_error(&found), "{found:#?}");
    let state = state.unwrap();
    assert!(environments.plan(Some(&state), &config).await.sound().is_empty());

    // Import, on a connection of its own.
    let connection = connect(&path).await;
    let environments = Core::new(resource(&*connection, "goldenpath_team_environment"));
    let slots = Core::new(resource(&*connection, "goldenpath_eks_workload_slot"));
    for (core, id, config, whole) in
        [(&environments, "pay", &config, &state), (&slots, "demo/pay/app", &slot_config, &slot)]
    {
        let (imported, found) = core.import(id).await;
        let imported = imported.unwrap_or_else(|| panic!("{found:?}"));
        let (imported, _) = core.read(&imported).await;
        let imported = imported.expect("it exists");
        assert_eq!(imported.value.child("uid"), whole.value.child("uid"));
        assert!(
            core.plan(Some(&imported), config).await.sound().is_empty(),
            "an import of {id} is followed by an empty plan"
        );
    }

    // An out-of-band change, its drift in the plan, and the healing of it.
    let sandbox = Sandbox::open(&path, SandboxOptions::default());
    let key = "k8s/v1/ResourceQuota/pay/gp-base".parse().unwrap();
    sandbox.edit(&key, "/spec/hard/requests.cpu", Some(json!("64")), "kubectl-edit", false).await.unwrap();
    let connection = connect(&path).await;
    let environments = Core::new(resource(&*connection, "goldenpath_team_environment"));
    let (drifted, found) = environments.read(&state).await;
    assert!(found.iter().any(|found| found.detail.contains("kubectl-edit")), "{found:?}");
    let drifted = drifted.unwrap();
    assert!(line(&drifted.value, QUOTA).contains("requests.cpu            64"));
    let plan = environments.plan(Some(&drifted), &config).await.sound();
    assert!(!plan.is_empty());
    let (state, found) = environments.apply(&plan).await;
    assert!(!any_error(&found), "{found:#?}");
    let state = state.unwrap();

    // Destroy, in the order of references; what was in the way is refused.
    let (bytes, found) = environments.plan_destroy(&state).await;
    assert!(!any_error(&found) && !found.is_empty(), "it warns of what goes: {found:?}");
    let (left, found) = environments.destroy(&state, bytes.clone()).await;
    assert!(left.is_some() && any_error(&found), "a slot lives in it: {found:?}");
    let connection = connect(&path).await;
    let slots = Core::new(resource(&*connection, "goldenpath_eks_workload_slot"));
    let environments = Core::new(resource(&*connection, "goldenpath_team_environment"));
    let baseline = Core::new(resource(&*connection, "goldenpath_cluster_baseline"));
    for (core, state) in [(&slots, &slot), (&environments, &state), (&baseline, &base)] {
        let (bytes, found) = core.plan_destroy(state).await;
        assert!(!any_error(&found), "{found:#?}");
        let (left, found) = core.destroy(state, bytes).await;
        assert!(left.is_none(), "{found:#?}");
    }
    let left: Vec<String> = sandbox
        .list()
        .await
        .unwrap()
        .into_iter()
        .filter(|object| !matches!(object.ownership, goldenpath_core::domain::Ownership::Foreign { .. }))
        .map(|object| object.key.to_string())
        .collect();
    assert_eq!(left, Vec::<String>::new(), "nothing of ours remains");
}

#[tokio::test]
async fn the_same_state_against_another_target_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let connection = connect(&folder.path().join("one.db")).await;
    let baseline = Core::new(resource(&*connection, "goldenpath_cluster_baseline"));
    let state = create(&baseline, json!({ "cluster": "demo" })).await;

    let connection = connect(&folder.path().join("two.db")).await;
    let baseline = Core::new(resource(&*connection, "goldenpath_cluster_baseline"));
    let (read, found) = baseline.read(&state).await;
    assert!(any_error(&found), "a target that is mistaken is never \"gone\"");
    assert!(read.is_some());
}

/// Only what is in the id replaces: create_before_destroy of something that depends on a slot could never replace it.
#[tokio::test]
async fn a_slot_moves_to_another_namespace_in_place_and_its_loss_is_reported() {
    let folder = tempfile::tempdir().unwrap();
    let connection = connect(&folder.path().join("sandbox.db")).await;
    create(&Core::new(resource(&*connection, "goldenpath_cluster_baseline")), json!({ "cluster": "demo" })).await;
    let mut pay = environment("4");
    pay["quota"]["slots_percent"] = json!(50);
    create(&Core::new(resource(&*connection, "goldenpath_team_environment")), pay).await;
    let slots = Core::new(resource(&*connection, "goldenpath_eks_workload_slot"));
    let slot = |isolation: Json, protected: bool| json!({ "name": "app", "environment": "demo/pay", "isolation": isolation, "deletion_protection": protected });
    let mut state = create(&slots, slot(Json::Null, true)).await;
    for (isolation, protected, namespace, loses, reason) in [
        (json!("shared"), true, "pay", None, "the tier's own choice, written down"),
        (json!("namespace"), true, "pay-app", None, "into a namespace of its own"),
        (json!("shared"), true, "", Some("protected from deletion"), "its namespace would go"),
        (json!("namespace"), false, "pay-app", None, "the protection goes first"),
        (json!("shared"), false, "pay", Some("pay-app will be deleted with everything inside"), "and now it may"),
    ] {
        let plan = slots.plan(Some(&state), &slots.config(slot(isolation, protected))).await;
        assert_eq!(plan.replaces, Vec::<String>::new(), "{reason}");
        let losses = plan.diagnostics.iter().find(|found| found.detail.contains("(deletion."));
        let losses = losses.map(|found| found.summary.clone());
        assert!(
            losses.as_deref().is_some_and(|summary| summary.contains(loses.unwrap_or("-")))
                || loses.is_none() && losses.is_none(),
            "{reason}: {losses:?}"
        );
        if namespace.is_empty() {
            assert!(any_error(&plan.diagnostics), "{reason}");
            continue;
        }
        let (after, found) = slots.apply(&plan.sound()).await;
        assert!(!any_error(&found), "{reason}: {found:#?}");
        state = slots.read(&after.expect(reason)).await.0.expect(reason);
        assert_eq!(state.value.child("namespace_name").as_str(), Some(namespace), "{reason}");
        assert!(slots.read(&state).await.1.is_empty(), "{reason}: nothing drifts");
    }
}

#[tokio::test]
async fn offline_plans_everything_and_applies_nothing() {
    let connection = Goldenpath::new(FromEnvironment::default()).connect();
    let facts = json!({
        "version": "1.36",
        "stable": { "cluster_arn": "arn:aws:eks:eu-west-1:111122223333:cluster/demo", "pod_security_version": "1.36" },
    });
    let found = configure(&*connection, json!({ "offline": { "facts": facts } })).await;
    assert!(!any_error(&found), "{found:?}");
    let environments = Core::new(resource(&*connection, "goldenpath_team_environment"));
    let mut config = environment("4");
    config["access"] = Json::Null;
    let plan = environments.plan(None, &environments.config(config)).await.sound();
    assert!(line(&plan.planned, QUOTA).contains("requests.cpu            4"), "objects can be asserted on");
    assert_eq!(plan.diagnostics, vec![], "what only objects could tell is not asked for");
    let (state, found) = environments.apply(&plan).await;
    assert!(state.is_none() && found[0].summary.contains("only makes plans"), "{found:?}");
}

#[tokio::test]
async fn connections_share_nothing_and_no_target_is_an_error_with_the_choices() {
    let provider = Goldenpath::new(FromEnvironment::default());
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = (provider.connect(), provider.connect());
    let found = configure(&*one, json!({ "sandbox": { "path": folder.path().join("a.db").to_str().unwrap() } })).await;
    assert!(!any_error(&found), "{found:?}");
    let found = configure(&*two, json!({})).await;
    assert!(any_error(&found) && found[0].summary.contains("sandbox"), "{found:?}");
    let baseline = Core::new(resource(&*two, "goldenpath_cluster_baseline"));
    let plan = baseline.plan(None, &baseline.config(json!({ "cluster": "demo" }))).await;
    assert!(any_error(&plan.diagnostics), "the other client's target is not ours");
}

#[tokio::test]
async fn rules_are_those_of_the_catalogue_that_the_configuration_names() {
    let folder = tempfile::tempdir().unwrap();
    let embedded = include_str!("../../../core/golden/paths/team-standard-1.0.0.yaml");
    let own = embedded.replace("name: team-standard", "name: own").replace("default: true", "default: false");
    std::fs::write(folder.path().join("own.yaml"), own).unwrap();
    let connection = Goldenpath::new(FromEnvironment::default()).connect();
    let environments = resource(&*connection, "goldenpath_team_environment");
    let declared = environments.schema();
    let validate = |path: &str| {
        let mut config = environment("4");
        config["golden_path"] = json!(path);
        let config = plugin::value::codec::conform(tree(config), &declared.ty()).unwrap();
        environments.validate(&schema::with_defaults(&declared, &config))
    };
    assert_eq!(validate("nowhere"), vec![], "before the provider's block is seen nothing is sure");
    for (catalogue, path, known, reason) in [
        (json!([folder.path().to_str().unwrap()]), "own", true, "a path of that folder"),
        (json!([folder.path().to_str().unwrap()]), "nowhere", false, "a path that is nowhere"),
        (Json::Null, "own", false, "a folder that is not named"),
        (Json::Null, "team-standard", true, "the built-in path"),
    ] {
        let config = json!({ "sandbox": { "path": "unused.db" }, "catalogue": catalogue });
        let declared = provider_config::schema();
        let config = plugin::value::codec::conform(tree(config), &declared.ty()).unwrap();
        assert_eq!(connection.validate(&schema::with_defaults(&declared, &config)), vec![]);
        assert_eq!(validate(path).is_empty(), known, "{reason}: {:?}", validate(path));
    }
}

#[test]
fn the_sandbox_attribute_is_the_adapters_own_options() {
    let full = schema::example(&provider_config::schema());
    let mut declared = full.child("sandbox").as_map().unwrap().clone();
    declared.remove("path");
    let options: SandboxOptions = plugin::value::from_value(&Value::Map(declared.clone())).unwrap();
    let written = plugin::value::to_value(&options);
    let names: Vec<&String> = written.as_map().unwrap().keys().collect();
    assert_eq!(names, declared.keys().collect::<Vec<_>>(), "all of them can be declared");
    assert_eq!(options.clusters.len(), 1);
}
