//! The table that our engine is held against, held against the API server: each case a ValidatingAdmissionPolicy of its own, and an
//! object that is created without being kept.

use super::fixture::People;
use crate::check::none;
use acceptance_tests::servers::api::{ApiCall, ApiReply};
use anyhow::{Context as _, Result, bail, ensure};
use futures_util::{StreamExt as _, stream};
use hyper::Method;
use serde_json::{Value as Json, json};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

const TABLE: &str = include_str!("../../src/core/policy/document/parity.yaml");
const NAMESPACE: &str = "default";
const CASES: &str = "/apis/parity.test/v1/namespaces/default/cases";
const ADMISSION: &str = "/apis/admissionregistration.k8s.io/v1";

/// Policies are in force seconds after they are made, on an idle machine.
const LONGEST: Duration = Duration::from_secs(120);

/// Requests at once.
const AT_ONCE: usize = 8;

impl People {
    pub(super) async fn post(&self, path: &str, object: &Json) -> Result<ApiReply> {
        let content = Some(("application/json", object.clone()));
        self.call(&self.administrator, ApiCall { method: Method::POST, path, content, headers: &[] }).await
    }

    /// What is there already is no error.
    pub(super) async fn make(&self, path: &str, object: &Json) -> Result<()> {
        let reply = self.post(path, object).await?;
        ensure!(reply.status < 300 || reply.status == 409, "{path}: {reply:?}");
        Ok(())
    }
}

pub(super) async fn holds(people: Arc<People>) -> Result<()> {
    let table: Json = serde_saphyr::from_str(TABLE)?;
    let rows = table["cases"].as_array().context("cases")?;
    kind(&people, &table["objects"]["params"]).await?;
    let people = &people;
    let created: Vec<Result<bool>> = stream::iter(rows.iter().enumerate())
        .map(|(at, row)| policy(people, at, row))
        .buffered(AT_ONCE)
        .collect()
        .await;
    let created = created.into_iter().collect::<Result<Vec<bool>>>()?;
    // Where conditions leave a request out, its policy is in force with the others.
    let probed = |at: &usize| created[*at] && rows[*at].get("conditions").is_none();
    let mut waiting: Vec<usize> = (0..rows.len()).filter(probed).collect();
    let started = Instant::now();
    while !waiting.is_empty() {
        ensure!(started.elapsed() < LONGEST, "{} policies are not in force", waiting.len());
        let object = &table["objects"]["web"];
        let probes = stream::iter(waiting).map(|at| async move { (at, create(people, at, object, true).await) });
        let probes: Vec<_> = probes.buffered(AT_ONCE).collect().await;
        waiting = probes
            .into_iter()
            .filter(|(_, reply)| reply.as_ref().is_ok_and(|reply| reply.status < 300))
            .map(|(at, _)| at)
            .collect();
        if !waiting.is_empty() {
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
    }
    let object = &table["objects"]["web"];
    let tried = stream::iter(rows.iter().enumerate().zip(created));
    let wrong: Vec<Result<Option<String>>> = tried
        .map(|((at, row), is_created)| wrong(people, at, row, object, is_created))
        .buffered(AT_ONCE)
        .collect()
        .await;
    none(wrong.into_iter().collect::<Result<Vec<_>>>()?.into_iter().flatten().collect())
}

/// A kind whose objects may hold anything, and the params.
async fn kind(people: &People, params: &Json) -> Result<()> {
    let schema = json!({"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}});
    let definition = json!({"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "cases.parity.test"},
        "spec": {"group": "parity.test", "scope": "Namespaced",
            "names": {"kind": "Case", "plural": "cases", "singular": "case", "listKind": "CaseList"},
            "versions": [{"name": "v1", "served": true, "storage": true, "schema": schema}]}});
    people.make("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", &definition).await?;
    let params =
        json!({"apiVersion": "parity.test/v1", "kind": "Case", "metadata": {"name": "params"}, "spec": params});
    let started = Instant::now();
    loop {
        match people.make(CASES, &params).await {
            Ok(()) => return Ok(()),
            Err(error) if started.elapsed() > LONGEST => return Err(error),
            Err(_) => tokio::time::sleep(Duration::from_millis(200)).await,
        }
    }
}

fn name(at: usize) -> String {
    format!("parity-{at}")
}

/// Whether the API server takes it. A second rule tells that it is in force.
async fn policy(people: &People, at: usize, row: &Json) -> Result<bool> {
    let name = name(at);
    let mut rule = json!({"expression": row["expression"]});
    for field in ["message", "messageExpression"] {
        if row[field].is_string() {
            rule[field] = row[field].clone();
        }
    }
    let probe = json!({"expression": "!has(object.metadata.annotations) || !('probe' in object.metadata.annotations)"});
    let rules = json!([{"apiGroups": ["parity.test"], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["cases"]}]);
    let mut spec = json!({"failurePolicy": "Fail", "validations": [rule, probe],
        "matchConstraints": {"resourceRules": rules, "objectSelector": {"matchLabels": {"case": name}}}});
    if let Some(variables) = row.get("variables") {
        spec["variables"] = variables.clone();
    }
    if let Some(conditions) = row["conditions"].as_array() {
        let conditions = conditions.iter().enumerate();
        spec["matchConditions"] =
            conditions.map(|(at, text)| json!({"name": format!("c{at}"), "expression": text})).collect();
    }
    let mut binding = json!({"policyName": name, "validationActions": ["Deny"]});
    if row["expression"].as_str().context("expression")?.contains("params") {
        spec["paramKind"] = json!({"apiVersion": "parity.test/v1", "kind": "Case"});
        binding["paramRef"] = json!({"name": "params", "namespace": NAMESPACE, "parameterNotFoundAction": "Deny"});
    }
    let made = |kind: &str, spec: Json| json!({"apiVersion": "admissionregistration.k8s.io/v1", "kind": kind, "metadata": {"name": name}, "spec": spec});
    let reply = people
        .post(&format!("{ADMISSION}/validatingadmissionpolicies"), &made("ValidatingAdmissionPolicy", spec))
        .await?;
    match reply.status {
        422 => return Ok(false),
        status if status < 300 => {}
        _ => bail!("{name}: {reply:?}"),
    }
    people
        .make(
            &format!("{ADMISSION}/validatingadmissionpolicybindings"),
            &made("ValidatingAdmissionPolicyBinding", binding),
        )
        .await?;
    Ok(true)
}

async fn create(people: &People, at: usize, spec: &Json, is_probe: bool) -> Result<ApiReply> {
    let mut object = json!({"apiVersion": "parity.test/v1", "kind": "Case", "spec": spec,
        "metadata": {"name": name(at), "namespace": NAMESPACE, "labels": {"case": name(at)}}});
    if is_probe {
        object["metadata"]["annotations"] = json!({"probe": "-"});
    }
    people.post(&format!("{CASES}?dryRun=All"), &object).await
}

/// What the API server says otherwise than the table.
async fn wrong(people: &People, at: usize, row: &Json, object: &Json, is_created: bool) -> Result<Option<String>> {
    let (verdict, said) = if is_created {
        let reply = create(people, at, object, false).await?;
        let said = reply.document["message"].as_str().unwrap_or_default();
        let said = said.split_once("denied request: ").map(|(_, said)| said.to_owned());
        (if reply.status < 300 { "admitted" } else { "denied" }, said)
    } else {
        ("refused", None)
    };
    let is_right = row["verdict"] == verdict && row["says"].as_str() == said.as_deref();
    Ok((!is_right).then(|| format!("{} ({}): {verdict} {said:?}", row["expression"], row["reason"])))
}
