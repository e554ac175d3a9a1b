//! Whose an object is that has the name of one we want. Pure.
//!
//! Nothing is ever taken from another owner: a stranger's object is a refusal that names the owner, and the one way in is
//! a Namespace that an administrator has marked as adoptable by exactly this environment (`security.md` 3).

use crate::domain::{
    Adopt, AdoptMode, Desired, Holder, Id, ObjectKey, Observed, Owner, Ownership, projection::LABEL_PREFIX,
};

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Claim {
    /// We may set our fields of it.
    Mine,
    /// A Namespace that becomes ours now.
    Adopted,
    /// A principal's access entry that someone else made: it is used and never changed.
    Borrowed,
    /// Somebody else's; `by` names whom.
    Taken { by: String },
}

/// Who asks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asker<'a> {
    pub(super) id: &'a Id,
    pub(super) team: &'a str,
    pub(super) adopt: Option<&'a Adopt>,
    /// The record's inventory or the keys of state hold this key: it was ours, whatever its labels say now.
    pub(super) was_ours: bool,
}

/// The owner that ownership labels and tags name for this id; `None`: the cluster's own.
pub(super) fn owner_of(id: &Id) -> Option<Owner> {
    match id {
        Id::Baseline(_) => None,
        Id::Environment(id) => Some(Owner { environment: id.environment.to_string(), slot: None }),
        Id::Slot(id) => {
            Some(Owner { environment: id.environment.environment.to_string(), slot: Some(id.slot.to_string()) })
        }
    }
}

/// What can be said of an object by its key alone, for an inventory whose request can't be rendered.
pub(super) fn stand_in(id: &Id, key: &ObjectKey) -> Desired {
    let mut desired = Desired::new(key.clone(), None);
    match key {
        ObjectKey::AccessEntry { .. } => desired.shared = true,
        ObjectKey::Kube { kind, name, .. } if kind == "ServiceAccount" && name == "default" => desired.leave = true,
        ObjectKey::Kube { kind, namespace: None, name, .. } if kind == "Namespace" => {
            // The Namespace of the environment, in which a slot only has annotations.
            if let Some(Owner { environment, slot: Some(slot) }) = owner_of(id)
                && *name != format!("{environment}-{slot}")
            {
                desired.manager = format!("{}-{slot}", Desired::MANAGER);
                desired.leave = true;
            }
        }
        _ => {}
    }
    desired
}

/// Made for this id, by its labels or tags.
pub(super) fn is_marked_for(id: &Id, observed: &Observed) -> bool {
    match (&observed.ownership, owner_of(id)) {
        (Ownership::Ours(owner), Some(mine)) => *owner == mine,
        (Ownership::Cluster, None) => true,
        _ => false,
    }
}

/// Marked for this id and made by us: labels alone can be copied onto anything.
pub(super) fn is_made_for(id: &Id, observed: &Observed) -> bool {
    is_marked_for(id, observed)
        && (observed.key.is_aws() || observed.fields.iter().any(|field| field.holder == Holder::Us))
}

pub(super) fn claim(desired: &Desired, observed: &Observed, asker: &Asker<'_>) -> Claim {
    let mine = owner_of(asker.id);
    match &observed.ownership {
        Ownership::Ours(owner) if Some(owner) == mine.as_ref() => match team_of(observed) {
            Some(team) if team != asker.team && !asker.was_ours => Claim::Taken { by: format!("team {team}") },
            _ => Claim::Mine,
        },
        // A slot sets annotations of its environment's Namespace under a manager of its own.
        Ownership::Ours(owner) if desired.manager != Desired::MANAGER && encloses(owner, mine.as_ref()) => Claim::Mine,
        Ownership::Ours(Owner { environment, slot }) => Claim::Taken {
            by: match slot {
                Some(slot) => format!("slot {environment}/{slot}"),
                None => format!("environment {environment}"),
            },
        },
        Ownership::Cluster if mine.is_none() || desired.shared => Claim::Mine,
        // It carries the mark of its entry, which is the cluster's, and names one namespace: that of whoever wants it.
        Ownership::Cluster if matches!(desired.key, ObjectKey::AccessPolicy { .. }) => Claim::Mine,
        Ownership::Cluster => Claim::Taken { by: "the cluster baseline".to_owned() },
        Ownership::Foreign { by } => foreign(desired, observed, asker, by),
    }
}

fn foreign(desired: &Desired, observed: &Observed, asker: &Asker<'_>, by: &str) -> Claim {
    let adoptable = asker.adopt.is_some_and(|adopt| adopt.mode == AdoptMode::IfMarked)
        && observed.adoptable_by.as_deref() == Some(asker.id.to_string().as_str());
    match &desired.key {
        ObjectKey::AccessEntry { .. } if desired.shared => Claim::Borrowed,
        // Made by Kubernetes itself; we set one field of it.
        _ if desired.leave => Claim::Mine,
        ObjectKey::Kube { kind, .. } if kind == "Namespace" && adoptable => Claim::Adopted,
        // Its labels were removed by hand, and our other fields are still in it. A role without our tags is a stranger's.
        ObjectKey::Kube { .. } if asker.was_ours && observed.fields.iter().any(|field| field.holder == Holder::Us) => {
            Claim::Mine
        }
        _ => Claim::Taken { by: by.to_owned() },
    }
}

