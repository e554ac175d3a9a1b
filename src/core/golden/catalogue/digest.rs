//! What a version says, as one hash: a document that changes under an unchanged version is noticed by it.

use super::document::GoldenPath;
use crate::{domain::digest, kinds::canonical_json};
use serde_json::Value;

/// What says nothing about what a version makes: it may change without a new one. The last two say the same whether a path is written
/// out or extends another one.
const OUTSIDE: [&str; 9] =
    ["apiVersion", "kind", "default", "description", "owner", "status", "deprecation", "changelog", "extends"];

// === impl GoldenPath ===

impl GoldenPath {
    pub fn digest(&self) -> &str {
        self.digest.0.get_or_init(|| digest(&canonical_json(&self.content())))
    }

    fn content(&self) -> Value {
        // A path was read from a tree like this one, so it can be written as one.
        let mut content = serde_json::to_value(self).unwrap_or_default();
        if let Value::Object(fields) = &mut content {
            fields.retain(|name, _| !OUTSIDE.contains(&name.as_str()));
            // A policy is part of what a path says, wherever its document stands.
            if !self.resolved_policies.0.is_empty() {
                let forms = self.resolved_policies.0.iter().map(|policy| serde_json::to_value(&policy.form));
                let forms: Result<Vec<Value>, _> = forms.collect();
                fields.insert("policy documents".to_owned(), forms.unwrap_or_default().into());
            }
        }
        content
    }
}

#[cfg(test)]
mod tests {
    use crate::golden::{Catalogue, catalogue::GoldenPath};
    use std::sync::Arc;

    const POLICY: &str = "apiVersion: goldenpath.internal/v1\nkind: Policy\nname: own\nversion: 1.0.0\ndescription: x\n\
        match: [{ groups: [\"\"], versions: [v1], resources: [configmaps], operations: [CREATE] }]\n\
        validations: [{ expression: \"object.metadata.name != 'x'\", remedy: Rename it. }]\n";
    const PATH: &str = "apiVersion: goldenpath.internal/v1\nkind: GoldenPath\nname: own\nversion: 1.0.0\n\
        extends: team-standard 1.0.0\npolicies: [{ policy: own 1.0.0 }]\n\
        manifests: [{ name: m, when: tier.name == 'dev', manifest: \
        { apiVersion: v1, kind: ConfigMap, metadata: { name: x }, data: { a: \"{{ tier.name }}\" } } }]\n";

    fn read(path: &str, policy: &str) -> Arc<GoldenPath> {
        let catalogue = Catalogue::with_documents([("path", path), ("policy", policy)]).expect("a catalogue");
        Arc::clone(catalogue.newest(Some("own")).expect("there"))
    }

    #[test]
    fn a_change_under_an_unchanged_version_is_noticed() {
        let own = read(PATH, POLICY);
        assert_eq!((&own, own.digest()), (&read(PATH, POLICY), read(PATH, POLICY).digest()), "the same documents");
        for (from, to, reason) in [
            ("tier.name == 'dev'", "tier.name == 'prod'", "where a manifest is made"),
            ("{{ tier.name }}", "{{ tier.class }}", "what stands in it"),
            ("!= 'x'", "!= 'y'", "a policy"),
        ] {
            assert!(PATH.contains(from) || POLICY.contains(from), "{reason}");
            let changed = read(&PATH.replace(from, to), &POLICY.replace(from, to));
            assert_ne!(own, changed, "{reason}");
            assert_ne!(own.digest(), changed.digest(), "{reason}");
        }
    }
}
