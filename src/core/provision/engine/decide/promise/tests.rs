//! When the warnings of a request are said.

use super::*;
use crate::{
    golden::Catalogue,
    provision::engine::{
        fixtures::{environment, ground, prior, rendered},
        gather::Found,
        request::ChangeRequest,
    },
};
use serde_json::json;

#[test]
fn a_plan_says_what_is_new() {
    let spec = environment("pay", json!({ "access": { "viewer": {} } }));
    let other = environment("pay", json!({ "access": { "viewer": {} }, "quota": { "total": { "pods": "80" } } }));
    let blueprint = rendered(&spec, None);
    let lines: Lines =
        lines_of(&blueprint.objects).into_iter().filter_map(|(key, line)| Some((key, line.now()?.clone()))).collect();
    let mut drifted = lines.clone();
    drifted.pop_first();
    let new =
        [Problem::warning("a", "A warning", "Of the request."), Problem::error("b", "An error", "Of a newer rule.")];
    let judged = [new.to_vec(), spec.check()].concat();
    let all = || vec![("a", false), ("b", true), ("access.nobody", false)];
    let ground = ground();
    let found = Found::unread();
    for (before, objects, is_quiet, expected, reason) in [
        (None, None, false, all(), "a create"),
        (
            Some(&spec),
            Some(&lines),
            true,
            vec![("b", false)],
            "nothing changes: the error warns, the warnings are silent",
        ),
        (Some(&spec), Some(&drifted), false, vec![("b", true)], "drift is healed"),
        (
            Some(&other),
            Some(&lines),
            false,
            vec![("a", false), ("b", true)],
            "another request, with one of the warnings",
        ),
    ] {
        let prior = before.zip(objects).map(|(spec, objects)| prior(spec, objects.clone()));
        let change = ChangeRequest::of_spec(&spec, prior.as_ref());
        let inputs = Inputs {
            change: &change,
            ground: &ground,
            blueprint: &blueprint,
            judged: &judged,
            bounds: &[],
            now: "",
            found: &found,
            catalogue: &Catalogue::built_in(),
        };
        let promise = promise(&inputs, &inputs.past());
        let said: Vec<(&str, bool)> =
            promise.problems.iter().map(|problem| (problem.code, problem.is_error())).collect();
        assert_eq!(promise.is_quiet, is_quiet, "{reason}");
        assert_eq!(said, expected, "{reason}");
    }
}

#[test]
fn nothing_changes_where_every_line_says_the_same() {
    let lines = |lines: &[(&str, &str)]| -> Lines {
        lines.iter().map(|(key, line)| ((*key).to_owned(), (*line).to_owned())).collect()
    };
    let promised = |all: &[(&str, &str)]| -> Promised {
        lines(all).into_iter().map(|(key, line)| (key, Late::Now(line))).collect()
    };
    let later = Promised::from([("a".to_owned(), Late::Later)]);
    for (promised, observed, expected, reason) in [
        (promised(&[("a", "x #1:1")]), lines(&[("a", "x #1:1")]), true, "the same text"),
        (promised(&[("a", "x #1:1")]), lines(&[("a", "older words #1:1")]), true, "the same in other words"),
        (promised(&[("a", "x")]), lines(&[("a", "x")]), true, "the same text of another grammar"),
        (promised(&[("a", "x #1:1")]), lines(&[("a", "x #1:2")]), false, "another value"),
        (promised(&[("a", "x #1:1")]), lines(&[("b", "x #1:1")]), false, "another object"),
        (promised(&[("a", "x #1:1")]), lines(&[]), false, "one more"),
        (promised(&[]), lines(&[("a", "x #1:1")]), false, "one less"),
        (
            promised(&[("a", "x #1:1"), ("b", "x #1:1")]),
            lines(&[("a", "x #1:1"), ("b", "x #1:2")]),
            false,
            "one of the two",
        ),
        (later, lines(&[("a", "x #1:1")]), false, "it is not known yet"),
    ] {
        assert_eq!(is_same(&promised, &observed), expected, "{reason}");
    }
}

#[test]
fn an_apply_keeps_what_the_plan_promised() {
    let one = |line: &str| Promised::from([("a".to_owned(), Late::Now(line.to_owned()))]);
    let later = || Promised::from([("a".to_owned(), Late::Later)]);
    for (planned, now, is_kept, reason) in [
        (one("x #1:1"), one("x #1:1"), true, "the same"),
        (one("older words #1:1"), one("x #1:1"), true, "the same in other words"),
        (one("x"), one("x"), true, "the same text of another grammar"),
        (one("x #1:1"), one("x #1:2"), false, "another value"),
        (later(), one("x #1:1"), true, "what was open is known by now"),
        (later(), later(), true, "it is still open"),
        (one("x #1:1"), later(), false, "what was known is open"),
        (one("x #1:1"), Promised::new(), false, "it is not made at all"),
        (Promised::new(), one("x #1:1"), false, "no plan reported it"),
    ] {
        let found = check_kept(&planned, &now);
        assert_eq!(found.is_none(), is_kept, "{reason}");
        assert!(found.is_none_or(|found| found.is_error() && found.code == "plan.outdated"), "{reason}");
    }
}

#[test]
fn a_version_of_a_golden_path_is_one_text() {
    let blueprint = rendered(&environment("pay", json!({})), None);
    let now = &blueprint.summary.path;
    let version = |text: &str| text.parse().unwrap_or_else(|e| panic!("{e}"));
    for (planned, is_kept, reason) in [
        (None, true, "the plan did not say"),
        (Some("1.0.0"), true, "as planned"),
        (Some("0.9.0"), false, "a newer one was published meanwhile"),
    ] {
        let found = check_version(planned, &blueprint).err();
        assert_eq!(found.is_none(), is_kept, "{reason}");
        assert!(found.is_none_or(|found| found.is_error() && found.code == "plan.outdated"), "{reason}");
    }
    let other = || "0".repeat(64);
    for (before, is_edited, reason) in [
        (None, false, "something new"),
        (Some(now.clone()), false, "the same document"),
        (Some(PathVersion { digest: other(), ..now.clone() }), true, "another text of the same version"),
        (Some(PathVersion { digest: other(), version: version("0.9.0"), ..now.clone() }), false, "another version"),
        (Some(PathVersion { digest: other(), name: "data".into(), ..now.clone() }), false, "another path"),
    ] {
        let found = edited_path(before.as_ref(), &blueprint);
        assert_eq!(found.is_some(), is_edited, "{reason}");
        assert!(found.is_none_or(|found| found.is_error() && found.code == "catalogue.edited"), "{reason}");
    }
}
