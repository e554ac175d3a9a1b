//! From a configuration to the engine over a target's ports. Nothing is opened or asked here: that waits for the first use.

use super::real;
use crate::resources::{
    provider_config::{ProviderConfig, Target},
    session::Configured,
};
use goldenpath_adapters::{
    catalogue as documents,
    clock::SystemClock,
    offline::Offline,
    sandbox::{Sandbox, SandboxOptions},
};
use goldenpath_core::{
    golden::Catalogue,
    ports::{Clusters, Objects, Probe},
    provision::{Engine, EngineConfig},
};
use plugin::{Diagnostic, Path, value::from_value};
use std::{path::PathBuf, sync::Arc};

pub(super) struct Opened {
    pub(super) configured: Configured,
    pub(super) catalogue: Arc<Catalogue>,
    /// What the user is told once per plan.
    pub(super) notice: Option<Diagnostic>,
}

pub(super) fn open(config: ProviderConfig) -> Result<Opened, Diagnostic> {
    let ProviderConfig { target, catalogue, unreachable, lease } = config;
    let catalogue = self::catalogue(&catalogue).map_err(|error| {
        Diagnostic::error(format!("{error:#}"), "Correct the document, or the path to it.")
            .at(Path::attribute("catalogue"))
    })?;
    let Ports { objects, clusters, probe, notice, refuses } = ports(target)?;
    let usual = EngineConfig::default();
    let engine_config =
        EngineConfig { lease: lease.unwrap_or(usual.lease), assumes_baseline: refuses.is_some(), ..usual };
    let engine =
        Engine::new(objects, clusters, probe, Arc::new(SystemClock::default()), catalogue.clone(), engine_config);
    Ok(Opened { configured: Configured { provisioner: Arc::new(engine), unreachable, refuses }, catalogue, notice })
}

pub(super) struct Ports {
    pub(super) objects: Arc<dyn Objects>,
    pub(super) clusters: Arc<dyn Clusters>,
    pub(super) probe: Arc<dyn Probe>,
    pub(super) notice: Option<Diagnostic>,
    /// Why nothing can be applied there.
    pub(super) refuses: Option<&'static str>,
}

fn ports(target: Target) -> Result<Ports, Diagnostic> {
    Ok(match target {
        Target::Sandbox { path, declared } => {
            let options: SandboxOptions = from_value(&declared).map_err(|fault| {
                Diagnostic::error(
                    format!("the sandbox can't be declared so: {fault}"),
                    "Check it against the documents.",
                )
                .at(fault.path.inside(plugin::Step::Attribute("sandbox".to_owned())))
            })?;
            let notice = Diagnostic::warning(
                format!("everything happens in the sandbox {}", path.display()),
                "It is an embedded rehearsal: no AWS account and no cluster is touched.",
            );
            let sandbox = Arc::new(Sandbox::open(path, options));
            Ports {
                objects: sandbox.clone(),
                clusters: sandbox.clone(),
                probe: sandbox,
                notice: Some(notice),
                refuses: None,
            }
        }
        Target::Real { aws, kubernetes } => real::ports(*aws, kubernetes)?,
        Target::Offline(facts) => {
            let offline = Arc::new(Offline::new(*facts));
            Ports {
                objects: offline.clone(),
                clusters: offline.clone(),
                probe: offline,
                notice: None,
                refuses: Some("the offline target refuses to apply, it only plans; name a target that has objects"),
            }
        }
    })
}

/// The built-in golden paths and those of these folders.
pub(super) fn catalogue(paths: &[PathBuf]) -> anyhow::Result<Arc<Catalogue>> {
    if paths.is_empty() {
        return Ok(Catalogue::embedded());
    }
    let documents = documents::read(paths)?;
    let texts: Vec<(String, &str)> =
        documents.iter().map(|document| (document.path.display().to_string(), document.text.as_str())).collect();
    Ok(Arc::new(Catalogue::with_documents(texts.iter().map(|(name, text)| (name.as_str(), *text)))?))
}
