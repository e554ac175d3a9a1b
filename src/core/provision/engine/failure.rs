//! Why a step of an operation did not succeed, and the one problem that a person reads: the object, the call, the next step.

use crate::{
    domain::{Class, ObjectKey, Problem, in_few_words},
    kinds::in_words,
    ports::PortError,
};

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    #[error("Failed to {doing} {about}: {source}")]
    Call { doing: &'static str, about: String, source: PortError },
    #[error("{} exists and belongs to {by}", in_words(.key))]
    Foreign { key: ObjectKey, by: String },
    #[error("{}: other field managers hold {}", in_words(.key), list_held(.held))]
    Held { key: ObjectKey, held: Vec<(String, String)> },
    #[error("{}: {field} is {observed:?} after it was set to {desired:?}", in_words(.key))]
    Mismatch { key: ObjectKey, field: String, desired: String, observed: String },
    #[error("{} waits for a value that is still unknown", in_words(.key))]
    Undecided { key: ObjectKey },
    #[error("{} is still there: {why}", in_words(.key))]
    Stuck { key: ObjectKey, why: String },
    #[error("{why}")]
    InUse { why: String },
    /// Another operation was quicker, and nothing of this one is left: it is to be decided again.
    #[error("{why}")]
    Overtaken { why: String },
    #[error("{id} was taken over by {by}")]
    Superseded { id: String, by: String },
    #[error("{id}: its record can't be read: {reason}")]
    Record { id: String, reason: String },
    #[error("Timed out waiting for {what}")]
    TimedOut { what: String },
    #[error("{id}: {operation} is still in progress")]
    Busy { id: String, operation: String },
    #[error("Cancelled")]
    Cancelled,
    #[error("No random bytes from the operating system: {0}")]
    Random(String),
}

impl Failure {
    pub fn call(doing: &'static str, about: impl ToString, source: PortError) -> Self {
        Self::Call { doing, about: about.to_string(), source }
    }

    pub fn class(&self) -> Option<Class> {
        match self {
            Self::Call { source, .. } => Some(source.class),
            Self::Overtaken { .. } => Some(Class::Conflict),
            Self::Cancelled => Some(Class::Cancelled),
            _ => None,
        }
    }

    /// What a person has to do stands in the summary as well: a bridge shows nothing else.
    pub fn problem(&self) -> Problem {
        let (code, step, detail) = match self {
            Self::Call { source, .. } => {
                let next = next_step(source);
                let (words, step) = (self.words(), in_few_words(&next));
                let detail = with_request_id(format!("{next}."), source);
                return Problem::error(class_code(source.class), format!("{words}; {step}"), detail);
            }
            Self::Foreign { key: ObjectKey::Kube { kind, .. }, .. } if kind == "Namespace" => (
                "object.foreign",
                "choose another name, or have it marked for adoption",
                "Choose another name. Or have an administrator annotate it with goldenpath.internal/adoptable-by: \
                 <cluster>/<environment>, and set adopt = { mode = \"if_marked\" }; remove it from any deployment tool that manages \
                 it first.",
            ),
            Self::Foreign { .. } => (
                "object.foreign",
                "remove it, or choose another name",
                "It is never taken over. Remove it, or choose another name.",
            ),
            Self::Held { .. } => (
                "object.held",
                "remove these from what they apply",
                "Fields are never taken by force. Remove the field from what that manager applies, or leave it to that manager.",
            ),
            Self::Mismatch { key, .. } if key.is_aws() => (
                "object.mismatch",
                "plan again",
                "AWS accepted the change and gives back something else: somebody changed it at the same time, or AWS writes it in \
                 another way. Plan again to see what differs.",
            ),
            Self::Mismatch { .. } => (
                "object.mismatch",
                "exempt it from what changes it",
                "Something in the cluster changes it at once, such as an admission webhook. Exempt the object there.",
            ),
            Self::Undecided { .. } => {
                ("object.undecided", "apply again", "Another resource of this run did not provide it. Apply again.")
            }
            Self::Stuck { .. } => (
                "object.stuck",
                "remove what blocks its deletion",
                "Finalizers are never removed. Remove what blocks its deletion, then apply again.",
            ),
            Self::InUse { .. } | Self::Overtaken { .. } => {
                ("deletion.in_use", "plan again", "Another operation came at the same time. Plan again.")
            }
            Self::Superseded { .. } => ("record.superseded", "plan again", "Plan again to see what is there now."),
            Self::Record { .. } => (
                "record.unreadable",
                "use the release that wrote it",
                "A newer release may have written it. Use that release, or repair the ConfigMap.",
            ),
            Self::TimedOut { .. } => (
                "operation.timed_out",
                "apply again to continue",
                "What was made is in state. Apply again to continue, with longer `timeouts` if needed.",
            ),
            Self::Busy { .. } => (
                "record.busy",
                "wait for it to finish",
                "If it was killed, its lease expires by itself. Wait for it to finish, then apply again.",
            ),
            Self::Cancelled => (
                "operation.cancelled",
                "apply again to continue",
                "What was made is in state. Apply again to continue.",
            ),
            Self::Random(_) => ("operation.random", "try again", "Try again."),
        };
        let words = self.words();
        Problem::error(code, format!("{words}; {step}"), detail)
    }

