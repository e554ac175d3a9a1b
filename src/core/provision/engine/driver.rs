//! The pipeline, once for each operation: gather, resolve, render, judge, decide, execute. Knows every stage; each line that
//! does a part of the work says what it does: it reads, is pure, writes, or changes the memory of this connection and nothing else.

use super::{
    connection::Engine,
    decide::{
        Inputs, Stop, bounds,
        claim::is_made_for,
        decide,
        drift::Lines,
        instance::Decision,
        life, losses, outcome, promise,
        refresh::refresh,
        removal::{Removal, decide as decide_removal},
    },
    execute::{Operation, Removing, wait_until_free},
    failure::Failure,
    gather::{Ground, Item, LeftCluster},
    record,
    request::{ChangeRequest, date},
    target::Moment,
    watch::Watch,
};
use crate::{
    domain::{Class, Facts, Id, PathVersion, Problem, Record, ResourceKind, StableFacts},
    golden::{Blueprint, Common, ResolveContext, Spec, spec_of},
    ports::trace::stage,
    provision::{
        Decided, Description, EnsureRequest, Exists, Observation, ObserveRequest, Preview, Provisioner, RemoveRequest,
    },
};
use std::time::Duration;

impl Engine {
    /// What an apply would do, and what speaks against it: all stages but the last.
    pub(super) async fn plan(&self, change: &ChangeRequest<'_>) -> Result<Preview, Vec<Problem>> {
        let gathered = self.gather_ground(change).await; // reads
        let ground = match gathered {
            Item::Undecided(why) => return Err([why, self.check(change)].concat()),
            ground => ground.into_result()?,
        };
        let (blueprint, judged) = self.render(change, &ground)?; // pure
        let found = &self.gather_found(change, &ground, &blueprint, &mut Watch::default()).await; // reads
        self.remember(change, &ground.facts); // memory
        let inputs = Inputs {
            change,
            ground: &ground,
            blueprint: &blueprint,
            judged: &judged,
            found,
            catalogue: &self.catalogue.holding(change.path),
            bounds: &self.config.bounds,
            now: &self.clock.now(),
        };
        let plan = decide(&inputs).map_err(Stop::into_problems)?; // pure
        let outputs = outcome::of_plan(&blueprint, &plan.lines, &plan.drifted, change.prior, ground.target.as_deref()); // pure
        let decided = Decided {
            outputs,
            facts: ground.facts,
            parent: ground.parent,
            protected: plan.is_protected,
            variants: ground.parents,
        };
        Ok(Preview { decided: Some(decided), problems: plan.problems })
    }

