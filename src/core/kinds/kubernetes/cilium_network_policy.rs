//! Cilium's network policy: hosts by name, and the node itself.

use crate::kinds::{
    kind::{Kind, Served},
    words::network,
};

pub const KIND: Kind = Kind {
    served: Served::WhereInstalled,
    openings: network::OPENINGS,
    atomic: &["endpointSelector"],
    roots: &["spec", "specs", "status"],
    is_tunable: true,
    ..Kind::namespaced("cilium.io/v2", "CiliumNetworkPolicy", "ciliumnetworkpolicies")
};
