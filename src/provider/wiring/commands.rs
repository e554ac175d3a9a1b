//! The command line and the daemon: what people at a shell and machines start.

use super::{audit, daemon, editor, inspector, permissions, provider::Goldenpath, target};
use crate::{
    cli::{
        self,
        doctor::{Reach, TargetOptions},
    },
    resources::provider_config::{self, FromEnvironment, Refused},
    telemetry,
};
use goldenpath_core::{
    domain::CatalogueSources,
    provision::{Engine, Provisioner, Survey},
};
use plugin::{Diagnostic, Value};
use std::{path::PathBuf, process::ExitCode, sync::Arc};

/// The whole program but its last error.
pub fn command_line() -> anyhow::Result<ExitCode> {
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
            daemon: daemon::reports_and_provisioner,
        },
        permissions: permissions::PERMISSIONS,
        inspector: &inspector::TargetInspector,
        unprotect: cli::UnprotectTool { target: open, daemon: daemon::provisioner },
        daemon: cli::daemon::DaemonTool {
            environment: environment.clone(),
            check: daemon::check,
            serve: daemon::serve,
        },
        reports: daemon::reports,
        pauses: daemon::pauses,
        page: daemon::page,
        audit: audit::tool(environment),
        log: || telemetry::install(None),
    };
    cli::run(std::env::args_os(), &tools)
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
    let TargetOptions { region, profile, kubeconfig, context, proxied, sandbox } = place;
    let text = |text: Option<String>| text.map_or(Value::Null, Value::from);
    let path = |path: PathBuf| Value::from(path.to_string_lossy().as_ref());
    let block = match sandbox {
        Some(sandbox) => Value::map([("sandbox", Value::map([("path", path(sandbox))]))]),
        None => {
            let aws = Value::map([("region", text(region)), ("profile", text(profile))]);
            let is_set = kubeconfig.is_some() || context.is_some() || proxied.is_some();
            let kubernetes = Value::map([
                ("kubeconfig", kubeconfig.map_or(Value::Null, path)),
                ("context", text(context)),
                ("proxied", Value::from(proxied)),
            ]);
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
