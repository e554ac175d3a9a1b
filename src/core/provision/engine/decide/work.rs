//! One change as a whole.

mod problems;

use super::{
    adoption,
    again::{self, Again},
    authentication, bounds,
    claim::{Claim, Claimant, claim, is_made_for, is_marked_for},
    credentials,
    deletion::{Deletion, deletions, lost_namespaces},
    drift::{Promise, Promised},
    enforcement, entries, heal,
    inputs::Inputs,
    instance::{self, Create, Decision, Intent, resume_warning, take_over_warning},
    limits,
    lines::lacks_group,
    loosening, losses, promise,
    shares::{self, Over},
    step::{self, Step},
};
use crate::{
    domain::{Id, ObjectKey, Observed, Ownership, Phase, Problem, Record},
    provision::engine::{
        failure::Failure,
        gather::{Item, Objects, recorded_shares},
        record,
    },
};
use problems::{missing_instance, no_baseline, no_boundary, shared_namespace};
use std::collections::BTreeSet;

pub struct Plan {
    /// What it shows of `objects`.
    pub lines: Promised,
    /// Objects whose drift is only reported: no apply touches them.
    pub left: BTreeSet<String>,
    /// Of these, the ones that have drifted.
    pub drifted: BTreeSet<String>,
    /// Deletion protection, as it holds from now on; only where there is something to lose.
    pub is_protected: bool,
    /// `None`: what is there was not read.
    pub work: Option<Work>,
    pub problems: Vec<Problem>,
}

/// What is to be done, as keys: the objects themselves stay where they are.
pub struct Work {
    pub decision: Decision,
    pub make: Vec<Make>,
    pub delete: BTreeSet<ObjectKey>,
    /// Shared objects that others name.
    pub keep: BTreeSet<ObjectKey>,
}

pub struct Make {
    /// Position in the blueprint.
    pub at: usize,
    /// An access entry whose role is made again, or one of the policies that go with it.
    pub recreate: bool,
}

pub enum Stop {
    Refuse(Vec<Problem>),
    /// Decide again once that is over.
    Wait(Wait),
}

// === impl Work ===

impl Work {
    /// All of it was done before.
    fn nothing() -> Self {
        Self { decision: Decision::Done, make: vec![], delete: BTreeSet::new(), keep: BTreeSet::new() }
    }
}

// === impl Stop ===

impl Stop {
    /// A plan waits for nobody.
    pub fn into_problems(self) -> Vec<Problem> {
        match self {
            Self::Refuse(problems) => problems,
            Self::Wait(_) => vec![],
        }
    }
}

#[derive(Debug, PartialEq)]
pub enum Wait {
    /// The operation on this record.
    Operation(Option<Box<Record>>),
    /// Other slots, to become smaller.
    Shares(Over),
}

/// All that is said, each once.
struct Said {
    is_plan: bool,
    problems: Vec<Problem>,
}

// === impl Said ===

impl Said {
    fn add(&mut self, problems: impl IntoIterator<Item = Problem>) -> Result<(), Stop> {
        for problem in problems {
            if !self.problems.contains(&problem) {
                self.problems.push(problem);
            }
        }
        if self.is_plan || !self.problems.iter().any(Problem::is_error) {
            return Ok(());
        }
        // Warnings of a change that is refused explain nothing.
        self.problems.retain(Problem::is_error);
        Err(Stop::Refuse(std::mem::take(&mut self.problems)))
    }
}

