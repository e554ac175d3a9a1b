//! What a rendering depends on: the cluster's facts and, for a slot, its environment.

use super::{
    facts::{same_target, unreadable},
    item::Item,
};
use crate::{
    domain::{Class, ClusterRef, Facts, Problem, StableFacts},
    golden::Parent,
    ports::PortError,
    provision::engine::{connection::Engine, failure::Failure, request::ChangeRequest, target::Moment},
};

pub struct Ground {
    /// Where it lives; `None` as long as a plan does not know it.
    pub target: Option<String>,
    pub facts: StableFacts,
    /// The cluster as it is now, which an apply has read.
    pub cluster: Option<Facts>,
    pub parent: Option<Parent>,
    /// How many of it there may be.
    pub parents: usize,
}

// === impl Ground ===

impl Ground {
    /// Whoever runs this.
    pub fn caller(&self) -> &str {
        self.cluster.as_ref().map_or("", |cluster| &cluster.caller)
    }

    pub fn has_pod_identity_agent(&self) -> bool {
        self.cluster.as_ref().and_then(Facts::has_pod_identity_agent) == Some(true)
    }
}

impl Engine {
    /// For a plan what exists is what state remembers; an apply reads all of it.
    pub async fn gather_ground(&self, change: &ChangeRequest<'_>) -> Item<Ground> {
        let cluster = match change.spec.cluster() {
            Ok(cluster) => cluster,
            Err(error) => return Item::Refused(Problem::wrong_cluster(&error)),
        };
        match change.is_plan() {
            true => self.planned_ground(change, &cluster).await,
            false => self.present_ground(change, &cluster).await.into(),
        }
    }

    async fn planned_ground(&self, change: &ChangeRequest<'_>, cluster: &ClusterRef) -> Item<Ground> {
        let facts = match change.facts {
            // Those of the last read or apply.
            Some(facts) => facts.clone(),
            None => match self.clusters.facts(cluster).await {
                Ok(facts) => facts.stable,
                Err(error) if change.may_leave_open(error.class) => {
                    return Item::Undecided(vec![undecided_facts(cluster, &error)]);
                }
                Err(error) => return Item::Refused(unreadable(cluster, error)),
            },
        };
        let parents = change.id.parent().map_or(1, |id| self.memory.count_parents(id));
        let parent = match change.id.parent() {
            Some(id) => match self.planned_parent(id, change, &facts).await {
                Item::Known(parent) => Some(parent),
                Item::Undecided(why) => return Item::Undecided(why),
                Item::Refused(problem) => return Item::Refused(problem),
            },
            None => None,
        };
        let target = match (change.prior, change.moment) {
            (Some(prior), _) => {
                // A refresh has compared them; without one, a plan that changes nothing needs no target.
                if prior.spec != *change.spec
                    && let Ok(target) = self.clusters.target(cluster).await
                    && let Err(problem) = same_target(&change.id.to_string(), prior.target.as_deref(), &target)
                {
                    return Item::Refused(problem);
                }
                None
            }
            (None, Moment::PlanAgain) => match self.clusters.target(cluster).await {
                Ok(target) => Some(target),
                Err(error) => return Item::Refused(unreadable(cluster, error)),
            },
            (None, _) => self.clusters.target(cluster).await.ok(),
        };
        Item::Known(Ground { target, facts, cluster: None, parent, parents })
    }

    /// The stable half of the facts as the plan had it; the rest as it is now.
    async fn present_ground(&self, change: &ChangeRequest<'_>, cluster: &ClusterRef) -> Result<Ground, Problem> {
        let target = self.clusters.target(cluster).await.map_err(|error| unreadable(cluster, error))?;
        same_target(&change.id.to_string(), change.planned_target, &target)?;
        let now = self.clusters.facts(cluster).await.map_err(|error| unreadable(cluster, error))?;
        let facts = change.facts.unwrap_or(&now.stable).clone();
        if facts.cluster_arn != now.stable.cluster_arn {
            return Err(another_cluster(cluster, &facts, &now));
        }
        let calls = self.target(&facts.cluster_arn, change.moment);
        if calls.is_cancelled() {
            return Err(Failure::Cancelled.problem());
        }
        let parent = match change.id.parent() {
            Some(id) => Some(self.ready_parent(&calls, id).await?),
            None => None,
        };
        Ok(Ground { target: Some(target), facts, cluster: Some(now), parent, parents: 1 })
    }
}

fn undecided_facts(cluster: &ClusterRef, error: &PortError) -> Problem {
    let next = match error.class {
        // The first plan of somebody who named another region says the same as that of a cluster which is still to be made.
        Class::NotFound => {
            "If this run creates it, the objects are known at apply. Otherwise check its name, the region and the account."
        }
        _ => {
            "The objects are known when it can be read, at apply at the latest. If it stays so, check the network and the region."
        }
    };
    let said = error.to_string();
    let words = said.trim_end_matches('.');
    Problem::warning(
        "cluster.undecided",
        format!("Undecided: the facts of cluster {cluster} are not known"),
        format!("{words}. {next}"),
    )
    .at(["cluster"])
}

fn another_cluster(cluster: &ClusterRef, facts: &StableFacts, now: &Facts) -> Problem {
    Problem::error(
        "cluster.other",
        format!("{cluster} is another cluster than the one that was planned for: plan again"),
        format!(
            "The plan was made for {}, this provider sees {}. Nothing was changed. Plan again.",
            facts.cluster_arn, now.stable.cluster_arn
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cluster_that_is_not_found_may_be_in_another_region() {
        let cluster: ClusterRef = "demo".parse().expect("a name");
        for (class, expected, reason) in [
            (Class::NotFound, "Otherwise check its name, the region and the account.", "as in a region that has none"),
            (Class::Unavailable, "check the network and the region.", "a region that is none has no endpoint"),
        ] {
            let error = PortError::new(class, "eks:DescribeCluster", "No cluster found for name: demo.");
            let said = undecided_facts(&cluster, &error).detail;
            let words = "eks:DescribeCluster: No cluster found for name: demo. ";
            assert!(said.starts_with(words) && said.ends_with(expected), "{reason}: {said}");
        }
    }
}
