//! `doctor`: what of the surroundings would keep golden paths from working, and what to do about each.
//!
//! What was seen is judged here, purely; seeing is lent by the composition root.

use super::{Tools, output, wait_for};
use async_trait::async_trait;
use clap::Args;
use goldenpath_core::domain::{Facts, ObjectKey};
use serde::Serialize;
use std::{collections::BTreeSet, path::PathBuf, process::ExitCode, time::Duration};

/// Which cluster is looked at, and how it is reached; the environment says the rest as for the provider.
#[derive(Clone, Debug, Default)]
pub struct Patient {
    pub cluster: String,
    pub region: Option<String>,
    pub profile: Option<String>,
    pub kubeconfig: Option<PathBuf>,
    pub context: Option<String>,
    pub sandbox: Option<PathBuf>,
}

/// An answer, or why there is none.
pub type Told<T> = Result<T, String>;

/// What one look gives. `None`: it has no meaning in this world.
#[derive(Debug)]
pub struct Seen {
    pub facts: Told<Facts>,
    pub boundary: Told<bool>,
    pub audit_logging: Option<Told<bool>>,
    pub identity_providers: Option<Told<Vec<IdentityProvider>>>,
    /// `verb resource` that we need on Kubernetes and may not.
    pub refused: Option<Told<Vec<String>>>,
    /// How far the API server's clock is ahead of ours; in seconds.
    pub clock: Option<Told<i64>>,
    pub objects: Told<Vec<OwnObject>>,
}

#[derive(Clone, Debug)]
pub struct IdentityProvider {
    pub name: String,
    pub groups_prefix: Option<String>,
}

#[derive(Clone, Debug)]
pub struct OwnObject {
    pub key: ObjectKey,
    /// `environment[/slot]`; `None` for what the cluster shares.
    pub owner: Option<String>,
    /// The inventory, if it is a record.
    pub inventory: Option<Vec<String>>,
}

