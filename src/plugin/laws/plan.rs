//! "Provider produced invalid plan".

use super::Breach;
use crate::{
    path::{Path, Step},
    schema::{Attribute, Kind, Nesting, Schema, write_only_set},
    value::{Value, codec::fits},
};

/// `config` is as core sent it, without defaults. `prior` is null for a create, `config` and `planned` for a destroy.
pub fn check_plan(
    schema: &Schema,
    prior: &Value,
    config: &Value,
    planned: &Value,
    requires_replace: &[Path],
) -> Vec<Breach> {
    if let Err(error) = fits(planned, &schema.ty()) {
        return vec![Breach::new(error.path, "planned_fits", error.text)];
    }
    if config.is_null() != planned.is_null() || planned.is_unknown() {
        let text = "an object is planned exactly when it is configured, and is never unknown as a whole";
        return vec![Breach::new(Path::root(), "planned_as_configured", text)];
    }
    let mut pass = Pass { found: vec![] };
    pass.object(&schema.attributes, prior, config, planned, &Path::root());
    for path in write_only_set(schema, planned) {
        pass.breach(&path, "write_only_is_null", "a write-only value must not be planned");
    }
    for path in requires_replace {
        if prior.at(path).is_none() && planned.at(path).is_none() {
            let text = "a replacement names a path that neither the prior nor the planned value has";
            pass.breach(path, "replaced_path_exists", text);
        }
    }
    pass.found
}

struct Pass {
    found: Vec<Breach>,
}

impl Pass {
    fn breach(&mut self, path: &Path, law: &'static str, text: &str) {
        self.found.push(Breach::new(path.clone(), law, text));
    }

    fn object(&mut self, attributes: &[Attribute], prior: &Value, config: &Value, planned: &Value, at: &Path) {
        for attribute in attributes {
            let here = at.clone().then(Step::Attribute(attribute.name.to_owned()));
            let [prior, config, planned] = [prior, config, planned].map(|tree| tree.child(attribute.name));
            self.attribute(attribute, prior, config, planned, &here);
        }
    }

    fn attribute(&mut self, attribute: &Attribute, prior: &Value, config: &Value, planned: &Value, here: &Path) {
        if attribute.write_only {
            return;
        }
        if planned == config || config.is_null() && attribute.is_computed() {
            return;
        }
        if config.is_null() {
            return self.breach(here, "absent_is_null", "what is not configured and can't be computed must be null");
        }
        if config.is_unknown() {
            // Core would let the prior value pass; the plan made again at apply could then not keep it.
            return self.breach(here, "unknown_stays", "a configured unknown must stay unknown in the plan");
        }
        if planned == prior && !prior.is_null() && config.is_wholly_known() {
            return;
        }
        match &attribute.kind {
            Kind::Plain(_) => {
                let text = "a configured value must be planned as it is, or as the prior value";
                self.breach(here, "configured_is_kept", text);
            }
            Kind::Nested(nesting, object) => self.nested(*nesting, &object.attributes, prior, config, planned, here),
        }
    }

    fn nested(
        &mut self,
        nesting: Nesting,
        attributes: &[Attribute],
        prior: &Value,
        config: &Value,
        planned: &Value,
        here: &Path,
    ) {
        let same_size = match (config, planned) {
            (Value::Map(a), Value::Map(b)) => nesting == Nesting::Single || a.keys().eq(b.keys()),
            (Value::List(a), Value::List(b)) | (Value::Set(a), Value::Set(b)) => a.len() == b.len(),
            _ => false,
        };
        if !same_size {
            let text = "a nested value must be planned with the elements that are configured";
            return self.breach(here, "elements_are_kept", text);
        }
        match (nesting, config, planned) {
            (Nesting::Single, ..) => self.object(attributes, prior, config, planned, here),
            (Nesting::List, Value::List(config), Value::List(planned)) => {
                for (at, (config, planned)) in config.iter().zip(planned).enumerate() {
                    let step = Step::Index(i64::try_from(at).unwrap_or(i64::MAX));
                    self.element(attributes, prior.element(at), config, planned, &here.clone().then(step));
                }
            }
            (Nesting::Map, Value::Map(config), Value::Map(planned)) => {
                for ((key, config), planned) in config.iter().zip(planned.values()) {
                    let at = here.clone().then(Step::Key(key.clone()));
                    self.element(attributes, prior.child(key), config, planned, &at);
                }
            }
            // Elements of sets can't be told apart while parts are computed: core too checks no more than their number.
            _ => {}
        }
    }

    fn element(&mut self, attributes: &[Attribute], prior: &Value, config: &Value, planned: &Value, at: &Path) {
        match (config, planned) {
            (Value::Map(_), Value::Map(_)) => self.object(attributes, prior, config, planned, at),
            _ if config == planned => {}
            _ => self.breach(at, "elements_are_kept", "an element must stay null or unknown as it is configured"),
        }
    }
}
