//! The laws of all other responses: what is in state, and what a promise of the plan binds.

use super::{Violation, refinement};
use crate::{
    path::{Path, Step},
    schema::{Schema, write_only_set},
    value::{
        Value,
        codec::fits,
        set::{by_open_places, mask},
    },
};
use std::collections::HashSet;

/// "Provider produced inconsistent result after apply". `planned` and `new` are null for a delete. Core makes no such
/// check on a response with errors.
pub fn check_apply(schema: &Schema, planned: &Value, new: &Value) -> Vec<Violation> {
    if planned.is_null() != new.is_null() {
        let text = "after a create or update there is an object, after a delete there is none";
        return vec![Violation::new(Path::root(), "present_as_planned", text)];
    }
    let mut found = check_state(schema, new);
    found.extend(compare(schema, planned, new, Unknowns::BecomeKnown));
    found
}

/// `new` is null when the object is gone.
pub fn check_read(schema: &Schema, new: &Value) -> Vec<Violation> {
    check_state(schema, new)
}

pub fn check_import(schema: &Schema, imported: &Value) -> Vec<Violation> {
    if imported.is_null() {
        return vec![Violation::new(Path::root(), "imported_exists", "an import gives an object")];
    }
    check_state(schema, imported)
}

/// "Provider produced inconsistent final plan": the plan made again at apply, when the configuration is known, keeps
/// every promise of the one that was approved. An unknown may become known or stay.
pub fn check_final_plan(schema: &Schema, first: &Value, last: &Value) -> Vec<Violation> {
    compare(schema, first, last, Unknowns::MayStay)
}

/// What holds for everything that goes into state.
fn check_state(schema: &Schema, state: &Value) -> Vec<Violation> {
    if let Err(error) = fits(state, &schema.ty()) {
        return vec![Violation::new(error.path, "state_fits", error.text)];
    }
    let unknown = state
        .unknown_paths()
        .into_iter()
        .map(|path| Violation::new(schema.resolve_path(&path), "state_is_known", "nothing in state may be unknown"));
    let secret = write_only_set(schema, state)
        .into_iter()
        .map(|path| Violation::new(path, "write_only_is_null", "a write-only value must not be in state"));
    unknown.chain(secret).collect()
}

fn compare(schema: &Schema, promised: &Value, actual: &Value, unknowns: Unknowns) -> Vec<Violation> {
    let mut pass = Pass { unknowns, found: vec![] };
    pass.value(promised, actual, &mut Path::root());
    pass.found
        .into_iter()
        .map(|violation| Violation { path: schema.resolve_path(&violation.path), ..violation })
        .collect()
}

#[derive(Clone, Copy, PartialEq)]
enum Unknowns {
    BecomeKnown,
    MayStay,
}

struct Pass {
    unknowns: Unknowns,
    found: Vec<Violation>,
}

impl Pass {
    fn report(&mut self, path: &Path, law: &'static str, text: impl Into<String>) {
        self.found.push(Violation::new(path.clone(), law, text));
    }

    fn value(&mut self, promised: &Value, actual: &Value, at: &mut Path) {
        match (promised, actual) {
            (Value::Unknown(promise), _) => {
                if let Some(text) = refinement::violation(promise, actual) {
                    self.report(at, "refinement_holds", format!("the plan promised more of this value: {text}"));
                }
            }
            (_, Value::Unknown(_)) => {
                // In state that violates a law of its own; a plan must not forget what it knew.
                if self.unknowns == Unknowns::MayStay {
                    self.report(at, "known_stays", "was known in the first plan and is unknown now");
                }
            }
            (Value::Map(promised), Value::Map(actual)) => {
                for (key, actual) in actual {
                    at.push(Step::Attribute(key.clone()));
                    match promised.get(key) {
                        Some(promised) => self.value(promised, actual, at),
                        None => self.report(at, "elements_are_kept", "appeared, and was not planned"),
                    }
                    at.pop();
                }
                for key in promised.keys().filter(|key| !actual.contains_key(*key)) {
                    at.push(Step::Attribute(key.clone()));
                    self.report(at, "elements_are_kept", "was planned and has vanished");
                    at.pop();
                }
            }
            (Value::List(promised), Value::List(actual)) if promised.len() == actual.len() => {
                for (index, (promised, actual)) in (0i64..).zip(promised.iter().zip(actual)) {
                    at.push(Step::Index(index));
                    self.value(promised, actual, at);
                    at.pop();
                }
            }
            (Value::List(promised), Value::List(actual)) => {
                let text = format!("{} elements were planned, there are {}", promised.len(), actual.len());
                self.report(at, "elements_are_kept", text);
            }
            (Value::Set(promised), Value::Set(actual)) => self.set(promised, actual, at),
            (Value::Dynamic(promised), Value::Dynamic(actual)) if promised.ty == actual.ty => {
                self.value(&promised.value, &actual.value, at);
            }
            (Value::Dynamic(promised), _) if promised.value.is_unknown() => {
                self.report(at, "type_is_kept", "the type of a dynamic value was planned and is another one now");
            }
            _ if promised == actual => {}
            (Value::Null, _) => self.report(at, "null_stays", "was null, but is a value now"),
            (_, Value::Null) => self.report(at, "known_stays", "was planned as a value, but is null now"),
            _ => self.report(at, "known_stays", "is not what was planned"),
        }
    }

    /// Every planned element has one in the result that it may have become. A set may shrink, when unknown elements
    /// turn out equal, and never grows.
    fn set(&mut self, promised: &[Value], actual: &[Value], at: &Path) {
        if actual.len() > promised.len() {
            let text = format!("{} elements were planned, there are {}", promised.len(), actual.len());
            self.report(at, "set_never_grows", text);
        }
        for (places, promised) in by_open_places(promised) {
            let present: HashSet<Value> = actual.iter().map(|element| mask(element, &places)).collect();
            if promised.iter().any(|element| !present.contains(&mask(element, &places))) {
                self.report(at, "set_keeps_elements", "an element of the set was planned and has vanished");
            }
        }
    }
}
