//! What the caller may ask. Access reviews and impersonation are no part of what `permissions` prints, so each may be missing. Pure.

use super::recorded::Recorded;
use crate::cli::doctor::reading::Reading;
use goldenpath_core::domain::{Permission, PersonaName, Who};

pub struct Caller {
    reviews: bool,
    as_who: Option<Who>,
    /// In each namespace, pods and services.
    creates: Vec<[bool; 2]>,
}

const REVIEWS: &str = "the caller may not create SubjectAccessReviews";

/// Of the caller itself, in the order in which [`Caller::of`] takes the results.
pub fn reviews(recorded: &Recorded) -> Vec<(Option<Who>, Permission)> {
    let permission =
        |verb: &str, group: &str, resource: &str, namespace: Option<&str>, name: Option<&str>| Permission {
            verb: verb.to_owned(),
            group: group.to_owned(),
            resource: resource.to_owned(),
            namespace: namespace.map(str::to_owned),
            name: name.map(str::to_owned),
        };
    let mut asked = vec![permission("create", "authorization.k8s.io", "subjectaccessreviews", None, None)];
    for space in &recorded.spaces {
        let create = |resource| permission("create", "", resource, Some(&space.namespace), None);
        asked.extend(["pods", "services"].map(create));
    }
    if let Some(Who { user, groups }) = tenant(recorded) {
        let impersonate = |resource, name: &str| permission("impersonate", "", resource, None, Some(name));
        asked.push(impersonate("users", user));
        asked.extend(groups.iter().map(|group| impersonate("groups", group)));
    }
    asked.into_iter().map(|permission| (None, permission)).collect()
}

/// Somebody who may create pods there.
fn tenant(recorded: &Recorded) -> Option<&Who> {
    let able = recorded.personas.iter().filter(|persona| persona.role != PersonaName::Viewer);
    able.flat_map(|persona| &persona.subjects).find(|subject| subject.is_group).map(|subject| &subject.who)
}

// === impl Caller ===

impl Caller {
    pub fn of(recorded: &Recorded, results: &[Reading<bool>]) -> Self {
        let mut results = results.iter().map(|result| *result == Ok(true));
        let reviews = results.next().unwrap_or(false);
        let mut next = || results.next().unwrap_or(false);
        let creates = recorded.spaces.iter().map(|_| [next(), next()]).collect();
        let mut impersonates = results.peekable();
        let may = impersonates.peek().is_some() && impersonates.all(|may| may);
        Self { reviews, as_who: tenant(recorded).filter(|_| may).cloned(), creates }
    }

    pub fn may_review(&self) -> Reading<()> {
        if self.reviews { Ok(()) } else { Err(REVIEWS.to_owned()) }
    }

    /// Whom dry runs are made as; `None`: as the caller.
    pub fn as_who(&self) -> Option<&Who> {
        self.as_who.as_ref()
    }

    /// In the namespace of this number.
    pub fn may_create(&self, space: usize, is_pod: bool) -> bool {
        let place = usize::from(!is_pod);
        self.as_who.is_some() || self.creates.get(space).is_some_and(|creates| creates[place])
    }
}

/// What lets it ask.
pub fn review_rule() -> String {
    "Bind the caller to a ClusterRole with the rule {\"apiGroups\": [\"authorization.k8s.io\"], \"resources\": \
     [\"subjectaccessreviews\"], \"verbs\": [\"create\"]}."
        .to_owned()
}
