//! The IAM policy that the provider needs and no more, built from the list of calls that the code makes.
//!
//! What it narrows (`security.md` 7): roles to our paths and only under a permissions boundary of golden paths, attached
//! policies to all but those for administrators, access entries to groups and tags of
//! ours, access policies to those for people, outside of system namespaces, passed roles to EKS Pod Identity.
//! What it can't: EKS requires `eks:TagResource` to create something with tags, when nothing carries a tag yet.

use super::calls::{Call, Needs};
use goldenpath_core::domain::{ClusterArn, Role, RolePatterns};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What the policy applies to. `*` stands for any account, region or cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PermissionScope {
    pub partition: String,
    pub account: String,
    pub region: String,
    pub cluster: String,
    /// Of golden paths.
    pub roles: RolePatterns,
}

/// Which resources the caller makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    Baseline,
    Environments,
}

/// EKS's policies for people that a golden path may grant: none for a whole cluster, none for services.
const FOR_PEOPLE: [&str; 4] =
    ["AmazonEKSAdminPolicy", "AmazonEKSAdminViewPolicy", "AmazonEKSEditPolicy", "AmazonEKSViewPolicy"];
/// And whatever holds a star, which EKS takes for a wildcard and the condition would not: `${*}` is IAM's star as a character.
const SYSTEM_NAMESPACES: [&str; 5] = ["kube-*", "amazon-*", "aws-*", "goldenpath-*", "*${*}*"];
const OURS: &str = "aws:ResourceTag/goldenpath:managed";

/// An IAM policy document.
pub fn iam_policy(part: Part, scope: &PermissionScope) -> Value {
    let mut groups: BTreeMap<Needs, Vec<&str>> = BTreeMap::new();
    for &call in Call::ALL {
        if part == Part::Environments || call.is_for_baseline() {
            groups.entry(call.needs()).or_default().push(call.name());
        }
    }
    let mut statements = vec![];
    for (needs, mut actions) in groups {
        actions.sort_unstable();
        statements.extend(statement(needs, &actions, scope));
    }
    if part == Part::Environments {
        statements.push(json!({
            "Sid": "PassOurRolesToPodIdentity",
            "Effect": "Allow",
            "Action": ["iam:PassRole"],
            "Resource": scope.our_roles(),
            "Condition": {"StringEquals": {"iam:PassedToService": "pods.eks.amazonaws.com"}},
        }));
    }
    json!({"Version": "2012-10-17", "Statement": statements})
}

