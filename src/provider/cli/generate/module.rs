//! The module inside of a Workspace: one resource, a variable for each attribute, an output for each of those that a status shows.

use super::{
    names::{CompositeKind, camel},
    properties::is_offered,
    xrd::{CLAIM, configured_attributes, published_attributes},
};
use goldenpath_core::domain::release;
use plugin::{
    Schema, Type,
    schema::{Attribute, AttributeType, Nesting},
};
use std::fmt::Write;

pub(super) fn module(kind: &CompositeKind, schema: &Schema, address: &str) -> String {
    let (resource, version) = (kind.resource, release());
    let mut text = format!(
        "terraform {{\n  required_providers {{\n    goldenpath = {{\n      source  = \"{address}\"\n      version = \"{version}\"\n    }}\n  }}\n}}\n"
    );
    for name in configured_attributes(schema).iter().map(|attribute| attribute.name).chain([CLAIM]) {
        let _ = write!(text, "\nvariable \"{}\" {{\n  type    = any\n  default = null\n}}\n", camel(name));
    }
    let _ = write!(text, "\nresource \"{resource}\" \"this\" {{\n  {CLAIM} = var.{CLAIM}\n");
    for attribute in configured_attributes(schema) {
        let place = format!("var.{}", camel(attribute.name));
        let _ = writeln!(text, "  {} = {}", attribute.name, value(attribute, &place, &place, 1));
    }
    text.push_str("}\n");
    for attribute in published_attributes(schema) {
        let place = format!("{resource}.this.{}", attribute.name);
        let _ = write!(
            text,
            "\noutput \"{}\" {{\n  value = {}\n}}\n",
            camel(attribute.name),
            expression(attribute, &place)
        );
    }
    text
}

/// What an attribute is, of a value whose members have Kubernetes' names. `read` is its `place`, or null where that may be absent.
fn value(attribute: &Attribute, place: &str, read: &str, depth: usize) -> String {
    let AttributeType::Nested(nesting, object) = &attribute.kind else { return read.to_owned() };
    let (indent, end) = ("  ".repeat(depth + 1), "  ".repeat(depth));
    let members = |of: &str| {
        let offered = object.attributes.iter().filter(|member| is_offered(member));
        let lines = offered.map(|member| {
            let place = format!("{of}.{}", camel(member.name));
            let value = value(member, &place, &format!("try({place}, null)"), depth + 1);
            format!("{indent}{} = {value}\n", member.name)
        });
        format!("{{\n{}{end}}}", lines.collect::<String>())
    };
    // Each level needs names of its own.
    let (key, each) = (format!("k{depth}"), format!("v{depth}"));
    let some = match nesting {
        Nesting::Single => members(place),
        Nesting::List | Nesting::Set => format!("[for {each} in {place} : {}]", members(&each)),
        Nesting::Map => format!("{{ for {key}, {each} in {place} : {key} => {} }}", members(&each)),
    };
    format!("{read} == null ? null : {some}")
}

fn expression(attribute: &Attribute, place: &str) -> String {
    match &attribute.kind {
        AttributeType::Plain(Type::Object(members)) => {
            let lines = members.keys().map(|name| format!("    {} = {place}.{name}\n", camel(name)));
            format!("{place} == null ? null : {{\n{}  }}", lines.collect::<String>())
        }
        _ => place.to_owned(),
    }
}
