//! Everything that is wrong with a configuration, each fault at its own place: a user who must fix three things learns of
//! three things.

use super::{Attribute, Kind, Nesting, Object, Rule, Schema, objects};
use crate::{
    diagnostic::Diagnostic,
    path::{Path, Step},
    value::{Fault, Value, set},
};

/// `tree` is the configuration with its defaults ([`super::with_defaults`]). Unknown parts are undecided.
pub fn validate(schema: &Schema, tree: &Value) -> Vec<Diagnostic> {
    let mut pass = Pass { schema, found: vec![] };
    pass.object(&schema.attributes, &schema.rules, tree, &Path::root());
    pass.found
}

struct Pass<'s> {
    schema: &'s Schema,
    found: Vec<Diagnostic>,
}

impl Pass<'_> {
    /// Whether nothing was wrong.
    fn object(&mut self, attributes: &[Attribute], rules: &[Rule], tree: &Value, at: &Path) -> bool {
        let Value::Map(_) = tree else { return true };
        let before = self.found.len();
        for attribute in attributes {
            let here = at.clone().then(Step::Attribute(attribute.name.to_owned()));
            self.attribute(attribute, tree.child(attribute.name), &here);
        }
        // A rule over the whole would only say again what is already wrong with a part.
        if self.found.len() == before {
            for rule in rules {
                if let Err(fault) = rule.run(tree) {
                    self.report(fault, at, None);
                }
            }
        }
        self.found.len() == before
    }

    fn attribute(&mut self, attribute: &Attribute, value: &Value, here: &Path) {
        if value.is_null() {
            if attribute.is_required() {
                self.report(Fault::new("a value is required"), here, Some(attribute));
            }
            return;
        }
        if value.is_unknown() {
            return;
        }
        let sound = match &attribute.kind {
            Kind::Plain(_) => true,
            Kind::Nested(nesting, object) => self.nested(*nesting, object, value, here),
        };
        if sound {
            for check in &attribute.checks {
                if let Err(fault) = check.run(value) {
                    self.report(fault, here, Some(attribute));
                }
            }
        }
    }

    fn nested(&mut self, nesting: Nesting, object: &Object, value: &Value, here: &Path) -> bool {
        let mut sound = true;
        for (step, element) in objects(nesting, value) {
            let at = here.clone().then_maybe(step);
            sound &= self.object(&object.attributes, &object.rules, element, &at);
        }
        if let (Nesting::Set, Value::Set(elements)) = (nesting, value) {
            // Equal only now that defaults are filled in: as a set they would become one, and core refuses a plan with
            // fewer elements than were configured.
            if !set::duplicates(elements).is_empty() {
                let text = "two elements are equal once their defaults are filled in; remove one of them";
                self.report(Fault::new(text), here, None);
                sound = false;
            }
        }
        sound
    }

    fn report(&mut self, fault: Fault, at: &Path, attribute: Option<&Attribute>) {
        let Fault { path, unknown, text } = fault;
        if unknown {
            return;
        }
        let place = path.steps().iter().fold(at.clone(), |at, step| at.then(step.clone()));
        let place = self.schema.resolve_path(&place);
        let secret = self.schema.is_sensitive(&place) || attribute.is_some_and(|attribute| attribute.sensitive);
        let text = if secret { "the value is not valid (it is sensitive, so it is not shown)" } else { &text };
        let summary = if place.is_root() { text.to_owned() } else { format!("{place}: {text}") };
        let detail = attribute.map(|attribute| attribute.description.as_str()).unwrap_or_default();
        self.found.push(Diagnostic::error(summary, detail).at(place));
    }
}

impl Schema {
    /// Whether the attribute at this path, or one that it is inside, is sensitive.
    pub fn is_sensitive(&self, path: &Path) -> bool {
        let mut attributes = &self.attributes;
        for step in path.steps() {
            let Step::Attribute(name) = step else { continue };
            let Some(attribute) = attributes.iter().find(|attribute| attribute.name == name) else {
                return false;
            };
            if attribute.sensitive || attribute.write_only {
                return true;
            }
            match &attribute.kind {
                Kind::Plain(_) => return false,
                Kind::Nested(_, object) => attributes = &object.attributes,
            }
        }
        false
    }
}
