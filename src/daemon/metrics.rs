//! What the daemon counts. No label ever holds the name of a person or of an environment, a team or a cluster: labels are words of
//! this program, versions and tiers, so that there are few of them and nothing in them is anybody's business.

use crate::contract::{Verb, api};
use goldenpath_core::domain::release;
use prometheus_client::{
    encoding::{prometheus_text, text},
    metrics::{
        counter::Counter,
        family::{Family, MetricConstructor},
        gauge::Gauge,
        histogram::{Histogram, exponential_buckets},
        info::Info,
    },
    registry::{Registry, Unit},
};
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    sync::{Arc, atomic::AtomicU64},
    time::Duration,
};

type Labels<const N: usize> = [(&'static str, String); N];
type Seconds = Counter<f64, AtomicU64>;

pub struct Metrics {
    registry: Registry,
    phases: Family<Labels<4>, Histogram, MakeHistogram>,
    operations: Family<Labels<1>, Gauge>,
    store_up: Gauge,
    requests: Family<Labels<3>, Counter>,
    waits: Family<Labels<1>, Seconds>,
    shared_reads: Family<Labels<2>, Counter>,
    connections: Gauge,
    environments: Family<Labels<3>, Gauge>,
    drifted: Family<Labels<1>, Gauge>,
    comparisons: Histogram,
    notices: Family<Labels<2>, Gauge>,
}

#[derive(Clone)]
struct MakeHistogram;

/// A client of the daemon. Dropped, it is gone.
pub struct OpenConnection(Arc<Metrics>);

/// What kind of environment it is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct EnvironmentLabels {
    pub golden_path: String,
    pub version: String,
    pub tier: String,
}

/// What the last looks at the clusters have found.
#[derive(Debug, Default)]
pub struct InstanceCounts {
    pub environments: BTreeMap<EnvironmentLabels, i64>,
    /// By kind of resource.
    pub drifted: BTreeMap<String, i64>,
    /// By kind of resource and code.
    pub notices: BTreeMap<(String, String), i64>,
}

/// What runs in this process, and what waits in the journal for a daemon.
pub struct Standing {
    pub running: usize,
    /// `None`: the journal does not say it.
    pub waiting: Option<u64>,
}

/// How the metrics are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    OpenMetrics,
    /// The older one, which every scraper reads.
    Text,
}

impl MetricConstructor<Histogram> for MakeHistogram {
    /// From milliseconds to an hour.
    fn new_metric(&self) -> Histogram {
        Histogram::new(exponential_buckets(0.005, 3.0, 13))
    }
}

// === impl Metrics ===

impl Metrics {
    pub fn new() -> Arc<Self> {
        let mut registry = Registry::with_prefix("goldenpath");
        let metrics = Self {
            phases: Family::new_with_constructor(MakeHistogram),
            operations: Family::default(),
            store_up: Gauge::default(),
            requests: Family::default(),
            waits: Family::default(),
            shared_reads: Family::default(),
            connections: Gauge::default(),
            environments: Family::default(),
            drifted: Family::default(),
            comparisons: MakeHistogram.new_metric(),
            notices: Family::default(),
            registry: Registry::default(),
        };
        let build = Info::new([("release", release().to_owned()), ("api", api().to_string())]);
        registry.register("build", "Release of the daemon and number of its API", build);
        let help = "Time that operations took, by phase: until they begin, and from then until they end";
        registry.register_with_unit("operation_phase", help, Unit::Seconds, metrics.phases.clone());
        let help = "Operations that this daemon carries out, and those in the journal that no daemon carries out yet";
        registry.register("operations", help, metrics.operations.clone());
        registry.register("store_up", "Whether the journal can be read and written", metrics.store_up.clone());
        registry.register("api_requests", "Requests to AWS and Kubernetes, by their result", metrics.requests.clone());
        let help = "Time that requests waited for a rate limit";
        registry.register_with_unit("api_waits", help, Unit::Seconds, metrics.waits.clone());
        let help = "Reads of plans, by whether another client's read served them";
        registry.register("shared_reads", help, metrics.shared_reads.clone());
        registry.register("connections", "Clients that are connected", metrics.connections.clone());
        let help = "Environments at the last look between applies, by golden path, version and tier";
        registry.register("environments", help, metrics.environments.clone());
        let help = "Instances with drift at the last look between applies, by kind";
        registry.register("drifted_instances", help, metrics.drifted.clone());
        let help = "Time that one look at a cluster took, between applies";
        registry.register_with_unit("comparison", help, Unit::Seconds, metrics.comparisons.clone());
        let help = "What a date has brought, at the last look between applies, by kind and code";
        registry.register("notices", help, metrics.notices.clone());
        Arc::new(Self { registry, ..metrics })
    }

    /// Both phases of an operation that has ended here.
    pub fn measure_operation(
        &self,
        verb: Verb,
        kind: &'static str,
        outcome: &'static str,
        waited: Duration,
        ran: Duration,
    ) {
        for (phase, time) in [("wait", waited), ("run", ran)] {
            let labels = [("phase", phase), ("verb", verb.as_str()), ("kind", kind), ("outcome", outcome)];
            self.phases.get_or_create(&labels.map(label)).observe(time.as_secs_f64());
        }
    }

