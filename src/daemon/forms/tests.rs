//! Documents through a table of changes, as later releases will have them.

use super::*;
use proptest::prelude::*;
use serde_json::{Value, json};

const ENSURE: Message = Message::Request(Method::Ensure);
const OUTCOME: Message = Message::Response(Method::Ensure);

/// What a later release may bring: a field with another name, a field that may be missing, one of a response that nothing depends on, and
/// one that means what an earlier release does not do.
const LATER: &[Change] = &[
    Change {
        api: 2,
        is_about: |message| message == ENSURE,
        up: |document| Ok(rename(document, "owner", "team")),
        down: |document| Ok(rename(document, "team", "owner")),
    },
    Change {
        api: 2,
        is_about: |message| message == ENSURE,
        // Without it nothing is kept.
        up: |mut document| {
            document["keep_days"] = json!(0);
            Ok(document)
        },
        down: |mut document| match document.as_object_mut().and_then(|fields| fields.remove("keep_days")) {
            Some(days) if days != json!(0) => Err("`keep_days`"),
            _ => Ok(document),
        },
    },
    Change {
        api: 3,
        is_about: |message| message == OUTCOME,
        up: |mut document| {
            document["cost"] = Value::Null;
            Ok(document)
        },
        down: |mut document| {
            document.as_object_mut().and_then(|fields| fields.remove("cost"));
            Ok(document)
        },
    },
    Change {
        api: 3,
        is_about: |message| message == ENSURE,
        up: |document| match document {
            Value::Object(_) => Ok(json!({ "spec": document })),
            _ => Err("what is no request"),
        },
        down: |mut document| document.get_mut("spec").map(Value::take).ok_or("a request without a `spec`"),
    },
];

fn rename(mut document: Value, from: &str, to: &str) -> Value {
    if let Some(fields) = document.as_object_mut()
        && let Some(value) = fields.remove(from)
    {
        fields.insert(to.to_owned(), value);
    }
    document
}

fn convert_value(message: Message, document: &Value, from: u32, to: u32) -> Result<Value, FormError> {
    let text = serde_json::to_vec(document)?;
    let converted = Forms::with(4, LATER).convert(message, &text, from, to)?;
    Ok(serde_json::from_slice(&converted)?)
}

#[test]
fn a_document_has_the_form_that_the_other_side_knows() {
    let first = json!({ "owner": "pay" });
    let second = json!({ "team": "pay", "keep_days": 0 });
    let third = json!({ "spec": { "team": "pay", "keep_days": 0 } });
    for (message, from, document, to, expected, reason) in [
        (ENSURE, 1, &first, 2, &second, "up: another name, and what it meant that a field was missing"),
        (ENSURE, 2, &second, 1, &first, "down again"),
        (ENSURE, 1, &first, 3, &third, "over two releases, in their order"),
        (ENSURE, 3, &third, 1, &first, "and in the opposite one"),
        (ENSURE, 3, &third, 4, &third, "nothing has changed since"),
        (Message::Request(Method::Preview), 1, &first, 3, &first, "a change is about its messages alone"),
        (OUTCOME, 3, &json!({ "cost": 7, "exists": null }), 2, &json!({ "exists": null }), "news are left out"),
        (OUTCOME, 2, &json!({ "exists": null }), 3, &json!({ "exists": null, "cost": null }), "and are not made up"),
    ] {
        assert_eq!(convert_value(message, document, from, to).expect(reason), *expected, "{reason}");
    }
}

