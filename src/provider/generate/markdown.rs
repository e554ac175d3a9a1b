//! One page for each schema. Attributes by who sets them, nested ones under headings of their own.

use plugin::{
    Schema, Type, Value,
    schema::{Attribute, AttributeType, Mode, Nesting},
};
use std::fmt::Write;

pub fn provider(schema: &Schema, example: &str) -> String {
    page("goldenpath Provider", schema, example)
}

pub fn resource(name: &str, schema: &Schema, id_form: &str, example: &str, import: &str) -> String {
    let page = page(&format!("{name} Resource"), schema, example);
    format!("{page}\n## Import\n\nThe ID is {id_form}.\n\n```shell\n{}\n```\n", import.trim_end())
}

pub fn data_source(name: &str, schema: &Schema, example: &str) -> String {
    page(&format!("{name} Data Source"), schema, example)
}

fn page(title: &str, schema: &Schema, example: &str) -> String {
    let mut page = head(title, &schema.description);
    let _ = write!(page, "\n## Example Usage\n\n```terraform\n{}\n```\n", example.trim_end());
    body(&mut page, schema);
    page
}

/// `title` is what a registry shows in its list; the first paragraph is what a search shows.
pub fn head(title: &str, description: &str) -> String {
    let first = description.split("\n\n").next().unwrap_or_default();
    format!(
        "---\npage_title: \"{title}\"\ndescription: |-\n  {first}\n---\n\n\
         <!-- Written by `scripts/generate` from the schema and from examples/. -->\n\n# {title}\n\n{description}\n"
    )
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
        let offered = attributes.iter().filter(|attribute| belongs(attribute) && attribute.refused.is_none());
        let mut chosen: Vec<&Attribute> = offered.collect();
        chosen.sort_by_key(|attribute| attribute.name);
        if chosen.is_empty() {
            continue;
        }
        let _ = write!(page, "\n{} {title}\n\n", if path.is_empty() { "###" } else { "####" });
        for attribute in chosen {
            let inside = if path.is_empty() { attribute.name.to_owned() } else { format!("{path}.{}", attribute.name) };
            let _ = writeln!(page, "{}", line(attribute, &inside));
            if let AttributeType::Nested(_, object) = &attribute.kind {
                nested.push((inside, &object.attributes));
            }
        }
    }
    let refused: Vec<String> = attributes
        .iter()
        .filter(|attribute| attribute.refused.is_some())
        .map(|attribute| format!("`{}`", attribute.name))
        .collect();
    if !refused.is_empty() {
        let _ = writeln!(page, "\nWords that are refused, with what to write instead: {}.", refused.join(", "));
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
    if let Some(default) = &attribute.default {
        let _ = write!(text, " Defaults to `{}`.", hcl(default));
    }
    if let AttributeType::Nested(..) = attribute.kind {
        let _ = write!(text, " See [`{inside}`](#{}).", anchor(inside));
    }
    text
}

fn kind(kind: &AttributeType) -> String {
    match kind {
        AttributeType::Plain(ty) => type_name(ty),
        AttributeType::Nested(Nesting::Single, _) => "Object".to_owned(),
        AttributeType::Nested(Nesting::List, _) => "List of Object".to_owned(),
        AttributeType::Nested(Nesting::Set, _) => "Set of Object".to_owned(),
        AttributeType::Nested(Nesting::Map, _) => "Map of Object".to_owned(),
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
fn hcl(value: &Value) -> String {
    match value.inner() {
        Value::Bool(value) => value.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => format!("\"{text}\""),
        Value::List(elements) | Value::Set(elements) => {
            format!("[{}]", elements.iter().map(hcl).collect::<Vec<_>>().join(", "))
        }
        Value::Map(entries) if entries.is_empty() => "{}".to_owned(),
        Value::Map(entries) => {
            let entries = entries.iter().map(|(name, value)| format!("{name} = {}", hcl(value)));
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
    use plugin::schema::{computed, object, optional, refusal, required};

    #[test]
    fn a_page_has_each_attribute_under_who_sets_it() {
        let schema = Schema::new([
            required("name", Type::String).describe("The name."),
            optional("mode", Type::String).one_of(&["a", "b"]).default("a").describe("How."),
            optional(
                "inner",
                object([required("x", Type::set(Type::Number)).describe("X."), refusal("y", Type::Bool, "write `x`")]),
            )
            .describe("Inside."),
            computed("id", Type::String).describe("Id."),
        ])
        .describe("First.\n\nSecond.");
        let page = data_source("goldenpath_x", &schema, "data {}\n");
        for expected in [
            "page_title: \"goldenpath_x Data Source\"\ndescription: |-\n  First.\n",
            "### Required\n\n- `name` (String) The name.\n",
            "- `mode` (String) How. One of `a`, `b`. Defaults to `\"a\"`.\n",
            "- `inner` (Object) Inside. See [`inner`](#nested--inner).\n",
            "<a id=\"nested--inner\"></a>\n### `inner`\n\n#### Required\n\n- `x` (Set of Number) X.\n\nWords that are refused, with what to write instead: `y`.\n",
            "### Read-only\n\n- `id` (String) Id.\n",
            "```terraform\ndata {}\n```\n",
        ] {
            assert!(page.contains(expected), "{expected:?} in:\n{page}");
        }
    }
}
