//! What everything that we make carries, and where records live.

/// Of every Kubernetes group that we put somebody into.
pub const GROUP_PREFIX: &str = "gp:";
/// Of our labels and annotations; the same keys are tags in AWS.
pub const LABEL_PREFIX: &str = "goldenpath.internal/";
pub const TAG_PREFIX: &str = "goldenpath:";
pub const POD_SECURITY_PREFIX: &str = "pod-security.kubernetes.io/";
/// Where records live, out of the tenants' reach.
pub const SYSTEM_NAMESPACE: &str = "goldenpath-system";
/// The ResourceQuota over all pods of a namespace.
pub const BASE_QUOTA: &str = "gp-base";
/// Of a Namespace: the other namespaces of its environment, with commas. Guards read it.
pub const NAMESPACES_ANNOTATION: &str = "goldenpath.internal/namespaces";
