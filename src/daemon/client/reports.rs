//! What the daemon reports, for the commands that look at it.

use super::{
    Client,
    connection::{Failed, Greeted},
};
use crate::{contract::instance_id, forms::Method, refusal};
use async_trait::async_trait;
use goldenpath_core::{
    domain::Problem,
    provision::{DaemonReports, DaemonStatus, Event, EventKind, Instances, OperationReport, Show},
};
use provisioner_proto::{WatchRequest, WatchResponse};
use tonic::{Code, Request};

#[async_trait]
impl DaemonReports for Client {
    async fn status(&self) -> Result<DaemonStatus, Problem> {
        self.ask(Method::Status, "", &(), |mut api, request| async move { api.status(request).await }).await?
    }

    async fn instances(&self) -> Result<Instances, Problem> {
        self.ask(Method::List, "", &(), |mut api, request| async move { api.list(request).await }).await?
    }

    async fn operations(&self) -> Result<Vec<OperationReport>, Problem> {
        self.ask(Method::Operations, "", &(), |mut api, request| async move { api.operations(request).await }).await?
    }

    async fn pause(&self, id: &str, is_paused: bool) -> Result<(), Problem> {
        let own = instance_id(id).ok_or_else(|| refusal::no_record(id))?;
        self.ask(Method::Pause, id, &(own, is_paused), |mut api, request| async move { api.pause(request).await })
            .await?
    }

    async fn watch(&self, operation: Option<&str>, show: &mut Show<'_>) -> Result<(), Problem> {
        let Greeted { generation, mut api, .. } =
            self.connection.greet().await.map_err(|failed| self.problem(failed))?;
        let request = Request::new(WatchRequest { operation: operation.unwrap_or_default().to_owned() });
        let mut last = api.watch(request).await.map(tonic::Response::into_inner);
        let status = loop {
            match &mut last {
                Ok(events) => match events.message().await {
                    Ok(Some(event)) => {
                        if !show(read(event)) {
                            return Ok(());
                        }
                    }
                    Ok(None) => return Ok(()),
                    Err(status) => last = Err(status),
                },
                Err(status) if status.code() == Code::Unimplemented => {
                    return Err(refusal::unknown_request(self.connection.endpoint()));
                }
                Err(status) => break status,
            }
        };
        let failed: Failed = self.connection.handle_failure(generation, status, false).await;
        Err(self.problem(failed))
    }
}

/// A kind that only a later release knows is shown as a notice.
fn read(event: WatchResponse) -> Event {
    let WatchResponse { at, kind, operation, caller, verb, about, done, of, text } = event;
    let kind = EventKind::ALL.into_iter().find(|known| known.as_str() == kind).unwrap_or(EventKind::Notice);
    Event { at, kind, operation, caller, verb, about, done: done as usize, of: of as usize, text }
}
