//! State that is neither planned nor applied: UpgradeResourceState, ReadResource, ImportResourceState, MoveResourceState.

use super::{
    context::Work,
    failure::{Failure, RpcResult},
    schemas::TypedSchema,
    wire,
};
use crate::{
    diagnostic::{Diagnostic, any_error},
    laws,
    private::Private,
    resource::{ReadRequest, Resource},
    value::{Value, json},
};
use std::cmp::Ordering;
use tfplugin_proto::tfplugin6 as proto;

/// Called for every instance in state on every run, nearly always with the current version: then it is one walk over the
/// JSON with the schema's type.
pub(super) async fn upgrade_resource_state(
    work: Work,
    request: proto::upgrade_resource_state::Request,
) -> RpcResult<proto::upgrade_resource_state::Response> {
    let (resource, typed) = work.resource(&request.type_name)?;
    let raw = request.raw_state.unwrap_or_default();
    if raw.json.is_empty() && !raw.flatmap.is_empty() {
        return Err(Diagnostic::error(
            format!("State of {} is in the format of Terraform 0.11: refresh it with its provider, or import the object again", request.type_name),
            "No version of this provider wrote it. Refresh it with Terraform 0.12 or later and the provider that wrote \
             it, or import the object again.",
        )
        .into());
    }
    let state = match request.version.cmp(&typed.schema.version) {
        Ordering::Equal => json::decode(&raw.json, &typed.ty),
        Ordering::Less => {
            let old = serde_json::from_slice(&raw.json).map_err(Failure::protocol)?;
            json::from_json(resource.upgrade(request.version, old)?, &typed.ty)
        }
        Ordering::Greater => return Err(newer(resource, request.version, typed).into()),
    };
    // An attribute that the schema doesn't know is an error here, never dropped: its value would be lost.
    let state = state.map_err(|error| {
        let place = error.path.clone();
        typed.locate(
            Diagnostic::error(
                format!("State of {} does not match its schema: {error}; use the version that wrote it", request.type_name),
                "Another version of the provider wrote it, or it was edited. Use that version, or restore the state from \
                 a backup.",
            )
            .at(place),
        )
    })?;
    Ok(proto::upgrade_resource_state::Response {
        upgraded_state: wire::encode(typed.without_write_only(state), &typed.ty)?,
        diagnostics: vec![],
    })
}

fn newer(resource: &dyn Resource, version: i64, typed: &TypedSchema) -> Diagnostic {
    Diagnostic::error(
        format!("State of {} was written by a newer version of the provider: upgrade it", resource.name()),
        format!(
            "Its schema version is {version}, and this version of the provider supports up to {}. Upgrade the provider.",
            typed.schema.version
        ),
    )
}

pub(super) async fn read_resource(
    work: Work,
    request: proto::read_resource::Request,
) -> RpcResult<proto::read_resource::Response> {
    let (resource, typed) = work.resource(&request.type_name)?;
    let prior = wire::decode("current state", request.current_state, &typed.ty)?;
    let call = work.call(request.client_capabilities.as_ref());
    let private = Private::from_bytes(request.private);

    let response = resource.read(&call, ReadRequest { state: prior, private }).await;

    let mut found = typed.locate_all(response.diagnostics);
    if any_error(&found) {
        // Core keeps what it has.
        return Err(found.into());
    }
    let state = typed.without_write_only(response.state.unwrap_or(Value::Null));
    wire::check(&mut found, || laws::check_read(&typed.schema, &state));
    Ok(proto::read_resource::Response {
        new_state: wire::encode(state, &typed.ty)?,
        // Replaces what core had, so it is always sent.
        private: response.private.into_bytes(),
        diagnostics: wire::diagnostics(found),
        ..Default::default()
    })
}

pub(super) async fn import_resource_state(
    work: Work,
    request: proto::import_resource_state::Request,
) -> RpcResult<proto::import_resource_state::Response> {
    let (resource, typed) = work.resource(&request.type_name)?;
    if request.id.is_empty() {
        return Err(Diagnostic::error(
            format!("Import of {} without an ID: set `id`", request.type_name),
            "This provider has no resource identities. Set `id` in the `import` block.",
        )
        .into());
    }
    let call = work.call(request.client_capabilities.as_ref());

    let response = resource.import(&call, &request.id).await;

    let mut found = typed.locate_all(response.diagnostics);
    let Some(state) = response.state.filter(|state| !state.is_null()) else {
        if !any_error(&found) {
            found.push(Diagnostic::error(
                format!("No {} with the ID {:?}: check the ID and the target", request.type_name, request.id),
                "Check the ID, and that the provider is configured for the target that holds the object.",
            ));
        }
        return Err(found.into());
    };
    if any_error(&found) {
        return Err(found.into());
    }
    let state = typed.without_write_only(state);
    wire::check(&mut found, || laws::check_import(&typed.schema, &state));
    Ok(proto::import_resource_state::Response {
        imported_resources: vec![proto::import_resource_state::ImportedResource {
            type_name: request.type_name,
            state: wire::encode(state, &typed.ty)?,
            private: response.private.into_bytes(),
            identity: None,
        }],
        diagnostics: wire::diagnostics(found),
        deferred: None,
    })
}

/// Our capabilities don't announce it, but OpenTofu doesn't look: a `moved` block between two types gets a plain refusal.
pub(super) async fn move_resource_state(
    _: Work,
    request: proto::move_resource_state::Request,
) -> RpcResult<proto::move_resource_state::Response> {
    let (from, to) = (&request.source_type_name, &request.target_type_name);
    Err(Diagnostic::error(
        format!("State of {from} can't be moved to {to}: remove the `moved` block"),
        "Remove the `moved` block. To keep the object, remove it from the state with a `removed` block and import it \
         under its new address.",
    )
    .into())
}
