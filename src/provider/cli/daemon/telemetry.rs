//! `telemetry`: where traces go.

use anyhow::{anyhow, ensure};
use schemars::JsonSchema;
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// What the daemon sends to a collector; what is not set is that of OpenTelemetry's variables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Telemetry {
    pub endpoint: Option<String>,
    pub ca: Option<PathBuf>,
    pub headers_file: Option<PathBuf>,
    pub service_name: Option<String>,
    /// In percent.
    pub sample: Option<u32>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenTelemetry {
    /// Of a collector that takes OTLP over HTTP (protobuf), without the path: `https://host:4318`.
    endpoint: Option<String>,
    /// A PEM file, if the system does not trust the collector's certificate.
    ca: Option<PathBuf>,
    /// Lines of `name: value` that go with each request, read each time; over `https`, or to this machine.
    headers_file: Option<PathBuf>,
    /// `goldenpath-daemon` by default.
    service_name: Option<String>,
    /// How many of a hundred operations are sent, such as `25%`. All by default.
    sample: Option<String>,
}

// === impl WrittenTelemetry ===

impl WrittenTelemetry {
    pub(super) fn read(self, folder: &Path) -> anyhow::Result<Telemetry> {
        let Self { endpoint, ca, headers_file, service_name, sample } = self;
        if let Some(endpoint) = &endpoint {
            let is_url = ["http://", "https://"]
                .iter()
                .any(|scheme| endpoint.len() > scheme.len() && endpoint.starts_with(scheme));
            ensure!(is_url, "telemetry.endpoint: write `https://host:4318`, and not {endpoint:?}");
        }
        let percent = |text: &String| {
            let percent = text.strip_suffix('%').and_then(|percent| percent.parse().ok());
            let percent = percent.filter(|percent| *percent <= 100);
            percent.ok_or_else(|| anyhow!("telemetry.sample: {text:?} is not a percentage from 0% to 100%"))
        };
        Ok(Telemetry {
            endpoint,
            ca: ca.map(|path| folder.join(path)),
            headers_file: headers_file.map(|path| folder.join(path)),
            service_name,
            sample: sample.as_ref().map(percent).transpose()?,
        })
    }
}
