//! One page for each schema. Attributes by who sets them, nested ones under headings of their own.

use crate::resources::Declared;
use plugin::{
    Schema, Type, Value,
    schema::{Attribute, Kind, Mode, Nesting},
};
use std::fmt::Write;

pub fn provider(schema: &Schema, example: &str) -> String {
    let mut page = head("goldenpath Provider", &schema.description);
    usage(&mut page, example);
    body(&mut page, schema);
    page
}

pub fn resource(declared: &Declared, example: &str, import: &str) -> String {
    let mut page = head(&format!("{} Resource", declared.name), &declared.schema.description);
    usage(&mut page, example);
    body(&mut page, &declared.schema);
    let shape = declared.id_shape.unwrap_or_default();
    let _ = write!(page, "\n## Import\n\nThe id is {shape}.\n\n```shell\n{}\n```\n", import.trim_end());
    page
}

pub fn data_source(declared: &Declared, example: &str) -> String {
    let mut page = head(&format!("{} Data Source", declared.name), &declared.schema.description);
    usage(&mut page, example);
    body(&mut page, &declared.schema);
    page
}

/// `title` is what a registry shows in its list; the first paragraph is what a search shows.
pub fn head(title: &str, description: &str) -> String {
    let first = description.split("\n\n").next().unwrap_or_default();
    format!(
        "---\npage_title: \"{title}\"\ndescription: |-\n  {first}\n---\n\n\
         <!-- Written by `scripts/generate` from the schema and examples/. -->\n\n# {title}\n\n{description}\n"
    )
}

fn usage(page: &mut String, example: &str) {
    let _ = write!(page, "\n## Example Usage\n\n```terraform\n{}\n```\n", example.trim_end());
}

fn body(page: &mut String, schema: &Schema) {
    page.push_str("\n## Schema\n");
    let mut nested = vec![];
    sections(page, "", &schema.attributes, &mut nested);
    while !nested.is_empty() {
        // Breadth first, so that the page goes from the general to the particular.
        for (path, attributes) in std::mem::take(&mut nested) {
            let _ = write!(page, "\n<a id=\"{}\"></a>\n### `{path}`\n", anchor(&path));
            sections(page, &path, attributes, &mut nested);
        }
    }
}

fn sections<'a>(
    page: &mut String,
    path: &str,
    attributes: &'a [Attribute],
    nested: &mut Vec<(String, &'a [Attribute])>,
) {
    type Belongs = fn(&Attribute) -> bool;
    let kinds: [(&str, Belongs); 3] = [
        ("Required", |attribute| attribute.mode == Mode::Required),
        ("Optional", |attribute| matches!(attribute.mode, Mode::Optional | Mode::OptionalComputed)),
        ("Read-only", |attribute| attribute.mode == Mode::Computed),
    ];
    for (title, belongs) in kinds {
        let mut chosen: Vec<&Attribute> = attributes.iter().filter(|attribute| belongs(attribute)).collect();
        chosen.sort_by_key(|attribute| attribute.name);
        if chosen.is_empty() {
            continue;
        }
        let _ = write!(page, "\n{} {title}\n\n", if path.is_empty() { "###" } else { "####" });
        for attribute in chosen {
            let inside = if path.is_empty() { attribute.name.to_owned() } else { format!("{path}.{}", attribute.name) };
            let _ = writeln!(page, "{}", line(attribute, &inside));
            if let Kind::Nested(_, object) = &attribute.kind {
                nested.push((inside, &object.attributes));
            }
        }
    }
}

fn line(attribute: &Attribute, inside: &str) -> String {
    let mut text = format!("- `{}` ({}) {}", attribute.name, kind(&attribute.kind), attribute.description);
    if !attribute.choices.is_empty() {
        let _ = write!(
            text,
            " One of {}.",
            attribute.choices.iter().map(|c| format!("`{c}`")).collect::<Vec<_>>().join(", ")
        );
    }
    if let Some(default) = attribute.default.as_ref().filter(|_| !attribute.description.contains("Default")) {
        let _ = write!(text, " Default `{}`.", shown(default));
    }
    if let Kind::Nested(..) = attribute.kind {
        let _ = write!(text, " See [`{inside}`](#{}).", anchor(inside));
    }
    text
}

fn kind(kind: &Kind) -> String {
    match kind {
        Kind::Plain(ty) => type_name(ty),
        Kind::Nested(Nesting::Single, _) => "Object".to_owned(),
        Kind::Nested(Nesting::List, _) => "List of Object".to_owned(),
        Kind::Nested(Nesting::Set, _) => "Set of Object".to_owned(),
        Kind::Nested(Nesting::Map, _) => "Map of Object".to_owned(),
    }
}

fn type_name(ty: &Type) -> String {
    match ty {
        Type::Bool => "Boolean".to_owned(),
        Type::Number => "Number".to_owned(),
        Type::String => "String".to_owned(),
        Type::Dynamic => "Any".to_owned(),
        Type::List(element) => format!("List of {}", type_name(element)),
        Type::Set(element) => format!("Set of {}", type_name(element)),
        Type::Map(element) => format!("Map of {}", type_name(element)),
        Type::Tuple(_) => "Tuple".to_owned(),
        Type::Object(_) => "Object".to_owned(),
    }
}

/// As HCL would write it.
fn shown(value: &Value) -> String {
    match value.inner() {
        Value::Bool(value) => value.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => format!("\"{text}\""),
        Value::List(elements) | Value::Set(elements) => {
            format!("[{}]", elements.iter().map(shown).collect::<Vec<_>>().join(", "))
        }
        Value::Map(entries) if entries.is_empty() => "{}".to_owned(),
        Value::Map(entries) => {
            let entries = entries.iter().map(|(name, value)| format!("{name} = {}", shown(value)));
            format!("{{ {} }}", entries.collect::<Vec<_>>().join(", "))
        }
        Value::Null | Value::Unknown(_) | Value::Dynamic(_) => "null".to_owned(),
    }
}

fn anchor(path: &str) -> String {
    format!("nested--{}", path.replace('.', "--"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use plugin::schema::{computed, object, optional, required};

    #[test]
    fn a_page_has_each_attribute_under_who_sets_it() {
        let schema = Schema::new([
            required("name", Type::String).describe("The name."),
            optional("mode", Type::String).one_of(&["a", "b"]).default("a").describe("How."),
            optional("inner", object([required("x", Type::set(Type::Number)).describe("X.")])).describe("Inside."),
            computed("id", Type::String).describe("Id."),
        ])
        .describe("First.\n\nSecond.");
        let page = data_source(&Declared { name: "goldenpath_x", schema, id_shape: None }, "data {}\n");
        for expected in [
            "page_title: \"goldenpath_x Data Source\"\ndescription: |-\n  First.\n",
            "### Required\n\n- `name` (String) The name.\n",
            "- `mode` (String) How. One of `a`, `b`. Default `\"a\"`.\n",
            "- `inner` (Object) Inside. See [`inner`](#nested--inner).\n",
            "<a id=\"nested--inner\"></a>\n### `inner`\n\n#### Required\n\n- `x` (Set of Number) X.\n",
            "### Read-only\n\n- `id` (String) Id.\n",
            "```terraform\ndata {}\n```\n",
        ] {
            assert!(page.contains(expected), "{expected:?} in:\n{page}");
        }
    }
}