#[test]
fn what_can_not_be_said_is_refused_and_never_left_out() {
    let kept = json!({ "spec": { "team": "pay", "keep_days": 30 } });
    assert_eq!(convert_value(ENSURE, &kept, 3, 2).unwrap()["keep_days"], json!(30), "the neighbour knows it");
    for (document, from, to, words, reason) in [
        (kept, 3, 1, "releases of API 1 don't know `keep_days`", "somebody asked for it"),
        (
            json!({ "other": 1 }),
            3,
            2,
            "releases of API 2 don't know a request without a `spec`",
            "no document of that form",
        ),
        (json!([1]), 2, 3, "what is no request", "nor of the older one"),
        (json!({}), 5, 3, "API 5, and this release knows those up to 4", "of a release after this one"),
    ] {
        let refused = convert_value(ENSURE, &document, from, to).expect_err(reason);
        assert!(refused.to_string().contains(words), "{reason}: {refused}");
    }
    let half = Forms::with(4, LATER).convert(ENSURE, b"{", 1, 3);
    assert!(matches!(half, Err(FormError::Json(_))), "half a document");
}

#[test]
fn nothing_is_read_where_nothing_has_changed() {
    // No JSON: whoever read it would fail.
    let text = b"{ as it was sent";
    for (forms, from, to, reason) in [
        (Forms::own(), API, API, "one release"),
        (Forms::with(4, LATER), 3, 4, "two between which this document is the same"),
        (Forms::with(9, &[]), 1, 9, "no change at all"),
    ] {
        let same = forms.convert(ENSURE, text, from, to).expect(reason);
        assert!(matches!(same, Cow::Borrowed(same) if same == text), "{reason}");
    }
}

#[test]
fn whoever_is_newer_converts() {
    let (one, two, three) = (Forms::of(1), Forms::of(2), Forms::of(3));
    assert_eq!((one.between(2), two.between(1), two.between(2)), (1, 1, 2), "the form of the older one");
    assert_eq!(
        (one.shared_form(), two.shared_form(), three.shared_form()),
        (1, 1, 2),
        "what the release before can read"
    );
    assert_eq!((one.older(), two.older(), three.older()), (1..1, 1..2, 1..3), "what it may have written");
    let of = |api, document: Document| {
        let Document { form, bytes } = Forms::with(api, LATER).share(ENSURE, &document);
        (form, String::from_utf8(bytes.to_vec()).unwrap())
    };
    for (api, form, text, expected, reason) in [
        (2, 2, r#"{"team":"pay","keep_days":0}"#, (1, r#"{"owner":"pay"}"#), "as the release before says it"),
        (2, 2, r#"{"team":"pay","keep_days":9}"#, (2, r#"{"team":"pay","keep_days":9}"#), "which it can't"),
        (2, 1, r#"{ "owner":"pay" }"#, (1, r#"{ "owner":"pay" }"#), "as an older client has said it, to the byte"),
        (4, 4, r#"{"spec":{}}"#, (3, r#"{"spec":{}}"#), "it is the same there"),
        (4, 2, "{ }", (2, "{ }"), "older than the release before: that can read it"),
    ] {
        let (form, text) = of(api, Document::new(form, text.as_bytes()));
        assert_eq!((form, text.as_str()), expected, "{reason}");
    }
}

#[test]
fn a_table_is_in_order_and_of_this_release() {
    let numbers: Vec<u32> = CHANGES.iter().map(|change| change.api).collect();
    assert!(numbers.is_sorted(), "{numbers:?}");
    let brought = numbers.into_iter().filter(|number| *number <= API).max();
    assert!(brought.is_none_or(|brought| brought == API), "the number is raised with a change and not without one");
}

proptest! {
    #[test]
    fn what_went_down_says_the_same_when_it_goes_up(team in "[a-z]{1,5}", days in 0..3_u32, extra in any::<bool>()) {
        let mut spec = json!({ "team": team, "keep_days": days });
        if extra {
            spec["quota"] = json!({ "owner": [1.10, team] });
        }
        let document = json!({ "spec": spec });
        match convert_value(ENSURE, &document, 3, 1) {
            Ok(down) => prop_assert_eq!(convert_value(ENSURE, &down, 1, 3).unwrap(), document),
            Err(refused) => prop_assert!(days > 0, "{}", refused),
        }
    }
}
