//! Objects that are written and hold nothing.
//!
//! Core drops the names that a nested object does not declare. Where all names are misspelt, an object of nulls is left: the one
//! trace of them that reaches a provider. Elements of lists and maps are left out: `namespaces = { default = {} }` says enough.

use super::{Attribute, AttributeType, Mode, Nesting, Schema, nested::objects};
use crate::{
    diagnostic::Diagnostic,
    path::{Path, Step},
    value::Value,
};

/// `config` is without defaults, which would fill the object.
pub(super) fn unset(schema: &Schema, config: &Value) -> Vec<Diagnostic> {
    let mut found = vec![];
    walk(&schema.attributes, config, &Path::root(), &mut found);
    found
}

fn walk(attributes: &[Attribute], tree: &Value, at: &Path, found: &mut Vec<Diagnostic>) {
    for attribute in attributes {
        let AttributeType::Nested(nesting, object) = &attribute.kind else { continue };
        let here = at.clone().then(Step::Attribute(attribute.name.to_owned()));
        for (at, element) in objects(*nesting, tree.child(attribute.name)) {
            let is_empty = object.attributes.iter().all(|inner| element.child(inner.name).is_null());
            // Core itself asks for what is required.
            let is_asked_for = object.attributes.iter().any(Attribute::is_required);
            if *nesting == Nesting::Single && is_empty && !is_asked_for && !attribute.may_be_empty {
                found.push(nothing_set(&here, &object.attributes));
            }
            walk(&object.attributes, element, &here.clone().then_maybe(at.step()), found);
        }
    }
}

fn nothing_set(here: &Path, attributes: &[Attribute]) -> Diagnostic {
    let is_offered = |attribute: &&Attribute| attribute.mode != Mode::Computed && attribute.refused.is_none();
    let names: Vec<&str> = attributes.iter().filter(is_offered).map(|attribute| attribute.name).collect();
    let detail = format!(
        "Names that are not known inside of an object are dropped before the provider sees them. Known here: {}. Set one of them, \
         or leave the object out.",
        names.join(", ")
    );
    Diagnostic::error(format!("{here}: nothing is set in this object; set an attribute, or leave it out"), detail)
        .at(here.clone())
}