/// Lent by the composition root.
#[async_trait]
pub trait Doctor: Send + Sync {
    async fn look(&self, patient: &Patient) -> anyhow::Result<Seen>;
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Verdict {
    Ok,
    Warning,
    Error,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
struct Finding {
    check: &'static str,
    verdict: Verdict,
    found: String,
    /// Empty where nothing has to be done.
    remedy: String,
}

/// Look for what would keep golden paths from working on a cluster
#[derive(Args)]
pub(super) struct Arguments {
    /// Name or ARN of the cluster
    cluster: String,
    /// Its region; else AWS's own chain
    #[arg(long)]
    region: Option<String>,
    /// Profile of AWS's shared configuration
    #[arg(long)]
    profile: Option<String>,
    /// A kubeconfig in place of what EKS tells
    #[arg(long)]
    kubeconfig: Option<PathBuf>,
    /// Its context
    #[arg(long)]
    context: Option<String>,
    /// A sandbox in place of the real worlds
    #[arg(long, conflicts_with_all = ["region", "profile", "kubeconfig", "context"])]
    sandbox: Option<PathBuf>,
    /// As JSON
    #[arg(long)]
    json: bool,
}

/// Seconds that STS's signatures and EKS's tokens bear.
const SKEW: i64 = 60;

pub(super) fn run(arguments: Arguments, tools: &Tools) -> anyhow::Result<ExitCode> {
    let Arguments {
        cluster,
        region,
        profile,
        kubeconfig,
        context,
        sandbox,
        json,
    } = arguments;
    let patient = Patient {
        cluster,
        region,
        profile,
        kubeconfig,
        context,
        sandbox,
    };
    let seen = wait_for(async { tokio::time::timeout(Duration::from_secs(120), tools.doctor.look(&patient)).await })???;
    let findings = judge(&seen);
    if json {
        output::data(&format!("{}\n", serde_json::to_string_pretty(&findings)?))?;
    } else {
        output::data(&text(&findings))?;
    }
    let is_well = findings.iter().all(|finding| finding.verdict != Verdict::Error);
    Ok(if is_well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn text(findings: &[Finding]) -> String {
    let mut text = String::new();
    for finding in findings {
        let verdict = match finding.verdict {
            Verdict::Ok => "ok",
            Verdict::Warning => "warning",
            Verdict::Error => "error",
        };
        text.push_str(&format!("{verdict:<8} {}: {}\n", finding.check, finding.found));
        if !finding.remedy.is_empty() {
            text.push_str(&format!("         {}\n", finding.remedy));
        }
    }
    text
}

// === judging ===

fn finding(check: &'static str, verdict: Verdict, found: impl Into<String>, remedy: impl Into<String>) -> Finding {
    Finding {
        check,
        verdict,
        found: found.into(),
        remedy: remedy.into(),
    }
}

fn well(check: &'static str, found: impl Into<String>) -> Finding {
    finding(check, Verdict::Ok, found, "")
}

/// What could not be asked is no absence of trouble.
fn unseen(check: &'static str, why: &str) -> Finding {
    finding(
        check,
        Verdict::Error,
        why,
        "Make it possible to look, then run this again.",
    )
}

fn judge(seen: &Seen) -> Vec<Finding> {
    let Seen {
        facts,
        boundary,
        audit_logging,
        identity_providers,
        refused,
        clock,
        objects,
    } = seen;
    let mut findings = vec![];
    match facts {
        Ok(facts) => findings.extend(of_facts(facts)),
        Err(why) => findings.push(unseen("credentials and cluster", why)),
    }
    findings.push(match boundary {
        Ok(true) => well("permissions boundary", "it exists"),
        Ok(false) => finding(
            "permissions boundary",
            Verdict::Error,
            "the managed policy goldenpath/boundary does not exist",
            "Create it with the path /goldenpath/ and the name boundary: every role is made under it.",
        ),
        Err(why) => unseen("permissions boundary", why),
    });
    findings.extend(audit_logging.as_ref().map(|audit| match audit {
        Ok(true) => well("audit log", "the control plane writes it"),
        Ok(false) => finding(
            "audit log",
            Verdict::Warning,
            "the control plane writes no audit log",
            "Turn on the log type `audit` of the cluster: who changed what by hand is told nowhere else.",
        ),
        Err(why) => unseen("audit log", why),
    }));
    findings.extend(identity_providers.as_ref().map(|providers| match providers {
        Ok(providers) => of_providers(providers),
        Err(why) => unseen("identity providers", why),
    }));
    findings.extend(refused.as_ref().map(|refused| match refused {
        Ok(refused) if refused.is_empty() => well("rights on Kubernetes", "all that is needed"),
        Ok(refused) => finding(
            "rights on Kubernetes",
            Verdict::Error,
            format!("not allowed: {}", refused.join(", ")),
            "Apply what `terraform-provider-goldenpath permissions --kubernetes` prints and bind it to the group of the caller's \
             access entry.",
        ),
        Err(why) => unseen("rights on Kubernetes", why),
    }));
    findings.extend(clock.as_ref().map(|clock| match clock {
        Ok(skew) if skew.abs() <= SKEW => well("clock", format!("{skew} s from the API server's")),
        Ok(skew) => finding(
            "clock",
            Verdict::Error,
            format!("{skew} s from the API server's"),
            "Set this machine's clock: signatures and tokens are refused beyond some minutes.",
        ),
        Err(why) => unseen("clock", why),
    }));
    match objects {
        Ok(objects) => findings.push(of_objects(objects)),
        Err(why) => findings.push(unseen("orphans", why)),
    }
    findings
}

fn of_facts(facts: &Facts) -> Vec<Finding> {
    let mode = &facts.authentication_mode;
    let mut findings = vec![well(
        "credentials and cluster",
        format!(
            "{} runs {} as {}",
            facts.stable.cluster_arn, facts.version, facts.caller
        ),
    )];
    findings.push(match mode.as_str() {
        "API" => well("authentication mode", "API"),
        "API_AND_CONFIG_MAP" => finding(
            "authentication mode",
            Verdict::Warning,
            "API_AND_CONFIG_MAP: rows of the ConfigMap aws-auth still let people in",
            "Move them to access entries, then set the mode to API (it cannot be set back).",
        ),
        other => finding(
            "authentication mode",
            Verdict::Error,
            format!("{other}: access entries have no effect"),
            "Set it to API_AND_CONFIG_MAP or API.",
        ),
    });
    findings.push(if facts.has_pod_identity_agent() {
        well("Pod Identity agent", "it is there")
    } else {
        finding(
            "Pod Identity agent",
            Verdict::Error,
            "the add-on eks-pod-identity-agent is not installed",
            "Install it, or use `identity = { mode = \"irsa\" }` in slots.",
        )
    });
    findings.push(if facts.network_policy_enforced {
        well("network policies", "the CNI enforces them")
    } else {
        finding(
            "network policies",
            Verdict::Warning,
            "the add-on vpc-cni does not enforce them, or another CNI is installed",
            "Set `enableNetworkPolicy` of the add-on to \"true\"; with Cilium or Calico say so in `network.engine`.",
        )
    });
    let crds = facts.crds.len();
    findings.push(well(
        "custom resources",
        format!("{crds} kinds besides Kubernetes' own"),
    ));
    findings
}

/// `security.md` 4: a group of an outsider must not become one of ours.
fn of_providers(providers: &[IdentityProvider]) -> Finding {
    let is_open = |provider: &&IdentityProvider| {
        let prefix = provider.groups_prefix.as_deref().unwrap_or_default();
        prefix.is_empty() || prefix.starts_with("gp:")
    };
    let open: Vec<&str> = providers
        .iter()
        .filter(is_open)
        .map(|provider| provider.name.as_str())
        .collect();
    if open.is_empty() {
        return well(
            "identity providers",
            format!("{}, none of which can name our groups", providers.len()),
        );
    }
    finding(
        "identity providers",
        Verdict::Error,
        format!("groupsPrefix of {} is empty or begins with gp:", open.join(", ")),
        "Give it another prefix: whoever issues its tokens could put anybody into the group of a principal.",
    )
}

/// Ours by their mark, and named by no record.
fn of_objects(objects: &[OwnObject]) -> Finding {
    let named: BTreeSet<&str> = objects
        .iter()
        .filter_map(|object| object.inventory.as_ref())
        .flatten()
        .map(String::as_str)
        .collect();
    let is_orphan =
        |object: &&OwnObject| object.inventory.is_none() && !named.contains(object.key.to_string().as_str());
    let orphans: Vec<String> = objects
        .iter()
        .filter(is_orphan)
        .map(|object| match &object.owner {
            Some(owner) => format!("{} (of {owner})", object.key),
            None => object.key.to_string(),
        })
        .collect();
    if orphans.is_empty() {
        return well("orphans", format!("none among {} objects", objects.len()));
    }
    finding(
        "orphans",
        Verdict::Warning,
        format!("no record names {}", orphans.join(", ")),
        "Import the environment or slot and destroy it, or delete them by hand once nobody needs them.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts() -> Facts {
        serde_json::from_value(serde_json::json!({
            "stable": {"cluster_arn": "arn:aws:eks:eu-west-1:111122223333:cluster/demo", "auto_mode": false,
                "service_cidr": "10.100.0.0/16", "ip_family": "ipv4", "pod_security_version": "1.36"},
            "version": "1.36", "authentication_mode": "API", "network_policy_enforced": true,
            "addons": ["eks-pod-identity-agent"], "caller": "arn:aws:iam::111122223333:user/anna",
        }))
        .expect("facts")
    }

    fn healthy() -> Seen {
        Seen {
            facts: Ok(facts()),
            boundary: Ok(true),
            audit_logging: Some(Ok(true)),
            identity_providers: Some(Ok(vec![])),
            refused: Some(Ok(vec![])),
            clock: Some(Ok(1)),
            objects: Ok(vec![]),
        }
    }

    fn object(key: &str, inventory: Option<&[&str]>) -> OwnObject {
        OwnObject {
            key: key.parse().expect("a key"),
            owner: Some("pay".to_owned()),
            inventory: inventory.map(|keys| keys.iter().map(|key| (*key).to_owned()).collect()),
        }
    }

    #[test]
    fn what_is_well_needs_no_remedy() {
        for finding in judge(&healthy()) {
            assert_eq!(
                (finding.verdict, finding.remedy.as_str()),
                (Verdict::Ok, ""),
                "{}",
                finding.check
            );
        }
    }

    #[test]
    fn each_trouble_is_told_with_what_to_do() {
        let record = object(
            "k8s/v1/ConfigMap/goldenpath-system/environment.pay",
            Some(&["k8s/v1/Namespace/pay"]),
        );
        type Break = Box<dyn Fn(&mut Seen)>;
        let with_facts = |change: fn(&mut Facts)| -> Break {
            Box::new(move |seen| {
                if let Ok(facts) = &mut seen.facts {
                    change(facts);
                }
            })
        };
        let cases: Vec<(Break, &str, Verdict, &str)> = vec![
            (
                Box::new(|seen| seen.facts = Err("no credentials".into())),
                "credentials and cluster",
                Verdict::Error,
                "can't look",
            ),
            (
                with_facts(|f| f.authentication_mode = "CONFIG_MAP".into()),
                "authentication mode",
                Verdict::Error,
                "no effect",
            ),
            (
                with_facts(|f| f.authentication_mode = "API_AND_CONFIG_MAP".into()),
                "authentication mode",
                Verdict::Warning,
                "two ways in",
            ),
            (
                with_facts(|f| f.addons.clear()),
                "Pod Identity agent",
                Verdict::Error,
                "no agent",
            ),
            (
                with_facts(|f| f.network_policy_enforced = false),
                "network policies",
                Verdict::Warning,
                "not enforced",
            ),
            (
                Box::new(|seen| seen.boundary = Ok(false)),
                "permissions boundary",
                Verdict::Error,
                "no boundary",
            ),
            (
                Box::new(|seen| seen.audit_logging = Some(Ok(false))),
                "audit log",
                Verdict::Warning,
                "no log",
            ),
            (
                Box::new(|seen| {
                    seen.identity_providers = Some(Ok(vec![IdentityProvider {
                        name: "okta".into(),
                        groups_prefix: Some("gp:".into()),
                    }]));
                }),
                "identity providers",
                Verdict::Error,
                "an outsider's group would be ours",
            ),
            (
                Box::new(|seen| seen.refused = Some(Ok(vec!["patch namespaces".into()]))),
                "rights on Kubernetes",
                Verdict::Error,
                "403",
            ),
            (
                Box::new(|seen| seen.clock = Some(Ok(-900))),
                "clock",
                Verdict::Error,
                "15 minutes behind",
            ),
            (
                Box::new(move |seen| {
                    seen.objects = Ok(vec![
                        record.clone(),
                        object("k8s/v1/Namespace/pay", None),
                        object("k8s/v1/Namespace/pay-old", None),
                    ]);
                }),
                "orphans",
                Verdict::Warning,
                "one of two is named",
            ),
        ];
        for (breaks, check, verdict, reason) in cases {
            let mut seen = healthy();
            breaks(&mut seen);
            let findings = judge(&seen);
            let found = findings
                .iter()
                .find(|finding| finding.check == check)
                .unwrap_or_else(|| panic!("{reason}"));
            assert_eq!(found.verdict, verdict, "{reason}: {found:?}");
            assert!(!found.remedy.is_empty(), "{reason}: what to do");
            let others = findings
                .iter()
                .filter(|finding| finding.check != check && finding.verdict != Verdict::Ok);
            assert_eq!(others.count(), 0, "{reason}: nothing else is ill");
        }
    }
}
