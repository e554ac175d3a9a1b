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
            Ok(object) if object.get("items").is_some_and(Value::is_array) => {
                let items = object["items"].as_array().into_iter().flatten();
                manifests.extend(items.map(|item| Manifest { line, object: item.clone() }));
            }
            Ok(object) if object["kind"].is_string() && object["apiVersion"].is_string() => {
                manifests.push(Manifest { line, object });
            }
            Ok(_) => {
                let message = "no object of Kubernetes: apiVersion and kind are missing".to_owned();
                unreadable.push(Unreadable { line, column: 1, message });
            }
            Err(YamlError { position, reason }) => {
                // Its own lines are those of the document, and not of the file.
                let (within, column) = position.unwrap_or((1, 1));
                unreadable.push(Unreadable { line: start + within - 1, column, message: reason });
            }
        }
    }
    (manifests, unreadable)
}

/// With the line of each. Documents are parted here, as an error in one must not hide the others.
fn documents(text: &str) -> Vec<(usize, String)> {
    let mut documents = vec![(1, String::new())];
    for (index, line) in text.lines().enumerate() {
        if line == "---" || line.starts_with("--- ") || line == "..." {
            documents.push((index + 2, String::new()));
        } else if let Some((_, document)) = documents.last_mut() {
            document.push_str(line);
            document.push('\n');
        }
    }
    documents
}
