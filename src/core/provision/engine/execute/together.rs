//! What is made in one step: one object, or the access policies of one principal that are all new, which a target may take in one
//! request. A first try for all of them; whatever it does not make is made by itself, as anything else.

use super::steps::{Maker, verify};
use crate::{
    domain::{Desired, ObjectKey, Observed},
    ports::{Apply, Expect},
    provision::engine::{decide::Make, failure::Failure},
};
use std::collections::BTreeMap;

/// Positions in `make` by step, and what each step needs. Pure.
pub fn steps(make: &[Make], desired: &[Desired], is_new: impl Fn(&Make) -> bool) -> Vec<(Vec<usize>, Vec<ObjectKey>)> {
    let mut steps: Vec<(Vec<usize>, Vec<ObjectKey>)> = vec![];
    let mut of_principal: BTreeMap<&str, usize> = BTreeMap::new();
    for (position, one) in make.iter().enumerate() {
        let desired = &desired[one.at];
        let step = match &desired.key {
            ObjectKey::AccessPolicy { principal, .. } if is_new(one) => {
                *of_principal.entry(principal).or_insert(steps.len())
            }
            _ => steps.len(),
        };
        if step == steps.len() {
            steps.push((vec![], vec![]));
        }
        let (positions, needs) = &mut steps[step];
        positions.push(position);
        needs.extend(desired.needs.iter().filter(|need| !needs.contains(need)).cloned().collect::<Vec<_>>());
    }
    steps
}

// === impl Maker ===

impl Maker<'_> {
    /// New access policies of one principal.
    pub async fn make_policies(&self, all: &[&Desired]) -> Result<Vec<Observed>, Failure> {
        let [first, _, ..] = all else { return self.make_each(all, &BTreeMap::new()).await };
        self.guard(&first.key).await?;
        let mut applies = vec![];
        for desired in all {
            let Some(body) = &desired.body else { return Err(Failure::Undecided { key: desired.key.clone() }) };
            applies.push(Apply {
                cluster: self.target.cluster,
                key: &desired.key,
                body,
                manager: &desired.manager,
                expect: Expect::Absent,
                take: &[],
            });
        }
        let results = self.target.objects.apply_policies(applies).await;
        let made = all.iter().zip(results).filter_map(|(desired, result)| Some((&desired.key, result.ok()?)));
        self.make_each(all, &made.collect()).await
    }

    async fn make_each(
        &self,
        all: &[&Desired],
        made: &BTreeMap<&ObjectKey, Observed>,
    ) -> Result<Vec<Observed>, Failure> {
        let mut done = vec![];
        for desired in all {
            done.push(match made.get(&desired.key) {
                Some(observed) => verify(desired, observed.clone())?,
                None => self.make(desired, None).await?,
            });
        }
        Ok(done)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(policy: &str, namespace: &str, principal: &str) -> ObjectKey {
        ObjectKey::AccessPolicy {
            policy: policy.to_owned(),
            namespace: namespace.to_owned(),
            principal: principal.to_owned(),
        }
    }

    #[test]
    fn new_policies_of_a_principal_are_one_step() {
        let entry = |principal: &str| ObjectKey::AccessEntry { principal: principal.to_owned() };
        let policy = |policy: &str, namespace: &str, principal: &str| Desired {
            needs: vec![entry(principal), ObjectKey::namespace_object(namespace)],
            ..Desired::new(key(policy, namespace, principal), None)
        };
        let desired = [
            Desired::new(entry("a"), None),
            policy("View", "pay", "a"),
            policy("View", "pay", "b"),
            policy("View", "pay-api", "a"),
            policy("Edit", "pay", "a"),
        ];
        let make: Vec<Make> = (0..desired.len()).map(|at| Make { at, recreate: false }).collect();
        let positions = |is_new: fn(&Make) -> bool| -> Vec<Vec<usize>> {
            steps(&make, &desired, is_new).into_iter().map(|(positions, _)| positions).collect()
        };
        assert_eq!(positions(|_| true), [vec![0], vec![1, 3, 4], vec![2]], "two policies, two namespaces");
        assert_eq!(positions(|make| make.at != 3), [vec![0], vec![1, 4], vec![2], vec![3]], "one is there already");
        let (_, needs) = &steps(&make, &desired, |_| true)[1];
        let both = [entry("a"), ObjectKey::namespace_object("pay"), ObjectKey::namespace_object("pay-api")];
        assert_eq!(needs, &both, "it waits for all that its policies need");
    }
}
