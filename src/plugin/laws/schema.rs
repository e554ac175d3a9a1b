//! What core demands of a schema when it loads one, and what our own passes demand besides.

use super::Breach;
use crate::{
    path::{Path, Step},
    schema::{Attribute, Kind, Mode, Nesting, Object, Replace, Schema},
    value::{Type, Value, codec::fits},
};
use std::collections::BTreeSet;

/// Names that have a meaning of their own in every resource block.
const RESOURCE_NAMES: [&str; 7] =
    ["connection", "count", "depends_on", "for_each", "lifecycle", "provider", "provisioner"];
const PROVIDER_NAMES: [&str; 2] = ["alias", "version"];

/// For resources and data sources.
pub fn check_schema(schema: &Schema) -> Vec<Breach> {
    check(schema, &RESOURCE_NAMES)
}

pub fn check_provider_schema(schema: &Schema) -> Vec<Breach> {
    check(schema, &PROVIDER_NAMES)
}

fn check(schema: &Schema, reserved: &[&str]) -> Vec<Breach> {
    let mut pass = Pass { found: vec![] };
    if schema.version < 0 {
        pass.breach(&Path::root(), "version_not_negative", "a schema's version must not be negative");
    }
    for attribute in schema.attributes.iter().filter(|attribute| reserved.contains(&attribute.name)) {
        let path = Path::attribute(attribute.name);
        pass.breach(&path, "name_not_reserved", "the name has a meaning of its own in every block");
    }
    pass.attributes(&schema.attributes, &Path::root(), Place { in_set: false, computed: false });
    pass.found
}

#[derive(Clone, Copy)]
struct Place {
    in_set: bool,
    /// Inside an object that is ours as a whole.
    computed: bool,
}

struct Pass {
    found: Vec<Breach>,
}

impl Pass {
    fn breach(&mut self, path: &Path, law: &'static str, text: &str) {
        self.found.push(Breach::new(path.clone(), law, text));
    }

    fn attributes(&mut self, attributes: &[Attribute], at: &Path, place: Place) {
        let mut names = BTreeSet::new();
        for attribute in attributes {
            let here = at.clone().then(Step::Attribute(attribute.name.to_owned()));
            if !names.insert(attribute.name) {
                self.breach(&here, "name_once", "two attributes have this name");
            }
            if !is_name(attribute.name) {
                self.breach(&here, "name_form", "a name is lower-case letters, digits and _, and begins with no digit");
            }
            self.attribute(attribute, &here, place);
        }
    }

    fn attribute(&mut self, attribute: &Attribute, here: &Path, place: Place) {
        let Attribute { kind, mode, default, replace, equal, write_only, .. } = attribute;
        if let Some(default) = default {
            if *mode != Mode::Optional {
                self.breach(here, "default_is_optional", "only what is optional and not computed has a default");
            }
            if !default_fits(default, kind) {
                self.breach(here, "default_fits", "the default is not of the attribute's type, or is null or unknown");
            }
        }
        if *write_only && (attribute.is_computed() || place.in_set) {
            let text = "a write-only attribute is never computed, has no default, and is not inside a set";
            self.breach(here, "write_only_place", text);
        }
        if place.in_set && !matches!(replace, Replace::Never) {
            self.breach(here, "replaces_has_a_path", "no path leads into a set; let the set itself replace");
        }
        if place.computed && *mode != Mode::Computed {
            self.breach(here, "inside_computed", "what is inside a computed object can't be configured");
        }
        match kind {
            Kind::Plain(ty) => {
                if has_dynamic_set(ty, place.in_set) {
                    self.breach(here, "no_dynamic_in_sets", "elements of a set have one type, never `dynamic`");
                }
            }
            Kind::Nested(nesting, object) => {
                if equal.is_some() {
                    self.breach(here, "equality_of_leaves", "a nested object is compared by its attributes");
                }
                self.nested(
                    *nesting,
                    object,
                    here,
                    Place {
                        in_set: place.in_set || *nesting == Nesting::Set,
                        computed: place.computed || *mode == Mode::Computed,
                    },
                );
            }
        }
    }

    fn nested(&mut self, nesting: Nesting, object: &Object, here: &Path, place: Place) {
        if object.attributes.is_empty() {
            self.breach(here, "nested_not_empty", "a nested object needs attributes");
        }
        let here = match nesting {
            Nesting::Single | Nesting::Set => here.clone(),
            Nesting::List => here.clone().then(Step::Index(0)),
            Nesting::Map => here.clone().then(Step::Key("*".to_owned())),
        };
        self.attributes(&object.attributes, &here, place);
    }
}

/// A nested default may leave attributes out: they have defaults of their own or are null.
fn default_fits(default: &Value, kind: &Kind) -> bool {
    let whole = match kind {
        Kind::Plain(_) => default.clone(),
        Kind::Nested(..) => match crate::value::codec::conform(default.clone(), &kind.ty()) {
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
