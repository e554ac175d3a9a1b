//! What an environment lets in and out.

use crate::domain::{Given, Late, LateList, choices::choices};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Network {
    pub default_deny: Option<DefaultDeny>,
    /// `env:<environment>`
    pub allow_from: Given<Vec<String>>,
    pub ingress_cidrs: Given<LateList>,
    /// Of controllers and gateways.
    pub ingress_namespaces: Given<Vec<String>>,
    /// Of what the two above open; none: all.
    pub ingress_ports: Given<Vec<u16>>,
    /// Whether its pods reach each other.
    pub same_environment: Option<bool>,
    /// Those of the path that may scrape; none: all of them.
    pub monitoring_namespaces: Given<Vec<String>>,
    /// `aws_services`, `internet_https`, `kubernetes_api`, `same_environment`
    pub egress_presets: Given<Vec<String>>,
    pub egress_cidrs: Given<LateList>,
    /// Ranges with the ports that are open to them.
    pub egress: Given<Vec<EgressRule>>,
    pub egress_fqdns: Given<Vec<String>>,
    /// Hosts of Ingresses and of Gateway API's routes.
    pub ingress_hosts: Given<Vec<String>>,
    pub engine: Option<NetworkEngine>,
    /// Why it holds against what is seen of the cluster.
    pub engine_reason: Option<String>,
}

// === impl Network ===

impl Network {
    /// With empty lists for those that are not known as a whole: whether they open anything, and so which objects there are, is open.
    /// `None`: all of them are known, or are some elements at least.
    pub fn with_empty_lists(&self) -> Option<Self> {
        let mut found = self.clone();
        for cidrs in [&mut found.ingress_cidrs, &mut found.egress_cidrs] {
            if **cidrs == Late::Later {
                *cidrs = LateList::default().into();
            }
        }
        if self.egress.iter().any(|rule| rule.cidrs == Late::Later) {
            let known = |rule: &EgressRule| rule.cidrs != Late::Later;
            found.egress = found.egress.into_value().into_iter().filter(known).collect::<Vec<_>>().into();
        }
        (found != *self).then_some(found)
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EgressRule {
    pub cidrs: LateList,
    pub ports: Vec<u16>,
}

choices! {
    pub enum DefaultDeny {
        Both = "both",
        Ingress = "ingress",
        Egress = "egress",
        None = "none",
    }
}

impl DefaultDeny {
    pub fn has_ingress(self) -> bool {
        matches!(self, Self::Both | Self::Ingress)
    }

    pub fn has_egress(self) -> bool {
        matches!(self, Self::Both | Self::Egress)
    }
}

choices! {
    /// What enforces network rules. `Auto` is resolved from Auto Mode alone, never detected.
    pub enum NetworkEngine {
        Auto = "auto",
        VpcCni = "vpc_cni",
        EksAuto = "eks_auto",
        Cilium = "cilium",
        Calico = "calico",
        None = "none",
    }
}

impl NetworkEngine {
    /// Whether rules may name hosts.
    pub fn has_names(self) -> bool {
        matches!(self, Self::EksAuto | Self::Cilium)
    }
}
