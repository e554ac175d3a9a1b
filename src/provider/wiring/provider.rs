//! The provider as the protocol layer sees it: for each connection a session, and what it configured.

use super::target;
use crate::resources::{
    self,
    provider_config::{self, FromEnvironment, Refused},
    session::{ConfiguredTarget, Rules, Session},
};
use async_trait::async_trait;
use goldenpath_core::{domain::Problem, golden::Catalogue};
use plugin::{Configure, Connection, DataSource, Diagnostic, Path, Provider, Resource, Schema, Value};
use std::sync::{Arc, OnceLock};

pub const ADDRESS: &str = "goldenpath.internal/platform/goldenpath";

/// The provider as the protocol layer sees it.
pub struct Goldenpath {
    environment: FromEnvironment,
}

impl Goldenpath {
    /// `environment` fills the gaps of every connection's configuration; where several clients connect it is empty.
    pub fn new(environment: FromEnvironment) -> Arc<Self> {
        Arc::new(Self { environment })
    }
}

impl Provider for Goldenpath {
    fn address(&self) -> &'static str {
        ADDRESS
    }

    fn schema(&self) -> Schema {
        provider_config::schema()
    }

    fn connect(&self) -> Arc<dyn Connection> {
        // Before anything is configured only rules of the request itself are sure: the configuration may bring other
        // golden paths.
        let session = Session::new(Arc::new(|spec| spec.check()));
        Arc::new(Client {
            environment: self.environment.clone(),
            session,
            resources: OnceLock::new(),
            data: OnceLock::new(),
        })
    }
}

/// One connection. Dropped with it, and all that it configured.
struct Client {
    environment: FromEnvironment,
    session: Arc<Session>,
    resources: OnceLock<Vec<Box<dyn Resource>>>,
    data: OnceLock<Vec<Box<dyn DataSource>>>,
}

#[async_trait]
impl Connection for Client {
    /// Core validates the provider's block before it validates what uses it, and may never configure: from here on the
    /// rules are those of the golden paths that the block names.
    fn validate(&self, config: &Value) -> Vec<Diagnostic> {
        if let Some(paths) = provider_config::catalogue(config, &self.environment)
            && let Ok(catalogue) = target::catalogue_at_hand(&paths)
        {
            self.session.set_rules(rules(catalogue));
        }
        match provider_config::resolve(config, &self.environment) {
            // A block may be empty in `validate`, where the environment of the real run is not there.
            Err(Refused::Wrong(error)) if !error.path.is_root() => vec![error],
            _ => vec![],
        }
    }

    async fn configure(&self, request: Configure) -> Vec<Diagnostic> {
        let configured = match provider_config::resolve(&request.config, &self.environment) {
            Ok(config) => target::open_without_blocking(config).await,
            Err(Refused::Undecided) => {
                self.session.configure(ConfiguredTarget::Undecided);
                return vec![];
            }
            Err(Refused::Wrong(error)) => Err(error),
        };
        match configured {
            Ok(target::Opened { configured, catalogue, notice, daemon }) => {
                if let Some(daemon) = daemon
                    && let Some(Problem { summary, detail, .. }) = daemon.too_far_apart().await
                {
                    self.session.configure(ConfiguredTarget::Unconfigured);
                    return vec![Diagnostic::error(summary, detail).at(Path::attribute("daemon"))];
                }
                if let Some(catalogue) = catalogue {
                    self.session.set_rules(rules(catalogue));
                }
                self.session.configure(ConfiguredTarget::Known(Arc::new(configured)));
                notice.into_iter().collect()
            }
            Err(error) => {
                self.session.configure(ConfiguredTarget::Unconfigured);
                vec![error]
            }
        }
    }

    fn resources(&self) -> &[Box<dyn Resource>] {
        self.resources.get_or_init(|| resources::resources(&self.session))
    }

    fn data_sources(&self) -> &[Box<dyn DataSource>] {
        self.data.get_or_init(|| resources::data_sources(&self.session))
    }
}

fn rules(catalogue: Arc<Catalogue>) -> Rules {
    Arc::new(move |spec| [spec.check(), spec.check_with(&catalogue)].concat())
}

#[cfg(test)]
mod tests;
