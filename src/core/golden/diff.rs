//! The difference between what is desired and what is observed, field by field. Pure; the engine decides what to do.

use crate::domain::{Desired, Field, Fields, FieldsBuilder, Holder, ObjectKey, Observed};
use std::collections::BTreeMap;

/// Who holds a field, as an owned value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum By {
    Us,
    Applied(String),
    Edited(String),
    /// The field is not there.
    Nobody,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldChange {
    /// A JSON pointer.
    pub path: String,
    pub observed: Option<String>,
    pub holder: By,
    /// `None`: we set it once and no longer do.
    pub desired: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    Create {
        key: ObjectKey,
    },
    Update {
        key: ObjectKey,
        fields: Vec<FieldChange>,
    },
    Same {
        key: ObjectKey,
    },
    /// It exists or not, but what it should be waits for another resource of the same run.
    Undecided {
        key: ObjectKey,
    },
    /// Observed and not desired. Whether it may go is the engine's question: shared objects, what is foreign, what is left.
    Delete {
        key: ObjectKey,
    },
}

impl Change {
    pub fn key(&self) -> &ObjectKey {
        match self {
            Self::Create { key }
            | Self::Update { key, .. }
            | Self::Same { key }
            | Self::Undecided { key }
            | Self::Delete { key } => key,
        }
    }
}

/// One answer for each key, in order of the keys. `observed` is what belongs to the same request: neither another
/// environment's objects nor, for an environment, its slots'.
pub fn diff(desired: &[Desired], observed: &[Observed]) -> Vec<Change> {
    let live: BTreeMap<&ObjectKey, &Observed> = observed.iter().map(|object| (&object.key, object)).collect();
    let wanted: BTreeMap<&ObjectKey, &Desired> = desired.iter().map(|object| (&object.key, object)).collect();
    let mut changes = BTreeMap::new();
    for (key, want) in &wanted {
        let key = (*key).clone();
        let change = match (&want.body, live.get(&key)) {
            (None, _) => Change::Undecided { key: key.clone() },
            (Some(_), None) => Change::Create { key: key.clone() },
            (Some(body), Some(have)) => {
                let fields = field_changes(&want.manager, &super::fields_of(body), &have.fields);
                if fields.is_empty() {
                    Change::Same { key: key.clone() }
                } else {
                    Change::Update {
                        key: key.clone(),
                        fields,
                    }
                }
            }
        };
        changes.insert(key, change);
    }
    for key in live.into_keys().filter(|key| !wanted.contains_key(key)) {
        changes.insert(key.clone(), Change::Delete { key: key.clone() });
    }
    changes.into_values().collect()
}

/// What a line says of an observed object: the live values of the fields that are desired, whoever holds them, and of those
/// that this manager still holds. Equal to `fields_of` of the desired body exactly when there is nothing to do.
/// Without a desired body: all that the manager holds.
pub fn view(manager: &str, desired: Option<&Fields>, observed: &Fields) -> Fields {
    let mut seen = FieldsBuilder::default();
    for field in observed.iter() {
        if is_held(&field, manager) || desired.is_some_and(|desired| desired.get(field.path).is_some()) {
            seen.push(field.path, field.text, field.holder);
        }
    }
    seen.build()
}

fn field_changes(manager: &str, desired: &Fields, observed: &Fields) -> Vec<FieldChange> {
    let mut want = desired.iter().peekable();
    let mut have = observed.iter().peekable();
    let mut changes = vec![];
    // Both lists are sorted by path: one walk over the two.
    loop {
        let order = match (want.peek(), have.peek()) {
            (None, None) => return changes,
            (Some(_), None) => std::cmp::Ordering::Less,
            (None, Some(_)) => std::cmp::Ordering::Greater,
            (Some(want), Some(have)) => want.path.cmp(have.path),
        };
        let want = if order.is_le() { want.next() } else { None };
        let have = if order.is_ge() { have.next() } else { None };
        let differs = match (&want, &have) {
            (Some(want), Some(have)) => want.text != have.text,
            (Some(_), None) => true,
            (None, Some(have)) => is_held(have, manager),
            (None, None) => false,
        };
        if differs {
            changes.push(FieldChange {
                path: want.or(have).map(|field| field.path.to_owned()).unwrap_or_default(),
                observed: have.map(|field| field.text.to_owned()),
                holder: have.map_or(By::Nobody, |field| by(&field)),
                desired: want.map(|field| field.text.to_owned()),
            });
        }
    }
}

/// `Us` is the manager `goldenpath`; a slot's manager is an applier among others to the projection.
fn is_held(field: &Field<'_>, manager: &str) -> bool {
    match field.holder {
        Holder::Us => manager == Desired::MANAGER,
        Holder::Applied(name) => name == manager,
        Holder::Edited(_) => false,
    }
}

fn by(field: &Field<'_>) -> By {
    match field.holder {
        Holder::Us => By::Us,
        Holder::Applied(name) => By::Applied(name.to_owned()),
        Holder::Edited(name) => By::Edited(name.to_owned()),
    }
}
