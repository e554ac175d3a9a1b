//! What a team applies, without Crossplane: its definitions made CRDs, and the examples of them.

use super::{
    EXAMPLES,
    composed::{Composition, documents},
};
use crate::outside::Outside;
use acceptance_tests::servers::{Real, api::ApiCall};
use anyhow::{Context as _, Result, ensure};
use hyper::Method;
use serde_json::{Value as Json, json};
use std::{sync::Arc, time::Duration};

/// Definitions as Crossplane makes CRDs of them, and the examples as users apply them: strictly, by a real API server.
pub async fn are_accepted(real: Arc<Real>) -> Result<()> {
    let outside = Outside::of(&real).await?;
    let post = async |path: &str, body: Json| -> Result<Json> {
        let content = Some(("application/json", body));
        outside.call(ApiCall { method: Method::POST, path, content, headers: &[] }).await
    };
    for composition in Composition::all()? {
        let mut spec = composition.definition["spec"].clone();
        for version in spec["versions"].as_array_mut().into_iter().flatten() {
            let fields = version.as_object_mut().context("a version")?;
            ensure!(fields.remove("referenceable") == Some(true.into()), "Compositions are of this version");
            fields.extend([("storage".to_owned(), true.into()), ("subresources".to_owned(), json!({"status": {}}))]);
        }
        let definition = json!({"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
            "metadata": composition.definition["metadata"], "spec": spec});
        let name = definition["metadata"]["name"].as_str().context("a name")?.to_owned();
        post("/apis/apiextensions.k8s.io/v1/customresourcedefinitions?fieldValidation=Strict", definition).await?;
        let place = format!("/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{name}");
        let (plural, group) = name.split_once('.').context("plural.group")?;
        let is = |found: &Json, wanted: &str| {
            let conditions = found["status"]["conditions"].as_array().cloned().unwrap_or_default();
            conditions.iter().any(|condition| condition["type"] == wanted && condition["status"] == "True")
        };
        let mut found = outside.get(&place).await?;
        for _ in 0..100 {
            if is(&found, "Established") {
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
            found = outside.get(&place).await?;
        }
        ensure!(is(&found, "Established") && !is(&found, "NonStructuralSchema"), "{}", found["status"]);
        let path = format!("/apis/{group}/v1alpha1/namespaces/default/{plural}?fieldValidation=Strict");
        let example =
            documents(EXAMPLES)?.into_iter().find(|one| composition.is_of(one["kind"].as_str().unwrap_or_default()));
        let mut example = example.context("an example of each kind")?;
        example["metadata"]["namespace"] = "default".into();
        let mut wrong = example.clone();
        post(&path, example).await?;
        wrong["metadata"]["name"] = "wrong".into();
        wrong["spec"]["tema"] = "payments".into();
        ensure!(post(&path, wrong).await.is_err(), "a word that nobody knows");
    }
    Ok(())
}
