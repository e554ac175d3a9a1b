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
        let api_server = tools::built("kubernetes")?;
        Some(Self {
            etcd: tools::built("etcd")?,
            controllers: api_server.with_file_name("kube-controller-manager"),
            ministack: tools::built("ministack")?,
            api_server,
        })
    }
}
