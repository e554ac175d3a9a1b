//! Manifests of a file: one object for each document, or for each item of a list, with the line on which it begins.

use goldenpath_core::domain::yaml::{self, YamlError};
use serde_json::Value;

#[derive(Debug, PartialEq)]
pub(super) struct Manifest {
    pub line: usize,
    pub object: Value,
}

/// Lines and columns begin at 1.
#[derive(Debug, PartialEq)]
pub(super) struct Unreadable {
    pub line: usize,
    pub column: usize,
    pub message: String,
}

/// All that can be read, and what can't.
pub(super) fn read(text: &str) -> (Vec<Manifest>, Vec<Unreadable>) {
    let (mut manifests, mut unreadable) = (vec![], vec![]);
    for (start, document) in documents(text) {
        if document.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with('#')) {
            continue;
        }
        let first = document.lines().position(|line| !line.trim().is_empty() && !line.trim_start().starts_with('#'));
        let line = start + first.unwrap_or(0);
        match yaml::read(&document) {
            Ok(document) => {
                let mut objects = vec![];
                if !add_objects(document, &mut objects) {
                    let message = "no object of Kubernetes: apiVersion and kind are missing".to_owned();
                    unreadable.push(Unreadable { line, column: 1, message });
                }
                manifests.extend(objects.into_iter().map(|object| Manifest { line, object }));
            }
            Err(YamlError { position, reason }) => {
                // Its own lines are those of the document, and not of the file.
                let (line, column) = position.map_or((line, 1), |(within, column)| (start + within - 1, column));
                unreadable.push(Unreadable { line, column, message: reason });
            }
        }
    }
    (manifests, unreadable)
}

/// A document, or what it lists at any depth, as kubectl takes it. What an API server lists has no kind of its own: in a PodList all are
/// Pods. False: something in it is no object, of which no policy would say anything.
fn add_objects(mut document: Value, found: &mut Vec<Value>) -> bool {
    let items = match document.get_mut("items") {
        Some(Value::Array(items)) => std::mem::take(items),
        _ => {
            let is_object = document["kind"].is_string() && document["apiVersion"].is_string();
            found.extend(is_object.then_some(document));
            return is_object;
        }
    };
    let kind = document["kind"].as_str().and_then(|kind| kind.strip_suffix("List")).filter(|kind| !kind.is_empty());
    let mut are_objects = true;
    for mut item in items {
        if let (Some(kind), Some(members)) = (kind, item.as_object_mut()) {
            members.entry("kind").or_insert_with(|| kind.into());
            members.entry("apiVersion").or_insert_with(|| document["apiVersion"].clone());
        }
        are_objects &= add_objects(item, found);
    }
    are_objects
}

/// With the line of each. Documents are parted here, as an error in one must not hide the others. One may begin on the line of its marker.
fn documents(text: &str) -> Vec<(usize, String)> {
    let mut documents = vec![(1, String::new())];
    for (index, line) in text.strip_prefix('\u{feff}').unwrap_or(text).lines().enumerate() {
        if let Some(rest) = line.strip_prefix("---").filter(|rest| rest.is_empty() || rest.starts_with([' ', '\t'])) {
            documents.push((index + 1, format!("{rest}\n")));
        } else if line == "..." {
            documents.push((index + 2, String::new()));
        } else if let Some((_, document)) = documents.last_mut() {
            document.push_str(line);
            document.push('\n');
        }
    }
    documents
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_passed_over() {
        const POD: &str = "apiVersion: v1, kind: Pod";
        for (text, expected, errors, reason) in [
            (format!("# a\n---\n{{ {POD} }}\n"), &[(3, "Pod")][..], 0, "a document"),
            (format!("\u{feff}# a\n---\n{{ {POD} }}\n"), &[(3, "Pod")], 0, "a byte order mark before a comment"),
            (
                format!("---\n# a\n--- {{ {POD} }}\n--- # b\n{{ {POD} }}\n"),
                &[(3, "Pod"), (5, "Pod")],
                0,
                "on a marker's line",
            ),
            (format!("---\t# a\n{{ {POD} }}\n"), &[(2, "Pod")], 0, "a marker with a comment"),
            ("--- [\n".to_owned(), &[], 1, "an error there"),
            (
                "{ apiVersion: v1, kind: PodList, items: [{ spec: {} }] }".to_owned(),
                &[(1, "Pod")],
                0,
                "of the list's kind",
            ),
            (format!("{{ {POD}List, items: [{{ {POD} }}] }}"), &[(1, "Pod")], 0, "its own kind"),
            (
                format!(
                    "{{ apiVersion: v1, kind: List, items: [{{ apiVersion: v1, kind: List, items: [{{ {POD} }}] }}] }}"
                ),
                &[(1, "Pod")],
                0,
                "a list in a list",
            ),
            (
                format!("{{ kind: List, items: [null, {{ {POD} }}, {{ spec: {{}} }}] }}"),
                &[(1, "Pod")],
                1,
                "no objects beside one",
            ),
            ("{ apiVersion: v1, kind: List, items: [] }".to_owned(), &[], 0, "an empty list"),
        ] {
            let (manifests, unreadable) = read(&text);
            let found: Vec<_> =
                manifests.iter().map(|one| (one.line, one.object["kind"].as_str().unwrap_or_default())).collect();
            assert_eq!(found, expected, "{reason}");
            assert_eq!(unreadable.len(), errors, "{reason}: {unreadable:?}");
        }
    }
}
