//! ValidateResourceConfig and ValidateDataResourceConfig: the schema's own checks, then the type's rules.
//!
//! Core calls these before the provider is configured, and with unknowns wherever a value isn't decided yet.

use super::{call::Answered, schemas::Typed, session::Work, wire};
use crate::{
    diagnostic::{Diagnostic, any_error},
    schema,
    value::Value,
};
use tfplugin_proto::tfplugin6 as proto;

pub(super) async fn validate_resource_config(
    work: Work,
    request: proto::validate_resource_config::Request,
) -> Answered<proto::validate_resource_config::Response> {
    let (resource, typed) = work.resource(&request.type_name)?;
    let config = wire::decode("config", request.config, &typed.ty)?;
    let mut found = checked(typed, &config, |config| resource.validate(config));
    if !request.client_capabilities.unwrap_or_default().write_only_attributes_allowed {
        found.extend(stored_secrets(typed, &config));
    }
    Ok(proto::validate_resource_config::Response { diagnostics: wire::diagnostics(found) })
}

pub(super) async fn validate_data_resource_config(
    work: Work,
    request: proto::validate_data_resource_config::Request,
) -> Answered<proto::validate_data_resource_config::Response> {
    let (source, typed) = work.data_source(&request.type_name)?;
    let config = wire::decode("config", request.config, &typed.ty)?;
    let found = checked(typed, &config, |config| source.validate(config));
    Ok(proto::validate_data_resource_config::Response { diagnostics: wire::diagnostics(found) })
}

/// Rules across attributes are asked only when each attribute by itself is sound: they may rely on it.
pub(super) fn checked(typed: &Typed, config: &Value, rules: impl FnOnce(&Value) -> Vec<Diagnostic>) -> Vec<Diagnostic> {
    let config = schema::with_defaults(&typed.schema, config);
    let mut found = schema::validate(&typed.schema, &config);
    if !any_error(&found) {
        found.extend(typed.located(rules(&config)));
    }
    found
}

/// A client that doesn't know write-only attributes would write their values into its state.
fn stored_secrets(typed: &Typed, config: &Value) -> Vec<Diagnostic> {
    let set = schema::write_only_set(&typed.schema, config);
    set.into_iter()
        .map(|path| {
            Diagnostic::error(
                format!("{path}: this client can't keep a write-only value out of its state"),
                "Write-only attributes need Terraform 1.11 or OpenTofu 1.11. Upgrade, or leave the attribute out.",
            )
            .at(path)
        })
        .collect()
}