    /// Makes it so. The error arm: nothing was changed.
    pub(super) async fn apply(
        &self,
        request: &EnsureRequest,
        name: &str,
        problems: &mut Vec<Problem>,
    ) -> Result<Exists, Vec<Problem>> {
        let (begun, requested_at) = (self.clock.elapsed(), self.clock.now()); // reads
        let change = &ChangeRequest::of_apply(request, name, begun);
        let ground = &stage("gather", self.gather_ground(change)).await.into_result()?; // reads
        let (blueprint, judged) = self.render(change, ground)?; // pure
        promise::check_version(change.planned_version, &blueprint).map_err(|problem| vec![problem])?; // pure
        self.forget(&change.id, &ground.facts).await; // memory
        let target = self.target(&ground.facts.cluster_arn, change.moment);
        let mut watch = Watch::default();
        let (catalogue, bounds) = (&self.catalogue.holding(change.path), &self.config.bounds);
        loop {
            let found = &stage("gather", self.gather_found(change, ground, &blueprint, &mut watch)).await; // reads
            let (blueprint, judged, now) = (&blueprint, &judged, &requested_at);
            let inputs = Inputs { change, ground, blueprint, judged, found, catalogue, bounds, now };
            let decided = decide(&inputs); // pure
            let plan = match decided {
                Ok(plan) => plan,
                Err(Stop::Refuse(problems)) => return Err(problems),
                Err(Stop::Wait(wait)) => {
                    stage("wait", self.wait(&inputs, &wait, &mut watch, &target)).await?; // reads
                    continue;
                }
            };
            let (Some(objects), Some(work)) = (found.objects.value(), &plan.work) else { return Err(plan.problems) };
            if let (Decision::Finish, Some(record), Some(cluster)) = (&work.decision, &objects.record, &ground.cluster)
            {
                self.finish_removal(request, record, cluster, name).await?; // writes
                continue;
            }
            let operation =
                Operation { name, inputs, objects, plan: &plan, work, target, begun, requested_at: &requested_at };
            let mut said = plan.problems.clone();
            let executed = stage("execute", self.execute(&operation, &mut said)).await; // writes
            match executed {
                Ok(exists) => {
                    problems.append(&mut said);
                    self.remember(change, &ground.facts); // memory
                    if let Some(parent) = &ground.parent {
                        let taken = change.spec.demand(parent, &self.catalogue); // pure
                        self.memory.remember_share(&change.id, 0, taken); // memory
                    }
                    return Ok(exists);
                }
                // Somebody else was quicker: their record is what decides now.
                Err(failure) if failure.class() == Some(Class::Conflict) => {
                    let what = format!("the record of {}, which another operation has just written", change.id);
                    target.pause(pause_of(name), &what).await?; // reads
                }
                Err(failure) => return Err(failure.into()),
            }
        }
    }

    /// What a record stands for.
    pub(super) async fn render_recorded(&self, id: &Id, record: &Record) -> Result<Blueprint, Problem> {
        let spec = spec_of(self.config.resources, record);
        let spec = spec.ok_or_else(|| unreadable(record, "another release wrote it".to_owned()))?;
        let parent = match id.parent() {
            Some(environment) => self.find_parent(environment, &record.facts, None, Moment::Plan).await?, // reads
            None => None,
        };
        let (facts, parent) = (&record.facts, parent.as_ref());
        let catalogue = &self.catalogue.holding(record.path().as_ref());
        let resolved = spec.resolve(&ResolveContext { facts, parent, catalogue }); // pure
        let unrendered = |problems: Vec<Problem>| {
            problems
                .into_iter()
                .next()
                .unwrap_or_else(|| unreadable(record, "nothing can be rendered from it".to_owned()))
        };
        Ok(resolved.map_err(unrendered)?.render()) // pure
    }

    /// What is there now, by the record alone.
    pub(super) async fn describe_recorded(&self, id: &Id) -> Result<Option<Description>, Problem> {
        let Some(record) = self.find(id).await? else { return Ok(None) }; // reads
        let request = ObserveRequest::by_record(id.clone(), &record);
        let Observation::Here(seen) = self.refresh(&request).await? else { return Ok(None) }; // reads
        let outputs = seen.outputs.ok_or_else(|| unreadable(&record, "nothing can be rendered from it".to_owned()))?;
        let described = self.render_recorded(id, &record).await?.described; // reads
        let quota_left = self.gather_quota_left(&record).await?; // reads
        let catalogue = self.catalogue.on(date(&self.clock.now()));
        let newer = record.path().map(|path| catalogue.newer(&path).map(|path| path.version.to_string()).collect());
        Ok(Some(Description { newer: newer.unwrap_or_default(), record, outputs, described, quota_left }))
    }

