//! Requests as documents, planned without a cluster: what `diff` and `test` look at.

use super::tool::CatalogueTool;
use anyhow::{Context, anyhow, bail};
use goldenpath_core::{
    domain::{AuthenticationMode, Facts, IpFamily, Problem, ResourceKind, merge_patch, ordinary},
    golden::{Catalogue, RESOURCES, Spec},
    kinds::{FieldLine, lines_of, short_keys},
    provision::{Preview, PreviewRequest, Provisioner},
};
use serde_json::{Map, Value, json};
use std::{collections::BTreeMap, sync::Arc};

const CLUSTER: &str = "example";

/// What a plan of one request holds.
#[derive(Debug, Default)]
pub(super) struct Planned {
    /// Objects by their short keys, each with its fields as a plan shows them. `None`: it is not known before the apply.
    pub objects: BTreeMap<String, Option<Vec<String>>>,
    pub problems: Vec<Problem>,
}

/// One cluster, and an engine that plans on it. What was planned last is known to what lives in it.
pub(super) struct Planner(Arc<dyn Provisioner>);

// === impl Planner ===

impl Planner {
    /// `facts` stand over those of an ordinary cluster.
    pub(super) fn new(tool: &CatalogueTool, catalogue: Arc<Catalogue>, facts: Value) -> anyhow::Result<Self> {
        Ok(Self((tool.offline)(example_facts(facts)?, catalogue)))
    }

    /// `written` as in HCL; what an example need not say is filled in.
    pub(super) async fn plan(&self, kind: ResourceKind, written: Map<String, Value>) -> anyhow::Result<Planned> {
        let spec = spec(kind, written)?;
        let preview = self.0.preview(PreviewRequest::new(spec)).await;
        Ok(Planned::of(preview))
    }
}

/// `written` as in HCL.
pub(super) fn spec(kind: ResourceKind, written: Map<String, Value>) -> anyhow::Result<Spec> {
    let resource = RESOURCES.iter().find(|resource| resource.kind() == kind);
    let resource = resource.ok_or_else(|| anyhow!("no resource has the name {kind}"))?;
    resource.parse(&Value::Object(written)).map_err(|error| anyhow!("{kind}: {error}"))
}

/// Facts of an ordinary cluster, and others over them.
pub(in crate::cli) fn facts_over(arn: &str, others: Value) -> anyhow::Result<Facts> {
    let mut all = json!({
        "stable": {
            "cluster_arn": arn,
            "auto_mode": false,
            "service_cidr": ordinary::SERVICE_CIDR,
            "ip_family": IpFamily::default(),
            "pod_security_version": ordinary::VERSION,
        },
        "version": ordinary::VERSION,
        "authentication_mode": AuthenticationMode::default(),
        "network_policy_enforced": true,
        "addons": ["eks-pod-identity-agent", "vpc-cni"],
        "crds": [],
    });
    if !others.is_null() {
        merge_patch(&mut all, others);
    }
    serde_json::from_value(all).context("facts")
}

// === impl Planned ===

impl Planned {
    pub(super) fn of(preview: Preview) -> Self {
        let outputs = preview.decided.map(|decided| decided.outputs);
        let lines = outputs.as_ref().and_then(|outputs| outputs.get("objects")?.as_map()).cloned().unwrap_or_default();
        let shown = short_keys(lines.keys(), &BTreeMap::new());
        let objects = lines.iter().map(|(key, line)| {
            let key = shown.get(key).cloned().unwrap_or_else(|| key.clone());
            (key, line.as_str().map(fields_of))
        });
        Self { objects: objects.collect(), problems: preview.problems }
    }
}

/// `pods 40`, whether its text has one line or one for each field; without the digest, which follows from them.
fn fields_of(text: &str) -> Vec<String> {
    let field = |FieldLine { field, value }: FieldLine| format!("{field} {value}");
    lines_of(text).map_or_else(|| vec![text.to_owned()], |lines| lines.into_iter().map(field).collect())
}

/// Of the cluster that examples are on.
pub(super) fn example_facts(others: Value) -> anyhow::Result<Facts> {
    facts_over(&format!("arn:aws:eks:eu-west-1:111122223333:cluster/{CLUSTER}"), others)
}

/// An environment with a name and a cluster.
pub(super) fn environment(mut written: Map<String, Value>, path: &Pin) -> anyhow::Result<Map<String, Value>> {
    let text = |name: &str| written.get(name).and_then(Value::as_str).map(str::to_owned);
    let (Some(team), Some(tier)) = (text("team"), text("tier")) else {
        bail!("an environment needs `team` and `tier`")
    };
    let fill = [
        ("name", json!(format!("{team}-{tier}"))),
        ("cluster", json!(CLUSTER)),
        ("golden_path", json!(path.name)),
        ("golden_path_version", json!(path.version)),
    ];
    for (name, value) in fill {
        written.entry(name).or_insert(value);
    }
    Ok(written)
}

/// A slot in that environment.
pub(super) fn slot(mut written: Map<String, Value>, environment: &Map<String, Value>) -> Map<String, Value> {
    let name = environment.get("name").and_then(Value::as_str).unwrap_or_default();
    written.entry("environment").or_insert_with(|| json!(format!("{CLUSTER}/{name}")));
    written.entry("name").or_insert_with(|| json!("example"));
    written
}

/// The one version that is looked at.
pub(super) struct Pin {
    pub name: String,
    pub version: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_from_both_forms_of_a_text() {
        for (text, expected, reason) in [
            ("data.days=14 data.team=example #2:dc14eb2740", vec!["data.days 14", "data.team example"], "one line"),
            ("pods            40\nrequests.cpu    4\n#2:f564d1829a", vec!["pods 40", "requests.cpu 4"], "a line each"),
            ("something else", vec!["something else"], "no text of ours"),
        ] {
            assert_eq!(fields_of(text), expected, "{reason}");
        }
    }
}
