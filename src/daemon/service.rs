//! One connection: its engine, and each call of the API on it. Dropped with the connection, and all that its engine remembers.

use crate::{
    asked::in_brief,
    contract::{LARGEST_MESSAGE, Verb, work_together},
    events::Watching,
    forms::{Document, FormError, Forms, Message, Method},
    gate::{Caller, Gate, Peer, bearer},
    held::may_change,
    operations::{Asked, Operations},
    refusal,
    reports::Reports,
    store::Which,
};
use goldenpath_core::{
    domain::{self, ClusterRef, Id, Problem},
    provision::{Bounds, Cancel, ObserveRequest, PreviewRequest, Provisioner, RemoveRequest, WantedPath},
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
    gate: Arc<Gate>,
    reports: Arc<Reports>,
    peer: Arc<Peer>,
    greeting: OnceLock<Greeting>,
    /// Cancelled once it is known who calls.
    greeted: Cancel,
}

/// What Hello has settled for this connection.
struct Greeting {
    caller: Caller,
    /// In which documents travel.
    form: u32,
    /// What the provider block narrows, as the client has said it.
    allow: Document,
}

// === impl Service ===

impl Service {
    /// With what is cancelled once somebody was let in.
    pub fn of_connection(
        operations: Arc<Operations>,
        gate: Arc<Gate>,
        reports: Arc<Reports>,
        peer: Arc<Peer>,
    ) -> (ProvisionerServer<Self>, Cancel) {
        let greeted = Cancel::new();
        let service = Self { operations, gate, reports, peer, greeting: OnceLock::new(), greeted: greeted.clone() };
        let server = ProvisionerServer::new(service)
            .max_decoding_message_size(LARGEST_MESSAGE)
            .max_encoding_message_size(LARGEST_MESSAGE);
        (server, greeted)
    }

    fn greeting(&self) -> Result<&Greeting, Status> {
        let greeting = self.greeting.get().ok_or_else(refusal::no_hello)?;
        greeting.caller.check()?;
        Ok(greeting)
    }

    fn caller(&self) -> Result<&Caller, Status> {
        Ok(&self.greeting()?.caller)
    }

    fn forms(&self) -> Forms {
        self.operations.forms()
    }

    /// In a task of its own: what a read has begun must not be dropped half done, since other calls of the connection wait for
    /// it; and a panic is this call's failure alone.
    async fn read<Q, A, F>(
        &self,
        method: Method,
        request: Request<ReadRequest>,
        work: impl FnOnce(Arc<dyn Provisioner>, Q) -> F,
    ) -> Result<Response<ReadResponse>, Status>
    where
        Q: DeserializeOwned,
        A: Serialize,
        F: Future<Output = A> + Send + 'static,
    {
        let (Greeting { caller, form, .. }, forms) = (self.greeting()?, self.forms());
        let ReadRequest { about, document } = request.into_inner();
        let query = forms.read(Message::Request(method), &document, *form);
        let work = work(caller.engine.clone(), query.map_err(|error| refusal::other_form("request", &error))?);
        let form = *form;
        let done = tokio::spawn(async move { forms.write(Message::Response(method), &work.await, form) }).await;
        match done {
            Ok(Ok(document)) => Ok(Response::new(ReadResponse { document })),
            Ok(Err(error @ FormError::Unsayable { .. })) => Err(refusal::other_form("response", &error)),
            _ => Err(refusal::bug(&format!("read {about}"))),
        }
    }

