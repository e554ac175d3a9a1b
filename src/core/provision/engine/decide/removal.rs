//! What a record says to someone who is about to remove, and what speaks against it.

use super::{claim, instance::newer_instance, losses};
use crate::{
    domain::{ObjectKey, Observed, Phase, Problem, Record},
    provision::{
        RemoveRequest,
        engine::{gather::Leaving, record, watch::Hold},
    },
};
use std::collections::BTreeSet;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Removal {
    Remove,
    /// Nothing is touched, and this instance is gone all the same; with why.
    Keep(Option<Problem>),
    /// Decide again once the operation at work is over.
    Wait,
}

/// The error arm refuses it, before the first change.
pub fn decide(request: &RemoveRequest, leaving: &Leaving) -> Result<Removal, Problem> {
    let RemoveRequest { uid, hand_over, .. } = request;
    match &leaving.record {
        // Another instance bears the id by now.
        Some(record) if record.uid != *uid => Ok(Removal::Keep(Some(newer_instance(record, uid).as_warning()))),
        // The create that follows resumes what is there, but for what a removal has begun with.
        Some(record) if *hand_over && matches!(record.phase, Phase::Creating | Phase::Changing) => {
            Ok(Removal::Keep(None))
        }
        Some(_) if leaving.hold == Hold::Held => Ok(Removal::Wait),
        _ => refuse(request, leaving).map_or(Ok(Removal::Remove), Err),
    }
}

fn refuse(request: &RemoveRequest, leaving: &Leaving) -> Option<Problem> {
    let (id, record) = (&request.id, leaving.record.as_ref());
    let inventory: BTreeSet<ObjectKey> = record::keys(record).collect();
    let is_known = |object: &&Observed| request.keys.contains(&object.key) || inventory.contains(&object.key);
    let lost = leaving.observed.iter().filter(is_known).filter_map(|object| claim::lost_namespace(id, object));
    let lost: Vec<String> = lost.map(str::to_owned).collect();
    let is_protected = request.protected && record.is_none_or(Record::holds_protection);
    let protected = losses::of_removal(id, &lost, is_protected).filter(Problem::is_error);
    protected.or_else(|| {
        let (first, rest) = leaving.dependants.split_first()?;
        let more = if rest.is_empty() { String::new() } else { format!(" and {} more", rest.len()) };
        Some(Problem::error(
            "deletion.in_use",
            format!("{id} still has records in it: {}{more}; destroy them first", record::words(first)),
            "Nothing was deleted. Destroy them first, or import them into a state that does; with `-replace`, give it for each of them \
             too.",
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{EnvironmentId, Fields, Id, Ownership},
        provision::{
            Cancel,
            engine::fixtures::{environment, record},
        },
    };
    use serde_json::json;

    #[test]
    fn only_what_is_unfinished_is_handed_over() {
        let spec = environment("pay", json!({}));
        let of = |phase| Some(record("payments", phase, &spec));
        use Hold::{Free, Held};
        use Phase::{Changing, Creating, Deleting, Ready};
        for (record, uid, hand_over, hold, expected, reason) in [
            (None, "uid-1", true, Free, "remove", "a lost record: state is the inventory"),
            (of(Ready), "uid-0", true, Free, "record.superseded", "another instance"),
            (of(Ready), "uid-1", true, Free, "remove", "it is ready: its create deletes it first"),
            (of(Ready), "uid-1", false, Free, "remove", "a destroy"),
            (of(Creating), "uid-1", true, Free, "keep", "an unfinished create, created again"),
            (of(Changing), "uid-1", true, Held, "keep", "also while somebody is at work: nothing is touched"),
            (of(Creating), "uid-1", false, Free, "remove", "an unfinished create, destroyed"),
            (of(Changing), "uid-1", false, Held, "wait", "somebody is at work"),
            (of(Deleting), "uid-1", false, Free, "remove", "an interrupted destroy"),
            (of(Deleting), "uid-1", true, Free, "remove", "also where it is made again: it is finished first"),
            (of(Deleting), "uid-1", true, Held, "wait", "by whoever is at it"),
        ] {
            let request = RemoveRequest {
                id: Id::from("demo/pay".parse::<EnvironmentId>().unwrap_or_else(|e| panic!("{e}"))),
                uid: uid.to_owned(),
                target: None,
                facts: None,
                keys: vec![],
                protected: true,
                hand_over,
                timeout: std::time::Duration::ZERO,
                cancel: Cancel::new(),
            };
            let leaving = Leaving { observed: vec![], record, hold, dependants: vec![] };
            let word = match decide(&request, &leaving) {
                Ok(Removal::Remove) => "remove",
                Ok(Removal::Keep(why)) => why.map_or("keep", |problem| problem.code),
                Ok(Removal::Wait) => "wait",
                Err(problem) => problem.code,
            };
            assert_eq!(word, expected, "{reason}");
        }
    }

    #[test]
    fn what_is_protected_or_in_use_is_not_removed() {
        let spec = environment("pay", json!({}));
        let namespace = ObjectKey::namespace_object("pay");
        let seen = Observed::new(namespace.clone(), "1", Ownership::Cluster, Fields::default());
        let recorded = |phase, keys: &[&ObjectKey]| {
            let inventory = keys.iter().map(ToString::to_string).collect();
            Some(Record { inventory, ..record("payments", phase, &spec) })
        };
        let slot = ObjectKey::kube("v1", "ConfigMap", Some("goldenpath-system"), "slot.pay.api");
        let (loss, in_use) = (Some("deletion.protected"), Some("deletion.in_use"));
        use Phase::{Creating, Ready};
        for (record, state, protected, dependants, expected, reason) in [
            (recorded(Ready, &[&namespace]), false, true, 0, loss, "the record names its namespace"),
            (recorded(Ready, &[]), true, true, 0, loss, "state does"),
            (None, true, true, 0, loss, "the record is lost, and state does"),
            (recorded(Ready, &[]), false, true, 0, None, "a namespace that is not its own stays"),
            (recorded(Ready, &[&namespace]), true, false, 0, None, "not protected"),
            (recorded(Creating, &[&namespace]), true, true, 0, None, "a create that never ended has nothing to lose"),
            (recorded(Ready, &[&namespace]), true, false, 1, in_use, "a slot lives in it"),
            (recorded(Ready, &[&namespace]), true, true, 1, loss, "protected, and a slot lives in it"),
        ] {
            let request = RemoveRequest {
                id: spec.id(),
                uid: "uid-1".into(),
                target: None,
                facts: None,
                keys: state.then(|| namespace.clone()).into_iter().collect(),
                protected,
                hand_over: false,
                timeout: std::time::Duration::ZERO,
                cancel: Cancel::new(),
            };
            let dependants = vec![slot.clone(); dependants];
            let leaving = Leaving { observed: vec![seen.clone()], record, hold: Hold::Free, dependants };
            let found = decide(&request, &leaving);
            assert_eq!(found.err().map(|problem| problem.code), expected, "{reason}");
        }
    }
}
