//! What goes over a connection: the gRPC services, one file for each group of calls.
//!
//! Each call goes through the same gate ([`call`]): a task of its own, so that a client that hangs up stops the work but
//! doesn't drop it half done; its panic becomes a diagnostic; its response is checked against core's laws in debug builds.
//! Behind the gate a call is a plain function from a request to a response, or to a [`failure::Failure`].
//!
//! A user error is a diagnostic. A gRPC status is for protocol errors: requests that no correct client sends.

mod apply;
mod call;
mod config;
mod context;
mod data;
mod failure;
mod go_plugin;
mod lookup;
mod metadata;
mod plan;
mod schemas;
mod state;
mod wire;

pub(crate) use context::{ConnectionContext, ContextSource, Process};

use std::sync::Arc;
use tfplugin_proto::tfplugin6::{self as proto, provider_server};
use tonic::{
    Request, Response, Status,
    transport::server::{Router, Server as Transport},
};

/// As Go servers take; tonic's own limit of 4 MiB is less than a large state.
const LARGEST_MESSAGE: usize = 256 << 20;

/// Every service that a go-plugin client expects on the connection.
pub(crate) async fn router(process: &Arc<Process>, stream_window: u32, connection_window: u32) -> Router {
    Transport::builder()
        .initial_stream_window_size(stream_window)
        .initial_connection_window_size(connection_window)
        .add_service(provider_server::ProviderServer::new(Provider).max_decoding_message_size(LARGEST_MESSAGE))
        .add_service(go_plugin::broker(process))
        .add_service(go_plugin::stdio(process))
        .add_service(go_plugin::controller())
        .add_service(go_plugin::health().await)
}

/// The service has no state: everything hangs on the connection's [`ConnectionContext`], which comes with each request.
struct Provider;

/// One method for each call that we serve. The others keep their generated response, UNIMPLEMENTED, which a client only
/// sees if it calls what neither our schema nor our capabilities announce.
macro_rules! calls {
    ($($rpc:ident $method:ident => $work:path),+ $(,)?) => {
        #[tonic::async_trait]
        impl provider_server::Provider for Provider {
            $(async fn $method(
                &self,
                request: Request<proto::$method::Request>,
            ) -> Result<Response<proto::$method::Response>, Status> {
                call::serve(stringify!($rpc), request, $work).await
            })+

            /// Not through the gate: it must get through while other calls are busy, and has nothing to check.
            async fn stop_provider(
                &self,
                request: Request<proto::stop_provider::Request>,
            ) -> Result<Response<proto::stop_provider::Response>, Status> {
                ConnectionContext::of(&request)?.stop();
                Ok(Response::new(proto::stop_provider::Response::default()))
            }
        }
    };
}

calls! {
    GetMetadata get_metadata => metadata::get_metadata,
    GetProviderSchema get_provider_schema => metadata::get_provider_schema,
    GetFunctions get_functions => metadata::get_functions,
    ValidateProviderConfig validate_provider_config => config::validate_provider_config,
    ConfigureProvider configure_provider => config::configure_provider,
    ValidateResourceConfig validate_resource_config => config::validate_resource_config,
    ValidateDataResourceConfig validate_data_resource_config => config::validate_data_resource_config,
    UpgradeResourceState upgrade_resource_state => state::upgrade_resource_state,
    ReadResource read_resource => state::read_resource,
    ImportResourceState import_resource_state => state::import_resource_state,
    MoveResourceState move_resource_state => state::move_resource_state,
    PlanResourceChange plan_resource_change => plan::plan_resource_change,
    ApplyResourceChange apply_resource_change => apply::apply_resource_change,
    ReadDataSource read_data_source => data::read_data_source,
}
