//! What a real API server says of manifests that documents show, and of what their lines with `kubectl` read and mark.

use super::commands::{ShownCommand, read, within};
use crate::check::none;
use acceptance_tests::servers::{
    Real,
    api::{Api, ApiCall},
};
use anyhow::{Context as _, Result, ensure};
use goldenpath_core::domain::plural;
use hyper::Method;
use serde_json::{Value as Json, json};
use std::{collections::BTreeMap, sync::Arc};

/// As `kubectl apply --dry-run=server --validate=strict` does, in a namespace that is no environment's.
pub(super) async fn accept_manifests(real: Arc<Real>) -> Result<()> {
    let (api, token) = (Api::of(&real.cluster)?, real.token().await?);
    let (manifests, mut wrong) = (manifests()?, vec![]);
    ensure!(manifests.len() >= 3, "{} manifests in documents", manifests.len());
    let mut misspelt = manifests[0].clone();
    misspelt.1["spec"]["misspelt"] = true.into();
    let count = manifests.len();
    for (at, (file, mut document)) in manifests.into_iter().chain([misspelt]).enumerate() {
        document["metadata"]["namespace"] = "default".into();
        let text = |pointer: &str| document.pointer(pointer).and_then(Json::as_str).context(pointer.to_owned());
        let (version, kind, name) = (text("/apiVersion")?, text("/kind")?, text("/metadata/name")?);
        let root = if version.contains('/') { "apis" } else { "api" };
        let place = format!("/{root}/{version}/namespaces/default/{}/{name}", plural(kind));
        let path = format!("{place}?fieldManager=documents&fieldValidation=Strict&dryRun=All");
        let content = Some(("application/apply-patch+yaml", document.clone()));
        let reply = api.call(&token, ApiCall { method: Method::PATCH, path: &path, content, headers: &[] }).await?;
        let is_accepted = matches!(reply.status, 200 | 201);
        if is_accepted != (at < count) {
            wrong.push(format!("{file}: {kind} {name}: {} {}", reply.status, reply.document["message"]));
        }
    }
    none(wrong)
}

/// Of guides and examples, without those for Crossplane, whose kinds another test brings.
fn manifests() -> Result<Vec<(String, Json)>> {
    let mut texts = vec![];
    for file in within("docs/guides")? {
        let text = read(&file)?;
        let blocks = text.split("```yaml\n").skip(1).filter_map(|rest| Some(rest.split_once("```")?.0.to_owned()));
        texts.extend(blocks.map(|block| (file.clone(), block)));
    }
    for file in within("examples")?.into_iter().filter(|file| file.ends_with(".yaml")) {
        if !file.starts_with("examples/crossplane/") {
            texts.push((file.clone(), read(&file)?));
        }
    }
    let mut found = vec![];
    for (file, text) in texts {
        for part in text.split("\n---\n") {
            let document: Json = serde_saphyr::from_str(part).with_context(|| format!("{file}: {part}"))?;
            // A golden path, a policy, a part of either, or a configuration is none.
            let version = document["apiVersion"].as_str().unwrap_or("goldenpath.internal/v1");
            if !version.starts_with("goldenpath.internal/") {
                found.push((file.clone(), document));
            }
        }
    }
    Ok(found)
}

pub(super) async fn serve_kubectl(real: Arc<Real>) -> Result<()> {
    let (api, token) = (Api::of(&real.cluster)?, real.token().await?);
    let served = kinds(&api, &token).await?;
    let schemas = api.call(&token, ApiCall::get("/openapi/v3/api/v1")).await?.document["components"]["schemas"].take();
    let (mut seen, mut wrong) = (0, vec![]);
    for command in ShownCommand::all()? {
        let Some(line) = command.of("kubectl") else { continue };
        let mut plain = line.split(' ').filter(|word| !word.starts_with('-'));
        let verb = plain.next().unwrap_or_default();
        // `edit` alone is a way to change things, and changes nothing that is named.
        let (true, Some(resources)) = (["annotate", "get", "label"].contains(&verb), plain.next()) else { continue };
        seen += 1;
        let missing = resources.split(',').find(|name| !served.contains_key(*name));
        wrong.extend(missing.map(|name| format!("{}: the API server serves no {name}", command.place())));
        if let Some(field) = line.split(' ').find_map(|word| word.strip_prefix("--sort-by=.")) {
            let kind = served.get(resources).map_or("", String::as_str);
            let schema = &schemas[format!("io.k8s.api.core.v1.{kind}")];
            if schema["properties"].get(field).is_none() {
                wrong.push(format!("{}: {kind} has no field {field}", command.place()));
            }
        }
        for (key, value) in plain.filter_map(|word| word.split_once('=')) {
            let change = json!({"metadata": {format!("{}s", verb.replace("annotate", "annotation")): {key: value}}});
            let content = Some(("application/merge-patch+json", change));
            let path = "/api/v1/namespaces/default?dryRun=All&fieldManager=documents";
            let reply = api.call(&token, ApiCall { method: Method::PATCH, path, content, headers: &[] }).await?;
            if reply.status != 200 {
                wrong.push(format!("{}: {} {}", command.place(), reply.status, reply.document["message"]));
            }
        }
    }
    ensure!(seen >= 4, "{seen} lines with kubectl");
    none(wrong)
}

/// Kinds by the names that kubectl takes for them.
async fn kinds(api: &Api, token: &str) -> Result<BTreeMap<String, String>> {
    let groups = api.call(token, ApiCall::get("/apis")).await?.document;
    let versions = groups["groups"].as_array().context("no groups")?.iter();
    let versions = versions.filter_map(|group| group["preferredVersion"]["groupVersion"].as_str());
    let places = versions.map(|version| format!("/apis/{version}")).chain(["/api/v1".to_owned()]);
    let mut names = BTreeMap::new();
    // The core group last: its kinds go before others of the same name.
    for place in places {
        let listed = api.call(token, ApiCall::get(&place)).await?.document;
        for resource in listed["resources"].as_array().into_iter().flatten() {
            let kind = resource["kind"].as_str().unwrap_or_default();
            let short = resource["shortNames"].as_array().into_iter().flatten();
            let all = [&resource["name"], &resource["singularName"]].into_iter().chain(short).filter_map(Json::as_str);
            names.extend(all.filter(|name| !name.contains('/')).map(|name| (name.to_owned(), kind.to_owned())));
        }
    }
    Ok(names)
}