fn encloses(owner: &Owner, mine: Option<&Owner>) -> bool {
    owner.slot.is_none() && mine.is_some_and(|mine| mine.environment == owner.environment)
}

fn team_of(observed: &Observed) -> Option<String> {
    let label = LABEL_PREFIX.replace('/', "~1");
    let field = [format!("/metadata/labels/{label}team"), "/tags/goldenpath:team".to_owned()];
    observed.fields.iter().find(|seen| field.iter().any(|path| path == seen.path)).map(|seen| seen.text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::FieldsBuilder;

    #[test]
    fn nothing_is_taken_from_another_owner() {
        let id = Id::Slot("demo/pay/api".parse().unwrap_or_else(|e| panic!("{e}")));
        let environment = Id::Environment("demo/pay".parse().unwrap_or_else(|e| panic!("{e}")));
        let baseline = Id::Baseline("demo".into());
        let ours = |environment: &str, slot: Option<&str>| {
            Ownership::Ours(Owner { environment: environment.into(), slot: slot.map(str::to_owned) })
        };
        let helm = || Ownership::Foreign { by: "Helm".into() };
        let namespace = || Desired::new(ObjectKey::namespace_object("pay"), None);
        let policy =
            || Desired::new(ObjectKey::kube("networking.k8s.io/v1", "NetworkPolicy", Some("pay"), "gp-dns"), None);
        let role = || Desired::new(ObjectKey::role("gp-pay"), None);
        let entry = || Desired { shared: true, ..Desired::new(ObjectKey::AccessEntry { principal: "p".into() }, None) };
        let annotations = || Desired { manager: "goldenpath-api".into(), ..namespace() };
        let account = || Desired {
            leave: true,
            ..Desired::new(ObjectKey::kube("v1", "ServiceAccount", Some("pay"), "default"), None)
        };
        let taken = |by: &str| Claim::Taken { by: by.into() };
        let marked = Adopt { mode: AdoptMode::IfMarked, take_fields: vec![] };
        // (reason, desired, ownership, adoptable by, asker, was ours, expected)
        let cases = [
            ("our own", namespace(), ours("pay", None), None, &environment, false, Claim::Mine),
            (
                "another environment's",
                namespace(),
                ours("shop", None),
                None,
                &environment,
                true,
                taken("environment shop"),
            ),
            (
                "an access policy on an entry of ours, in our namespace",
                Desired::new(
                    ObjectKey::AccessPolicy {
                        policy: "AmazonEKSViewPolicy".into(),
                        namespace: "pay".into(),
                        principal: "p".into(),
                    },
                    None,
                ),
                Ownership::Cluster,
                None,
                &environment,
                false,
                Claim::Mine,
            ),
            ("a slot's", namespace(), ours("pay", Some("api")), None, &environment, false, taken("slot pay/api")),
            ("a slot's annotations", annotations(), ours("pay", None), None, &id, false, Claim::Mine),
            (
                "in another environment's namespace",
                annotations(),
                ours("shop", None),
                None,
                &id,
                false,
                taken("environment shop"),
            ),
            ("a stranger's", policy(), helm(), None, &environment, false, taken("Helm")),
            ("our labels were removed by hand", policy(), helm(), None, &environment, true, Claim::Mine),
            ("a role without our tags, even one we knew", role(), helm(), None, &environment, true, taken("Helm")),
            ("an entry someone else made", entry(), helm(), None, &environment, false, Claim::Borrowed),
            ("an entry another environment made", entry(), Ownership::Cluster, None, &environment, false, Claim::Mine),
            ("the baseline's own", namespace(), Ownership::Cluster, None, &baseline, false, Claim::Mine),
            ("made by Kubernetes", account(), helm(), None, &environment, false, Claim::Mine),
            ("marked for us", namespace(), helm(), Some("demo/pay"), &environment, false, Claim::Adopted),
            ("marked for another one", namespace(), helm(), Some("demo/shop"), &environment, false, taken("Helm")),
            ("only a Namespace is adopted", policy(), helm(), Some("demo/pay"), &environment, false, taken("Helm")),
        ];
        for (reason, desired, ownership, adoptable_by, id, was_ours, expected) in cases {
            let mut fields = FieldsBuilder::default();
            fields.push("/spec/a", "1", Holder::Us);
            let observed = Observed {
                adoptable_by: adoptable_by.map(str::to_owned),
                ..Observed::new(desired.key.clone(), "1", ownership, fields.build())
            };
            let asker = Asker { id, team: "payments", adopt: Some(&marked), was_ours };
            assert_eq!(claim(&desired, &observed, &asker), expected, "{reason}");
        }
    }
}
