//! Between the protocol's messages and our types.

use super::{
    failure::{Failure, RpcResult},
    schemas::BUG,
};
use crate::{
    diagnostic::{Diagnostic, Severity},
    laws::{self, Violation},
    path::{Path, Step},
    value::{Type, Value, codec, json, msgpack},
};
use tfplugin_proto::tfplugin6::{self as proto, attribute_path::step::Selector};

/// Absent or empty is null. A client may send either form; a value that isn't of its type is a protocol error.
pub(super) fn decode(what: &str, value: Option<proto::DynamicValue>, ty: &Type) -> RpcResult<Value> {
    let proto::DynamicValue { msgpack, json } = value.unwrap_or_default();
    let decoded = if msgpack.is_empty() { json::decode(&json, ty) } else { msgpack::decode(&msgpack, ty) };
    decoded.map_err(|error| Failure::protocol(format_args!("{what} does not match the schema: {error}")))
}

/// Always msgpack, which every client reads and which alone can hold unknowns.
///
/// Our own tree may lack attributes, or hold a list for a set: what serde writes does. It is made to conform only when it
/// doesn't already, since most responses are built from trees that came in whole.
pub(super) fn encode(value: Value, ty: &Type) -> RpcResult<Option<proto::DynamicValue>> {
    let msgpack = match msgpack::encode(&value, ty) {
        Ok(bytes) => bytes,
        Err(_) => codec::conform(value, ty).and_then(|value| msgpack::encode(&value, ty)).map_err(|error| {
            Diagnostic::error(format!("Response of the provider does not match its own schema: {error}"), BUG)
        })?,
    };
    Ok(Some(proto::DynamicValue { msgpack, json: vec![] }))
}

/// In debug builds, our own check of what we are about to send. Core would refuse the response as well, and say less of why.
pub(super) fn check(found: &mut Vec<Diagnostic>, law: impl FnOnce() -> Vec<Violation>) {
    if cfg!(debug_assertions) {
        found.extend(law().into_iter().map(report));
    }
}

fn report(violation: Violation) -> Diagnostic {
    let summary = format!("Response of the provider violates the protocol: {violation}");
    Diagnostic::error(summary, "This is a bug in the provider, found by its own check in a debug build.")
        .at(violation.path)
}

pub(super) fn diagnostics(mut diagnostics: Vec<Diagnostic>) -> Vec<proto::Diagnostic> {
    if cfg!(debug_assertions) {
        let violations: Vec<_> = diagnostics.iter().filter_map(laws::check_message).collect();
        diagnostics.extend(violations.into_iter().map(report));
    }
    diagnostics.into_iter().map(diagnostic).collect()
}

fn diagnostic(diagnostic: Diagnostic) -> proto::Diagnostic {
    let Diagnostic { severity, summary, detail, path } = diagnostic;
    let severity = match severity {
        Severity::Error => proto::diagnostic::Severity::Error,
        Severity::Warning => proto::diagnostic::Severity::Warning,
    };
    let attribute = (!path.is_root()).then(|| attribute_path(&path));
    let (summary, detail) = (shorten(summary, MOST_OF_A_SUMMARY), shorten(detail, MOST_OF_A_DETAIL));
    proto::Diagnostic { severity: severity.into(), summary, detail, attribute }
}

/// A value of any size may be quoted in a message; nobody reads more of it than this.
const MOST_OF_A_SUMMARY: usize = 1_000;
const MOST_OF_A_DETAIL: usize = 20_000;

/// The middle goes: a message begins with what is wrong and ends with what to do.
fn shorten(text: String, longest: usize) -> String {
    if text.len() <= longest {
        return text;
    }
    let (head, tail) = (longest * 2 / 3, text.len() - longest / 3);
    let head = (0..=head).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    let tail = (tail..=text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len());
    format!("{} [...] {}", &text[..head], &text[tail..])
}

pub(super) fn attribute_path(path: &Path) -> proto::AttributePath {
    let step = |step: &Step| proto::attribute_path::Step {
        selector: Some(match step {
            Step::Attribute(name) => Selector::AttributeName(name.clone()),
            Step::Key(key) => Selector::ElementKeyString(key.clone()),
            Step::Index(index) => Selector::ElementKeyInt(*index),
        }),
    };
    proto::AttributePath { steps: path.steps().iter().map(step).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_of_any_size_makes_a_message_that_can_be_read() {
        let huge = "\u{e9}".repeat(30_000_000);
        let found =
            diagnostic(Diagnostic::error(format!("The name {huge:?} is too long"), format!("{huge} Shorten it.")));
        assert!(found.summary.len() < 1_100 && found.detail.len() < 20_100);
        assert!(found.summary.starts_with("The name") && found.summary.ends_with("is too long"), "{}", found.summary);
        assert!(found.detail.ends_with("Shorten it."), "the next step stays");
        assert_eq!(shorten("short".to_owned(), 10), "short");
    }

    #[test]
    fn either_form_is_read_and_none_is_null() {
        let cases = [
            ("absent is null", None, Value::Null),
            ("empty is null", Some(proto::DynamicValue::default()), Value::Null),
            ("msgpack", Some(proto::DynamicValue { msgpack: vec![0xa1, b'x'], json: vec![] }), "x".into()),
            ("JSON", Some(proto::DynamicValue { msgpack: vec![], json: br#""x""#.to_vec() }), "x".into()),
        ];
        for (reason, message, expected) in cases {
            assert!(decode("config", message, &Type::String).is_ok_and(|value| value == expected), "{reason}");
        }
    }

    #[test]
    fn what_no_client_sends_is_a_protocol_error() {
        let number = Some(proto::DynamicValue { msgpack: vec![0x01], json: vec![] });
        assert!(matches!(decode("config", number, &Type::String), Err(Failure::Protocol(_))));
    }

    #[test]
    fn our_own_trees_are_made_to_conform() {
        let ty = Type::object([("tags", Type::set(Type::String)), ("note", Type::String)]);
        let written_by_serde = Value::map([("tags", Value::List(vec!["a".into()]))]);
        let message = encode(written_by_serde, &ty).unwrap_or_else(|_| panic!("it can conform"));
        let read = decode("response", message, &ty).unwrap_or_else(|_| panic!("it conforms"));
        assert_eq!(read, Value::map([("tags", Value::set(["a".into()])), ("note", Value::Null)]));
    }

    #[test]
    fn a_path_names_every_kind_of_step() {
        let path = Path::attribute("a").then(Step::Key("k".into())).then(Step::Index(2));
        let steps: Vec<_> = attribute_path(&path).steps.into_iter().filter_map(|step| step.selector).collect();
        assert_eq!(
            steps,
            [Selector::AttributeName("a".into()), Selector::ElementKeyString("k".into()), Selector::ElementKeyInt(2)]
        );
        assert!(diagnostic(Diagnostic::error("x", "")).attribute.is_none(), "the root is no path at all");
    }
}
