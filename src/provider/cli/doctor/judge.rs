//! What each reading means, and what to do about it.

mod found;
mod records;

use super::{
    finding::Finding,
    inspection::{CallerPermissions, Inspection},
    own::OwnObject,
    reading::Reading,
};
use found::{Found, error, no_reading, of, ok, warning};
use goldenpath_core::{
    domain::{ClusterArn, Facts, IdentityProvider, NetworkEngine},
    golden::{Catalogue, GoldenPath, boundaries},
};
use std::{borrow::Cow, collections::BTreeMap};

/// Seconds that STS's signatures and EKS's tokens bear.
const SKEW: i64 = 60;

/// What lets them be read.
const FACTS_ROLE: &str =
    "Apply the role goldenpath-cluster-facts of `goldenpath permissions --kubernetes`, and bind it.";

/// What was inspected, and by which golden paths.
struct Asked<'a> {
    cluster: Option<&'a ClusterArn>,
    catalogue: &'a Catalogue,
}

pub(super) fn judge(inspection: &Inspection) -> Vec<Finding> {
    let Inspection {
        facts,
        boundaries,
        oidc_provider,
        audit_logging,
        identity_providers,
        aws_permissions,
        kubernetes_permissions,
        clock,
        objects,
        catalogue,
    } = inspection;
    let of_facts = |judge: fn(&Facts) -> Found| facts.as_ref().ok().map(judge);
    let asked = Asked { cluster: facts.as_ref().ok().map(|facts| &facts.stable.cluster_arn), catalogue };
    [
        ("credentials and cluster", Some(of(facts, cluster))),
        ("authentication mode", of_facts(authentication_mode)),
        ("Pod Identity agent", of_facts(pod_identity_agent)),
        ("OIDC provider", oidc_provider.as_ref().map(issuer)),
        ("network policies", of_facts(network_policies)),
        (
            "custom resources",
            of_facts(|facts| ok(format!("{} kinds in addition to those of Kubernetes", facts.crds.len()))),
        ),
        ("permissions boundary", Some(of(boundaries, |exist| boundary_policies(exist, objects, &asked)))),
        ("audit log", audit_logging.as_ref().map(|reading| of(reading, |is_on| audit_log(*is_on)))),
        ("identity providers", Some(of(identity_providers, |providers| identity_groups(providers)))),
        ("AWS permissions", aws_permissions.as_ref().map(|reading| of(reading, |held| aws(&asked, held)))),
        (
            "Kubernetes permissions",
            kubernetes_permissions.as_ref().map(|reading| of(reading, |missing| kubernetes(missing))),
        ),
        ("clock", clock.as_ref().map(|reading| of(reading, |skew| clock_skew(*skew)))),
        ("records", objects.as_ref().ok().map(|objects| records::unreadable(objects))),
        ("orphans", Some(of(objects, |objects| records::orphans(objects)))),
        ("golden path versions", objects.as_ref().ok().map(|objects| records::versions(objects, catalogue))),
    ]
    .into_iter()
    .filter_map(|(check, found)| {
        let Found(status, found, remedy) = found?;
        let check = Cow::Borrowed(check);
        Some(Finding { check, status, found, remedy, results: BTreeMap::new(), benchmark: &[] })
    })
    .collect()
}

fn cluster(facts: &Facts) -> Found {
    ok(format!("{} runs {}; the caller is {}", facts.stable.cluster_arn, facts.version, facts.caller))
}

fn authentication_mode(facts: &Facts) -> Found {
    match facts.authentication_mode.as_str() {
        "API" => ok("API"),
        "API_AND_CONFIG_MAP" => warning(
            "API_AND_CONFIG_MAP: the ConfigMap aws-auth still grants access",
            "Move its rows to access entries, then set the mode to API. That can't be undone.",
        ),
        other => error(format!("{other}: access entries have no effect"), "Set the mode to API_AND_CONFIG_MAP or API."),
    }
}

fn pod_identity_agent(facts: &Facts) -> Found {
    let remedy = "Install the add-on eks-pod-identity-agent, or use `identity = { mode = \"irsa\" }` in slots.";
    match facts.has_pod_identity_agent() {
        Some(true) => ok("installed"),
        Some(false) => {
            error("there is neither the add-on eks-pod-identity-agent nor its DaemonSet in kube-system", remedy)
        }
        None => warning("not known: it is not an add-on, and the caller may not read its DaemonSet", FACTS_ROLE),
    }
}

/// Only identities in mode `irsa` need it.
fn issuer(known: &Reading<bool>) -> Found {
    match known {
        Ok(true) => ok("IAM knows the cluster's OIDC issuer"),
        Ok(false) => warning(
            "IAM does not know the cluster's OIDC issuer",
            "For slots with `identity = { mode = \"irsa\" }`, create an IAM OIDC provider for it. Others do not need one.",
        ),
        Err(why) => warning(
            format!("not known: {why}"),
            "Allow iam:ListOpenIDConnectProviders, if slots use `identity = { mode = \"irsa\" }`.",
        ),
    }
}

