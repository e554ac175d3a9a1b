//! What core demands of a schema when it loads one, and what our own passes demand besides.

use super::Violation;
use crate::{
    path::{Path, Step},
    schema::{Attribute, AttributeType, Mode, Nesting, Object, Replace, Schema},
    value::{Type, Value, codec::fits},
};
use std::collections::BTreeSet;

/// Names that have a meaning of their own in every resource block.
pub const RESOURCE_NAMES: [&str; 7] =
    ["connection", "count", "depends_on", "for_each", "lifecycle", "provider", "provisioner"];
pub const PROVIDER_NAMES: [&str; 2] = ["alias", "version"];

/// For resources and data sources.
pub fn check_schema(schema: &Schema) -> Vec<Violation> {
    check(schema, &RESOURCE_NAMES)
}

pub fn check_provider_schema(schema: &Schema) -> Vec<Violation> {
    check(schema, &PROVIDER_NAMES)
}

fn check(schema: &Schema, reserved: &[&str]) -> Vec<Violation> {
    let mut pass = Pass { found: vec![] };
    if schema.version < 0 {
        pass.report(&Path::root(), "version_not_negative", "a schema's version must not be negative");
    }
    for attribute in schema.attributes.iter().filter(|attribute| reserved.contains(&attribute.name)) {
        let path = Path::attribute(attribute.name);
        pass.report(&path, "name_not_reserved", "the name has a meaning of its own in every block");
    }
    pass.attributes(&schema.attributes, &Path::root(), SchemaContext { in_set: false, computed: false });
    pass.found
}

#[derive(Clone, Copy)]
struct SchemaContext {
    in_set: bool,
    /// Inside an object that is ours as a whole.
    computed: bool,
}

struct Pass {
    found: Vec<Violation>,
}

impl Pass {
    fn report(&mut self, path: &Path, law: &'static str, text: &str) {
        self.found.push(Violation::new(path.clone(), law, text));
    }

    fn attributes(&mut self, attributes: &[Attribute], at: &Path, context: SchemaContext) {
        let mut names = BTreeSet::new();
        for attribute in attributes {
            let here = at.clone().then(Step::Attribute(attribute.name.to_owned()));
            if !names.insert(attribute.name) {
                self.report(&here, "name_once", "two attributes have this name");
            }
            // A refused word is spelt as people write it.
            if attribute.refused.is_none() && !is_name(attribute.name) {
                self.report(&here, "name_form", "a name is lower-case letters, digits and _, and begins with no digit");
            }
            self.attribute(attribute, &here, context);
        }
    }

    fn attribute(&mut self, attribute: &Attribute, here: &Path, context: SchemaContext) {
        let Attribute { kind, mode, default, replace, equal, write_only, .. } = attribute;
        if let Some(default) = default {
            if *mode != Mode::Optional {
                self.report(here, "default_is_optional", "only what is optional and not computed has a default");
            }
            if !default_fits(default, kind) {
                self.report(here, "default_fits", "the default is not of the attribute's type, or is null or unknown");
            }
        }
        if *write_only && (attribute.is_computed() || context.in_set) {
            let text = "a write-only attribute is never computed, has no default, and is not inside a set";
            self.report(here, "write_only_place", text);
        }
        if context.in_set && !matches!(replace, Replace::Never) {
            self.report(here, "replaces_has_a_path", "no path leads into a set; let the set itself replace");
        }
        if context.computed && *mode != Mode::Computed {
            self.report(here, "inside_computed", "what is inside a computed object can't be configured");
        }
        match kind {
            AttributeType::Plain(ty) => {
                if has_dynamic_set(ty, context.in_set) {
                    self.report(here, "no_dynamic_in_sets", "elements of a set have one type, never `dynamic`");
                }
            }
            AttributeType::Nested(nesting, object) => {
                if equal.is_some() {
                    self.report(here, "equality_of_leaves", "a nested object is compared by its attributes");
                }
                self.nested_objects(
                    *nesting,
                    object,
                    here,
                    SchemaContext {
                        in_set: context.in_set || *nesting == Nesting::Set,
                        computed: context.computed || *mode == Mode::Computed,
                    },
                );
            }
        }
    }

    fn nested_objects(&mut self, nesting: Nesting, object: &Object, here: &Path, context: SchemaContext) {
        if object.attributes.is_empty() {
            self.report(here, "nested_not_empty", "a nested object needs attributes");
        }
        let here = match nesting {
            Nesting::Single | Nesting::Set => here.clone(),
            Nesting::List => here.clone().then(Step::Index(0)),
            Nesting::Map => here.clone().then(Step::Key("*".to_owned())),
        };
        self.attributes(&object.attributes, &here, context);
    }
}

/// A nested default may leave attributes out: they have defaults of their own or are null.
fn default_fits(default: &Value, kind: &AttributeType) -> bool {
    let whole = match kind {
        AttributeType::Plain(_) => default.clone(),
        AttributeType::Nested(..) => match crate::value::codec::conform(default.clone(), &kind.ty()) {
            Ok(whole) => whole,
            Err(_) => return false,
        },
    };
    !default.is_null() && default.is_wholly_known() && fits(&whole, &kind.ty()).is_ok()
}

fn is_name(name: &str) -> bool {
    let ok = |byte: u8| byte == b'_' || byte.is_ascii_lowercase() || byte.is_ascii_digit();
    name.bytes().all(ok) && name.bytes().next().is_some_and(|first| !first.is_ascii_digit())
}

fn has_dynamic_set(ty: &Type, in_set: bool) -> bool {
    match ty {
        Type::Dynamic => in_set,
        Type::Bool | Type::Number | Type::String => false,
        Type::Set(element) => has_dynamic_set(element, true),
        Type::List(element) | Type::Map(element) => has_dynamic_set(element, in_set),
        Type::Tuple(elements) => elements.iter().any(|ty| has_dynamic_set(ty, in_set)),
        Type::Object(attributes) => attributes.values().any(|ty| has_dynamic_set(ty, in_set)),
    }
}
