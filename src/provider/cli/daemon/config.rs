//! The daemon's configuration: YAML, in the words of the provider block where they mean the same. Errors name the field.

mod callers;
mod listen;
mod parts;
mod sessions;
mod target;
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
use crate::resources::provider_config::{self, FromEnvironment, ProviderConfig, Refused, resolve};
use anyhow::{Context, bail, ensure};
use goldenpath_core::{
    domain::{CatalogueSource, yaml},
    policy::{Bounds, CallerRule},
};
use plugin::{
    Diagnostic, Severity,
    schema::{duration, validate, with_defaults},
    value::{codec::conform, from_value, to_value},
};
use schemars::{JsonSchema, generate::SchemaSettings};
use serde::Deserialize;
use serde_json::{Value as Json, json};
use std::{
    path::{Path, PathBuf},
    time::Duration,
};
use target::WrittenTarget;

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

/// What the daemon listens on, who may call it, what it works on and what it looks after. Relative paths are relative to the file's
/// folder.
#[derive(Deserialize, JsonSchema)]
#[schemars(title = "Configuration of the goldenpath daemon")]
#[serde(deny_unknown_fields)]
struct Written {
    /// One endpoint or a list of them.
    #[schemars(schema_with = "listen::schema")]
    listen: Json,
    /// Whose tokens are accepted.
    #[schemars(with = "Option<TokensOf>")]
    tokens: Option<Json>,
    /// Who may do what: the first rule that fits decides. Without it only the daemon's own user is served, on a unix socket.
    #[schemars(with = "Option<Vec<CallerRule>>")]
    callers: Option<Json>,
    /// A role that each operation has a session of.
    #[schemars(with = "Option<sessions::Written>")]
    sessions: Option<Json>,
    /// Where operations are kept: in a file, or in a database that several daemons share.
    #[schemars(schema_with = "super::journal::schema")]
    journal: Json,
    /// How long operations that have ended are kept, such as `48h`: at least `1h`, and `168h` by default.
    retention: Option<String>,
    /// What all clients share.
    limits: Option<WrittenLimits>,
    /// Where metrics and health are served, such as `127.0.0.1:9464` or `unix:///run/goldenpath/http.sock`. Nowhere if it is not set.
    http: Option<String>,
    /// Path of the audit ledger. By default `audit.jsonl` beside the journal, or beside this file where the journal is a database.
    audit: Option<PathBuf>,
    /// What the daemon does between applies. Nothing if it is absent.
    reconcile: Option<WrittenReconcile>,
    /// Where traces go. Nowhere if neither it nor OpenTelemetry's variables say so.
    telemetry: Option<WrittenTelemetry>,
    /// Where objects live: `aws`, with `kubernetes` if needed, or `sandbox`, each as in the provider block.
    #[schemars(schema_with = "target::schema")]
    target: WrittenTarget,
    /// Folders with golden paths, in addition to the built-in one. One of a git repository is
    /// `git::https://<host>/<repository>//<folder>?ref=<commit>`.
    #[schemars(with = "Option<Vec<String>>")]
    catalogue: Option<Vec<CatalogueSource>>,
    /// Bounds of all clients. What is not set is not bounded, an empty list is nothing.
    #[schemars(with = "Option<Bounds>")]
    allow: Option<Json>,
}

// === impl Settings ===

impl Settings {
    /// The JSON Schema of the file, for editors. Names of our types mean nothing there: each form stands where it is used.
    pub fn schema() -> Json {
        let settings = SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true);
        settings.into_generator().into_root_schema_for::<Written>().to_value()
    }

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
    let WrittenTarget { sandbox, aws, kubernetes } = target.beside(folder)?;
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

/// By the rules of the provider block.
fn provider_of(written: &Json, environment: &FromEnvironment) -> anyhow::Result<ProviderConfig> {
    let schema = provider_config::schema();
    let config = conform(to_value(written), &schema.ty())?;
    if let Some(error) = validate(&schema, &config).into_iter().find(|found| found.severity == Severity::Error) {
        bail!(text_of(&error));
    }
    match resolve(&with_defaults(&schema, &config), environment) {
        Ok(config) => Ok(config),
        Err(Refused::Wrong(error)) => bail!(text_of(&error)),
        Err(Refused::Undecided) => bail!("target: a value is not known"),
    }
}

/// The target's attributes are a level deeper here than in a provider block.
fn text_of(error: &Diagnostic) -> String {
    let path = error.path.to_string();
    let place = match (path.is_empty(), target::holds(&path)) {
        (true, _) => String::new(),
        (false, true) => format!("target.{path}: "),
        (false, false) => format!("{path}: "),
    };
    format!("{place}{}. {}", error.summary, error.detail).trim_end().to_owned()
}
