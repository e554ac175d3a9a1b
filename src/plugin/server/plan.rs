//! PlanResourceChange: what the resource computes, laid over what is configured.
//!
//! The proposed state that core sends along isn't read. It is the configuration with prior values in its gaps, and the
//! overlay fills the gaps itself, from the configuration as it was written.

use super::{
    context::Work,
    failure::{Failure, RpcResult},
    schemas::TypedSchema,
    wire,
};
use crate::{
    diagnostic::any_error,
    laws,
    path::Path,
    private::Private,
    resource::{CallContext, Change, PlanRequest, Resource},
    schema,
    value::Value,
};
use tfplugin_proto::tfplugin6::plan_resource_change::{Request, Response};

pub(super) async fn plan_resource_change(work: Work, request: Request) -> RpcResult<Response> {
    let (resource, typed) = work.resource(&request.type_name)?;
    let prior = wire::decode("prior state", request.prior_state, &typed.ty)?;
    let config = wire::decode("config", request.config, &typed.ty)?;
    let call = work.call(request.client_capabilities.as_ref());
    let private = Private::from_bytes(request.prior_private);
    match (prior.is_null(), config.is_null()) {
        (true, true) => Err(Failure::protocol("neither a prior state nor a configuration")),
        (false, true) => plan_destroy(resource, typed, &call, prior, private).await,
        _ => plan_change(resource, typed, &call, prior, config, private).await,
    }
}

/// Core wants null. The resource may warn or refuse, and leave itself a note in the private bytes.
async fn plan_destroy(
    resource: &dyn Resource,
    typed: &TypedSchema,
    call: &CallContext,
    prior: Value,
    private: Private,
) -> RpcResult<Response> {
    let response = resource.plan(call, PlanRequest { change: Change::Destroy { prior }, private }).await;
    Ok(Response {
        planned_state: wire::encode(Value::Null, &typed.ty)?,
        planned_private: response.private.into_bytes(),
        diagnostics: wire::diagnostics(typed.locate_all(response.diagnostics)),
        ..Response::default()
    })
}

/// A replacement comes here twice: first with the prior state, and then, if core keeps any of the paths in our response, as
/// a create with the private bytes that the first plan gave.
async fn plan_change(
    resource: &dyn Resource,
    typed: &TypedSchema,
    call: &CallContext,
    prior: Value,
    config: Value,
    private: Private,
) -> RpcResult<Response> {
    let change = Change::to(schema::with_defaults(&typed.schema, &config), &prior);

    let response = resource.plan(call, PlanRequest { change, private: private.clone() }).await;

    let mut found = typed.locate_all(response.diagnostics);
    if any_error(&found) {
        return Err(found.into());
    }
    // Nothing of what is replaced stays, or core would take the path that says so for unchanged.
    let base = if response.requires_replace.is_empty() { &prior } else { &Value::Null };
    let planned = schema::overlay(&typed.schema, &config, &response.computed, base);
    let requires_replace = replacements(typed, &prior, &planned, &response.requires_replace);
    // A resource that has nothing to note about "no change" must not lose what it noted before.
    let planned_private = if response.private.is_empty() && planned == prior { private } else { response.private };
    wire::check(&mut found, || laws::check_plan(&typed.schema, &prior, &config, &planned, &requires_replace));
    Ok(Response {
        planned_state: wire::encode(planned, &typed.ty)?,
        requires_replace: requires_replace.iter().map(wire::attribute_path).collect(),
        planned_private: planned_private.into_bytes(),
        diagnostics: wire::diagnostics(found),
        ..Response::default()
    })
}

/// The schema's and the resource's own, each path once. On a create there is nothing to replace.
fn replacements(typed: &TypedSchema, prior: &Value, planned: &Value, beyond_schema: &[Path]) -> Vec<Path> {
    if prior.is_null() {
        return vec![];
    }
    let mut paths = schema::replacements(&typed.schema, prior, planned);
    for path in beyond_schema {
        let path = typed.schema.resolve_path(path);
        if !paths.contains(&path) {
            paths.push(path);
        }
    }
    paths
}
