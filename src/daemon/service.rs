//! One connection: its engine, and each call of the API on it. Dropped with the connection, and all that its engine remembers.

use crate::{
    contract::{API, LARGEST_MESSAGE, RELEASE, Verb, work_together},
    events::Watching,
    operations::{Asked, MakeEngine, Operations},
    refusal,
    reports::Reports,
    trail::LOCAL,
};
use goldenpath_core::{
    domain::{ClusterRef, Id, Problem, from_document_text},
    provision::{Bounds, ObserveRequest, PreviewRequest, Provisioner, RemoveRequest},
};
use provisioner_proto::{
    CancelRequest, CancelResponse, HealthRequest, HealthResponse, HelloRequest, HelloResponse, OperationRequest,
    OperationResponse, ReadRequest, ReadResponse, WatchRequest,
    provisioner_server::{Provisioner as Api, ProvisionerServer},
};
use serde::{Serialize, de::DeserializeOwned};
use std::sync::{Arc, OnceLock};
use tonic::{Request, Response, Status};

pub struct Service {
    operations: Arc<Operations>,
    engines: MakeEngine,
    reports: Arc<Reports>,
    caller: OnceLock<Caller>,
}

/// Whom Hello was said by.
struct Caller {
    engine: Arc<dyn Provisioner>,
    allow: String,
    bounds: Vec<Bounds>,
}

// === impl Service ===

impl Service {
    pub fn of_connection(
        operations: Arc<Operations>,
        engines: MakeEngine,
        reports: Arc<Reports>,
    ) -> ProvisionerServer<Self> {
        ProvisionerServer::new(Self { operations, engines, reports, caller: OnceLock::new() })
            .max_decoding_message_size(LARGEST_MESSAGE)
            .max_encoding_message_size(LARGEST_MESSAGE)
    }

    fn caller(&self) -> Result<&Caller, Status> {
        self.caller.get().ok_or_else(refusal::no_hello)
    }

    /// In a task of its own: what a read has begun must not be dropped half done, since other calls of the connection wait for
    /// it; and a panic is this call's failure alone.
    async fn read<Q, A, F>(
        &self,
        request: Request<ReadRequest>,
        work: impl FnOnce(Arc<dyn Provisioner>, Q) -> F,
    ) -> Result<Response<ReadResponse>, Status>
    where
        Q: DeserializeOwned,
        A: Serialize,
        F: Future<Output = A> + Send + 'static,
    {
        let engine = self.caller()?.engine.clone();
        let ReadRequest { about, document } = request.into_inner();
        let query = from_document_text(&document).map_err(|error| refusal::unreadable("request", &error))?;
        let work = work(engine, query);
        let done = tokio::spawn(async move { serde_json::to_vec(&work.await) }).await;
        match done {
            Ok(Ok(document)) => Ok(Response::new(ReadResponse { document })),
            _ => Err(refusal::broken(&format!("read {about}"))),
        }
    }

    async fn operate(
        &self,
        verb: Verb,
        request: Request<OperationRequest>,
    ) -> Result<Response<OperationResponse>, Status> {
        let Caller { engine, allow, .. } = self.caller()?;
        let OperationRequest { operation: id, about, document } = request.into_inner();
        let caller = LOCAL.to_owned();
        let asked = Asked { id, caller, verb, about, allow: allow.clone(), document, gives_way: false };
        let (operation, document) = self.operations.run(asked, engine.clone()).await?;
        Ok(Response::new(OperationResponse { operation, document: document.to_vec() }))
    }
}

#[tonic::async_trait]
impl Api for Service {
    async fn hello(&self, request: Request<HelloRequest>) -> Result<Response<HelloResponse>, Status> {
        let HelloRequest { api, release, allow } = request.into_inner();
        if !work_together(api, API) {
            return Err(refusal::wrong_version((&release, api), (RELEASE, API)));
        }
        let bounds: Vec<_> =
            from_document_text(&allow).map_err(|error| refusal::unreadable("bounds of the client", &error))?;
        let allow =
            serde_json::to_string(&bounds).map_err(|error| refusal::unreadable("bounds of the client", &error))?;
        let engine = (self.engines)(bounds.clone()).map_err(|problem| refusal::failed(&problem))?;
        tracing::debug!(api, release, "A client connected");
        if self.caller.set(Caller { engine, allow, bounds }).is_err() {
            return Err(refusal::unreadable("greeting", &"it is the second one of this connection"));
        }
        Ok(Response::new(HelloResponse { api: API, release: RELEASE.to_owned() }))
    }

