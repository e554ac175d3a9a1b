use super::*;
use crate::{
    domain::{EnvironmentId, Fields, FieldsBuilder, Holder, Owner},
    golden::{Blueprint, Catalogue, Spec},
    kinds::{self, fields_of},
    provision::{
        Cancel, Prior,
        engine::{
            fixtures::{environment, ground, prior, record, rendered},
            gather::Found,
            request::ChangeRequest,
            target::Moment,
            watch::Hold,
        },
    },
};
use serde_json::json;
use std::{collections::BTreeMap, time::Duration};

fn ours(environment: &str) -> Ownership {
    Ownership::Ours(Owner { environment: environment.into(), slot: None })
}

fn helm() -> Ownership {
    Ownership::Foreign { by: "Helm".into() }
}

fn objects(observed: Vec<Observed>, record: Option<Record>) -> Item<Objects> {
    Item::Known(Objects {
        observed,
        record,
        hold: Hold::Free,
        replaced: None,
        has_baseline: true,
        known: BTreeSet::new(),
        named: BTreeSet::new(),
    })
}

/// What is said of it, and whether that stops it.
fn said(
    spec: &Spec,
    prior: Option<&Prior>,
    judged: &[Problem],
    found: &Found,
    is_apply: bool,
) -> (Vec<&'static str>, bool) {
    let blueprint: Blueprint = rendered(spec, None);
    let cancel = Cancel::new();
    let moment = if is_apply { Moment::Apply { until: Duration::ZERO, cancel: &cancel } } else { Moment::Plan };
    let inputs = Inputs {
        change: &ChangeRequest { moment, ..ChangeRequest::of_spec(spec, prior) },
        ground: &ground(),
        blueprint: &blueprint,
        judged,
        found,
        catalogue: &Catalogue::built_in(),
        bounds: &[],
        now: "2026-11-25T02:00:00Z",
    };
    match decide(&inputs) {
        Ok(plan) => (plan.problems.iter().map(|problem| problem.code).collect(), false),
        Err(stop) => (stop.into_problems().iter().map(|problem| problem.code).collect(), true),
    }
}

#[test]
fn a_refusal_says_why_and_a_plan_waits_for_nobody() {
    let problem = Problem::error("a", "An error", "Why.");
    assert_eq!(Stop::Refuse(vec![problem.clone()]).into_problems(), [problem]);
    assert_eq!(Stop::Wait(Wait::Operation(None)).into_problems(), []);
}

#[test]
fn what_aws_would_refuse_is_said_of_a_sound_request_that_changes_something() {
    let trusted: Vec<String> = (0..160)
        .map(|n| format!("arn:aws:iam::111122223333:role/teams/payments/pipelines/deploys-service-{n}"))
        .collect();
    let access = json!({ "access": { "deployer": { "create_role": true, "trusted_principal_arns": trusted } } });
    let spec = environment("pay", access);
    let blueprint = rendered(&spec, None);
    let line = |object: &crate::domain::Desired| {
        let fields = object.body.as_ref().map(fields_of).unwrap_or_default();
        (object.key.to_string(), kinds::block(&object.key, &fields, &fields))
    };
    let as_it_is = prior(&spec, blueprint.objects.iter().map(line).collect());
    let wrong = [Problem::error("wrong", "An error", "Of the request.")];
    for (prior, judged, expected, reason) in [
        (None, &[][..], vec!["aws.refused"], "a create"),
        (None, &wrong[..], vec!["wrong"], "the request is wrong itself"),
        (Some(&as_it_is), &[][..], vec![], "nothing changes"),
    ] {
        let (codes, _) = said(&spec, prior, judged, &Found::unread(), false);
        assert_eq!(codes, expected, "{reason}");
    }
}

