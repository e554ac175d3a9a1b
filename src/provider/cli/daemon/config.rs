//! The daemon's configuration: YAML, in the words of the provider block where they mean the same. Errors name the field.

mod callers;
mod listen;
mod parts;
mod sessions;
#[cfg(test)]
mod tests;

pub use callers::{IssuerOf, KubernetesTokensOf, TokensOf};
pub use listen::{ListenOn, TlsOn};
pub use sessions::SessionsOf;

use super::{
    journal::Journal,
    limits::{Http, Limits, WrittenLimits},
    reconcile::{ReconcileSettings, WrittenReconcile},
    telemetry::{Telemetry, WrittenTelemetry},
};
use crate::resources::provider_config::{self, FromEnvironment, ProviderConfig, Refused, SANDBOX_PATH, resolve};
use anyhow::{Context, bail, ensure};
use goldenpath_core::{
    domain::{CatalogueSource, yaml},
    policy::CallerRule,
};
use plugin::{
    Diagnostic, Severity,
    schema::{duration, validate, with_defaults},
    value::{codec::conform, from_value, to_value},
};
use serde::Deserialize;
use serde_json::{Map, Value as Json, json};
use std::{
    path::{Path, PathBuf},
    time::Duration,
};

/// A week: long enough to look up what happened before a weekend.
const RETENTION: Duration = Duration::from_secs(7 * 86_400);
/// A client that lost its connection asks for the outcome afterwards.
const LEAST_RETENTION: Duration = Duration::from_secs(3600);

/// The audit ledger beside the journal.
const LEDGER: &str = "audit.jsonl";

/// What the daemon is to do.
pub struct Settings {
    pub listen: Vec<ListenOn>,
    pub tokens: TokensOf,
    pub callers: Option<Vec<CallerRule>>,
    pub sessions: Option<SessionsOf>,
    pub journal: Journal,
    pub retention: Duration,
    pub limits: Limits,
    pub http: Option<Http>,
    /// The audit ledger.
    pub audit: PathBuf,
    /// `None`: nothing is looked at between applies.
    pub reconcile: Option<ReconcileSettings>,
    /// `None`: traces go nowhere, unless the environment says so.
    pub telemetry: Option<Telemetry>,
    /// Target, catalogue and bounds.
    pub provider: ProviderConfig,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    listen: Json,
    tokens: Option<Json>,
    callers: Option<Json>,
    sessions: Option<Json>,
    journal: Json,
    retention: Option<String>,
    limits: Option<WrittenLimits>,
    http: Option<String>,
    audit: Option<PathBuf>,
    reconcile: Option<WrittenReconcile>,
    telemetry: Option<WrittenTelemetry>,
    target: WrittenTarget,
    catalogue: Option<Vec<CatalogueSource>>,
    allow: Option<Json>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenTarget {
    sandbox: Option<Map<String, Json>>,
    aws: Option<Map<String, Json>>,
    kubernetes: Option<Map<String, Json>>,
}

// === impl Settings ===

impl Settings {
    pub fn read(file: &Path, environment: &FromEnvironment) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(file).with_context(|| format!("Can't read {}", file.display()))?;
        let folder = std::path::absolute(file)?;
        let folder = folder.parent().unwrap_or(Path::new("/"));
        parse(&text, folder, environment)
            .with_context(|| format!("{} is no configuration of the daemon", file.display()))
    }
}

/// Relative paths are relative to the file's folder.
fn parse(text: &str, folder: &Path, environment: &FromEnvironment) -> anyhow::Result<Settings> {
    let document = yaml::read(text)?;
    let Written {
        listen,
        tokens,
        callers,
        sessions,
        journal,
        retention,
        limits,
        http,
        audit,
        reconcile,
        telemetry,
        target,
        catalogue,
        allow,
    } = from_value(&to_value(&document))?;
    let retention = match retention {
        Some(text) => duration(&text).map_err(|error| anyhow::anyhow!("retention: {error}"))?,
        None => RETENTION,
    };
    ensure!(
        retention >= LEAST_RETENTION,
        "retention: at least 1h is needed, for clients that come back for an outcome"
    );
    let WrittenTarget { mut sandbox, aws, mut kubernetes } = target;
    ensure!(sandbox.is_some() || aws.is_some(), "target: set `aws` or `sandbox`");
    if let Some(sandbox) = &mut sandbox {
        sandbox.entry("path").or_insert_with(|| SANDBOX_PATH.into());
        join(folder, sandbox, "path");
    }
    if let Some(kubernetes) = &mut kubernetes {
        join(folder, kubernetes, "kubeconfig");
    }
    let tokens = callers::tokens(tokens.as_ref(), folder, aws.is_some())?;
    let listen = listen::listen(&listen, folder, tokens.is_some())?;
    let callers = callers::callers(callers.as_ref(), &listen, &tokens)?;
    let sessions = sessions::sessions(sessions.as_ref(), aws.is_some())?;
    let beside = |source: CatalogueSource| source.beside(folder).to_string();
    let catalogue = catalogue.map(|sources| sources.into_iter().map(beside).collect::<Vec<_>>());
    let provider = json!({
        "sandbox": sandbox, "aws": aws, "kubernetes": kubernetes, "catalogue": catalogue, "allow": allow,
    });
    let journal = Journal::read(journal, folder)?;
    Ok(Settings {
        listen,
        tokens,
        callers,
        sessions,
        audit: match (audit, &journal) {
            (Some(audit), _) => folder.join(audit),
            (None, Journal::File(journal)) => journal.with_file_name(LEDGER),
            (None, Journal::Postgres { .. }) => folder.join(LEDGER),
        },
        journal,
        retention,
        limits: Limits::read(limits)?,
        http: http.as_deref().map(Http::read).transpose()?,
        reconcile: reconcile.map(WrittenReconcile::read).transpose()?,
        telemetry: telemetry.map(|written| written.read(folder)).transpose()?,
        provider: provider_of(&provider, environment)?,
    })
}

fn join(folder: &Path, entries: &mut Map<String, Json>, name: &str) {
    if let Some(Json::String(path)) = entries.get_mut(name)
        && !path.starts_with('~')
    {
        *path = folder.join(&*path).display().to_string();
    }
}

/// By the rules of the provider block.
fn provider_of(written: &Json, environment: &FromEnvironment) -> anyhow::Result<ProviderConfig> {
    let schema = provider_config::schema();
    let config = conform(to_value(written), &schema.ty())?;
    if let Some(error) = validate(&schema, &config).into_iter().find(|found| found.severity == Severity::Error) {
        bail!(worded(&error));
    }
    match resolve(&with_defaults(&schema, &config), environment) {
        Ok(config) => Ok(config),
        Err(Refused::Wrong(error)) => bail!(worded(&error)),
        Err(Refused::Undecided) => bail!("target: a value is not known"),
    }
}

/// The target's attributes are a level deeper here than in a provider block.
fn worded(error: &Diagnostic) -> String {
    let path = error.path.to_string();
    let is_of_target = ["sandbox", "aws", "kubernetes"].iter().any(|name| path.starts_with(name));
    let place = match (path.is_empty(), is_of_target) {
        (true, _) => String::new(),
        (false, true) => format!("target.{path}: "),
        (false, false) => format!("{path}: "),
    };
    format!("{place}{}. {}", error.summary, error.detail).trim_end().to_owned()
}
