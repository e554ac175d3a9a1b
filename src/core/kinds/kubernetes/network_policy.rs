//! Who may reach pods, and whom they may reach.

use crate::kinds::{kind::Kind, words::network};

pub const KIND: Kind = Kind {
    openings: network::OPENINGS,
    words: network::policy,
    is_tunable: true,
    ..Kind::namespaced("networking.k8s.io/v1", "NetworkPolicy", "networkpolicies")
};