pub fn decide(inputs: &Inputs<'_>) -> Result<Plan, Stop> {
    let Inputs { change, ground, blueprint, found, .. } = *inputs;
    let is_plan = change.is_plan();
    let mut said = Said { is_plan, problems: vec![] };
    let record = found.objects.value().and_then(|objects| objects.record.as_ref());
    let again = again::look(change.operation, record);
    said.add(again.supersession(&change.id))?;
    if found.objects.value().is_some() && again == Again::Open {
        said.add(heal::supersession(change, record))?;
    }
    let past = inputs.past();
    let mut promise = promise::promise(inputs, &past);
    let is_protected = blueprint.summary.deletion_protection && !blueprint.summary.namespaces.is_empty();
    if again == Again::Done {
        // What has become of it since is not its matter: nothing is judged, and nothing put back.
        let Promise { lines, left, drifted, .. } = promise;
        return Ok(Plan { lines, left, drifted, is_protected, work: Some(Work::nothing()), problems: vec![] });
    }
    if !promise.is_quiet {
        said.add(bounds::judge(inputs, &past))?;
        said.add(bounds::of_baseline(inputs))?;
        said.add(loosening::judge(inputs, &past))?;
    }
    said.add(promise.problems.drain(..))?;
    said.add(found.rivals.iter().map(|(namespace, rival)| shared_namespace(&change.id, namespace, rival)))?;
    said.add(found.lowered.iter().flat_map(|lowered| shares::below(&change.id, lowered)))?;
    said.add(found.taken.iter().filter_map(|seen| name_conflict(inputs, seen)))?;
    said.add(entries::refuse_foreign(&blueprint.objects, &found.taken))?;
    if !promise.is_quiet && !inputs.judged.iter().any(Problem::is_error) {
        said.add(limits::judge(inputs))?;
    }
    let authentication = found.authentication.value();
    let against = authentication.map(|found| authentication::judge(&change.id, blueprint, found));
    said.add(against.into_iter().flatten().filter(|problem| is_plan || problem.is_error()))?;
    // What is there already is healed on any cluster: a plan of it reads none of this.
    let cluster = found.cluster.as_ref().filter(|_| change.is_another_request());
    let unenforced = cluster.and_then(|facts| enforcement::judge(&blueprint.summary, facts));
    let without = credentials::judge(blueprint, cluster, found.knows_issuer);
    said.add(unenforced.into_iter().chain(without).filter(|problem| is_plan || problem.is_error()))?;
    let outdated = change.planned.and_then(|planned| promise::check_kept(planned, &promise.lines));
    said.add(outdated.map(|outdated| parent_change(inputs).unwrap_or(outdated)))?;
    for (arn, exists) in &found.boundaries {
        said.add(exists.problems())?;
        let problem = (exists.value() == Some(&false)).then(|| no_boundary(&ground.facts.cluster_arn, arn));
        said.add(problem.map(|problem| if is_plan { problem.as_warning() } else { problem }))?;
    }
    let work = match &found.objects {
        Item::Known(objects) => Some(work(inputs, objects, &promise.left, &mut said)?),
        unknown => {
            said.add(unknown.problems())?;
            None
        }
    };
    if let (Some(claims), Some(parent), Some(slot)) = (&found.shares, &ground.parent, change.id.part()) {
        said.add(shares::judge(&slot, claims, &parent.parts(), &parent.id))?;
    }
    let Promise { lines, left, drifted, .. } = promise;
    Ok(Plan { lines, left, drifted, is_protected, work, problems: said.problems })
}

fn work(inputs: &Inputs<'_>, objects: &Objects, left: &BTreeSet<String>, said: &mut Said) -> Result<Work, Stop> {
    let Inputs { change, ground, blueprint, .. } = *inputs;
    let (id, is_plan) = (&change.id, change.is_plan());
    if !objects.has_baseline {
        said.add([no_baseline(id, is_plan)])?;
    }
    let decision = begin(inputs, objects, said)?;
    if let (false, Some(slot), Some(parent)) = (is_plan, id.part(), &ground.parent) {
        // Only what is recorded counts, since that is what holds.
        let records = record::all(&objects.observed);
        let recorded = recorded_shares(change.spec.resource(), &records, parent, inputs.catalogue);
        let own = shares::growth(inputs, objects.record.as_ref(), parent);
        if let Some(over) = shares::over(&slot, &own, &recorded, &parent.parts()) {
            return Err(Stop::Wait(Wait::Shares(over)));
        }
    }
    let (mut make, mut problems) = (vec![], entries::refuse_foreign(&blueprint.objects, &objects.observed));
    let dead = entries::dead(&blueprint.objects, &objects.observed);
    for (at, desired) in blueprint.objects.iter().enumerate() {
        if desired.key == record::key_of(id) || left.contains(&desired.key.to_string()) {
            continue;
        }
        let was_ours = objects.known.contains(&desired.key);
        let claimant = Claimant { id, team: &blueprint.summary.team, adopt: change.spec.common().adopt, was_ours };
        let seen = objects.get(&desired.key);
        match (seen.map(|seen| (seen, claim(desired, seen, &claimant))), claimant.adopt) {
            (Some((seen, Claim::Borrowed)), _) => problems.extend(lacks_group(desired, seen)),
            (Some((seen, Claim::Adopted)), Some(adopt)) if is_plan => {
                problems.push(adoption::announce(desired, seen, adopt));
            }
            _ => {}
        }
        let recreate = seen.is_some() && dead.contains(&desired.key);
        match step::next(desired, seen.cloned(), &claimant) {
            Ok(Step::Keep(_)) if !recreate => {}
            Ok(_) => make.push(Make { at, recreate }),
            // An adoption has said so already, and what is replaced goes first.
            Err(Failure::Held { .. }) if is_plan => {}
            Err(failure) => problems.push(failure.problem()),
        }
    }
    let wanted = inputs.wanted_keys();
    let unwanted: BTreeSet<ObjectKey> = objects.known.difference(&wanted).cloned().collect();
    let (mut keep, mut delete) = (BTreeSet::new(), BTreeSet::new());
    // What a plan loses is said from state, and by its replacement.
    if !is_plan {
        let (kept, reasons) =
            entries::keep(entries::shared_entries(&unwanted, &objects.observed), &objects.named, ground.caller());
        let unneeded = deletions(id, &objects.observed, &objects.known, &wanted, &kept);
        delete = unneeded.iter().filter_map(Deletion::key).cloned().collect();
        let lost = lost_namespaces(&unneeded);
        problems.extend(reasons);
        problems.extend(losses::of_apply(inputs, objects.record.as_ref(), &lost));
        problems.extend(losses::in_use(id, &lost, &record::all(&objects.observed)));
        keep = kept;
    }
    said.add(problems)?;
    Ok(Work { decision, make, delete, keep })
}

