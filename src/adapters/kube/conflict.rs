//! Which of our fields a conflict is about. Pure.
//!
//! The API server names a field as structured-merge-diff prints its path: `.spec.hard.requests.cpu`, where a dot may be part of
//! a name. What we declared tells the two apart.

use goldenpath_core::{domain::pointer::unescape, kinds};
use serde_json::Value;

/// (JSON pointer of the declared field, its manager), sorted, each once.
pub(super) fn fields(declared: &Value, held: &[(String, String)]) -> Vec<(String, String)> {
    let pointers = kinds::managed_paths(declared);
    let of = |(path, manager): &(String, String)| (pointer(&pointers, path), manager.clone());
    let mut fields: Vec<_> = held.iter().map(of).collect();
    fields.sort_unstable();
    fields.dedup();
    fields
}

/// Every conflicting field may be taken: it is named, or lies in what is named.
pub(super) fn may_be_taken(fields: &[(String, String)], take: &[String]) -> bool {
    let is_named = |field: &str| take.iter().any(|taken| is_within(field, taken, '/'));
    !fields.is_empty() && fields.iter().all(|(field, _)| is_named(field))
}

/// The declared field of this name, else the nearest that it lies in, else one that lies in it.
fn pointer(declared: &[String], path: &str) -> String {
    let all = || declared.iter().map(|pointer| (pointer, dotted_path(pointer)));
    let exact = all().find(|(_, dotted)| dotted == path);
    let around = || {
        let holds = |(_, dotted): &(&String, String)| is_within(path, dotted, '.') || is_within(path, dotted, '[');
        all().filter(holds).max_by_key(|(_, dotted)| dotted.len())
    };
    let inside = || all().find(|(_, dotted)| is_within(dotted, path, '.'));
    if let Some((pointer, _)) = exact.or_else(around).or_else(inside) {
        return pointer.clone();
    }
    let parts = path.split('.').skip(1).map(kinds::escape);
    parts.map(|part| format!("/{part}")).collect()
}

fn dotted_path(pointer: &str) -> String {
    let parts = pointer.split('/').skip(1);
    parts.map(|part| format!(".{}", unescape(part))).collect()
}

fn is_within(inner: &str, outer: &str, separator: char) -> bool {
    inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with(separator))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn conflicts_name_the_declared_field() {
        let declared = json!({"apiVersion": "v1", "kind": "ResourceQuota",
            "metadata": {"name": "a", "labels": {"pod-security.kubernetes.io/enforce": "restricted", "app.kubernetes.io/part-of": "pay"}},
            "spec": {"hard": {"requests.cpu": "1", "requests": "2"}, "limits": [{"max": 1}], "selector": {"matchLabels": {"app": "a"}}}});
        for (path, pointer, reason) in [
            (".spec.hard.requests.cpu", "/spec/hard/requests.cpu", "a dot in a name"),
            (".spec.hard.requests", "/spec/hard/requests", "the shorter neighbour"),
            (
                ".metadata.labels.pod-security.kubernetes.io/enforce",
                "/metadata/labels/pod-security.kubernetes.io~1enforce",
                "dots and a slash",
            ),
            (".spec.limits", "/spec/limits", "an atomic list"),
            (".spec.limits[0].max", "/spec/limits", "inside of a list, which is one field to us"),
            (".spec.selector.matchLabels.app", "/spec/selector", "inside of a map that is one field to us"),
            (".spec.other.field", "/spec/other/field", "nothing that we declare"),
        ] {
            let held = [(path.to_owned(), "m".to_owned())];
            assert_eq!(fields(&declared, &held), [(pointer.to_owned(), "m".to_owned())], "{reason}");
        }
    }

    #[test]
    fn only_what_is_named_is_taken() {
        let field = |pointer: &str| (pointer.to_owned(), "kubectl-edit".to_owned());
        let take = ["/spec/hard/pods".to_owned(), "/spec/selector".to_owned()];
        for (fields, expected, reason) in [
            (vec![field("/spec/hard/pods")], true, "named"),
            (vec![field("/spec/selector/matchLabels")], true, "inside of what is named"),
            (vec![field("/spec/hard/pods"), field("/spec/hard/cpu")], false, "one of two"),
            (vec![field("/spec/hard/pods2")], false, "a longer name"),
            (vec![], false, "a conflict over no field is one of versions"),
        ] {
            assert_eq!(may_be_taken(&fields, &take), expected, "{reason}");
        }
    }
}
