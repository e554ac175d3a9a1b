use super::*;
use crate::domain::Severity;

fn deprecation(text: &str) -> Deprecation {
    serde_saphyr::from_str(text).expect("a deprecation")
}

#[test]
fn a_version_ends_by_its_dates() {
    for (status, dates, today, expected, reason) in [
        (Status::Supported, None, "2026-06-01", None, "nothing is said of it"),
        (
            Status::Deprecated,
            Some("{ reason: It is old, date: 2026-07-01 }"),
            "2026-06-30",
            None,
            "announced, and not begun",
        ),
        (
            Status::Deprecated,
            Some("{ reason: It is old, date: 2026-07-01, successor: 2.0.0 }"),
            "2026-07-01",
            Some((
                Severity::Warning,
                "Golden path a 1.0.0 is deprecated",
                "It is old. Move to its successor with `golden_path_version = \"2.0.0\"`.",
            )),
            "from its day on",
        ),
        (
            Status::Deprecated,
            Some("{ reason: It is old., removal: 2026-08-01, successor: b 1.0.0 }"),
            "2026-07-22",
            Some((
                Severity::Warning,
                "Golden path a 1.0.0 is deprecated, and is removed in 10 days, on 2026-08-01",
                "It is old. Move to it with `golden_path = \"b\"` and `golden_path_version = \"1.0.0\"`.",
            )),
            "with the days that are left, over the end of a month",
        ),
        (
            Status::Deprecated,
            Some("{ reason: It is old., removal: 2026-08-01 }"),
            "2026-07-31",
            Some((
                Severity::Warning,
                "Golden path a 1.0.0 is deprecated, and is removed tomorrow, on 2026-08-01",
                "It is old. Move to another version",
            )),
            "its last day",
        ),
        (
            Status::Deprecated,
            Some("{ reason: It is old., removal: 2026-08-01 }"),
            "2026-08-01",
            Some((
                Severity::Error,
                "Golden path a 1.0.0 was removed on 2026-08-01: move to another version",
                "Move to another version",
            )),
            "removed by its date alone",
        ),
        (
            Status::Removed,
            Some("{ reason: It leaks., removal: 2027-08-01 }"),
            "2026-08-01",
            Some((
                Severity::Error,
                "Golden path a 1.0.0 was removed: move to another version",
                "It leaks. Existing instances stay",
            )),
            "removed earlier than was said",
        ),
    ] {
        let dates = dates.map(deprecation);
        let found = notice("a 1.0.0", status, dates.as_ref(), today.parse().expect("a date"));
        match (found, expected) {
            (None, None) => {}
            (Some(found), Some((severity, summary, detail))) => {
                assert_eq!((found.severity, found.summary.as_str()), (severity, summary), "{reason}");
                assert!(found.detail.contains(detail), "{reason}: {}", found.detail);
            }
            (found, expected) => panic!("{reason}: {found:?} for {expected:?}"),
        }
    }
}

#[test]
fn an_end_makes_sense() {
    let own = PathReference { name: Some("a".into()), version: "1.0.0".parse().expect("a version") };
    for (text, at, reason) in [
        ("{ reason: ' ' }", "deprecation.reason", "no reason"),
        ("{ reason: x, date: 2026-02-01, removal: 2026-02-01 }", "deprecation.removal", "it ends before it begins"),
        ("{ reason: x, successor: 1.0.0 }", "deprecation.successor", "it follows itself"),
        ("{ reason: x, successor: a 1.0.0 }", "deprecation.successor", "it follows itself by name"),
    ] {
        let found = check(&own, Status::Deprecated, Some(&deprecation(text)));
        let fields: Vec<&str> = found.iter().map(|(field, _)| *field).collect();
        assert_eq!(fields, [at], "{reason}");
    }
    let other = deprecation("{ reason: x, successor: b 1.0.0 }");
    assert_eq!(check(&own, Status::Removed, Some(&other)), vec![], "the same version of another path");
}

#[test]
fn a_reference_is_written_as_it_was_read() {
    for text in ["2.0.0", "data-team 2.0.0"] {
        let reference: PathReference = text.parse().expect(text);
        assert_eq!(serde_json::json!(reference), text);
    }
}

#[test]
fn a_life_has_a_name() {
    let days_left = Some(1);
    for (life, name) in
        [(Life::Supported, "supported"), (Life::Deprecated { days_left }, "deprecated"), (Life::Removed, "removed")]
    {
        assert_eq!(life.as_str(), name);
    }
}