/// What the record means to this change.
fn begin(inputs: &Inputs<'_>, objects: &Objects, said: &mut Said) -> Result<Decision, Stop> {
    let Inputs { change, ground, blueprint, .. } = *inputs;
    let (id, replacing) = (&change.id, change.replacing);
    if let (Some((old, record)), Some(replacing)) = (&objects.replaced, replacing)
        && record.uid == replacing.uid
        && record.phase == Phase::Ready
    {
        said.add(losses::of_replacement(old, record, replacing.protected))?;
    }
    let (team, own_uid) = (blueprint.summary.team.as_str(), change.own_uid());
    let own_uid = own_uid.as_deref();
    let intent = match change.prior {
        Some(prior) => Intent::Update { uid: &prior.uid },
        None => Intent::Create(Create { team, spec: change.spec, replacing, own_uid, now: inputs.now }),
    };
    let record = objects.record.as_ref();
    let decision = instance::decide(ground.facts.cluster_arn.as_str(), record, intent, objects.hold);
    match (&decision, record) {
        (Decision::Refuse(problem), _) => said.add([problem.clone()])?,
        (Decision::Wait, record) => return Err(Stop::Wait(Wait::Operation(record.cloned().map(Box::new)))),
        (Decision::Rebuild, _) if !objects.observed.iter().any(|object| is_made_for(id, object, &objects.observed)) => {
            said.add([missing_instance(id)])?;
        }
        // To whoever asked for it, an operation that is run again is one.
        (Decision::Resume | Decision::TakeOver, Some(record)) if own_uid == Some(record.uid.as_str()) => {}
        (Decision::Resume, Some(record)) => {
            said.add([resume_warning(record, count_done(id, record, &objects.observed))])?;
        }
        (Decision::Finish, Some(record)) => {
            let keys: BTreeSet<String> = record.inventory.iter().cloned().collect();
            let left = objects.observed.iter().map(|object| object.key.to_string()).filter(|key| keys.contains(key));
            said.add([instance::partial_deletion(record, left.collect::<Vec<_>>().iter())])?;
        }
        (Decision::TakeOver, Some(record)) => match replacing {
            // The delete comes first, unless create_before_destroy reverses that.
            Some(replacing) if change.is_plan() && replacing.uid == record.uid => {
                said.add(losses::of_replacement(id, record, replacing.protected))?;
            }
            _ => said.add([take_over_warning(record)])?,
        },
        _ => {}
    }
    Ok(decision)
}

/// Of the recorded inventory, what exists and is ours.
fn count_done(id: &Id, recorded: &Record, observed: &[Observed]) -> usize {
    let is_done = |object: &Observed| is_marked_for(id, object) || !matches!(object.ownership, Ownership::Ours(_));
    let exists = |key: &ObjectKey| observed.iter().any(|object| object.key == *key && is_done(object));
    record::keys(Some(recorded)).filter(exists).count()
}

/// Why a slot would be made otherwise than planned.
fn parent_change(Inputs { change, ground, .. }: &Inputs<'_>) -> Option<Problem> {
    let (planned, now) = (change.parent?, ground.parent.as_ref()?);
    (planned != now).then(|| {
        let tier = if planned.tier == now.tier {
            String::new()
        } else {
            format!(" Its tier was {} and is {}.", planned.tier, now.tier)
        };
        Problem::error(
            "plan.outdated",
            format!("Environment {} was changed after the plan of {} was made: plan again", now.id, change.id),
            format!("{} would differ from the plan.{tier} Nothing was changed. Plan again.", change.id),
        )
        .at(["environment"])
    })
}

/// A name that an update adds and somebody has.
fn name_conflict(inputs: &Inputs<'_>, seen: &Observed) -> Option<Problem> {
    let Inputs { change, blueprint, .. } = inputs;
    let desired = inputs.desired_object(&seen.key)?;
    let (team, adopt) = (blueprint.summary.team.as_str(), change.spec.common().adopt);
    let claimant = Claimant { id: &change.id, team, adopt, was_ours: false };
    match step::next(desired, Some(seen.clone()), &claimant) {
        // An adoption of it is announced at apply.
        Ok(_) | Err(Failure::Held { .. }) => None,
        Err(failure) => Some(failure.problem()),
    }
}

#[cfg(test)]
mod tests;
