//! People and machines, by persona.

use crate::resources::attributes::text_set;
use plugin::{
    Type, Value,
    schema::{Attribute, object, optional},
};

pub(super) fn access() -> Attribute {
    let personas = [
        ("viewer", "Reads all but Secrets (ClusterRole `gp-viewer`)."),
        ("developer", "Writes workloads and may exec (ClusterRole `gp-developer`); reads only in tiers of class prod."),
        (
            "deployer",
            "Writes workloads and Secrets, no exec (ClusterRole `gp-deployer`): the GitOps engine or the pipeline.",
        ),
        ("admin", "Both of these (ClusterRole `gp-admin`); quotas, network rules and bindings stay out of reach."),
    ];
    optional("access", object(personas.map(|(name, what)| persona(name, what)))).describe(
        "Who gets in, by persona. Each principal has one EKS access entry on the cluster with one group of its own, which the \
         RoleBindings of the environment name; nothing else is ever added to an entry.",
    )
}

fn persona(name: &'static str, what: &str) -> Attribute {
    let set = |name, example: &str, what: &str| text_set(name).example(Value::set([example.into()])).describe(what);
    optional(
        name,
        object([
            set(
                "permission_sets",
                "PaymentsDev",
                "IAM Identity Center permission sets by name. Each must match exactly one role of the account, whose unpredictable \
                 suffix the provider finds by itself.",
            ),
            set(
                "principal_arns",
                "arn:aws:iam::111122223333:role/pay-admin",
                "ARNs of IAM roles and users, with their path. Sessions (`sts:assumed-role`) and service-linked roles are refused.",
            ),
            set(
                "oidc_groups",
                "payments-all",
                "Groups of an OIDC identity provider of the cluster. Names that begin with `system:` or `gp:` are refused.",
            ),
            set(
                "service_accounts",
                "argocd/argocd-application-controller",
                "ServiceAccounts as `<namespace>/<name>`: how a GitOps engine in the cluster gets in.",
            ),
            optional("create_role", Type::Bool).default(false).describe(
                "Make an IAM role for this persona, under the golden path's permissions boundary and path. Needs \
                 `trusted_principal_arns`. Its ARN is in `role_arns`. Default `false`.",
            ),
            set(
                "trusted_principal_arns",
                "arn:aws:iam::111122223333:role/ci",
                "ARNs of the principals that may assume the role that is made.",
            ),
            set(
                "access_policies",
                "AmazonEKSViewPolicy",
                "EKS access policies by short name, scoped to the namespaces; opt in, and only those that the golden path grants.",
            ),
        ]),
    )
    .describe(what)
}
