//! "Provider produced invalid plan".

use super::Violation;
use crate::{
    path::{Path, Step},
    schema::{Attribute, AttributeType, Nesting, Schema, objects, write_only_set},
    value::{NULL, Value, codec::fits},
};

/// `config` is as core sent it, without defaults. `prior` is null for a create, `config` and `planned` for a destroy.
pub fn check_plan(
    schema: &Schema,
    prior: &Value,
    config: &Value,
    planned: &Value,
    requires_replace: &[Path],
) -> Vec<Violation> {
    if let Err(error) = fits(planned, &schema.ty()) {
        return vec![Violation::new(error.path, "planned_fits", error.text)];
    }
    if config.is_null() != planned.is_null() || planned.is_unknown() {
        let text = "an object is planned exactly when it is configured, and is never unknown as a whole";
        return vec![Violation::new(Path::root(), "planned_as_configured", text)];
    }
    let mut pass = Pass { found: vec![] };
    pass.object(&schema.attributes, prior, config, planned, &Path::root());
    for path in write_only_set(schema, planned) {
        pass.report(&path, "write_only_is_null", "a write-only value must not be planned");
    }
    for path in requires_replace {
        if prior.at(path).is_none() && planned.at(path).is_none() {
            let text = "a replacement names a path that neither the prior nor the planned value has";
            pass.report(path, "replaced_path_exists", text);
        }
    }
    pass.found
}

struct Pass {
    found: Vec<Violation>,
}

impl Pass {
    fn report(&mut self, path: &Path, law: &'static str, text: &str) {
        self.found.push(Violation::new(path.clone(), law, text));
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
            return self.report(here, "absent_is_null", "what is not configured and can't be computed must be null");
        }
        if config.is_unknown() {
            // Core would let the prior value pass; the plan made again at apply could then not keep it.
            return self.report(here, "unknown_stays", "a configured unknown must stay unknown in the plan");
        }
        if planned == prior && !prior.is_null() && config.is_wholly_known() {
            return;
        }
        match &attribute.kind {
            AttributeType::Plain(_) => {
                let text = "a configured value must be planned as it is, or as the prior value";
                self.report(here, "configured_is_kept", text);
            }
            AttributeType::Nested(nesting, object) => {
                self.nested_objects(*nesting, &object.attributes, prior, config, planned, here)
            }
        }
    }

    fn nested_objects(
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
            return self.report(here, "elements_are_kept", text);
        }
        // Elements of sets can't be distinguished while parts are computed: core too checks no more than their number.
        if nesting == Nesting::Set {
            return;
        }
        for (place, config) in objects(nesting, config) {
            let [prior, planned] = [prior, planned].map(|tree| place.partner(tree, &[]).unwrap_or(&NULL));
            self.element(attributes, prior, config, planned, &here.clone().then_maybe(place.step()));
        }
    }

    fn element(&mut self, attributes: &[Attribute], prior: &Value, config: &Value, planned: &Value, at: &Path) {
        match (config, planned) {
            (Value::Map(_), Value::Map(_)) => self.object(attributes, prior, config, planned, at),
            _ if config == planned => {}
            _ => self.report(at, "elements_are_kept", "an element must stay null or unknown as it is configured"),
        }
    }
}
