//! ApplyResourceChange: the plan, with what the resource has computed in the places that the plan left open.
//!
//! What exists must be in the response even when something failed: core saves it, and the next run goes on from there.

use super::{
    context::Work,
    failure::{Failure, RpcResult},
    schemas::TypedSchema,
    wire,
};
use crate::{
    diagnostic::{Diagnostic, any_error},
    laws,
    path::Path,
    private::Private,
    resource::{ApplyRequest, ApplyResponse, CallContext, Change, Resource},
    schema,
    value::Value,
};
use tfplugin_proto::tfplugin6::apply_resource_change::{Request, Response};

pub(super) async fn apply_resource_change(work: Work, request: Request) -> RpcResult<Response> {
    let (resource, typed) = work.resource(&request.type_name)?;
    let prior = wire::decode("prior state", request.prior_state, &typed.ty)?;
    let planned = wire::decode("planned state", request.planned_state, &typed.ty)?;
    let config = wire::decode("config", request.config, &typed.ty)?;
    let call = work.apply_call();
    let private = Private::from_bytes(request.planned_private);
    if planned.is_null() {
        return destroy(resource, typed, &call, prior, private).await;
    }
    if config.is_null() {
        return Err(Failure::protocol("a planned state without a configuration"));
    }
    change(resource, typed, &call, prior, planned, &config, private).await
}

async fn destroy(
    resource: &dyn Resource,
    typed: &TypedSchema,
    call: &CallContext,
    prior: Value,
    private: Private,
) -> RpcResult<Response> {
    let change = Change::Destroy { prior: prior.clone() };
    let response = resource.apply(call, ApplyRequest { change, planned: None, private }).await;
    let ApplyResponse { computed, private, diagnostics } = response;
    let mut found = typed.locate_all(diagnostics);
    let left = match computed {
        None => Value::Null,
        Some(computed) => {
            if !any_error(&found) {
                found.push(provider_bug("the object still exists after a successful destroy"));
            }
            schema::partial(&typed.schema, &prior, &computed).value
        }
    };
    respond(typed, left, private, found)
}

async fn change(
    resource: &dyn Resource,
    typed: &TypedSchema,
    call: &CallContext,
    prior: Value,
    planned: Value,
    config: &Value,
    private: Private,
) -> RpcResult<Response> {
    let change = Change::to(schema::with_defaults(&typed.schema, config), &prior);
    let request = ApplyRequest { change, planned: Some(planned.clone()), private };

    let ApplyResponse { computed, private, diagnostics } = resource.apply(call, request).await;

    let mut found = typed.locate_all(diagnostics);
    let new = match (computed, any_error(&found)) {
        (Some(computed), false) => {
            let settled = schema::settle(&typed.schema, &planned, &computed);
            let missing = |path: Path| provider_bug(&format!("no value for {path} after apply")).at(path);
            found.extend(settled.missing.into_iter().map(missing));
            wire::check(&mut found, || laws::check_apply(&typed.schema, &planned, &settled.value));
            settled.value
        }
        // A failed create is tainted and holds what was planned. A failed update keeps the inputs that last went through:
        // with the planned ones in state, the next plan could find nothing left to do.
        (Some(computed), true) => {
            let base = if prior.is_null() { &planned } else { &prior };
            schema::partial(&typed.schema, base, &computed).value
        }
        // Null with an error: core keeps the prior state, or none.
        (None, true) => Value::Null,
        (None, false) => {
            found.push(provider_bug("no object after a successful apply"));
            Value::Null
        }
    };
    respond(typed, new, private, found)
}

fn respond(typed: &TypedSchema, new: Value, private: Private, found: Vec<Diagnostic>) -> RpcResult<Response> {
    Ok(Response {
        new_state: wire::encode(typed.without_write_only(new), &typed.ty)?,
        private: private.into_bytes(),
        diagnostics: wire::diagnostics(found),
        ..Response::default()
    })
}

fn provider_bug(what: &str) -> Diagnostic {
    Diagnostic::error(
        format!("Provider bug: {what}; report it"),
        "This is a bug in the provider, not in your configuration. Report it, and run the plan again to see what exists now.",
    )
}
