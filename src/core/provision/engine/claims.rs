//! What a request may claim. A client in this process can only lie to itself: it has the credentials. One of a daemon has none, and
//! may write anything into a message, so an engine that `verifies` believes it nothing that widens what it touches. Reads only; knows
//! `connection`, `gather`'s readers and the pure stages.
//!
//! The truth is the record, the record of the environment around it, and the cluster's facts as they are now.
//!
//! | claim | a lie would | so |
//! |---|---|---|
//! | id | name what is others' | it must lie within the bounds by itself, by its record and by its environment's record |
//! | `facts` | name another cluster, an issuer that roles then trust, other roles behind permission sets | a plan: of the same cluster, and it changes nothing; an apply: they are those of now or of the record |
//! | `path` | make an earlier request seem to be of another golden path | that of the record |
//! | `parent` | be of a looser tier or another team | an apply reads it anyway; a plan takes one of another id for none |
//! | `prior` without a record | make what others lost one's own (`was_ours`), and hide the team | refused: nobody knows whose it is |
//! | `prior.spec` | hide a loosening, deletion protection, bounds; equal to the new request errors become warnings | a change that the record does not know is judged once more against the record's request |
//! | `prior.objects`, `keys` | name objects of others, which are then deleted or overwritten | those of the record's inventory and in its own namespaces, and no others |
//! | `prior.uid`, `uid` | - | an instance of another uid is left alone anyway |
//! | `protected`, `replacing.protected` | be false | also true where the record's request is protected |
//! | `replacing.id` | show a record of others | it must lie within the bounds |
//! | `facts`, `keys` of a removal without cluster | delete roles of another cluster's environments | refused |
//! | `hand_over` | - | leaves an unfinished instance as it is |
//! | `planned*`, `prior.target`, `restores` | - | promises; each only refuses more |
//! | `target` | - | must be the one that is configured |
//! | `timeout` | keep an operation for ever | [`LONGEST`] |
//!
//! Between this and the operation's own look at the record somebody may write it: only who may change it can, and never its uid.

mod truth;

use super::{
    connection::Engine,
    decide::{Inputs, Stop, bounds, decide},
    failure::Failure,
    gather::{Found, Ground},
    record,
    request::ChangeRequest,
};
use crate::{
    domain::{Class, ClusterRef, Facts, Id, NameError, ObjectKey, Phase, Problem, Record, StableFacts},
    golden::{Parent, ResolveContext, Spec, spec_of},
    provision::{EnsureRequest, ObserveRequest, PreviewRequest, Prior, RemoveRequest, Replacing},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};
use truth::Truth;

/// Of an operation, whatever its client grants it.
const LONGEST: Duration = Duration::from_secs(24 * 3600);

impl Engine {
    async fn can_reach(&self, cluster: Result<ClusterRef, NameError>) -> bool {
        match cluster {
            Ok(cluster) => self.clusters.facts(&cluster).await.is_ok(),
            Err(_) => false,
        }
    }

    /// Whether somebody may look at an id, or lift its protection.
    pub(super) async fn verify_id(&self, id: &Id) -> Result<(), Problem> {
        self.truth(id, id.cluster_ref()).await.map(drop)
    }

    pub(super) fn verify_cluster(&self, facts: &Facts) -> Result<(), Problem> {
        bounds::of_cluster(&self.config.bounds, &facts.stable.cluster_arn).into_iter().next().map_or(Ok(()), Err)
    }

    pub(super) async fn verified_observe(&self, request: ObserveRequest) -> Result<ObserveRequest, Problem> {
        let ObserveRequest { id, mut objects, parent, .. } = request;
        let cluster = request.spec.as_ref().map_or_else(|| id.cluster_ref(), |spec| spec.cluster());
        let truth = self.truth(&id, cluster).await?;
        if let Some(spec) = request.spec.as_ref().filter(|spec| spec.id() != id) {
            return Err(contradiction(&id, &format!("the request that it names is that of {}", spec.id())));
        }
        match &truth.record {
            Some(record) => keep_own(record, &mut objects),
            None => objects.clear(),
        }
        Ok(ObserveRequest { parent: of_environment(&id, parent), id, objects, ..request })
    }

    pub(super) async fn verified_preview(&self, request: PreviewRequest) -> Result<PreviewRequest, Problem> {
        let id = request.spec.id();
        if request.facts.is_none() && request.prior.is_none() && !self.can_reach(request.spec.cluster()).await {
            // A cluster that is made in the same run: nothing of it is read, and what may be planned is only that much.
            return Ok(PreviewRequest { parent: None, replacing: None, ..request });
        }
        let truth = self.truth(&id, request.spec.cluster()).await?;
        if let Some(facts) = &request.facts {
            same_cluster(&id, facts, &truth.facts)?;
        }
        let prior = request.prior.map(|prior| confirm(&id, prior, truth.record.as_ref())).transpose()?;
        let replacing = match request.replacing {
            Some(replacing) => Some(self.verified_replacing(&id, replacing, &truth).await?),
            None => None,
        };
        Ok(PreviewRequest { parent: of_environment(&id, request.parent), prior, replacing, ..request })
    }

