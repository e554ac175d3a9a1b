//! When the warnings of a request are said.

use super::*;
use crate::{
    golden::Catalogue,
    provision::{
        Prior,
        engine::{
            fixtures::{environment, facts, rendered},
            gather::{Found, Ground},
            request::ChangeRequest,
            target::Moment,
        },
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
    let ground = Ground { target: None, facts: facts().stable, cluster: None, parent: None, parents: 1 };
    let found = Found::unread();
    for (before, objects, expected, reason) in [
        (None, None, all(), "a create"),
        (Some(&spec), Some(&lines), vec![("b", false)], "nothing changes: the error warns, the warnings are silent"),
        (Some(&spec), Some(&drifted), vec![("b", true)], "drift is healed"),
        (Some(&other), Some(&lines), vec![("a", false), ("b", true)], "another request, with one of the warnings"),
    ] {
        let prior = before.zip(objects).map(|(spec, objects)| Prior {
            spec: spec.clone(),
            uid: "uid-1".into(),
            target: None,
            objects: objects.clone(),
            incomplete: false,
            identity_ready: None,
        });
        let change = ChangeRequest {
            id: spec.id(),
            spec: &spec,
            facts: None,
            path: None,
            planned_version: None,
            parent: None,
            prior: prior.as_ref(),
            replacing: None,
            variant: 0,
            planned: None,
            planned_target: None,
            timeouts: None,
            moment: Moment::Plan,
        };
        let inputs = Inputs {
            change: &change,
            ground: &ground,
            blueprint: &blueprint,
            judged: &judged,
            bounds: &[],
            now: "",
            found: &found,
            catalogue: &Catalogue::embedded(),
        };
        let said: Vec<(&str, bool)> = promise(&inputs, &inputs.past())
            .problems
            .iter()
            .map(|problem| (problem.code, problem.is_error()))
            .collect();
        assert_eq!(said, expected, "{reason}");
    }
}
