//! The composition root: the only place that names ports, adapters, resources and commands together.
//!
//! ```text
//! process  -> face          a client has started us: plugin; a person has: command line
//! client   -> Client        one connection: its session, its resources
//! config   -> target         sandbox, offline, or AWS and Kubernetes -> ports -> engine, for this connection alone
//! ```

mod audit;
mod daemon;
mod editor;
mod inspector;
mod permissions;
mod ports;
mod real;
mod reviews;
mod shared;
mod target;

use crate::{
    cli::{
        self,
        doctor::{Place, Reach},
    },
    resources::{
        self,
        provider_config::{self, FromEnvironment, Refused},
        session::{ConfiguredTarget, Rules, Session},
    },
    telemetry,
};
use async_trait::async_trait;
use goldenpath_core::{
    domain::{CatalogueSources, Problem},
    golden::Catalogue,
    provision::{Engine, Provisioner, Survey},
};
use plugin::{Configure, Connection, DataSource, Diagnostic, Path, Provider, Resource, Schema, Value, serve};
use std::{
    path::PathBuf,
    process::ExitCode,
    sync::{Arc, OnceLock},
};

pub const ADDRESS: &str = "goldenpath.internal/platform/goldenpath";

/// The whole program but its last error.
pub fn run() -> anyhow::Result<ExitCode> {
    // Two releases side by side, in a test.
    #[cfg(debug_assertions)]
    if let Ok(release) = std::env::var("GOLDENPATH_TEST_RELEASE") {
        goldenpath_core::domain::pretend(&release);
    }
    match serve::detect_launch() {
        serve::Launch::Plugin(environment) => {
            telemetry::install(None);
            let provider = Goldenpath::new(FromEnvironment::read(|name| std::env::var_os(name)));
            // One thread: a plan is a stream of small calls, and what waits for the target waits without a thread.
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(serve::plugin(provider, environment))?;
            Ok(ExitCode::SUCCESS)
        }
        serve::Launch::NotAPlugin => {
            // Knobs of the process and not of any client's configuration.
            let FromEnvironment { lease, bounds, .. } = FromEnvironment::read(|name| std::env::var_os(name));
            let environment = FromEnvironment { lease, bounds, ..FromEnvironment::default() };
            let tools = cli::Tools {
                provider: Goldenpath::new(FromEnvironment { is_shared: true, ..environment.clone() }),
                sandbox: editor::open,
                catalogue: cli::CatalogueTool {
                    documents: target::documents,
                    offline: target::offline,
                    target: survey,
                    daemon: daemon::recorded,
                },
                permissions: permissions::PERMISSIONS,
                inspector: &inspector::TargetInspector,
                target: open,
                daemon: cli::daemon::DaemonTool {
                    environment: environment.clone(),
                    check: daemon::check,
                    serve: daemon::serve,
                },
                reports: daemon::reports,
                page: daemon::page,
                audit: audit::tool(environment),
                log: || telemetry::install(None),
            };
            cli::run(std::env::args_os(), &tools)
        }
    }
}

/// For a command, which has no provider block.
fn open(reach: Reach) -> anyhow::Result<Arc<dyn Provisioner>> {
    Ok(engine(reach)?)
}

/// What is recorded on a target, and who plans there.
fn survey(reach: Reach) -> anyhow::Result<(Arc<dyn Survey>, Arc<dyn Provisioner>)> {
    let engine = engine(reach)?;
    Ok((engine.clone(), engine))
}

fn engine(Reach { place, catalogue }: Reach) -> anyhow::Result<Arc<Engine>> {
    let Place { region, profile, kubeconfig, context, sandbox } = place;
    let text = |text: Option<String>| text.map_or(Value::Null, Value::from);
    let path = |path: PathBuf| Value::from(path.to_string_lossy().as_ref());
    let block = match sandbox {
        Some(sandbox) => Value::map([("sandbox", Value::map([("path", path(sandbox))]))]),
        None => {
            let aws = Value::map([("region", text(region)), ("profile", text(profile))]);
            let is_set = kubeconfig.is_some() || context.is_some();
            let kubernetes =
                Value::map([("kubeconfig", kubeconfig.map_or(Value::Null, path)), ("context", text(context))]);
            Value::map([("aws", aws), ("kubernetes", if is_set { kubernetes } else { Value::Null })])
        }
    };
    let refused = |error: Diagnostic| anyhow::anyhow!("{}. {}", error.summary, error.detail);
    let mut environment = FromEnvironment::read(|name| std::env::var_os(name));
    if let Some(CatalogueSources(sources)) = catalogue {
        environment.catalogue = Some(Ok(sources));
    }
    match provider_config::resolve(&block, &environment) {
        Ok(config) => Ok(target::engine_of(config).map_err(refused)?.engine),
        Err(Refused::Wrong(error)) => Err(refused(error)),
        Err(Refused::Undecided) => anyhow::bail!("the target depends on something that is not known"),
    }
}

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
            Ok(config) => target::opened(config).await,
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