    /// Without the full stop of an API's own words: something follows.
    pub fn words(&self) -> String {
        self.to_string().trim_end_matches('.').to_owned()
    }
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        failure.problem()
    }
}

impl From<Failure> for Vec<Problem> {
    fn from(failure: Failure) -> Self {
        vec![failure.problem()]
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

/// Sentences, but for the last full stop.
fn next_step(error: &PortError) -> String {
    if let Some(next) = &error.next {
        return next.clone();
    }
    match error.class {
        Class::Denied => {
            let resource = error.message.split_once("on resource: ").and_then(|(_, rest)| rest.split(' ').next());
            let resource = resource.map_or(String::new(), |resource| format!(" on {resource}"));
            format!(
                "`goldenpath permissions` prints all that it needs. Allow the caller {}{resource}, then try again",
                error.call
            )
        }
        Class::Throttled => "Requests were throttled throughout. Try again in a minute".to_owned(),
        Class::Unavailable => "Check the connection and the credentials, then try again".to_owned(),
        Class::Conflict => "Something else changes it at the same time. Plan again".to_owned(),
        Class::NotFound => "Something that it needs is gone. Plan again".to_owned(),
        Class::Invalid => "The request was refused as invalid. Correct it as the message says".to_owned(),
        Class::Cancelled => "Try again".to_owned(),
    }
}

fn with_request_id(detail: String, error: &PortError) -> String {
    match &error.request_id {
        Some(id) => format!("{detail} The request ID is {id}."),
        None => detail,
    }
}

fn list_held(held: &[(String, String)]) -> String {
    let texts: Vec<String> = held.iter().map(|(field, manager)| format!("{field} by {manager}")).collect();
    texts.join(", ")
}

/// The first failure in detail, the others in one line each: what a failed operation says.
pub fn one_problem(doing: &str, done: usize, of: usize, failures: &[Failure]) -> Option<Problem> {
    // A cancellation is what others tripped over only when nothing else went wrong.
    let (first, rest) = match failures.iter().position(|failure| *failure != Failure::Cancelled) {
        Some(at) => {
            (failures.get(at)?, failures.iter().enumerate().filter(|(i, _)| *i != at).map(|(_, f)| f).collect())
        }
        None => (failures.first()?, vec![]),
    };
    let mut problem = first.problem();
    let others: Vec<String> =
        rest.into_iter().filter(|failure| **failure != Failure::Cancelled).map(Failure::words).collect();
    problem.detail = format!("{} {doing}: {done} of {of} objects are done and kept.", problem.detail);
    if !others.is_empty() {
        problem.detail = format!("{} Also: {}.", problem.detail, others.join("; "));
    }
    Some(problem)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_call_says_what_to_allow() {
        let denied = |message: &str| PortError::new(Class::Denied, "eks:DescribeCluster", message);
        let arn = "arn:aws:eks:eu-west-1:111122223333:cluster/demo";
        let refusal =
            format!("User: u is not authorized to perform: eks:DescribeCluster on resource: {arn} because of x");
        let prints = "`goldenpath permissions` prints all that it needs.";
        for (error, step, expected, reason) in [
            (
                denied(&refusal),
                "; allow the caller eks:DescribeCluster",
                format!("{prints} Allow the caller eks:DescribeCluster on {arn}, then try again."),
                "AWS names it",
            ),
            (
                denied("no"),
                "; allow the caller eks:DescribeCluster",
                format!("{prints} Allow the caller eks:DescribeCluster, then try again."),
                "nobody names it",
            ),
            (
                PortError::new(Class::NotFound, "eks:DescribeCluster", "No cluster found for name: demo."),
                "for name: demo; plan again",
                "Something that it needs is gone. Plan again.".to_owned(),
                "AWS ends its own words with a full stop",
            ),
            (
                PortError { next: Some("Sign in again".to_owned()), ..denied("no credentials:\n  expired") },
                "; sign in again",
                "Sign in again.".to_owned(),
                "there is no caller",
            ),
        ] {
            let problem = Failure::call("read the facts of", "cluster demo", error).problem();
            assert_eq!(problem.detail, expected, "{reason}");
            assert!(!problem.summary.contains('\n'), "{reason}: {}", problem.summary);
            assert!(problem.summary.ends_with(step), "{reason}: {}", problem.summary);
        }
    }
}
