//! The services beside the provider. Terraform opens the broker's and the stdio stream on every connection and then
//! never uses them: both stay open and silent. Anything sent on stdio would be logged by core as unexpected.

use super::context::{ConnectionContext, Process};
use futures_util::{FutureExt, StreamExt, future, stream};
use std::sync::Arc;
use tfplugin_proto::goplugin::{
    ConnInfo, Empty, StdioData,
    grpc_broker_server::{GrpcBroker, GrpcBrokerServer},
    grpc_controller_server::{GrpcController, GrpcControllerServer},
    grpc_stdio_server::{GrpcStdio, GrpcStdioServer},
};
use tonic::{Request, Response, Status, Streaming, codegen::BoxStream};
use tonic_health::{
    ServingStatus,
    pb::health_server::HealthServer,
    server::{HealthReporter, HealthService},
};

/// The service whose health go-plugin checks.
const HEALTH_NAME: &str = "plugin";

/// Says nothing until the process ends, and holds the other direction open for as long.
fn silence<T: Send + 'static>(process: &Process, other_direction: impl Send + 'static) -> BoxStream<T> {
    let ended = process.wait_for_end().map(move |()| drop(other_direction));
    Box::pin(stream::once(ended).filter_map(|()| future::ready(None)))
}

struct Quiet(Arc<Process>);

#[tonic::async_trait]
impl GrpcBroker for Quiet {
    async fn start_stream(
        &self,
        request: Request<Streaming<ConnInfo>>,
    ) -> Result<Response<BoxStream<ConnInfo>>, Status> {
        Ok(Response::new(silence(&self.0, request.into_inner())))
    }
}

#[tonic::async_trait]
impl GrpcStdio for Quiet {
    async fn stream_stdio(&self, _: Request<()>) -> Result<Response<BoxStream<StdioData>>, Status> {
        Ok(Response::new(silence(&self.0, ())))
    }
}

struct Controller;

#[tonic::async_trait]
impl GrpcController for Controller {
    /// The reply goes out first: the end of the process leaves open connections a moment for what is on its way.
    async fn shutdown(&self, request: Request<Empty>) -> Result<Response<Empty>, Status> {
        ConnectionContext::of(&request)?.shutdown();
        Ok(Response::new(Empty {}))
    }
}

pub(super) fn broker(process: &Arc<Process>) -> GrpcBrokerServer<impl GrpcBroker> {
    GrpcBrokerServer::new(Quiet(Arc::clone(process)))
}

pub(super) fn stdio(process: &Arc<Process>) -> GrpcStdioServer<impl GrpcStdio> {
    GrpcStdioServer::new(Quiet(Arc::clone(process)))
}

pub(super) fn controller() -> GrpcControllerServer<impl GrpcController> {
    GrpcControllerServer::new(Controller)
}

/// Serving from the start, under go-plugin's name and under the empty one that stands for the whole server.
pub(super) async fn health() -> HealthServer<HealthService> {
    let reporter = HealthReporter::new();
    reporter.set_service_status(HEALTH_NAME, ServingStatus::Serving).await;
    HealthServer::new(HealthService::from_health_reporter(reporter))
}
