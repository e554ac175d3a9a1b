//! The table of the record.

use super::*;
use crate::provision::engine::fixtures::{ARN, environment, record};
use serde_json::json;

/// An hour after the fixtures' records were written.
const NOW: &str = "2026-11-25T02:00:00Z";
const LATER: &str = "2026-11-25T02:00:01Z";

#[test]
fn a_record_means_one_thing_to_each_operation() {
    let spec = environment("pay", json!({}));
    let other = environment("pay", json!({ "tier": "prod" }));
    let of = |team: &str, phase| Some(record(team, phase, &spec));
    let elsewhere = Record {
        cluster_arn: "arn:aws:eks:eu-west-1:444455556666:cluster/demo".into(),
        ..record("payments", Phase::Ready, &spec)
    };
    let replacing = |uid: &str, protected| Replacing { id: "demo/pay".into(), uid: uid.into(), protected };
    let (loose, tight, old) = (replacing("uid-1", false), replacing("uid-1", true), replacing("uid-0", true));
    let by = |spec, replacing, own_uid, now| {
        Intent::Create(Create { team: "payments", spec, replacing, own_uid: Some(own_uid), now })
    };
    let create = |spec, replacing| by(spec, replacing, "uid-2", NOW);
    let late = |spec| by(spec, None, "uid-2", LATER);
    let again = |spec| by(spec, None, "uid-1", LATER);
    let claim = |claim: &str| environment("pay", json!({ "claim": claim }));
    let (claimed, rival) = (claim("xr-1"), claim("xr-2"));
    let update = |uid| Intent::Update { uid };
    use Hold::{Free, Held};
    use Phase::{Changing, Creating, Deleting, Ready};
    let cases: Vec<(&str, Option<Record>, Intent<'_>, Hold, &str)> = vec![
        ("nothing there", None, create(&spec, None), Free, "start"),
        ("state knows it, the record is lost", None, update("uid-1"), Free, "rebuild"),
        ("an interrupted create of the same team", of("payments", Creating), create(&spec, None), Free, "resume"),
        ("also with another request", of("payments", Creating), create(&other, None), Free, "resume"),
        ("still at work", of("payments", Creating), create(&spec, None), Held, "wait"),
        ("an interrupted create of another team", of("shop", Creating), create(&spec, None), Free, "record.other_team"),
        (
            "another team's is refused and not waited for",
            of("shop", Creating),
            create(&spec, None),
            Held,
            "record.other_team",
        ),
        ("an interrupted delete", of("payments", Deleting), create(&spec, None), Free, "finish"),
        ("its result was lost", of("payments", Ready), create(&spec, None), Free, "take over"),
        ("it was never lost", of("payments", Ready), late(&spec), Free, "record.already_exists"),
        ("run again, whenever that is", of("payments", Ready), again(&spec), Free, "take over"),
        ("run again, and changed since", of("payments", Ready), again(&other), Free, "record.already_exists"),
        ("the same claim holds it", Some(record("payments", Ready, &claimed)), late(&claimed), Free, "take over"),
        ("another claim", Some(record("payments", Ready, &claimed)), late(&rival), Free, "record.already_exists"),
        ("it is another request", of("payments", Ready), create(&other, None), Free, "record.already_exists"),
        ("it is another team's", of("shop", Ready), create(&spec, None), Free, "record.already_exists"),
        ("create before destroy", of("payments", Ready), create(&other, Some(&loose)), Free, "take over"),
        ("replaced under protection", of("payments", Ready), create(&other, Some(&tight)), Free, "deletion.protected"),
        (
            "the replaced one is another instance",
            of("payments", Ready),
            create(&other, Some(&old)),
            Free,
            "record.already_exists",
        ),
        (
            "unfinished and replaced: nothing to protect",
            of("payments", Creating),
            create(&other, Some(&tight)),
            Free,
            "resume",
        ),
        ("another cluster's record", Some(elsewhere), create(&spec, None), Free, "record.other_cluster"),
        ("an update", of("payments", Ready), update("uid-1"), Free, "change"),
        ("an update of what was interrupted", of("payments", Changing), update("uid-1"), Free, "change"),
        ("an update of another instance", of("payments", Ready), update("uid-0"), Free, "record.superseded"),
        ("an update of what is being deleted", of("payments", Deleting), update("uid-1"), Free, "record.deleting"),
        ("an update beside another operation", of("payments", Changing), update("uid-1"), Held, "wait"),
    ];
    for (reason, record, intent, hold, expected) in cases {
        let decision = decide(ARN, record.as_ref(), intent, hold);
        let word = match &decision {
            Decision::Start => "start",
            Decision::Change => "change",
            Decision::Rebuild => "rebuild",
            Decision::Resume => "resume",
            Decision::Finish => "finish",
            Decision::TakeOver => "take over",
            Decision::Done => "done",
            Decision::Wait => "wait",
            Decision::Refuse(problem) => problem.code,
        };
        assert_eq!(word, expected, "{reason}");
    }
}

