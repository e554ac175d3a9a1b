//! A namespace that a team lives in already becomes its environment: the plan names each field, nothing in it is lost, and what
//! belongs to somebody's deployment tool is refused by that tool's name.

use super::guides::{code_blocks, commands, guide};
use crate::{outside::Outside, workspace::Workspace};
use acceptance_tests::servers::{Real, api::ApiCall, ministack, seed::put};
use acceptance_tests::tools::Tool;
use anyhow::{Context as _, Result, ensure};
use hyper::Method;
use serde_json::{Value as Json, json};
use std::sync::Arc;

const NAME: &str = "lived-in";
const LABEL: &str = "pod-security.kubernetes.io/enforce";
const POINTER: &str = "/metadata/labels/pod-security.kubernetes.io~1enforce";

pub fn of_a_namespace(tool: &Tool, real: &Arc<Real>) -> Result<()> {
    acceptance_tests::block_on(is_adopted(tool, real))
}

async fn is_adopted(tool: &Tool, real: &Arc<Real>) -> Result<()> {
    let outside = Outside::of(real).await?;
    let workspace = Workspace::bare(tool)?;
    let provider = json!({"provider": {"goldenpath": real.provider_config(&real.ministack.url())}});
    workspace.write("provider.tf.json", &provider.to_string())?;
    workspace.write("baseline.tf", &resource("goldenpath_cluster_baseline", "this", "cluster = \"demo\""))?;
    workspace.apply(&[])?;

    by_the_guide(&workspace, real, &outside).await?;
    owners_are_named(&workspace, real).await?;

    lived_in(real, &outside).await?;
    let quiet = outside.get(&format!("/api/v1/namespaces/{NAME}/configmaps/theirs")).await?;

    environment(&workspace, NAME, "")?;
    let refused = workspace.plan_fails(&[])?;
    refused.says(&format!("Namespace {NAME}"))?;
    refused.says("exists and belongs to administrator")?;

    environment(&workspace, NAME, "adopt = { mode = \"if_marked\" }")?;
    let held = workspace.plan_fails(&[])?;
    for words in [POINTER, "held by somebodys-gitops", "adopt.take_fields"] {
        held.says(words).context("a field that another one holds")?;
    }
    ensure!(
        outside.get(&format!("/api/v1/namespaces/{NAME}")).await?["metadata"]["labels"][LABEL] == "privileged",
        "a plan changes nothing"
    );

    environment(&workspace, NAME, &format!("adopt = {{ mode = \"if_marked\", take_fields = [\"{POINTER}\"] }}"))?;
    let plan = workspace.plan(&[])?;
    for words in [
        "1 to add, 0 to change, 0 to destroy",
        "exists and is adopted; nothing in it is deleted",
        POINTER,
        "privileged",
        "held by somebodys-gitops",
    ] {
        plan.says(words).context("what the adoption takes over")?;
    }
    workspace.apply(&[])?;
    workspace.plan_is_empty(&[])?;

    let namespace = outside.get(&format!("/api/v1/namespaces/{NAME}")).await?;
    let metadata = &namespace["metadata"];
    ensure!(metadata["labels"][LABEL] != "privileged", "the field was taken: {metadata}");
    ensure!(metadata["labels"]["cost-centre"] == "4711", "what is theirs stays: {metadata}");
    let now = outside.get(&format!("/api/v1/namespaces/{NAME}/configmaps/theirs")).await?;
    ensure!(now == quiet, "their ConfigMap was touched: {now}");

    workspace.destroy(&[])?;
    let left = outside.inventory().await?;
    ensure!(left.is_empty(), "destroy leaves {left:?}");
    Ok(())
}

fn resource(kind: &str, name: &str, body: &str) -> String {
    format!("resource \"{kind}\" \"{name}\" {{\n  {body}\n}}\n")
}

