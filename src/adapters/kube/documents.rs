//! Whole objects of any kind, for whoever judges them: each is shown once and dropped, page by page.

use super::{
    client::Kube,
    kinds::Resource,
    list::{Query, list},
};
use goldenpath_core::{
    domain::{ClusterArn, plural},
    ports::PortError,
};
use serde_json::Value;

impl Kube {
    /// All of this kind, or those in one namespace. A kind that is not served has none.
    pub async fn each(
        &self,
        cluster: &ClusterArn,
        (api, kind): (&str, &str),
        namespace: Option<&str>,
        look: &(dyn Fn(Value) + Sync),
    ) -> Result<(), PortError> {
        let connection = self.connection(cluster).await?;
        let resource = Resource {
            api_version: api.to_owned().into(),
            kind: kind.to_owned().into(),
            plural: plural(kind).into(),
            is_namespaced: namespace.is_some(),
        };
        let take = |document| {
            look(document);
            None::<()>
        };
        list(&connection, &resource, Query { namespace, ..Query::default() }, &take).await?;
        Ok(())
    }
}
