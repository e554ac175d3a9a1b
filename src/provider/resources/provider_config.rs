//! The provider's own configuration: which target, which golden paths, what to do when the target can't be reached.
//!
//! There is no default target: what is made by mistake in the wrong place is worse than one more line.

mod bounds;
mod credentials;
mod daemon;
mod environment;
mod real;
mod schema;
mod shared;

pub use credentials::{Secret, WebIdentity, is_role};
pub use daemon::{Daemon, Endpoint};
pub use environment::FromEnvironment;
pub use real::{Aws, Kubernetes};
pub use schema::{SANDBOX_PATH, schema};

use super::{diagnostics::in_one_line, session::Unreachable};
use goldenpath_core::{
    domain::{CatalogueSource, Facts},
    provision::{Bounds, PipelineBounds},
};
use plugin::{
    Diagnostic, Path, Value,
    value::{ConvertError, from_value},
};
use serde::Deserialize;
use std::{path::PathBuf, time::Duration};

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Written {
    /// Read by the adapter that it configures.
    sandbox: Option<serde_json::Value>,
    offline: Option<Offline>,
    aws: Option<Aws>,
    kubernetes: Option<Kubernetes>,
    daemon: Option<Daemon>,
    catalogue: Option<Vec<CatalogueSource>>,
    unreachable: Option<Unreachable>,
    allow: Option<Bounds>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Offline {
    facts: Facts,
}

/// Where objects live.
#[derive(Clone, Debug, PartialEq)]
pub enum Target {
    Sandbox {
        path: PathBuf,
        /// What the sandbox holds besides what every new one has, in the words of its adapter.
        declared: Value,
    },
    Offline(Box<Facts>),
    /// AWS, and Kubernetes as EKS tells it or as a kubeconfig does.
    Real {
        aws: Box<Aws>,
        kubernetes: Option<Kubernetes>,
    },
    /// Wherever the daemon's own target has them.
    Daemon(Box<Daemon>),
}

#[derive(Clone, Debug, PartialEq)]
pub struct ProviderConfig {
    pub target: Target,
    /// Other clients share this process.
    pub is_shared: bool,
    pub catalogue: Sources,
    pub unreachable: Unreachable,
    /// How long a record may stand still before another operation takes it for abandoned; tests shorten it.
    pub lease: Option<Duration>,
    /// All of them hold.
    pub bounds: Vec<Bounds>,
}

/// Where golden paths come from.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sources {
    pub sources: Vec<CatalogueSource>,
    pub without_built_in: bool,
}

/// Why there is no configuration.
#[derive(Debug)]
pub enum Refused {
    /// A part of it waits for another resource.
    Undecided,
    Wrong(Diagnostic),
}

impl From<Diagnostic> for Refused {
    fn from(diagnostic: Diagnostic) -> Self {
        Self::Wrong(diagnostic)
    }
}

impl From<ConvertError> for Refused {
    fn from(error: ConvertError) -> Self {
        if error.unknown {
            return Self::Undecided;
        }
        let detail = "Check the value against the provider's documentation.";
        let summary = format!("The provider configuration can't be read: {error}");
        let (summary, detail) = in_one_line(summary, detail.to_owned());
        Diagnostic::error(summary, detail).at(error.path).into()
    }
}