    async fn operate(
        &self,
        verb: Verb,
        request: Request<OperationRequest>,
    ) -> Result<Response<OperationResponse>, Status> {
        let Greeting { caller: Caller { identity, engine, may, .. }, form, allow } = self.greeting()?;
        let OperationRequest { operation: id, about, document } = request.into_inner();
        // Before anything of it is kept: whoever may only read fills no journal, and takes nobody's place in the queue.
        let admitted = may_change(*may, identity, &self.reports.trail, verb.as_str(), &in_brief(&about)).await;
        admitted.map_err(|problem| refusal::admission(&problem))?;
        let (caller, allow, request) = (identity.clone(), allow.clone(), Document::new(*form, document));
        let asked = Asked { caller, id, verb, about, allow, request, gives_way: false };
        let (operation, outcome) = self.operations.run(asked, engine.clone()).await?;
        let document = self.forms().convert(Message::outcome(verb), &outcome.bytes, outcome.form, *form);
        let document = document.map_err(|error| refusal::other_form("outcome", &error))?.into_owned();
        Ok(Response::new(OperationResponse { operation, document }))
    }
}

#[tonic::async_trait]
impl Api for Service {
    async fn hello(&self, request: Request<HelloRequest>) -> Result<Response<HelloResponse>, Status> {
        let token = bearer(request.metadata().get("authorization").map(|value| value.as_encoded_bytes()));
        let token = token.map_err(|problem| refusal::admission(&problem))?;
        let HelloRequest { api, release, allow, form } = request.into_inner();
        let (forms, own) = (self.forms(), (domain::release(), self.forms().api()));
        if !work_together(api, own.1) {
            return Err(refusal::wrong_version((&release, api), own));
        }
        // A client does not know yet whom it greets, so it says in which form its bounds are.
        let allow = Document::new(if form == 0 { api } else { form }, allow);
        let bounds: Result<Vec<Bounds>, _> = forms.read(Message::Bounds, &allow.bytes, allow.form);
        let bounds = bounds.map_err(|error| refusal::other_form("bounds of the client", &error))?;
        if self.greeting.get().is_some() {
            return Err(refusal::unreadable("greeting", &"it is the second one of this connection"));
        }
        let caller = self.gate.admit(&self.peer, token.as_deref(), bounds).await?;
        tracing::debug!(api, release, caller = caller.identity.to_string(), "A client connected");
        if self.greeting.set(Greeting { caller, form: forms.between(api), allow }).is_err() {
            return Err(refusal::unreadable("greeting", &"it is the second one of this connection"));
        }
        self.greeted.cancel();
        Ok(Response::new(HelloResponse { api: own.1, release: own.0.to_owned() }))
    }

    async fn facts(&self, request: Request<ReadRequest>) -> Result<Response<ReadResponse>, Status> {
        self.read(Method::Facts, request, |engine, cluster: ClusterRef| async move { engine.facts(&cluster).await })
            .await
    }

    async fn only_cluster(&self, request: Request<ReadRequest>) -> Result<Response<ReadResponse>, Status> {
        self.read(Method::OnlyCluster, request, |engine, (): ()| async move { engine.only_cluster().await }).await
    }

    async fn find(&self, request: Request<ReadRequest>) -> Result<Response<ReadResponse>, Status> {
        self.read(Method::Find, request, |engine, id: Id| async move { engine.find(&id).await }).await
    }

    async fn files(&self, request: Request<ReadRequest>) -> Result<Response<ReadResponse>, Status> {
        self.read(Method::Files, request, |engine, id: Id| async move { engine.files(&id).await }).await
    }

    async fn describe(&self, request: Request<ReadRequest>) -> Result<Response<ReadResponse>, Status> {
        self.read(Method::Describe, request, |engine, id: Id| async move { engine.describe(&id).await }).await
    }

    async fn golden_path(&self, request: Request<ReadRequest>) -> Result<Response<ReadResponse>, Status> {
        self.read(
            Method::GoldenPath,
            request,
            |engine, wanted: WantedPath| async move { engine.golden_path(&wanted).await },
        )
        .await
    }

    async fn observe(&self, request: Request<ReadRequest>) -> Result<Response<ReadResponse>, Status> {
        self.read(
            Method::Observe,
            request,
            |engine, wanted: ObserveRequest| async move { engine.observe(wanted).await },
        )
        .await
    }

