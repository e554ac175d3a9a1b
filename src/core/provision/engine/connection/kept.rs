//! What stays in a listing for every reader, by key and by owner: a plan of a thousand instances looks a thousand times.

use crate::domain::{ObjectKey, Observed, Owner, Ownership};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Default)]
pub struct Kept {
    by_key: BTreeMap<ObjectKey, Observed>,
    /// Of what has one.
    by_owner: BTreeMap<Owner, BTreeSet<ObjectKey>>,
}

// === impl Kept ===

impl Kept {
    pub fn insert(&mut self, object: Observed) {
        self.remove(&object.key);
        if let Ownership::Ours(owner) = &object.ownership {
            self.by_owner.entry(owner.clone()).or_default().insert(object.key.clone());
        }
        self.by_key.insert(object.key.clone(), object);
    }

    pub fn get(&self, key: &ObjectKey) -> Option<&Observed> {
        self.by_key.get(key)
    }

    pub fn of_owner(&self, owner: &Owner) -> impl Iterator<Item = &Observed> {
        self.by_owner.get(owner).into_iter().flatten().filter_map(|key| self.get(key))
    }

    /// The environment's own and those of its slots.
    pub fn of_environment(&self, environment: &str) -> impl Iterator<Item = &Observed> {
        let first = Owner { environment: environment.to_owned(), slot: None };
        let owners = self.by_owner.range(first..).take_while(move |(owner, _)| owner.environment == environment);
        owners.flat_map(|(_, keys)| keys).filter_map(|key| self.get(key))
    }

    pub fn remove_environment(&mut self, environment: &str) {
        let keys: Vec<ObjectKey> = self.of_environment(environment).map(|object| object.key.clone()).collect();
        for key in &keys {
            self.remove(key);
        }
    }

    fn remove(&mut self, key: &ObjectKey) {
        let Some(Observed { ownership: Ownership::Ours(owner), .. }) = self.by_key.remove(key) else { return };
        if let Some(keys) = self.by_owner.get_mut(&owner) {
            keys.remove(key);
            if keys.is_empty() {
                self.by_owner.remove(&owner);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Fields;

    fn object(name: &str, owner: Option<(&str, Option<&str>)>) -> Observed {
        let ownership = owner.map_or(Ownership::Cluster, |(environment, slot)| {
            Ownership::Ours(Owner { environment: environment.to_owned(), slot: slot.map(str::to_owned) })
        });
        Observed::new(ObjectKey::namespace_object(name), "1", ownership, Fields::default())
    }

    fn names<'a>(found: impl Iterator<Item = &'a Observed>) -> Vec<&'a str> {
        found.filter_map(|object| object.key.as_namespace()).collect()
    }

    #[test]
    fn an_object_has_the_owner_that_it_came_with_last() {
        let mut kept = Kept::default();
        for one in [
            object("pay", Some(("pay", None))),
            object("pay-api", Some(("pay", Some("api")))),
            object("pay-b", Some(("pay-b", None))),
            object("common", None),
        ] {
            kept.insert(one);
        }
        assert_eq!(names(kept.of_environment("pay")), ["pay", "pay-api"], "not those of a longer name");
        let api = Owner { environment: "pay".to_owned(), slot: Some("api".to_owned()) };
        assert_eq!(names(kept.of_owner(&api)), ["pay-api"]);

        kept.insert(object("pay-api", Some(("shop", None))));
        assert_eq!(names(kept.of_owner(&api)), Vec::<&str>::new(), "it has another owner now");
        assert_eq!(names(kept.of_environment("shop")), ["pay-api"]);

        kept.remove_environment("pay");
        assert_eq!(kept.get(&ObjectKey::namespace_object("pay")), None);
        for (name, reason) in [("pay-api", "of another"), ("pay-b", "of a longer name"), ("common", "of nobody")] {
            assert!(kept.get(&ObjectKey::namespace_object(name)).is_some(), "{reason}");
        }
    }
}
