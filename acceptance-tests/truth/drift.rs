//! Random out-of-band changes of our objects.

use super::truth_target::TruthTarget;
use crate::random::Random;
use anyhow::Result;
use goldenpath_core::kinds;
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;

#[derive(Debug)]
pub struct Done {
    pub key: String,
    /// It changes what we own; else it is no difference at all.
    pub is_ours: bool,
    #[allow(dead_code, reason = "part of the message of a failure")]
    what: String,
}

/// By kind, what an edit may do, and whether that touches what we own.
const EDITS: &[(&str, &str, bool)] = &[
    ("/ResourceQuota/", r#"{"spec":{"hard":{"pods":"1"}}}"#, true),
    ("/ResourceQuota/", r#"{"metadata":{"labels":{"cattle.io/project":"x"}}}"#, false),
    ("/LimitRange/", r#"{"metadata":{"labels":{"goldenpath.internal/team":"other"}}}"#, true),
    ("/NetworkPolicy/", r#"{"spec":{"policyTypes":[]}}"#, true),
    ("/NetworkPolicy/", r#"{"spec":{"ingress":[{}]}}"#, true),
    ("/NetworkPolicy/", r#"{"spec":{"egress":[{}]}}"#, true),
    ("/NetworkPolicy/", r#"{"metadata":{"annotations":{"seen-by":"scanner"}}}"#, false),
    (
        "/RoleBinding/",
        r#"{"subjects":[{"apiGroup":"rbac.authorization.k8s.io","kind":"Group","name":"everyone"}]}"#,
        true,
    ),
    ("/Namespace/", r#"{"metadata":{"labels":{"pod-security.kubernetes.io/enforce":"privileged"}}}"#, true),
    ("/Namespace/", r#"{"metadata":{"labels":{"field.cattle.io/projectId":"p"}}}"#, false),
    ("/ServiceAccount/", r#"{"metadata":{"annotations":{"who":"me"}}}"#, false),
    (
        "aws/iam/Role/",
        r#"{"inline":{"extra":{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}}}"#,
        true,
    ),
    ("aws/iam/Role/", r#"{"max_session_seconds":7200}"#, true),
];

/// One random change behind our back; `None` when nothing suits.
pub async fn happens(
    random: &mut Random,
    target: &TruthTarget,
    objects: &BTreeMap<String, String>,
) -> Result<Option<Done>> {
    let keys: Vec<_> = objects.keys().collect();
    for _ in 0..8 {
        let key = (*random.pick(&keys)).clone();
        // A namespace that is deleted takes a while and all that is in it; the stories have that.
        let lasting = key.contains("/Namespace/") || key.contains("/ServiceAccount/") || key.contains("/ConfigMap/");
        if random.percent(30) && !lasting {
            target.delete(&key).await?;
            return Ok(Some(Done { key, is_ours: true, what: "deleted".into() }));
        }
        let fitting: Vec<_> = EDITS.iter().filter(|(part, ..)| key.contains(part)).collect();
        if fitting.is_empty() {
            continue;
        }
        let (_, edit, is_ours) = **random.pick(&fitting);
        let before = target.document(&key).await?;
        let change: Json = serde_json::from_str(edit)?;
        target.edit(&key, &change).await?;
        let after = target.document(&key).await?;
        // What was so already is no drift, nor what the server makes of nothing. AWS has no documents.
        let is_ours = is_ours && (after.is_null() || differs(&before, &after, &change));
        return Ok(Some(Done { key, is_ours, what: edit.into() }));
    }
    Ok(None)
}

/// Whether the change has changed anything at its leaves.
fn differs(before: &Json, after: &Json, change: &Json) -> bool {
    match change {
        Json::Object(entries) => entries.iter().any(|(name, change)| differs(&before[name], &after[name], change)),
        _ => before != after,
    }
}

/// The request leaves such objects alone.
pub fn is_ignored(spec: &Json, key: &str) -> bool {
    let reports = spec["drift"]["mode"] == json!("report");
    let patterns = spec["drift"]["ignore"].as_array().into_iter().flatten().filter_map(Json::as_str);
    reports || patterns.map(|pattern| pattern.trim_end_matches('*')).any(|start| kinds::short(key).starts_with(start))
}
