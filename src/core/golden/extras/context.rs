//! What a path's expressions see of a request. A value that another resource still owes is stood in for by two others: what comes out
//! the same does not depend on it.

use crate::{
    domain::{StableFacts, TierName, WrittenParameters},
    golden::catalogue::{NAMES, Terms, Unfilled},
    policy::cel::Bindings,
};
use serde_json::{Value, json};

/// A request, as far as its path's document is concerned.
pub struct Asked<'a> {
    pub terms: &'a Terms,
    pub tier: &'a TierName,
    pub facts: &'a StableFacts,
    /// As a user wrote it.
    pub spec: Value,
    /// With their defaults; those of its environment are a slot's, too.
    pub parameters: &'a WrittenParameters,
    /// Its name.
    pub environment: &'a str,
    pub team: &'a str,
    /// The environment's own, or the one that the slot lives in.
    pub namespaces: Vec<Surroundings<'a>>,
    pub is_slot: bool,
}

/// The namespace for which something is filled in.
#[derive(Clone, Copy)]
pub struct Surroundings<'a> {
    pub name: &'a str,
    /// It is made by the same request.
    pub is_own: bool,
}

/// The contexts that the request may turn out to have: one, or two where something is not known.
pub(super) struct Variants(Vec<Context>);

struct Context {
    spec: Value,
    facts: Value,
    parameters: Value,
    tier: Value,
    environment: Value,
}

// === impl Surroundings ===

impl Surroundings<'_> {
    /// Of what says itself where it is.
    pub fn nowhere() -> Self {
        Self { name: "", is_own: false }
    }
}

// === impl Variants ===

impl Variants {
    pub(super) fn of(asked: &Asked<'_>) -> Self {
        let parameters = serde_json::to_value(asked.parameters).unwrap_or_default();
        let facts = serde_json::to_value(asked.facts).unwrap_or_default();
        let tier = json!({ "name": asked.tier, "class": asked.terms.tier.class });
        let environment = json!({ "name": asked.environment, "team": asked.team });
        let is_known = ![&asked.spec, &parameters].into_iter().any(has_later);
        let contexts = [0, 1].iter().take(if is_known { 1 } else { 2 }).map(|variant| Context {
            spec: with_stand_ins(&asked.spec, *variant),
            facts: facts.clone(),
            parameters: with_stand_ins(&parameters, *variant),
            tier: tier.clone(),
            environment: environment.clone(),
        });
        Self(contexts.collect())
    }

    /// `None`: it depends on what is not known.
    pub(super) fn fill<T: PartialEq>(
        &self,
        place: &Surroundings<'_>,
        fill: impl Fn(&Bindings<'_>) -> Result<T, Unfilled>,
    ) -> Result<Option<T>, Unfilled> {
        let namespace = Value::from(place.name);
        let mut found = self.0.iter().map(|context| {
            let Context { spec, facts, parameters, tier, environment } = context;
            let values = [spec, facts, parameters, tier, environment, &namespace];
            let bindings =
                NAMES.iter().zip(values).fold(Bindings::default(), |bound, (name, value)| bound.with(name, value));
            fill(&bindings)
        });
        match (found.next(), found.next()) {
            (Some(only), None) => only.map(Some),
            (Some(Ok(one)), Some(Ok(other))) if one == other => Ok(Some(one)),
            _ => Ok(None),
        }
    }
}

/// How serde writes what is not known yet.
fn is_later(value: &Value) -> bool {
    value.as_object().is_some_and(|members| members.len() == 1 && members.contains_key("$late"))
}

fn has_later(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.iter().any(has_later),
        Value::Object(members) => is_later(value) || members.values().any(has_later),
        _ => false,
    }
}

fn with_stand_ins(value: &Value, variant: usize) -> Value {
    match value {
        value if is_later(value) => json!(["stand-in-a", "stand-in-b"][variant % 2]),
        Value::Array(items) => items.iter().map(|item| with_stand_ins(item, variant)).collect(),
        Value::Object(members) => {
            members.iter().map(|(name, value)| (name.clone(), with_stand_ins(value, variant))).collect()
        }
        value => value.clone(),
    }
}