fn environment(workspace: &Workspace, name: &str, adopt: &str) -> Result<()> {
    let body = format!(
        "name = \"{name}\"\n  team = \"payments\"\n  tier = \"dev\"\n  cluster = goldenpath_cluster_baseline.this.id\n  {adopt}"
    );
    workspace.write("environment.tf", &resource("goldenpath_team_environment", "this", &body))
}

/// What the guide shows, as it stands there: the mark, the adoption, and the way out of the state and back.
async fn by_the_guide(workspace: &Workspace, real: &Real, outside: &Outside) -> Result<()> {
    let text = guide("move-namespaces")?;
    let mark = commands(&text, "kubectl annotate namespace ").next().context("the guide marks no namespace")?;
    let (name, annotation) = mark.split_once(' ').context(mark.to_owned())?;
    let (key, id) = annotation.split_once('=').context(mark.to_owned())?;
    put(
        &real.cluster,
        json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "annotations": {key: id}}}),
    )
    .await?;
    let place = format!("/api/v1/namespaces/{name}");
    let before = outside.get(&place).await?["metadata"]["uid"].clone();
    let environment =
        code_blocks(&text, "hcl").find(|block| block.contains("resource \"goldenpath_team_environment\""));
    workspace.write("environment.tf", environment.context("the guide shows no environment")?)?;
    workspace.plan(&[])?.says("exists and is adopted; nothing in it is deleted")?;
    workspace.apply(&[])?;
    workspace.plan_is_empty(&[])?;
    let back: Vec<&str> = commands(&text, "terraform ").collect();
    ensure!(back.len() == 2, "out of the state and back: {back:?}");
    for line in back {
        workspace.ok(&line.split(' ').collect::<Vec<_>>()).with_context(|| line.to_owned())?;
    }
    workspace.plan_is_empty(&[])?;
    ensure!(outside.get(&place).await?["metadata"]["uid"] == before, "the namespace is the one that was there");
    workspace.remove("environment.tf")?;
    workspace.apply(&[])?;
    Ok(())
}

/// As a team's own tools left it.
async fn lived_in(real: &Real, outside: &Outside) -> Result<()> {
    put(
        &real.cluster,
        json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAME, "labels": {"cost-centre": "4711"},
            "annotations": {"goldenpath.internal/adoptable-by": format!("{}/{NAME}", ministack::CLUSTER)}}}),
    )
    .await?;
    put(
        &real.cluster,
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "theirs", "namespace": NAME},
            "data": {"a": "1"}}),
    )
    .await?;
    let labels =
        json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAME, "labels": {LABEL: "privileged"}}});
    let path = format!("/api/v1/namespaces/{NAME}?fieldManager=somebodys-gitops");
    let content = Some(("application/apply-patch+yaml", labels));
    outside.call(ApiCall { method: Method::PATCH, path: &path, content, headers: &[] }).await.map(drop)
}

/// All are marked as adoptable, and requested: whoever runs them would put them back.
async fn owners_are_named(workspace: &Workspace, real: &Real) -> Result<()> {
    for (name, place, key, value, words) in [
        ("of-argo", "annotations", "argocd.argoproj.io/tracking-id", "shop:/Namespace:of-argo/of-argo", "Argo CD"),
        ("of-flux", "labels", "kustomize.toolkit.fluxcd.io/name", "shop", "Flux"),
        ("of-helm", "annotations", "meta.helm.sh/release-name", "shop", "Helm"),
        ("of-crossplane", "annotations", "crossplane.io/composition-resource-name", "shop", "Crossplane"),
        ("of-another", "labels", "goldenpath.internal/environment", "shop", "environment shop"),
    ] {
        let mut document = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": {},
            "annotations": {"goldenpath.internal/adoptable-by": format!("{}/{name}", ministack::CLUSTER)}}});
        document["metadata"][place][key] = Json::from(value);
        put(&real.cluster, document).await?;
        environment(workspace, name, "adopt = { mode = \"if_marked\" }")?;
        let refused = workspace.plan_fails(&[])?;
        refused.says(words).with_context(|| format!("{name} is refused by its owner's name"))?;
    }
    workspace.remove("environment.tf")
}