    /// What is there now, and drift in words.
    pub(super) async fn refresh(&self, request: &ObserveRequest) -> Result<Observation, Problem> {
        let ground = self.gather_instance(request).await?; // reads
        let render = |spec: &Spec, path: Option<&PathVersion>| {
            let catalogue = &self.catalogue.holding(path);
            let given = ResolveContext { facts: &ground.facts, parent: ground.parent.as_ref(), catalogue };
            spec.resolve(&given).ok().map(|resolved| resolved.render())
        };
        let mut blueprint = request.spec.as_ref().and_then(|spec| render(spec, request.path.as_ref())); // pure
        let mut observed = self.gather_owned(request, &ground, blueprint.as_ref()).await?; // reads
        let record = record::find(&request.id, &observed)?; // pure
        let is_other =
            |record: &Record| blueprint.is_none() || record.path().is_some_and(|path| Some(path) != request.path);
        if let Some(record) = record.as_ref().filter(|record| is_other(record))
            && let Some(spec) = spec_of(self.config.resources, record)
        {
            blueprint = render(request.spec.as_ref().unwrap_or(&spec), record.path().as_ref()); // pure
            self.gather_rest(request, &ground, blueprint.as_ref(), &mut observed).await?; // reads
        }
        Ok(refresh(request, ground, blueprint, record, observed)) // pure
    }

    /// What a removal would lose. The error arm refuses it.
    pub(super) async fn plan_removal(&self, request: &RemoveRequest) -> Result<Option<Problem>, Problem> {
        self.gather_same_target(request).await?; // reads
        if !self.config.bounds.is_empty() {
            self.within_bounds(&request.id, self.find(&request.id).await.ok().flatten().as_ref())?; // reads
        }
        self.memory.remember_share(&request.id, 0, [].into()); // memory
        let lost = request.id.own_namespaces(&request.keys); // pure
        let is_protected = !lost.is_empty() && request.protected && !self.gather_unprotected(request).await; // reads
        Ok(losses::of_removal(&request.id, &lost, is_protected)) // pure
    }

    /// `None`: gone, else what is left. The error arm: nothing was changed.
    pub(super) async fn apply_removal(
        &self,
        request: &RemoveRequest,
        name: &str,
        problems: &mut Vec<Problem>,
    ) -> Result<Option<Lines>, Problem> {
        let moment = Moment::Apply { until: self.clock.elapsed() + request.timeout, cancel: &request.cancel };
        let left = stage("gather", self.gather_left_cluster(request)).await?; // reads
        let cluster = match left {
            LeftCluster::There(cluster) => cluster,
            LeftCluster::Gone(facts) => {
                self.within_bounds(&request.id, None)?; // pure
                let removing = self.execute_removal_of_roles(request, &facts, moment, problems);
                return stage("execute", removing).await; // writes
            }
        };
        self.remove_from(request, &cluster, name, problems).await // writes
    }

    async fn remove_from(
        &self,
        request: &RemoveRequest,
        cluster: &Facts,
        name: &str,
        problems: &mut Vec<Problem>,
    ) -> Result<Option<Lines>, Problem> {
        let moment = Moment::Apply { until: self.clock.elapsed() + request.timeout, cancel: &request.cancel };
        self.forget(&request.id, &cluster.stable).await; // memory
        let target = self.target(&cluster.stable.cluster_arn, moment);
        let mut watch = Watch::default();
        loop {
            let gathering = self.gather_leaving(request, &cluster.stable, &mut watch, moment);
            let leaving = stage("gather", gathering).await?; // reads
            self.within_bounds(&request.id, leaving.record.as_ref())?; // pure
            let has_own = leaving.observed.iter().any(|object| is_made_for(&request.id, object, &leaving.observed)); // pure
            self.refuse_without_record(&request.id, leaving.record.is_some(), has_own)?; // pure
            let removal = decide_removal(request, &leaving)?; // pure
            match removal {
                Removal::Remove => {
                    let removing = Removing { name, request, cluster, leaving: &leaving, target };
                    return stage("execute", self.execute_removal(removing, problems)).await; // writes
                }
                Removal::Keep(why) => {
                    problems.extend(why);
                    return Ok(None);
                }
                Removal::Wait => {
                    let waiting = wait_until_free(&target, &request.id, leaving.record.as_ref(), &mut watch);
                    stage("wait", waiting).await?; // reads
                }
            }
        }
    }

