//! ApplyResourceChange: the plan, with what the resource has computed in the places that the plan left open.
//!
//! What exists must be in the answer even when something failed: core saves it, and the next run goes on from there.

use super::{
    call::{Answered, Failure},
    schemas::Typed,
    session::Work,
    wire,
};
use crate::{
    diagnostic::{Diagnostic, any_error},
    laws,
    path::Path,
    private::Private,
    resource::{ApplyRequest, ApplyResponse, Call, Change, Resource},
    schema,
    value::Value,
};
use tfplugin_proto::tfplugin6::{self as proto, apply_resource_change::Response};

pub(super) async fn apply_resource_change(
    work: Work,
    request: proto::apply_resource_change::Request,
) -> Answered<Response> {
    let (resource, typed) = work.resource(&request.type_name)?;
    let prior = wire::decode("prior state", request.prior_state, &typed.ty)?;
    let planned = wire::decode("planned state", request.planned_state, &typed.ty)?;
    let config = wire::decode("config", request.config, &typed.ty)?;
    let call = work.call_of_apply();
    let private = Private::from_bytes(request.planned_private);
    if planned.is_null() {
        return destroy(resource, typed, &call, prior, private).await;
    }
    if config.is_null() {
        return Err(Failure::broken("a planned state without a configuration"));
    }
    change(resource, typed, &call, prior, planned, &config, private).await
}

async fn destroy(
    resource: &dyn Resource,
    typed: &Typed,
    call: &Call,
    prior: Value,
    private: Private,
) -> Answered<Response> {
    let change = Change::Destroy { prior: prior.clone() };
    let response = resource.apply(call, ApplyRequest { change, planned: None, private }).await;
    let ApplyResponse { computed, private, diagnostics } = response;
    let mut found = typed.located(diagnostics);
    let left = match computed {
        None => Value::Null,
        Some(computed) => {
            if !any_error(&found) {
                found.push(fault("it says that the object still exists after a destroy that went well"));
            }
            schema::partial(&typed.schema, &prior, &computed).value
        }
    };
    respond(typed, left, private, found)
}

async fn change(
    resource: &dyn Resource,
    typed: &Typed,
    call: &Call,
    prior: Value,
    planned: Value,
    config: &Value,
    private: Private,
) -> Answered<Response> {
    let config = schema::with_defaults(&typed.schema, config);
    let change =
        if prior.is_null() { Change::Create { config } } else { Change::Update { prior: prior.clone(), config } };
    let request = ApplyRequest { change, planned: Some(planned.clone()), private };

    let ApplyResponse { computed, private, diagnostics } = resource.apply(call, request).await;

    let mut found = typed.located(diagnostics);
    let new = match (computed, any_error(&found)) {
        (Some(computed), false) => {
            let settled = schema::settle(&typed.schema, &planned, &computed);
            found.extend(settled.missing.into_iter().map(not_given));
            if cfg!(debug_assertions) {
                let breaches = laws::check_apply(&typed.schema, &planned, &settled.value);
                found.extend(breaches.into_iter().map(wire::breach));
            }
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
            found.push(fault("it gave no object after an apply that went well"));
            Value::Null
        }
    };
    respond(typed, new, private, found)
}

fn respond(typed: &Typed, new: Value, private: Private, found: Vec<Diagnostic>) -> Answered<Response> {
    Ok(Response {
        new_state: wire::encode(typed.answerable(new), &typed.ty)?,
        private: private.into_bytes(),
        diagnostics: wire::diagnostics(found),
        ..Response::default()
    })
}

fn fault(what: &str) -> Diagnostic {
    Diagnostic::error(
        format!("the provider has a fault: {what}"),
        "This is not caused by your configuration. Please report it. Run the plan again to see what exists now.",
    )
}

fn not_given(path: Path) -> Diagnostic {
    fault(&format!("it gave no value for {path} after the apply")).at(path)
}
