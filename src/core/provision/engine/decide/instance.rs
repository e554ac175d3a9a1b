//! What a record means to someone who is about to create or change: start, go on, take over, wait, or refuse.
//!
//! Pure. The record is a guide and not a fence, so every refusal names whom to contact and every continuation says that it is
//! one.

use crate::{
    domain::{Phase, Problem, Record},
    golden::Spec,
    kinds::in_words,
    provision::{
        Replacing,
        engine::{record, watch::Hold},
    },
};

/// So many keys of what is left are named.
const MOST_LEFT: usize = 8;

/// How long after its last write a record without a claim may be taken over without an import.
const LOST_FOR: jiff::SignedDuration = jiff::SignedDuration::from_hours(1);

/// Who wants to begin.
#[derive(Clone, Copy, Debug)]
pub enum Intent<'a> {
    Create(Create<'a>),
    Update { uid: &'a str },
}

#[derive(Clone, Copy, Debug)]
pub struct Create<'a> {
    pub team: &'a str,
    pub spec: &'a Spec,
    pub replacing: Option<&'a Replacing>,
    /// Of what this operation makes, or has made when it ran before.
    pub own_uid: Option<&'a str>,
    pub now: &'a str,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// No record: everything is new.
    Start,
    /// The instance that state knows goes on under its uid.
    Change,
    /// State knows it and the record is lost: it is written again under the uid of state.
    Rebuild,
    /// An interrupted operation is continued under a new uid.
    Resume,
    /// An interrupted removal is finished first, and then decided again.
    Finish,
    /// A finished instance goes on under a new uid; the old one's Delete will do nothing. Under the same one if this operation itself has
    /// finished it, when it ran before.
    TakeOver,
    /// This operation itself has done it, when it ran before, and nobody has written the record since.
    Done,
    /// Another operation is at work.
    Wait,
    Refuse(Problem),
}

pub fn decide(cluster_arn: &str, record: Option<&Record>, intent: Intent<'_>, hold: Hold) -> Decision {
    let Some(record) = record else {
        return match intent {
            Intent::Create(_) => Decision::Start,
            Intent::Update { .. } => Decision::Rebuild,
        };
    };
    if record.cluster_arn != cluster_arn {
        return Decision::Refuse(other_cluster(record, cluster_arn));
    }
    match intent {
        Intent::Create(wanted) => create(record, &wanted, hold),
        Intent::Update { uid } => update(record, uid, hold),
    }
}

fn create(record: &Record, wanted: &Create<'_>, hold: Hold) -> Decision {
    let Create { team, spec, replacing, own_uid, now } = *wanted;
    // A baseline has no team; two of them never compete by team.
    let same_team = record.team == team;
    if record.phase != Phase::Ready {
        return match (same_team, hold) {
            (false, _) => Decision::Refuse(other_team(record)),
            (true, Hold::Held) => Decision::Wait,
            (true, Hold::Free) if record.phase == Phase::Deleting => Decision::Finish,
            (true, Hold::Free) => Decision::Resume,
        };
    }
    let is_equal = same_team && record.kind == spec.kind() && spec.is_equal_to(&record.spec);
    let is_own = own_uid == Some(record.uid.as_str());
    match replacing {
        Some(replacing) if replacing.uid == record.uid && replacing.protected && record.holds_protection() => {
            Decision::Refuse(protected_instance(record))
        }
        Some(replacing) if replacing.uid == record.uid => Decision::TakeOver,
        // Its result was lost on the way to state: the same request of the same team, by whoever holds it.
        _ if is_equal && (is_own || spec.common().claim.is_some() || is_recent(record, now)) => Decision::TakeOver,
        _ => Decision::Refuse(already_exists(record)),
    }
}

/// Two configurations may hold the same request; a lost result is asked for again soon.
fn is_recent(record: &Record, now: &str) -> bool {
    let at = |text: &str| text.parse::<jiff::Timestamp>().ok();
    at(&record.written_at).zip(at(now)).is_some_and(|(then, now)| now.duration_since(then) <= LOST_FOR)
}

fn update(record: &Record, uid: &str, hold: Hold) -> Decision {
    if record.uid != uid {
        return Decision::Refuse(newer_instance(record, uid));
    }
    match (record.phase, hold) {
        (_, Hold::Held) => Decision::Wait,
        (Phase::Deleting, Hold::Free) => Decision::Refuse(unfinished_deletion(record)),
        (Phase::Creating | Phase::Ready | Phase::Changing, Hold::Free) => Decision::Change,
    }
}

