//! Every call that we ever make to AWS, as data: the list that the code calls by is the list that `permissions` prints.

/// On what, and under which conditions, a call must be allowed (`security.md` 7). From the service authorization references of IAM,
/// EKS and STS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Needs {
    /// Allowed to everyone, or by the trust policy of the role.
    Nothing,
    /// Nothing works worse without it: only `doctor` makes the call, and reports that it may not.
    Advice,
    /// Has no resource that it could be narrowed to.
    Account,
    /// The permissions boundary.
    Boundary,
    /// Reads of the roles of the caller, of IAM Identity Center and of ours.
    AnyRole,
    /// Reads of users who have access.
    AnyUser,
    /// Our roles, by their path.
    Role,
    /// Our roles, and only while the permissions boundary is on them.
    BoundedRole,
    /// As above, and no policy for administrators.
    AttachedPolicy,
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

macro_rules! is_baseline {
    () => {
        false
    };
    (baseline) => {
        true
    };
}

/// One row for each call: service, operation, what it needs, and whether the baseline makes it.
macro_rules! calls {
    ($($service:ident $name:ident: $needs:ident $($baseline:ident)?;)*) => {
        /// One operation of one API. There is no other way to make a call than to name one.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Call {
            $($name,)*
        }

        impl Call {
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// As IAM writes it; errors and logs name a call by it too.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$name => concat!(stringify!($service), ":", stringify!($name)),)*
                }
            }

            pub fn needs(self) -> Needs {
                match self {
                    $(Self::$name => Needs::$needs,)*
                }
            }

            /// Whether it may change what AWS holds, by AWS's own way to name calls.
            pub fn changes(self) -> bool {
                let (_, operation) = self.name().split_once(':').unwrap_or_default();
                !["Get", "List", "Describe", "Simulate", "AssumeRole"].iter().any(|read| operation.starts_with(read))
            }

            /// The baseline makes nothing in AWS: it reads the cluster.
            pub fn is_for_baseline(self) -> bool {
                match self {
                    $(Self::$name => is_baseline!($($baseline)?),)*
                }
            }
        }
    };
}

calls! {
    sts AssumeRole: Nothing;
    sts GetCallerIdentity: Nothing baseline;

    iam AttachRolePolicy: AttachedPolicy;
    iam CreateRole: BoundedRole;
    iam DeleteRole: Role;
    iam DeleteRolePolicy: Role;
    iam DetachRolePolicy: Role;
    iam GetAccountAuthorizationDetails: Account;
    iam GetAccountSummary: Account;
    iam GetPolicy: Boundary;
    iam GetRole: AnyRole baseline;
    iam GetRolePolicy: Role;
    iam GetUser: AnyUser;
    iam ListAttachedRolePolicies: Role;
    iam ListOpenIDConnectProviders: Account;
    iam ListRolePolicies: Role;
    iam ListRoleTags: Role;
    iam ListRoles: Account baseline;
    iam PutRolePermissionsBoundary: BoundedRole;
    iam PutRolePolicy: BoundedRole;
    iam SimulatePrincipalPolicy: Advice;
    iam TagRole: Role;
    iam UntagRole: Role;
    iam UpdateAssumeRolePolicy: Role;
    iam UpdateRole: Role;

    eks AssociateAccessPolicy: OurEntryInNamespaces;
    eks CreateAccessEntry: NewEntry;
    eks CreatePodIdentityAssociation: NewAssociation;
    eks DeleteAccessEntry: OurEntry;
    eks DeletePodIdentityAssociation: Association;
    eks DescribeAccessEntry: AnyEntry;
    eks DescribeAddon: Addon baseline;
    eks DescribeCluster: Cluster baseline;
    eks DescribeIdentityProviderConfig: IdentityProvider baseline;
    eks DescribePodIdentityAssociation: Association;
    eks DisassociateAccessPolicy: OurEntry;
    eks ListAccessEntries: Cluster;
    eks ListAddons: Cluster baseline;
    eks ListAssociatedAccessPolicies: AnyEntry;
    eks ListClusters: Account baseline;
    eks ListIdentityProviderConfigs: Cluster baseline;
    eks ListPodIdentityAssociations: Cluster;
    eks TagResource: Tags;
    eks UntagResource: Tags;
    eks UpdateAccessEntry: OurEntry;
    eks UpdatePodIdentityAssociation: Association;
}
