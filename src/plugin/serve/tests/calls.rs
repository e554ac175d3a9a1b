//! The calls, as core makes them.

use super::harness::{Client, Clients, Server, apply, create, decode_note, encode, encode_note, note, plan, summaries};
use crate::{
    Type, Value,
    value::{codec::conform, msgpack},
};
use serde_json::json;
use tfplugin_proto::tfplugin6::{self as proto, attribute_path::step::Selector};

async fn client() -> Client {
    Server::plain(Clients::One).await.client().await
}

fn first_attribute(diagnostic: &proto::Diagnostic) -> Option<&str> {
    let step = diagnostic.attribute.as_ref()?.steps.first()?;
    if let Some(Selector::AttributeName(name)) = &step.selector { Some(name) } else { None }
}

#[tokio::test]
async fn the_schema_has_what_core_dereferences() {
    let mut client = client().await;
    let request = proto::get_provider_schema::Request {};
    let schema = client.get_provider_schema(request).await.expect("a schema").into_inner();
    assert!(schema.diagnostics.is_empty(), "{:?}", schema.diagnostics);
    assert!(schema.provider.expect("always set").block.is_some());
    let capabilities = schema.server_capabilities.expect("always set");
    assert!(capabilities.plan_destroy && capabilities.get_provider_schema_optional);

    let note = &schema.resource_schemas["sample_note"];
    assert_eq!(note.version, 1);
    let attributes = &note.block.as_ref().expect("always set").attributes;
    let flags = |name: &str| {
        let found = attributes.iter().find(|attribute| attribute.name == name).expect(name);
        (found.required, found.optional, found.computed, found.write_only)
    };
    let cases = [
        ("required alone", "name", (true, false, false, false)),
        ("a default is computed where it is not configured", "text", (false, true, true, false)),
        ("write-only is never computed", "secret", (false, true, false, true)),
        ("ours alone", "id", (false, false, true, false)),
    ];
    for (reason, name, expected) in cases {
        assert_eq!(flags(name), expected, "{reason}");
    }
    assert!(schema.data_source_schemas.contains_key("sample_echo"));
    let metadata = client.get_metadata(proto::get_metadata::Request {}).await.expect("metadata").into_inner();
    assert_eq!(metadata.resources.len(), schema.resource_schemas.len());
}

#[tokio::test]
async fn a_user_error_is_a_diagnostic_at_its_attribute() {
    let mut client = client().await;
    let cases = [
        ("sound", json!({"name": "x"}), true, None),
        ("a rule of the resource", json!({"name": "x", "text": "no!"}), true, Some("text")),
        ("a rule of the schema", json!({"text": "x"}), true, Some("name")),
        ("an unknown is undecided", json!({"name": "?", "text": "?"}), true, None),
        ("write-only, understood", json!({"name": "x", "secret": "s"}), true, None),
        ("write-only, would be stored", json!({"name": "x", "secret": "s"}), false, Some("secret")),
    ];
    for (reason, config, write_only_attributes_allowed, expected) in cases {
        let capabilities = proto::ClientCapabilities { write_only_attributes_allowed, ..Default::default() };
        let request = proto::validate_resource_config::Request {
            type_name: "sample_note".into(),
            config: encode_note(&note(config)),
            client_capabilities: Some(capabilities),
        };
        let found = client.validate_resource_config(request).await.expect(reason).into_inner().diagnostics;
        assert_eq!(found.first().and_then(first_attribute), expected, "{reason}: {found:?}");
        assert!(found.len() <= 1, "{reason}: {found:?}");
    }
}

#[tokio::test]
async fn what_no_correct_client_sends_is_a_status_and_a_type_we_lack_is_not() {
    let mut client = client().await;
    let read = |type_name: &str, state: &[u8]| proto::read_resource::Request {
        type_name: type_name.into(),
        current_state: Some(proto::DynamicValue { msgpack: state.into(), json: vec![] }),
        ..Default::default()
    };
    let status = client.read_resource(read("sample_note", &[0xc1])).await.expect_err("not msgpack");
    assert_eq!(status.code(), tonic::Code::InvalidArgument);
    let unknown = client.read_resource(read("sample_other", &[0xc0])).await.expect("a response").into_inner();
    assert_eq!(
        summaries(&unknown.diagnostics),
        ["No resource `sample_other` in this version of the provider: upgrade it, or remove the resource"]
    );
}

