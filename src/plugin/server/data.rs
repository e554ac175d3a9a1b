//! ReadDataSource.

use super::{context::Work, failure::RpcResult, wire};
use crate::{laws, schema, value::Value};
use tfplugin_proto::tfplugin6::read_data_source::{Request, Response};

/// A data source is a plan and its apply in one: what is computed fills the configuration's gaps, and no gap may stay.
pub(super) async fn read_data_source(work: Work, request: Request) -> RpcResult<Response> {
    let (source, typed) = work.data_source(&request.type_name)?;
    let config = wire::decode("config", request.config, &typed.ty)?;
    let call = work.call(request.client_capabilities.as_ref());
    let full = schema::with_defaults(&typed.schema, &config);

    let read = source.read(&call, full).await;

    let (computed, diagnostics) = read.map_err(|diagnostics| typed.locate_all(diagnostics))?;
    let mut found = typed.locate_all(diagnostics);
    let open = schema::overlay(&typed.schema, &config, &computed, &Value::Null);
    let state = schema::settle(&typed.schema, &open, &computed).value;
    wire::check(&mut found, || laws::check_read(&typed.schema, &state));
    Ok(Response { state: wire::encode(state, &typed.ty)?, diagnostics: wire::diagnostics(found), deferred: None })
}
