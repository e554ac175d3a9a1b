//! Why a step of an operation did not succeed, and the one problem that a person reads: the object, the call, the next step.

use crate::{
    domain::{Class, ObjectKey, Problem},
    ports::PortError,
};

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Failure {
    #[error("{doing} {about}: {source}")]
    Call { doing: &'static str, about: String, source: PortError },
    #[error("{key} exists and belongs to {by}")]
    Foreign { key: ObjectKey, by: String },
    #[error("{key}: fields held by others: {}", list_held(.held))]
    Held { key: ObjectKey, held: Vec<(String, String)> },
    #[error("{key}: {field} is {observed:?} after it was set to {desired:?}")]
    Mismatch { key: ObjectKey, field: String, desired: String, observed: String },
    #[error("{key} waits for a value that is still unknown")]
    Undecided { key: ObjectKey },
    #[error("{key} is still there: {why}")]
    Stuck { key: ObjectKey, why: String },
    #[error("{id} was taken over by {by}")]
    Superseded { id: String, by: String },
    #[error("the record of {id} cannot be read: {reason}")]
    Record { id: String, reason: String },
    #[error("waiting for {what}: the time of this operation is over")]
    TimedOut { what: String },
    #[error("{id}: waited for {operation}, which is still at work")]
    Busy { id: String, operation: String },
    #[error("cancelled")]
    Cancelled,
    #[error("no random bytes from the operating system: {0}")]
    Random(String),
}

impl Failure {
    pub(super) fn call(doing: &'static str, about: impl ToString, source: PortError) -> Self {
        Self::Call { doing, about: about.to_string(), source }
    }

    pub(super) fn class(&self) -> Option<Class> {
        match self {
            Self::Call { source, .. } => Some(source.class),
            Self::Cancelled => Some(Class::Cancelled),
            _ => None,
        }
    }

    pub(super) fn problem(&self) -> Problem {
        let (code, next) = match self {
            Self::Call { source, .. } => (class_code(source.class), class_advice(source)),
            Self::Foreign { key, .. } => ("object.foreign", foreign_advice(key)),
            Self::Held { .. } => (
                "object.held",
                "have that manager let go of the field, or leave the field to it; nothing is taken by force".to_owned(),
            ),
            Self::Mismatch { .. } => (
                "object.mismatch",
                "something in the cluster changes it at once, such as an admission webhook: exempt the object there"
                    .to_owned(),
            ),
            Self::Undecided { .. } => {
                ("object.undecided", "another resource of this run did not deliver it: apply again".to_owned())
            }
            Self::Stuck { .. } => {
                ("object.stuck", "remove what holds it, then apply again; finalisers are never stripped".to_owned())
            }
            Self::Superseded { .. } => ("record.superseded", "plan again to see what is there now".to_owned()),
            Self::Record { .. } => (
                "record.unreadable",
                "a newer release may have written it: use that one, or repair the ConfigMap".to_owned(),
            ),
            Self::TimedOut { .. } => (
                "operation.timed_out",
                "what was made is in state; apply again to go on, with longer `timeouts` if it needs them".to_owned(),
            ),
            Self::Busy { .. } => {
                ("record.busy", "let it finish and apply again; if it was killed, its lease ends by itself".to_owned())
            }
            Self::Cancelled => ("operation.cancelled", "what was made is in state; apply again to go on".to_owned()),
            Self::Random(_) => ("operation.random", "try again".to_owned()),
        };
        Problem::error(code, self.to_string(), next)
    }
}

fn class_code(class: Class) -> &'static str {
    match class {
        Class::NotFound => "target.not_found",
        Class::Conflict => "target.conflict",
        Class::Denied => "target.denied",
        Class::Throttled => "target.throttled",
        Class::Unavailable => "target.unavailable",
        Class::Invalid => "target.invalid",
        Class::Cancelled => "target.cancelled",
    }
}

fn class_advice(error: &PortError) -> String {
    let next = match error.class {
        Class::Denied => format!("allow the caller {}, then try again", error.call),
        Class::Throttled => "the other side kept asking for a pause: try again in a minute".to_owned(),
        Class::Unavailable => "check the connection and the credentials, then try again".to_owned(),
        Class::Conflict => "something else changes it at the same time: plan again".to_owned(),
        Class::NotFound => "something that it needs is gone: plan again".to_owned(),
        Class::Invalid => "the other side refuses the request as it is: correct it as its message says".to_owned(),
        Class::Cancelled => "try again".to_owned(),
    };
    match &error.request_id {
        Some(id) => format!("{next} (request {id})"),
        None => next,
    }
}

fn foreign_advice(key: &ObjectKey) -> String {
    match key {
        ObjectKey::Kube { kind, .. } if kind == "Namespace" => {
            "choose another name, or let an administrator annotate it with goldenpath.internal/adoptable-by: \
             <cluster>/<environment> and set adopt = { mode = \"if_marked\" }; what a deployment tool keeps has to be let go of \
             there first"
                .to_owned()
        }
        _ => "it is never taken over: remove it, or choose another name".to_owned(),
    }
}

fn list_held(held: &[(String, String)]) -> String {
    let texts: Vec<String> = held.iter().map(|(field, manager)| format!("{field} by {manager}")).collect();
    texts.join(", ")
}

/// The first failure in detail, the others in one line each: what a failed operation says.
pub(super) fn one_problem(doing: &str, done: usize, of: usize, failures: &[Failure]) -> Option<Problem> {
    // A cancellation is what others tripped over only when nothing else went wrong.
    let (first, rest) = match failures.iter().position(|failure| *failure != Failure::Cancelled) {
        Some(at) => {
            (failures.get(at)?, failures.iter().enumerate().filter(|(i, _)| *i != at).map(|(_, f)| f).collect())
        }
        None => (failures.first()?, vec![]),
    };
    let mut problem = first.problem();
    let others: Vec<String> =
        rest.into_iter().filter(|failure| **failure != Failure::Cancelled).map(Failure::to_string).collect();
    problem.detail = format!("{}. {doing}: {done} of {of} objects are done and kept", problem.detail);
    if !others.is_empty() {
        problem.detail = format!("{}; also: {}", problem.detail, others.join("; "));
    }
    Some(problem)
}
