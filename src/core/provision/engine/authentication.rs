//! Whether it is access entries, and only they, that say who somebody is in a cluster (`security.md` 4).

use super::{Engine, failure::Failure};
use crate::{
    domain::{Class, ClusterRef, IdentityProvider, ObjectKey, Problem, Spec},
    golden::Blueprint,
};

impl Engine {
    /// What of the cluster's authentication speaks against this request; identity providers are the baseline's to look at.
    pub(super) async fn authentication_problems(
        &self,
        spec: &Spec,
        cluster: &ClusterRef,
        mode: &str,
        blueprint: &Blueprint,
    ) -> Vec<Problem> {
        let is_entry = |key: &ObjectKey| matches!(key, ObjectKey::AccessEntry { .. } | ObjectKey::AccessPolicy { .. });
        match spec {
            Spec::Baseline(_) => self.of_the_whole_cluster(cluster, mode).await,
            Spec::Environment(_) | Spec::Slot(_) if blueprint.objects.iter().any(|object| is_entry(&object.key)) => {
                of_mode(mode).into_iter().filter(Problem::is_error).collect()
            }
            Spec::Environment(_) | Spec::Slot(_) => vec![],
        }
    }

    pub(super) async fn of_the_whole_cluster(&self, cluster: &ClusterRef, mode: &str) -> Vec<Problem> {
        let mut problems: Vec<Problem> = of_mode(mode).into_iter().collect();
        match self.known.identity_providers(cluster).await {
            Ok(providers) => problems.extend(of_providers(&providers)),
            Err(error) => {
                let is_away = matches!(error.class, Class::Unavailable | Class::Throttled);
                let problem = Failure::call("reading the identity providers of", cluster.to_string(), error).problem();
                problems.push(match is_away {
                    true => problem.as_warning(),
                    false => problem,
                });
            }
        }
        problems
    }
}

/// EKS User Guide, "Change authentication mode to use access entries".
fn of_mode(mode: &str) -> Option<Problem> {
    let next = "`aws eks update-cluster-config --name <cluster> --access-config authenticationMode=";
    let problem = match mode {
        "API" => return None,
        "API_AND_CONFIG_MAP" => Problem::warning(
            "cluster.config_map_too",
            "the ConfigMap aws-auth still lets people into the cluster, beside access entries",
            format!(
                "its authentication mode is API_AND_CONFIG_MAP: move the rows of aws-auth to access entries, then set the mode \
                 with {next}API` (it cannot be set back)"
            ),
        ),
        other => Problem::error(
            "cluster.no_access_entries",
            format!("access entries have no effect on this cluster: its authentication mode is {other}"),
            format!("set it with {next}API_AND_CONFIG_MAP`, and to API once aws-auth is empty; nothing was changed"),
        ),
    };
    Some(problem.at(["cluster"]))
}

fn of_providers(providers: &[IdentityProvider]) -> Option<Problem> {
    let open: Vec<&str> = providers
        .iter()
        .filter(|provider| provider.can_name_our_groups())
        .map(|provider| provider.name.as_str())
        .collect();
    (!open.is_empty()).then(|| {
        Problem::error(
            "cluster.open_groups",
            format!("the identity provider {} can put anybody into our groups", open.join(", ")),
            "its `groupsPrefix` is empty, or makes groups that begin with gp: possible; associate it anew with another prefix, \
             such as `oidc:`",
        )
        .at(["cluster"])
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Severity;

    #[test]
    fn only_access_entries_may_say_who_somebody_is() {
        for (mode, expected, reason) in [
            ("API", None, "just entries"),
            ("API_AND_CONFIG_MAP", Some(Severity::Warning), "a second way in"),
            ("CONFIG_MAP", Some(Severity::Error), "entries have no effect"),
            ("", Some(Severity::Error), "what is not known lets nobody in by entries"),
        ] {
            assert_eq!(of_mode(mode).map(|problem| problem.severity), expected, "{reason}");
        }
    }

    #[test]
    fn open_providers_are_named() {
        let provider = |name: &str, prefix: Option<&str>| IdentityProvider {
            name: name.into(),
            groups_prefix: prefix.map(str::to_owned),
        };
        let problem = of_providers(&[provider("closed", Some("oidc:")), provider("open", None)]).expect("a problem");
        assert!(problem.is_error() && problem.summary.contains("provider open can"), "{problem:?}");
        assert_eq!(of_providers(&[provider("closed", Some("oidc:"))]), None);
    }
}
