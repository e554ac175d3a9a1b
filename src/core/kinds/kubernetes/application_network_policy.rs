//! EKS Auto Mode's network policy: NetworkPolicy's words, and hosts by name.

use crate::kinds::{
    kind::{Kind, Served},
    words::network,
};

pub const KIND: Kind = Kind {
    served: Served::WhereInstalled,
    openings: network::OPENINGS,
    words: network::policy,
    is_tunable: true,
    ..Kind::namespaced("networking.k8s.aws/v1alpha1", "ApplicationNetworkPolicy", "applicationnetworkpolicies")
};
