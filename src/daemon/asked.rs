//! What was asked for, as the audit ledger keeps it and the page shows it: the request in the form in which the journal has it, without
//! what only the client's state remembers. That is no wish of anybody's, it is large, and whatever of it decides is read again in
//! the target, where the entries of each change name it.

use crate::{
    contract::Verb,
    forms::{Forms, Message},
    store::Entry,
};
use serde_json::{Map, Value, json};
use std::{borrow::Cow, fmt};

/// Of a request, and of the bounds beside it. One of ours has a few kilobytes, and a client may send 64 MiB: nothing is ever taken
/// out of a ledger, so that it must not grow by whatever somebody sends.
const MOST: usize = 64 << 10;

/// Of what a request says of itself that is refused before anybody has read it. An id or a message of ours has some hundred bytes.
const MOST_OF_TEXT: usize = 1 << 10;

/// Of a request: what was read or promised before it.
const REMEMBERED: [&str; 4] = ["facts", "keys", "parent", "planned"];
/// Of its `prior`: what was read.
const REMEMBERED_OF_PRIOR: [&str; 2] = ["identity_ready", "objects"];

/// More than is kept.
#[derive(Debug, PartialEq, Eq)]
pub struct TooLarge {
    bytes: usize,
}

// === impl TooLarge ===

impl fmt::Display for TooLarge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes, more than the {MOST} that are kept and shown", self.bytes)
    }
}

/// What an entry of the ledger says of it.
pub fn detail(Entry { digest, verb, form, allow, request, .. }: &Entry) -> Value {
    let mut detail = json!({ "digest": digest });
    let bounds = bound(serde_json::from_str(allow).unwrap_or_default());
    for (name, part) in [("bounds", bounds), ("request", wish(&as_read(*verb, request, *form)))] {
        match part {
            Ok(part) => detail[name] = part,
            Err(too_large) => detail["left_out"][name] = too_large.to_string().into(),
        }
    }
    detail
}

/// A request in the form of this release; one that it does not know stays as it is.
pub fn as_read(verb: Verb, request: &[u8], form: u32) -> Cow<'_, [u8]> {
    Forms::own().for_types(Message::request(verb), request, form).unwrap_or(Cow::Borrowed(request))
}

/// For people: what is not set is not shown.
pub fn text(request: &[u8]) -> String {
    match wish(request) {
        Ok(wish) => format!("{:#}", without_unset(wish)),
        Err(too_large) => too_large.to_string(),
    }
}

/// A text that anybody may have sent: its beginning, if there is more of it than of any that is ours.
pub fn in_brief(text: &str) -> Cow<'_, str> {
    match text.len() {
        0..=MOST_OF_TEXT => text.into(),
        bytes => format!("{}... ({bytes} bytes)", &text[..text.floor_char_boundary(MOST_OF_TEXT)]).into(),
    }
}

fn wish(request: &[u8]) -> Result<Value, TooLarge> {
    let mut wish: Value = serde_json::from_slice(request).unwrap_or_default();
    leave_out(&mut wish, &REMEMBERED);
    wish.get_mut("prior").into_iter().for_each(|prior| leave_out(prior, &REMEMBERED_OF_PRIOR));
    bound(wish)
}

fn leave_out(of: &mut Value, names: &[&str]) {
    if let Some(fields) = of.as_object_mut() {
        fields.retain(|name, _| !names.contains(&name.as_str()));
    }
}

fn bound(value: Value) -> Result<Value, TooLarge> {
    let bytes = value.to_string().len();
    if bytes <= MOST { Ok(value) } else { Err(TooLarge { bytes }) }
}

