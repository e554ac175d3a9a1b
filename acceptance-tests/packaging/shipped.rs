//! The files of `packaging`.

use anyhow::{Context as _, Result};
use serde_json::Value as Json;
use std::{
    fs,
    path::{Path, PathBuf},
};

pub fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../packaging").join(name)
}

pub fn manifests(file: &str) -> Result<Vec<Json>> {
    let text = fs::read_to_string(folder("kubernetes").join(file))?;
    let documents = text.split("\n---\n").map(|text| serde_saphyr::from_str(text).with_context(|| file.to_owned()));
    documents.collect()
}
