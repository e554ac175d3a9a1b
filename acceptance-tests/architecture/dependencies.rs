//! What manifests list, and whether anything needs it.

use super::{
    files,
    lexer::{Token, tokens},
};
use anyhow::Result;
use std::collections::BTreeSet;

pub(super) struct Listed {
    /// As Rust writes it.
    pub(super) name: String,
    pub(super) is_of_tests: bool,
}

/// The name of a library that is not called like its crate.
const LIBRARIES: [(&str, &str); 1] = [("hcl_rs", "hcl")];

/// Their code is generated: it names crates that no file of ours does.
const GENERATED: &str = "proto/";

/// A crate that nothing names is built for nothing.
pub(super) fn unused_crates() -> Result<Vec<String>> {
    let (mut wrong, mut needed) = (vec![], BTreeSet::new());
    for package in files::packages()? {
        let manifest = format!("{package}/Cargo.toml");
        let named = names_in(&package)?;
        for Listed { name, .. } in crates_of(&manifest)? {
            let library = LIBRARIES.iter().find(|(of, _)| name == *of).map_or(name.as_str(), |(_, library)| *library);
            if !named.contains(library) && !package.starts_with(GENERATED) {
                wrong.push(format!("{manifest}: no file of its crate names {name}"));
            }
            needed.insert(name);
        }
    }
    let common = crates_of("Cargo.toml")?.into_iter().filter(|listed| !needed.contains(&listed.name));
    wrong.extend(common.map(|listed| format!("Cargo.toml: no crate of the workspace lists {}", listed.name)));
    Ok(wrong)
}

/// Of every section of a manifest.
pub(super) fn crates_of(manifest: &str) -> Result<Vec<Listed>> {
    let text = files::read(manifest)?;
    let (mut found, mut section) = (vec![], "");
    for line in text.lines() {
        if line.starts_with('[') {
            section = line.trim();
            // `[dependencies.kube]`
            if let Some((kind, name)) = section.trim_matches(['[', ']']).split_once("dependencies.") {
                found.push(Listed { name: name.replace('-', "_"), is_of_tests: kind.ends_with("dev-") });
            }
        } else if section.ends_with("dependencies]") {
            let name = line.split(['=', '.']).next().unwrap_or_default().trim();
            if !name.is_empty() && !name.starts_with('#') {
                let is_of_tests = section.contains("dev-dependencies");
                found.push(Listed { name: name.replace('-', "_"), is_of_tests });
            }
        }
    }
    Ok(found)
}

/// Every name in the code of a crate, its tests and its build, and in the files that it has of another one.
fn names_in(package: &str) -> Result<BTreeSet<String>> {
    let mut names = BTreeSet::new();
    for path in files::all(package)?.into_iter().filter(|path| path.ends_with(".rs")) {
        let text = files::read(&path)?;
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let elsewhere = text.lines().filter_map(|line| line.trim().strip_prefix("#[path = \"")?.strip_suffix("\"]"));
        for other in elsewhere.filter(|other| other.starts_with("../")) {
            names.extend(names_of(&files::read(&format!("{folder}/{other}"))?));
        }
        names.extend(names_of(&text));
    }
    Ok(names)
}

fn names_of(text: &str) -> impl Iterator<Item = String> {
    tokens(text).into_iter().filter_map(|(_, token)| match token {
        Token::Name(name) => Some(name),
        _ => None,
    })
}
