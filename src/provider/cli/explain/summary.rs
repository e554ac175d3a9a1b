//! The head of a review: at most 24 lines, in which equal changes are one line and whatever is alike is counted.

mod line;

pub use line::{Line, Piece};

use super::review::{
    Access, Action, Change, ChangelogEntry, Direction, FieldChange, Finding, Lost, ObjectChange, PolicyFinding, Review,
};
use line::{data, list, ours, places, some};
use std::collections::{BTreeMap, BTreeSet};

/// What there is of each topic at most, with the line that counts the rest. With the first line and an empty one, 24.
const LOST: usize = 4;
const FINDINGS: usize = 3;
const ACCESS: usize = 4;
const GONE: usize = 3;
const CHANGES: usize = 5;
const MADE: usize = 3;

/// Characters of a field's old and new elements, as far as the head repeats them.
const VALUES: usize = 100;
/// Bytes of all fields of an object in a line of the head.
const FIELDS: usize = 140;

pub fn head(review: &Review) -> Vec<Line> {
    let Review { changes, access, lost, others, .. } = review;
    let mut head = vec![Line { topic: "plan", pieces: totals(changes, *others) }];
    head.extend(some("finding", FINDINGS, findings(review)));
    head.extend(some("lost", LOST, lost.iter().map(lost_one).collect()));
    head.extend(some("access", ACCESS, grouped_access(access)));
    head.extend(some("delete", GONE, deletions(changes)));
    head.extend(some("change", CHANGES, updates(changes)));
    head.extend(some("create", MADE, creations(changes)));
    head
}

fn totals(changes: &[Change], others: usize) -> Vec<Piece> {
    let count = |action: Action| changes.iter().filter(|change| change.action == action).count();
    let [create, update] = [Action::Create, Action::Update].map(count);
    let [replace, delete] = [Action::Replace, Action::Delete].map(count);
    let mut text = format!("{create} to create, {update} to update, {replace} to replace, {delete} to delete");
    for (count, what) in [(count(Action::Forget), "to forget"), (count(Action::None), "to move or import")] {
        if count > 0 {
            text += &format!(", {count} {what}");
        }
    }
    if others > 0 {
        text += &format!("; {others} of other providers, which are not explained here");
    }
    vec![ours(text)]
}

/// And where nobody knows.
pub fn findings(review: &Review) -> Vec<Vec<Piece>> {
    let found = review
        .findings
        .iter()
        .map(|Finding { subject, status, message }| vec![data(subject), ours(format!(" ({status}): ")), data(message)]);
    let policies = review.policies.iter().map(|finding| {
        let PolicyFinding { address, object, policy, version, status, message, remedy, .. } = finding;
        let head = vec![data(object), ours(" of "), data(address), ours(format!(" ({status}, policy "))];
        let policy = vec![data(&format!("{policy} {version}")), ours("): "), data(message)];
        let remedy = if remedy.is_empty() { vec![] } else { vec![ours(". "), data(remedy)] };
        [head, policy, remedy].concat()
    });
    let unjudged = review.unjudged.iter();
    let unjudged =
        unjudged.map(|one| vec![data(&one.address), ours(": policies were not asked, since "), data(&one.reason)]);
    let unknown = review.unknown.iter();
    let unknown = unknown.map(|one| vec![data(&one.address), ours(": its objects are known after apply")]);
    found.chain(policies).chain(unknown).chain(unjudged).collect()
}

/// What the versions between say of themselves, each once.
pub fn changelog(review: &Review) -> Vec<Vec<Piece>> {
    let mut entries: Vec<(&String, &ChangelogEntry)> = vec![];
    for one in &review.versions {
        let new = one.changelog.iter().map(|entry| (&one.golden_path, entry));
        let new: Vec<_> = new.filter(|entry| !entries.contains(entry)).collect();
        entries.extend(new);
    }
    let line = |(path, ChangelogEntry { version, text, is_undone }): (&String, &ChangelogEntry)| {
        let undone = if *is_undone { " (no longer)" } else { "" };
        vec![data(&format!("{path} {version}")), ours(format!("{undone}: ")), data(text)]
    };
    entries.into_iter().map(line).collect()
}

pub fn lost_one(lost: &Lost) -> Vec<Piece> {
    let by = match lost.by {
        Action::Delete => " (deleted)",
        Action::Replace => " (replaced)",
        _ => " (dropped)",
    };
    vec![ours("Namespace "), data(&lost.namespace), ours(" and everything in it, of "), data(&lost.address), ours(by)]
}

