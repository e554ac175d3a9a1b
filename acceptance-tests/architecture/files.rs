//! The files of the repository, by their paths from its root.

use anyhow::{Context as _, Result};
use std::{
    fs,
    path::{Path, PathBuf},
};

pub(super) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(Path::to_owned).unwrap_or_default()
}

pub(super) fn read(path: &str) -> Result<String> {
    fs::read_to_string(root().join(path)).with_context(|| path.to_owned())
}

/// Of a folder and what is in it, sorted.
pub(super) fn all(folder: &str) -> Result<Vec<String>> {
    let mut found = vec![];
    let mut open = vec![root().join(folder)];
    while let Some(folder) = open.pop() {
        // One that is gone or has another name must not pass for an empty one.
        for entry in fs::read_dir(&folder).with_context(|| folder.display().to_string())? {
            let path = entry?.path();
            if path.is_dir() {
                open.push(path);
            } else if let Ok(inside) = path.strip_prefix(root()) {
                found.push(inside.to_string_lossy().replace('\\', "/"));
            }
        }
    }
    found.sort();
    Ok(found)
}

/// `src/core/golden.rs` and `src/core/golden/render.rs` are within `src/core/golden`.
pub(super) fn is_within(path: &str, place: &str) -> bool {
    let rest = path.strip_prefix(place);
    rest.is_some_and(|rest| rest.is_empty() || rest == ".rs" || rest.starts_with('/'))
}

/// The folders of the workspace's crates.
pub(super) fn packages() -> Result<Vec<String>> {
    let workspace = read("Cargo.toml")?;
    let members = workspace.lines().find_map(|line| line.strip_prefix("members = [")).context("no members")?;
    Ok(members.split('"').skip(1).step_by(2).map(str::to_owned).collect())
}

/// Every crate of the workspace: its name, and the file that it begins with. As the manifests list them, without tests of a folder of
/// their own.
pub(super) fn crates() -> Result<Vec<(String, String)>> {
    let mut found = vec![];
    for package in packages()? {
        let manifest = read(&format!("{package}/Cargo.toml"))?;
        let (mut section, mut package_name, mut name) = ("", String::new(), None);
        for line in manifest.lines() {
            let value = line.split('"').nth(1).map(|value| value.replace('-', "_"));
            match line.split_whitespace().next() {
                Some(first) if first.starts_with('[') => {
                    section = line.trim();
                    name = None;
                }
                Some("name") if section == "[package]" => package_name = value.unwrap_or_default(),
                Some("name") => name = value,
                Some("path") if ["[lib]", "[[bin]]", "[[example]]", "[[test]]"].contains(&section) => {
                    let file = line.split('"').nth(1).unwrap_or_default();
                    found.push((name.take().unwrap_or_else(|| package_name.clone()), format!("{package}/{file}")));
                }
                _ => {}
            }
        }
    }
    Ok(found)
}