    /// Of a removal that was interrupted, by its record.
    async fn finish_removal(
        &self,
        request: &EnsureRequest,
        record: &Record,
        cluster: &Facts,
        name: &str,
    ) -> Result<(), Vec<Problem>> {
        let request = RemoveRequest {
            id: request.spec.id(),
            uid: record.uid.clone(),
            target: None,
            facts: Some(record.facts.clone()),
            keys: record::keys(Some(record)).collect(),
            protected: false,
            hand_over: false,
            timeout: request.timeout,
            cancel: request.cancel.clone(),
        };
        let mut problems = vec![];
        let left = self.remove_from(&request, cluster, name, &mut problems).await; // writes
        match left.map_err(|problem| vec![problem])? {
            None => Ok(()),
            Some(_) => Err(problems),
        }
    }

    /// Pure. With what the golden path and the policy say of the request; the error arm: there is nothing to render.
    pub(super) fn render(
        &self,
        change: &ChangeRequest<'_>,
        ground: &Ground,
    ) -> Result<(Blueprint, Vec<Problem>), Vec<Problem>> {
        let mut problems = change.spec.check(); // pure
        let catalogue = &change.catalogue(&self.catalogue, &self.clock.now());
        let given = ResolveContext { facts: &ground.facts, parent: ground.parent.as_ref(), catalogue };
        let resolved = change.spec.resolve(&given); // pure
        let resolved = match resolved {
            Ok(resolved) => resolved,
            Err(errors) => {
                let new: Vec<Problem> = errors.into_iter().filter(|error| !problems.contains(error)).collect();
                return Err([problems, new].concat());
            }
        };
        let blueprint = resolved.render(); // pure
        let mut judged = resolved.judge(&blueprint); // pure
        judged.extend(promise::edited_path(change.path, &blueprint)); // pure
        // A mistake in a statement is found where it is written and again in the role that it becomes: reported once.
        judged.retain(|found| !problems.iter().any(|known| known.code == found.code && known.field == found.field));
        problems.append(&mut judged);
        Ok((blueprint, problems))
    }

    /// What can be judged without facts.
    fn check(&self, change: &ChangeRequest<'_>) -> Vec<Problem> {
        let now = self.clock.now();
        let catalogue = change.catalogue(&self.catalogue, &now);
        let Common { golden_path, golden_path_version, .. } = change.spec.common();
        let is_new = change.spec.kind() == ResourceKind::ENVIRONMENT && change.prior.is_none();
        let path = is_new.then(|| catalogue.path(golden_path, golden_path_version).ok()).flatten();
        let notice = path.and_then(|path| life::of_choice(change, &catalogue, &path.id(), &now));
        [change.spec.check(), change.spec.check_with(&catalogue), notice.into_iter().collect()].concat()
    }

    /// Of what exists, whoever asks for it.
    pub(super) fn within_bounds(&self, id: &Id, record: Option<&Record>) -> Result<(), Problem> {
        bounds::of_record(&self.config.bounds, id, record).into_iter().next().map_or(Ok(()), Err)
    }

    /// For the slots of the same run.
    fn remember(&self, change: &ChangeRequest<'_>, facts: &StableFacts) {
        let parent = change.spec.parent_of(facts, &change.catalogue(&self.catalogue, &self.clock.now()));
        self.memory.remember(change.spec, change.variant, parent.and_then(Result::ok));
    }

    /// What this connection has read of it is about to change.
    async fn forget(&self, id: &Id, facts: &StableFacts) {
        if let Some(owner) = id.owner() {
            self.listings.forget(facts.cluster_arn.as_str(), &owner.environment).await;
        }
    }
}

/// Two that step back for each other come again at different times.
fn pause_of(operation: &str) -> Duration {
    let part = operation.bytes().fold(0_u64, |sum, byte| sum * 31 % 1009 + u64::from(byte)) % 16;
    Duration::from_millis(100 + 60 * part)
}

fn unreadable(record: &Record, reason: String) -> Problem {
    Failure::Record { id: record.id.clone(), reason }.problem()
}