/// The configuration, with the gaps filled from the environment.
pub fn resolve(config: &Value, environment: &FromEnvironment) -> Result<ProviderConfig, Refused> {
    let sandbox = config.child("sandbox");
    let mut rest = config.clone();
    if let Value::Map(attributes) = &mut rest {
        attributes.insert("sandbox".to_owned(), Value::Null);
    }
    let Written { sandbox: _, offline, aws, kubernetes, daemon, catalogue, unreachable, allow } = from_value(&rest)?;
    let pipeline = pipeline(environment)?;
    let target = match (sandbox, offline, aws, daemon) {
        (sandbox, ..) if !sandbox.is_wholly_known() => return Err(Refused::Undecided),
        (Value::Null, Some(offline), None, None) => Target::Offline(Box::new(offline.facts)),
        (Value::Null, None, Some(aws), None) => real_target(aws, kubernetes.clone(), environment),
        (Value::Null, None, None, Some(daemon)) => Target::Daemon(Box::new(daemon.or(environment))),
        (Value::Null, None, None, None) => target_of_environment(kubernetes.as_ref(), environment)?,
        (sandbox, None, None, None) => sandbox_target(sandbox, environment),
        (_, _, _, Some(_)) => return Err(two_targets("daemon").into()),
        (_, offline, ..) => return Err(two_targets(if offline.is_some() { "offline" } else { "aws" }).into()),
    };
    if kubernetes.is_some() && !matches!(target, Target::Real { .. }) {
        return Err(kubernetes_alone().into());
    }
    let sources = sources(catalogue.clone(), pipeline.as_ref(), environment)?;
    if matches!(target, Target::Daemon(_)) && sources != Sources::default() {
        return Err(daemon_has_its_own(catalogue.is_some()).into());
    }
    if let Target::Daemon(daemon) = &target {
        daemon.check(environment.is_shared)?;
    }
    if environment.is_shared {
        shared::check_sources(catalogue.as_deref().unwrap_or_default())?;
        match &target {
            Target::Sandbox { path, .. } => shared::check_sandbox(path)?,
            Target::Real { aws, kubernetes } => shared::check_real(aws, kubernetes.as_ref())?,
            Target::Offline(_) | Target::Daemon(_) => {}
        }
    }
    Ok(ProviderConfig {
        target,
        is_shared: environment.is_shared,
        catalogue: sources,
        bounds: pipeline.into_iter().map(|pipeline| pipeline.allow).chain(allow).collect(),
        unreachable: match (unreachable, &environment.unreachable) {
            (Some(written), _) => written,
            (None, Some(text)) => parse_unreachable(text)?,
            (None, None) => Unreachable::default(),
        },
        lease: environment.lease,
    })
}

/// The golden paths that a configuration names, where that much is known: rules can be checked by them before anything
/// else of the configuration is.
pub fn catalogue(config: &Value, environment: &FromEnvironment) -> Option<Sources> {
    let names = |target: &&str| !config.child(target).is_null();
    let is_daemon = match ["daemon", "sandbox", "offline", "aws"].iter().find(|target| names(target)) {
        Some(target) => *target == "daemon",
        None => environment.daemon.is_some(),
    };
    if is_daemon {
        return None;
    }
    let written = from_value(config.child("catalogue")).ok()?;
    let pipeline = pipeline(environment).ok()?;
    sources(written, pipeline.as_ref(), environment).ok()
}

/// What GOLDENPATH_BOUNDS allows, for what has no provider block.
pub fn pipeline_bounds(environment: &FromEnvironment) -> Result<Vec<Bounds>, Diagnostic> {
    Ok(pipeline(environment)?.into_iter().map(|pipeline| pipeline.allow).collect())
}

fn pipeline(environment: &FromEnvironment) -> Result<Option<PipelineBounds>, Diagnostic> {
    environment.bounds.clone().transpose().map_err(|error| unreadable_bounds(&error))
}

fn sources(
    written: Option<Vec<CatalogueSource>>,
    pipeline: Option<&PipelineBounds>,
    environment: &FromEnvironment,
) -> Result<Sources, Diagnostic> {
    let fixed = pipeline.and_then(|pipeline| pipeline.catalogue.clone());
    if let (Some(_), Some(fixed)) = (&written, &fixed) {
        let fixed: Vec<String> = fixed.iter().map(ToString::to_string).collect();
        return Err(Diagnostic::error(
            "The catalogue is fixed by the pipeline: remove `catalogue`",
            format!("GOLDENPATH_BOUNDS sets it to {}. Remove `catalogue` from the provider block.", fixed.join(", ")),
        )
        .at(Path::attribute("catalogue")));
    }
    let of_environment = match (&fixed, &written) {
        (None, None) => environment.catalogue.clone().transpose().map_err(|error| unreadable_catalogue(&error))?,
        _ => None,
    };
    Ok(Sources {
        sources: fixed.or(written).or(of_environment).unwrap_or_default(),
        without_built_in: pipeline.is_some_and(|pipeline| pipeline.built_in_path == Some(false)),
    })
}

fn unreadable_catalogue(error: &str) -> Diagnostic {
    Diagnostic::error(
        "GOLDENPATH_CATALOGUE can't be read: correct it, or set `catalogue`",
        format!("{error}. Correct the variable, or set `catalogue` in the provider block."),
    )
}

fn unreadable_bounds(error: &str) -> Diagnostic {
    Diagnostic::error(
        format!("GOLDENPATH_BOUNDS can't be read: {error}; correct it"),
        "It bounds what this process may touch, so nothing is read or changed without it. Set it to a JSON or YAML file with `allow`, \
         `catalogue` and `built_in_path`, or to its text.",
    )
}

