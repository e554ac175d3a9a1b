//! What the parts of the configuration have in common: a place in it, and files beside it.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value as Json};
use std::path::{Path, PathBuf};

pub fn read<T: DeserializeOwned>(place: &str, written: &Json) -> anyhow::Result<T> {
    serde_json::from_value(written.clone()).map_err(|error| anyhow::anyhow!("{place}: {error}"))
}

pub fn at(list: &str, index: usize) -> String {
    format!("{list}[{index}]")
}

/// Relative paths are relative to the configuration's folder.
pub fn file(folder: &Path, path: &Path) -> PathBuf {
    folder.join(path)
}

/// The same of an entry, where it is there and no path in the home.
pub fn join(folder: &Path, entries: &mut Map<String, Json>, name: &str) {
    if let Some(Json::String(path)) = entries.get_mut(name)
        && !path.starts_with('~')
    {
        *path = folder.join(&*path).display().to_string();
    }
}
