//! The cluster that a change means: the one of [`Sandbox::at`], else the only one, else `demo`.

use crate::{
    Sandbox,
    eks::clusters,
    error::{SandboxError, refusal},
    store::{Row, Store, home},
};
use goldenpath_core::domain::{Class, ClusterArn, ClusterRef, ObjectKey};

pub const CALL: &str = "out-of-band change";

impl Sandbox {
    pub async fn in_cluster<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Store, &ClusterArn) -> Result<T, SandboxError> + Send + 'static,
    ) -> Result<T, SandboxError> {
        let cluster = self.cluster.clone();
        self.out_of_band(move |store| {
            let cluster = resolve(store, cluster)?;
            work(store, &cluster)
        })
        .await
    }
}

fn resolve(store: &Store, cluster: Option<ClusterRef>) -> Result<ClusterArn, SandboxError> {
    let cluster = match cluster.or(clusters::only(store)?) {
        Some(cluster) => cluster,
        None => "demo".parse().map_err(|_| SandboxError::Ended)?,
    };
    Ok(clusters::find(store, &cluster)?.arn)
}

pub fn load(store: &Store, cluster: &ClusterArn, key: &ObjectKey) -> Result<Row, SandboxError> {
    Row::load(store, home(cluster, key), key)?
        .ok_or_else(|| refusal(Class::NotFound, CALL, format!("the sandbox has no {key}")))
}
