//! Whether pods of a slot can reach what its statements allow. A permission without a way to the service is a timeout.

use crate::{
    domain::{Cidr, Effect, Problems},
    golden::{
        catalogue::{GoldenPath, fill_cluster},
        slot::effective::Effective,
    },
};

const HTTPS: &[u16] = &[443];

/// Services that pods reach by other ports than HTTPS: their defaults, and those of TLS with IAM authentication.
const PORTS: [(&str, &[u16]); 3] =
    [("elasticache", &[6379, 6380]), ("kafka-cluster", &[9098, 9198]), ("rds-db", &[3306, 5432])];

/// Their gateway endpoints leave them their public addresses, and most accounts have no other endpoint of them.
const PUBLIC: [&str; 3] = ["dynamodb", "s3", "s3express"];

/// Services whose hosts are called otherwise than their actions.
const LABELS: [(&str, &[&str]); 4] = [
    ("bedrock", &["bedrock", "bedrock-runtime"]),
    ("cloudwatch", &["monitoring"]),
    ("dynamodb", &["ddb", "dynamodb"]),
    ("ses", &["email"]),
];

/// Their hosts have the region before the service's name, `<domain>.eu-west-1.es.amazonaws.com`.
const REGION_FIRST: [&str; 2] = ["aoss", "es"];

/// What egress opens.
#[derive(Default)]
struct Ways {
    openings: Vec<Opening>,
    /// Hosts with the ports that are open to them, where the engine knows names. No port: all of them.
    hosts: Vec<(Vec<u16>, String)>,
    /// What the hosts of the region's services end with, `eu-west-1.amazonaws.com`.
    region: String,
}

struct Opening {
    ranges: Vec<Cidr>,
    /// Empty: all of them.
    ports: Vec<u16>,
}

pub fn judge(effective: &Effective, problems: &mut Problems) {
    let network = &effective.parent.network;
    let Some(ways) = Ways::of(effective).filter(|_| network.default_deny.has_egress()) else { return };
    let allows = effective.identity.written_statements().filter(|(_, statement)| *statement.effect == Effect::Allow);
    for (place, statement) in allows {
        let services =
            statement.actions.known_items().filter_map(|action| Some(action.split_once(':')?.0.to_ascii_lowercase()));
        let Some(service) = services.into_iter().find(|service| !ways.reach(service)) else { continue };
        let next = match preset_for(&effective.terms.path, &service) {
            Some(preset) => format!("Add `{preset}` to `network.egress_presets` of the environment."),
            None => {
                let ports: Vec<String> = ports_of(&service).iter().map(u16::to_string).collect();
                format!("Open its addresses on {} in `network.egress` of the environment.", ports.join(" or "))
            }
        };
        problems.warning(
            "identity.no_way",
            &place.field("actions"),
            format!("No egress of the environment reaches {service}"),
            format!("The role may use it, and its pods would wait for a connection. {next}"),
        );
    }
}

fn preset_for<'a>(path: &'a GoldenPath, service: &str) -> Option<&'a str> {
    let presets = path.network.egress_presets.iter();
    let mut reaching = presets.filter(|(_, preset)| {
        let openings = vec![Opening::of(&preset.cidrs, &preset.ports)];
        Ways { openings, ..Ways::default() }.reach(service) && !preset.kubernetes_service
    });
    reaching.next().map(|(name, _)| name.as_str())
}

fn ports_of(service: &str) -> &'static [u16] {
    PORTS.iter().find(|(name, _)| *name == service).map_or(HTTPS, |(_, ports)| *ports)
}

// === impl Opening ===

impl Opening {
    fn of(cidrs: &[String], ports: &[u16]) -> Self {
        Self { ranges: cidrs.iter().filter_map(|text| text.parse().ok()).collect(), ports: ports.to_vec() }
    }
}

// === impl Ways ===

