//! State that is neither planned nor applied: UpgradeResourceState, ReadResource, ImportResourceState, MoveResourceState.

use super::{
    call::{Answered, Failure},
    schemas::Typed,
    session::Work,
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

/// Called for every instance in state on every run, nearly always with the version at hand: then it is one walk over the
/// JSON with the schema's type.
pub(super) async fn upgrade_resource_state(
    work: Work,
    request: proto::upgrade_resource_state::Request,
) -> Answered<proto::upgrade_resource_state::Response> {
    let (resource, typed) = work.resource(&request.type_name)?;
    let raw = request.raw_state.unwrap_or_default();
    if raw.json.is_empty() && !raw.flatmap.is_empty() {
        return Err(Diagnostic::error(
            format!("state of {} is in the format of Terraform 0.11", request.type_name),
            "No release of this provider has written it. Refresh it with Terraform 0.12 or newer and the provider that \
             wrote it, or import the object again.",
        )
        .into());
    }
    let state = match request.version.cmp(&typed.schema.version) {
        Ordering::Equal => json::decode(&raw.json, &typed.ty),
        Ordering::Less => {
            let old = serde_json::from_slice(&raw.json).map_err(Failure::broken)?;
            json::from_json(resource.upgrade(request.version, old)?, &typed.ty)
        }
        Ordering::Greater => return Err(newer(resource, request.version, typed).into()),
    };
    // An attribute that the schema doesn't know is an error here, never dropped: its value would be lost.
    let state = state.map_err(|error| {
        let place = error.path.clone();
        typed.locate(
            Diagnostic::error(
                format!("state of {} doesn't fit its schema: {error}", request.type_name),
                "Another release of the provider has written it, or it was edited. Use that release, or restore the state \
                 from a backup.",
            )
            .at(place),
        )
    })?;
    Ok(proto::upgrade_resource_state::Response {
        upgraded_state: wire::encode(typed.answerable(state), &typed.ty)?,
        diagnostics: vec![],
    })
}

fn newer(resource: &dyn Resource, version: i64, typed: &Typed) -> Diagnostic {
    Diagnostic::error(
        format!("state of {} was written by a newer release of the provider", resource.name()),
        format!(
            "Its schema version is {version}; this release knows versions up to {}. Install the newer release.",
            typed.schema.version
        ),
    )
}

pub(super) async fn read_resource(
    work: Work,
    request: proto::read_resource::Request,
) -> Answered<proto::read_resource::Response> {
    let (resource, typed) = work.resource(&request.type_name)?;
    let prior = wire::decode("current state", request.current_state, &typed.ty)?;
    let call = work.call(request.client_capabilities.as_ref());
    let private = Private::from_bytes(request.private);

    let response = resource.read(&call, ReadRequest { state: prior, private }).await;

    let mut found = typed.located(response.diagnostics);
    if any_error(&found) {
        // Core keeps what it has.
        return Err(found.into());
    }
    let state = typed.answerable(response.state.unwrap_or(Value::Null));
    if cfg!(debug_assertions) {
        found.extend(laws::check_read(&typed.schema, &state).into_iter().map(wire::breach));
    }
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
) -> Answered<proto::import_resource_state::Response> {
    let (resource, typed) = work.resource(&request.type_name)?;
    if request.id.is_empty() {
        return Err(Diagnostic::error(
            format!("{} is imported by its id", request.type_name),
            "Write the import block with `id`; this provider has no identities.",
        )
        .into());
    }
    let call = work.call(request.client_capabilities.as_ref());

    let response = resource.import(&call, &request.id).await;

    let mut found = typed.located(response.diagnostics);
    let Some(state) = response.state.filter(|state| !state.is_null()) else {
        if !any_error(&found) {
            found.push(Diagnostic::error(
                format!("there is no {} with the id {:?}", request.type_name, request.id),
                "Check the id, and that the provider is configured for the place where the object is.",
            ));
        }
        return Err(found.into());
    };
    if any_error(&found) {
        return Err(found.into());
    }
    let state = typed.answerable(state);
    if cfg!(debug_assertions) {
        found.extend(laws::check_import(&typed.schema, &state).into_iter().map(wire::breach));
    }
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

/// Our capabilities don't announce it, but OpenTofu doesn't look: a `moved` block between two types gets a plain answer.
pub(super) async fn move_resource_state(
    _: Work,
    request: proto::move_resource_state::Request,
) -> Answered<proto::move_resource_state::Response> {
    let (from, to) = (&request.source_type_name, &request.target_type_name);
    Err(Diagnostic::error(
        format!("{to} can't take over the state of {from}"),
        "Remove the `moved` block. To keep the object, take it out of state with a `removed` block and import it under \
         its new address.",
    )
    .into())
}
