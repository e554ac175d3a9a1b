//! Configuration: the schema's own checks, then the rules of the type, and what a connection takes from it.
//!
//! Core validates before the provider is configured, and with unknowns wherever a value isn't decided yet.

use super::{context::Work, failure::RpcResult, schemas::TypedSchema, wire};
use crate::{
    diagnostic::{Diagnostic, any_error},
    provider::Configure,
    schema,
    value::Value,
};
use tfplugin_proto::tfplugin6::{
    configure_provider, validate_data_resource_config, validate_provider_config, validate_resource_config,
};

pub(super) async fn validate_provider_config(
    work: Work,
    request: validate_provider_config::Request,
) -> RpcResult<validate_provider_config::Response> {
    let typed = work.provider();
    let config = wire::decode("config", request.config, &typed.ty)?;
    let found = validate(typed, &config, |config| work.connection().validate(config));
    Ok(validate_provider_config::Response { diagnostics: wire::diagnostics(found) })
}

pub(super) async fn validate_resource_config(
    work: Work,
    request: validate_resource_config::Request,
) -> RpcResult<validate_resource_config::Response> {
    let (resource, typed) = work.resource(&request.type_name)?;
    let config = wire::decode("config", request.config, &typed.ty)?;
    let mut found = validate(typed, &config, |config| resource.validate(config));
    if !request.client_capabilities.unwrap_or_default().write_only_attributes_allowed {
        found.extend(stored_secrets(typed, &config));
    }
    Ok(validate_resource_config::Response { diagnostics: wire::diagnostics(found) })
}

pub(super) async fn validate_data_resource_config(
    work: Work,
    request: validate_data_resource_config::Request,
) -> RpcResult<validate_data_resource_config::Response> {
    let (source, typed) = work.data_source(&request.type_name)?;
    let config = wire::decode("config", request.config, &typed.ty)?;
    let found = validate(typed, &config, |config| source.validate(config));
    Ok(validate_data_resource_config::Response { diagnostics: wire::diagnostics(found) })
}

/// Core has had the same values validated just before.
pub(super) async fn configure_provider(
    work: Work,
    request: configure_provider::Request,
) -> RpcResult<configure_provider::Response> {
    let typed = work.provider();
    let config = wire::decode("config", request.config, &typed.ty)?;
    let configure = Configure {
        terraform_version: request.terraform_version,
        config: schema::with_defaults(&typed.schema, &config),
        cancel: work.cancel.clone(),
    };
    let found = work.connection().configure(configure).await;
    Ok(configure_provider::Response { diagnostics: wire::diagnostics(typed.locate_all(found)) })
}

/// Rules across attributes run only when each attribute by itself is sound: they may rely on it.
fn validate(typed: &TypedSchema, config: &Value, rules: impl FnOnce(&Value) -> Vec<Diagnostic>) -> Vec<Diagnostic> {
    let mut found = schema::validate(&typed.schema, config);
    if !any_error(&found) {
        found.extend(typed.locate_all(rules(&schema::with_defaults(&typed.schema, config))));
    }
    found
}

/// A client that doesn't know write-only attributes would keep their values in its state.
fn stored_secrets(typed: &TypedSchema, config: &Value) -> Vec<Diagnostic> {
    let set = schema::write_only_set(&typed.schema, config);
    set.into_iter()
        .map(|path| {
            Diagnostic::error(
                format!("{path}: this client would store a write-only value in its state; upgrade it"),
                "Write-only attributes require Terraform 1.11 or OpenTofu 1.11. Upgrade, or remove the attribute.",
            )
            .at(path)
        })
        .collect()
}
