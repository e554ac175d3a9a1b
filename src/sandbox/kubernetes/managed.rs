//! Field ownership as Kubernetes' server-side apply has it. Pure.
//!
//! A manager that *applies* owns what it declares: a field it no longer declares goes away, unless another owns it too; a
//! field that another owns with another value is a conflict. A manager that *updates* takes over what it changes.
//!
//! In the file the managers are lines, so that a listing of many objects looks up holders without copying a path: `A` or `U`
//! with the manager's name, then its fields in order.

use crate::store::Row;
use goldenpath_core::{
    domain::pointer::{self, overlaps},
    kinds,
};
use serde::Serialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Operation {
    Apply,
    Update,
}

/// One entry of `metadata.managedFields`, its fields as JSON pointers of leaves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Manager {
    pub manager: String,
    pub operation: Operation,
    pub fields: BTreeSet<String>,
}

/// A view of the managers' lines: who holds a field.
pub struct Holders<'a>(Vec<(Operation, &'a str, Vec<&'a str>)>);

/// (field, its manager)
pub type Conflicts = Vec<(String, String)>;

/// Which conflicts a manager that applies wins.
#[derive(Clone, Copy)]
pub enum Force<'a> {
    /// Those over these fields, or inside of them.
    Fields(&'a [String]),
    All,
}

type Leaves<'a> = BTreeMap<String, &'a Value>;

/// Every leaf of a document by its path, as [`kinds::managed_paths`] cuts them: maps are granular, lists and what the
/// API declares atomic are one leaf. Identity, status and the server's own metadata belong to nobody.
fn leaves(document: &Value) -> Leaves<'_> {
    let paths = kinds::managed_paths(document).into_iter();
    paths.filter_map(|path| document.pointer(&path).map(|value| (path, value))).collect()
}

// === impl Holders ===

impl<'a> Holders<'a> {
    pub fn of(lines: &'a str) -> Self {
        let mut managers: Vec<(Operation, &str, Vec<&str>)> = vec![];
        for line in lines.lines() {
            match line.split_at_checked(1) {
                Some(("A", name)) => managers.push((Operation::Apply, name, vec![])),
                Some(("U", name)) => managers.push((Operation::Update, name, vec![])),
                _ => {
                    if let Some((_, _, fields)) = managers.last_mut() {
                        fields.push(line);
                    }
                }
            }
        }
        Self(managers)
    }

    /// In the order in which they came to the object.
    pub fn of_field(&self, path: &str) -> impl Iterator<Item = (Operation, &'a str)> {
        let holds = move |fields: &[&str]| fields.binary_search(&path).is_ok();
        self.0.iter().filter(move |(_, _, fields)| holds(fields)).map(|(operation, name, _)| (*operation, *name))
    }

    pub fn first(&self) -> Option<&'a str> {
        self.0.first().map(|(_, name, _)| *name)
    }
}

pub fn decode(lines: &str) -> Vec<Manager> {
    let managers = Holders::of(lines).0.into_iter().map(|(operation, name, fields)| Manager {
        manager: name.to_owned(),
        operation,
        fields: fields.into_iter().map(str::to_owned).collect(),
    });
    managers.collect()
}

/// No name holds a line break: the API server refuses it in any key.
fn encode(managers: &[Manager]) -> String {
    let mut lines = String::new();
    for Manager { manager, operation, fields } in managers {
        lines.push_str(if *operation == Operation::Apply { "A" } else { "U" });
        for line in std::iter::once(manager).chain(fields) {
            lines.push_str(&line.replace(['\n', '\r'], " "));
            lines.push('\n');
        }
    }
    lines
}

// === Apply and update ===

/// Server-side apply.
pub fn apply_to(row: &mut Row, declared: &Value, manager: &str, force: Force<'_>) -> Result<(), Conflicts> {
    let mut managers = decode(&row.managers);
    apply(&mut row.body, &mut managers, declared, manager, force)?;
    row.managers = encode(&managers);
    Ok(())
}

/// An update or a patch that makes `new` of the row's document.
pub fn update_to(row: &mut Row, new: Value, manager: &str) {
    let mut managers = decode(&row.managers);
    update(&mut row.body, &mut managers, new, manager);
    row.managers = encode(&managers);
}

