//! Tests that walk the registry: a new resource is covered untouched.

mod examples;

use super::*;
use goldenpath_core::domain::{BaselineOutputs, EnvironmentOutputs, SlotOutputs};
use plugin::{
    Type, Value, laws,
    schema::{self, Attribute, Kind as AttributeKind, Mode, inputs},
    value::{codec::conform, from_value, to_value},
};
use serde::Serialize;
use std::collections::BTreeSet;

fn all() -> Vec<Declared> {
    declared_resources().into_iter().chain(declared_data_sources()).collect()
}

#[test]
fn the_registry_and_its_declarations_are_one_list() {
    let session = Session::new(Arc::new(|_| vec![]));
    let served: Vec<_> = resources(&session).iter().map(|resource| resource.name()).collect();
    let declared: Vec<_> = declared_resources().iter().map(|declared| declared.name).collect();
    assert_eq!(served, declared);
    let served: Vec<_> = data_sources(&session).iter().map(|source| source.name()).collect();
    let declared: Vec<_> = declared_data_sources().iter().map(|declared| declared.name).collect();
    assert_eq!(served, declared);
}

#[test]
fn schemas_keep_the_laws_of_core() {
    for Declared { name, schema, .. } in all() {
        assert_eq!(laws::check_schema(&schema), vec![], "{name}");
    }
    assert_eq!(laws::check_provider_schema(&provider_config::schema()), vec![]);
}

#[test]
fn everything_is_described() {
    fn walk(at: &str, attributes: &[Attribute]) {
        for attribute in attributes {
            let here = format!("{at}.{}", attribute.name);
            let text = &attribute.description;
            assert!(text.len() > 5 && text.ends_with('.') && !text.contains("  "), "{here}: {text:?}");
            if let AttributeKind::Nested(_, object) = &attribute.kind {
                walk(&here, &object.attributes);
            }
        }
    }
    for Declared { name, schema, .. } in all() {
        assert!(!schema.description.is_empty(), "{name}");
        walk(name, &schema.attributes);
    }
    walk("provider", &provider_config::schema().attributes);
}

/// What a user can write, without `timeouts`, which are read apart.
fn configured(schema: &Schema, tree: &Value) -> (Value, Type) {
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
fn one_shape<K: Kind>() {
    let schema = K::schema();
    let full = schema::example(&schema);
    let bare = Value::map(schema.attributes.iter().map(|attribute| {
        let value = if attribute.is_required() { full.child(attribute.name).clone() } else { Value::Null };
        (attribute.name, value)
    }));
    for (tree, reason) in [(full, "everything is written"), (bare, "only what is required")] {
        let tree = schema::with_defaults(&schema, &tree);
        assert_eq!(schema::validate(&schema, &tree), vec![], "{}: {reason}", K::NAME);
        let (tree, ty) = configured(&schema, &tree);
        let spec: K::Spec = from_value(&tree).unwrap_or_else(|fault| panic!("{}: {reason}: {fault}", K::NAME));
        let written = conform(to_value(&spec), &ty).unwrap_or_else(|error| panic!("{}: {reason}: {error}", K::NAME));
        assert_eq!(written, tree, "{}: {reason}: written back", K::NAME);

        let record = serde_json::to_value(&spec).unwrap();
        let spec: K::Spec = serde_json::from_value(record).unwrap();
        assert_eq!(conform(to_value(&spec), &ty).unwrap(), tree, "{}: {reason}: by way of a record", K::NAME);
    }
}

#[test]
fn schema_and_spec_are_one_shape() {
    one_shape::<ClusterBaseline>();
    one_shape::<TeamEnvironment>();
    one_shape::<EksWorkloadSlot>();
}

#[test]
fn schema_and_outputs_name_the_same_things() {
    fn names(outputs: &impl Serialize) -> BTreeSet<String> {
        to_value(outputs).as_map().unwrap().keys().cloned().collect()
    }
    let structs =
        [names(&BaselineOutputs::default()), names(&EnvironmentOutputs::default()), names(&SlotOutputs::default())];
    for (Declared { name, schema, .. }, outputs) in declared_resources().into_iter().zip(structs) {
        let computed = schema.attributes.iter().filter(|attribute| attribute.mode == Mode::Computed);
        let computed: BTreeSet<String> = computed.map(|attribute| attribute.name.to_owned()).collect();
        assert_eq!(computed, outputs, "{name}");
    }
}

#[test]
fn two_spellings_of_one_cluster_replace_nothing() {
    let schema = TeamEnvironment::schema();
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
    let demo = "demo".parse::<goldenpath_core::domain::ClusterRef>().unwrap();
    type Parse = fn(&str, Option<&goldenpath_core::domain::ClusterRef>) -> Option<String>;
    let baseline: Parse = |text, only| ClusterBaseline::parse_id(text, only).ok().map(|id| id.to_string());
    let environment: Parse = |text, only| TeamEnvironment::parse_id(text, only).ok().map(|id| id.to_string());
    let slot: Parse = |text, only| EksWorkloadSlot::parse_id(text, only).ok().map(|id| id.to_string());
    for (parse, text, only, expected, reason) in [
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
        assert_eq!(parse(text, only).as_deref(), expected, "{text}: {reason}");
    }
}
