//! The engine behind the trait: a name for each operation that writes, and results in the contract's form.

use super::{
    connection::{Engine, operation_id},
    decide::life,
    failure::Failure,
    gather::unreadable,
    record,
    request::{ChangeRequest, date},
    target::Moment,
};
use crate::{
    domain::{ClusterRef, Facts, Id, Problem, Record, Unprotected},
    ports::operation,
    provision::{
        Description, EnsureRequest, Observation, ObserveRequest, Outcome, PathReport, Preview, PreviewRequest,
        Provisioner, RemoveRequest, Removed, WantedPath,
    },
};
use async_trait::async_trait;
use std::collections::BTreeMap;

/// That of the daemon that has it carried out, so that all trails tell of one operation.
fn operation_name() -> Result<String, Problem> {
    operation::current().map_or_else(operation_id, Ok)
}

#[async_trait]
impl Provisioner for Engine {
    async fn facts(&self, cluster: &ClusterRef) -> Result<Facts, Problem> {
        let facts = self.clusters.facts(cluster).await.map_err(|error| unreadable(cluster, error))?;
        if self.config.verifies {
            self.verify_cluster(&facts)?;
        }
        Ok(facts)
    }

    async fn only_cluster(&self) -> Result<Option<ClusterRef>, Problem> {
        let only = self.clusters.only().await.map_err(|error| Failure::call("list", "clusters", error).problem())?;
        if let Some(cluster) = only.as_ref().filter(|_| self.config.verifies) {
            self.facts(cluster).await?;
        }
        Ok(only)
    }

    async fn find(&self, id: &Id) -> Result<Option<Record>, Problem> {
        let cluster = id.cluster_ref().map_err(|error| Problem::wrong_cluster(&error))?;
        let arn = match cluster.arn() {
            Some(arn) => arn,
            None => self.facts(&cluster).await?.stable.cluster_arn,
        };
        if self.config.verifies {
            self.verify_id(id).await?;
        }
        let found = self.target(&arn, Moment::Plan).get(&record::key_of(id)).await?;
        let record = found.as_ref().map_or(Ok(None), record::parse)?;
        if let Some(record) = &record {
            self.within_bounds(id, Some(record))?;
        }
        Ok(record)
    }

    async fn files(&self, id: &Id) -> Result<Option<BTreeMap<String, String>>, Problem> {
        let Some(record) = self.find(id).await? else { return Ok(None) };
        Ok(Some(self.render_recorded(id, &record).await?.files))
    }

    async fn describe(&self, id: &Id) -> Result<Option<Description>, Problem> {
        self.describe_recorded(id).await
    }

    async fn golden_path(&self, wanted: &WantedPath) -> Result<PathReport, Problem> {
        let unreadable = || {
            Problem::error(
                "clock.unreadable",
                "The clock has no date: correct the system's clock",
                "Correct the system's clock.",
            )
        };
        let today = date(&self.clock.now()).ok_or_else(unreadable)?;
        let catalogue = self.catalogue.on(Some(today));
        let path = catalogue.path(wanted.name.as_deref(), wanted.version.as_ref())?;
        Ok(life::report(&catalogue, path, today))
    }

    async fn observe(&self, request: ObserveRequest) -> Result<Observation, Problem> {
        if !self.config.verifies {
            return self.refresh(&request).await;
        }
        let request = self.verified_observe(request).await?;
        let seen = self.refresh(&request).await?;
        if let Observation::Here(seen) = &seen {
            self.refuse_without_record(&request.id, seen.record.is_some(), true)?;
        }
        Ok(seen)
    }

    async fn preview(&self, request: PreviewRequest) -> Preview {
        let request = match self.config.verifies {
            true => match self.verified_preview(request).await {
                Ok(request) => request,
                Err(problem) => return Preview { decided: None, problems: vec![problem] },
            },
            false => request,
        };
        let mut preview = match self.plan(&ChangeRequest::of_plan(&request)).await {
            Ok(preview) => preview,
            Err(problems) => Preview { decided: None, problems },
        };
        if let Some(outage) =
            preview.problems.iter().find(|found| found.is_error() && found.code == "target.unavailable")
        {
            let detail = format!("Nothing of {} was changed. {}", request.spec.id(), outage.detail);
            preview = Preview { decided: None, problems: vec![Problem { detail, ..outage.clone() }] };
        }
        preview
    }

    async fn ensure(&self, request: EnsureRequest) -> Outcome {
        let request = match self.config.verifies {
            true => match self.verified_ensure(request).await {
                Ok(request) => request,
                Err(problems) => return Outcome { exists: None, problems },
            },
            false => request,
        };
        let mut problems = vec![];
        let ensured = async {
            let name = operation_name().map_err(|problem| vec![problem])?;
            operation::within(&name, self.apply(&request, &name, &mut problems)).await
        };
        match ensured.await {
            Ok(exists) => Outcome { exists: Some(exists), problems },
            // Warnings of a change that is refused explain nothing.
            Err(problems) => Outcome { exists: None, problems },
        }
    }

    async fn preview_remove(&self, request: &RemoveRequest) -> Vec<Problem> {
        let planned = async {
            match self.config.verifies {
                true => self.plan_removal(&self.verified_remove(request).await?).await,
                false => self.plan_removal(request).await,
            }
        };
        match planned.await {
            Ok(lost) => lost.into_iter().collect(),
            Err(problem) => vec![problem],
        }
    }

    async fn unprotect(&self, id: &Id) -> Result<Unprotected, Problem> {
        if self.config.verifies {
            self.verify_id(id).await?;
        }
        let name = operation_name()?;
        operation::within(&name, self.lift_protection(id)).await
    }

    async fn remove(&self, request: RemoveRequest) -> Removed {
        let mut problems = vec![];
        let removed = async {
            let name = operation_name()?;
            let request = match self.config.verifies {
                true => self.verified_remove(&request).await?,
                false => request,
            };
            operation::within(&name, self.apply_removal(&request, &name, &mut problems)).await
        };
        match removed.await {
            Ok(objects) => Removed { gone: objects.is_none(), objects, problems },
            Err(problem) => {
                problems.push(problem);
                Removed { gone: false, objects: None, problems }
            }
        }
    }
}
