//! What happens to each resource and its objects, field by field, and what is lost with them.

use super::{
    plan::{Known, Resource, Side, Values},
    review::{Action, Change, FieldChange, Lost, ObjectChange, Unknown},
};
use goldenpath_core::kinds::{FieldLine, elements, legible, lines_of, same_digest, value};
use serde_json::Value;

/// What no object shows, and decides what happens next.
const ATTRIBUTES: [&[&str]; 8] = [
    &["tier"],
    &["team"],
    &["golden_path"],
    &["golden_path_version"],
    &["resolved_version"],
    &["deletion_protection"],
    &["drift", "mode"],
    &["drift", "ignore"],
];

const SENSITIVE: &str = "(sensitive)";
const UNKNOWN: &str = "(known after apply)";
/// A field of its own, of an object whose digest is all that differs.
const NOT_SHOWN: &str = "(not shown)";

pub struct Changed {
    pub change: Change,
    pub lost: Vec<Lost>,
    pub unknown: Option<Unknown>,
}

/// `None`: nothing happens.
pub fn change_of(resource: &Resource) -> Option<Changed> {
    let Resource { address, previous_address, resource_type, deposed, action_reason, change: values, .. } = resource;
    let action = action_of(&values.actions);
    let imported = values.importing.as_ref().is_some_and(|importing| !importing.is_null());
    let previous_address = previous_address.as_deref().filter(|previous| previous != address).map(legible);
    if action == Action::None && previous_address.is_none() && !imported {
        return None;
    }
    let address = legible(address) + if deposed.is_some() { " (deposed)" } else { "" };
    let environment = environment(values).unwrap_or_else(|| address.clone());
    let (keys, is_known) = match action {
        Action::Forget | Action::None => (vec![], true),
        _ => keys(values),
    };
    let shown = if is_known || action != Action::Update { &keys[..] } else { &[] };
    let objects = shown.iter().filter_map(|key| object(values, key, action)).collect();
    let namespaces = keys.iter().filter(|key| is_lost(values, key, action));
    let lost = namespaces.map(|key| Lost {
        namespace: legible(key.rsplit([' ', '/']).next().unwrap_or(key)),
        environment: environment.clone(),
        address: address.clone(),
        by: action,
    });
    Some(Changed {
        lost: lost.collect(),
        unknown: (!is_known).then(|| Unknown { address: address.clone(), environment: environment.clone(), action }),
        change: Change {
            attributes: if action == Action::Update || action == Action::Replace { attributes(values) } else { vec![] },
            reason: action_reason.as_ref().map(|reason| legible(&reason.replace('_', " "))),
            resource_type: legible(resource_type),
            previous_address,
            imported,
            environment,
            address,
            action,
            objects,
        },
    })
}

fn action_of(actions: &[String]) -> Action {
    let has = |wanted: &str| actions.iter().any(|action| action == wanted);
    match () {
        () if has("delete") => {
            if has("create") {
                Action::Replace
            } else {
                Action::Delete
            }
        }
        () if has("forget") => Action::Forget,
        () if has("create") => Action::Create,
        () if has("update") => Action::Update,
        () => Action::None,
    }
}

/// `demo/payments-dev/ledger` is in `demo/payments-dev`.
fn environment(values: &Values) -> Option<String> {
    [Side::After, Side::Before].into_iter().find_map(|side| match values.get(side, &["id"]) {
        Known::Value(Value::String(id)) => Some(value(&id.split('/').take(2).collect::<Vec<_>>().join("/"))),
        _ => None,
    })
}

/// Of both sides, and whether they are all.
fn keys(values: &Values) -> (Vec<&str>, bool) {
    let sides = [Side::Before, Side::After].map(|side| values.keys(side, "objects"));
    let is_known = sides.iter().all(Option::is_some);
    let mut keys: Vec<&str> = sides.into_iter().flatten().flatten().collect();
    keys.sort_unstable();
    keys.dedup();
    (keys, is_known)
}