#[tokio::test]
async fn create_then_nothing_to_do_then_update_then_replace_then_destroy() {
    let mut client = client().await;
    let config = note(json!({"name": "a", "secret": "s"}));

    let planned = plan(&mut client, &Value::Null, &config, b"").await;
    assert_eq!(planned.planned_private, b"created");
    let tree = decode_note(planned.planned_state.clone());
    assert_eq!(tree.child("text"), &Value::from("hello"), "the default is planned");
    assert!(tree.child("id").is_unknown() && tree.child("secret").is_null());

    let applied = apply(&mut client, &Value::Null, planned, &config).await;
    assert!(applied.diagnostics.is_empty(), "{:?}", applied.diagnostics);
    assert_eq!(applied.private, b"created");
    let state = decode_note(applied.new_state);
    assert_eq!(state, note(json!({"name": "a", "text": "hello", "id": "a", "length": 5})));

    let again = plan(&mut client, &state, &config, &applied.private).await;
    assert_eq!(decode_note(again.planned_state), state, "nothing changes, so nothing is unknown");
    assert_eq!(again.planned_private, b"created", "the private bytes survive a plan that notes nothing");
    assert!(again.requires_replace.is_empty());

    let update = plan(&mut client, &state, &note(json!({"name": "a", "text": "longer"})), b"").await;
    assert!(update.requires_replace.is_empty());
    let tree = decode_note(update.planned_state);
    assert_eq!((tree.child("id"), tree.child("length")), (&"a".into(), &6.into()), "stable, and computed at plan");

    let other = plan(&mut client, &state, &note(json!({"name": "b"})), b"").await;
    assert_eq!(other.requires_replace.iter().flat_map(|path| &path.steps).count(), 1);
    let undecided = plan(&mut client, &state, &note(json!({"name": "?"})), b"").await;
    assert!(undecided.requires_replace.is_empty(), "an unknown never replaces");

    let destroy = plan(&mut client, &state, &Value::Null, b"created").await;
    assert!(decode_note(destroy.planned_state.clone()).is_null());
    assert_eq!(destroy.planned_private, b"destroyed", "a destroy's note reaches its apply");
    let gone = apply(&mut client, &state, destroy, &Value::Null).await;
    assert!(gone.diagnostics.is_empty() && decode_note(gone.new_state).is_null());
}

#[tokio::test]
async fn a_panic_is_the_diagnostic_of_its_call_alone() {
    let mut client = client().await;
    let applied = create(&mut client, "panic").await;
    assert_eq!(summaries(&applied.diagnostics), ["Internal provider error in ApplyResourceChange: report this bug"]);
    assert!(create(&mut client, "x").await.diagnostics.is_empty(), "it serves on");
}