fn statement(needs: Needs, actions: &[&str], scope: &PermissionScope) -> Option<Value> {
    let eks = |kind: &str, rest: &str| scope.eks(&format!("{kind}/{}{rest}", scope.cluster));
    let entries = || vec![eks("access-entry", "/*")];
    let associations = || vec![eks("podidentityassociation", "/*")];
    let cluster = || vec![eks("cluster", "")];
    let ours = json!({OURS: "true"});
    let our_groups = json!({"eks:kubernetesGroups": "gp:*"});
    let (sid, resources, condition) = match needs {
        Needs::Nothing | Needs::Advice => return None,
        Needs::Account => ("ReadTheAccount", vec!["*".to_owned()], None),
        Needs::Boundary => ("ReadTheBoundary", scope.roles.boundaries.clone(), None),
        Needs::AnyRole => ("ReadRoles", vec![scope.iam("role/*")], None),
        Needs::AnyUser => ("ReadUsers", vec![scope.iam("user/*")], None),
        Needs::Role => ("OurRoles", scope.our_roles(), None),
        Needs::BoundedRole => (
            "OurRolesUnderTheBoundary",
            scope.our_roles(),
            Some(json!({"ArnLike": {"iam:PermissionsBoundary": scope.boundaries()}})),
        ),
        Needs::AttachedPolicy => {
            let power = Role::FOR_ADMINISTRATORS.map(|name| format!("arn:{}:iam::aws:policy/{name}", scope.partition));
            let condition = json!({
                "ArnLike": {"iam:PermissionsBoundary": scope.boundaries()},
                "ArnNotLike": {"iam:PolicyARN": power},
            });
            ("PoliciesOfOurRoles", scope.our_roles(), Some(condition))
        }
        Needs::Cluster => ("ReadTheCluster", cluster(), None),
        Needs::Addon => ("ReadAddOns", vec![eks("addon", "/*")], None),
        Needs::IdentityProvider => ("ReadIdentityProviders", vec![eks("identityproviderconfig", "/*")], None),
        Needs::NewEntry => (
            "NewAccessEntriesOfOurGroups",
            cluster(),
            Some(json!({
                "StringEquals": {"eks:accessEntryType": "STANDARD"},
                "ForAllValues:StringLike": our_groups,
                "Null": {"eks:kubernetesGroups": "false"},
            })),
        ),
        Needs::AnyEntry => ("ReadAccessEntries", entries(), None),
        Needs::OurEntry => {
            ("OurAccessEntries", entries(), Some(json!({"StringEquals": ours, "ForAllValues:StringLike": our_groups})))
        }
        Needs::OurEntryInNamespaces => {
            let policies: Vec<String> = FOR_PEOPLE.iter().map(|name| scope.access_policy(name)).collect();
            let condition = json!({
                "StringEquals": {OURS: "true", "eks:accessScope": "namespace", "eks:policyArn": policies},
                "ForAllValues:StringNotLike": {"eks:namespaces": SYSTEM_NAMESPACES},
            });
            ("AccessPoliciesForPeopleInNamespaces", entries(), Some(condition))
        }
        Needs::NewAssociation => ("NewPodIdentityAssociations", cluster(), None),
        Needs::Association => ("PodIdentityAssociations", associations(), None),
        Needs::Tags => {
            let resources = [entries(), associations()].concat();
            ("TagAccessEntriesAndAssociations", resources, None)
        }
    };
    let mut statement = json!({"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resources});
    if let Some(condition) = condition {
        statement["Condition"] = condition;
    }
    Some(statement)
}

// === impl PermissionScope ===

impl PermissionScope {
    /// Narrowed to one cluster, or for all of the commercial partition.
    pub fn of(cluster: Option<&ClusterArn>, roles: RolePatterns) -> Self {
        let [partition, account, region, cluster] = match cluster {
            Some(cluster) => [cluster.partition(), cluster.account(), cluster.region(), cluster.name()],
            None => ["aws", "*", "*", "*"],
        }
        .map(str::to_owned);
        Self { partition, account, region, cluster, roles }
    }

    fn iam(&self, resource: &str) -> String {
        format!("arn:{}:iam::{}:{resource}", self.partition, self.account)
    }

    fn eks(&self, resource: &str) -> String {
        format!("arn:{}:eks:{}:{}:{resource}", self.partition, self.region, self.account)
    }

    fn our_roles(&self) -> Vec<String> {
        self.roles.paths.iter().map(|path| self.iam(&format!("role{path}"))).collect()
    }

    /// As IAM writes the values of a condition: one without a list.
    fn boundaries(&self) -> Value {
        match &self.roles.boundaries[..] {
            [one] => json!(one),
            all => json!(all),
        }
    }

    fn access_policy(&self, name: &str) -> String {
        format!("arn:{}:eks::aws:cluster-access-policy/{name}", self.partition)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// With the built-in golden path alone.
    fn scope(partition: &str, cluster: [&str; 3]) -> PermissionScope {
        let [account, region, cluster] = cluster.map(str::to_owned);
        let boundaries = vec![format!("arn:{partition}:iam::{account}:policy/goldenpath/boundary")];
        let roles = RolePatterns { paths: vec!["/goldenpath/*".to_owned()], boundaries };
        PermissionScope { partition: partition.to_owned(), account, region, cluster, roles }
    }

    fn anywhere() -> PermissionScope {
        scope("aws", ["*"; 3])
    }

    fn statements(part: Part, scope: &PermissionScope) -> Vec<Value> {
        iam_policy(part, scope)["Statement"].as_array().cloned().unwrap_or_default()
    }

    fn allowing<'a>(statements: &'a [Value], action: &str) -> Vec<&'a Value> {
        let names = |statement: &&Value| statement["Action"].as_array().is_some_and(|all| all.contains(&action.into()));
        statements.iter().filter(names).collect()
    }

    #[test]
    fn every_call_is_allowed_once_and_nothing_else() {
        let statements = statements(Part::Environments, &anywhere());
        let allowed: usize =
            statements.iter().filter_map(|statement| statement["Action"].as_array()).map(Vec::len).sum();
        let is_needed = |call: &Call| !matches!(call.needs(), Needs::Nothing | Needs::Advice);
        let needed = Call::ALL.iter().copied().filter(is_needed);
        for call in needed.clone() {
            assert_eq!(allowing(&statements, call.name()).len(), 1, "{}", call.name());
        }
        assert_eq!(allowed, needed.count() + 1, "and iam:PassRole besides");
        assert!(allowing(&statements, "iam:DeleteRolePermissionsBoundary").is_empty(), "no way out of the boundary");
        for statement in &statements {
            let actions = statement["Action"].to_string();
            assert!(!actions.contains('*'), "no wildcard among actions: {actions}");
        }
    }

    #[test]
    fn permissions_carry_conditions() {
        let statements = statements(Part::Environments, &anywhere());
        for (action, condition, reason) in [
            (
                "iam:CreateRole",
                json!({"ArnLike": {"iam:PermissionsBoundary": "arn:aws:iam::*:policy/goldenpath/boundary"}}),
                "no role without the boundary",
            ),
            (
                "iam:PutRolePolicy",
                json!({"ArnLike": {"iam:PermissionsBoundary": "arn:aws:iam::*:policy/goldenpath/boundary"}}),
                "no policy on a role without it",
            ),
            (
                "iam:AttachRolePolicy",
                json!({
                    "ArnLike": {"iam:PermissionsBoundary": "arn:aws:iam::*:policy/goldenpath/boundary"},
                    "ArnNotLike": {"iam:PolicyARN": Role::FOR_ADMINISTRATORS.map(|name| format!("arn:aws:iam::aws:policy/{name}"))},
                }),
                "no policy of administrators",
            ),
            (
                "iam:PassRole",
                json!({"StringEquals": {"iam:PassedToService": "pods.eks.amazonaws.com"}}),
                "to pods alone",
            ),
        ] {
            let found = allowing(&statements, action);
            assert_eq!(found[0]["Condition"], condition, "{action}: {reason}");
            assert_eq!(found[0]["Resource"], json!(["arn:aws:iam::*:role/goldenpath/*"]), "{action}: our path");
        }
        let entry = &allowing(&statements, "eks:CreateAccessEntry")[0]["Condition"];
        assert_eq!(entry["Null"]["eks:kubernetesGroups"], "false", "an entry without groups is not ours to make");
    }

    #[test]
    fn roles_of_every_golden_path_may_be_made() {
        let names = |texts: [&str; 2]| texts.map(str::to_owned).to_vec();
        let boundaries = names(["arn:aws:iam::111122223333:policy/own", "arn:aws:iam::aws:policy/ReadOnlyAccess"]);
        let paths = names(["/goldenpath/a/*", "/goldenpath/b/*"]);
        let scope = PermissionScope { roles: RolePatterns { paths, boundaries: boundaries.clone() }, ..anywhere() };
        let statements = statements(Part::Environments, &scope);
        for action in ["iam:CreateRole", "iam:PutRolePolicy", "iam:AttachRolePolicy"] {
            let found = &allowing(&statements, action)[0];
            assert_eq!(found["Condition"]["ArnLike"]["iam:PermissionsBoundary"], json!(boundaries), "{action}");
        }
        assert_eq!(allowing(&statements, "iam:GetPolicy")[0]["Resource"], json!(boundaries), "each is looked for");
        for action in ["iam:CreateRole", "iam:DeleteRole", "iam:PassRole"] {
            let roles = ["arn:aws:iam::*:role/goldenpath/a/*", "arn:aws:iam::*:role/goldenpath/b/*"];
            assert_eq!(allowing(&statements, action)[0]["Resource"], json!(roles), "{action}");
        }
    }

    #[test]
    fn the_baseline_only_reads() {
        for statement in statements(Part::Baseline, &anywhere()) {
            for action in statement["Action"].as_array().into_iter().flatten() {
                let (_, operation) = action.as_str().and_then(|action| action.split_once(':')).unwrap_or_default();
                let reads = ["Get", "List", "Describe"].iter().any(|read| operation.starts_with(read));
                assert!(reads, "{action}");
            }
        }
    }

    #[test]
    fn a_place_narrows_and_partitions_differ() {
        for (partition, reason) in [("aws", "commercial"), ("aws-us-gov", "GovCloud"), ("aws-cn", "China")] {
            let scope = scope(partition, ["111122223333", "x-y-1", "main"]);
            let statements = statements(Part::Environments, &scope);
            let text = Value::from(statements.clone()).to_string();
            assert!(!text.contains(":*:"), "{reason}: {text}");
            let cluster = &allowing(&statements, "eks:DescribeCluster")[0]["Resource"][0];
            assert_eq!(*cluster, format!("arn:{partition}:eks:x-y-1:111122223333:cluster/main"), "{reason}");
            let policies =
                &allowing(&statements, "eks:AssociateAccessPolicy")[0]["Condition"]["StringEquals"]["eks:policyArn"];
            let first = format!("arn:{partition}:eks::aws:cluster-access-policy/AmazonEKSAdminPolicy");
            assert_eq!(policies[0], first, "{reason}");
        }
    }

    #[test]
    fn it_fits_into_a_managed_policy() {
        let text = iam_policy(Part::Environments, &anywhere()).to_string();
        assert!(text.len() <= 6144, "IAM's quota of characters of a managed policy: {}", text.len());
    }
}