fn object(values: &Values, key: &str, whole: Action) -> Option<ObjectChange> {
    let [old, new] = [Side::Before, Side::After].map(|side| values.get(side, &["objects", key]));
    let is_same = match (&old, &new) {
        (Known::Value(Value::String(old)), Known::Value(Value::String(new))) => old == new || same_digest(old, new),
        (old, new) => old == new,
    };
    let action = match (&old, &new) {
        (Known::Absent, _) => Action::Create,
        (_, Known::Absent) => Action::Delete,
        _ if whole == Action::Replace => Action::Replace,
        _ if is_same => return None,
        _ => Action::Update,
    };
    let fields = if is_same { vec![] } else { fields(&old, &new) };
    Some(ObjectChange { object: legible(key), action, fields })
}

fn fields(old: &Known<'_>, new: &Known<'_>) -> Vec<FieldChange> {
    let (Some(old_lines), Some(new_lines)) = (lines(old), lines(new)) else {
        return vec![FieldChange { field: "text".into(), old: leaves(old), new: leaves(new) }];
    };
    let mut names: Vec<&str> = vec![];
    for line in new_lines.iter().chain(&old_lines) {
        if !names.contains(&&*line.field) {
            names.push(&line.field);
        }
    }
    let differs = |field: &&str| {
        let [old, new] = [&old_lines, &new_lines].map(|lines| values_of(lines, field));
        let change = FieldChange { field: legible(field), old: minus(&old, &new), new: minus(&new, &old) };
        (!change.old.is_empty() || !change.new.is_empty()).then_some(change)
    };
    let mut changes: Vec<FieldChange> = names.iter().filter_map(differs).collect();
    if changes.is_empty() && *old != Known::Absent && *new != Known::Absent {
        changes.push(FieldChange { field: NOT_SHOWN.into(), old: vec![], new: vec![] });
    }
    changes
}

/// The fields of an object; `None`: it is there, but nobody can read it.
pub fn lines(text: &Known<'_>) -> Option<Vec<FieldLine>> {
    match text {
        Known::Absent => Some(vec![]),
        Known::Value(text) => lines_of(text.as_str()?),
        Known::Sensitive | Known::Unknown => None,
    }
}

/// The elements of a field. A statement of a policy is one.
pub fn values_of(lines: &[FieldLine], field: &str) -> Vec<String> {
    let is_statement = ["trust", "inline.", "policy"].iter().any(|start| field.starts_with(start));
    let lines = lines.iter().filter(|line| line.field == field);
    let split = |line: &FieldLine| match is_statement {
        true => vec![legible(&line.value)],
        false => elements(&line.value).into_iter().map(legible).collect(),
    };
    lines.flat_map(split).collect()
}

fn minus(all: &[String], without: &[String]) -> Vec<String> {
    all.iter().filter(|one| !without.contains(one)).cloned().collect()
}

fn attributes(values: &Values) -> Vec<FieldChange> {
    let differs = |path: &&[&str]| {
        let [old, new] = [Side::Before, Side::After].map(|side| values.get(side, path));
        let (old, new) = if old == new { return None } else { (leaves(&old), leaves(&new)) };
        Some(FieldChange { field: path.join("."), old: minus(&old, &new), new: minus(&new, &old) })
    };
    ATTRIBUTES.iter().filter_map(differs).collect()
}

/// An attribute that is text, a list of texts or anything else.
pub fn leaves(all: &Known<'_>) -> Vec<String> {
    let leaf = |leaf: &Value| leaf.as_str().map_or_else(|| legible(&leaf.to_string()), value);
    match all {
        Known::Absent => vec![],
        Known::Sensitive => vec![SENSITIVE.into()],
        Known::Unknown => vec![UNKNOWN.into()],
        Known::Value(Value::Array(items)) => items.iter().map(leaf).collect(),
        Known::Value(one) => vec![leaf(one)],
    }
}

/// A namespace goes with all that is in it. A slot that shares its environment's has nothing there but a note.
fn is_lost(values: &Values, key: &str, whole: Action) -> bool {
    if !key.starts_with("Namespace ") && !key.starts_with("k8s/v1/Namespace/") {
        return false;
    }
    let [old, new] = [Side::Before, Side::After].map(|side| values.get(side, &["objects", key]));
    let is_note =
        lines(&old).is_some_and(|lines| !lines.is_empty() && lines.iter().all(|line| line.field == "annotations"));
    let goes = new == Known::Absent || whole == Action::Replace;
    old != Known::Absent && goes && !is_note
}
