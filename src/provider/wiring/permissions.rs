//! What the adapters need, and what golden paths grant, for the command `permissions`.

use super::target;
use crate::cli::{Part, Permissions};
use goldenpath_adapters::{
    aws::permissions::{self as aws, PermissionScope},
    kube::permissions as kube,
};
use goldenpath_core::{
    domain::{CatalogueSource, ClusterArn, PersonaName},
    golden::{baseline_names, boundary_policy, cluster_roles, home, role_patterns},
};
use serde_json::{Value, json};

pub(super) const PERMISSIONS: Permissions =
    Permissions { aws: of_aws, kubernetes: of_kubernetes, boundary: of_boundary };

fn of_aws(sources: &[CatalogueSource], part: Option<Part>, cluster: Option<&ClusterArn>) -> anyhow::Result<Value> {
    let catalogue = target::built_in_and(sources)?;
    let scope = PermissionScope::of(cluster, role_patterns(&catalogue, cluster));
    let part = match part {
        Some(Part::Baseline) => aws::Part::Baseline,
        // What a baseline reads, they read too.
        Some(Part::Environments) | None => aws::Part::Environments,
    };
    Ok(aws::iam_policy(part, &scope))
}

/// Of the version of a golden path that something new gets.
fn of_boundary(sources: &[CatalogueSource], path: Option<&str>, cluster: Option<&ClusterArn>) -> anyhow::Result<Value> {
    let catalogue = target::built_in_and(sources)?;
    let path =
        catalogue.path(path, None).map_err(|problem| anyhow::anyhow!("{}. {}", problem.summary, problem.detail))?;
    Ok(boundary_policy(path, cluster))
}

fn of_kubernetes(sources: &[CatalogueSource], part: Option<Part>, group: Option<&str>) -> anyhow::Result<Value> {
    let names: Vec<String> = PersonaName::ALL.into_iter().map(cluster_roles::name).collect();
    let mut items = vec![];
    if part != Some(Part::Environments) {
        let catalogue = &target::built_in_and(sources)?;
        let rules = |persona| cluster_roles::rules(persona, |_| true, catalogue.role_rules(persona));
        let held = PersonaName::ALL.into_iter().flat_map(rules).collect();
        items.extend(kube::for_baseline(&baseline_names(catalogue), held));
    }
    items.push(kube::for_facts());
    if part != Some(Part::Baseline) {
        items.push(home());
        items.extend(kube::for_environments(&names));
        items.push(kube::for_watches());
        items.push(kube::for_probe());
    }
    if let Some(group) = group {
        items.extend(kube::bindings(&items, group));
    }
    Ok(json!({"apiVersion": "v1", "kind": "List", "items": items}))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_may_have_the_boundaries_of_the_catalogue() {
        let folder = tempfile::tempdir().unwrap();
        let own = "{ grants: { boundary: 'arn:{partition}:iam::{account}:policy/own' } }";
        let path = format!(
            "apiVersion: goldenpath.internal/v1\nkind: GoldenPath\nname: own\nversion: 1.0.0\nextends: team-standard 1.0.0\n\
             tiers: {{ dev: {own}, staging: {own}, prod: {own} }}\n"
        );
        std::fs::write(folder.path().join("own-1.0.0.yaml"), path).unwrap();
        let sources = [CatalogueSource::Folder(folder.path().to_owned())];
        let cluster = "arn:aws-cn:eks:cn-north-1:111122223333:cluster/main".parse().unwrap();
        let built_in = "arn:aws-cn:iam::111122223333:policy/goldenpath/boundary";
        for (sources, boundaries, reason) in [
            (&sources[..], json!([built_in, "arn:aws-cn:iam::111122223333:policy/own"]), "of both paths"),
            (&[], json!(built_in), "of the built-in one"),
        ] {
            let policy = of_aws(sources, Some(Part::Environments), Some(&cluster)).unwrap();
            let makes_roles = |statement: &&Value| {
                statement["Action"].as_array().is_some_and(|actions| actions.contains(&"iam:CreateRole".into()))
            };
            let found = policy["Statement"].as_array().into_iter().flatten().find(makes_roles).unwrap();
            assert_eq!(found["Condition"]["ArnLike"]["iam:PermissionsBoundary"], boundaries, "{reason}");
        }
    }
}
