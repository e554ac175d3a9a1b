//! Tests that walk the registry: a new resource is covered untouched.

mod examples;
mod wire;
mod wrong;

use super::{flow::whole_id, *};
use goldenpath_core::domain::{COMMON_OUTPUTS, ClusterRef};
use plugin::{
    Schema, Type, Value, laws,
    schema::{self, Attribute, AttributeType, Mode, inputs},
    value::{codec::conform, to_value},
};
use std::collections::BTreeSet;

#[test]
fn schemas_keep_the_laws_of_core() {
    for Declared { block, name, schema } in declarations() {
        let law = if block == "provider" { laws::check_provider_schema } else { laws::check_schema };
        assert_eq!(law(&schema), vec![], "{block} {name}");
    }
}

#[test]
fn everything_is_described() {
    fn walk(at: &str, attributes: &[Attribute]) {
        for attribute in attributes {
            let here = format!("{at}.{}", attribute.name);
            let text = &attribute.description;
            assert!(text.len() > 5 && text.ends_with('.') && !text.contains("  "), "{here}: {text:?}");
            if let AttributeType::Nested(_, object) = &attribute.kind {
                walk(&here, &object.attributes);
            }
        }
    }
    for Declared { name, schema, .. } in declarations() {
        assert!(!schema.description.is_empty(), "{name}");
        walk(name, &schema.attributes);
    }
}

/// What a user can write, without `timeouts`, which are read apart; refused words are in the type alone.
fn writable_part(schema: &Schema, tree: &Value) -> (Value, Type) {
    let attributes =
        schema.attributes.iter().filter(|attribute| attribute.mode != Mode::Computed && attribute.name != "timeouts");
    let ty = Type::object(attributes.map(|attribute| (attribute.name, attribute.kind.ty())));
    let mut tree = inputs(schema, tree);
    if let Value::Map(attributes) = &mut tree {
        attributes.remove("timeouts");
    }
    (tree, ty)
}

/// Everything that a spec holds, and nothing else, is in the schema; and a record gives back what was written.
#[test]
fn schema_and_spec_are_one_shape() {
    for resource in RESOURCES {
        let (name, schema) = (resource.name(), resource.schema());
        let full = schema::example(&schema);
        let bare = Value::map(schema.attributes.iter().map(|attribute| {
            let value = if attribute.is_required() { full.child(attribute.name).clone() } else { Value::Null };
            (attribute.name, value)
        }));
        for (tree, reason) in [(full, "everything is written"), (bare, "only what is required")] {
            let tree = schema::with_defaults(&schema, &tree);
            assert_eq!(schema::validate(&schema, &tree), vec![], "{name}: {reason}");
            let (tree, ty) = writable_part(&schema, &tree);
            let spec = resource.spec(&tree).unwrap_or_else(|error| panic!("{name}: {reason}: {error}"));
            let all = conform(tree.clone(), &ty).unwrap();
            let written = spec.to_document().unwrap();
            assert_eq!(conform(to_value(&written), &ty).unwrap(), all, "{name}: {reason}: written back");
            assert_eq!(resource.golden().parse(&written).unwrap(), spec, "{name}: {reason}: by way of a record");
            assert_eq!(resource.id(&tree), Some(spec.id()), "{name}: {reason}");
        }
    }
}

#[test]
fn schema_and_outputs_name_the_same_things() {
    for resource in RESOURCES {
        let schema = resource.schema();
        let computed = schema.attributes.iter().filter(|attribute| attribute.mode == Mode::Computed);
        let computed: BTreeSet<&str> = computed.map(|attribute| attribute.name).collect();
        let outputs = COMMON_OUTPUTS.iter().chain(resource.golden().outputs());
        assert_eq!(computed, outputs.copied().collect(), "{}", resource.name());
    }
}

#[test]
fn two_spellings_of_one_cluster_replace_nothing() {
    let schema = TeamEnvironment.schema();
    let tree = |cluster: &str| {
        let mut tree = schema::with_defaults(&schema, &schema::example(&schema));
        if let Value::Map(attributes) = &mut tree {
            attributes.insert("cluster".into(), cluster.into());
        }
        tree
    };
    let arn = "arn:aws:eks:eu-west-1:111122223333:cluster/demo";
    let other_account = "arn:aws:eks:eu-west-1:444455556666:cluster/demo";
    for (prior, now, replaces, reason) in [
        ("demo", arn, false, "the ARN of what was named"),
        (arn, "demo", false, "the name of what an ARN named"),
        ("demo", "other", true, "another name"),
        (arn, other_account, true, "the same name in another account"),
    ] {
        let planned = schema::overlay(&schema, &tree(now), &Value::map::<String>([]), &tree(prior));
        assert_eq!(!schema::replacements(&schema, &tree(prior), &planned).is_empty(), replaces, "{reason}");
        let kept = planned.child("cluster").as_str() == Some(prior);
        assert_eq!(kept, !replaces, "{reason}: the prior spelling stays while it means the same");
    }
}

#[test]
fn ids_are_read_in_their_long_and_short_form() {
    let demo = "demo".parse::<ClusterRef>().unwrap();
    let [baseline, environment, slot]: [&dyn ManagedResource; 3] =
        [&ClusterBaseline, &TeamEnvironment, &EksWorkloadSlot];
    for (resource, text, only, expected, reason) in [
        (baseline, "demo", None, Some("demo"), "a baseline is its cluster"),
        (baseline, "arn:aws:eks:eu-west-1:111122223333:cluster/demo", None, Some("demo"), "by ARN too"),
        (environment, "demo/pay", None, Some("demo/pay"), "the whole id"),
        (environment, "pay", Some(&demo), Some("demo/pay"), "short, where one cluster can be meant"),
        (environment, "pay", None, None, "short, where it can't"),
        (slot, "demo/pay/led", Some(&demo), Some("demo/pay/led"), "the whole id"),
        (slot, "pay/led", Some(&demo), Some("demo/pay/led"), "short"),
        (slot, "pay/led", None, None, "short, where no cluster can be meant"),
        (slot, "led", Some(&demo), None, "a slot alone names no environment"),
    ] {
        let id = resource.parse_id(&whole_id(resource.id_form(), text, only)).ok().map(|id| id.to_string());
        assert_eq!(id.as_deref(), expected, "{text}: {reason}");
    }
}
