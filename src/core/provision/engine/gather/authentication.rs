//! How a cluster says who somebody is.

use super::item::Item;
use crate::{
    domain::{Class, ClusterRef, Id, IdentityProvider},
    provision::engine::{connection::Engine, failure::Failure},
};

pub struct Authentication {
    /// `API`, `API_AND_CONFIG_MAP` or `CONFIG_MAP`.
    pub mode: String,
    /// Only the baseline looks at them.
    pub providers: Item<Vec<IdentityProvider>>,
}

impl Engine {
    pub async fn gather_authentication(&self, id: &Id, cluster: &ClusterRef, mode: &str) -> Authentication {
        let providers = match id.owner() {
            Some(_) => Item::unread(),
            None => match self.clusters.identity_providers(cluster).await {
                Ok(providers) => Item::Known(providers),
                Err(error) => {
                    let is_away = matches!(error.class, Class::Unavailable | Class::Throttled);
                    let about = format!("the identity providers of {cluster}");
                    let problem = Failure::call("read", about, error).problem();
                    if is_away { Item::Undecided(vec![problem.as_warning()]) } else { Item::Refused(problem) }
                }
            },
        };
        Authentication { mode: mode.to_owned(), providers }
    }
}
