//! The calls, as core makes them.

use super::harness::{Client, Clients, Server, apply, create, decoded, encoded, note, plan, summaries};
use crate::Value;
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
async fn a_user_s_mistake_is_a_diagnostic_at_its_attribute() {
    let mut client = client().await;
    let unknown = Value::unknown;
    let cases = [
        ("sound", note([("name", "x".into())]), true, None),
        ("a rule of the resource", note([("name", "x".into()), ("text", "no!".into())]), true, Some("text")),
        ("a rule of the schema", note([("text", "x".into())]), true, Some("name")),
        ("an unknown is undecided", note([("name", unknown()), ("text", unknown())]), true, None),
        ("write-only, understood", note([("name", "x".into()), ("secret", "s".into())]), true, None),
        ("write-only, would be stored", note([("name", "x".into()), ("secret", "s".into())]), false, Some("secret")),
    ];
    for (reason, config, write_only_attributes_allowed, expected) in cases {
        let request = proto::validate_resource_config::Request {
            type_name: "sample_note".into(),
            config: encoded(&config),
            client_capabilities: Some(proto::ClientCapabilities {
                write_only_attributes_allowed,
                ..Default::default()
            }),
        };
        let found = client.validate_resource_config(request).await.expect(reason).into_inner().diagnostics;
        assert_eq!(found.first().and_then(first_attribute), expected, "{reason}: {found:?}");
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
    let broken = client.read_resource(read("sample_note", &[0xc1])).await.expect_err("not msgpack");
    assert_eq!(broken.code(), tonic::Code::InvalidArgument);
    let unknown = client.read_resource(read("sample_other", &[0xc0])).await.expect("answers").into_inner();
    assert_eq!(summaries(&unknown.diagnostics), ["this release of the provider has no resource sample_other"]);
}

#[tokio::test]
async fn create_then_nothing_to_do_then_update_then_replace_then_destroy() {
    let mut client = client().await;
    let config = note([("name", "a".into()), ("secret", "s".into())]);

    let planned = plan(&mut client, &Value::Null, &config, b"").await;
    assert_eq!(planned.planned_private, b"created");
    let tree = decoded(planned.planned_state.clone());
    assert_eq!(tree.child("text"), &Value::from("hello"), "the default is planned");
    assert!(tree.child("id").is_unknown() && tree.child("secret").is_null());

    let applied = apply(&mut client, &Value::Null, planned, &config).await;
    assert!(applied.diagnostics.is_empty(), "{:?}", applied.diagnostics);
    assert_eq!(applied.private, b"created");
    let state = decoded(applied.new_state);
    assert_eq!(state, note([("name", "a".into()), ("text", "hello".into()), ("id", "a".into()), ("length", 5.into())]));

    let again = plan(&mut client, &state, &config, &applied.private).await;
    assert_eq!(decoded(again.planned_state), state, "nothing changes, so nothing is unknown");
    assert_eq!(again.planned_private, b"created", "the private bytes survive a plan that notes nothing");
    assert!(again.requires_replace.is_empty());

    let longer = note([("name", "a".into()), ("text", "longer".into())]);
    let update = plan(&mut client, &state, &longer, b"").await;
    assert!(update.requires_replace.is_empty());
    let tree = decoded(update.planned_state);
    assert_eq!((tree.child("id"), tree.child("length")), (&"a".into(), &6.into()), "stable, and computed at plan");

    let other = plan(&mut client, &state, &note([("name", "b".into())]), b"").await;
    let paths: Vec<_> = other.requires_replace.iter().flat_map(|path| &path.steps).collect();
    assert_eq!(paths.len(), 1);
    let undecided = plan(&mut client, &state, &note([("name", Value::unknown())]), b"").await;
    assert!(undecided.requires_replace.is_empty(), "an unknown never replaces");

    let destroy = plan(&mut client, &state, &Value::Null, b"created").await;
    assert!(decoded(destroy.planned_state.clone()).is_null());
    assert_eq!(destroy.planned_private, b"destroyed", "a destroy's note reaches its apply");
    let gone = apply(&mut client, &state, destroy, &Value::Null).await;
    assert!(gone.diagnostics.is_empty() && decoded(gone.new_state).is_null());
}

#[tokio::test]
async fn a_panic_is_the_diagnostic_of_its_call_alone() {
    let mut client = client().await;
    let applied = create(&mut client, "panic").await;
    let said = &applied.diagnostics[0];
    assert_eq!(said.summary, "the provider failed in ApplyResourceChange");
    assert!(create(&mut client, "x").await.diagnostics.is_empty(), "it serves on");
}

#[tokio::test]
async fn state_is_upgraded_or_refused_and_never_thinned_out() {
    let mut client = client().await;
    let current = r#"{"name":"a","text":"t","tags":null,"secret":null,"id":"a","length":1}"#;
    let flatmap = [("name".to_owned(), "a".to_owned())];
    let cases = [
        ("the version at hand", 1, current, None),
        ("attributes of later schemas are null", 1, r#"{"name":"a","text":"t","id":"a","length":1}"#, None),
        ("an older version", 0, r#"{"name":"a","body":"t","id":"a","length":1}"#, None),
        ("an attribute that nobody knows", 1, r#"{"name":"a","colour":"red"}"#, Some("doesn't fit its schema")),
        ("a newer version", 2, current, Some("newer release")),
        ("a version that nobody wrote", 0, current, Some("no upgrade")),
        ("Terraform 0.11", 0, "", Some("Terraform 0.11")),
    ];
    for (reason, version, json, refused) in cases {
        let request = proto::upgrade_resource_state::Request {
            type_name: "sample_note".into(),
            version,
            raw_state: Some(proto::RawState {
                json: json.into(),
                flatmap: if json.is_empty() { flatmap.clone().into() } else { Default::default() },
            }),
        };
        let answer = client.upgrade_resource_state(request).await.expect(reason).into_inner();
        match refused {
            Some(text) => {
                assert!(summaries(&answer.diagnostics)[0].contains(text), "{reason}: {:?}", answer.diagnostics)
            }
            None => {
                assert!(answer.diagnostics.is_empty(), "{reason}: {:?}", answer.diagnostics);
                assert_eq!(decoded(answer.upgraded_state).child("text"), &Value::from("t"), "{reason}");
            }
        }
    }
}

#[tokio::test]
async fn a_read_keeps_the_private_bytes_and_says_what_is_gone() {
    let mut client = client().await;
    for (reason, name, gone) in [("it is there", "a", false), ("it is not", "gone", true)] {
        let state = note([("name", name.into()), ("id", name.into()), ("length", 0.into())]);
        let request = proto::read_resource::Request {
            type_name: "sample_note".into(),
            current_state: encoded(&state),
            private: b"kept".to_vec(),
            ..Default::default()
        };
        let answer = client.read_resource(request).await.expect(reason).into_inner();
        assert_eq!(decoded(answer.new_state).is_null(), gone, "{reason}");
        assert_eq!(answer.private, b"kept", "{reason}");
    }
}

#[tokio::test]
async fn an_import_gives_an_object_or_says_why_not() {
    let mut client = client().await;
    let cases = [
        ("by id", "a", None),
        ("nothing there", "nowhere", Some("there is no")),
        ("by identity", "", Some("by its id")),
    ];
    for (reason, id, refused) in cases {
        let request = proto::import_resource_state::Request {
            type_name: "sample_note".into(),
            id: id.into(),
            ..Default::default()
        };
        let answer = client.import_resource_state(request).await.expect(reason).into_inner();
        match refused {
            Some(text) => assert!(summaries(&answer.diagnostics)[0].contains(text), "{reason}"),
            None => {
                let [imported] = &answer.imported_resources[..] else { panic!("{reason}: {answer:?}") };
                assert_eq!(imported.type_name, "sample_note");
                assert_eq!(decoded(imported.state.clone()).child("id"), &Value::from(id), "{reason}");
            }
        }
    }
}

#[tokio::test]
async fn a_move_between_types_is_refused_in_words() {
    let request = proto::move_resource_state::Request {
        source_type_name: "other_thing".into(),
        target_type_name: "sample_note".into(),
        ..Default::default()
    };
    let answer = client().await.move_resource_state(request).await.expect("OpenTofu asks unannounced").into_inner();
    assert_eq!(summaries(&answer.diagnostics), ["sample_note can't take over the state of other_thing"]);
}

#[tokio::test]
async fn a_data_source_fills_the_gaps_of_its_configuration() {
    let mut client = client().await;
    let ty = crate::Type::object([("said", crate::Type::String), ("heard", crate::Type::String)]);
    for (reason, said, expected) in [("read", "x", Some("x")), ("refused", "", None)] {
        let config = Value::map([("said", said.into()), ("heard", Value::Null)]);
        let msgpack = crate::value::msgpack::encode(&config, &ty).expect("a configuration");
        let request = proto::read_data_source::Request {
            type_name: "sample_echo".into(),
            config: Some(proto::DynamicValue { msgpack, json: vec![] }),
            ..Default::default()
        };
        let answer = client.read_data_source(request).await.expect(reason).into_inner();
        assert_eq!(
            answer.diagnostics.first().and_then(first_attribute),
            expected.is_none().then_some("said"),
            "{reason}"
        );
        let state = answer.state.unwrap_or_default();
        let state = crate::value::msgpack::decode(&state.msgpack, &ty).expect(reason);
        assert_eq!(state.child("heard").as_str(), expected, "{reason}");
    }
}