fn without_unset(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let set = fields.into_iter().filter(|(_, value)| !value.is_null());
            Value::Object(set.map(|(name, value)| (name, without_unset(value))).collect::<Map<_, _>>())
        }
        Value::Array(values) => Value::Array(values.into_iter().map(without_unset).collect()),
        value => value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        store::tests::entry_of,
        tests::harness::{ensure_of, removal_of},
    };
    use goldenpath_core::provision::{EnsureRequest, Prior};
    use std::collections::BTreeMap;

    fn update() -> EnsureRequest {
        let request = ensure_of("demo");
        let (spec, objects) = (request.spec.clone(), BTreeMap::from([("k8s/v1/Namespace/pay".into(), "#1".into())]));
        let prior = Prior { spec, uid: "u-1".into(), target: None, objects, incomplete: true, identity_ready: None };
        EnsureRequest { prior: Some(prior), planned_version: Some("1.0.0".into()), ..request }
    }

    /// Those of the first that the second has not.
    fn left_out(whole: &Value, kept: &Value) -> Vec<String> {
        whole.as_object().unwrap().keys().filter(|name| kept.get(name.as_str()).is_none()).cloned().collect()
    }

    #[test]
    fn what_a_state_remembers_is_no_wish() {
        let update = serde_json::to_value(update()).unwrap();
        let kept = wish(update.to_string().as_bytes()).unwrap();
        assert_eq!(left_out(&update, &kept), ["facts", "parent", "planned"], "by the names of today");
        assert_eq!(left_out(&update["prior"], &kept["prior"]), REMEMBERED_OF_PRIOR);
        assert_eq!((&kept["spec"], &kept["prior"]["uid"]), (&update["spec"], &json!("u-1")), "all else is as it was");
        let removal = serde_json::to_value(removal_of("demo")).unwrap();
        let kept = wish(removal.to_string().as_bytes()).unwrap();
        assert_eq!(left_out(&removal, &kept), ["facts", "keys"]);
        assert_eq!(kept["prior"], Value::Null, "a removal has none");
    }

    #[test]
    fn an_entry_is_never_larger_than_it_may_be() {
        let large = || "x".repeat(MOST + 1);
        for (allow, spec, kept, reason) in [
            ("[]".to_owned(), "demo".to_owned(), &["bounds", "digest", "request"][..], "as they are"),
            ("[]".to_owned(), large(), &["bounds", "digest", "left_out"], "the request is known by its digest"),
            (format!("[{:?}]", large()), "demo".to_owned(), &["digest", "left_out", "request"], "bounds are sent, too"),
            (format!("[{:?}]", large()), large(), &["digest", "left_out"], "both"),
        ] {
            let request = json!({ "spec": spec }).to_string().into_bytes();
            let detail = detail(&Entry { allow, request, ..entry_of("one") });
            let names: Vec<&String> = detail.as_object().unwrap().keys().collect();
            assert_eq!(names, kept, "{reason}");
            assert!(detail.to_string().len() <= 2 * MOST, "{reason}");
        }
        let request = json!({ "spec": large() }).to_string();
        let said = "65548 bytes, more than the 65536 that are kept and shown";
        let detail = detail(&Entry { request: request.clone().into(), ..entry_of("one") });
        assert_eq!((detail["left_out"]["request"].as_str(), text(request.as_bytes()).as_str()), (Some(said), said));
    }

    #[test]
    fn a_text_of_anybody_is_cut_between_two_characters() {
        let long = format!("{}\u{e9}", "x".repeat(MOST_OF_TEXT - 1));
        for (text, expected, reason) in [
            ("demo/pay", "demo/pay".to_owned(), "as they are"),
            (
                long.as_str(),
                format!("{}... (1025 bytes)", "x".repeat(1023)),
                "too long by one byte of the last character",
            ),
        ] {
            assert_eq!(in_brief(text), expected, "{reason}");
        }
    }

    #[test]
    fn people_read_what_is_set() {
        let request =
            json!({ "spec": { "tier": "dev", "owner": null, "list": [{ "a": null, "b": 1 }] }, "prior": null });
        assert_eq!(
            text(request.to_string().as_bytes()),
            format!("{:#}", json!({ "spec": { "tier": "dev", "list": [{ "b": 1 }] } }))
        );
    }
}
