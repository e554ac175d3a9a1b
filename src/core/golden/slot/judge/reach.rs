//! Whether pods of a slot can reach what its statements allow. A permission without a way to the service is a timeout.

use crate::{
    domain::{Cidr, Effect, Problems},
    golden::{
        catalogue::{GoldenPath, filled},
        slot::effective::Effective,
    },
};

const HTTPS: u16 = 443;

/// Their gateway endpoints leave them their public addresses, and most accounts have no other endpoint of them.
const PUBLIC: [&str; 3] = ["dynamodb", "s3", "s3express"];

/// What egress opens for HTTPS.
#[derive(Clone, Copy, Default)]
struct Ways {
    private: bool,
    public: bool,
    by_name: bool,
}

pub fn judge(effective: &Effective, problems: &mut Problems) {
    let network = &effective.parent.network;
    let Some(ways) = Ways::of(effective).filter(|_| network.default_deny.has_egress()) else { return };
    let allows = effective.identity.written_statements().filter(|(_, statement)| *statement.effect == Effect::Allow);
    for (place, statement) in allows {
        let services =
            statement.actions.known().filter_map(|action| Some(action.split_once(':')?.0.to_ascii_lowercase()));
        let Some(service) = services.into_iter().find(|service| !ways.reach(service)) else { continue };
        let preset = preset_for(&effective.terms.path, &service);
        let next = match preset {
            Some(preset) => format!("Add `{preset}` to `network.egress_presets` of the environment."),
            None => "Open its addresses in `network.egress` of the environment.".to_owned(),
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
        let mut ways = Ways::default();
        ways.open(&preset.cidrs, &preset.ports);
        ways.reach(service) && !preset.kubernetes_service
    });
    reaching.next().map(|(name, _)| name.as_str())
}

// === impl Ways ===

impl Ways {
    /// `None` while some of it waits for another resource of the run.
    fn of(effective: &Effective) -> Option<Self> {
        let Effective { spec, terms, parent, cluster, .. } = effective;
        let network = &parent.network;
        let mut ways = Self::default();
        let presets = || network.egress_presets.iter().filter_map(|name| terms.path.network.egress_presets.get(name));
        for preset in presets() {
            ways.open(&preset.cidrs, &preset.ports);
        }
        for opening in network.egress.as_ref()? {
            ways.open(&opening.cidrs, &opening.ports);
        }
        if network.engine.has_names() {
            let suffix = filled("{dns_suffix}", cluster);
            let own = spec.egress.iter().flat_map(|egress| &egress.fqdns).chain(&network.egress_fqdns).cloned();
            let of_presets = presets().flat_map(|preset| &preset.fqdns).map(|name| filled(name, cluster));
            ways.by_name = own.chain(of_presets).any(|name| name.ends_with(&suffix));
        }
        Some(ways)
    }

    fn open(&mut self, cidrs: &[String], ports: &[u16]) {
        if ports.is_empty() || ports.contains(&HTTPS) {
            let ranges = cidrs.iter().filter_map(|text| text.parse::<Cidr>().ok());
            let (private, public): (Vec<Cidr>, Vec<Cidr>) = ranges.partition(Cidr::is_private);
            self.private |= !private.is_empty();
            self.public |= !public.is_empty();
        }
    }

    fn reach(self, service: &str) -> bool {
        self.by_name || self.public || self.private && !PUBLIC.contains(&service)
    }
}

#[cfg(test)]
mod tests {
    use crate::golden::{Slot, Spec, fixtures::*};
    use serde_json::{Value, json};

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
        ] {
            let found = found(network.clone(), action);
            assert_eq!(found.is_some(), expected.is_some(), "{reason}: {found:?}");
            assert!(expected.is_none_or(|preset| found.is_some_and(|text| text.contains(preset))), "{reason}");
        }
    }
}
