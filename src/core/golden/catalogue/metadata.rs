//! Keys of labels and annotations by which other programs are switched. A team's own ones are an allow-list of its golden path.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Keys of labels and annotations that teams may set on their Namespaces, in addition to keys without a domain.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PathMetadata {
    /// Domains of the company, including those below them.
    pub domains: Vec<String>,
    /// Keys of other programs, each with the values that are allowed; an empty list allows any.
    pub keys: BTreeMap<String, Vec<String>>,
}

/// Domains whose keys switch off a guard, or give a namespace to another program.
const SWITCHES: [(&str, &str); 12] = [
    ("gatekeeper.sh", "switches Gatekeeper off"),
    ("kyverno.io", "switches Kyverno"),
    ("sigstore.dev", "switches the verification of signatures"),
    ("cert-manager.io", "switches cert-manager's validation off"),
    ("argoproj.io", "gives the namespace to an Argo CD"),
    ("iam.amazonaws.com", "lets kiam's pods assume roles"),
    ("cattle.io", "gives the namespace to a Rancher project"),
    ("openshift.io", "sets users and node selectors in OpenShift"),
    ("kubernetes.io", "is read by Kubernetes itself"),
    ("k8s.io", "is read by Kubernetes itself"),
    ("fluxcd.io", "is read by Flux"),
    ("crossplane.io", "is read by Crossplane"),
];

/// Keys without a domain that other programs read.
const KNOWN: [(&str, &str); 2] = [
    ("istio-injection", "switches Istio"),
    ("control-plane", "exempts the namespace from Gatekeeper's and others' webhooks"),
];

// === impl PathMetadata ===

impl PathMetadata {
    /// Why a team may not write it; `None`: it may.
    pub fn refuses(&self, key: &str, value: &str) -> Option<String> {
        if let Some(values) = self.keys.get(key) {
            let is_allowed = values.is_empty() || values.iter().any(|allowed| allowed == value);
            return (!is_allowed).then(|| format!("the golden path allows only these values: {}", values.join(", ")));
        }
        match key.split_once('/') {
            None => KNOWN.iter().find(|(known, _)| *known == key).map(|(_, what)| format!("it {what}")),
            Some((domain, _)) => match switch(domain) {
                Some(what) => Some(format!("it {what}")),
                None if self.domains.iter().any(|own| is_within(domain, own)) => None,
                None => Some(format!("the golden path does not list the domain {domain}")),
            },
        }
    }

    /// What a golden path may not allow.
    pub(super) fn check(&self) -> Vec<String> {
        let mut found = vec![];
        for domain in &self.domains {
            let reaches = SWITCHES.iter().find(|(known, _)| is_within(domain, known) || is_within(known, domain));
            if let Some((known, what)) = reaches {
                found.push(format!("metadata.domains: {domain} covers keys of {known}, which {what}"));
            }
        }
        for key in self.keys.keys() {
            if let Some(what) = key.split_once('/').and_then(|(domain, _)| switch(domain)) {
                found.push(format!("metadata.keys: {key} {what}"));
            }
        }
        found
    }
}

fn switch(domain: &str) -> Option<&'static str> {
    SWITCHES.iter().find(|(known, _)| is_within(domain, known)).map(|(_, what)| *what)
}

fn is_within(domain: &str, outer: &str) -> bool {
    domain.strip_suffix(outer).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_switches_a_guard_is_never_a_teams() {
        let path = PathMetadata {
            domains: vec!["corp.example".into()],
            keys: [("istio-injection".into(), vec!["enabled".into()]), ("elbv2.k8s.aws/inject".into(), vec![])].into(),
        };
        for (key, value, words, reason) in [
            ("squad", "blue", "", "no program reads it"),
            ("corp.example/squad", "blue", "", "the company's own domain"),
            ("data.corp.example/squad", "blue", "", "and those below it"),
            ("evilcorp.example/squad", "blue", "does not list", "a domain that only ends like it"),
            ("elbv2.k8s.aws/inject", "x", "", "listed with any value"),
            ("istio-injection", "enabled", "", "listed with this value"),
            ("istio-injection", "disabled", "only these values", "the value that switches it off"),
            ("control-plane", "x", "webhooks", "an exemption without a domain"),
            ("admission.gatekeeper.sh/ignore", "x", "Gatekeeper", "switches a guard off"),
            ("policy.sigstore.dev/include", "false", "signatures", "switches a guard off"),
            ("cert-manager.io/disable-validation", "true", "cert-manager", "switches a guard off"),
            ("argocd.argoproj.io/managed-by", "x", "Argo CD", "gives it away"),
            ("iam.amazonaws.com/permitted", ".*", "kiam", "gives roles away"),
            ("field.cattle.io/projectId", "x", "Rancher", "gives it away"),
            ("scheduler.alpha.kubernetes.io/node-selector", "x", "Kubernetes itself", "chooses nodes"),
        ] {
            let found = path.refuses(key, value).unwrap_or_default();
            assert!(found.contains(words) && (found.is_empty() == words.is_empty()), "{reason}: {key}: {found:?}");
        }
        for (domain, reason) in [("kyverno.io", "itself"), ("io", "above them"), ("policies.kyverno.io", "below it")] {
            let path = PathMetadata { domains: vec![domain.into()], ..PathMetadata::default() };
            assert!(!path.check().is_empty(), "{reason}");
        }
        assert!(path.check().is_empty());
    }
}