fn other_cluster(record: &Record, cluster_arn: &str) -> Problem {
    Problem::error(
        "record.other_cluster",
        format!("{} is recorded for another cluster: use another name, or the right cluster", record.id),
        format!(
            "The record names {}, and this provider is configured for {cluster_arn}. Use another name, or the right cluster.",
            record.cluster_arn
        ),
    )
}

fn other_team(record: &Record) -> Problem {
    Problem::error(
        "record.other_team",
        format!("{} is being created by team {}: choose another name, or ask that team", record.id, record.team),
        format!(
            "Team {} has not finished it ({}). Choose another name, or ask that team to finish or remove it.",
            record.team,
            record::operation(record)
        ),
    )
}

fn already_exists(record: &Record) -> Problem {
    // A baseline is of no team.
    let owner = if record.team.is_empty() { String::new() } else { format!("belongs to team {}, and ", record.team) };
    Problem::error(
        "record.already_exists",
        format!("{} already exists: import it", record.id),
        format!(
            "It {owner}was created from another request or by somebody else, more than an hour ago. If this run replaces it with \
             `-replace` and `create_before_destroy`, leave out `-replace`: everything but the ID is changed in place. Else import it with \
             `terraform import <address> {}`, or choose another name.",
            record.id
        ),
    )
}

fn protected_instance(record: &Record) -> Problem {
    Problem::error(
        "deletion.protected",
        format!("{} would be replaced, and is protected: apply `deletion_protection = false` first", record.id),
        "Replacing it deletes its namespaces and everything in them. If it is only tainted, keep it: run `terraform untaint` with \
         its address. Else apply `deletion_protection = false` first, then replace it.",
    )
}

pub fn newer_instance(record: &Record, uid: &str) -> Problem {
    Problem::error(
        "record.superseded",
        format!(
            "{} is now another instance than the one in this state: run `terraform state rm`, then import it",
            record.id
        ),
        format!(
            "This state knows uid {uid}, the record holds {}: someone created it again. Remove this one with `terraform \
             state rm`, then import {}.",
            record.uid, record.id
        ),
    )
}

fn unfinished_deletion(record: &Record) -> Problem {
    Problem::error(
        "record.deleting",
        format!("{} is being deleted: plan again without -refresh=false", record.id),
        format!(
            "Its deletion did not finish ({}). Plan again without -refresh=false: the apply then finishes the deletion \
             and creates it again.",
            record::operation(record)
        ),
    )
}

/// What a plan says of what a removal that did not end has left.
pub fn partial_deletion<'k>(record: &Record, left: impl Iterator<Item = &'k String>) -> Problem {
    let mut left: Vec<String> = left.map(in_words).collect();
    let (count, of) = (left.len(), record.inventory.len());
    let more = count.saturating_sub(MOST_LEFT);
    left.truncate(MOST_LEFT);
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    Problem::warning(
        "record.half_deleted",
        format!("{} is half deleted: {count} of {of} objects are left", record.id),
        format!(
            "Its deletion did not finish ({}). These are left: {}{more}. The next apply finishes the deletion and \
             creates it again; a destroy only finishes the deletion.",
            record::operation(record),
            left.join(", ")
        ),
    )
}

/// What a resume says in the plan.
pub fn resume_warning(record: &Record, done: usize) -> Problem {
    Problem::warning(
        "record.resume",
        format!(
            "Continues {}: {done} of {} objects done, nothing is destroyed",
            record::operation(record),
            record.inventory.len()
        ),
        format!(
            "A {} of {} was interrupted. What it created is kept, and the rest is created now under a new uid. If \
             `prevent_destroy` stops this plan, run `terraform untaint` with its address.",
            phase_word(record.phase),
            record.id
        ),
    )
}

pub fn take_over_warning(record: &Record) -> Problem {
    Problem::warning(
        "record.take_over",
        format!("{} exists and is taken over under a new uid", record.id),
        format!("The uid {} is superseded: a later delete of it changes nothing.", record.uid),
    )
}

fn phase_word(phase: Phase) -> &'static str {
    match phase {
        Phase::Creating => "create",
        Phase::Ready | Phase::Changing | Phase::Deleting => "change",
    }
}

#[cfg(test)]
mod tests;
