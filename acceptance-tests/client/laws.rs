//! What core demands of the responses to Plan and Apply, written a second time and from the client's side: the provider's own
//! check of itself can't be the only witness. Rule: terraform-protocol, "Plan" and "Apply".

use super::schema::{Attribute, Nesting, Schema};
use anyhow::{Result, bail, ensure};
use plugin::{Path, Step, Value, value::codec};
use std::collections::BTreeMap;

/// "Provider produced invalid plan", unless this passes.
pub fn plan_is_valid(schema: &Schema, prior: &Value, config: &Value, planned: &Value) -> Result<()> {
    codec::fits(planned, &schema.ty)?;
    ensure!(config.is_null() == planned.is_null(), "invalid plan: the object is null in one of configuration and plan");
    object(&schema.attributes, prior, config, planned, &Path::root())
}

fn object(
    attributes: &BTreeMap<String, Attribute>,
    prior: &Value,
    config: &Value,
    planned: &Value,
    at: &Path,
) -> Result<()> {
    for (name, attribute) in attributes {
        let at = at.clone().then(Step::Attribute(name.clone()));
        let (prior, config, planned) = (prior.child(name), config.child(name), planned.child(name));
        let as_configured = planned == config;
        let as_before = planned == prior && !prior.is_null() && !config.is_null();
        let ours = config.is_null() && attribute.computed;
        match &attribute.nested {
            _ if as_configured || as_before || ours => {}
            Some((nesting, inner)) if !config.is_null() && !config.is_unknown() && !planned.is_null() => {
                elements(*nesting, inner, prior, config, planned, &at)?;
            }
            _ => bail!("invalid plan: {at} is {planned:?}, configured is {config:?}"),
        }
    }
    Ok(())
}

fn elements(
    nesting: Nesting,
    inner: &BTreeMap<String, Attribute>,
    prior: &Value,
    config: &Value,
    planned: &Value,
    at: &Path,
) -> Result<()> {
    match (nesting, config, planned) {
        (Nesting::Single, _, _) => object(inner, prior, config, planned, at),
        (Nesting::List, Value::List(wanted), Value::List(got)) if wanted.len() == got.len() => {
            for (index, (wanted, got)) in wanted.iter().zip(got).enumerate() {
                let at = at.clone().then(Step::Index(i64::try_from(index)?));
                object(inner, prior.element(index), wanted, got, &at)?;
            }
            Ok(())
        }
        (Nesting::Map, Value::Map(wanted), Value::Map(got)) if wanted.keys().eq(got.keys()) => {
            for (key, wanted) in wanted {
                let at = at.clone().then(Step::Key(key.clone()));
                object(inner, prior.child(key), wanted, got.get(key).unwrap_or(&Value::Null), &at)?;
            }
            Ok(())
        }
        // Core checks sets loosely too.
        (Nesting::Set, Value::Set(wanted), Value::Set(got)) if wanted.len() == got.len() => Ok(()),
        _ => bail!("invalid plan: {at} has other elements than the configuration"),
    }
}

/// "Provider produced inconsistent result after apply" or "inconsistent final plan", unless this passes: what was known
/// stays, what was unknown may be anything of its type.
pub fn promise_is_kept(promised: &Value, given: &Value) -> Result<()> {
    check(promised, given, &Path::root())
}

fn check(promised: &Value, given: &Value, at: &Path) -> Result<()> {
    match (promised.inner(), given.inner()) {
        (Value::Unknown(_), _) => Ok(()),
        (Value::Map(promised), Value::Map(given)) => {
            ensure!(promised.keys().eq(given.keys()), "{at}: keys are {:?}, not {:?}", given.keys(), promised.keys());
            promised.iter().try_for_each(|(key, promised)| {
                check(promised, given.get(key).unwrap_or(&Value::Null), &at.clone().then(Step::Attribute(key.clone())))
            })
        }
        (Value::List(promised), Value::List(given)) => {
            ensure!(promised.len() == given.len(), "{at}: {} elements, not {}", given.len(), promised.len());
            promised.iter().zip(given).try_for_each(|(promised, given)| check(promised, given, at))
        }
        (Value::Set(promised), Value::Set(given)) => {
            ensure!(given.len() <= promised.len(), "{at}: the set has grown");
            let known = promised.iter().filter(|element| element.is_wholly_known());
            known.into_iter().try_for_each(|element| {
                ensure!(given.contains(element), "{at}: {element:?} is no longer in the set");
                Ok(())
            })
        }
        (promised, given) => {
            ensure!(promised == given, "{at}: was {promised:?}, but now {given:?}");
            Ok(())
        }
    }
}

/// Nothing unknown may reach a state.
pub fn state_is_known(value: &Value, schema: &Schema) -> Result<()> {
    codec::fits(value, &schema.ty)?;
    match value.unknown_paths().first() {
        None => Ok(()),
        Some(path) => bail!("{path} is unknown in a new state"),
    }
}
