//! Who gains or loses what: people and machines by `access`, by RoleBindings and EKS access, and workloads by their IAM role.
//!
//! `access` is what somebody wrote; objects are what holds. A principal of both is named once.

use super::{
    changes::{leaves, lines, values_of},
    plan::{Known, Resource, Side, Values},
    powers::powers,
    review::{Access, Action, Change, Direction, FieldChange, ObjectChange},
};
use goldenpath_core::{
    domain::PersonaName,
    kinds::{FieldLine, legible},
};
use std::collections::{BTreeMap, BTreeSet};

const PRINCIPALS: [(&str, &str); 4] = [
    ("permission_sets", PERMISSION_SET),
    ("principal_arns", PRINCIPAL),
    ("oidc_groups", OIDC_GROUP),
    ("service_accounts", "ServiceAccount"),
];
const PERMISSION_SET: &str = "permission set";
const PRINCIPAL: &str = "principal";
const OIDC_GROUP: &str = "OIDC group";

/// A principal, its kind and what it has.
type Grant = (String, String, String);

pub fn access_of(resource: &Resource, change: &Change) -> BTreeSet<Access> {
    let values = &resource.change;
    if matches!(change.action, Action::Forget | Action::None) {
        return BTreeSet::new();
    }
    let mut found = personas(values);
    let written = found.clone();
    for (direction, (who, kind, what)) in bindings(values) {
        let is_written = written.iter().any(|(other, (whose, _, persona))| {
            *other == direction && short(whose) == short(&who) && what.split(' ').next() == Some(persona)
        });
        if !is_written {
            found.insert((direction, (who, kind, what)));
        }
    }
    for object in &change.objects {
        found.extend(by_object(values, object));
    }
    // An entry that comes or goes alone: a binding of its group is as it was.
    let named: BTreeSet<String> = found.iter().map(|(_, (who, ..))| short(who)).collect();
    for ObjectChange { object, action, .. } in &change.objects {
        let Some(name) = object.strip_prefix("AccessEntry ") else { continue };
        let (who, kind) = principal(name);
        if let Some(direction) = direction_of(*action).filter(|_| !named.contains(&short(&who))) {
            found.insert((direction, (who, kind, "an access entry on the cluster".into())));
        }
    }
    let access = |(direction, (who, kind, what)): (Direction, Grant)| Access {
        environment: change.environment.clone(),
        address: change.address.clone(),
        direction,
        who: legible(&who),
        kind: legible(&kind),
        what: legible(&what),
    };
    found.into_iter().map(access).collect()
}

fn differences<T: Ord>(old: &BTreeSet<T>, new: &BTreeSet<T>, mut see: impl FnMut(Direction, &T)) {
    old.difference(new).for_each(|one| see(Direction::Loses, one));
    new.difference(old).for_each(|one| see(Direction::Gains, one));
}

/// As `access` has them.
fn personas(values: &Values) -> BTreeSet<(Direction, Grant)> {
    let mut found = BTreeSet::new();
    let personas = PersonaName::ALL.map(PersonaName::as_str);
    for (persona, (attribute, kind)) in personas.iter().flat_map(|persona| PRINCIPALS.map(|one| (*persona, one))) {
        let sides = [Side::Before, Side::After].map(|side| values.get(side, &["access", persona, attribute]));
        let [old, new] = sides.each_ref().map(|side| BTreeSet::from_iter(leaves(side)));
        let is_said = sides.iter().all(|side| matches!(side, Known::Absent | Known::Value(_)));
        differences(&old, &new, |direction, who| {
            // Of those that are not said, nobody knows who was there before.
            let direction = if is_said || old.is_empty() || new.is_empty() { direction } else { Direction::Changes };
            if is_said || who.starts_with('(') {
                found.insert((direction, (who.clone(), kind.to_owned(), persona.to_owned())));
            }
        });
    }
    found
}

// === RoleBindings ===

/// A grant that holds in other namespaces as before is one of this namespace; none if the namespace itself comes or goes.
fn bindings(values: &Values) -> Vec<(Direction, Grant)> {
    let [Some(before), Some(after)] = [Side::Before, Side::After].map(|side| values.keys(side, "objects")) else {
        return vec![];
    };
    let entries: BTreeMap<String, &str> = before.iter().chain(&after).flat_map(|key| entry(values, key)).collect();
    let keys: BTreeSet<&str> = before.iter().chain(&after).copied().collect();
    let (mut old, mut new) = (BTreeSet::new(), BTreeSet::new());
    for key in keys {
        let Some((namespace, name)) = key.strip_prefix("RoleBinding ").and_then(|key| key.split_once('/')) else {
            continue;
        };
        // One that can't be read on one side says nothing of the other.
        if let [Some(before), Some(after)] = both(values, key) {
            old.extend(subjects(&before, name, &entries).into_iter().map(|grant| (grant, namespace)));
            new.extend(subjects(&after, name, &entries).into_iter().map(|grant| (grant, namespace)));
        }
    }
    let mut found = vec![];
    differences(&old, &new, |direction, (grant, namespace)| {
        let (other, keys) = if direction == Direction::Gains { (&old, &before) } else { (&new, &after) };
        if !other.iter().any(|(held, _)| held == grant) {
            found.push((direction, grant.clone()));
        } else if keys.iter().any(|key| key.strip_prefix("Namespace ") == Some(namespace)) {
            let (who, kind, what) = grant.clone();
            found.push((direction, (who, kind, format!("{what} in namespace {namespace}"))));
        }
    });
    found
}