impl Ways {
    /// `None` while some of it waits for another resource of the run.
    fn of(effective: &Effective) -> Option<Self> {
        let Effective { spec, terms, parent, cluster, .. } = effective;
        let network = &parent.network;
        let presets = || network.egress_presets.iter().filter_map(|name| terms.path.network.egress_presets.get(name));
        let ranges = presets().map(|preset| Opening::of(&preset.cidrs, &preset.ports));
        let asked = network.egress.as_ref()?.iter().map(|opening| Opening::of(&opening.cidrs, &opening.ports));
        let own = spec.egress.iter().flat_map(|egress| egress.fqdns.iter()).chain(&network.egress_fqdns);
        let own = own.map(|name| (HTTPS.to_vec(), name.clone()));
        let of_presets = presets().flat_map(|preset| preset.fqdns.iter().map(move |name| (&preset.ports, name)));
        let of_presets = of_presets.map(|(ports, name)| (ports.clone(), fill_cluster(name, cluster)));
        let hosts = own.chain(of_presets);
        Some(Self {
            openings: ranges.chain(asked).collect(),
            hosts: hosts.filter(|_| network.engine.has_names()).collect(),
            region: fill_cluster("{region}.{dns_suffix}", cluster),
        })
    }

    fn reach(&self, service: &str) -> bool {
        let ports = ports_of(service);
        let has_port = |open: &[u16]| open.is_empty() || open.iter().any(|it| ports.contains(it));
        let mut openings = self.openings.iter().filter(|open| has_port(&open.ports));
        let mut hosts = self.hosts.iter().filter(|(open, _)| has_port(open));
        if ports != HTTPS {
            // Addresses of one's own: whoever opens their port to a range or a name means them.
            return openings.any(|open| !open.ranges.is_empty()) || hosts.next().is_some();
        }
        let leads = |range: &Cidr| is_everything(range) || range.is_private() && !PUBLIC.contains(&service);
        openings.any(|open| open.ranges.iter().any(leads)) || hosts.any(|(_, name)| self.is_of(name, service))
    }

    /// Whether hosts of a service have such a name. A wildcard stands for one label.
    fn is_of(&self, name: &str, service: &str) -> bool {
        let own = [service];
        let labels = LABELS.iter().find(|(name, _)| *name == service).map_or(&own[..], |(_, labels)| *labels);
        let is_any = name.strip_prefix("*.").is_some_and(|rest| rest == self.region);
        let suffix = self.region.split_once('.').map_or("", |(_, suffix)| suffix);
        let is_amazon = name.strip_suffix(suffix).is_some_and(|rest| rest.ends_with('.'));
        name == "*"
            || is_any && !REGION_FIRST.contains(&service)
            || is_amazon && name.split('.').any(|label| labels.contains(&label))
    }
}

/// A part of the public addresses is somebody else's as soon as a service's: only all of them surely hold it.
fn is_everything(range: &Cidr) -> bool {
    Cidr::EVERYWHERE.contains(range)
}

#[cfg(test)]
mod tests {
    use super::Ways;
    use crate::golden::{Slot, Spec, fixtures::*};
    use serde_json::{Value, json};

    #[test]
    fn a_host_is_reached_on_its_own_ports() {
        for (ports, service, is_reached, reason) in [
            (&[5432][..], "rds-db", true, "the database's port"),
            (&[443], "rds-db", false, "HTTPS alone"),
            (&[], "rds-db", true, "all ports"),
            (&[443, 8443], "sqs", true, "HTTPS among others"),
            (&[5432], "sqs", false, "not HTTPS"),
        ] {
            let ways = Ways { hosts: vec![(ports.to_vec(), "*".to_owned())], ..Ways::default() };
            assert_eq!(ways.reach(service), is_reached, "{reason}");
        }
    }

