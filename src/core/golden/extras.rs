//! What a path's document makes and changes besides the built-in part: its manifests, filled in for one request, and its changes of
//! built-in objects. Everything that can go wrong goes wrong here, before anything is rendered, but for changes of objects: those are
//! judged where there is such an object.

mod context;

pub use context::{Asked, Surroundings};

use super::{
    catalogue::{Each, Manifest, Tuning},
    objects::{document::document, mark::Mark},
};
use crate::{
    domain::{Body, Desired, ObjectKey, Problem, Problems, covers, merge_patch},
    kinds::in_words,
};
use context::Variants;
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// For one request.
#[derive(Clone, Debug, Default)]
pub struct Extras {
    made: Vec<Desired>,
    changes: Vec<Change>,
}

/// Of the built-in objects of one kind and name in one namespace.
#[derive(Clone, Debug)]
struct Change {
    namespace: String,
    kind: String,
    name: String,
    to: ChangeTo,
}

#[derive(Clone, Debug)]
enum ChangeTo {
    Off,
    Patched(Value),
    /// What is written over it waits for another resource of the run.
    Later,
    /// What is written over it can't be filled in, which is wrong only where there is such an object: a slot has less in its request than
    /// an environment, and fewer objects.
    Unfilled(Problem),
}

pub fn resolve(asked: &Asked<'_>, mark: &Mark) -> Result<Extras, Problems> {
    let path = &asked.terms.path;
    let mut problems = Problems::default();
    let (mut extras, mut known) = (Extras::default(), vec![]);
    if path.manifests.is_empty() && path.objects.is_empty() {
        return Ok(extras);
    }
    let variants = Variants::of(asked);
    for manifest in path.manifests.iter().filter(|manifest| manifest.is_in(asked.tier)) {
        let surroundings: Vec<Surroundings<'_>> = match (manifest.each, asked.is_slot) {
            (Each::Namespace, false) | (Each::Slot, true) => asked.namespaces.clone(),
            (Each::Environment, false) => vec![Surroundings::nowhere()],
            _ => vec![],
        };
        for place in &surroundings {
            match object(manifest, &variants, place, asked, mark, &known) {
                Ok(Some(desired)) => {
                    known.push((manifest.name.as_str(), desired.key.clone()));
                    extras.made.push(desired);
                }
                Ok(None) => {}
                Err(problem) => problems.extend([problem]),
            }
        }
    }
    for tuning in &path.objects {
        let Tuning { kind, name, tiers, enabled: _, set } = tuning;
        let is_of_others = !asked.is_slot && tuning.is_of_slots(&path.parameters);
        if is_of_others || tiers.as_ref().is_some_and(|tiers| !tiers.contains(asked.tier)) {
            continue;
        }
        for place in &asked.namespaces {
            let to = match set.as_ref().map(|set| variants.fill(place, |bindings| set.fill(bindings))) {
                None => ChangeTo::Off,
                Some(Ok(Some(patch))) => ChangeTo::Patched(patch),
                Some(Ok(None)) => ChangeTo::Later,
                Some(Err(unfilled)) => {
                    let what = format!("its change of {kind} {name}");
                    ChangeTo::Unfilled(fill_problem(asked, &what, &unfilled.to_string()))
                }
            };
            let (kind, name) = (kind.clone(), name.clone());
            extras.changes.push(Change { namespace: place.name.to_owned(), kind, name, to });
        }
    }
    problems.into_result(extras)
}

/// `None`: not where `when` says no.
fn object(
    manifest: &Manifest,
    variants: &Variants,
    place: &Surroundings<'_>,
    asked: &Asked<'_>,
    mark: &Mark,
    known: &[(&str, ObjectKey)],
) -> Result<Option<Desired>, Problem> {
    let what = format!("manifest {}", manifest.name);
    let unfilled = |error: &dyn ToString| fill_problem(asked, &what, &error.to_string());
    if let Some(when) = &manifest.when {
        let holds = variants.fill(place, |bindings| when.holds(bindings)).map_err(|error| unfilled(&error))?;
        if !holds.ok_or_else(|| decision_problem(asked, &what, "whether it is made"))? {
            return Ok(None);
        }
    }
    let text_at = |name: &str| -> Result<Option<String>, Problem> {
        let Some(part) = manifest.manifest.at(&["metadata", name]) else { return Ok(None) };
        let found = variants.fill(place, |bindings| part.fill(bindings)).map_err(|error| unfilled(&error))?;
        match found.ok_or_else(|| decision_problem(asked, &what, &format!("its {name}")))? {
            Value::String(text) if !text.is_empty() => Ok(Some(text)),
            other => Err(unfilled(&format!("metadata.{name} is {other}, and not a text"))),
        }
    };
    let name = text_at("name")?.unwrap_or_default();
    let written = manifest.manifest.original();
    let root = |name: &str| written.get(name).and_then(Value::as_str).unwrap_or_default();
    let (api, kind) = (root("apiVersion"), root("kind"));
    let namespace = match manifest.each {
        Each::Environment => text_at("namespace")?,
        Each::Namespace | Each::Slot => Some(place.name.to_owned()),
    };
    match &namespace {
        Some(namespace) if !asked.namespaces.iter().any(|own| own.name == namespace) => {
            return Err(unfilled(&format!("{namespace} is not a namespace of the environment")));
        }
        // Two environments of the path would own the same object.
        None if !name.starts_with(asked.environment) => {
            return Err(unfilled(&format!(
                "the name {name} of a cluster-wide object must begin with the environment's"
            )));
        }
        _ => {}
    }
    let filled = variants.fill(place, |bindings| manifest.manifest.fill(bindings)).map_err(|error| unfilled(&error))?;
    let body = filled.map(|filled| Body::Kube(with_mark(&filled, (api, kind), namespace.as_deref(), &name, mark)));
    let container = namespace.as_deref().map(ObjectKey::namespace_object);
    let is_own = asked.namespaces.iter().any(|own| Some(own.name) == namespace.as_deref() && own.is_own);
    let mut needs: Vec<ObjectKey> = container.iter().filter(|_| is_own).cloned().collect();
    needs.extend(
        known.iter().filter(|(name, _)| manifest.after.iter().any(|it| it == name)).map(|(_, key)| key.clone()),
    );
    let key = ObjectKey::kube(api, kind, namespace.as_deref(), &name);
    Ok(Some(Desired { needs, inside: container, ..Desired::new(key, body) }))
}

