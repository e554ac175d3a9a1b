//! What an access review asks the authorizer of Kubernetes: who may do what.

/// Somebody who is authenticated, as the API server knows them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Who {
    pub user: String,
    /// Besides `system:authenticated`.
    pub groups: Vec<String>,
}

/// One permission, as RBAC's rules grant it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Permission {
    pub verb: String,
    pub group: String,
    /// `pods`, or with its subresource `pods/exec`.
    pub resource: String,
    /// `None`: in the whole cluster.
    pub namespace: Option<String>,
    /// `None`: whichever object.
    pub name: Option<String>,
}