fn network_policies(facts: &Facts) -> Found {
    let by = facts.network_policy_engine.map_or("the CNI", NetworkEngine::as_str);
    match facts.network_policy_enforced {
        Some(true) => ok(format!("enforced by {by}")),
        None => warning("not known: the caller may not read what would enforce them", FACTS_ROLE),
        Some(false) if facts.stable.auto_mode => warning(
            "not enforced: EKS Auto Mode does not by itself",
            "Apply the ConfigMap amazon-vpc-cni to kube-system, with `enable-network-policy-controller: \"true\"` in it.",
        ),
        Some(false) => warning(
            "not enforced by the add-on vpc-cni, and neither Cilium nor Calico is running",
            "Set `enableNetworkPolicy` of the add-on to \"true\". If something else enforces them, set `network.engine` and \
             `network.engine_reason` of environments.",
        ),
    }
}

/// Of the golden paths that teams can be expected to use: one without its boundary makes no roles.
fn boundary_policies(
    exist: &BTreeMap<String, Reading<bool>>,
    objects: &Reading<Vec<OwnObject>>,
    asked: &Asked<'_>,
) -> Found {
    let is_used = |path: &&GoldenPath| asked.is_offered(path) || has_made(path, objects);
    let (mut missing, mut users, mut unread) = (vec![], vec![], None);
    for (boundary, paths) in boundaries(asked.catalogue, asked.cluster) {
        let used: Vec<&GoldenPath> = paths.into_iter().filter(is_used).collect();
        match exist.get(&boundary) {
            Some(Ok(false)) if !used.is_empty() => {
                let names: Vec<String> = used.iter().map(|path| format!("{} {}", path.name, path.version)).collect();
                missing.push(format!("{boundary} (of {})", names.join(", ")));
                users.extend(used);
            }
            Some(Err(why)) if !used.is_empty() => unread = Some(why),
            _ => {}
        }
    }
    let Some(path) = users.first() else { return unread.map_or_else(|| ok("exists"), |why| no_reading(why)) };
    let prints = asked.permissions(&format!("--boundary --golden-path {}", path.name));
    error(
        format!("no managed policy {}", missing.join(", ")),
        format!(
            "Create it: {prints} prints one that fits. Every role of the golden path has it as its permissions boundary."
        ),
    )
}

fn has_made(path: &GoldenPath, objects: &Reading<Vec<OwnObject>>) -> bool {
    let mut made = objects.iter().flatten().filter_map(OwnObject::path);
    made.any(|by| by.name == path.name && by.version == path.version)
}

fn audit_log(is_on: bool) -> Found {
    if is_on {
        return ok("written by the control plane");
    }
    warning(
        "the control plane writes no audit log",
        "Turn on the log type `audit` of the cluster. Only the audit log shows who made an out-of-band change.",
    )
}

fn aws(asked: &Asked<'_>, held: &CallerPermissions) -> Found {
    let prints = asked.permissions("--aws");
    match held {
        CallerPermissions::Missing(actions) if actions.is_empty() => ok("complete"),
        CallerPermissions::Missing(actions) => error(
            format!("not allowed: {}", actions.join(", ")),
            format!("Attach the policy that {prints} prints to the caller."),
        ),
        CallerPermissions::Unknown(why) => warning(
            format!("not known: {why}"),
            format!(
                "Allow iam:SimulatePrincipalPolicy on the caller to have them checked, or compare its policies with the output \
                 of {prints}."
            ),
        ),
    }
}

fn kubernetes(missing: &[String]) -> Found {
    if missing.is_empty() {
        return ok("complete");
    }
    error(
        format!("not allowed: {}", missing.join(", ")),
        "Apply the output of `goldenpath permissions --kubernetes` and bind its roles to the group of the \
         caller's access entry.",
    )
}

fn clock_skew(seconds: i64) -> Found {
    let found = format!("the API server's is {seconds} s ahead of this machine's");
    if seconds.abs() <= SKEW {
        return ok(found);
    }
    error(
        found,
        "Set the clock of this machine. Signatures and tokens are rejected if it is off by more than a few minutes.",
    )
}

/// `security.md` 4: a group of an outsider must not become one of ours.
fn identity_groups(providers: &[IdentityProvider]) -> Found {
    let open: Vec<&str> = providers
        .iter()
        .filter(|provider| provider.can_name_our_groups())
        .map(|provider| provider.name.as_str())
        .collect();
    if open.is_empty() {
        return ok(format!("{}, and none can issue groups that begin with gp:", providers.len()));
    }
    error(
        format!("the groupsPrefix of {} allows groups that begin with gp:", open.join(", ")),
        "Set another prefix. Whoever issues the provider's tokens could otherwise add anyone to the group of a principal.",
    )
}

// === impl Asked ===

impl Asked<'_> {
    /// The default one, and each of the company's own in its newest version. A built-in path that is not the default is there without
    /// anybody's choice.
    fn is_offered(&self, path: &GoldenPath) -> bool {
        let is_newest = |name: Option<&str>| self.catalogue.newest(name).is_ok_and(|newest| newest.id() == path.id());
        let is_built_in = Catalogue::built_in().paths().iter().any(|known| known.id() == path.id());
        is_newest(None) || !is_built_in && is_newest(Some(&path.name))
    }

    /// The command that prints permissions for this cluster and these golden paths.
    fn permissions(&self, what: &str) -> String {
        let cluster = self.cluster.map(|cluster| format!(" --cluster-arn {cluster}")).unwrap_or_default();
        let own = if *self.catalogue == *Catalogue::built_in() { "" } else { " with the same --catalogue" };
        format!("`goldenpath permissions {what}{cluster}`{own}")
    }
}

#[cfg(test)]
mod tests;
