//! The kinds of Kubernetes: a line in [`KINDS`] and a module of the same name are all that a new one needs.

pub mod application_network_policy;
pub mod cilium_network_policy;
pub mod cluster_role;
pub mod config_map;
pub mod horizontal_pod_autoscaler;
pub mod limit_range;
pub mod namespace;
pub mod network_policy;
pub mod pod_disruption_budget;
pub mod resource_quota;
pub mod role_binding;
pub mod service_account;
pub mod validating_admission_policy;
pub mod validating_admission_policy_binding;

use super::kind::Kind;

/// What a listing of ours holds, whichever golden path rendered it.
pub const KINDS: &[&Kind] = &[
    &namespace::KIND,
    &role_binding::KIND,
    &service_account::KIND,
    &config_map::KIND,
    &limit_range::KIND,
    &resource_quota::KIND,
    &network_policy::KIND,
    &application_network_policy::KIND,
    &cilium_network_policy::KIND,
    &cluster_role::KIND,
    &pod_disruption_budget::KIND,
    &horizontal_pod_autoscaler::KIND,
    &validating_admission_policy::KIND,
    &validating_admission_policy_binding::KIND,
];