    pub(super) async fn verified_ensure(&self, request: EnsureRequest) -> Result<EnsureRequest, Vec<Problem>> {
        let (id, spec) = (request.spec.id(), &request.spec);
        let one = |problem: Problem| vec![problem];
        let truth = self.truth(&id, spec.cluster()).await.map_err(one)?;
        let record = truth.record.as_ref();
        if let Some(facts) = &request.facts {
            same_cluster(&id, facts, &truth.facts).map_err(one)?;
            if !truth.knows(facts) {
                return Err(vec![outdated_facts(&id)]);
            }
        }
        let claimed = request.prior.as_ref().map(|prior| prior.spec.clone());
        let prior = request.prior.map(|prior| confirm(&id, prior, record)).transpose().map_err(one)?;
        if let Some(record) = record {
            self.judge_by_record(&id, spec, claimed.as_ref(), record, &truth)?;
        }
        let replacing = match request.replacing {
            Some(replacing) => Some(self.verified_replacing(&id, replacing, &truth).await.map_err(one)?),
            None => None,
        };
        let path = if prior.is_some() { record.and_then(Record::path) } else { request.path };
        let timeout = request.timeout.min(LONGEST);
        Ok(EnsureRequest { parent: of_environment(&id, request.parent), path, prior, replacing, timeout, ..request })
    }

    pub(super) async fn verified_remove(&self, request: &RemoveRequest) -> Result<RemoveRequest, Problem> {
        let mut request = RemoveRequest { timeout: request.timeout.min(LONGEST), ..request.clone() };
        let id = request.id.clone();
        let cluster = id.cluster_ref().map_err(|error| Problem::wrong_cluster(&error))?;
        if let Err(error) = self.clusters.facts(&cluster).await
            && error.class == Class::NotFound
        {
            return Err(missing_cluster(&id));
        }
        let truth = self.truth(&id, Ok(cluster)).await?;
        request.facts = Some(truth.facts.stable.clone());
        match &truth.record {
            Some(record) => {
                let own = own_namespaces(record);
                request.keys.retain(|key| is_own(record, &own, key));
                request.protected |= self.is_protected(record, &truth);
            }
            // The engine finds whatever is marked as its own; then somebody else has lost a record.
            None => request.keys.clear(),
        }
        Ok(request)
    }

    /// Of a removal whose record is lost: whether anything is there that nobody can say whose it is.
    pub(super) fn refuse_without_record(&self, id: &Id, has_record: bool, has_objects: bool) -> Result<(), Problem> {
        if self.config.verifies && !has_record && has_objects { Err(lost_record(id)) } else { Ok(()) }
    }

    async fn verified_replacing(&self, id: &Id, replacing: Replacing, truth: &Truth) -> Result<Replacing, Problem> {
        let Some(old) = id.parse_like(&replacing.id) else {
            return Err(contradiction(id, &format!("{:?} is no ID of its kind", replacing.id)));
        };
        let other;
        let truth = if old == *id {
            truth
        } else {
            other = self.truth(&old, old.cluster_ref()).await?;
            &other
        };
        let is_protected = truth.record.as_ref().is_some_and(|record| self.is_protected(record, truth));
        Ok(Replacing { protected: replacing.protected || is_protected, ..replacing })
    }

    /// What can't be read or rendered is taken for protected. Pure.
    fn is_protected(&self, record: &Record, truth: &Truth) -> bool {
        let Some(spec) = spec_of(self.config.resources, record) else { return true };
        let written = spec.common().deletion_protection;
        written.unwrap_or_else(|| {
            let (parent, catalogue) = (self.parent_in(truth), self.catalogue.holding(record.path().as_ref()));
            let given = ResolveContext { facts: &record.facts, parent: parent.as_ref(), catalogue: &catalogue };
            spec.resolve(&given).map_or(true, |resolved| resolved.summary().deletion_protection)
        })
    }

    fn parent_in(&self, truth: &Truth) -> Option<Parent> {
        truth.environment.as_ref().and_then(|record| self.parent_of_record(record).ok())
    }

