//! What each look at the surroundings means, and what to do about it.

use super::{OwnObject, Rights, Seen, Told};
use goldenpath_core::domain::{Facts, IdentityProvider, ObjectKey, projection::SYSTEM_NAMESPACE};
use serde::Serialize;
use std::collections::BTreeSet;

/// Seconds that STS's signatures and EKS's tokens bear.
const SKEW: i64 = 60;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Verdict {
    Ok,
    Warning,
    Error,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Finding {
    pub check: &'static str,
    pub verdict: Verdict,
    pub found: String,
    /// Empty where nothing has to be done.
    pub remedy: String,
}

fn finding(check: &'static str, verdict: Verdict, found: impl Into<String>, remedy: impl Into<String>) -> Finding {
    Finding { check, verdict, found: found.into(), remedy: remedy.into() }
}

fn well(check: &'static str, found: impl Into<String>) -> Finding {
    finding(check, Verdict::Ok, found, "")
}

/// What could not be asked is no absence of trouble.
fn unseen(check: &'static str, why: &str) -> Finding {
    finding(check, Verdict::Error, why, "Make it possible to look, then run this again.")
}

pub(super) fn judge(seen: &Seen) -> Vec<Finding> {
    let Seen { facts, boundary, audit_logging, identity_providers, refused_by_aws, refused, clock, objects } = seen;
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
    findings.push(match identity_providers {
        Ok(providers) => of_providers(providers),
        Err(why) => unseen("identity providers", why),
    });
    findings.extend(refused_by_aws.as_ref().map(|rights| of_rights(facts, rights)));
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
        format!("{} runs {} as {}", facts.stable.cluster_arn, facts.version, facts.caller),
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
    findings.push(well("custom resources", format!("{crds} kinds besides Kubernetes' own")));
    findings
}

fn of_rights(facts: &Told<Facts>, rights: &Told<Rights>) -> Finding {
    const CHECK: &str = "rights on AWS";
    let printed = match facts {
        Ok(facts) => format!("permissions --aws --cluster-arn {}", facts.stable.cluster_arn),
        Err(_) => "permissions --aws".to_owned(),
    };
    match rights {
        Ok(Rights::Lacking(actions)) if actions.is_empty() => well(CHECK, "all that is needed"),
        Ok(Rights::Lacking(actions)) => finding(
            CHECK,
            Verdict::Error,
            format!("not allowed: {}", actions.join(", ")),
            format!("Give the caller the policy that `terraform-provider-goldenpath {printed}` prints."),
        ),
        Ok(Rights::Unknown(why)) => finding(
            CHECK,
            Verdict::Warning,
            format!("not known: {why}"),
            format!(
                "Allow iam:SimulatePrincipalPolicy on the caller to have them checked, or compare its policies with what \
                 `terraform-provider-goldenpath {printed}` prints."
            ),
        ),
        Err(why) => unseen(CHECK, why),
    }
}

/// `security.md` 4: a group of an outsider must not become one of ours.
fn of_providers(providers: &[IdentityProvider]) -> Finding {
    let open: Vec<&str> = providers
        .iter()
        .filter(|provider| provider.can_name_our_groups())
        .map(|provider| provider.name.as_str())
        .collect();
    if open.is_empty() {
        return well("identity providers", format!("{}, none of which can name our groups", providers.len()));
    }
    finding(
        "identity providers",
        Verdict::Error,
        format!("groupsPrefix of {} lets groups begin with gp:", open.join(", ")),
        "Give it another prefix: whoever issues its tokens could put anybody into the group of a principal.",
    )
}

/// Ours by their mark, and named by no record.
fn of_objects(objects: &[OwnObject]) -> Finding {
    let named: BTreeSet<&str> =
        objects.iter().filter_map(|object| object.inventory.as_ref()).flatten().map(String::as_str).collect();
    // Made with the rights in it, before there is a baseline whose record could name it.
    let home = ObjectKey::namespace_object(SYSTEM_NAMESPACE);
    let is_orphan = |object: &&OwnObject| {
        object.inventory.is_none() && object.key != home && !named.contains(object.key.to_string().as_str())
    };
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
mod tests;
