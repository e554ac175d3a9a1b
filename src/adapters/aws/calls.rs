//! All that we ever ask of AWS, as data: the list that the code calls by is the list that `permissions` prints.

/// One operation of one API. There is no other way to make a call than to name one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Call {
    AssumeRole,
    GetCallerIdentity,

    AttachRolePolicy,
    CreateRole,
    DeleteRole,
    DeleteRolePolicy,
    DetachRolePolicy,
    GetAccountAuthorizationDetails,
    GetPolicy,
    GetRole,
    GetRolePolicy,
    ListAttachedRolePolicies,
    ListRolePolicies,
    ListRoleTags,
    ListRoles,
    PutRolePermissionsBoundary,
    PutRolePolicy,
    SimulatePrincipalPolicy,
    TagRole,
    UntagRole,
    UpdateAssumeRolePolicy,
    UpdateRole,

    AssociateAccessPolicy,
    CreateAccessEntry,
    CreatePodIdentityAssociation,
    DeleteAccessEntry,
    DeletePodIdentityAssociation,
    DescribeAccessEntry,
    DescribeAddon,
    DescribeCluster,
    DescribeIdentityProviderConfig,
    DescribePodIdentityAssociation,
    DisassociateAccessPolicy,
    ListAccessEntries,
    ListAddons,
    ListAssociatedAccessPolicies,
    ListClusters,
    ListIdentityProviderConfigs,
    ListPodIdentityAssociations,
    TagResource,
    UntagResource,
    UpdateAccessEntry,
    UpdatePodIdentityAssociation,
}

/// On what, and under which conditions, a call must be allowed (`security.md` 7). From the service authorization references of IAM,
/// EKS and STS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Needs {
    /// Allowed to everyone, or by the other side's trust policy.
    Nothing,
    /// Nothing works worse without it: `doctor` alone asks, and says that it may not.
    Advice,
    /// Has no resource that it could be narrowed to.
    Account,
    /// Of the permissions boundary.
    Boundary,
    /// Reads of the roles of the caller, of IAM Identity Center and of ours.
    AnyRole,
    /// Our roles, by their path.
    Role,
    /// Our roles, and only while the permissions boundary is on them.
    BoundedRole,
    Cluster,
    Addon,
    IdentityProvider,
    /// Access entries of type STANDARD with groups of ours.
    NewEntry,
    AnyEntry,
    /// Access entries that carry our tag.
    OurEntry,
    /// As above; and only EKS's policies for people, in namespaces.
    OurEntryInNamespaces,
    /// Needs `iam:PassRole` besides.
    NewAssociation,
    Association,
    /// Access entries and associations.
    Tags,
}

impl Call {
    pub const ALL: [Self; 43] = [
        Self::AssumeRole,
        Self::GetCallerIdentity,
        Self::AttachRolePolicy,
        Self::CreateRole,
        Self::DeleteRole,
        Self::DeleteRolePolicy,
        Self::DetachRolePolicy,
        Self::GetAccountAuthorizationDetails,
        Self::GetPolicy,
        Self::GetRole,
        Self::GetRolePolicy,
        Self::ListAttachedRolePolicies,
        Self::ListRolePolicies,
        Self::ListRoleTags,
        Self::ListRoles,
        Self::PutRolePermissionsBoundary,
        Self::PutRolePolicy,
        Self::SimulatePrincipalPolicy,
        Self::TagRole,
        Self::UntagRole,
        Self::UpdateAssumeRolePolicy,
        Self::UpdateRole,
        Self::AssociateAccessPolicy,
        Self::CreateAccessEntry,
        Self::CreatePodIdentityAssociation,
        Self::DeleteAccessEntry,
        Self::DeletePodIdentityAssociation,
        Self::DescribeAccessEntry,
        Self::DescribeAddon,
        Self::DescribeCluster,
        Self::DescribeIdentityProviderConfig,
        Self::DescribePodIdentityAssociation,
        Self::DisassociateAccessPolicy,
        Self::ListAccessEntries,
        Self::ListAddons,
        Self::ListAssociatedAccessPolicies,
        Self::ListClusters,
        Self::ListIdentityProviderConfigs,
        Self::ListPodIdentityAssociations,
        Self::TagResource,
        Self::UntagResource,
        Self::UpdateAccessEntry,
        Self::UpdatePodIdentityAssociation,
    ];

