//! Everything that is wrong with a configuration, each error at its own place: a user who must fix three things learns of
//! three things.

use super::{
    Attribute, AttributeType, Nesting, Object, Rule, Schema, nested::objects, trim::with_defaults, unset::unset,
};
use crate::{
    diagnostic::{Diagnostic, capitalize},
    path::{Path, Step},
    value::{ConvertError, Value, set},
};

const NULL_ELEMENT: &str = "an element is null; set it to a value, or leave it out";

/// The configuration as it was written: rules run over it with its defaults. Unknown parts are undecided.
pub fn validate(schema: &Schema, config: &Value) -> Vec<Diagnostic> {
    let mut pass = Pass { schema, found: unset(schema, config) };
    pass.object(&schema.attributes, &schema.rules, &with_defaults(schema, config), &Path::root());
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
                if let Err(error) = rule.run(tree) {
                    self.report(error, at, None);
                }
            }
        }
        self.found.len() == before
    }

    fn attribute(&mut self, attribute: &Attribute, value: &Value, here: &Path) {
        if value.is_null() {
            if attribute.is_required() {
                self.report(ConvertError::new("a value is required"), here, Some(attribute));
            }
            return;
        }
        if value.is_unknown() {
            return;
        }
        if let Some(instead) = attribute.refused {
            return self.report(ConvertError::new(format_args!("not accepted; {instead}")), here, Some(attribute));
        }
        let sound = match &attribute.kind {
            AttributeType::Plain(_) => self.no_nulls(attribute, value, here),
            AttributeType::Nested(nesting, object) => self.nested_objects(*nesting, object, value, here),
        };
        if sound {
            for check in &attribute.checks {
                if let Err(error) = check.run(value) {
                    self.report(error, here, Some(attribute));
                }
            }
        }
    }

    fn nested_objects(&mut self, nesting: Nesting, object: &Object, value: &Value, here: &Path) -> bool {
        let mut sound = true;
        for (at, element) in objects(nesting, value) {
            let at = here.clone().then_maybe(at.step());
            if element.is_null() {
                self.report(ConvertError::new(NULL_ELEMENT), &at, None);
                sound = false;
            }
            sound &= self.object(&object.attributes, &object.rules, element, &at);
        }
        if let (Nesting::Set, Value::Set(elements)) = (nesting, value) {
            // Equal only now that defaults are filled in: as a set they would become one, and core refuses a plan with
            // fewer elements than were configured.
            if !set::duplicates(elements).is_empty() {
                let text = "two elements are equal once their defaults are filled in";
                self.report(ConvertError::new(text), here, None);
                sound = false;
            }
        }
        sound
    }

    /// Core passes on `[null]` and `{ a = null }`, which no rule over the elements has words for.
    fn no_nulls(&mut self, attribute: &Attribute, value: &Value, here: &Path) -> bool {
        let before = self.found.len();
        let elements: Vec<(Step, &Value)> = match value {
            Value::List(elements) | Value::Set(elements) => (0..).map(Step::Index).zip(elements).collect(),
            Value::Map(entries) => entries.iter().map(|(key, value)| (Step::Key(key.clone()), value)).collect(),
            _ => vec![],
        };
        for (step, element) in elements {
            let at = here.clone().then(step);
            if element.is_null() {
                self.report(ConvertError::new(NULL_ELEMENT), &at, Some(attribute));
            } else {
                self.no_nulls(attribute, element, &at);
            }
        }
        self.found.len() == before
    }

    fn report(&mut self, error: ConvertError, at: &Path, attribute: Option<&Attribute>) {
        let ConvertError { path, unknown, text } = error;
        if unknown {
            return;
        }
        let place = path.steps().iter().fold(at.clone(), |at, step| at.then(step.clone()));
        let place = self.schema.resolve_path(&place);
        let secret = self.schema.is_sensitive(&place) || attribute.is_some_and(|attribute| attribute.sensitive);
        let text = if secret { "invalid value (not shown because it is sensitive)" } else { &text };
        let summary = if place.is_root() { capitalize(text) } else { format!("{place}: {text}") };
        let detail = attribute.map(|attribute| attribute.description.as_str()).unwrap_or_default();
        self.found.push(Diagnostic::error(summary, detail).at(place));
    }
}