fn apply(
    live: &mut Value,
    managers: &mut Vec<Manager>,
    declared: &Value,
    manager: &str,
    force: Force<'_>,
) -> Result<(), Conflicts> {
    let wanted = leaves(declared);
    let is_self = |other: &Manager| other.manager == manager && other.operation == Operation::Apply;
    let granular = granular_maps(live, &wanted);

    let mut lost: Vec<(usize, String)> = vec![];
    let mut conflicts = Conflicts::new();
    for (path, value) in &wanted {
        if granular.contains(path) || live.pointer(path) == Some(*value) {
            continue;
        }
        for (at, other) in managers.iter().enumerate().filter(|(_, other)| !is_self(other)) {
            for field in other.fields.iter().filter(|field| overlaps(field, path)) {
                let won = match force {
                    Force::All => true,
                    Force::Fields(fields) => fields.iter().any(|taken| overlaps(taken, path)),
                };
                if won {
                    lost.push((at, field.clone()));
                } else {
                    conflicts.push((path.clone(), other.manager.clone()));
                }
            }
        }
    }
    if !conflicts.is_empty() {
        conflicts.dedup();
        return Err(conflicts);
    }
    for (at, field) in lost {
        managers[at].fields.remove(&field);
    }

    let fields: BTreeSet<String> = wanted.keys().cloned().collect();
    let before = managers.iter().position(is_self);
    if let Some(before) = before {
        let dropped: Vec<String> = managers[before].fields.difference(&fields).cloned().collect();
        for path in dropped {
            let held = managers.iter().any(|other| !is_self(other) && other.fields.iter().any(|f| overlaps(f, &path)));
            if !held && !fields.iter().any(|field| overlaps(field, &path)) {
                pointer::remove(live, &path);
            }
        }
    }
    for (path, value) in wanted.iter().filter(|(path, _)| !granular.contains(*path)) {
        put(live, path, value);
    }
    match before {
        Some(before) => managers[before].fields = fields,
        None => managers.push(Manager { manager: manager.to_owned(), operation: Operation::Apply, fields }),
    }
    managers.retain(|manager| !manager.fields.is_empty());
    Ok(())
}

/// Where an empty map is declared and a map with content is: it declares nothing of that content. Not where the API
/// declares the map atomic, for then the live one is a leaf itself.
fn granular_maps(live: &Value, wanted: &Leaves<'_>) -> BTreeSet<String> {
    let there = leaves(live);
    let is_empty = |value: &Value| value.as_object().is_some_and(serde_json::Map::is_empty);
    let granular = |path: &str| live.pointer(path).is_some_and(Value::is_object) && !there.contains_key(path);
    wanted.iter().filter(|(path, value)| is_empty(value) && granular(path)).map(|(path, _)| path.clone()).collect()
}

/// Puts a leaf where a leaf of another shape may stand.
fn put(live: &mut Value, path: &str, value: &Value) {
    if pointer::set(live, path, value.clone()) {
        return;
    }
    // A scalar or list stands where a map must be: it was won above, so it gives way.
    let mut outer = path;
    while let Some((parent, _)) = outer.rsplit_once('/') {
        if live.pointer(parent).is_some_and(|there| !there.is_object()) && !parent.is_empty() {
            pointer::remove(live, parent);
        }
        outer = parent;
    }
    pointer::set(live, path, value.clone());
}

/// What an update or a patch changes belongs to whoever changed it.
fn update(live: &mut Value, managers: &mut Vec<Manager>, new: Value, manager: &str) {
    let (changed, removed) = {
        let (old, new) = (leaves(live), leaves(&new));
        let changed: BTreeSet<String> =
            new.iter().filter(|(path, value)| old.get(*path) != Some(value)).map(|(path, _)| path.clone()).collect();
        let removed: Vec<String> = old.into_keys().filter(|path| !new.contains_key(path)).collect();
        (changed, removed)
    };
    for other in managers.iter_mut() {
        other.fields.retain(|field| !changed.contains(field) && !removed.contains(field));
    }
    if !changed.is_empty() {
        let is_self = |other: &&mut Manager| other.manager == manager && other.operation == Operation::Update;
        match managers.iter_mut().find(is_self) {
            Some(entry) => entry.fields.extend(changed),
            None => {
                managers.push(Manager { manager: manager.to_owned(), operation: Operation::Update, fields: changed });
            }
        }
    }
    managers.retain(|manager| !manager.fields.is_empty());
    *live = new;
}

/// The fields that a manager applied, with their values.
pub fn declared_by(row: &Row, manager: &str) -> Value {
    let mut declared = Value::Null;
    let is_own = |other: &Manager| other.manager == manager && other.operation == Operation::Apply;
    for field in decode(&row.managers).into_iter().filter(is_own).flat_map(|own| own.fields) {
        if let Some(value) = row.body.pointer(&field) {
            pointer::set(&mut declared, &field, value.clone());
        }
    }
    declared
}

#[cfg(test)]
mod tests;