    async fn facts(&self, request: Request<ReadRequest>) -> Result<Response<ReadResponse>, Status> {
        self.read(request, |engine, cluster: ClusterRef| async move { engine.facts(&cluster).await }).await
    }

    async fn only_cluster(&self, request: Request<ReadRequest>) -> Result<Response<ReadResponse>, Status> {
        self.read(request, |engine, (): ()| async move { engine.only_cluster().await }).await
    }

    async fn find(&self, request: Request<ReadRequest>) -> Result<Response<ReadResponse>, Status> {
        self.read(request, |engine, id: Id| async move { engine.find(&id).await }).await
    }

    async fn files(&self, request: Request<ReadRequest>) -> Result<Response<ReadResponse>, Status> {
        self.read(request, |engine, id: Id| async move { engine.files(&id).await }).await
    }

    async fn describe(&self, request: Request<ReadRequest>) -> Result<Response<ReadResponse>, Status> {
        self.read(request, |engine, id: Id| async move { engine.describe(&id).await }).await
    }

    async fn observe(&self, request: Request<ReadRequest>) -> Result<Response<ReadResponse>, Status> {
        self.read(request, |engine, wanted: ObserveRequest| async move { engine.observe(wanted).await }).await
    }

    async fn preview(&self, request: Request<ReadRequest>) -> Result<Response<ReadResponse>, Status> {
        self.read(request, |engine, wanted: PreviewRequest| async move { engine.preview(wanted).await }).await
    }

    async fn preview_remove(&self, request: Request<ReadRequest>) -> Result<Response<ReadResponse>, Status> {
        self.read(request, |engine, wanted: RemoveRequest| async move { engine.preview_remove(&wanted).await }).await
    }

    async fn unprotect(&self, request: Request<ReadRequest>) -> Result<Response<ReadResponse>, Status> {
        let trail = self.reports.trail.clone();
        self.read(request, |engine, id: Id| async move {
            trail.unprotect(LOCAL, &id.to_string(), engine.unprotect(&id)).await
        })
        .await
    }

    async fn ensure(&self, request: Request<OperationRequest>) -> Result<Response<OperationResponse>, Status> {
        self.operate(Verb::Ensure, request).await
    }

    async fn remove(&self, request: Request<OperationRequest>) -> Result<Response<OperationResponse>, Status> {
        self.operate(Verb::Remove, request).await
    }

    async fn cancel(&self, request: Request<CancelRequest>) -> Result<Response<CancelResponse>, Status> {
        self.caller()?;
        self.operations.cancel(&request.into_inner().operation).await;
        Ok(Response::new(CancelResponse {}))
    }

    async fn status(&self, request: Request<ReadRequest>) -> Result<Response<ReadResponse>, Status> {
        let reports = self.reports.clone();
        self.read(request, |_, (): ()| async move { Ok::<_, Problem>(reports.status().await) }).await
    }

    async fn list(&self, request: Request<ReadRequest>) -> Result<Response<ReadResponse>, Status> {
        let (reports, bounds) = (self.reports.clone(), self.caller()?.bounds.clone());
        self.read(request, |_, (): ()| async move { reports.instances(bounds).await }).await
    }

    async fn operations(&self, request: Request<ReadRequest>) -> Result<Response<ReadResponse>, Status> {
        let reports = self.reports.clone();
        self.read(request, |_, (): ()| async move { reports.operations().await }).await
    }

    async fn pause(&self, request: Request<ReadRequest>) -> Result<Response<ReadResponse>, Status> {
        let reports = self.reports.clone();
        self.read(request, |engine, (id, is_paused): (Id, bool)| async move {
            reports.pause(LOCAL, &id, is_paused, &*engine).await
        })
        .await
    }

    type WatchStream = Watching;

    async fn watch(&self, request: Request<WatchRequest>) -> Result<Response<Watching>, Status> {
        self.caller()?;
        let WatchRequest { operation } = request.into_inner();
        if operation.is_empty() {
            return Ok(Response::new(self.reports.trail.events.watch(None)));
        }
        // Before it is looked up: it may end in between.
        let watching = self.reports.trail.events.watch(Some(operation.clone()));
        let ended = self.reports.ended(&operation).await.map_err(|problem| refusal::failed(&problem))?;
        Ok(Response::new(ended.map_or(watching, Watching::only)))
    }

    async fn health(&self, _: Request<HealthRequest>) -> Result<Response<HealthResponse>, Status> {
        let running_operations = u32::try_from(self.operations.count()).unwrap_or(u32::MAX);
        Ok(Response::new(HealthResponse { release: RELEASE.to_owned(), running_operations }))
    }
}