#[tokio::test]
async fn state_is_upgraded_or_refused_and_never_thinned_out() {
    let mut client = client().await;
    let current = r#"{"name":"a","text":"t","tags":null,"secret":null,"id":"a","length":1}"#;
    let flatmap = [("name".to_owned(), "a".to_owned())];
    let cases = [
        ("the current version", 1, current, None),
        ("attributes of later schemas are null", 1, r#"{"name":"a","text":"t","id":"a","length":1}"#, None),
        ("an older version", 0, r#"{"name":"a","body":"t","id":"a","length":1}"#, None),
        ("an attribute that nobody knows", 1, r#"{"name":"a","colour":"red"}"#, Some("does not match its schema")),
        ("a newer version", 2, current, Some("newer version")),
        ("a version that nobody wrote", 0, current, Some("No upgrade")),
        ("Terraform 0.11", 0, "", Some("Terraform 0.11")),
    ];
    for (reason, version, json, refused) in cases {
        let flatmap = if json.is_empty() { flatmap.clone().into() } else { Default::default() };
        let request = proto::upgrade_resource_state::Request {
            type_name: "sample_note".into(),
            version,
            raw_state: Some(proto::RawState { json: json.into(), flatmap }),
        };
        let response = client.upgrade_resource_state(request).await.expect(reason).into_inner();
        let found = summaries(&response.diagnostics);
        match refused {
            Some(text) => assert!(matches!(found[..], [one] if one.contains(text)), "{reason}: {found:?}"),
            None => {
                assert!(found.is_empty(), "{reason}: {found:?}");
                assert_eq!(decode_note(response.upgraded_state).child("text"), &Value::from("t"), "{reason}");
            }
        }
    }
}

#[tokio::test]
async fn a_read_keeps_the_private_bytes_and_says_what_is_gone() {
    let mut client = client().await;
    for (reason, name, gone) in [("it is there", "a", false), ("it is not", "gone", true)] {
        let request = proto::read_resource::Request {
            type_name: "sample_note".into(),
            current_state: encode_note(&note(json!({"name": name, "id": name, "length": 0}))),
            private: b"kept".to_vec(),
            ..Default::default()
        };
        let response = client.read_resource(request).await.expect(reason).into_inner();
        assert_eq!(decode_note(response.new_state).is_null(), gone, "{reason}");
        assert_eq!(response.private, b"kept", "{reason}");
    }
}

#[tokio::test]
async fn an_import_gives_an_object_or_says_why_not() {
    let mut client = client().await;
    let cases = [
        ("by id", "a", None),
        ("nothing there", "nowhere", Some(r#"No sample_note with the ID "nowhere": check the ID and the target"#)),
        ("by identity", "", Some("Import of sample_note without an ID: set `id`")),
    ];
    for (reason, id, refused) in cases {
        let request = proto::import_resource_state::Request {
            type_name: "sample_note".into(),
            id: id.into(),
            ..Default::default()
        };
        let response = client.import_resource_state(request).await.expect(reason).into_inner();
        assert_eq!(summaries(&response.diagnostics), Vec::from_iter(refused), "{reason}");
        let ids = response.imported_resources.into_iter().map(|imported| {
            assert_eq!(imported.type_name, "sample_note");
            decode_note(imported.state).child("id").as_str().unwrap_or_default().to_owned()
        });
        assert_eq!(ids.collect::<Vec<_>>(), Vec::from_iter(refused.is_none().then_some(id)), "{reason}");
    }
}

#[tokio::test]
async fn a_move_between_types_is_refused_in_words() {
    let request = proto::move_resource_state::Request {
        source_type_name: "other_thing".into(),
        target_type_name: "sample_note".into(),
        ..Default::default()
    };
    let response = client().await.move_resource_state(request).await.expect("OpenTofu calls unannounced").into_inner();
    assert_eq!(
        summaries(&response.diagnostics),
        ["State of other_thing can't be moved to sample_note: remove the `moved` block"]
    );
}

#[tokio::test]
async fn a_data_source_fills_the_gaps_of_its_configuration() {
    let mut client = client().await;
    let ty = Type::object([("said", Type::String), ("heard", Type::String)]);
    for (reason, said, heard, wrong) in [("read", "x", Some("x"), None), ("refused", "", None, Some("said"))] {
        let config = conform(json!({"said": said}).into(), &ty).expect("a configuration");
        let request = proto::read_data_source::Request {
            type_name: "sample_echo".into(),
            config: encode(&config, &ty),
            ..Default::default()
        };
        let response = client.read_data_source(request).await.expect(reason).into_inner();
        assert_eq!(response.diagnostics.first().and_then(first_attribute), wrong, "{reason}");
        let state = msgpack::decode(&response.state.unwrap_or_default().msgpack, &ty).expect(reason);
        assert_eq!(state.child("heard").as_str(), heard, "{reason}");
    }
}