/// Groups in the order of their size, the largest first.
fn groups<K: Ord, T>(all: impl Iterator<Item = (K, T)>) -> Vec<(K, Vec<T>)> {
    let mut groups: BTreeMap<K, Vec<T>> = BTreeMap::new();
    for (key, one) in all {
        groups.entry(key).or_default().push(one);
    }
    let mut groups: Vec<_> = groups.into_iter().collect();
    groups.sort_by_key(|(_, members)| std::cmp::Reverse(members.len()));
    groups
}

/// People first, who are in groups.
fn grouped_access(access: &[Access]) -> Vec<Vec<Piece>> {
    let is_machine = |one: &Access| ["IAM role", "ServiceAccount", "ClusterRole"].contains(&one.kind.as_str());
    let mut by_what = groups(access.iter().map(|one| ((one.direction, &one.what), one)));
    by_what.sort_by_key(|(_, members)| is_machine(members[0]));
    let line = |((direction, what), members): ((Direction, &String), Vec<&Access>)| {
        let environments: Vec<&str> = members.iter().map(|one| one.environment.as_str()).collect();
        let first = members[0];
        if members.iter().all(|one| one.who == first.who && one.kind == first.kind) {
            let does = vec![ours(format!(" {} ", direction.word())), data(what)];
            return [who(first), does, places(&environments)].concat();
        }
        let each = |one: &&Access| [who(one), vec![ours(" in "), data(&one.environment)]].concat();
        let principals: BTreeSet<_> = members.iter().map(|one| (&one.who, &one.kind)).collect();
        let is_done = match direction {
            Direction::Gains => "gained by",
            Direction::Loses => "lost by",
            Direction::Changes => "changed for",
        };
        let count = vec![data(what), ours(format!(" {is_done} {} principals: ", principals.len()))];
        [count, list(members.iter().map(each).collect())].concat()
    };
    by_what.into_iter().map(line).collect()
}

pub fn who(access: &Access) -> Vec<Piece> {
    vec![data(&access.who), ours(" ("), data(&access.kind), ours(")")]
}

/// Resources that go, then objects of those that stay.
fn deletions(changes: &[Change]) -> Vec<Vec<Piece>> {
    let goes = |change: &&Change| matches!(change.action, Action::Delete | Action::Replace);
    let gone = changes.iter().filter(goes);
    let alike = groups(gone.map(|change| ((change.action, &change.resource_type, &change.reason), change)));
    let line = |((action, resource_type, why), members): ((Action, &String, &Option<String>), Vec<&Change>)| {
        let done = if action == Action::Replace { "replaced" } else { "deleted" };
        let why = why.as_ref().map_or(vec![], |why| vec![ours(" ("), data(why), ours(")")]);
        match members[..] {
            [one] => [vec![data(&one.address), ours(format!(" is {done}"))], why].concat(),
            _ => {
                let count =
                    vec![ours(format!("{} ", members.len())), data(resource_type), ours(format!(" are {done}"))];
                let named = members.iter().map(|change| vec![data(&change.environment)]).collect();
                [count, why, vec![ours(": ")], list(named)].concat()
            }
        }
    };
    let mut lines: Vec<Vec<Piece>> = alike.into_iter().map(line).collect();
    lines.extend(objects_alike(changes, Action::Delete));
    lines
}

fn creations(changes: &[Change]) -> Vec<Vec<Piece>> {
    let made = changes.iter().filter(|change| change.action == Action::Create);
    let by_type = groups(made.map(|change| (&change.resource_type, change)));
    let line = |(resource_type, members): (&String, Vec<&Change>)| {
        let objects: usize = members.iter().map(|change| change.objects.len()).sum();
        let named = members.iter().map(|change| vec![data(&change.environment)]).collect();
        let count = vec![ours(format!("{} ", members.len())), data(resource_type), ours(": ")];
        [count, list(named), vec![ours(format!(", with {objects} objects"))]].concat()
    };
    let mut lines: Vec<Vec<Piece>> = by_type.into_iter().map(line).collect();
    lines.extend(objects_alike(changes, Action::Create));
    lines
}

/// Objects of resources that stay, those of one name together.
fn objects_alike(changes: &[Change], action: Action) -> Vec<Vec<Piece>> {
    let stays = changes.iter().filter(|change| change.action == Action::Update);
    let objects = stays.flat_map(|change| change.objects.iter().map(move |object| (change, object)));
    let objects = objects.filter(|(_, object)| object.action == action);
    let alike = groups(objects.map(|(change, object)| (alias(&object.object), (change, object))));
    let line = |(alias, members): (String, Vec<(&Change, &ObjectChange)>)| {
        [vec![data(&name(&alias, members.iter().map(|(_, object)| *object)))], environments(&members)].concat()
    };
    alike.into_iter().map(line).collect()
}

