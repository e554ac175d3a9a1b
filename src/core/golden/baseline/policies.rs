//! The policies of golden paths, as admission policies beside the guards: one for each policy and version, bound for each path, version
//! and tier that names it. What a path changes of a policy is data in it, so one that is changed has a name of its own.

use super::{admission::objects, guards};
use crate::{
    domain::{Desired, LABEL_PREFIX, short_hash},
    golden::catalogue::GoldenPath,
    policy::document::{Bound, Policy, PolicyForm, installation},
};
use serde_json::json;
use std::{collections::BTreeMap, sync::Arc};

/// One policy and where it holds.
#[derive(Clone, Debug)]
pub struct ClusterPolicy {
    name: String,
    policy: Arc<Policy>,
    bounds: Vec<Bound>,
}

/// Of all these paths, by their names on the cluster.
pub fn of<'a>(paths: impl IntoIterator<Item = &'a GoldenPath>) -> Vec<ClusterPolicy> {
    let mut all: BTreeMap<String, ClusterPolicy> = BTreeMap::new();
    for path in paths {
        for policy in path.resolved_policies.0.iter().filter(|policy| policy.is_for_clusters()) {
            let name = name(policy);
            let one = all.entry(name.clone());
            let one = one.or_insert_with(|| ClusterPolicy { name, policy: Arc::clone(policy), bounds: vec![] });
            one.bounds.extend(path.tiers.iter().map(|(tier, settings)| Bound {
                name: Some(format!("{}-{}-{tier}", path.name, path.version)),
                namespaces: json!({"matchLabels": {
                    format!("{LABEL_PREFIX}path"): path.name,
                    format!("{LABEL_PREFIX}path-version"): path.version.to_string(),
                    format!("{LABEL_PREFIX}tier"): tier,
                }}),
                action: policy.form.severity.of(Some(settings.class)),
            }));
        }
    }
    all.into_values().collect()
}

/// `gp-policy-image-tags-1.0.0`, with what tells it from the document's own where a path changes params or exemptions. (How severe it is
/// stands in its bindings.)
fn name(policy: &Policy) -> String {
    let PolicyForm { name, version, exemptions, .. } = &policy.form;
    let changes = policy.changed_params();
    let plain = format!("gp-policy-{name}-{version}");
    match changes.as_object().is_none_or(|changes| changes.is_empty()) && exemptions.is_empty() {
        true => plain,
        false => {
            format!("{plain}-{}", short_hash([changes.to_string().as_str(), json!(exemptions).to_string().as_str()], 6))
        }
    }
}

// === impl ClusterPolicy ===

impl ClusterPolicy {
    pub fn render(&self) -> Vec<Desired> {
        objects(&installation(&self.policy, &self.name, Some(&guards::exempt()), &self.bounds))
    }

    /// Of itself and its bindings.
    pub fn names(&self) -> [Vec<String>; 2] {
        let bindings = self.bounds.iter().filter_map(|bound| bound.name.as_ref());
        [vec![self.name.clone()], bindings.map(|bound| format!("{}-{bound}", self.name)).collect()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{domain::Body, golden::Catalogue};

    const HEAD: &str = "apiVersion: goldenpath.internal/v1\nkind: GoldenPath\nextends: team-standard 1.0.0\n";

    #[test]
    fn a_policy_is_installed_once_and_bound_for_each_path_and_tier() {
        let one = format!(
            "{HEAD}name: one\nversion: 1.0.0\npolicies: [{{ policy: image-tags 1.0.0, severity: {{ dev: warn }} }}]\n"
        );
        let other = format!("{HEAD}name: other\nversion: 1.0.0\npolicies: [{{ policy: image-tags 1.0.0 }}]\n");
        let exempt = "{ reason: moving, until: 2999-01-01, exempt: { namespaces: [shop-dev] } }";
        let third = format!(
            "{HEAD}name: third\nversion: 1.0.0\npolicies: [{{ policy: image-tags 1.0.0, exemptions: [{exempt}] }}]\n"
        );
        let documents = [("one", one.as_str()), ("other", other.as_str()), ("third", third.as_str())];
        let catalogue = Catalogue::of_documents(documents).expect("a catalogue");
        let found = of(catalogue.paths().iter().map(AsRef::as_ref));
        let [plain, changed] = &found[..] else { panic!("{found:?}") };
        assert_eq!(
            (plain.name.as_str(), plain.bounds.len()),
            ("gp-policy-image-tags-1.0.0", 6),
            "two paths, three tiers"
        );
        assert!(changed.name.starts_with("gp-policy-image-tags-1.0.0-"), "an exemption is its own: {}", changed.name);
        let objects = plain.render();
        let dev = objects.iter().find(|object| object.key.to_string().ends_with("-one-1.0.0-dev")).expect("bound");
        let Some(Body::Kube(dev)) = &dev.body else { panic!("a document") };
        assert_eq!(dev["spec"]["validationActions"], json!(["Warn", "Audit"]), "as severe as the path says");
        let labels = &dev["spec"]["matchResources"]["namespaceSelector"]["matchLabels"];
        assert_eq!(labels["goldenpath.internal/path-version"], "1.0.0");
        let names: Vec<String> = plain.names().concat();
        let rendered: Vec<String> =
            objects.iter().filter_map(|object| object.key.to_string().rsplit('/').next().map(str::to_owned)).collect();
        assert_eq!(names, rendered, "permissions name what is rendered");
    }
}