    /// As IAM writes it; errors and logs name a call by it too.
    pub fn name(self) -> &'static str {
        match self {
            Self::AssumeRole => "sts:AssumeRole",
            Self::GetCallerIdentity => "sts:GetCallerIdentity",
            Self::AttachRolePolicy => "iam:AttachRolePolicy",
            Self::CreateRole => "iam:CreateRole",
            Self::DeleteRole => "iam:DeleteRole",
            Self::DeleteRolePolicy => "iam:DeleteRolePolicy",
            Self::DetachRolePolicy => "iam:DetachRolePolicy",
            Self::GetAccountAuthorizationDetails => "iam:GetAccountAuthorizationDetails",
            Self::GetPolicy => "iam:GetPolicy",
            Self::GetRole => "iam:GetRole",
            Self::GetRolePolicy => "iam:GetRolePolicy",
            Self::ListAttachedRolePolicies => "iam:ListAttachedRolePolicies",
            Self::ListRolePolicies => "iam:ListRolePolicies",
            Self::ListRoleTags => "iam:ListRoleTags",
            Self::ListRoles => "iam:ListRoles",
            Self::PutRolePermissionsBoundary => "iam:PutRolePermissionsBoundary",
            Self::PutRolePolicy => "iam:PutRolePolicy",
            Self::SimulatePrincipalPolicy => "iam:SimulatePrincipalPolicy",
            Self::TagRole => "iam:TagRole",
            Self::UntagRole => "iam:UntagRole",
            Self::UpdateAssumeRolePolicy => "iam:UpdateAssumeRolePolicy",
            Self::UpdateRole => "iam:UpdateRole",
            Self::AssociateAccessPolicy => "eks:AssociateAccessPolicy",
            Self::CreateAccessEntry => "eks:CreateAccessEntry",
            Self::CreatePodIdentityAssociation => "eks:CreatePodIdentityAssociation",
            Self::DeleteAccessEntry => "eks:DeleteAccessEntry",
            Self::DeletePodIdentityAssociation => "eks:DeletePodIdentityAssociation",
            Self::DescribeAccessEntry => "eks:DescribeAccessEntry",
            Self::DescribeAddon => "eks:DescribeAddon",
            Self::DescribeCluster => "eks:DescribeCluster",
            Self::DescribeIdentityProviderConfig => "eks:DescribeIdentityProviderConfig",
            Self::DescribePodIdentityAssociation => "eks:DescribePodIdentityAssociation",
            Self::DisassociateAccessPolicy => "eks:DisassociateAccessPolicy",
            Self::ListAccessEntries => "eks:ListAccessEntries",
            Self::ListAddons => "eks:ListAddons",
            Self::ListAssociatedAccessPolicies => "eks:ListAssociatedAccessPolicies",
            Self::ListClusters => "eks:ListClusters",
            Self::ListIdentityProviderConfigs => "eks:ListIdentityProviderConfigs",
            Self::ListPodIdentityAssociations => "eks:ListPodIdentityAssociations",
            Self::TagResource => "eks:TagResource",
            Self::UntagResource => "eks:UntagResource",
            Self::UpdateAccessEntry => "eks:UpdateAccessEntry",
            Self::UpdatePodIdentityAssociation => "eks:UpdatePodIdentityAssociation",
        }
    }

    pub fn needs(self) -> Needs {
        match self {
            Self::AssumeRole | Self::GetCallerIdentity => Needs::Nothing,
            Self::SimulatePrincipalPolicy => Needs::Advice,
            Self::GetAccountAuthorizationDetails | Self::ListRoles | Self::ListClusters => Needs::Account,
            Self::GetPolicy => Needs::Boundary,
            Self::GetRole => Needs::AnyRole,
            Self::DeleteRole
            | Self::DeleteRolePolicy
            | Self::DetachRolePolicy
            | Self::GetRolePolicy
            | Self::ListAttachedRolePolicies
            | Self::ListRolePolicies
            | Self::ListRoleTags
            | Self::TagRole
            | Self::UntagRole
            | Self::UpdateAssumeRolePolicy
            | Self::UpdateRole => Needs::Role,
            Self::AttachRolePolicy | Self::CreateRole | Self::PutRolePermissionsBoundary | Self::PutRolePolicy => {
                Needs::BoundedRole
            }
            Self::DescribeCluster
            | Self::ListAccessEntries
            | Self::ListAddons
            | Self::ListIdentityProviderConfigs
            | Self::ListPodIdentityAssociations => Needs::Cluster,
            Self::DescribeAddon => Needs::Addon,
            Self::DescribeIdentityProviderConfig => Needs::IdentityProvider,
            Self::CreateAccessEntry => Needs::NewEntry,
            Self::DescribeAccessEntry | Self::ListAssociatedAccessPolicies => Needs::AnyEntry,
            Self::DeleteAccessEntry | Self::UpdateAccessEntry | Self::DisassociateAccessPolicy => Needs::OurEntry,
            Self::AssociateAccessPolicy => Needs::OurEntryInNamespaces,
            Self::CreatePodIdentityAssociation => Needs::NewAssociation,
            Self::DescribePodIdentityAssociation
            | Self::DeletePodIdentityAssociation
            | Self::UpdatePodIdentityAssociation => Needs::Association,
            Self::TagResource | Self::UntagResource => Needs::Tags,
        }
    }

    /// The baseline makes nothing in AWS: it looks at the cluster.
    pub fn is_for_baseline(self) -> bool {
        matches!(
            self,
            Self::GetCallerIdentity
                | Self::GetRole
                | Self::ListRoles
                | Self::DescribeAddon
                | Self::DescribeCluster
                | Self::DescribeIdentityProviderConfig
                | Self::ListAddons
                | Self::ListClusters
                | Self::ListIdentityProviderConfigs
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn the_list_is_whole() {
        let names: BTreeSet<&str> = Call::ALL.into_iter().map(Call::name).collect();
        assert_eq!(names.len(), Call::ALL.len(), "each once, and as many as there are variants");
        assert!(Call::ALL.is_sorted(), "in the order of the variants, so that none is left out unseen");
        let last = Call::ALL[Call::ALL.len() - 1];
        assert_eq!(last as usize + 1, Call::ALL.len(), "the last variant is the last of the list");
    }

    #[test]
    fn what_a_variant_is_called_is_its_operation() {
        for call in Call::ALL {
            assert_eq!(format!("{call:?}"), call.name().split_once(':').map(|(_, name)| name).unwrap_or_default());
        }
    }
}
