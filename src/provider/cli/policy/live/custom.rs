//! Kinds that a cluster has from CustomResourceDefinitions. Pure.

use goldenpath_core::domain::plural;
use serde_json::Value;

/// (API version, kind) of each version that is served, the one that is stored first. A kind whose objects lie in no namespace has none,
/// and one that is not called by its plural can't be asked for.
pub fn kinds(definition: &Value) -> Vec<(String, String)> {
    let text = |path: &str| definition.pointer(path).and_then(Value::as_str);
    let (Some(group), Some(kind)) = (text("/spec/group"), text("/spec/names/kind")) else { return vec![] };
    if text("/spec/scope") != Some("Namespaced") || text("/spec/names/plural") != Some(&plural(kind)) {
        return vec![];
    }
    let versions = definition.pointer("/spec/versions").and_then(Value::as_array);
    let mut served: Vec<&Value> = versions.into_iter().flatten().filter(|version| version["served"] == true).collect();
    served.sort_by_key(|version| version["storage"] != true);
    let name = |version: &Value| Some((format!("{group}/{}", version["name"].as_str()?), kind.to_owned()));
    served.into_iter().filter_map(name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_served_in_namespaces_can_be_listed() {
        let version = |name: &str, served, storage| json!({ "name": name, "served": served, "storage": storage });
        let versions = [version("v1", true, false), version("v2", true, true), version("v0", false, false)];
        let widget = json!({"spec": {"group": "acme.example", "scope": "Namespaced", "versions": versions,
            "names": {"kind": "Widget", "plural": "widgets"}}});
        let named = |version: &str| (format!("acme.example/{version}"), "Widget".to_owned());
        assert_eq!(kinds(&widget), [named("v2"), named("v1")]);
        for (path, value, reason) in [
            ("/spec/scope", json!("Cluster"), "in no namespace"),
            ("/spec/names/plural", json!("widgetry"), "a plural of its own"),
            ("/spec/versions", json!([]), "nothing is served"),
        ] {
            let mut other = widget.clone();
            *other.pointer_mut(path).unwrap() = value;
            assert_eq!(kinds(&other), [], "{reason}");
        }
    }
}