    pub fn count_request(&self, service: &str, operation: &str, code: &str) {
        let labels = [("service", service), ("operation", operation), ("code", code)];
        self.requests.get_or_create(&labels.map(label)).inc();
    }

    pub fn count_wait(&self, service: &str, time: Duration) {
        self.waits.get_or_create(&[("service", service)].map(label)).inc_by(time.as_secs_f64());
    }

    pub fn count_shared_read(&self, read: &'static str, is_shared: bool) {
        let result = if is_shared { "hit" } else { "miss" };
        self.shared_reads.get_or_create(&[("read", read), ("result", result)].map(label)).inc();
    }

    pub fn connection(self: &Arc<Self>) -> OpenConnection {
        self.connections.inc();
        OpenConnection(self.clone())
    }

    pub fn measure_comparison(&self, time: Duration) {
        self.comparisons.observe(time.as_secs_f64());
    }

    /// In place of all that was found before.
    pub fn set_instances(&self, counts: &InstanceCounts) {
        self.environments.clear();
        for (EnvironmentLabels { golden_path, version, tier }, count) in &counts.environments {
            let labels = [("golden_path", golden_path.as_str()), ("version", version), ("tier", tier)];
            self.environments.get_or_create(&labels.map(label)).set(*count);
        }
        self.drifted.clear();
        for (kind, count) in &counts.drifted {
            self.drifted.get_or_create(&[("kind", kind.as_str())].map(label)).set(*count);
        }
        self.notices.clear();
        for ((kind, code), count) in &counts.notices {
            self.notices.get_or_create(&[("kind", kind.as_str()), ("code", code)].map(label)).set(*count);
        }
    }

    /// As text, with what is true at this moment.
    pub fn write(&self, form: Form, standing: Standing, store_is_up: bool) -> String {
        let Standing { running, waiting } = standing;
        for (state, count) in [("running", Some(running as u64)), ("waiting", waiting)] {
            let labels = [("state", state)].map(label);
            if let Some(count) = count {
                self.operations.get_or_create(&labels).set(i64::try_from(count).unwrap_or(i64::MAX));
            } else {
                self.operations.remove(&labels);
            }
        }
        self.store_up.set(store_is_up.into());
        let mut written = String::new();
        // Writing to a text does not fail.
        let _ = match form {
            Form::OpenMetrics => text::encode(&mut written, &self.registry),
            Form::Text => prometheus_text::encode(&mut written, &self.registry),
        };
        written
    }
}

fn label((name, value): (&'static str, &str)) -> (&'static str, String) {
    (name, value.to_owned())
}

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.0.connections.dec();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics_say_what_happened() {
        let metrics = Metrics::new();
        let seconds = Duration::from_secs;
        metrics.measure_operation(Verb::Ensure, "slot", "done", seconds(0), seconds(2));
        metrics.count_request("iam", "CreateRole", "throttled");
        metrics.count_wait("iam", Duration::from_millis(250));
        metrics.count_shared_read("objects", true);
        let _one = metrics.connection();
        drop(metrics.connection());
        for (tier, count) in [("dev", 1), ("prod", 7)] {
            let [golden_path, version, tier] = ["team-standard", "1.0.0", tier].map(str::to_owned);
            metrics.set_instances(&InstanceCounts {
                environments: [(EnvironmentLabels { golden_path, version, tier }, count)].into(),
                drifted: [("environment".to_owned(), 2)].into(),
                notices: [(("slot".to_owned(), "policy.violated".to_owned()), 3)].into(),
            });
        }
        let written = metrics.write(Form::OpenMetrics, Standing { running: 3, waiting: Some(4) }, true);
        for line in [
            "goldenpath_operation_phase_seconds_count{phase=\"run\",verb=\"ensure\",kind=\"slot\",outcome=\"done\"} 1",
            "goldenpath_operation_phase_seconds_sum{phase=\"run\",verb=\"ensure\",kind=\"slot\",outcome=\"done\"} 2.0",
            "goldenpath_operations{state=\"running\"} 3",
            "goldenpath_operations{state=\"waiting\"} 4",
            "goldenpath_store_up 1",
            "goldenpath_api_requests_total{service=\"iam\",operation=\"CreateRole\",code=\"throttled\"} 1",
            "goldenpath_api_waits_seconds_total{service=\"iam\"} 0.25",
            "goldenpath_shared_reads_total{read=\"objects\",result=\"hit\"} 1",
            "goldenpath_connections 1",
            "goldenpath_environments{golden_path=\"team-standard\",version=\"1.0.0\",tier=\"prod\"} 7",
            "goldenpath_drifted_instances{kind=\"environment\"} 2",
            "goldenpath_notices{kind=\"slot\",code=\"policy.violated\"} 3",
        ] {
            assert!(written.lines().any(|found| found == line), "{line} is not in\n{written}");
        }
        assert!(written.contains("goldenpath_build_info{release=") && written.ends_with("# EOF\n"));
        assert!(!written.contains("tier=\"dev\""), "what is no longer there is not shown");
        let text = metrics.write(Form::Text, Standing { running: 0, waiting: None }, false);
        assert!(text.contains("goldenpath_store_up 0") && !text.contains("# EOF"), "{text}");
        assert!(
            text.contains("{state=\"running\"} 0") && !text.contains("waiting\""),
            "what is not known is not said: {text}"
        );
    }
}
