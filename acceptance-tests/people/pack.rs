//! The built-in policies, installed as a cluster baseline would: what they accept and refuse at the real API server. Our own engine is
//! held against the same examples.

use super::fixture::People;
use crate::check::none;
use anyhow::{Context as _, Result};
use goldenpath_core::{
    domain::plural,
    policy::{
        document::{Action, Bound, Policy, installation},
        pack_documents,
    },
};
use serde_json::{Value as Json, json};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

const EXAMPLES: &str = include_str!("../../src/core/policy/pack/examples.yaml");
const ADMISSION: &str = "/apis/admissionregistration.k8s.io/v1";
const LONGEST: Duration = Duration::from_secs(60);

pub(super) async fn holds(people: Arc<People>) -> Result<()> {
    let examples: Vec<Json> = serde_saphyr::from_str(EXAMPLES)?;
    for (index, example) in examples.iter().enumerate() {
        install(&people, index, example).await?;
    }
    let mut wrong = vec![];
    for (index, example) in examples.iter().enumerate() {
        let name = example["policy"].as_str().context("policy")?;
        let started = Instant::now();
        let said = loop {
            let (status, said) = attempt(&people, index, &example["refused"]).await?;
            if status >= 300 || started.elapsed() > LONGEST {
                break said;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        };
        let says = example["says"].as_str().context("says")?;
        if !said.contains(&format!("denied request: {says}")) {
            wrong.push(format!("{name} says {said:?} and not {says:?}"));
        }
        let (status, said) = attempt(&people, index, &example["accepted"]).await?;
        if status >= 300 {
            wrong.push(format!("{name} refuses what it accepts: {said}"));
        }
    }
    none(wrong)
}

/// In a namespace of its own, with the example's params.
async fn install(people: &People, index: usize, example: &Json) -> Result<()> {
    let name = example["policy"].as_str().context("policy")?;
    let (_, text) = pack_documents().iter().find(|(known, _)| *known == name).context("no such policy")?;
    let policy = Policy::read(text)?;
    let params = example["params"].as_object().cloned().unwrap_or_default();
    let policy = policy.with_params(&params).map_err(anyhow::Error::msg)?;
    let labels = json!({"pack": index.to_string()});
    let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": format!("pack-{index}"), "labels": labels}});
    people.make("/api/v1/namespaces", &namespace).await?;
    let bound = Bound { name: None, namespaces: json!({"matchLabels": labels}), action: Action::Deny };
    let made = installation(&policy, &format!("{name}-{index}"), None, &[bound]);
    let object = |kind: &str, name: &str, spec: &Json| json!({"apiVersion": "admissionregistration.k8s.io/v1", "kind": kind, "metadata": {"name": name}, "spec": spec});
    let (name, spec) = &made.policy;
    let policy = object("ValidatingAdmissionPolicy", name, spec);
    people.make(&format!("{ADMISSION}/validatingadmissionpolicies"), &policy).await?;
    for (name, spec) in &made.bindings {
        let binding = object("ValidatingAdmissionPolicyBinding", name, spec);
        people.make(&format!("{ADMISSION}/validatingadmissionpolicybindings"), &binding).await?;
    }
    Ok(())
}

async fn attempt(people: &People, index: usize, object: &Json) -> Result<(u16, String)> {
    let api = object["apiVersion"].as_str().context("apiVersion")?;
    let prefix = if api.contains('/') { format!("/apis/{api}") } else { format!("/api/{api}") };
    let plural = plural(object["kind"].as_str().context("kind")?);
    let path = format!("{prefix}/namespaces/pack-{index}/{plural}?dryRun=All");
    let reply = people.post(&path, object).await?;
    Ok((reply.status, reply.document["message"].as_str().unwrap_or_default().to_owned()))
}