    async fn preview(&self, request: Request<ReadRequest>) -> Result<Response<ReadResponse>, Status> {
        self.read(
            Method::Preview,
            request,
            |engine, wanted: PreviewRequest| async move { engine.preview(wanted).await },
        )
        .await
    }

    async fn preview_remove(&self, request: Request<ReadRequest>) -> Result<Response<ReadResponse>, Status> {
        self.read(Method::PreviewRemove, request, |engine, wanted: RemoveRequest| async move {
            engine.preview_remove(&wanted).await
        })
        .await
    }

    async fn unprotect(&self, request: Request<ReadRequest>) -> Result<Response<ReadResponse>, Status> {
        let Caller { identity, may, .. } = self.caller()?;
        let (identity, may, trail) = (identity.clone(), *may, self.reports.trail.clone());
        self.read(Method::Unprotect, request, |engine, id: Id| async move {
            let about = id.to_string();
            may_change(may, &identity, &trail, "unprotect", &about).await?;
            trail.unprotect(&identity, &about, engine.unprotect(&id)).await
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
        // Also of somebody whose token has expired meanwhile: it begins nothing.
        let Greeting { caller, .. } = self.greeting.get().ok_or_else(refusal::no_hello)?;
        self.operations.cancel(&caller.identity, &request.into_inner().operation).await;
        Ok(Response::new(CancelResponse {}))
    }

    async fn status(&self, request: Request<ReadRequest>) -> Result<Response<ReadResponse>, Status> {
        let reports = self.reports.clone();
        self.read(Method::Status, request, |_, (): ()| async move { Ok::<_, Problem>(reports.status().await) }).await
    }

    async fn list(&self, request: Request<ReadRequest>) -> Result<Response<ReadResponse>, Status> {
        let (reports, bounds) = (self.reports.clone(), self.caller()?.bounds.clone());
        self.read(Method::List, request, |_, (): ()| async move { reports.instances(bounds).await }).await
    }

    async fn operations(&self, request: Request<ReadRequest>) -> Result<Response<ReadResponse>, Status> {
        let (reports, caller) = (self.reports.clone(), self.caller()?);
        let (identity, bounds) = (caller.identity.clone(), caller.bounds.clone());
        self.read(Method::Operations, request, |_, (): ()| async move {
            let sight = reports.sight(&identity, bounds).await?;
            reports.operations(Which::All, &sight).await
        })
        .await
    }

    async fn pause(&self, request: Request<ReadRequest>) -> Result<Response<ReadResponse>, Status> {
        let Caller { identity, may, .. } = self.caller()?;
        let (reports, identity, may) = (self.reports.clone(), identity.clone(), *may);
        self.read(Method::Pause, request, |engine, (id, is_paused): (Id, bool)| async move {
            let verb = if is_paused { "pause" } else { "resume" };
            may_change(may, &identity, &reports.trail, verb, &id.to_string()).await?;
            reports.pause(&identity, &id, is_paused, &*engine).await
        })
        .await
    }

    type WatchStream = Watching;

    async fn watch(&self, request: Request<WatchRequest>) -> Result<Response<Watching>, Status> {
        let Caller { identity, bounds, .. } = self.caller()?;
        let WatchRequest { operation } = request.into_inner();
        let failed = |problem: Problem| refusal::failure(&problem);
        let sight = self.reports.sight(identity, bounds.clone()).await.map_err(failed)?;
        if operation.is_empty() {
            return Ok(Response::new(self.reports.trail.events.watch(None, sight)));
        }
        Ok(Response::new(self.reports.watch(&operation, sight).await.map_err(failed)?))
    }

    async fn health(&self, _: Request<HealthRequest>) -> Result<Response<HealthResponse>, Status> {
        if !matches!(*self.peer, Peer::Own) {
            self.caller()?;
        }
        let running_operations = u32::try_from(self.operations.count()).unwrap_or(u32::MAX);
        Ok(Response::new(HealthResponse { release: domain::release().to_owned(), running_operations }))
    }
}
