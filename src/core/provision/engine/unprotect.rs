//! Lifts deletion protection outside of an apply, for whoever can only destroy: the record says by whom and since when, and the
//! next apply ends it. No stage of the pipeline has a part in it but the one write.

use super::{
    connection::Engine,
    execute::{wait_until_free, write_record},
    gather::unreadable,
    record,
    target::Moment,
    watch::{Hold, Watch},
};
use crate::{
    domain::{Class, Id, Problem, Record, Unprotected},
    ports::Expect,
    provision::Cancel,
};
use std::time::Duration;

/// An operation at work is waited for: to change its record would end it.
const PATIENCE: Duration = Duration::from_secs(60);

impl Engine {
    pub(super) async fn lift_protection(&self, id: &Id) -> Result<Unprotected, Problem> {
        let cluster = id.cluster_ref().map_err(|error| Problem::wrong_cluster(&error))?;
        let facts = self.clusters.facts(&cluster).await.map_err(|error| unreadable(&cluster, error))?;
        let cancel = Cancel::new();
        let moment = Moment::Apply { until: self.clock.elapsed() + PATIENCE, cancel: &cancel };
        let target = self.target(&facts.stable.cluster_arn, moment);
        let (key, mut watch) = (record::key_of(id), Watch::default());
        loop {
            let Some(object) = target.get(&key).await? else { return Err(no_record(id)) };
            let Some(record) = record::parse(&object)? else { return Err(no_record(id)) };
            self.within_bounds(id, Some(&record))?;
            if watch.look(record.operation.as_ref(), self.clock.elapsed()) == Hold::Held {
                wait_until_free(&target, id, Some(&record), &mut watch).await?;
                continue;
            }
            if let Some(unprotected) = record.unprotected {
                return Ok(unprotected);
            }
            // What can't be rendered any more is taken for protected.
            let is_protected = self.render_recorded(id, &record).await.map(|made| made.summary.deletion_protection);
            if !is_protected.unwrap_or(true) {
                return Err(no_protection(id));
            }
            let by = self.config.caller.as_ref().unwrap_or(&facts.caller).clone();
            let unprotected = Unprotected { by, at: self.clock.now() };
            let record = Record { unprotected: Some(unprotected.clone()), ..record };
            let expect = Expect::Version(object.version.clone());
            match write_record(&target, &key, &record::shell_of(&object), &record, expect).await {
                Ok(_) => return Ok(unprotected),
                Err(failure) if failure.class() == Some(Class::Conflict) => {
                    target.pause(Duration::from_millis(100), &format!("the record of {id}")).await?;
                }
                Err(failure) => return Err(failure.problem()),
            }
        }
    }
}

fn no_record(id: &Id) -> Problem {
    Problem::error(
        "record.not_found",
        format!("No record of {id} in this target"),
        "Nothing was changed. Check the ID, and which target is meant.",
    )
}

fn no_protection(id: &Id) -> Problem {
    Problem::error(
        "deletion.not_protected",
        format!("{id} is not protected from deletion"),
        "Nothing was changed: its next destroy is not refused.",
    )
}
