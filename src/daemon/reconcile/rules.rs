//! What is configured, and when which tier is due. Pure; time is that of a clock that only goes forward, so that a change of the
//! system's time makes no round earlier or later.

use goldenpath_core::domain::{ClusterRef, short_hash};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

/// However often a cluster was out of reach, it is tried again as often as this.
const LONGEST_PAUSE: Duration = Duration::from_secs(3600);

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reconcile {
    pub interval: Duration,
    /// By how much of it a round may be earlier or later, in percent.
    pub jitter: u32,
    /// None: those that the target names.
    pub clusters: Vec<ClusterRef>,
    pub tiers: BTreeMap<String, TierRule>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TierRule {
    pub mode: Mode,
    pub interval: Duration,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    #[default]
    Observe,
    Heal,
}

/// When which tiers of one cluster are due; `None`: all that have no rule of their own.
pub struct Schedule {
    next: BTreeMap<Option<String>, Duration>,
    failures: u32,
    /// What makes its jitter another one than that of the next cluster and daemon.
    seed: String,
    rounds: u64,
}

// === impl Reconcile ===

impl Reconcile {
    pub fn mode(&self, tier: &str) -> Mode {
        self.tiers.get(tier).map(|rule| rule.mode).unwrap_or_default()
    }

    /// Under which it is scheduled: its own, or `None` with all tiers that have no rule.
    pub fn schedule_key(&self, tier: &str) -> Option<String> {
        self.tiers.contains_key(tier).then(|| tier.to_owned())
    }

    fn interval(&self, key: Option<&String>) -> Duration {
        key.and_then(|tier| self.tiers.get(tier)).map_or(self.interval, |rule| rule.interval)
    }
}

// === impl Schedule ===

impl Schedule {
    /// The first round is at once: what happened while no daemon ran is news.
    pub fn new(rules: &Reconcile, now: Duration, seed: String) -> Self {
        let keys = rules.tiers.keys().cloned().map(Some).chain([None]);
        Self { next: keys.map(|key| (key, now)).collect(), failures: 0, seed, rounds: 0 }
    }

    pub fn next(&self) -> Duration {
        self.next.values().copied().min().unwrap_or(Duration::MAX)
    }

    pub fn due(&self, now: Duration) -> BTreeSet<Option<String>> {
        self.next.iter().filter(|(_, at)| **at <= now).map(|(key, _)| key.clone()).collect()
    }

    /// However late it was: what was missed is not made up for.
    pub fn note_success(&mut self, rules: &Reconcile, due: &BTreeSet<Option<String>>, now: Duration) {
        self.failures = 0;
        for key in due {
            let interval = rules.interval(key.as_ref());
            let pause = self.with_jitter(interval, rules.jitter);
            self.next.insert(key.clone(), now.saturating_add(pause));
        }
    }

    /// Out of reach: every time twice as long.
    pub fn note_failure(&mut self, rules: &Reconcile, now: Duration) {
        let shortest = self.next.keys().map(|key| rules.interval(key.as_ref())).min().unwrap_or(rules.interval);
        let pause = shortest.saturating_mul(1 << self.failures.min(16)).min(LONGEST_PAUSE.max(shortest));
        self.failures += 1;
        let pause = self.with_jitter(pause, rules.jitter);
        for at in self.next.values_mut() {
            *at = (*at).max(now.saturating_add(pause));
        }
    }

    fn with_jitter(&mut self, pause: Duration, percent: u32) -> Duration {
        self.rounds += 1;
        let hash = short_hash([self.seed.as_str(), &self.rounds.to_string()], 8);
        let part = u32::from_str_radix(&hash, 16).unwrap_or(0);
        // From -1 to 1.
        let share = f64::from(part) / f64::from(u32::MAX) * 2.0 - 1.0;
        let factor = 1.0 + share * f64::from(percent.min(100)) / 100.0;
        // Whatever is configured: longer than any clock can count is never.
        Duration::try_from_secs_f64(pause.as_secs_f64() * factor).unwrap_or(Duration::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn rules(jitter: u32) -> Reconcile {
        let tiers = BTreeMap::from([("dev".to_owned(), TierRule { mode: Mode::Heal, interval: seconds(60) })]);
        Reconcile { interval: seconds(600), jitter, clusters: vec![], tiers }
    }

    #[test]
    fn each_tier_comes_in_its_own_time() {
        let rules = rules(0);
        let (dev, others) = (BTreeSet::from([Some("dev".to_owned())]), BTreeSet::from([None]));
        let mut schedule = Schedule::new(&rules, seconds(5), String::new());
        let all = schedule.due(seconds(5));
        assert_eq!(all.len(), 2, "the first round is at once");
        schedule.note_success(&rules, &all, seconds(6));
        assert_eq!((schedule.next(), schedule.due(seconds(65))), (seconds(66), BTreeSet::new()));
        assert_eq!(schedule.due(seconds(66)), dev);
        schedule.note_success(&rules, &dev, seconds(100_000));
        assert_eq!(schedule.due(seconds(100_000)), others, "hours that were missed make one round");
        assert_eq!(schedule.next(), seconds(606));
        assert_eq!((rules.mode("dev"), rules.mode("prod")), (Mode::Heal, Mode::Observe));
    }

    #[test]
    fn a_cluster_out_of_reach_is_tried_less_and_less() {
        let rules = rules(0);
        let mut schedule = Schedule::new(&rules, seconds(0), String::new());
        let mut pauses = vec![];
        for _ in 0..9 {
            let now = schedule.next();
            schedule.note_failure(&rules, now);
            pauses.push((schedule.next() - now).as_secs());
        }
        assert_eq!(pauses, [60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]);
        let now = schedule.next();
        schedule.note_success(&rules, &schedule.due(now), now);
        schedule.note_failure(&rules, now);
        assert_eq!(schedule.next() - now, seconds(60), "once it was reached, it begins again");
    }

    #[test]
    fn an_interval_without_end_is_one_round() {
        for jitter in [0, 50] {
            let mut rules = Reconcile { interval: Duration::MAX, ..rules(jitter) };
            rules.tiers.clear();
            let mut schedule = Schedule::new(&rules, seconds(0), "one".to_owned());
            for now in [seconds(5), seconds(1_000_000)] {
                schedule.note_success(&rules, &BTreeSet::from([None]), now);
                schedule.note_failure(&rules, now);
                // By a jitter of half of it at least that.
                assert!(schedule.next() >= Duration::MAX / 2 - seconds(1) && schedule.due(now).is_empty(), "{jitter}");
            }
        }
    }

    #[test]
    fn rounds_are_spread() {
        let rules = rules(10);
        let mut pauses = BTreeSet::new();
        let mut schedule = Schedule::new(&rules, seconds(0), "one".to_owned());
        for _ in 0..50 {
            let now = schedule.next();
            schedule.note_success(&rules, &schedule.due(now), now);
            pauses.insert(schedule.next.get(&Some("dev".to_owned())).copied().unwrap_or_default().saturating_sub(now));
        }
        assert!(pauses.len() > 20 && pauses.iter().all(|pause| *pause <= seconds(66)), "{pauses:?}");
    }
}
