//! Server-side apply as tables: what two managers did before, what happens now.

use super::*;
use serde_json::json;

fn create(document: Value) -> (Value, Vec<Manager>) {
    let (mut live, mut managers) = (json!({}), vec![]);
    apply(&mut live, &mut managers, &document, "goldenpath", Force::Fields(&[])).expect("nobody owns anything yet");
    (live, managers)
}

fn owner_of(managers: &[Manager], path: &str) -> Vec<String> {
    managers.iter().filter(|m| m.fields.contains(path)).map(|m| m.manager.clone()).collect()
}

#[test]
fn what_a_manager_no_longer_declares_goes_unless_another_owns_it() {
    let (mut live, mut managers) = create(json!({"spec": {"a": 1, "b": 2, "c": {"d": 3}}}));
    apply(&mut live, &mut managers, &json!({"spec": {"b": 2}}), "argocd", Force::Fields(&[]))
        .expect("equal values are shared");
    assert_eq!(owner_of(&managers, "/spec/b"), ["goldenpath", "argocd"]);
    apply(&mut live, &mut managers, &json!({"spec": {"a": 1}}), "goldenpath", Force::Fields(&[])).expect("ours");
    assert_eq!(live, json!({"spec": {"a": 1, "b": 2}}), "c is gone with its map, b has another owner");
    apply(&mut live, &mut managers, &json!({}), "argocd", Force::Fields(&[])).expect("theirs");
    assert_eq!(live, json!({"spec": {"a": 1}}));
}

#[test]
fn a_field_of_another_manager_is_a_conflict_that_names_it() {
    struct Case {
        declared: Value,
        take: &'static [&'static str],
        expected: Result<Value, (&'static str, &'static str)>,
        reason: &'static str,
    }
    let cases = [
        Case {
            declared: json!({"spec": {"x": 1}}),
            take: &[],
            expected: Ok(json!({"spec": {"x": 1, "l": [1]}})),
            reason: "the same value is no conflict",
        },
        Case {
            declared: json!({"spec": {"x": 2}}),
            take: &[],
            expected: Err(("/spec/x", "other")),
            reason: "another value is",
        },
        Case {
            declared: json!({"spec": {"x": 2}}),
            take: &["/spec/x"],
            expected: Ok(json!({"spec": {"x": 2, "l": [1]}})),
            reason: "a taken field is won",
        },
        Case {
            declared: json!({"spec": {"x": 2, "l": [2]}}),
            take: &["/spec/x"],
            expected: Err(("/spec/l", "other")),
            reason: "only the fields that are taken are won",
        },
        Case {
            declared: json!({"spec": {"x": {"y": 1}}}),
            take: &["/spec/x/y"],
            expected: Ok(json!({"spec": {"x": {"y": 1}, "l": [1]}})),
            reason: "a map takes the place of a scalar",
        },
        Case {
            declared: json!({"spec": {"x": {"y": 1}}}),
            take: &[],
            expected: Err(("/spec/x/y", "other")),
            reason: "a field inside of another's",
        },
        Case {
            declared: json!({"spec": 1}),
            take: &[],
            expected: Err(("/spec", "other")),
            reason: "a field around another's",
        },
        Case {
            declared: json!({"spec": {}}),
            take: &[],
            expected: Ok(json!({"spec": {"x": 1, "l": [1]}})),
            reason: "an empty map declares nothing of its content",
        },
        Case {
            declared: json!({"spec": {"l": [1, 2]}}),
            take: &[],
            expected: Err(("/spec/l", "other")),
            reason: "lists are atomic",
        },
    ];
    for operation in [Operation::Apply, Operation::Update] {
        for Case { declared, take, expected, reason } in &cases {
            let mut live = json!({"spec": {"x": 1, "l": [1]}});
            let fields = BTreeSet::from(["/spec/x".to_owned(), "/spec/l".to_owned()]);
            let mut managers = vec![Manager { manager: "other".to_owned(), operation, fields }];
            let take: Vec<String> = take.iter().map(|&t| t.to_owned()).collect();
            let result = apply(&mut live, &mut managers, declared, "goldenpath", Force::Fields(&take));
            match expected {
                Ok(document) => {
                    assert_eq!(result, Ok(()), "{reason}");
                    assert_eq!(&live, document, "{reason}");
                }
                Err((field, manager)) => {
                    let held = vec![((*field).to_owned(), (*manager).to_owned())];
                    assert_eq!(
                        result.map_err(|mut held| {
                            held.truncate(1);
                            held
                        }),
                        Err(held),
                        "{reason}"
                    );
                    assert_eq!(live, json!({"spec": {"x": 1, "l": [1]}}), "{reason}: a conflict changes nothing");
                }
            }
        }
    }
}

#[test]
fn an_update_takes_over_what_it_changes_and_nothing_else() {
    let (mut live, mut managers) =
        create(json!({"spec": {"a": 1, "b": 2, "podSelector": {"matchLabels": {"x": "y"}}}}));
    let new = json!({"spec": {"a": 9, "podSelector": {}, "new": true}});
    update(&mut live, &mut managers, new.clone(), "kubectl-edit");
    assert_eq!(live, new);
    for (path, expected, reason) in [
        ("/spec/a", &["kubectl-edit"][..], "changed"),
        ("/spec/b", &[], "removed: nobody owns it any more"),
        ("/spec/podSelector", &["kubectl-edit"], "an atomic map changes hands as a whole"),
        ("/spec/new", &["kubectl-edit"], "added"),
    ] {
        assert_eq!(owner_of(&managers, path), expected, "{reason}");
    }
    apply(&mut live, &mut managers, &json!({"spec": {"b": 2}}), "goldenpath", Force::Fields(&[])).expect("free");
    assert_eq!(live["spec"]["a"], 9, "what an edit took over is no longer ours to remove");
}

#[test]
fn identity_belongs_to_nobody() {
    let (_, managers) = create(
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": "b"}, "data": {"k": "v"}}),
    );
    assert_eq!(managers[0].fields, BTreeSet::from(["/data/k".to_owned()]));
}

#[test]
fn a_forced_apply_takes_fields_from_everyone() {
    let (mut live, mut managers) = create(json!({"spec": {"a": 1, "b": 2}}));
    apply(&mut live, &mut managers, &json!({"spec": {"a": 5}}), "argocd", Force::All).expect("forced");
    assert_eq!(owner_of(&managers, "/spec/a"), ["argocd"]);
    assert_eq!(live["spec"], json!({"a": 5, "b": 2}));
}

#[test]
fn managers_read_back_from_their_lines_and_tell_holders_in_order() {
    let manager = |manager: &str, operation, fields: &[&str]| Manager {
        manager: manager.to_owned(),
        operation,
        fields: fields.iter().map(|&field| field.to_owned()).collect(),
    };
    let managers = vec![
        manager("goldenpath", Operation::Apply, &["/spec/a", "/spec/b"]),
        manager("Upbound", Operation::Update, &["/spec/b", "/spec/c"]),
        manager("", Operation::Apply, &["/A"]),
    ];
    let lines = encode(&managers);
    assert_eq!(decode(&lines), managers);
    let holders = Holders::of(&lines);
    let of = |path: &str| holders.of_field(path).collect::<Vec<_>>();
    assert_eq!(of("/spec/b"), [(Operation::Apply, "goldenpath"), (Operation::Update, "Upbound")]);
    assert_eq!(of("/spec/d"), []);
    assert_eq!(holders.first(), Some("goldenpath"));
}