/// With our mark, which no document overrides.
fn with_mark(filled: &Value, (api, kind): (&str, &str), namespace: Option<&str>, name: &str, mark: &Mark) -> Value {
    let members = |pointer: &str| filled.pointer(pointer).and_then(Value::as_object).cloned().unwrap_or_default();
    let mut labels = members("/metadata/labels");
    labels.extend(mark.labels());
    let roots: Map<String, Value> = members("")
        .into_iter()
        .filter(|(root, _)| !["apiVersion", "kind", "metadata"].contains(&root.as_str()))
        .collect();
    let mut object = document(api, kind, namespace, name, labels, Value::Object(roots));
    let annotations = members("/metadata/annotations");
    if !annotations.is_empty() {
        object["metadata"]["annotations"] = Value::Object(annotations);
    }
    object
}

// === impl Extras ===

impl Extras {
    /// The objects of a request with what its path says besides.
    pub fn apply(&self, built_in: Vec<Desired>) -> Vec<Desired> {
        let mut objects: Vec<Desired> = built_in.into_iter().filter_map(|object| self.with_changes(object)).collect();
        objects.extend(self.made.iter().cloned());
        objects
    }

    /// Of the objects that were rendered, what can't be filled in.
    pub fn judge(&self, objects: &[Desired], problems: &mut Problems) {
        let is_built_in = |object: &&Desired| !self.made.iter().any(|made| made.key == object.key);
        for change in &self.changes {
            if let ChangeTo::Unfilled(problem) = &change.to
                && !problems.iter().any(|known| known == problem)
                && objects.iter().filter(is_built_in).any(|object| change.is_of(&object.key))
            {
                problems.extend([problem.clone()]);
            }
        }
    }

    fn with_changes(&self, mut object: Desired) -> Option<Desired> {
        let changes: Vec<&Change> = self.changes.iter().filter(|change| change.is_of(&object.key)).collect();
        for change in changes {
            match (&change.to, &mut object.body) {
                (ChangeTo::Off, _) => return None,
                (ChangeTo::Patched(patch), Some(Body::Kube(document))) => merge_patch(document, patch.clone()),
                (ChangeTo::Patched(_), _) => {}
                (ChangeTo::Later, body) => *body = None,
                // It is an error, and guardrails judge what there would be without it.
                (ChangeTo::Unfilled(_), _) => {}
            }
        }
        Some(object)
    }
}

// === impl Change ===

impl Change {
    fn is_of(&self, key: &ObjectKey) -> bool {
        let Self { namespace, kind, name, to: _ } = self;
        matches!(key, ObjectKey::Kube { kind: of, namespace: Some(place), name: found, .. }
            if place == namespace && of == kind && covers(name, found))
    }
}

/// A key that two objects have.
pub fn twice(objects: &[Desired]) -> Option<Problem> {
    let mut known: BTreeSet<&ObjectKey> = BTreeSet::new();
    let twice = objects.iter().map(|object| &object.key).find(|key| !known.insert(key))?;
    Some(
        Problem::error(
            "catalogue.manifest_twice",
            format!("The golden path makes {} twice: ask its owner to rename one", in_words(twice)),
            "A manifest has the name of another object. The owner of the golden path must give it a name of its own.",
        )
        .at(["golden_path"]),
    )
}

fn fill_problem(asked: &Asked<'_>, what: &str, reason: &str) -> Problem {
    let path = &asked.terms.path;
    Problem::error(
        "catalogue.manifest",
        format!("Golden path {} {} can't fill in {what}: ask its owner to correct it", path.name, path.version),
        format!("{reason}. Nothing was changed. The owner of the golden path must correct its document and publish a new version."),
    )
    .at(["golden_path"])
}

fn decision_problem(asked: &Asked<'_>, what: &str, which: &str) -> Problem {
    let path = &asked.terms.path;
    Problem::error(
        "catalogue.manifest_undecided",
        format!(
            "Golden path {} {} can't decide {which} of {what}: apply what it depends on first",
            path.name, path.version
        ),
        "It depends on a value of another resource of the same run that is not known yet. Write the value itself, or \
         apply the other resource first.",
    )
    .at(["golden_path"])
}

#[cfg(test)]
mod tests;
