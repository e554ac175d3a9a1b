//! ReadDataSource.

use super::{call::Answered, session::Work, wire};
use crate::{laws, schema, value::Value};
use tfplugin_proto::tfplugin6 as proto;

/// A data source is a plan and its apply in one: what is computed fills the configuration's gaps, and no gap may stay.
pub(super) async fn read_data_source(
    work: Work,
    request: proto::read_data_source::Request,
) -> Answered<proto::read_data_source::Response> {
    let (source, typed) = work.data_source(&request.type_name)?;
    let config = wire::decode("config", request.config, &typed.ty)?;
    let call = work.call(request.client_capabilities.as_ref());
    let full = schema::with_defaults(&typed.schema, &config);

    let read = source.read(&call, full).await;

    let (computed, diagnostics) = read.map_err(|diagnostics| typed.located(diagnostics))?;
    let mut found = typed.located(diagnostics);
    let open = schema::overlay(&typed.schema, &config, &computed, &Value::Null);
    let state = schema::settle(&typed.schema, &open, &computed).value;
    if cfg!(debug_assertions) {
        found.extend(laws::check_read(&typed.schema, &state).into_iter().map(wire::breach));
    }
    Ok(proto::read_data_source::Response {
        state: wire::encode(state, &typed.ty)?,
        diagnostics: wire::diagnostics(found),
        deferred: None,
    })
}