fn both(values: &Values, key: &str) -> [Option<Vec<FieldLine>>; 2] {
    [Side::Before, Side::After].map(|side| lines(&values.get(side, &["objects", key])))
}

/// The groups of an access entry, and whose it is.
fn entry<'a>(values: &Values, key: &'a str) -> Vec<(String, &'a str)> {
    let Some(name) = key.strip_prefix("AccessEntry ") else { return vec![] };
    let groups = both(values, key).into_iter().flatten().flat_map(|lines| values_of(&lines, "group"));
    groups.map(|group| (group, name)).collect()
}

fn subjects(lines: &[FieldLine], binding: &str, entries: &BTreeMap<String, &str>) -> Vec<Grant> {
    let role = values_of(lines, "roleRef").join(", ");
    let subjects = values_of(lines, "subjects").into_iter().filter(|subject| subject != "nobody");
    let grant = |subject: String| {
        let (kind, subject) = subject.split_once(' ').unwrap_or(("subject", &subject));
        let (who, kind) = match (kind, entries.get(subject)) {
            ("Group", Some(name)) => principal(name),
            ("Group", None) if subject.starts_with("gp:p:") => (subject.to_owned(), "group".to_owned()),
            ("Group", None) => (subject.to_owned(), OIDC_GROUP.to_owned()),
            _ => (subject.to_owned(), kind.to_owned()),
        };
        (who, kind, persona(binding, &role))
    };
    subjects.map(grant).collect()
}

/// `gp-developer-as-viewer` is the developer where the tier lets it read only.
fn persona(binding: &str, role: &str) -> String {
    let persona = binding.strip_prefix("gp-").unwrap_or(binding);
    let (persona, power) = persona.split_once("-as-").unwrap_or((persona, persona));
    match role.strip_prefix("ClusterRole gp-") {
        Some(given) if given == power && PersonaName::ALL.iter().any(|known| known.as_str() == persona) => {
            if power == persona { persona.to_owned() } else { format!("{persona} as {power}") }
        }
        _ => role.to_owned(),
    }
}

/// By the name of its own, without account and path.
fn short(who: &str) -> String {
    if who.starts_with("arn:") { who.rsplit('/').next().unwrap_or(who).to_owned() } else { who.to_owned() }
}

/// IAM Identity Center makes a role of its own for a permission set.
fn principal(name: &str) -> (String, String) {
    let name = short(name);
    let set =
        name.strip_prefix("AWSReservedSSO_").and_then(|name| name.rsplit_once('_')).map(|(set, _)| set.to_owned());
    match set {
        Some(set) => (set, PERMISSION_SET.to_owned()),
        None => (name, PRINCIPAL.to_owned()),
    }
}

// === other objects ===

fn direction_of(action: Action) -> Option<Direction> {
    match action {
        Action::Create => Some(Direction::Gains),
        Action::Delete => Some(Direction::Loses),
        _ => None,
    }
}

fn by_object(values: &Values, object: &ObjectChange) -> Vec<(Direction, Grant)> {
    let ObjectChange { object: key, action, fields } = object;
    let (kind, name) = match key.strip_prefix("IAM Role ") {
        Some(name) => ("IAM role", name),
        None => key.split_once(' ').unwrap_or((key, "")),
    };
    let is_there = *action == Action::Update || *action == Action::Replace;
    let grant = |who: &str, kind: &str, what: String| (who.to_owned(), kind.to_owned(), what);
    let kind_of = if kind == "PodIdentityAssociation" { "ServiceAccount" } else { kind };
    match (kind, both(values, key)) {
        ("IAM role" | "PodIdentityAssociation", [Some(old), Some(new)]) => {
            let powers = powers(&old, &new).into_iter();
            powers.map(|(direction, what)| (direction, grant(name, kind_of, what))).collect()
        }
        ("IAM role" | "PodIdentityAssociation" | "RoleBinding", [old, new]) if old.is_none() || new.is_none() => {
            let direction = direction_of(*action).unwrap_or(Direction::Changes);
            vec![(direction, grant(name, kind_of, "what the plan does not say".into()))]
        }
        ("AccessPolicy", _) => {
            let (policy, scope) = name.split_once(' ').unwrap_or((name, ""));
            let (namespace, whose) = scope.split_once('/').unwrap_or(("", scope));
            let (who, kind) = principal(whose);
            let what = format!("{policy} in namespace {namespace}");
            direction_of(*action).map(|direction| (direction, (who, kind, what))).into_iter().collect()
        }
        ("AccessEntry", _) if is_there => {
            let (who, kind) = principal(name);
            let groups = fields.iter().filter(|field| field.field == "group").flat_map(|field| each(field, "group "));
            groups.map(|(direction, what)| (direction, (who.clone(), kind.clone(), what))).collect()
        }
        ("ClusterRole", _) if is_there && !fields.is_empty() => {
            vec![(Direction::Changes, grant(name, kind, "for all who have it".into()))]
        }
        _ => vec![],
    }
}

fn each(field: &FieldChange, what: &str) -> Vec<(Direction, String)> {
    let goes = field.old.iter().map(|value| (Direction::Loses, format!("{what}{value}")));
    goes.chain(field.new.iter().map(|value| (Direction::Gains, format!("{what}{value}")))).collect()
}
