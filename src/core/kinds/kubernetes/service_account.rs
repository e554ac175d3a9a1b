//! Who a slot's pods are. Kubernetes makes `default` in every namespace; of that we own one field and no label.

use crate::kinds::kind::{Kind, Unmarked};

pub const KIND: Kind = Kind {
    unmarked: Unmarked::Named("default"),
    roots: &["automountServiceAccountToken", "imagePullSecrets", "secrets"],
    ..Kind::namespaced("v1", "ServiceAccount", "serviceaccounts")
};