    /// Where state claims another earlier request than the record has: the change as the record sees it, decided as a plan is. Pure.
    fn judge_by_record(
        &self,
        id: &Id,
        spec: &Spec,
        claimed: Option<&Spec>,
        record: &Record,
        truth: &Truth,
    ) -> Result<(), Vec<Problem>> {
        let Some(before) = spec_of(self.config.resources, record) else {
            return Err(vec![
                Failure::Record { id: id.to_string(), reason: "another release wrote it".into() }.problem(),
            ]);
        };
        let is_known = claimed.map_or(record.phase == Phase::Creating, |claimed| *claimed == before);
        if is_known || before == *spec {
            return Ok(());
        }
        let prior = Prior {
            spec: before,
            uid: record.uid.clone(),
            target: None,
            objects: record.inventory.iter().map(|key| (key.clone(), String::new())).collect(),
            incomplete: true,
            identity_ready: None,
        };
        let (path, parent) = (record.path(), self.parent_in(truth));
        let change = ChangeRequest {
            path: path.as_ref(),
            parent: parent.as_ref(),
            ..ChangeRequest::of_spec(spec, Some(&prior))
        };
        let facts = truth.facts.stable.clone();
        let ground = Ground { target: None, facts, cluster: None, parent: parent.clone(), parents: 1 };
        let (blueprint, judged) = self.render(&change, &ground)?;
        let inputs = Inputs {
            change: &change,
            ground: &ground,
            blueprint: &blueprint,
            judged: &judged,
            found: &Found::unread(),
            catalogue: &self.catalogue.holding(path.as_ref()),
            bounds: &self.config.bounds,
            now: "",
        };
        let problems = decide(&inputs).map_or_else(Stop::into_problems, |plan| plan.problems);
        let errors: Vec<Problem> = problems.into_iter().filter(Problem::is_error).collect();
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }
}

/// With the objects that the record makes its own.
fn confirm(id: &Id, mut prior: Prior, record: Option<&Record>) -> Result<Prior, Problem> {
    let Some(record) = record else { return Err(lost_record(id)) };
    if prior.spec.id() != *id {
        return Err(contradiction(id, &format!("the request that it was made by is that of {}", prior.spec.id())));
    }
    keep_own(record, &mut prior.objects);
    Ok(prior)
}

fn keep_own(record: &Record, objects: &mut BTreeMap<String, String>) {
    let own = own_namespaces(record);
    objects.retain(|key, _| key.parse().is_ok_and(|key| is_own(record, &own, &key)));
}

fn own_namespaces(record: &Record) -> BTreeSet<String> {
    record::keys(Some(record)).filter_map(|key| key.as_namespace().map(str::to_owned)).collect()
}

/// In its inventory, or in a namespace of its own: a refresh adds what others put there.
fn is_own(record: &Record, namespaces: &BTreeSet<String>, key: &ObjectKey) -> bool {
    key.namespace().is_some_and(|name| namespaces.contains(name)) || record.inventory.contains(&key.to_string())
}

fn of_environment(id: &Id, parent: Option<Parent>) -> Option<Parent> {
    let own = id.parent()?.to_string();
    parent.filter(|parent| parent.id == own)
}

fn same_cluster(id: &Id, claimed: &StableFacts, now: &Facts) -> Result<(), Problem> {
    let now = &now.stable.cluster_arn;
    if claimed.cluster_arn == *now {
        return Ok(());
    }
    Err(contradiction(id, &format!("its facts are those of {}, and it is on {now}", claimed.cluster_arn)))
}

fn contradiction(id: &Id, what: &str) -> Problem {
    Problem::error(
        "claims.contradiction",
        format!("What the request says of {id} contradicts itself: {what}; refresh, then plan again"),
        "The daemon does not trust a client about what it may touch. Nothing was changed. Refresh the state, then plan \
         again.",
    )
}

fn outdated_facts(id: &Id) -> Problem {
    Problem::error(
        "claims.facts",
        format!("The cluster of {id} is not as the plan had it: plan again"),
        "The facts of the plan are neither the current ones nor those of the record, and the daemon does not trust a \
         client about them. Nothing was changed. Plan again.",
    )
}

// A daemon may listen on no socket, and then nobody reaches it as its own user.

fn lost_record(id: &Id) -> Problem {
    Problem::error(
        "claims.record_lost",
        format!("{id} has no record that says whose it is: ask the platform team to apply or destroy it"),
        "The daemon does not trust a client about that. Nothing was changed. Have the platform team apply or destroy it without the daemon, \
         with credentials of its own, or as the daemon's own user on its unix socket, if it has one; an apply writes the record again.",
    )
}

fn missing_cluster(id: &Id) -> Problem {
    Problem::error(
        "claims.record_lost",
        format!(
            "The cluster of {id} can't be found, and its record is gone with it: ask the platform team to destroy it"
        ),
        "Nothing but the client says what is left of it. Nothing was changed. Have the platform team destroy it without the daemon, with \
         credentials of its own, or as the daemon's own user on its unix socket, if it has one.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::EnvironmentId;

    #[test]
    fn the_next_step_is_possible_with_any_daemon() {
        let pay = Id::from("demo/pay".parse::<EnvironmentId>().unwrap_or_else(|e| panic!("{e}")));
        for problem in [lost_record(&pay), missing_cluster(&pay)] {
            let (without, with) =
                ("without the daemon, with credentials of its own", "on its unix socket, if it has one");
            assert!(problem.detail.contains(without) && problem.detail.contains(with), "{problem}");
        }
    }
}
