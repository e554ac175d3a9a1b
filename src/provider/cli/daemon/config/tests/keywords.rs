//! JSON Schema, as far as the schema of the configuration uses it.

use serde_json::Value as Json;

/// Where a document does not keep to the schema, and by which keyword.
pub fn faults(schema: &Json, value: &Json, at: &str) -> Vec<String> {
    let Json::Object(keywords) = schema else {
        return if *schema == Json::Bool(false) { vec![format!("{at}: is not known")] } else { vec![] };
    };
    let is_valid = |schema: &&Json| faults(schema, value, at).is_empty();
    let list = |wanted: &Json| wanted.as_array().cloned().unwrap_or_else(|| vec![wanted.clone()]);
    let number = |wanted: &Json| wanted.as_u64().unwrap();
    let mut found = vec![];
    for (keyword, wanted) in keywords {
        let holds = match keyword.as_str() {
            "$schema" | "title" | "description" | "default" | "format" => true,
            "type" => list(wanted).iter().any(|name| is_of_type(name.as_str().unwrap(), value)),
            "enum" => list(wanted).contains(value),
            "const" => wanted == value,
            "minimum" => value.as_u64().is_none_or(|value| value >= number(wanted)),
            "minItems" => value.as_array().is_none_or(|value| value.len() as u64 >= number(wanted)),
            "minProperties" => value.as_object().is_none_or(|value| value.len() as u64 >= number(wanted)),
            // Beginnings alone.
            "pattern" => value.as_str().is_none_or(|text| text.starts_with(&wanted.as_str().unwrap()[1..])),
            "required" => {
                list(wanted).iter().all(|name| !value.is_object() || value.get(name.as_str().unwrap()).is_some())
            }
            "anyOf" => list(wanted).iter().any(|schema| is_valid(&schema)),
            "oneOf" => list(wanted).iter().filter(is_valid).count() == 1,
            "items" => {
                let elements = value.as_array().into_iter().flatten().enumerate();
                found.extend(elements.flat_map(|(index, element)| faults(wanted, element, &format!("{at}/{index}"))));
                true
            }
            "properties" => {
                let members = wanted.as_object().unwrap().iter();
                let set = members.filter_map(|(name, schema)| Some((name, schema, value.get(name)?)));
                found.extend(set.flat_map(|(name, schema, value)| faults(schema, value, &format!("{at}/{name}"))));
                true
            }
            "additionalProperties" => {
                let more = value.as_object().into_iter().flatten();
                let more = more.filter(|(name, _)| schema["properties"].get(name.as_str()).is_none());
                found.extend(more.flat_map(|(name, value)| faults(wanted, value, &format!("{at}/{name}"))));
                true
            }
            _ => panic!("{keyword} is no keyword that is known here"),
        };
        if !holds {
            found.push(format!("{at}: {keyword}"));
        }
    }
    found
}

fn is_of_type(name: &str, value: &Json) -> bool {
    match name {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_u64() || value.is_i64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => panic!("{name} is no type"),
    }
}

/// The schema, and each of those that it offers.
pub fn alternatives(schema: &Json) -> Vec<&Json> {
    let offered = ["anyOf", "oneOf"].into_iter().filter_map(|keyword| schema[keyword].as_array()).flatten();
    std::iter::once(schema).chain(offered.flat_map(alternatives)).collect()
}

/// The schemas of what a JSON pointer names.
pub fn at<'a>(schema: &'a Json, pointer: &str) -> Vec<&'a Json> {
    let mut here = alternatives(schema);
    for part in pointer.split('/').skip(1) {
        let inner = |schema: &&'a Json| {
            let member = schema["properties"].get(part);
            member.or(schema.get("items")).or(schema.get("additionalProperties").filter(|more| more.is_object()))
        };
        here = here.iter().filter_map(inner).flat_map(alternatives).collect();
    }
    here
}