#[test]
fn an_adoption_is_announced_by_the_plan() {
    let adopts = |take: &[&str]| environment("pay", json!({ "adopt": { "mode": "if_marked", "take_fields": take } }));
    let level = "/metadata/labels/pod-security.kubernetes.io~1enforce";
    let (argo, nobody) = (Holder::Applied("argocd"), Holder::Edited("kubectl-edit"));
    for (spec, holder, is_apply, expected, reason) in [
        (adopts(&[]), nobody, false, (vec!["environment.adopts"], false), "a plan"),
        (adopts(&[]), nobody, true, (vec![], false), "the apply says nothing twice"),
        (
            adopts(&[]),
            argo,
            false,
            (vec!["environment.adopt_held"], false),
            "a plan, and others hold a field: said once",
        ),
        (adopts(&[]), argo, true, (vec!["object.held"], true), "an apply takes nothing"),
        (adopts(&[level]), argo, true, (vec![], false), "the request takes it"),
    ] {
        let mut fields = FieldsBuilder::default();
        fields.push(level, "privileged", holder);
        let namespace = ObjectKey::namespace_object("pay");
        let namespace =
            Observed { adoptable_by: Some("demo/pay".into()), ..Observed::new(namespace, "1", helm(), fields.build()) };
        let found = Found { objects: objects(vec![namespace], None), ..Found::unread() };
        assert_eq!(said(&spec, None, &[], &found, is_apply), expected, "{reason}");
    }
}

#[test]
fn what_is_gone_altogether_is_not_made_again_by_an_old_plan() {
    let spec = environment("pay", json!({}));
    let known = prior(&spec, BTreeMap::new());
    let namespace = |by: Ownership| {
        let mut fields = FieldsBuilder::default();
        fields.push("/metadata/labels/a", "1", Holder::Us);
        Observed::new(ObjectKey::namespace_object("pay"), "1", by, fields.build())
    };
    for (observed, expected, reason) in [
        (vec![], (vec!["record.gone"], true), "its record and its objects are gone"),
        (vec![namespace(ours("pay"))], (vec![], false), "only its record was lost"),
        (vec![namespace(ours("shop"))], (vec!["record.gone"], true), "somebody else has its name by now"),
    ] {
        let found = Found { objects: objects(observed, None), ..Found::unread() };
        assert_eq!(said(&spec, Some(&known), &[], &found, true), expected, "{reason}");
    }
}

#[test]
fn a_name_that_an_update_adds_may_be_taken() {
    let spec = environment("pay", json!({ "namespaces": { "default": {}, "jobs": {} } }));
    let adopting =
        environment("pay", json!({ "namespaces": { "default": {}, "jobs": {} }, "adopt": { "mode": "if_marked" } }));
    let seen = |by: Ownership| {
        let marked = Some("demo/pay".to_owned());
        let seen = Observed::new(ObjectKey::namespace_object("pay-jobs"), "1", by, Fields::default());
        Observed { adoptable_by: marked, ..seen }
    };
    let unwanted = Observed::new(ObjectKey::namespace_object("other"), "1", helm(), Fields::default());
    for (spec, taken, expected, reason) in [
        (&spec, seen(helm()), vec!["object.foreign"], "a stranger's"),
        (&spec, seen(ours("shop")), vec!["object.foreign"], "another environment's"),
        (&spec, seen(ours("pay")), vec![], "left by an earlier change"),
        (&adopting, seen(helm()), vec![], "marked for us"),
        (&spec, unwanted, vec![], "not what it wants"),
    ] {
        let found = Found { taken: vec![taken], ..Found::unread() };
        let known = prior(&environment("pay", json!({})), BTreeMap::new());
        assert_eq!(said(spec, Some(&known), &[], &found, false), (expected, false), "{reason}");
    }
}

#[test]
fn done_is_what_exists_and_is_not_another_environments() {
    let id = Id::from("demo/pay".parse::<EnvironmentId>().unwrap_or_else(|e| panic!("{e}")));
    let spec = environment("pay", json!({}));
    let key = |name: &str| ObjectKey::kube("v1", "ResourceQuota", Some("pay"), name);
    let inventory = ["a", "b", "c", "d"].map(|name| key(name).to_string()).to_vec();
    let record = Record { inventory, ..record("payments", Phase::Creating, &spec) };
    for (seen, expected, reason) in [
        (vec![], 0, "nothing exists"),
        (vec![("a", ours("pay")), ("b", ours("pay")), ("c", ours("pay"))], 3, "three are ours"),
        (vec![("a", ours("pay")), ("b", ours("shop"))], 1, "one is another environment's"),
        (vec![("a", ours("pay")), ("b", Ownership::Cluster)], 2, "an entry is the cluster's"),
        (vec![("a", ours("pay")), ("x", ours("pay"))], 1, "one is not in the inventory"),
        (vec![("x", ours("pay"))], 0, "none of them is"),
    ] {
        let observe = |(name, by)| Observed::new(key(name), "1", by, Fields::default());
        let observed: Vec<Observed> = seen.into_iter().map(observe).collect();
        assert_eq!(count_done(&id, &record, &observed), expected, "{reason}");
    }
}
