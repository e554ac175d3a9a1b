//! Whether it is access entries, and only they, that say who somebody is in a cluster (`security.md` 4). Pure.

use crate::{
    domain::{Id, IdentityProvider, ObjectKey, Problem},
    golden::Blueprint,
    provision::engine::gather::Authentication,
};

/// What of the cluster's authentication speaks against this request; identity providers are the baseline's to look at.
pub fn judge(id: &Id, blueprint: &Blueprint, authentication: &Authentication) -> Vec<Problem> {
    let is_entry = |key: &ObjectKey| matches!(key, ObjectKey::AccessEntry { .. } | ObjectKey::AccessPolicy { .. });
    if id.owner().is_none() {
        return judge_cluster(authentication);
    }
    if blueprint.objects.iter().any(|object| is_entry(&object.key)) {
        return of_mode(&authentication.mode).into_iter().filter(Problem::is_error).collect();
    }
    vec![]
}

pub fn judge_cluster(Authentication { mode, providers }: &Authentication) -> Vec<Problem> {
    let mut problems: Vec<Problem> = of_mode(mode).into_iter().collect();
    problems.extend(providers.value().and_then(|providers| of_providers(providers)));
    problems.extend(providers.problems());
    problems
}

/// EKS User Guide, "Change authentication mode to use access entries".
fn of_mode(mode: &str) -> Option<Problem> {
    let next = "`aws eks update-cluster-config --name <cluster> --access-config authenticationMode=";
    let problem = match mode {
        "API" => return None,
        "API_AND_CONFIG_MAP" => Problem::warning(
            "cluster.config_map_too",
            "The ConfigMap aws-auth still grants access to the cluster, besides access entries",
            format!(
                "Its authentication mode is API_AND_CONFIG_MAP. Move the rows of aws-auth to access entries, then set the mode \
                 with {next}API` (it cannot be set back)."
            ),
        ),
        other => Problem::error(
            "cluster.no_access_entries",
            format!("Access entries have no effect on this cluster: its authentication mode is {other}"),
            format!("Nothing was changed. Set it with {next}API_AND_CONFIG_MAP`, and to API once aws-auth is empty."),
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
            format!("Identity provider {} can put anybody into groups of goldenpath", open.join(", ")),
            "Its `groupsPrefix` is empty, or allows groups that begin with gp:. Associate it again with another prefix, such as \
             `oidc:`.",
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
