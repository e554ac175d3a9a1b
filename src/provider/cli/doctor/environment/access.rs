//! Who may do what, by one access review for each subject of a persona, verb and namespace. Pure.

use super::{
    caller,
    recorded::{Recorded, Subject},
    rows::{self, Fulfilment, Said},
};
use crate::cli::doctor::{
    finding::{Finding, PromiseResult},
    reading::Reading,
};
use goldenpath_core::{
    domain::{Observed, Ownership, Permission, PersonaName, SYSTEM_NAMESPACE, Who},
    golden::promises::{ACCESS, AccessPromise, Scope},
};

pub struct AccessReview<'a> {
    row: &'static AccessPromise,
    persona: PersonaName,
    subject: &'a Subject,
    permission: Permission,
    is_promised: bool,
}

pub fn reviews<'a>(recorded: &'a Recorded, observed: &[Observed]) -> Vec<AccessReview<'a>> {
    let mut reviews = vec![];
    for row in ACCESS {
        for persona in &recorded.personas {
            for subject in &persona.subjects {
                for namespace in places(row, subject, recorded, observed) {
                    reviews.extend(row.permissions(&namespace).map(|permission| AccessReview {
                        row,
                        persona: persona.name,
                        subject,
                        permission,
                        is_promised: row.may(persona.role),
                    }));
                }
            }
        }
    }
    reviews
}

fn places(row: &AccessPromise, subject: &Subject, recorded: &Recorded, observed: &[Observed]) -> Vec<String> {
    match row.scope {
        Scope::Environment => recorded.spaces.iter().map(|space| space.namespace.clone()).collect(),
        Scope::Elsewhere => vec![elsewhere(subject, recorded, observed)],
        Scope::System | Scope::Cluster => vec![SYSTEM_NAMESPACE.to_owned()],
    }
}

/// A namespace of another environment that lets nobody of this name in; the records', where there is none.
fn elsewhere(subject: &Subject, recorded: &Recorded, observed: &[Observed]) -> String {
    let is_ours = |object: &&Observed| matches!(object.ownership, Ownership::Ours(_));
    let lets_in = |namespace: &str| {
        let prefix = format!("k8s/rbac.authorization.k8s.io/v1/RoleBinding/{namespace}/");
        let mut bindings = observed.iter().filter(is_ours).filter(|object| object.key.to_string().starts_with(&prefix));
        let name = subject.name.rsplit('/').next().unwrap_or_default();
        bindings.any(|binding| binding.fields.get("/subjects").is_some_and(|subjects| subjects.text.contains(name)))
    };
    let namespaces = observed.iter().filter(is_ours).filter_map(|object| object.key.as_namespace());
    let mut others = namespaces.filter(|name| recorded.spaces.iter().all(|space| space.namespace != **name));
    others.find(|namespace| !lets_in(namespace)).unwrap_or(SYSTEM_NAMESPACE).to_owned()
}

pub fn judge(recorded: &Recorded, reviews: &[AccessReview<'_>], results: &[Reading<bool>]) -> Vec<Finding> {
    let reviewed: Vec<(&AccessReview<'_>, &Reading<bool>)> = reviews.iter().zip(results).collect();
    let of = |row: &AccessPromise| {
        let said = recorded.personas.iter().filter_map(|persona| {
            let asked = reviewed.iter().filter(|(review, _)| review.row.name == row.name);
            judge_persona(persona.name, &asked.filter(|(review, _)| review.persona == persona.name).collect::<Vec<_>>())
        });
        rows::finding(row.name, row.benchmark, said.collect())
    };
    // Without people there is nothing to be said of them.
    ACCESS.iter().map(of).filter(|finding| !finding.results.is_empty()).collect()
}

/// What is not as promised outweighs what could not be asked.
fn judge_persona(persona: PersonaName, asked: &[&(&AccessReview<'_>, &Reading<bool>)]) -> Option<Said> {
    let (first, _) = asked.first()?;
    let is_promised = first.is_promised;
    let breached = asked.iter().find(|(_, result)| matches!(result, Ok(may) if *may != is_promised));
    let unknown = asked.iter().find_map(|(_, result)| result.as_ref().err());
    let (result, verdict) = match (breached, unknown) {
        (Some((review, _)), _) => (PromiseResult::of(!is_promised), breach(review)),
        (None, Some(why)) => (PromiseResult::NotAsked, Fulfilment::Warned(why.clone(), caller::review_rule())),
        (None, None) => (PromiseResult::of(is_promised), Fulfilment::AsPromised),
    };
    Some(Said { by: persona.to_string(), result, verdict })
}

fn breach(review: &AccessReview<'_>) -> Fulfilment {
    let AccessReview { subject, permission: Permission { verb, resource, namespace, .. }, is_promised, .. } = review;
    let place = namespace.as_ref().map_or("in the whole cluster".to_owned(), |namespace| format!("in {namespace}"));
    let (may, remedy) = if *is_promised {
        ("may not", "Plan the environment and its cluster's baseline, and apply what is missing.".to_owned())
    } else {
        let list = "kubectl get clusterrolebindings,rolebindings --all-namespaces --output wide";
        ("may", format!("Find the binding that names {} in `{list}`, and delete it.", subject.name))
    };
    Fulfilment::Breach(format!("{} {may} {verb} {resource} {place}", subject.name), remedy)
}

// === impl AccessReview ===

impl AccessReview<'_> {
    pub fn review(&self) -> (Option<Who>, Permission) {
        (Some(self.subject.who.clone()), self.permission.clone())
    }
}
