//! People and machines, by persona.

use crate::resources::attributes::text_set;
use goldenpath_core::domain::{PersonaName, STS_AUDIENCE};
use plugin::{
    Type, Value,
    schema::{Attribute, list_of, object, optional, required},
};

pub(super) fn access() -> Attribute {
    optional("access", object(PersonaName::ALL.map(persona))).describe(
        "Who has access, by persona. Each principal has one EKS access entry on the cluster with its own group, which \
         the environment's RoleBindings name. Nothing else is added to the entry.",
    )
}

fn power(persona: PersonaName) -> &'static str {
    match persona {
        PersonaName::Viewer => "Reads everything but Secrets (ClusterRole `gp-viewer`).",
        PersonaName::Developer => {
            "Writes workloads and may exec (ClusterRole `gp-developer`). Read-only in tiers of class prod."
        }
        PersonaName::Deployer => {
            "Writes workloads, Secrets and the other objects of charts, no exec (ClusterRole `gp-deployer`). For the \
             GitOps engine or the pipeline."
        }
        PersonaName::Admin => {
            "Developer and deployer combined (ClusterRole `gp-admin`). Can't change quotas, limits, or the provider's \
             network rules and bindings."
        }
    }
}

fn trusted_oidc() -> Attribute {
    let one = object([
        required("provider", Type::String)
            .example("token.actions.githubusercontent.com")
            .describe("OIDC provider of the account, by its URL without `https://`. It must exist in IAM."),
        optional("audience", Type::String).not_empty().example(STS_AUDIENCE).describe(format!(
            "Audience of the tokens (`aud`), one that the golden path grants (`grants.oidc_audiences`). Defaults to \
                 `{STS_AUDIENCE}`."
        )),
        required("subjects", Type::list(Type::String))
            .example(Value::List(vec!["repo:acme/payments:ref:refs/heads/main".into()]))
            .describe(
                "Subjects of the tokens (`sub`), at least one. `*` and `?` match as in IAM, but only after the part \
                 that identifies the owner: `repo:<owner>/<repository>:` for GitHub, `project_path:<group>/<project>:` \
                 for GitLab, the first part for others.",
            ),
    ]);
    optional("trusted_oidc", list_of(one)).describe(
        "Pipelines that may assume the created role with their tokens (`sts:AssumeRoleWithWebIdentity`). Only subjects that the golden \
         path grants (`grants.trusted_oidc`) are allowed.",
    )
}

fn persona(name: PersonaName) -> Attribute {
    let set = |name, example, what: &str| text_set(name, example).describe(what);
    optional(
        name.as_str(),
        object([
            set(
                "permission_sets",
                "PaymentsDev",
                "Names of IAM Identity Center permission sets. Each must match exactly one role of the account; the provider \
                 finds the role's random suffix itself.",
            ),
            set(
                "principal_arns",
                "arn:aws:iam::111122223333:role/pay-admin",
                "ARNs of IAM roles and users, including their path. Sessions (`sts:assumed-role`) and service-linked roles are \
                 rejected.",
            ),
            set(
                "oidc_groups",
                "payments-all",
                "Groups from an OIDC identity provider of the cluster. Names that begin with `system:` or `gp:` are rejected.",
            ),
            set(
                "service_accounts",
                "argocd/argocd-application-controller",
                "ServiceAccounts as `<namespace>/<name>`, such as that of a GitOps engine in the cluster.",
            ),
            optional("create_role", Type::Bool).describe(
                "Whether to create an IAM role for this persona, with the permissions boundary and the path that the golden path \
                 sets. Needs `trusted_principal_arns` or `trusted_oidc`. The ARN of the role is in `role_arns`.",
            ),
            set(
                "trusted_principal_arns",
                "arn:aws:iam::111122223333:role/ci",
                "ARNs of the principals that may assume the created role.",
            ),
            trusted_oidc(),
            set(
                "access_policies",
                "AmazonEKSViewPolicy",
                "EKS access policies by short name, scoped to the environment's namespaces and those of its isolated slots. Only \
                 those that the golden path grants are allowed.",
            ),
        ]),
    )
    // Rules over the whole warn of a persona that names nobody.
    .may_be_empty()
    .describe(power(name))
}