fn sandbox_target(sandbox: &Value, environment: &FromEnvironment) -> Target {
    let mut declared = sandbox.as_map().cloned().unwrap_or_default();
    let written = declared.remove("path").and_then(|path| path.as_str().map(PathBuf::from));
    let path = written.or_else(|| environment.sandbox.clone()).unwrap_or_else(|| SANDBOX_PATH.into());
    Target::Sandbox { path, declared: Value::Map(declared) }
}

fn real_target(aws: Aws, kubernetes: Option<Kubernetes>, environment: &FromEnvironment) -> Target {
    let aws = aws.or(environment.aws.as_ref());
    Target::Real { aws: Box::new(aws), kubernetes: kubernetes.or_else(|| environment.kubernetes.clone()) }
}

/// The configuration names no target; the environment may, but only one.
fn target_of_environment(kubernetes: Option<&Kubernetes>, environment: &FromEnvironment) -> Result<Target, Diagnostic> {
    match (&environment.sandbox, &environment.aws, &environment.daemon) {
        (Some(path), None, None) => Ok(Target::Sandbox { path: path.clone(), declared: Value::map::<String>([]) }),
        (None, Some(aws), None) => Ok(real_target(aws.clone(), kubernetes.cloned(), environment)),
        (None, None, Some(endpoint)) => Ok(Target::Daemon(Box::new(daemon::of_environment(endpoint)?.or(environment)))),
        (None, None, None) => Err(no_target()),
        _ => Err(Diagnostic::error(
            "Two targets in the environment: keep one",
            "Keep only one of GOLDENPATH_SANDBOX, GOLDENPATH_DAEMON, and GOLDENPATH_AWS with all variables that begin with \
             GOLDENPATH_AWS_; or set the target in the provider block, with `sandbox`, `daemon` or `aws`.",
        )),
    }
}

fn parse_unreachable(text: &str) -> Result<Unreachable, Diagnostic> {
    from_value(&Value::from(text)).map_err(|_: ConvertError| {
        let detail = "Set it to `error` or `assume_unchanged`, or unset it.";
        Diagnostic::error(
            format!("GOLDENPATH_UNREACHABLE has the invalid value {text:?}: set `error` or `assume_unchanged`"),
            detail,
        )
    })
}

fn no_target() -> Diagnostic {
    Diagnostic::error(
        "No target: set `aws`, `daemon`, `sandbox` or `offline`",
        "There is no default for where objects live. Set one of these in the provider block:\n\n  \
         aws     = { region = \"eu-west-1\" }  # an AWS account and its EKS clusters\n  \
         daemon  = { endpoint = \"unix:///run/goldenpath/daemon.sock\" }  # the target of a provisioning daemon\n  \
         sandbox = {}                          # an embedded rehearsal in .goldenpath/sandbox.db\n  \
         offline = { facts = { ... } }         # plans and tests without credentials; can't apply\n\n\
         Or set one of the environment variables GOLDENPATH_AWS=1, GOLDENPATH_DAEMON=<endpoint> and GOLDENPATH_SANDBOX=<path>.",
    )
}

fn two_targets(second: &'static str) -> Diagnostic {
    Diagnostic::error(
        "Two targets in the provider block: keep one",
        "Keep only one of `aws`, `daemon`, `sandbox` and `offline`.",
    )
    .at(Path::attribute(second))
}

fn daemon_has_its_own(is_written: bool) -> Diagnostic {
    let detail = "Golden paths are those of the daemon's configuration, whatever its clients have.";
    if is_written {
        return Diagnostic::error(
            "The daemon has its own catalogue: remove `catalogue`",
            format!("{detail} Remove `catalogue` from the provider block."),
        )
        .at(Path::attribute("catalogue"));
    }
    Diagnostic::error(
        "The daemon has its own catalogue: unset GOLDENPATH_CATALOGUE",
        format!("{detail} Unset GOLDENPATH_CATALOGUE, and `catalogue` and `built_in_path` in GOLDENPATH_BOUNDS."),
    )
}

fn kubernetes_alone() -> Diagnostic {
    let detail = "It sets how the provider connects to a real cluster. Add `aws`, or remove `kubernetes`.";
    Diagnostic::error("`kubernetes` needs the target `aws`: add `aws`, or remove `kubernetes`", detail)
        .at(Path::attribute("kubernetes"))
}

#[cfg(test)]
mod tests;
