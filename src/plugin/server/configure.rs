//! ValidateProviderConfig and ConfigureProvider.

use super::{call::Answered, session::Work, validate, wire};
use crate::{provider::Configure, schema};
use tfplugin_proto::tfplugin6 as proto;

pub(super) async fn validate_provider_config(
    work: Work,
    request: proto::validate_provider_config::Request,
) -> Answered<proto::validate_provider_config::Response> {
    let typed = work.provider();
    let config = wire::decode("config", request.config, &typed.ty)?;
    let found = validate::checked(typed, &config, |config| work.connection().validate(config));
    Ok(proto::validate_provider_config::Response { diagnostics: wire::diagnostics(found) })
}

/// Core has had the same values validated just before.
pub(super) async fn configure_provider(
    work: Work,
    request: proto::configure_provider::Request,
) -> Answered<proto::configure_provider::Response> {
    let typed = work.provider();
    let config = wire::decode("config", request.config, &typed.ty)?;
    let configure = Configure {
        terraform_version: request.terraform_version,
        config: schema::with_defaults(&typed.schema, &config),
        cancel: work.cancel.clone(),
    };
    let found = work.connection().configure(configure).await;
    Ok(proto::configure_provider::Response { diagnostics: wire::diagnostics(typed.located(found)) })
}
