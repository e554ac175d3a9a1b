//! What a caller may see, read for one page: within its bounds, as the API has it.

use super::{
    instance::{Instance, LiveInstance, instance},
    rows::{ClusterRows, OperationRow, clusters, operation_row},
};
use crate::{events::Watching, gate::Caller, refusal, reports::Reports, sight::Sight, store::Which};
use goldenpath_core::{
    domain::{Id, Problem},
    golden::{Catalogue, promises::personas},
    provision::{Observation, ObserveRequest, OperationReport, ReportedProblem},
};
use jiff::Timestamp;
use std::time::Duration;
use tokio::time::timeout;

/// For the objects of one instance; what is recorded is shown without them.
const OBJECTS: Duration = Duration::from_secs(15);

pub struct Look<'a> {
    pub reports: &'a Reports,
    pub catalogue: &'a Catalogue,
    pub caller: &'a Caller,
    pub now: Timestamp,
}

// === impl Look ===

impl Look<'_> {
    pub async fn overview(&self, wanted: &str) -> Result<(Vec<ClusterRows>, Vec<OperationRow>), Problem> {
        let listed = self.reports.instances(self.caller.bounds.clone()).await?;
        Ok((clusters(&listed, wanted, self.now), self.rows(Which::Open).await?))
    }

    pub async fn instance(&self, id: &Id) -> Result<Instance, Problem> {
        // By the caller's engine, which knows its bounds.
        let record = self.caller.engine.find(id).await?;
        let record = record.ok_or_else(|| refusal::no_record(&id.to_string()))?;
        let listed = self.reports.instances(self.caller.bounds.clone()).await?.instances;
        let history = self.visible_operations(Which::About(&record.id)).await?;
        let seen = self.objects(id, &record).await;
        let personas = personas(&record, self.catalogue);
        instance(record, listed, history, seen, personas, self.now)
    }

    /// As they are now. `Err`: why they can't be read.
    async fn objects(&self, id: &Id, record: &goldenpath_core::domain::Record) -> Result<LiveInstance, String> {
        let request = ObserveRequest::by_record(id.clone(), record);
        match timeout(OBJECTS, self.caller.engine.observe(request)).await {
            Ok(Ok(Observation::Here(here))) => {
                let drift = here.problems.iter().map(ReportedProblem::from).collect();
                Ok(LiveInstance { objects: here.objects, drift })
            }
            Ok(Ok(Observation::Gone(_))) => Ok(LiveInstance::default()),
            Ok(Err(problem)) => Err(problem.summary),
            Err(_) => Err("the target did not respond in time".to_owned()),
        }
    }

    pub async fn operations(&self) -> Result<Vec<OperationRow>, Problem> {
        self.rows(Which::All).await
    }

    pub async fn operation(&self, id: &str) -> Result<OperationRow, Problem> {
        let found = self.reports.operation(id, &self.sight().await?).await?;
        Ok(operation_row(&found, self.now))
    }

    pub async fn events(&self, id: &str) -> Result<Watching, Problem> {
        self.reports.watch(id, self.sight().await?).await
    }

    async fn rows(&self, which: Which<'_>) -> Result<Vec<OperationRow>, Problem> {
        Ok(self.visible_operations(which).await?.iter().map(|operation| operation_row(operation, self.now)).collect())
    }

    async fn visible_operations(&self, which: Which<'_>) -> Result<Vec<OperationReport>, Problem> {
        self.reports.operations(which, &self.sight().await?).await
    }

    async fn sight(&self) -> Result<Sight, Problem> {
        self.reports.sight(&self.caller.identity, self.caller.bounds.clone()).await
    }
}