/// Attributes of resources, then objects by all that changes in them, then those where a plan does not show it.
fn updates(changes: &[Change]) -> Vec<Vec<Piece>> {
    let attributes = changes.iter().flat_map(|change| change.attributes.iter().map(move |field| (field, change)));
    let mut lines: Vec<Vec<Piece>> = groups(attributes)
        .into_iter()
        .map(|(field, members)| {
            let all: Vec<&str> = members.iter().map(|change| change.environment.as_str()).collect();
            [in_words(field, VALUES), places(&all)].concat()
        })
        .collect();
    let objects = changes.iter().flat_map(|change| change.objects.iter().map(move |object| (change, object)));
    let objects = objects
        .filter(|(_, object)| matches!(object.action, Action::Update | Action::Replace) && !object.fields.is_empty());
    let (hidden, shown): (Vec<_>, Vec<_>) = objects.partition(|(_, object)| object.fields.iter().all(is_hidden));
    let alike = groups(shown.into_iter().map(|one| ((alias(&one.1.object), &one.1.fields), one)));
    lines.extend(alike.into_iter().map(|((alias, fields), members)| {
        let name = data(&name(&alias, members.iter().map(|(_, object)| *object)));
        [vec![name, ours(": ")], all_in_words(fields), environments(&members)].concat()
    }));
    if !hidden.is_empty() {
        let count = vec![ours(format!("{} objects by values that a plan does not show", hidden.len()))];
        lines.push([count, environments(&hidden)].concat());
    }
    lines
}

fn is_hidden(change: &FieldChange) -> bool {
    change.old.is_empty() && change.new.is_empty()
}

/// As many fields as a line has room for.
fn all_in_words(fields: &[FieldChange]) -> Vec<Piece> {
    let (mut pieces, mut length) = (vec![], 0);
    for (at, field) in fields.iter().enumerate() {
        let words = in_words(field, VALUES);
        length += words.iter().map(|piece| piece.text().len()).sum::<usize>();
        if at > 0 && length > FIELDS {
            pieces.push(ours(format!(" and {} more fields", fields.len() - at)));
            break;
        }
        pieces.extend((at > 0).then(|| ours(", ")));
        pieces.extend(words);
    }
    pieces
}

fn environments(members: &[(&Change, &ObjectChange)]) -> Vec<Piece> {
    places(&members.iter().map(|(change, _)| change.environment.as_str()).collect::<Vec<_>>())
}

/// What objects of several environments have in common: kind and name without the namespace; of a role, whose name is never
/// another's, the kind.
fn alias(key: &str) -> String {
    match key.split_once(' ') {
        _ if key.starts_with("IAM Role ") => "IAM Role".into(),
        Some((kind @ ("Namespace" | "AccessPolicy"), _)) => kind.into(),
        Some((kind, name)) => format!("{kind} {}", name.rsplit('/').next().unwrap_or(name)),
        None => key.into(),
    }
}

/// One object has its whole name.
fn name<'a>(alias: &str, mut objects: impl Iterator<Item = &'a ObjectChange>) -> String {
    match (objects.next(), objects.next()) {
        (Some(only), None) => only.object.clone(),
        _ => alias.to_owned(),
    }
}

/// `requests.cpu 40 -> 4`, or without the elements that go and with those that come; `most`: characters of both.
pub fn in_words(change: &FieldChange, most: usize) -> Vec<Piece> {
    let FieldChange { field, old, new } = change;
    let quoted = |all: &[String]| {
        let mut pieces = vec![];
        for (at, one) in all.iter().enumerate() {
            pieces.extend((at > 0).then(|| ours(", ")));
            pieces.push(Piece::Data(one.clone()));
        }
        pieces
    };
    let head = vec![data(field), ours(" ")];
    let length: usize = old.iter().chain(new).map(|value| value.chars().count() + 2).sum();
    match (&old[..], &new[..]) {
        ([], []) => vec![ours("a value that a plan does not show")],
        _ if length > most => vec![data(field), ours(" changes")],
        ([one], [other]) => [head, vec![Piece::Data(one.clone()), ours(" -> "), Piece::Data(other.clone())]].concat(),
        (old, []) => [head, vec![ours("without ")], quoted(old)].concat(),
        ([], new) => [head, vec![ours("with ")], quoted(new)].concat(),
        (old, new) => [head, vec![ours("without ")], quoted(old), vec![ours(", with ")], quoted(new)].concat(),
    }
}
