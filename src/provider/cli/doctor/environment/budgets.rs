//! Disruption budgets that others made for pods of a slot: two on one pod let no node be drained. Pure.

use super::{
    recorded::{Recorded, Space},
    rows::{self, Fulfilment, Said},
};
use crate::cli::doctor::finding::{Answer, Finding};
use goldenpath_core::{
    domain::{ObjectKey, Observed},
    golden::budgets_beside,
    kinds::in_words,
};

pub fn judge(recorded: &Recorded, observed: &[Observed]) -> Finding {
    let said = recorded.spaces.iter().map(|space| judge_space(space, recorded, observed)).collect();
    rows::finding("one disruption budget for each pod", &[], said)
}

fn judge_space(space: &Space, recorded: &Recorded, observed: &[Observed]) -> Said {
    let is_here = |object: &&Observed| matches!(&object.key, ObjectKey::Kube { namespace: Some(namespace), .. } if *namespace == space.namespace);
    let others = recorded.objects.iter().flat_map(|own| budgets_beside(own, observed)).filter(is_here);
    let others: Vec<String> = others.map(|object| in_words(&object.key)).collect();
    let (answer, verdict) = match others.is_empty() {
        true => (Answer::Yes, Fulfilment::AsPromised),
        false => (
            Answer::No,
            Fulfilment::Warned(
                format!("{} selects pods that have a slot's budget, so that they can't be evicted", others.join(", ")),
                "Turn off the budget of the chart, or set `availability = { pdb = false }` on the slot.".to_owned(),
            ),
        ),
    };
    Said { by: space.namespace.clone(), answer, verdict }
}
