//! The programs of the servers.

use crate::tools;
use std::path::PathBuf;

#[derive(Clone, Debug)]
pub struct Programs {
    pub(super) etcd: PathBuf,
    pub(super) api_server: PathBuf,
    pub(super) controllers: PathBuf,
    pub(super) ministack: PathBuf,
}

impl Programs {
    pub fn find() -> Option<Self> {
        let api_server = tools::program("kubernetes")?;
        Some(Self {
            etcd: tools::program("etcd")?,
            controllers: api_server.with_file_name("kube-controller-manager"),
            ministack: tools::program("ministack")?,
            api_server,
        })
    }
}