#[test]
fn refusals_name_whom_to_ask() {
    let spec = environment("pay", json!({}));
    let Decision::Refuse(problem) = decide(
        ARN,
        Some(&record("shop", Phase::Creating, &spec)),
        Intent::Create(Create { team: "payments", spec: &spec, replacing: None, own_uid: None, now: NOW }),
        Hold::Free,
    ) else {
        panic!("another team's is refused");
    };
    assert!(problem.summary.contains("team shop"), "{}", problem.summary);
    assert!(problem.detail.contains("op-1"), "{}", problem.detail);
}

#[test]
fn what_exists_is_named_with_its_team_if_it_has_one() {
    let spec = environment("pay", json!({}));
    for (team, expected, reason) in [
        ("shop", "It belongs to team shop, and was created", "an environment is of a team"),
        ("", "It was created", "a baseline is not"),
    ] {
        let problem = already_exists(&record(team, Phase::Ready, &spec));
        assert!(problem.detail.starts_with(expected), "{reason}: {}", problem.detail);
    }
}

#[test]
fn a_resume_says_how_far_it_was() {
    let spec = environment("pay", json!({}));
    let record = Record { inventory: vec!["a".into(); 22], ..record("payments", Phase::Creating, &spec) };
    let warning = resume_warning(&record, 7);
    assert_eq!(warning.summary, "Continues operation op-1: 7 of 22 objects done, nothing is destroyed");
}

#[test]
fn what_was_interrupted_is_named_by_its_phase() {
    let spec = environment("pay", json!({}));
    for (phase, expected) in [(Phase::Creating, "A create of demo/pay"), (Phase::Changing, "A change of demo/pay")] {
        let warning = resume_warning(&record("payments", phase, &spec), 0);
        assert!(warning.detail.starts_with(expected), "{}", warning.detail);
    }
}

#[test]
fn of_what_is_half_deleted_the_first_few_are_named() {
    let spec = environment("pay", json!({}));
    let record = Record { inventory: vec!["a".into(); 22], ..record("payments", Phase::Deleting, &spec) };
    let key = |n: usize| format!("k8s/v1/ResourceQuota/pay/q{n}");
    for (count, last, more, reason) in [
        (2, "pay/q1", "", "both of them"),
        (MOST_LEFT, "pay/q7", "", "as many as are named"),
        (MOST_LEFT + 1, "pay/q7", " and 1 more", "one more than that"),
        (MOST_LEFT + 5, "pay/q7", " and 5 more", "many more"),
    ] {
        let left: Vec<String> = (0..count).map(key).collect();
        let found = partial_deletion(&record, left.iter());
        assert!(found.summary.ends_with(&format!("{count} of 22 objects are left")), "{reason}: {}", found.summary);
        assert!(found.detail.contains(&format!("ResourceQuota {last}{more}. The next")), "{reason}: {}", found.detail);
    }
}