    #[test]
    fn a_permission_needs_a_way() {
        let owner = json!({"contact": "a@b", "cost_center": "C"});
        let found = |network: Value, action: &str| {
            let spec = environment(json!({"tier": "prod", "owner": owner, "network": network}));
            let statement = json!({"actions": [action], "resources": ["*"]});
            let slot = slot(json!({"isolation": "namespace", "identity": {"statements": [statement]}}));
            let problems = judged(&Spec::of::<Slot>(slot), &facts(), Some(&parent(&spec, &facts())));
            problems.into_iter().find(|problem| problem.code == "identity.no_way").map(|problem| problem.detail)
        };
        let preset = |name: &str| json!({"egress_presets": [name]});
        let range = |range: &str, port: u16| json!({"egress": [{"cidrs": [range], "ports": [port]}]});
        let name = |name: &str| json!({"engine": "cilium", "egress_fqdns": [name]});
        for (network, action, expected, reason) in [
            (Value::Null, "sqs:SendMessage", Some("aws_services"), "nothing is open"),
            (Value::Null, "s3:GetObject", Some("internet_https"), "a gateway endpoint has public addresses"),
            (preset("aws_services"), "sqs:SendMessage", None, "an interface endpoint"),
            (preset("aws_services"), "s3:GetObject", Some("internet_https"), "private ranges alone"),
            (preset("internet_https"), "s3:GetObject", None, "public ones"),
            (preset("internet_https"), "sqs:SendMessage", None, "the service's public endpoint"),
            (json!({"egress_cidrs": ["10.0.0.0/8"]}), "sqs:SendMessage", None, "a range of one's own"),
            (
                json!({"egress": [{"cidrs": ["10.0.0.0/8"], "ports": [5432]}]}),
                "sqs:SendMessage",
                Some("aws_services"),
                "not HTTPS",
            ),
            (json!({"engine": "cilium", "egress_presets": ["aws_services"]}), "s3:GetObject", None, "by its name"),
            (
                range("52.218.0.9/32", 443),
                "s3:GetObject",
                Some("internet_https"),
                "one public address may be anybody's",
            ),
            (range("0.0.0.0/0", 443), "s3:GetObject", None, "every address"),
            (range("::/0", 443), "sqs:SendMessage", None, "every address of IPv6"),
            (range("10.20.0.0/16", 5432), "rds-db:connect", None, "the database's port"),
            (range("10.20.0.0/16", 3306), "rds-db:connect", None, "that of the other engines"),
            (range("203.0.113.9/32", 5432), "rds-db:connect", None, "wherever it is"),
            (json!({"egress_cidrs": ["10.20.0.0/16"]}), "rds-db:connect", None, "all ports"),
            (range("10.20.0.0/16", 443), "rds-db:connect", Some("on 3306 or 5432 in `network.egress`"), "not its port"),
            (preset("aws_services"), "rds-db:connect", Some("on 3306 or 5432 in `network.egress`"), "nor is HTTPS"),
            (preset("aws_services"), "elasticache:Connect", Some("on 6379 or 6380"), "a cache"),
            (range("10.20.0.0/16", 6379), "elasticache:Connect", None, "its port"),
            (preset("internet_https"), "kafka-cluster:Connect", Some("on 9098 or 9198"), "a broker"),
            (range("10.20.0.0/16", 9098), "kafka-cluster:Connect", None, "its port"),
            (name("sqs.eu-west-1.amazonaws.com"), "sqs:SendMessage", None, "its own name"),
            (name("sqs.eu-west-1.amazonaws.com"), "sns:Publish", Some("aws_services"), "another service's"),
            (name("payments-led.s3.eu-west-1.amazonaws.com"), "s3:GetObject", None, "a bucket's"),
            (name("*.s3.eu-west-1.amazonaws.com"), "s3:GetObject", None, "any bucket's"),
            (name("*.s3.eu-west-1.amazonaws.com"), "sqs:SendMessage", Some("aws_services"), "and no queue's"),
            (name("*.eu-west-1.amazonaws.com"), "sqs:SendMessage", None, "any service's of the region"),
            (
                name("*.eu-west-1.amazonaws.com"),
                "es:ESHttpGet",
                Some("aws_services"),
                "but those with the region first",
            ),
            (name("payments.eu-west-1.es.amazonaws.com"), "es:ESHttpGet", None, "which have a name of their own"),
            (name("monitoring.eu-west-1.amazonaws.com"), "cloudwatch:PutMetricData", None, "called otherwise"),
            (name("sqs.example.com"), "sqs:SendMessage", Some("aws_services"), "somebody else's"),
            (name("sqs.notamazonaws.com"), "sqs:SendMessage", Some("aws_services"), "somebody else's that looks alike"),
            (name("rds-db.eu-west-1.amazonaws.com"), "rds-db:connect", Some("on 3306 or 5432"), "names open HTTPS"),
            (name("*"), "sqs:SendMessage", None, "any name"),
        ] {
            let found = found(network.clone(), action);
            assert_eq!(found.is_some(), expected.is_some(), "{reason}: {found:?}");
            assert!(expected.is_none_or(|preset| found.is_some_and(|text| text.contains(preset))), "{reason}");
        }
    }
}
