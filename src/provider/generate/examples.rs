//! The folder of examples, in the layout that registries know.

use anyhow::Context;
use std::{
    fs,
    path::{Path, PathBuf},
};

pub struct Examples(PathBuf);

impl Examples {
    pub fn at(folder: &Path) -> Self {
        Self(folder.to_owned())
    }

    pub fn provider(&self) -> anyhow::Result<String> {
        self.read("provider/provider.tf")
    }

    pub fn resource(&self, name: &str) -> anyhow::Result<String> {
        self.read(&format!("resources/{name}/resource.tf"))
    }

    pub fn import(&self, name: &str) -> anyhow::Result<String> {
        self.read(&format!("resources/{name}/import.sh"))
    }

    pub fn data_source(&self, name: &str) -> anyhow::Result<String> {
        self.read(&format!("data-sources/{name}/data-source.tf"))
    }

    fn read(&self, path: &str) -> anyhow::Result<String> {
        let path = self.0.join(path);
        fs::read_to_string(&path).with_context(|| format!("can't read {}, which every type must have", path.display()))
    }
}
